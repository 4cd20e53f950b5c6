from __future__ import annotations

import uuid
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapping.identity import BadKey, Key, canonical_key, fallback_reference, resource_id

NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False)


@pytest.mark.parametrize("key", [1, "1", 1.0, Decimal(1), Decimal("1.00"), Decimal("1E+0")])
def test_one_written_in_any_way_is_one_key(key: Key) -> None:
    assert canonical_key(key) == "1"


@pytest.mark.parametrize(
    ("key", "text"),
    [(0, "0"), (-0.0, "0"), (Decimal("-0.0"), "0"), (1e23, "100000000000000000000000"), (0.1, "0.1"), (-2.50, "-2.5"),
     (10.0, "10"), (Decimal("120"), "120"), (True, "true"), (b"\x00\xff", "\\x00ff"), ("", ""), ("é", "é"),
     (10**30, "1" + "0" * 30)],
)  # fmt: skip
def test_a_key_has_one_text(key: Key, text: str) -> None:
    assert canonical_key(key) == text


@pytest.mark.parametrize(("one", "other"), [("007", "7"), ("1.0", "1"), (" 1", "1"), ("A", "a")])
def test_texts_that_differ_are_two_keys(one: str, other: str) -> None:
    assert canonical_key(one) != canonical_key(other)


@pytest.mark.parametrize("key", [None, float("nan"), float("inf"), Decimal("NaN"), Decimal("-Infinity")])
def test_a_key_that_identifies_nothing_is_refused(key: Key) -> None:
    with pytest.raises(BadKey):
        canonical_key(key)


@given(st.uuids(), st.text())
def test_an_id_is_the_uuid5_of_reference_and_key(reference: uuid.UUID, key: str) -> None:
    assert resource_id(str(reference), key) == str(uuid.uuid5(reference, key))


@given(st.uuids(), NUMBERS)
def test_a_number_and_its_text_give_one_id(reference: uuid.UUID, key: float) -> None:
    assert resource_id(str(reference), key) == resource_id(str(reference), canonical_key(key))


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_the_text_of_a_double_is_exactly_that_double(key: float) -> None:
    assert float(canonical_key(key)) == key


def test_the_reference_of_a_mapping_without_one_depends_on_source_and_resource() -> None:
    made = fallback_reference("mimic", "patients")
    assert made == fallback_reference("mimic", "patients")
    assert len({made, fallback_reference("other", "patients"), fallback_reference("mimic", "other")}) == 3
