"""fhir-river's own shape: columns by their ids."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapping import pyrog, river
from mapping.mistakes import InvalidMapping
from tests.mapping import documents

COLUMNS = {"c1": "subject_id", "c2": "sex", "c3": "flag", "c4": "mother"}
CREDENTIAL = {
    "owners": [
        {"id": "o1", "name": "public", "columns": [
            {"id": each, "table": "patients", "column": name} for each, name in COLUMNS.items()]},
    ]
}  # fmt: skip


def sql_input(column: str, *joins: Any, **more: Any) -> dict[str, Any]:
    return {"column": column, "joins": list(joins), "script": "", "concept_map_id": "", **more}


def river_document(group: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    groups = [{"merging_script": "", "sql_inputs": [], "static_inputs": [], "conditions": [], **group}] if group else []
    patients = {
        "id": "patients", "label": "patients", "primary_key_table": "patients", "primary_key_column": "subject_id",
        "primary_key_owner": "o1", "definition_id": "Patient", "logical_reference": documents.LOGICAL_REFERENCE,
        "filters": [], "attributes": [{"path": "gender", "definition_id": "code", "input_groups": groups}], **more,
    }  # fmt: skip
    return {"id": "mimic", "name": "MIMIC", "credential": CREDENTIAL, "resources": [patients]}


def mistakes(document: object) -> list[str]:
    with pytest.raises(InvalidMapping) as caught:
        river.read(document)
    return [f"{one.path}: {one.reason}" for one in caught.value.mistakes]


def test_it_says_the_same_as_pyrogs_shape() -> None:
    group = {
        "sql_inputs": [sql_input("c2", {"left": "c4", "right": "c1"}, script="strip", concept_map_id="m")],
        "static_inputs": [{"value": "x"}],
        "merging_script": "merge_concat",
        "conditions": [{"action": "INCLUDE", "relation": "EQ", "value": "1", "sql_input": sql_input("c3")}],
    }
    filters = [{"relation": "=", "value": "1", "sql_input": sql_input("c3")}]
    theirs = documents.attribute(
        "gender",
        documents.sql(
            "sex", documents.join("patients.mother", "patients.subject_id"), script="strip", conceptMapId="m"
        ),
        documents.static("x"),
        type="code",
        mergingScript="merge_concat",
        conditions=[documents.condition("EQ", "1")],
    )
    pyrogs = documents.document(
        documents.resource(theirs, filters=[documents.filtered("=", "1", sqlColumn=documents.column("flag"))])
    )
    assert river.read(river_document(group, filters=filters)) == pyrog.read(pyrogs)


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (river_document({"sql_inputs": [sql_input("c9")]}), "sql_inputs[0].column: is the id of no column"),
        (river_document({"sql_inputs": [sql_input("c1", {"left": "c1"})]}), "joins[0].right: right is missing"),
        (river_document(primary_key_owner="o2"), "primary_key_owner: is the id of no owner"),
        (river_document(logical_reference="x"), "logical_reference: logical_reference must be a uuid"),
        (river_document(filters=[{"relation": "=", "value": "1", "sql_input": sql_input("c1", script="strip")}]),
         "filters[0].sql_input.script: a filter is the database's"),
        (river_document({"conditions": [{"action": "INCLUDE", "relation": "NULL",
                                         "sql_input": sql_input("c1", concept_map_id="m")}]}),
         "conditions[0].sql_input.concept_map_id: a condition compares"),
    ],
)  # fmt: skip
def test_each_mistake_is_told_with_its_path(document: object, said: str) -> None:
    (found,) = mistakes(document)
    assert said in found


JSON = st.recursive(
    st.none() | st.integers(0, 2) | st.sampled_from(["", "x", "c1", "EQ", "INCLUDE"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(["id", "name", "owners", "columns", "attributes", "path", "input_groups", "sql_inputs", "joins",
                         "static_inputs", "conditions", "sql_input", "column", "left", "filters", "definition"]),
        inner, max_size=5),
    max_leaves=25,
)  # fmt: skip


@given(JSON, JSON)
def test_any_json_is_read_or_refused_with_mistakes(credential: object, resources: object) -> None:
    with suppress(InvalidMapping):
        river.read({"id": "x", "credential": credential, "resources": resources})
