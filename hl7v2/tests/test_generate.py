"""A hospital that never was: messages that are valid, and tell patients' stories."""

from __future__ import annotations

from collections import Counter, defaultdict
from functools import cache
from itertools import islice

import pytest
from hl7v2.findings import Severity
from hl7v2.generate import MESSAGE_TYPES, FaultKind, messages, with_error_rate

from hl7v2 import Validator, parse, parse_hl7v2_message

WANTED = [
    *(f"ADT_A{number:02}" for number in (1, 2, 3, 4, 5, 6, 7, 8, 11, 12, 13, 28, 31, 40)),
    *("MDM_T02", "OML_O21", "ORM_O01", "ORU_R01", "SIU_S12", "VXU_V04"),
]


@cache
def feed(count: int = 2000) -> tuple[bytes, ...]:
    return tuple(islice(messages(seed=11), count))


def type_of(content: bytes) -> str:
    message = parse(content)
    return f"{message.message_type}_{message.trigger_event}"


def test_every_type_of_message_is_made() -> None:
    assert list(MESSAGE_TYPES) == WANTED
    assert {type_of(content) for content in feed()} == set(WANTED)


def test_every_message_is_valid() -> None:
    validator = Validator()
    errors: Counter[str] = Counter()
    for content in feed():
        for finding in validator.validate(content):
            # The coding systems that a site may use are a suggestion, and 2.5.1's lack UCUM and RxNorm.
            if finding.severity is Severity.ERROR or "HL70396" not in finding.sentence:
                errors[f"{type_of(content)} {finding}"] += 1
    assert not errors


def test_nothing_is_odd_about_the_bytes() -> None:
    for content in feed(300):
        message = parse(content)
        assert not message.oddities
        assert bytes(message) == content


def test_one_seed_makes_one_feed_and_another_another() -> None:
    assert list(islice(messages(seed=11), 50)) == list(feed()[:50])
    assert next(messages(seed=12)) != feed()[0]


def test_messages_come_in_the_order_of_time_with_ids_of_their_own() -> None:
    parsed = [parse(content) for content in feed()]
    times = [message["MSH-7"] for message in parsed]
    assert times == sorted(times)
    assert len({message.control_id for message in parsed}) == len(parsed)


def test_a_patient_stays_the_same_person() -> None:
    people: dict[str, set[tuple[str, ...]]] = defaultdict(set)
    for content in feed():
        message = parse(content)
        people[message["PID-3"]].add((message["PID-3(2)"], message["PID-5.2"], message["PID-7"], message["PID-8"]))
    assert all(len(one) == 1 for one in people.values())
    returning = Counter(parse(content)["PID-3"] for content in feed() if type_of(content) in ("ADT_A01", "ADT_A04"))
    assert max(returning.values()) > 1, "nobody came back"


def test_a_bed_is_the_one_that_the_last_message_named() -> None:
    beds: dict[str, str] = {}
    moved = 0
    for content in feed():
        message = parse(content)
        visit, kind = message["PV1-19"], type_of(content)
        if not visit:
            continue
        if kind == "ADT_A02":
            assert message.raw("PV1-6") == beds[visit]
            moved += 1
        elif kind in ("ADT_A03", "ADT_A08", "ORU_R01") and visit in beds:
            assert message.raw("PV1-3") == beds[visit], kind
        beds[visit] = message.raw("PV1-3")
    assert moved > 20


def test_results_answer_orders_of_the_same_visit() -> None:
    ordered: dict[str, tuple[str, str]] = {}
    answered = 0
    for content in feed():
        row = parse_hl7v2_message(content)
        for order in row.get("orders", ()):
            said = (row["visit_number"], order["code"])
            if row["message_type"] == "ORU":
                assert ordered[order["placer_order_number"]] == said
                answered += 1
            elif row["message_type"] != "MDM":
                ordered[order["placer_order_number"]] = said
    assert answered > 100


def test_a_discharge_comes_after_the_admission_and_ends_the_visit() -> None:
    admitted: dict[str, str] = {}
    for content in feed():
        message = parse(content)
        if type_of(content) in ("ADT_A01", "ADT_A04"):
            admitted[message["PV1-19"]] = message["PV1-44"]
        elif type_of(content) == "ADT_A03":
            assert message["PV1-44"] == admitted[message["PV1-19"]] < message["PV1-45"]
            assert message["PV1-36"]
        elif type_of(content) == "ADT_A13":
            assert not message["PV1-45"]


def test_abnormal_results_are_flagged_and_outside_their_range() -> None:
    seen: Counter[str] = Counter()
    for content in feed():
        for one in parse_hl7v2_message(content).get("observations", ()):
            if one["value_number"] is not None and one["reference_range"]:
                low, high = map(float, one["reference_range"].rsplit("-", 1))
                flag = "L" if one["value_number"] < low else "H" if one["value_number"] > high else "N"
                assert one["abnormal_flags"] == [flag], one
                seen[flag] += 1
    assert min(seen[flag] for flag in "LHN") > 10


def test_types_can_be_chosen_and_one_that_there_is_not_is_named() -> None:
    chosen = list(islice(messages(seed=3, types=["ADT_A03", "ORU_R01"]), 40))
    assert {type_of(content) for content in chosen} == {"ADT_A03", "ORU_R01"}
    with pytest.raises(ValueError, match="no messages of type BAR_P01 can be made: choose from ADT_A01, "):
        messages(types=["BAR_P01"])
    with pytest.raises(ValueError, match="no type of messages is named"):
        messages(types=[])


@pytest.mark.parametrize("kind", FaultKind)
def test_each_kind_of_fault_is_found_by_the_validator(kind: FaultKind) -> None:
    validator = Validator()
    made = 0
    for spoilt in with_error_rate(feed(400), 0.02, kinds=[kind], seed=5):
        assert {fault.kind for fault in spoilt.faults} <= {kind}
        assert validator.validate(spoilt.message).valid == (not spoilt.faults), spoilt.faults
        made += len(spoilt.faults)
    assert made > 10


def test_a_fault_in_a_field_is_found_where_it_was_put() -> None:
    validator = Validator()
    kinds = [FaultKind.MISSING_VALUE, FaultKind.WRONG_TYPE, FaultKind.BAD_CODE]
    for spoilt in with_error_rate(feed(400), 0.02, kinds=kinds, seed=5):
        found = [finding.path for finding in validator.validate(spoilt.message) if finding.severity is Severity.ERROR]
        for fault in spoilt.faults:
            assert any(path.startswith(fault.path) for path in found), (fault, found)


def test_the_rate_is_how_much_is_spoilt() -> None:
    assert all(not spoilt.faults for spoilt in with_error_rate(feed(200), 0))
    assert [spoilt.message for spoilt in with_error_rate(feed(200), 0)] == list(feed(200))
    few, many = (sum(len(one.faults) for one in with_error_rate(feed(400), rate)) for rate in (0.01, 0.1))
    assert 5 < many / few < 20
    assert all(spoilt.faults for spoilt in with_error_rate(feed(100), 1))
    assert list(with_error_rate(feed(50), 0.1, seed=1)) == list(with_error_rate(feed(50), 0.1, seed=1))
    with pytest.raises(ValueError, match="from 0 to 1"):
        with_error_rate([], 2)
