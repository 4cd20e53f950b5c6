from __future__ import annotations

from contextlib import suppress
from typing import get_args

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mapping import document, pyrog
from mapping.mistakes import InvalidMapping
from mapping.model import (
    Attribute,
    Column,
    ConceptMap,
    Condition,
    Filter,
    FilterRelation,
    Input,
    InputGroup,
    Join,
    Mapping,
    Relation,
    ResourceMapping,
    Source,
    TableColumn,
)
from tests.mapping import documents

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
TABLE_COLUMN = st.builds(TableColumn, TEXT, TEXT, st.none() | TEXT)
COLUMN = st.builds(
    Column, TEXT, TEXT, st.none() | TEXT, st.lists(st.builds(Join, TABLE_COLUMN, TABLE_COLUMN), max_size=2).map(tuple)
)
CONDITION = st.builds(
    Condition, st.sampled_from(["INCLUDE", "EXCLUDE"]), COLUMN, st.sampled_from(get_args(Relation)), st.none() | TEXT
)
INPUT = st.builds(Input, st.none() | COLUMN, st.none() | TEXT, st.none() | TEXT, st.none() | TEXT)
GROUP = st.builds(
    InputGroup,
    st.lists(INPUT, max_size=2).map(tuple),
    st.none() | TEXT,
    st.lists(CONDITION, max_size=1).map(tuple),
)
RESOURCE = st.builds(
    ResourceMapping,
    id=TEXT,
    label=TEXT,
    resource_type=TEXT,
    profile=st.none() | TEXT,
    logical_reference=TEXT,
    primary_key=COLUMN,
    filters=st.lists(st.builds(Filter, COLUMN, st.sampled_from(get_args(FilterRelation)), TEXT), max_size=1).map(tuple),
    attributes=st.lists(st.builds(Attribute, TEXT, TEXT, st.lists(GROUP, max_size=2).map(tuple)), max_size=2).map(
        tuple
    ),
)
MAPPING = st.builds(
    Mapping,
    st.builds(Source, TEXT, TEXT),
    st.lists(RESOURCE, max_size=2).map(tuple),
    st.lists(st.builds(ConceptMap, TEXT, TEXT, st.dictionaries(TEXT, TEXT, max_size=3)), max_size=2).map(tuple),
)


@given(MAPPING)
def test_loading_what_was_dumped_gives_the_same_mapping(mapping: Mapping) -> None:
    loaded = document.load(document.dump(mapping))
    assert loaded == mapping
    assert document.content_hash(loaded) == document.content_hash(mapping)


@settings(max_examples=30)
@given(MAPPING, MAPPING)
def test_mappings_have_one_hash_exactly_if_they_are_equal(one: Mapping, other: Mapping) -> None:
    assert (document.content_hash(one) == document.content_hash(other)) == (one == other)


def test_the_order_of_keys_in_the_document_read_does_not_matter() -> None:
    maps = [{"id": "m", "title": "t", "codes": {"M": "male", "F": "female"}}]
    turned = [{"codes": {"F": "female", "M": "male"}, "title": "t", "id": "m"}]
    one = pyrog.read(documents.document(conceptMaps=maps))
    other = pyrog.read(dict(reversed(documents.document(conceptMaps=turned).items())))
    assert document.dump(one) == document.dump(other)


@pytest.mark.parametrize(
    ("broken", "place"),
    [
        (b"", "is not JSON"),
        (b"[]", "firth"),
        (b'{"firth":2,"mapping":{}}', "firth"),
        (b'{"firth":1}', "mapping: is not a dict"),
        (b'{"firth":1,"mapping":{"source":{"id":"a"},"resources":[]}}', "mapping.source: lacks name"),
        (b'{"firth":1,"mapping":{"source":{"id":1,"name":""},"resources":[]}}', "mapping.source.id: is not a str"),
        (b'{"firth":1,"mapping":{"source":{"id":"","name":"","x":1},"resources":[]}}', "mapping.source: has fields"),
        (b'{"firth":1,"mapping":{"source":{"id":"","name":""},"resources":[1]}}', "mapping.resources[0]"),
    ],
)
def test_a_broken_document_is_refused_with_the_place(broken: bytes, place: str) -> None:
    with pytest.raises(InvalidMapping) as caught:
        document.load(broken)
    assert place in str(caught.value)


def test_a_relation_that_is_none_does_not_get_in_by_the_document() -> None:
    mapping = pyrog.read(documents.document(documents.resource(filters=[documents.filtered("=", "1")])))
    changed = document.dump(mapping).replace(b'"relation":"="', b'"relation":"= 1 OR 1"')
    with pytest.raises(InvalidMapping, match="is none of"):
        document.load(changed)


NAMES = st.sampled_from(["source", "resources", "id", "name", "concept_maps"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)


@given(JSON)
def test_any_json_loads_or_is_refused(value: object) -> None:
    with suppress(InvalidMapping):
        document.load(orjson.dumps({"firth": 1, "mapping": value}))
