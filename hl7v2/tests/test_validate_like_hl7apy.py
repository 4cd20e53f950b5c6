"""Our findings beside hl7apy's: the same, but where hl7apy departs from the standard.

hl7apy names an element by its parent and itself (`PID_3`, `CX_4`); so both are brought to that. What it cannot
find at all (order, unknown segments, forms of dates and numbers in its tolerant mode, codes of composite
fields, lengths) is ours alone; each thing that it finds and we do not has a test here that says why.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import pytest
from hl7apy.consts import VALIDATION_LEVEL
from hl7apy.exceptions import MaxLengthReached, ValidationError
from hl7apy.factories import datatype_factory
from hl7apy.parser import parse_message
from hl7apy.validation import Validator as TheirValidator
from hl7v2.definitions import definitions
from hl7v2.generate import MESSAGE_TYPES, FaultKind, messages, with_error_rate
from hl7v2.primitives import form_of
from hypothesis import example, given
from hypothesis import strategies as st
from samples import ADT_A01, ORU_R01, reference_messages

from hl7v2 import Finding, parse, validate

Found = tuple[str, ...]  # what is wrong, and the names of where

HEADER = r"MSH|^~\&|REG|QSH|EHR|QSH|20240229101500||ADT^A01^ADT_A01|17|P|2.5"
PID = "PID|1||4711^^^QSH^MR||Haraldsen^Tove||19670814|F"
MESSAGE = f"{HEADER}\rEVN||20240229\r{PID}\rPV1|1|I\rOBX|1|NM|8302-2||172||||||F"

# Without the codes that an entry of a table stands for, see below.
PLAIN_ADT_A01 = re.sub("HL7\\d{4}|ISO639|NNSWE", "LN", ADT_A01)

KINDS = {
    "missing-segment": "missing",
    "missing-group": "missing",
    "missing-field": "missing",
    "missing-component": "missing",
    "repeated-segment": "too many",
    "repeated-field": "too many",
    "withdrawn": "too many",  # hl7apy allows none of it
    "unknown-field": "unknown",
    "unknown-component": "unknown",
    "table": "code",
    "user-table": "code",
}
THEIR_LINES = [
    (re.compile(r"Error: Missing required child (\w+)\.(\w+)"), "missing"),
    (re.compile(r"Error: Child limit exceeded (\w+)\.(\w+)"), "too many"),
    (re.compile(r"Error: Invalid children detected for <\w+ (\w+)"), "unknown"),
    (re.compile(r"Error: Datatype None is not correct for \w+\.(\w+)"), "unknown"),
    (re.compile(r"Warning: Value (?P<code>.*) not in table (?P<table>\w+) in element (\w+)\.(\w+)"), "code"),
]

Report = dict[Found, list[tuple[str, str]]]  # of what is wrong with a code: the code and the table


def theirs(message: str, report: Path) -> set[Found]:
    """What hl7apy finds."""
    return set(report_of(message, report))


def report_of(message: str, report: Path) -> Report:
    """What hl7apy finds, and of each code that is in no table: the code and the table."""
    parsed = parse_message(message)
    with suppress(ValidationError):  # the first of what it writes to the report
        TheirValidator.validate(parsed, report_file=report)
    reported: Report = {}
    for line in report.read_text().splitlines():
        for form, kind in THEIR_LINES:
            if found := form.match(line):
                looked_up = reported.setdefault((kind, *found.groups()[len(found.groupdict()) :]), [])
                looked_up += [(found["code"], found["table"])] if found.groupdict() else []
    return reported


def ours(message: str) -> set[Found]:
    """What we find, in hl7apy's names; and without what only we can find."""
    verdict = validate(message)
    return {in_their_names(finding, verdict.version, verdict.structure) for finding in verdict if finding.rule in KINDS}


def in_their_names(finding: Finding, version: str, structure: str) -> Found:
    kind = KINDS[finding.rule]
    if "-" not in finding.path:
        group = re.search(r"in group (\w+)", finding.sentence)
        inside = f"{structure}_{group[1]}" if group else structure
        part = finding.path.partition("(")[0]
        return (kind, inside, f"{structure}_{part}" if finding.rule.endswith("group") else part)
    names = names_at(finding.path, version)
    return (kind, names[-2]) if kind == "unknown" else (kind, *names[-2:])


def names_at(path: str, version: str) -> list[str]:
    """The names of segment, field, component and subcomponent at a path, as far as it goes."""
    segment, _, place = re.sub(r"\(\d+\)", "", path).partition("-")
    field, *components = (int(number) for number in place.split("."))
    known = definitions(version)
    fields = known.segments[segment].fields
    names, datatype = [segment, f"{segment}_{field}"], fields[field - 1].datatype if field <= len(fields) else ""
    for number in components:
        names.append(f"{datatype}_{number}")
        inner = known.datatypes.get(datatype, ())
        datatype = inner[number - 1].datatype if number <= len(inner) else ""
    return names


@pytest.mark.parametrize(
    "message",
    [
        MESSAGE,
        MESSAGE.replace("\rPV1|1|I", ""),
        MESSAGE.replace("\rPV1|1|I", "\rPV1|1"),
        MESSAGE.replace("Haraldsen^Tove", ""),
        MESSAGE.replace("||||||F", ""),
        MESSAGE.replace(f"\r{PID}", f"\r{PID}\r{PID}"),
        MESSAGE.replace("19670814", "19670814~19670814"),
        MESSAGE.replace("^Tove", "^Tove" + "^" * 20 + "X"),
        MESSAGE.replace("4711", "47&11"),
        MESSAGE.replace("|F\r", "|Q\r"),
        MESSAGE.replace("|F\r", "|Q" + "|" * 50 + "X\r"),
        MESSAGE.replace("PV1|1|I", "PV1|1|Q"),
        MESSAGE.replace("|P|", "|X|"),
        MESSAGE + "\rIN2|1",
        MESSAGE + "\rIN1|1||QSH|7\rIN1|2|A^^HL7",
        MESSAGE.replace("|2.5", "|2.7"),
        MESSAGE.replace("|2.5", "|2.7").replace("QSH^MR", "QSH") + "\rIN1|1",
        PLAIN_ADT_A01,
        re.sub(r"\|\d+\^\w*", "|", PLAIN_ADT_A01),
        re.sub("OBX.*\r", "", ORU_R01),
    ],
)
def test_findings_are_hl7apys(message: str, tmp_path: Path) -> None:
    both = theirs(message, tmp_path / "report")
    assert {found for found in ours(message) if not composite_code(found)} == both


def composite_code(found: Found) -> bool:
    """A code that hl7apy does not look at: that of a composite field, by the field's table."""
    return found[0] == "code" and re.fullmatch(r"(?:CE|CF|CWE|CNE)_1", found[-1]) is not None


# ---- where they differ


def only_theirs(message: str, report: Path) -> set[Found]:
    return theirs(message, report) - ours(message)


def test_one_branch_of_a_choice_is_enough(tmp_path: Path) -> None:
    """hl7apy misses every branch of an order's detail that is not there; the standard wants one of them."""
    order = f"{HEADER.replace('ADT^A01^ADT_A01', 'ORM^O01^ORM_O01')}\r{PID}\rORC|NW\rOBR|1|||8302-2"
    found = only_theirs(order, tmp_path / "report")
    assert {name for _, _, name in found} == {"RQD", "RQ1", "RXO", "ODS", "ODT"}
    assert validate(order).valid


def test_the_null_is_a_value_of_coded_fields_too(tmp_path: Path) -> None:
    """Chapter 2: `""` deletes the receiver's value; hl7apy looks it up in the table."""
    assert only_theirs(MESSAGE.replace("|F\r", '|""\r'), tmp_path / "report") == {("code", "PID", "PID_8")}


def test_a_code_is_looked_up_as_it_is_meant(tmp_path: Path) -> None:
    """hl7apy looks up `\\X46\\` (F), and `F^Female`, which has a component too many, as they stand."""
    assert only_theirs(MESSAGE.replace("|F\r", "|\\X46\\\r"), tmp_path / "report") == {("code", "PID", "PID_8")}
    assert only_theirs(MESSAGE.replace("|F\r", "|F^Female\r"), tmp_path / "report") == {("code", "PID", "PID_8")}


def test_an_entry_of_a_table_may_stand_for_many_codes(tmp_path: Path) -> None:
    """Table 0396 has HL7nnnn for the standard's own tables, and 99zzz for a site's; hl7apy takes both literally."""
    message = f"{MESSAGE}\rDG1|1||I20^Angina^99QSH^1^x^HL70052||20240229|A"
    assert only_theirs(message, tmp_path / "report") == {("code", "DG1_3", "CE_3"), ("code", "DG1_3", "CE_6")}


def test_a_table_without_entries_leaves_them_to_the_site(tmp_path: Path) -> None:
    """The standard suggests no codes of table 0182, staff type; hl7apy finds every code missing from it."""
    header = HEADER.replace("ADT^A01^ADT_A01", "PMU^B01^PMU_B01")
    message = f"{header}\rEVN||20240229\rSTF|1|7^Ek|Ek^Signe|NURSE"
    assert only_theirs(message, tmp_path / "report") == {("code", "STF", "STF_4")}


def test_a_time_stamp_needs_no_precision(tmp_path: Path) -> None:
    """2.1 has the degree of precision in brackets, as what may be left out; hl7apy requires it."""
    assert ("missing", "EVN_2", "TS_2") in only_theirs(MESSAGE.replace("|2.5", "|2.1"), tmp_path / "report")


def test_a_withdrawn_field_is_told_of_once(tmp_path: Path) -> None:
    """hl7apy tells that PID-9 may not be there, and then that what is in it should not."""
    message = MESSAGE.replace("|2.5", "|2.7").replace("|F\r", "|F|Brekke^Tove\r")
    assert ("too many", "PID", "PID_9") in ours(message)
    assert only_theirs(message, tmp_path / "report") == {("unknown", "PID_9")}


def test_a_segment_that_can_be_placed_is_placed(tmp_path: Path) -> None:
    """hl7apy takes a result's OBX for that of an order's document, whose TXA it then misses."""
    header = HEADER.replace("ADT^A01^ADT_A01", "OUL^R22^OUL_R22").replace("|2.5", "|2.8")
    message = f"{header}\rSPM|1|||BLD\rOBR|1||F1|8302-2^Height\rOBX|1|NM|8302-2^Height||172||||||F"
    found = {found for found in only_theirs(message, tmp_path / "report") if found[0] == "missing"}
    assert {names[-1] for _, *names in found} == {"TXA", "ORC"}
    assert not {finding.rule for finding in validate(message)} & {"missing-segment", "missing-group"}


def test_hl7apy_loses_segments_that_have_no_place_and_does_not_look_at_the_order(tmp_path: Path) -> None:
    message = f"{MESSAGE}\rORC|NW\rABC|1\rEVN||20240229".replace("\rEVN||20240229\rPID", "\rPID")
    assert theirs(message, tmp_path / "report") == set()
    assert {finding.rule for finding in validate(message)} == {
        "misplaced-segment", "unexpected-segment", "unknown-segment",
    }  # fmt: skip


# ---- primitive data types, in hl7apy's strict mode


def is_value_to_them(datatype: str, text: str) -> bool:
    try:
        datatype_factory(datatype, text, "2.5", VALIDATION_LEVEL.STRICT)
    except ValueError:
        return False
    except MaxLengthReached:  # another matter
        return True
    return True


DIGITS = st.text(alphabet="0123456789", max_size=16)


@given(
    st.sampled_from(["DT", "TM", "DTM"]),
    st.builds(
        "{}{}{}".format, DIGITS, st.sampled_from(["", ".", ".1", ".1234"]), st.sampled_from(["", "+0100", "-0330"])
    ),
)
@example("DT", "20230229")
@example("DTM", "20240229235959.9999+1400")
@example("DTM", "202402292400")
@example("TM", "2360")
def test_dates_and_times_are_hl7apys(datatype: str, text: str) -> None:
    is_value = form_of(datatype)
    assert is_value is not None
    if text and not hl7apy_misreads(text):
        assert is_value(text) == is_value_to_them(datatype, text)


def hl7apy_misreads(text: str) -> bool:
    """Whether the zone stands in the text twice: hl7apy cuts out both."""
    zone = re.search(r"[+-]\d{4}$", text)
    return zone is not None and text.count(zone[0]) > 1


@given(st.sampled_from(["NM", "SI"]), st.text(alphabet="0123456789+-.", min_size=1, max_size=8))
def test_numbers_are_hl7apys(datatype: str, text: str) -> None:
    is_value = form_of(datatype)
    assert is_value is not None
    if datatype == "NM" or text[0].isdigit():
        assert is_value(text) == is_value_to_them(datatype, text)


@pytest.mark.parametrize(
    ("datatype", "text"), [("NM", "1e3"), ("NM", "NaN"), ("NM", "1_000"), ("SI", "-1"), ("SI", "+1")]
)
def test_what_python_reads_as_a_number_need_not_be_one_of_the_standard(datatype: str, text: str) -> None:
    """2A: a number has digits, a leading sign and one point; a sequence id is not negative."""
    is_value = form_of(datatype)
    assert is_value is not None
    assert is_value_to_them(datatype, text)
    assert not is_value(text)


# ---- on messages that are generated, without a fault and with faults of each kind

CASES = list(zip([None, *FaultKind], itertools.cycle(["2.5.1", "2.5", "2.6"])))


@pytest.mark.parametrize("message_type", MESSAGE_TYPES)
def test_on_generated_messages_findings_are_hl7apys_or_explained(message_type: str, tmp_path: Path) -> None:
    good = list(itertools.islice(messages(seed=5, types=[message_type]), 4))
    unexplained = []
    for kind, version in CASES:
        made = good[0] if kind is None else spoilt(good, kind)
        text = made.decode().replace("|2.5.1|", f"|{version}|")
        report, found = report_of(text, tmp_path / "report"), ours(text)
        for one in report.keys() - found:
            are_codes = one[0] == "code" and all(is_code(code, table, version) for code, table in report[one])
            if not are_codes and not only_hl7apy_finds(one, text, found):
                unexplained.append(f"{kind} {version}: only hl7apy has {one} {report[one]}")
        only_ours = [one for one in found - report.keys() if not only_we_find(one, text, version, set(report))]
        unexplained += [f"{kind} {version}: only we have {one}" for one in only_ours]
    assert unexplained == []


def spoilt(good: Sequence[bytes], kind: FaultKind) -> bytes:
    """The first of some messages that has got a fault of that kind, at the lowest rate that gives one."""
    for rate in (0.03, 0.1, 0.3, 1.0):
        for one in with_error_rate(good, rate, kinds=[kind], seed=3):
            if one.faults:
                return one.message
    return good[0]


def only_hl7apy_finds(found: Found, text: str, our_findings: set[Found]) -> bool:
    kind, *names = found
    return (
        is_explained(found, our_findings)
        or names[0].partition("_")[0] in cut_names(text)
        or (kind == "too many" and is_of_a_group_that_we_do_not_repeat(names[-1], our_findings))
        or (kind == "missing" and names[-1].endswith("_PRIOR"))
    )


def only_we_find(found: Found, text: str, version: str, their_findings: set[Found]) -> bool:
    kind, *names = found
    return (
        composite_code(found)
        or is_left_out_by_hl7apy(names[-1], version)
        or names[-1] in cut_names(text)
        or (kind == "missing" and "_" in names[-1] and bool(cut_names(text)))  # the group that such a line would begin
        or (kind == "too many" and ("too many", names[0]) in {(one[0], one[-1]) for one in their_findings})
        or (
            kind == "missing"
            and "_" in names[0]
            and any(one[0] == "too many" and "_" in one[-1] for one in their_findings)
        )
    )


def is_left_out_by_hl7apy(name: str, version: str) -> bool:
    """Whether a field or component is withdrawn, and not even named in hl7apy's tables, as 2.6's PR1-11 and XTN-1."""
    parent, _, number = name.partition("_")
    known = definitions(version)
    parts = known.segments[parent].fields if parent in known.segments else known.datatypes.get(parent, ())
    return number.isdecimal() and int(number) <= len(parts) and parts[int(number) - 1].name == ""


def cut_names(text: str) -> set[str]:
    """The segments as which hl7apy judges lines that begin with no segment's name: `IN11|QSH` as an IN1."""
    return {line[:3] for line in text.split("\r") if not re.match(r"\w{3}(\||$)", line)}


def is_of_a_group_that_we_do_not_repeat(group: str, our_findings: set[Found]) -> bool:
    """A second PID is one too many in its group, or its group is: where that may not repeat, both may be said.

    Where a group around both may repeat, as PATIENT_RESULT of a report and ORDER of an order do, the second one
    begins the next of those, which then lacks a part; hl7apy repeats what may not be repeated.
    """
    return any(one[:2] == ("too many", group) or (one[0] == "missing" and "_" in one[1]) for one in our_findings)


# ---- on messages that others wrote


def test_on_the_reference_data_findings_are_hl7apys_or_explained(tmp_path: Path) -> None:
    published = reference_messages()[::8]
    if not published:
        pytest.skip("no reference data beside the repository")
    judged = 0
    for name, raw in published:
        text = raw.decode("utf-8", "replace").strip("\x0b\x1c\r\n\ufeff").replace("\r\n", "\r").replace("\n", "\r")
        try:
            report = report_of(text, tmp_path / "report")
        except Exception:  # noqa: BLE001 - hl7apy raises anything on what it cannot parse
            continue
        judged += 1
        found = ours(text)
        version = validate(text).version
        for one in report.keys() - found:
            are_codes = one[0] == "code" and all(is_code(code, table, version) for code, table in report[one])
            assert are_codes or is_explained(one, found), f"{name}: {one}"
        # Where MSH-9 names no structure hl7apy judges nothing; OBX-5 it never judges by OBX-2.
        for one in found - report.keys() if parse(text).structure else ():
            assert only_we_find(one, text, version, set(report)) or "OBX_5" in one, f"{name}: only we have {one}"
    assert judged > len(published) / 2


def is_code(code: str, table: str, version: str) -> bool:
    """Whether hl7apy looks up in vain what is a code, or none at all, or has a table without entries."""
    known = definitions(version).tables[table]
    return code in known or not known.codes or re.search(r'""|[\\^&]', code) is not None


def is_explained(found: Found, our_findings: set[Found]) -> bool:
    """Whether one of the differences above is why hl7apy finds this and we do not."""
    _, *names = found
    withdrawn = {name for kind, *names in our_findings if kind == "too many" for name in names}
    is_of_choice = names[0].endswith(("_CHOICE", "_SUPPGRP"))
    return is_of_choice or not withdrawn.isdisjoint(names) or names[-1].startswith("TS_")
