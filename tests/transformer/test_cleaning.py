"""Cleaning scripts: what each makes of what it is given."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapping import scripts as names
from transformer.scripts import Scripts, UnknownScriptError
from transformer.values import UnfitError, Value

SCRIPTS = Scripts(ZoneInfo("Europe/Paris"))
EMPTY: list[Value] = [None, "", "  ", "\t\n", float("nan"), b"", b"  "]

TABLE: list[tuple[str, Value, Value]] = [
    ("binary_to_bool_1", 0, False),
    ("binary_to_bool_1", "1", True),
    ("binary_to_bool_1", 1.0, True),
    ("binary_to_bool_1", "2", None),
    ("binary_to_bool_2", "0", True),
    ("binary_to_bool_2", "1", False),
    ("binary_to_bool_2", "x", None),
    ("clean_address", " 12 RUE DE LA PAIX ", "12 Rue De La Paix"),
    ("make_title", "jean-pierre", "Jean-Pierre"),
    ("clean_codes", "HL7:M", "M"),
    ("clean_codes", "ICD-O-3: C50.1", "C50.1"),
    ("clean_codes", "MedDRA:10000", "10000"),
    ("clean_codes", "OTHER:1", "OTHER:1"),
    ("clean_codes", "UMLS:", None),
    ("clean_phone", "0612345678", "06 12 34 56 78"),
    ("clean_phone", "06.12.34.56.78", "06 12 34 56 78"),
    ("clean_phone", "+33 6 12 34 56 78", "06 12 34 56 78"),
    ("clean_phone", "0033(0)612345678", "06 12 34 56 78"),
    ("clean_phone", 612345678, "06 12 34 56 78"),
    ("clean_phone", " +44 20 7946 0000 ", "+44 20 7946 0000"),
    ("clean_quantity", "0.50", "0.50"),
    ("clean_quantity", "1,5", "1.5"),
    ("clean_quantity", 3, "3"),
    ("clean_quantity", "325-650", None),
    ("clean_quantity", "10 mg", None),
    ("clean_quantity", True, None),
    ("code_to_empty", "-1", None),
    ("code_to_empty", "(sans)", None),
    ("code_to_empty", "12", "12"),
    ("dot_icd9", "4019", "401.9"),
    ("dot_icd9", "E8788", "E878.8"),
    ("dot_icd9", "401", "401"),
    ("map_2_true", 2, True),
    ("map_2_true", 1, None),
    ("map_deceased", "O", True),
    ("map_deceased", "N", False),
    ("map_deceased", "?", None),
    ("map_family_situation", "M", "Marié(e)"),
    ("map_family_situation", "O", "Pacsé(e)"),
    ("map_family_situation", "X", None),
    ("map_gender", "M", "male"),
    ("map_gender", "HL7:F", "female"),
    ("map_gender", "I", "unknown"),
    ("map_gender", "", None),
    ("map_gender_numeric", 1, "male"),
    ("map_gender_numeric", "2", "female"),
    ("map_gender_numeric", 9, "unknown"),
    ("map_intent", 0, "plan"),
    ("map_intent", "1", "order"),
    ("map_intent", None, "proposal"),
    ("map_intent", "7", None),
    ("map_marital_status", "MARRIED", "M"),
    ("map_marital_status", "SINGLE", "U"),
    ("map_marital_status", "WIDOWED", "W"),
    ("map_marital_status", "SEPARATED", "L"),
    ("map_marital_status", "DIVORCED", "D"),
    ("map_marital_status", "LIFE PARTNER", "UNK"),
    ("map_permission", "UMLS:C1298907", "permit"),
    ("map_permission", "UMLS:C1298908", "deny"),
    ("map_permission", "UMLS:1", None),
    ("map_priority", "1", "stat"),
    ("map_priority", 2, "asap"),
    ("map_priority", 3, "urgent"),
    ("map_priority", None, "routine"),
    ("map_status", "0", "active"),
    ("map_status", 1, "inactive"),
    ("map_status", None, "unknown"),
    ("string_to_bool", "TRUE", True),
    ("string_to_bool", "false", False),
    ("string_to_bool", "yes", None),
    ("strip", "  a b ", "a b"),
    ("zero_to_empty", "0", None),
    ("zero_to_empty", 0, None),
    ("zero_to_empty", "00", "00"),
    ("if_valid(clean_quantity, mg)", "12", "mg"),
    ("if_valid(clean_quantity, 'mg, each')", "12", "mg, each"),
    ("if_valid(clean_quantity, mg)", "a lot", None),
    ("if_valid(zero_to_empty, strip)", " 7 ", "7"),
    ("if_valid(zero_to_empty, strip)", "0", None),
]


@pytest.mark.parametrize(("script", "value", "expected"), TABLE)
def test_a_script_does_what_its_name_promises(script: str, value: Value, expected: Value) -> None:
    assert SCRIPTS.clean(script)(value) == expected


GIVE_SOMETHING_FOR_NOTHING = {"map_gender_numeric", "map_intent", "map_marital_status", "map_priority", "map_status"}


@pytest.mark.parametrize("script", sorted(names.CLEANING - GIVE_SOMETHING_FOR_NOTHING))
@pytest.mark.parametrize("value", EMPTY, ids=repr)
def test_nothing_stays_nothing(script: str, value: Value) -> None:
    assert SCRIPTS.clean(script)(value) is None


def test_the_scripts_are_those_that_a_mapping_is_checked_by() -> None:
    assert set(SCRIPTS.cleaning) == names.CLEANING
    assert set(SCRIPTS.merging) == names.MERGING


@pytest.mark.parametrize(
    "script", ["clean_dat", "if_valid(nothing, x)", "if_valid(strip)", "merge_concat", "", "(", "strip "]
)
def test_both_agree_on_what_is_no_script(script: str) -> None:
    try:
        SCRIPTS.clean(script)
    except UnknownScriptError:
        known = False
    else:
        known = True
    assert known == names.is_cleaning(script)


def test_orbis_text_loses_head_and_marks() -> None:
    raw = "\x01\x00,\x12\x01\x00$\x12\\f:12152\\\rChers Confrères,\r\r\\m1Madame X, née en 1945 \\m0a été vue.\r\n"
    assert SCRIPTS.clean("clean_long_text_ORBIS")(raw) == "\nChers Confrères,\n\nMadame X, née en 1945 a été vue.\n"


def test_orbis_text_loses_framed_letters_in_front() -> None:
    raw = "\x01\x00P\x00\x01\x00H\x00\r\rvoir courrier l'an passé\x00"
    assert SCRIPTS.clean("clean_long_text_ORBIS")(raw) == "\n\nvoir courrier l'an passé"


@given(
    script=st.sampled_from(sorted(names.CLEANING)),
    value=st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.binary(), st.dates().map(str),
        st.from_regex(r"[0-9:hT +.-]{1,30}"),
    ),
)  # fmt: skip
def test_no_script_fails_whatever_it_is_given(script: str, value: Value) -> None:
    try:
        result = SCRIPTS.clean(script)(value)
    except UnfitError:
        assert isinstance(value, bytes | float)
    else:
        assert result is None or isinstance(result, bool | int | float | str | bytes)


def test_a_long_text_takes_no_time_to_be_found_no_date() -> None:
    long = "2020-01-01 " + "1:" * 500_000
    for script in ("clean_date", "clean_dateTime", "clean_instant", "clean_time", "clean_quantity", "clean_phone"):
        SCRIPTS.clean(script)(long)
