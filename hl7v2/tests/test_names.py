"""Segments, fields and components by the standard's names."""

from __future__ import annotations

import pickle
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hl7v2.names import fields_by_name
from hl7v2.values import CWE, CX, FN, HD, PN, XPN, TimeOfDay, Timestamp, Value
from samples import ADT_A01, ORU_R01

from hl7v2 import ValueFormatError, WriteError, new_message, parse


def test_fields_and_components_are_read_by_name() -> None:
    pid = parse(ADT_A01).pid
    assert str(pid.patient_name) == pid.patient_name.family_name.surname.value == "Haraldsen"
    assert pid.patient_identifier_list.assigning_authority.universal_id.value == "1.2.752.97.3.1"
    assert pid.administrative_sex.value == "F"
    assert pid.patient_name.raw.startswith("Haraldsen^Tove^Ingrid^^Dr^^L~")


def test_a_field_is_a_sequence_of_its_repetitions() -> None:
    names = parse(ADT_A01).pid.patient_name
    assert [name.family_name.value for name in names] == ["Haraldsen", "Brekke"]
    assert names[-1].name_type_code.value == "M"
    assert len(names) == 2
    with pytest.raises(IndexError, match="2 repetitions"):
        names[2]


def test_what_was_not_sent_is_false_and_empty() -> None:
    message = parse(ADT_A01)
    assert not message.pid.patient_alias
    assert len(message.pid.patient_alias) == 0
    assert message.pid.patient_alias.given_name.value == ""
    assert not message.gt1
    assert message.gt1.guarantor_name.family_name.value == ""
    assert not message.zpi


def test_names_that_do_not_exist_are_refused() -> None:
    message = parse(ADT_A01)
    for wrong in ("pdi", "patient", "_x"):
        with pytest.raises(AttributeError):
            getattr(message, wrong)
    with pytest.raises(AttributeError, match="PID has no field"):
        _ = message.pid.name_of_patient
    with pytest.raises(AttributeError, match="has no component"):
        _ = message.pid.patient_name.first_name


def test_names_are_those_of_the_version_of_the_message() -> None:
    message = parse(ADT_A01.replace("|2.5.1|", "|2.3|"))
    assert message.pid.sex.value == "F"
    assert not hasattr(message.pid, "administrative_sex")
    assert parse("MSH|^~\\&|\rPID|1||4711").pid.patient_identifier_list.value == "4711", "no version: 2.5.1"


def test_values_are_typed_by_the_data_type_of_their_field() -> None:
    message = parse(ADT_A01)
    assert message.pid.patient_identifier_list[0].typed == CX(
        "4711808", assigning_authority=HD("QSH", "1.2.752.97.3.1", "ISO"), identifier_type_code="MR"
    )
    assert message.pid.patient_identifier_list.assigning_authority.typed.universal_id_type == "ISO"
    assert message.pid.date_time_of_birth.typed == Timestamp(1967, 8, 14)
    assert message.pid.set_id_pid.typed == 1
    assert message.pid.patient_alias.typed is None
    assert message.pid.administrative_sex.typed == "F"
    assert message.pid.phone_number_home.value == ""
    assert message.pid.phone_number_home.typed.local_number == "123456"


def test_an_observation_has_the_type_that_it_names() -> None:
    message = parse(ORU_R01)
    assert message.obx.observation_value.datatype == "NM"
    assert message.obx.observation_value.typed == Decimal("100.0")
    message["OBX-2"], message["OBX-5"] = "CWE", CWE("260385009", "Negative", "SCT")
    assert message.obx.observation_value.typed.text == "Negative"


def test_a_data_type_without_a_class_of_its_own_loses_no_component() -> None:
    message = parse("MSH|^~\\&|||||||ADT^A01|1|P|2.3\rUB2|1|||||A^2~B^3")
    value = message.ub2.value_amount_code[1].typed
    assert (type(value).__name__, value.value_code, value.value_amount) == ("CM_UVC", "B", "3")
    assert pickle.loads(pickle.dumps(value)) == value
    message.ub2.value_amount_code = value
    assert message.raw("UB2-6") == "B^3"


def test_a_name_of_an_old_version_is_typed_whole() -> None:
    pid = parse("MSH|^~\\&|||||||ADT^A01|1|P|2.2\rPID|1||||Doe^Jane^^^Dr").pid
    assert pid.patient_name.typed == PN(FN("Doe"), "Jane", prefix="Dr")


def test_what_the_version_says_nothing_of_is_typed_as_the_text_that_stands() -> None:
    message = parse("MSH|^~\\&|||||||ORU^R01|1|P|2.1\rOBX|1|ZZ|X||a\\T\\b^c\rUB1|1|||||||||05^2")
    assert message.obx.observation_results.typed == "a\\T\\b^c"
    assert message.ub1.value_amount_and_code_46_49.typed == "05^2"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (5, "5"),
        (Decimal("1.50"), "1.50"),
        (Decimal("1E+3"), "1000"),
        (date(2024, 2, 29), "20240229"),
        (datetime(2024, 2, 29, 10, 15, 1), "20240229101501"),
        (datetime(2024, 2, 29, 10, 15, 1, 500_000, timezone(timedelta(hours=-3.5))), "20240229101501.5000-0330"),
        (Timestamp(2024, 2), "202402"),
        (Timestamp(2024, 2, 29, 10, 15, offset=0), "202402291015+0000"),
        (TimeOfDay(10, 15, 1, "25"), "101501.25"),
    ],
)
def test_numbers_and_times_are_written_as_the_standard_writes_them(value: Value, text: str) -> None:
    message = parse(ADT_A01)
    message["ZPI-1"] = value
    message.pid.administrative_sex = value
    assert message["ZPI-1"] == message["PID-8"] == text


@pytest.mark.parametrize("value", [None, 1.5, True, Decimal("NaN"), ["F"], b"F"])
def test_what_is_no_value_is_refused_and_changes_nothing(value: Any) -> None:
    message = parse(ADT_A01)
    with pytest.raises(WriteError, match="cannot be written"):
        message["PID-8"] = value
    with pytest.raises(WriteError, match="cannot be written"):
        message.pid.administrative_sex = value
    assert str(message) == ADT_A01


@pytest.mark.parametrize("path", ["PID-3(1)", "PID-5(1)", "PID-7", "PID-11(2)", "PV1-7", "PV1-44", "PV1-1", "DG1-3"])
def test_what_was_read_typed_is_written_back_as_it_was(path: str) -> None:
    message = parse(ADT_A01)
    name, _, place = path.partition("-")
    segment = message.segment(name)
    assert segment is not None
    number, _, repetition = place.rstrip(")").partition("(")
    field = next(
        getattr(segment, name) for name, field in fields_by_name("2.5.1", name).items() if field.number == int(number)
    )
    before = message.raw(path)
    message[path] = field[int(repetition or 1) - 1].typed
    assert message.raw(path) == before != ""


def test_a_value_that_is_none_of_its_type_is_refused_when_it_is_asked() -> None:
    message = parse(ADT_A01)
    message["PID-7"] = "19670899"
    assert message.pid.date_time_of_birth.value == "19670899"
    with pytest.raises(ValueFormatError, match="day"):
        _ = message.pid.date_time_of_birth.typed


def test_names_write() -> None:
    message = new_message()
    message["MSH-12"] = "2.5.1"
    message.pid.patient_name = XPN(FN("O&K"), "Tove")
    message.pid.patient_name.name_type_code = "L"
    message.pid.patient_identifier_list = CX("4711")
    message.pid.patient_identifier_list.assigning_authority = HD("QSH", "1.2.3", "ISO")
    message.pid.administrative_sex = "F"
    assert str(message) == "MSH|^~\\&||||||||||2.5.1\rPID|||4711^^^QSH&1.2.3&ISO||O\\T\\K^Tove^^^^^L|||F\r"


def test_a_segment_that_is_not_there_is_added_once_when_it_is_set() -> None:
    message = parse(ADT_A01)
    one, same = message.gt1, message.gt1
    one.guarantor_name = "Haraldsen"
    same.guarantor_relationship = "SPO"
    assert message.names.count("GT1") == 1
    assert message["GT1-3"] == "Haraldsen"
    assert bool(one)


def test_a_value_with_parts_needs_room_for_them() -> None:
    message = parse(ADT_A01)
    message["PID-3.4"] = HD("QSH")
    assert message["PID-3.4.1"] == "QSH"
    with pytest.raises(WriteError, match="no room"):
        message["PID-3.4.1"] = HD("QSH")


def test_a_name_that_is_taken_has_an_underscore() -> None:
    assert parse(ADT_A01).nk1.name_.given_name.value == "Jon"


def test_messages_and_what_they_hold_can_be_pickled() -> None:
    message = parse(ADT_A01)
    message["PID-8"] = "M"
    copy, segment, element = pickle.loads(pickle.dumps((message, message.pid, message.pid.patient_name)))
    assert bytes(copy) == bytes(message)
    segment["8"] = "O"
    assert copy["PID-8"] == "O"
    assert element.family_name.value == "Haraldsen"
