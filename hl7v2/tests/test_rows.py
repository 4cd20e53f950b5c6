"""Messages as plain dicts, by schemas."""

from __future__ import annotations

import io
import tracemalloc
from collections.abc import Iterator
from itertools import islice
from typing import Any, BinaryIO, cast

import pytest
from hl7v2.generate import messages
from hl7v2.schemas import SCHEMAS, Schema, schema_of
from hl7v2.values import parse_time
from hypothesis import given
from hypothesis import strategies as st
from samples import ADT_A01, ORU_R01, reference_messages

from hl7v2 import (
    NULL,
    Message,
    ParseError,
    ValueFormatError,
    parse,
    parse_hl7v2_file,
    parse_hl7v2_message,
    split_hl7_batch,
)


def header(event: str) -> str:
    return rf"MSH|^~\&|LAB|QSH|EHR|QSH|20240229101500+0100||{event}|17|P|2.5.1"


def row_of(event: str, *segments: str) -> dict[str, Any]:
    return parse_hl7v2_message("\r".join((header(event), *segments)))


def test_what_occurs_once_is_a_flat_key() -> None:
    row = parse_hl7v2_message(ADT_A01)
    assert {key: row[key] for key in FLAT} == FLAT


FLAT = {
    "message_control_id": "MSG0000017",
    "message_type": "ADT",
    "trigger_event": "A01",
    "message_structure": "ADT_A01",
    "message_datetime": "2024-02-29T10:15:00+01:00",
    "version": "2.5.1",
    "sending_application": "REGADT",
    "receiving_facility": "QUAYSIDE LAB",
    "event_recorded_datetime": "2024-02-29T10:15:00+01:00",
    "patient_id": "4711808",
    "patient_id_authority": "QSH",
    "patient_name_family": "Haraldsen",
    "patient_name_given": "Tove",
    "patient_birth_date": "1967-08-14",
    "patient_sex": "F",
    "patient_address_city": "Firthport",
    "patient_address_country": "SWE",
    "patient_phone": "+46 (520) 123456",
    "patient_email": "tove.haraldsen@mail.example",
    "patient_birth_place": "Trollh&ttan",
    "patient_death_datetime": None,
    "visit_number": "V2024001188",
    "patient_class": "I",
    "location_point_of_care": "4EAST",
    "location_bed": "B",
    "location_facility": "QSH",
    "attending_doctor_id": "1033",
    "attending_doctor_family": "Ek",
    "admit_datetime": "2024-02-29T10:05:00+01:00",
    "admit_reason_text": "Chest pain & dyspnoea",
    "expected_discharge_datetime": None,
}


def test_what_repeats_is_a_list_of_dicts() -> None:
    row = parse_hl7v2_message(ADT_A01)
    assert [one["id"] for one in row["patient_identifiers"]] == ["4711808", "19670814-2394"]
    assert row["patient_identifiers"][1]["authority_id"] == "1.2.752.129.2.1.3.1"
    assert [(one["family"], one["type"]) for one in row["patient_names"]] == [("Haraldsen", "L"), ("Brekke", "M")]
    assert [one["email"] for one in row["patient_phones"]] == [None, "tove.haraldsen@mail.example"]
    assert row["next_of_kin"][0]["relationship_code"] == "SPO"
    assert row["allergies"][0]["text"] == "Amoxicillin"
    assert row["allergies"][0]["reactions"] == ["Rash", "Itch"]
    assert row["allergies"][0]["identified_date"] == "2011-05-12"
    assert [(one["code"], one["value_number"], one["units"]) for one in row["observations"]] == [
        ("8302-2", 172.0, "cm"),
        ("29463-7", 68.4, "kg"),
    ]
    assert row["diagnoses"][0]["clinician_family"] == "Ek"
    assert row["insurance"][0]["company_name"] == "F&K Insurance"
    assert row["procedures"] == []


def test_every_key_of_the_schema_is_there_whatever_was_sent() -> None:
    for schema in SCHEMAS.values():
        message_type = schema.message_types[0] if schema.message_types else "DFT"
        row = parse_hl7v2_message(header(message_type))
        assert list(row) == _keys(schema)
        assert all(row[rows.name] == [] for rows in schema.lists)


def _keys(schema: Schema) -> list[str]:
    return [column.name for column in schema.columns] + [rows.name for rows in schema.lists]


def test_columns_have_names_of_their_own() -> None:
    for schema in SCHEMAS.values():
        assert len(set(_keys(schema))) == len(_keys(schema))
        for rows in schema.lists:
            assert len({column.name for column in rows.columns}) == len(rows.columns)


def test_text_columns_say_what_their_paths_say() -> None:
    messages = [raw for _, raw in reference_messages()] or [ADT_A01.encode(), ORU_R01.encode()]
    for message in map(parse, messages):
        row = parse_hl7v2_message(message)
        for column in schema_of(message.message_type).columns:
            if column.kind == "text":
                assert row[column.name] == _said(message, column.paths), column


def _said(message: Message, paths: tuple[str, ...]) -> str | None:
    for path in paths:
        field, *inside = path.split(".", 1)
        if inside and message.raw(f"{field}(1)") == NULL:
            return ""
        if value := message[path]:
            return "" if value == NULL else value
    return None


def test_nothing_sent_is_none_and_null_is_an_empty_text() -> None:
    row = row_of("ADT^A08", 'PID|1||7||DOE^""||""|M|||""')
    assert row["patient_name_family"] == "DOE"
    assert row["patient_name_given"] == ""
    assert row["patient_name_middle"] is None
    assert row["patient_birth_date"] == ""
    assert row["patient_address_city"] == ""
    assert row["patient_phone"] is None


@pytest.mark.parametrize("sent", ["19671399", "19670229", "196708141", "20240229101500123", "2024022910150099999", "x"])
def test_a_time_that_is_none_stays_as_it_was_sent(sent: str) -> None:
    assert row_of("ADT^A08", f"PID|1||7||DOE||{sent}")["patient_birth_date"] == sent


@given(st.from_regex(r"[12][09]\d{2,13}(\.\d{1,4})?([+-]\d{4})?", fullmatch=True, alphabet="0123456789.+-"))
def test_any_time_is_iso_8601_or_as_it_was_sent(text: str) -> None:
    try:
        expected = parse_time(text).iso()
    except ValueFormatError:
        expected = text
    assert row_of("ADT^A08", f"EVN||{text}")["event_recorded_datetime"] == expected


@pytest.mark.parametrize(
    ("sent", "phone", "email"),
    [
        ("5551234", "5551234", None),
        ("(216)555-0101^PRN^PH", "(216)555-0101", None),
        ("^PRN^PH^^46^520^123456^77", "+46 (520) 123456 x77", None),
        ("^PRN^PH^^^^123456", "123456", None),
        ("^PRN^CP^^^^^^^^^+46520123456", "+46520123456", None),
        ("^NET^Internet^a@b.example~5551234", "5551234", "a@b.example"),
        ("a@b.example", None, "a@b.example"),
        (r"555\T\1234^PRN^PH~^NET^^a@b.example", "555&1234", "a@b.example"),
        ("555&ext^PRN", "555", None),
        ("^PRN^PH", None, None),
        ('""', "", ""),
    ],
)
def test_a_phone_is_one_text_whichever_components_it_was_sent_in(
    sent: str, phone: str | None, email: str | None
) -> None:
    row = row_of("ADT^A08", f"PID|1||7||DOE||||||||{sent}")
    assert (row["patient_phone"], row["patient_email"]) == (phone, email)
    listed = [one["number"] for one in row["patient_phones"]]
    assert phone in listed


def test_observations_say_which_order_they_belong_to() -> None:
    row = row_of(
        "ORU^R01",
        "PID|1||7",
        "OBX|1|ST|A||before any order",
        "ORC|RE|P1|F1",
        "OBR|1|||CBC^Blood count^L",
        "NTE|1||fasting~twelve hours",
        "OBX|1|NM|HB||14.1|g/dL|12-16|N~A",
        "NTE|1||hemolyzed",
        "OBR|2|P2|F2|GLU^Glucose^L",
        "OBX|1|NM|GLU||5.1",
        "OBX|2|NM|GLU||6.1",
    )
    assert [(order["code"], order["placer_order_number"], order["notes"]) for order in row["orders"]] == [
        ("CBC", "P1", ["fasting", "twelve hours"]),
        ("GLU", "P2", []),
    ]
    assert [(one["value"], one["order_number"], one["notes"]) for one in row["observations"]] == [
        ("before any order", None, []),
        ("14.1", 1, ["hemolyzed"]),
        ("5.1", 2, []),
        ("6.1", 2, []),
    ]
    assert row["observations"][1]["abnormal_flags"] == ["N", "A"]


def test_comments_on_the_patient_are_the_row_s_own() -> None:
    row = row_of("ORU^R01", "PID|1||7", "NTE|1||deaf", "OBR|1", "NTE|1||fasting")
    assert row["notes"] == ["deaf"]
    assert row["orders"][0]["notes"] == ["fasting"]


@pytest.mark.parametrize(
    ("value_type", "sent", "value", "code", "number"),
    [
        ("NM", "14.10", "14.10", None, 14.1),
        ("NM", "nan", "nan", None, None),
        ("NM", ">100", ">100", None, None),
        ("SN", "^7", "7", None, 7.0),
        ("SN", "<=^1^-^8", "<=1-8", None, None),
        ("CE", "260385009^Negative^SCT", "Negative", "260385009", None),
        ("CWE", "NEG^^L^^^^^^seen negative", "seen negative", "NEG", None),
        ("ST", r"a\T\b^c & d", "a&b^c & d", None, None),
        ("TX", r"line one~line two\.br\line three", "line one\nline two\nline three", None, None),
        ("TS", "202402291015", "2024-02-29T10:15", None, None),
        ("ED", "^AP^PDF^Base64^JVBERi0=", "JVBERi0=", None, None),
        ("XPN", "Doe&van^John", "Doe van John", None, None),
        ("NM", '""', "", None, None),
        ("NM", "", None, None, None),
    ],
)
def test_a_value_is_read_as_its_type_says(
    value_type: str, sent: str, value: str | None, code: str | None, number: float | None
) -> None:
    one = row_of("ORU^R01", f"OBX|1|{value_type}|X||{sent}||||||F")["observations"][0]
    assert (one["value"], one["value_code"], one["value_number"]) == (value, code, number)


@pytest.mark.parametrize("digits", ["9" * 400, "9" * 400 + ".5", "-" + "9" * 400])
def test_a_number_that_no_float_can_hold_is_text_alone(digits: str) -> None:
    one = row_of("ORU^R01", f"OBX|1|NM|X||{digits}||||||F")["observations"][0]
    assert (one["value"], one["value_number"]) == (digits, None)
    assert row_of("ORU^R01", f"OBX|1|NM|X||{'9' * 300}")["observations"][0]["value_number"] == float("9" * 300)


def test_texts_of_any_length_are_not_remembered() -> None:
    """A text of a megabyte wherever one of a few characters belongs, another one in each message."""

    def grow(number: int) -> None:
        text = f"{number}" * 1_000_000
        for kind in ("ORU^R01", text):
            row_of(kind, f"PID|1||{text}||||{text}", f"PV1||{text}", f"OBX|1|TS|{text}||{text}|||||||||{text}")
            row_of(kind, f"PID|1||||||20240229101500{text}", f"OBX|1|DT|||{' ' * 1_000_000}2024{number}")

    grow(0)
    tracemalloc.start()
    for number in range(1, 10):
        grow(number)
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held < 1_000_000


def test_vaccinations_are_an_order_an_administration_and_a_route() -> None:
    row = row_of(
        "VXU^V04^VXU_V04",
        "PID|1||7",
        "ORC|RE||I1^IMM",
        "RXA|0|1|20240229|20240229|20^DTaP^CVX|0.5|mL|||9^Roe^Jane|||||L17|20251231|SKB^GSK^MVX|||CP|A",
        "RXR|IM^Intramuscular^HL70162|LD^Left Deltoid^HL70163",
        "OBX|1|CE|64994-7^eligibility^LN||V01^Not eligible^HL70064||||||F",
        "RXA|0|1|20230101|20230101|998^none^CVX|999",
    )
    first, second = row["vaccinations"]
    assert (first["filler_order_number"], first["code"], first["lot_number"]) == ("I1", "20", "L17")
    assert (first["expiration_date"], first["route_code"], first["site_text"]) == ("2025-12-31", "IM", "Left Deltoid")
    assert (second["code"], second["filler_order_number"], second["route_code"]) == ("998", None, None)
    assert row["observations"][0]["vaccination_number"] == 1


def test_an_appointment_is_flat_and_what_it_takes_a_list() -> None:
    row = row_of(
        "SIU^S12^SIU_S12",
        "SCH|A1|S1||||NEW|CHECKUP^Check^L||30|min||||||9^Roe^Jane|||||||||Booked",
        "TQ1|1||||||20240301090000|20240301093000",
        "PID|1||7",
        "RGS|1|A",
        "AIS|1|A|CONS^Consultation^L|20240301091500",
        "AIL|1|A|CLINIC^3",
        "AIP|1|A|9^Roe^Jane|MD^Doctor",
    )
    assert (row["appointment_id"], row["appointment_placer_id"], row["appointment_status"]) == ("S1", "A1", "Booked")
    assert row["appointment_start_datetime"] == "2024-03-01T09:00:00", "TQ1 comes before the service's own time"
    assert row["appointment_contact_family"] == "Roe"
    assert [(one["segment"], one["code"], one["text"]) for one in row["appointment_resources"]] == [
        ("AIS", "CONS", "Consultation"),
        ("AIL", "CLINIC", None),
        ("AIP", "9", "Doctor"),
    ]
    assert row["appointment_resources"][1]["location_room"] == "3"


def test_a_document_is_flat_and_its_text_observations() -> None:
    row = row_of("MDM^T02", "PID|1||7", "TXA|1|DS|TX|20240229||||||||D1^DOC|||||AU||AV", "OBX|1|TX|18842-5||He left.")
    assert (row["document_id"], row["document_type"], row["document_completion_status"]) == ("D1", "DS", "AU")
    assert row["observations"][0]["value"] == "He left."


def test_a_merge_names_both_identifiers_and_other_messages_have_none() -> None:
    row = row_of("ADT^A40^ADT_A39", "PID|1||7^^^QSH", "MRG|8^^^OLD", "PID|2||17", "MRG|18")
    assert [(one["patient_id"], one["prior_patient_id"]) for one in row["merges"]] == [("7", "8"), ("17", "18")]
    assert row["merges"][0]["prior_patient_id_authority"] == "OLD"
    assert parse_hl7v2_message(ADT_A01)["merges"] == []


def test_rows_share_nothing_that_can_be_changed() -> None:
    first = parse_hl7v2_message(ADT_A01)
    first["allergies"][0]["reactions"].append("Fever")
    first["patient_names"].clear()
    again = parse_hl7v2_message(ADT_A01)
    assert again["allergies"][0]["reactions"] == ["Rash", "Itch"]
    assert len(again["patient_names"]) == 2


def test_any_delimiters_give_the_same_row() -> None:
    other = ADT_A01.replace("\\T\\", "\\X26\\").translate(str.maketrans("|^~\\&", "!:?%;"))
    assert parse_hl7v2_message(other) == parse_hl7v2_message(ADT_A01)


@pytest.mark.parametrize("aside", ["ZZZ|\\T\\", 'ZZZ|""'])
def test_an_escape_or_a_null_elsewhere_changes_nothing_in_a_row(aside: str) -> None:
    for raw in [*islice(messages(seed=3), 300), *(raw for _, raw in reference_messages())]:
        text = str(parse(raw)).rstrip("\r\n\x1c")
        assert parse_hl7v2_message(f"{text}\r{aside}") == parse_hl7v2_message(text)


def test_content_in_memory_gives_lists_and_a_file_an_iterator() -> None:
    content = f"FHS|^~\\&\rBHS|^~\\&\r{ADT_A01}\r{ORU_R01}\rBTS|2\rFTS|1\r"
    assert [len(message) for message in split_hl7_batch(content)] == [
        len(message) for message in split_hl7_batch(content.encode())
    ]
    rows = parse_hl7v2_file(content)
    assert [row["message_type"] for row in rows] == ["ADT", "ORU"]
    assert len(rows[1]["observations"]) == 28
    assert list(parse_hl7v2_file(io.BytesIO(content.encode()))) == rows
    assert isinstance(split_hl7_batch(io.BytesIO(content.encode())), Iterator)
    for kind in (bytearray, memoryview):  # as Spark hands bytes to functions
        assert split_hl7_batch(kind(content.encode())) == split_hl7_batch(content.encode())
        assert parse_hl7v2_file(kind(content.encode())) == rows
        assert parse_hl7v2_message(kind(ADT_A01.encode())) == rows[0]
    assert split_hl7_batch("") == []
    assert parse_hl7v2_file(b"no message at all") == []


def test_a_file_that_gives_text_is_refused_at_the_call() -> None:
    for read in (split_hl7_batch, parse_hl7v2_file):
        with pytest.raises(TypeError, match="open the file in binary mode"):
            read(io.StringIO(ADT_A01))  # type: ignore[call-overload]


class _Feed:
    """A file of `count` messages that is nowhere in memory."""

    def __init__(self, count: int) -> None:
        self._pieces = (ORU_R01.encode() + b"\r\n" for _ in range(count))

    def read(self, size: int) -> bytes:
        return b"".join(islice(self._pieces, 5))


def test_a_file_of_any_size_is_read_in_the_same_memory() -> None:
    peaks = []
    for count in (40, 160):
        rows = parse_hl7v2_file(cast("BinaryIO", _Feed(count)))
        next(rows)
        tracemalloc.start()
        assert sum(1 for _ in rows) == count - 1
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] * 1.2


def test_every_message_of_the_reference_data_is_a_row_of_its_schema() -> None:
    messages = reference_messages() + reference_messages("hl7v2-golden")
    if not messages:
        pytest.skip("no reference data beside the repository")
    for name, raw in messages:
        row = parse_hl7v2_message(raw)
        assert list(row) == _keys(schema_of(row["message_type"] or "")), name


def test_what_is_no_message_is_refused() -> None:
    with pytest.raises(ParseError):
        parse_hl7v2_message("PID|1||7")


@given(st.sampled_from(("ADT", "ORU", "VXU", "SIU", "MDM", "ORM")), st.text('PIDOBXRAN|^~\\&"1.\r-', max_size=200))
def test_any_text_after_the_header_makes_a_row(message_type: str, text: str) -> None:
    row = parse_hl7v2_message(f"{header(message_type)}\r{text}")
    assert list(row) == _keys(schema_of(message_type))
