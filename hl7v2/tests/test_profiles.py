"""Profiles: what a site asks beside the standard, or lets pass."""

from __future__ import annotations

from pathlib import Path

import pytest

from hl7v2 import ProfileError, Severity, parse_profile, read_profile, validate

HEADER = r"MSH|^~\&|REG|QSH|EHR|QSH|20240229101500||ADT^A01^ADT_A01|17|P|2.5.1"
PID = "PID|1||4711^^^QSH^MR||Haraldsen^Tove||19670814|F"
MESSAGE = f"{HEADER}\rEVN||20240229\r{PID}\rPV1|1|I"


def found(message: str, profile: str) -> list[str]:
    """What is found by a profile of that text, each as path, rule and severity."""
    verdict = validate(message, parse_profile(profile))
    return [f"{finding.path} {finding.rule} {finding.severity}" for finding in verdict]


def test_a_rule_is_switched_off_or_to_another_severity() -> None:
    message = MESSAGE.replace("|F", "|female")
    assert found(message, "") == ["PID-8 user-table warning"]
    assert found(message, '[rules]\nuser-table = "error"') == ["PID-8 user-table error"]
    assert found(message, '[rules]\nuser-table = "off"') == []


def test_a_rule_of_the_structure_is_switched_off_too() -> None:
    message = MESSAGE.replace("\rPV1|1|I", "\rORC|RE\rABC|1")
    rules = '[rules]\nmissing-segment = "off"\nunexpected-segment = "information"\nunknown-segment = "off"'
    assert found(message, rules) == ["ORC unexpected-segment information"]


@pytest.mark.parametrize("place", ["PID", "PID-3", "PID-3.1"])
def test_a_rule_is_switched_at_a_place_and_all_within(place: str) -> None:
    message = MESSAGE.replace("4711^", "1&2^~4711&0^").replace("PV1|1", "PV1|one")
    profile = f'[at."{place}"]\nunknown-component = "warning"'
    assert found(message, profile) == [
        "PID-3(1).1.2 unknown-component warning",
        "PID-3(2).1.2 unknown-component warning",
        "PV1-1 data-type error",
    ]


def test_a_field_is_required_limited_or_given_a_table() -> None:
    profile = """
        [fields."PID-8"]
        required = true
        table = "QSH-SEX"
        [fields."PID-3"]
        max = 1
        length = 8
        [tables.QSH-SEX]
        codes = ["W", "M"]
    """.replace("QSH-SEX", "QSH_SEX")
    assert found(MESSAGE, profile) == ["PID-3 length warning", "PID-8 user-table warning"]
    assert found(MESSAGE.replace("|F", "").replace("^MR", "^MR~1"), profile) == [
        "PID-3 repeated-field error",
        "PID-3(1) length warning",
        "PID-8 missing-field error",
    ]


def test_a_table_has_more_codes_or_others() -> None:
    message = MESSAGE.replace("|F", "|X")
    assert found(message, '[tables.HL70001]\ncodes = ["X"]') == []
    assert found(message, '[tables.HL70001]\ncodes = ["W"]\nonly = true') == ["PID-8 user-table warning"]
    assert found(MESSAGE, '[tables.HL70001]\ncodes = ["W"]\nonly = true') == ["PID-8 user-table warning"]


Z_SEGMENT = """
    [segments.ZPI]
    after = "PID"
    required = true
    fields = [
        { name = "pet_name", required = true, length = 5 },
        { name = "pet_born", datatype = "DT" },
        { name = "pet_doctor", datatype = "XCN", max = 0 },
    ]
"""


@pytest.mark.parametrize(
    ("lines", "findings"),
    [
        (["ZPI|Rex|20200101|7^Ek~8^Dahl"], []),
        ([], ["ZPI missing-segment error"]),
        (["ZPI|Rex", "ZPI|Rex"], ["ZPI(2) repeated-segment error"]),
        (["ZPI||20201301"], ["ZPI-1 missing-field error", "ZPI-2 data-type error"]),
        (["ZPI|Hector|||x"], ["ZPI-1 length warning", "ZPI-4 unknown-field error"]),
    ],
)
def test_a_z_segment_has_a_place_and_fields(lines: list[str], findings: list[str]) -> None:
    message = MESSAGE.replace("\rPV1", "".join(f"\r{line}" for line in lines) + "\rPV1")
    assert found(message, Z_SEGMENT) == findings


def test_a_z_segment_out_of_its_place_is_told_of() -> None:
    assert found(f"{MESSAGE}\rZPI|Rex", Z_SEGMENT) == ["ZPI misplaced-segment error"]


def test_a_z_segment_without_a_place_may_stand_anywhere() -> None:
    profile = '[segments.ZPI]\nfields = [{ datatype = "NM" }]'
    assert found(f"{MESSAGE}\rZPI|Rex", profile) == ["ZPI-1 data-type error"]


def test_a_segment_of_the_standard_is_required_in_some_structures() -> None:
    profile = '[segments.AL1]\nrequired = true\nstructures = ["ADT_A01"]'
    assert found(MESSAGE, profile) == ["AL1 missing-segment error"]
    assert found(MESSAGE.replace("A01", "A02"), profile) == []


def test_messages_are_judged_by_the_version_that_the_profile_says() -> None:
    verdict = validate(MESSAGE.replace("2.5.1", "2.9"), parse_profile('version = "2.7"'))
    assert verdict.version == "2.7"
    assert "unknown-version" not in {finding.rule for finding in verdict}


OWN_CHECK = """
    [[checks]]
    name = "mrn-form"
    path = "PID-3.1"
    matches = "[0-9]{8}"
    when = { path = "PV1-2", one_of = ["I", "E"] }
    severity = "warning"
    sentence = "a number of ours has eight digits"
"""


def test_a_rule_of_the_sites_own_is_asked_of_every_value_at_its_path() -> None:
    message = MESSAGE.replace("4711^^^QSH^MR", "00004711~4711^^^QSH^MR~")
    (finding,) = validate(message, parse_profile(OWN_CHECK))
    assert str(finding) == "PID-3(2).1: a number of ours has eight digits (mrn-form)"
    assert (finding.severity, finding.segment) == (Severity.WARNING, 2)


def test_a_rule_of_the_sites_own_holds_when_its_condition_is_met() -> None:
    assert found(MESSAGE.replace("PV1|1|I", "PV1|1|O"), OWN_CHECK) == []


def test_a_rule_of_the_sites_own_asks_for_a_value_or_one_of_some() -> None:
    present = '[[checks]]\nname = "e-mail"\npath = "PID-13.4"\npresent = true'
    assert found(MESSAGE, present) == ["PID-13.4 e-mail error"]
    one_of = '[[checks]]\nname = "unit"\npath = "OBX-6.1"\none_of = ["cm", "kg"]\nstructures = ["ADT_A01"]'
    message = f"{MESSAGE}\rOBX|1|NM|8302-2||172|cm|||||F\rOBX|2|NM|29463-7||150|lb|||||F"
    assert found(message, one_of) == ["OBX(2)-6.1 unit error"]


def test_a_rule_of_the_sites_own_wants_a_segment_only_where_its_path_names_it_by_number() -> None:
    each, first = (f'[[checks]]\nname = "plan"\npath = "{path}"\npresent = true' for path in ("IN1-2", "IN1(1)-2"))
    assert found(MESSAGE, each) == []
    assert found(f"{MESSAGE}\rIN1|1||QSH|7", each) == ["IN1-2 missing-field error", "IN1-2 plan error"]
    assert found(MESSAGE, first) == ["IN1-2 plan error"]
    assert validate(MESSAGE, parse_profile(first)).findings[0].segment == 4, "the message's end"
    assert found(f"{MESSAGE}\rIN1|1|A|QSH|7", first) == []


def test_a_profile_gives_old_versions_the_tables_that_are_not_known_of_them() -> None:
    header = HEADER.replace("^ADT_A01|17|P|2.5.1", "|17|P|2.3")
    message = f"{header}\rEVN|A01|20240229\r{PID.replace('|F', '|female')}\rPV1|1|ZZ"
    assert found(message, "") == []
    assert found(message, '[tables.HL70001]\ncodes = ["F", "M"]\n[fields."PV1-2"]\nlength = 1') == [
        "PID-8 user-table warning",
        "PV1-2 length warning",
    ]


@pytest.mark.parametrize(
    ("profile", "sentence"),
    [
        ("rules = 1", "rules must be a table"),
        ("[rules]\nno-rule = 'off'", "there is no rule no-rule"),
        ("[rules]\nlength = 'loud'", "length must be error, warning, information or off"),
        ("[colour]\nred = 1", "colour is not known here"),
        ("version = '3'", "version: 3 is not known"),
        ("[at.'pid-3']\nlength = 'off'", "at: 'pid-3' names nothing"),
        ("[fields.'PID']\nrequired = true", 'fields."PID": must name a field'),
        ("[fields.'PID-3']\nrequired = 1", "required must be true or false"),
        ("[fields.'PID-3']\nsize = 1", "size is not known here"),
        ("[segments.ZPI]\nrequired = true", "segments.ZPI: what is required or limited needs a place"),
        ("[segments.ZPI]\nfields = [3]", "segments.ZPI: field 1: must be a table"),
        ("[[checks]]\npath = 'PID-3'", "checks: check-1: says one of matches, one_of and present = true"),
        ("[[checks]]\nname = 'length'\npath = 'PID-3'\npresent = true", "the standard has a rule of that name"),
        ("[[checks]]\npath = 'PID'\npresent = true", "is not a path of the form"),
        ("[[checks]]\npath = 'PID-3'\nmatches = '('", "checks: check-1: "),
        ("[", "not TOML"),
    ],
)
def test_a_mistake_in_a_profile_is_told_with_its_place(profile: str, sentence: str) -> None:
    with pytest.raises(ProfileError) as caught:
        parse_profile(profile)
    assert sentence in str(caught.value)


def test_a_data_type_that_the_version_does_not_have_is_told() -> None:
    with pytest.raises(ProfileError, match="has no data type CQX"):
        validate(MESSAGE, parse_profile('[fields."PID-3"]\ndatatype = "CQX"'))


def test_a_profile_is_a_file(tmp_path: Path) -> None:
    file = tmp_path / "ward.toml"
    file.write_text(OWN_CHECK)
    assert [finding.rule for finding in validate(MESSAGE, read_profile(file))] == ["mrn-form"]
    file.write_text("colour = 3")
    with pytest.raises(ProfileError, match="colour is not known here"):
        read_profile(file)
