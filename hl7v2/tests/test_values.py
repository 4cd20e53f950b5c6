"""Values of composite data types, and numbers."""

from __future__ import annotations

import contextlib
import pickle
from decimal import Decimal

import pytest
from hl7v2.definitions import VERSIONS, definitions
from hl7v2.values import (
    COMPOSITES,
    CX,
    EI,
    FN,
    HD,
    XAD,
    XCN,
    XPN,
    Composite,
    composite_of,
    parse_number,
    parse_sequence,
    parse_time,
)
from hypothesis import given
from hypothesis import strategies as st
from samples import ADT_A01

from hl7v2 import Delimiters, ValueFormatError, parse


def test_values_are_read_component_by_component() -> None:
    message = parse(ADT_A01)
    assert CX.read(message.raw("PID-3(1)")) == CX(
        "4711808", assigning_authority=HD("QSH", "1.2.752.97.3.1", "ISO"), identifier_type_code="MR"
    )
    assert XPN.read(message.raw("PID-5(1)")).family_name.surname == "Haraldsen"
    assert XCN.read(message.raw("PV1-7")).assigning_authority.namespace_id == "QSH"
    assert XAD.read(message.raw("PID-11(2)")).street_address.street_or_mailing_address == "PO Box 17"


def test_escapes_are_decoded_in_values_and_made_when_they_are_written() -> None:
    name = XPN(FN("O^K & son"), given_name="A|B")
    assert name.write() == r"O\S\K \T\ son^A\F\B"
    assert XPN.read(name.write()) == name


def test_a_value_is_written_with_the_delimiters_of_its_message() -> None:
    delimiters = Delimiters("#", "*", "+", "!", "%")
    identifier = CX("1*2", assigning_authority=HD("A", "1.2", "ISO"))
    assert identifier.write(delimiters) == "1!S!2***A%1.2%ISO"
    assert CX.read(identifier.write(delimiters), delimiters) == identifier


def test_what_is_missing_is_empty_and_what_is_too_much_left_out() -> None:
    assert EI.read("") == EI()
    assert not EI.read("^^")
    assert EI.read("1^2^3^4^5^6") == EI("1", "2", "3", "4")
    assert repr(EI.read("1^^3")) == "EI(entity_identifier='1', universal_id='3')"


def test_a_null_is_seen_in_the_first_component() -> None:
    assert EI.read('""').entity_identifier == '""'


@given(st.sampled_from(sorted(COMPOSITES)), st.text())
def test_any_text_is_read_and_settles_when_written(name: str, text: str) -> None:
    composite: type[Composite] = COMPOSITES[name]
    value = composite.read(text)
    assert composite.read(value.write()) == value


@pytest.mark.parametrize("version", VERSIONS)
def test_every_composite_of_a_version_has_a_class_that_writes_what_it_reads(version: str) -> None:
    for name in definitions(version).datatypes:
        made = composite_of(version, name)
        assert made is not None
        value = made.read("1&2^3^4&5&6^7")
        assert made.read(value.write()) == value, name
        assert pickle.loads(pickle.dumps(value)) == value, name


@given(st.from_regex(r"\A[12]\d{3}(0[1-9]|1[0-2])([01]\d|2[0-8])?([01]\d([0-5]\d){0,2})?([+-]0\d[0-5]\d)?\Z"))
def test_a_time_is_written_as_it_was_read(text: str) -> None:
    with contextlib.suppress(ValueFormatError):
        assert parse_time(text).write() == text.replace("-0000", "+0000")


@pytest.mark.parametrize(("text", "number"), [("140", "140"), ("+1.50", "1.50"), ("-.5", "-0.5"), (" 7. ", "7")])
def test_numbers_keep_their_digits(text: str, number: str) -> None:
    assert str(parse_number(text)) == number


@pytest.mark.parametrize("text", ["", ".", "1e5", "1,5", "NaN", "--1", "> 5", "١", "9" * 65])
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(ValueFormatError):
        parse_number(text)


def test_sequence_numbers_have_digits_alone() -> None:
    assert parse_sequence("28") == 28
    with pytest.raises(ValueFormatError):
        parse_sequence("-1")
    assert parse_number("1.0") == Decimal(1)
