from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from loader.bundles import ABSENT, BUNDLE_BYTES, bundle, chains, waves
from loader.sink import Change
from tests.loader.making import change

KEYED = st.lists(st.integers(0, 9), max_size=80).map(
    lambda keys: [change(f"r{number}", key=b"k%d" % key) for number, key in enumerate(keys)]
)


def entries(changes: list[Change], versions: dict[tuple[str, str], str] | None = None) -> list[dict[str, Any]]:
    read = json.loads(bundle(changes, versions or {}))
    assert (read["resourceType"], read["type"]) == ("Bundle", "transaction")
    return list(read["entry"])


def test_a_replacement_is_a_put_of_the_body_as_it_came() -> None:
    raw = b'{"resourceType":"Patient",  "id":"a","x":1.50}'
    assert raw in bundle([change("a", raw=raw)], {})
    assert entries([change("a", raw=raw)])[0]["request"] == {"method": "PUT", "url": "Patient/a"}


def test_a_deletion_has_no_resource() -> None:
    assert entries([change("a", write="delete")]) == [{"request": {"method": "DELETE", "url": "Patient/a"}}]


def test_an_ensure_names_the_version_that_it_may_replace() -> None:
    request = entries([change("a", write="ensure")], {("Patient", "a"): ABSENT})[0]["request"]
    assert request == {"method": "PUT", "url": "Patient/a", "ifMatch": 'W/"0"'}


@given(KEYED, st.integers(1, 12), st.integers(1, 3))
def test_every_change_is_in_one_bundle_none_larger_than_asked(changes: list[Change], size: int, lanes: int) -> None:
    bundles = [each for chain in chains(changes, size=size, lanes=lanes) for each in chain]
    assert sorted(each.id for part in bundles for each in part) == sorted(each.id for each in changes)
    assert all(0 < len(part) <= size for part in bundles)


@given(KEYED, st.integers(1, 12))
def test_a_key_is_in_one_chain_and_in_its_order(changes: list[Change], size: int) -> None:
    flat = [[each for part in chain for each in part] for chain in chains(changes, size=size)]
    for key in {each.key for each in changes}:
        holding = [chain for chain in flat if any(each.key == key for each in chain)]
        assert len(holding) == 1
        assert [each for each in holding[0] if each.key == key] == [each for each in changes if each.key == key]


def test_bundles_of_different_keys_are_filled() -> None:
    packed = list(chains([change(f"r{number}") for number in range(10)], size=5))
    assert [[len(part) for part in chain] for chain in packed] == [[5], [5]]


def test_with_several_lanes_the_last_bundles_are_smaller() -> None:
    packed = chains([change(f"r{number}") for number in range(500)], size=100, lanes=2)
    assert [len(part) for chain in packed for part in chain] == [100, 100, 100, 100, 50, 50]


def test_what_others_point_at_is_written_first() -> None:
    types = ["Observation", "Encounter", "Condition", "Patient", "Practitioner", "Observation"]
    parts = waves([change(f"r{number}", resource_type=each) for number, each in enumerate(types)])
    assert [[each.type for each in part] for part in parts] == [
        ["Patient", "Practitioner"],
        ["Encounter"],
        ["Observation", "Condition", "Observation"],
    ]


def test_the_changes_of_a_key_stay_in_one_wave_and_in_their_order() -> None:
    message = [
        change("v", "Encounter", key=b"k"),
        change("p", "Patient", key=b"k"),
        change("o", "Observation", key=b"k"),
    ]
    assert waves([change("other", "Observation"), *message]) == [message, [change("other", "Observation")]]


def test_a_few_changes_are_one_bundle_whatever_the_lanes() -> None:
    packed = list(chains([change(f"r{number}") for number in range(25)], size=100, lanes=4))
    assert [[len(part) for part in chain] for chain in packed] == [[25]]


def test_what_has_failed_goes_alone() -> None:
    changes = [change(name, key=b"k") for name in "abc"] + [change("d")]
    packed = list(chains(changes, size=10, alone={("Patient", "b")}))
    assert [[[each.id for each in part] for part in chain] for chain in packed] == [[["a"], ["b"], ["c"]], [["d"]]]


def test_large_resources_share_a_bundle_only_up_to_its_bytes() -> None:
    third = b" " * (BUNDLE_BYTES // 3)
    packed = list(chains([change(f"r{number}", raw=third) for number in range(5)], size=100))
    assert [[len(part) for part in chain] for chain in packed] == [[3], [2]]


def test_a_resource_larger_than_a_bundle_goes_alone() -> None:
    changes = [change("a"), change("b", raw=b" " * (BUNDLE_BYTES + 1)), change("c")]
    assert [[len(part) for part in chain] for chain in chains(changes, size=100)] == [[1], [1], [1]]
