from __future__ import annotations

import json
from dataclasses import asdict, fields
from io import BytesIO
from typing import Any, cast, get_args

import pytest
from fastavro import parse_schema, schemaless_reader, schemaless_writer
from hypothesis import given
from hypothesis import strategies as st

from pipeline.codec import TOPIC_OF, Codec, Event, schema_text
from pipeline.errors import InvalidRecord
from pipeline.events import (
    BatchCancelled,
    DeadLetter,
    Extracted,
    ExtractorTrigger,
    Failing,
    Loaded,
    Preview,
    PreviewRecord,
    Progress,
    Resource,
    Transformed,
    Trouble,
    Write,
)

codec = Codec.local()

text = st.text()
longs = st.integers(-(2**63), 2**63 - 1)
ints = st.integers(-(2**31), 2**31 - 1)
values = st.none() | st.booleans() | longs | st.floats(allow_nan=False) | text | st.binary()
writes = st.sampled_from(get_args(Write))
resources = st.builds(Resource, type=text, id=text, write=writes, body=st.binary())
headers = st.lists(st.tuples(text, st.none() | st.binary()))
troubles = st.builds(Trouble, failing=st.sampled_from(get_args(Failing)), columns=st.lists(text))

hot_events: st.SearchStrategy[Extracted | Transformed | Loaded] = st.one_of(
    st.builds(
        Extracted,
        batch_id=text,
        resource_id=text,
        resource_type=text,
        mapping_hash=text,
        primary_key=text,
        as_of=longs,
        columns=st.dictionaries(text, st.lists(values)),
        deleted=st.booleans(),
    ),
    st.builds(
        Transformed, batch_id=text, resource_id=text, mapping_hash=text, as_of=longs, resources=st.lists(resources)
    ),
    st.builds(
        Loaded,
        sink=text,
        batch_id=text,
        resource_id=text,
        as_of=longs,
        type=text,
        id=text,
        write=writes,
        outcome=st.sampled_from(["written", "superseded", "exists"]),
        body=st.binary(max_size=200),
    ),
)

events: st.SearchStrategy[Event] = st.one_of(
    hot_events,
    st.builds(
        ExtractorTrigger,
        batch_id=text,
        resource_id=text,
        mapping_hash=text,
        primary_key_values=st.none() | st.lists(values),
        after=values,
        extracted=longs,
        part=st.booleans(),
    ),
    st.builds(BatchCancelled, at=longs),
    st.builds(Progress, succeeded=longs, failed=longs, cancelled=longs, total=st.none() | longs, at=longs),
    st.builds(
        DeadLetter, partition=ints, offset=longs, timestamp=longs, attempt=ints, failed_at=longs, headers=headers
    ),
    st.builds(Preview, expires_at=longs, records=st.lists(st.builds(PreviewRecord)), troubles=st.lists(troubles)),
)


def typed(value: Any) -> Any:
    """`value` so that 1, 1.0 and true differ, and 0.0 and -0.0 too."""
    if isinstance(value, dict):
        return {name: typed(part) for name, part in value.items()}
    if isinstance(value, list):
        return [typed(part) for part in value]
    return (type(value), repr(value))


@given(events)
def test_what_was_encoded_decodes_to_the_same(event: Event) -> None:
    back = codec.decode(type(event), codec.encode(event))  # type: ignore[type-var]
    assert back == event
    assert all(typed(getattr(back, each.name)) == typed(getattr(event, each.name)) for each in fields(event))


@given(hot_events)
def test_events_written_by_hand_are_the_bytes_that_avro_writes(event: Extracted | Transformed | Loaded) -> None:
    body = BytesIO()
    schema = parse_schema(json.loads(schema_text(type(event))))
    schemaless_writer(body, schema, asdict(event), disable_tuple_notation=True)
    assert codec.encode(event)[5:] == body.getvalue()


def test_an_array_in_several_blocks_is_read_whole_with_or_without_their_sizes() -> None:
    texts, one_column, one_text = b"\0" * 5 + b"\x02", b"\x02\x04ab", b"\x02\x02\x02x"
    sized_block_of_a_long, one_null, end = b"\x01\x04\x04\x0e", b"\x02\x00", b"\0"
    is_deleted = b"\0"
    body = texts + one_column + one_text + sized_block_of_a_long + one_null + end + end + is_deleted
    head = codec.encode(Extracted("", "", "", "", "", 0, {}))[:5]
    assert codec.decode(Extracted, head + body).columns == {"ab": ["x", 7, None]}
    schema = parse_schema(json.loads(schema_text(Extracted)))
    read = cast(dict[str, object], schemaless_reader(BytesIO(body), schema, None))
    assert read["columns"] == {"ab": ["x", 7, None]}


@given(events)
def test_the_wire_format_is_a_zero_byte_and_the_schemas_id(event: Event) -> None:
    number = 1 + list(TOPIC_OF).index(type(event))
    assert codec.encode(event)[:5] == b"\0" + number.to_bytes(4, "big")


@given(st.sampled_from(list(TOPIC_OF)), st.binary())
def test_bytes_that_are_no_event_are_invalid_and_nothing_else(event: Any, raw: bytes) -> None:
    header = b"\0" + (1 + list(TOPIC_OF).index(event)).to_bytes(4, "big")
    for broken in (raw, header + raw):
        try:
            codec.decode(event, broken)
        except InvalidRecord as error:
            assert error.reason == "undecodable"  # noqa: PT017 — some bytes do make an event


@given(events, st.data())
def test_an_event_cut_short_or_with_bytes_added_is_invalid(event: Event, data: st.DataObject) -> None:
    raw = codec.encode(event)
    cut = data.draw(st.integers(0, len(raw) - 1))
    for broken in (raw[:cut], raw + b"x"):
        with pytest.raises(InvalidRecord, match="Avro"):
            codec.decode(type(event), broken)  # type: ignore[type-var]


def test_nothing_is_invalid_too() -> None:
    with pytest.raises(InvalidRecord):
        codec.decode(Progress, None)


@pytest.mark.parametrize("value", [2**63, -(2**63) - 1, "Doe \ud800"])
def test_a_value_that_avro_cannot_hold_is_invalid_and_is_not_told(value: int | str) -> None:
    event = ExtractorTrigger("b", "r", "h", after=value)
    with pytest.raises(InvalidRecord) as caught:
        codec.encode(event)
    assert caught.value.reason == "unencodable"
    assert "Doe" not in str(caught.value)
    assert "9223372036854775" not in str(caught.value)


def test_a_schema_that_nobody_knows_is_invalid() -> None:
    with pytest.raises(InvalidRecord, match="unknown schema, id 77"):
        codec.decode(Progress, b"\0\0\0\0\x4d" + b"\0" * 20)


@pytest.mark.parametrize("text", ["{}", '"nonsense"', "no JSON", 'syntax = "proto3";'])
def test_a_schema_that_is_none_of_avros_is_as_good_as_unknown(text: str) -> None:
    strange = Codec({Progress: 1}, lambda _: text)
    with pytest.raises(InvalidRecord, match="unknown schema, id 77"):
        strange.decode(Progress, b"\0\0\0\0\x4d" + b"\0" * 20)


@pytest.mark.parametrize("event", TOPIC_OF)
def test_a_schema_has_the_fields_of_its_event_in_their_order(event: type[Event]) -> None:
    schema = json.loads(schema_text(event))
    assert schema["name"] == event.__name__
    assert [each["name"] for each in schema["fields"]] == [each.name for each in fields(event)]
