from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapping import pyrog
from mapping.mistakes import InvalidMapping
from mapping.model import Attribute, Column, ConceptMap, Condition, Filter, Input, InputGroup, Join, TableColumn
from tests.mapping.documents import (
    LOGICAL_REFERENCE,
    attribute,
    column,
    condition,
    document,
    filtered,
    join,
    resource,
    sql,
    static,
)


def read_one(*attributes: dict[str, Any], **more: Any) -> Any:
    return pyrog.read(document(resource(*attributes, **more))).resources[0]


def mistakes(given: object) -> list[tuple[str, str]]:
    with pytest.raises(InvalidMapping) as caught:
        pyrog.read(given)
    return [(one.path, one.reason) for one in caught.value.mistakes]


def test_a_resource_is_read_with_its_key_and_identity() -> None:
    made = read_one()
    assert made.primary_key == Column("patients", "subject_id", "public")
    assert (made.resource_type, made.profile, made.logical_reference) == ("Patient", None, LOGICAL_REFERENCE)


def test_a_constrained_definition_is_a_profile() -> None:
    made = read_one(definition={"type": "Patient", "derivation": "constraint", "url": "http://us-core"})
    assert made.profile == "http://us-core"


def test_without_a_definition_its_id_is_the_type() -> None:
    assert read_one(definition=None).resource_type == "Patient"


def test_a_resource_without_logical_reference_has_one_of_its_own_that_stays() -> None:
    one, again = read_one(logicalReference=None), read_one(logicalReference="")
    assert one.logical_reference == again.logical_reference != read_one(id="x", logicalReference=None).logical_reference


def test_joins_scripts_and_concept_maps_of_an_input_are_read() -> None:
    chain = join("patients.subject_id", "admissions.subject_id")
    made = read_one(attribute("gender", sql("sex", chain, table="admissions", script="strip", conceptMapId="m")))
    left, right = TableColumn("patients", "subject_id", "public"), TableColumn("admissions", "subject_id", "public")
    wanted = Column("admissions", "sex", "public", (Join(left, right),))
    expected = Input(column=wanted, script="strip", concept_map_id="m")
    assert made.attributes == (Attribute("gender", "string", (InputGroup((expected,)),)),)


def test_a_table_joined_in_two_ways_has_two_aliases_of_bounded_length() -> None:
    direct = Column("admissions", "x", None, (Join(TableColumn("p", "a"), TableColumn("admissions", "a")),))
    other = Column("admissions", "x", None, (Join(TableColumn("p", "b"), TableColumn("admissions", "a")),))
    assert direct.alias.startswith("admissions_x_")
    assert direct.alias != other.alias
    assert Column("patients", "dob").alias == "patients_dob"
    long, longer = Column("t" * 60, "c" * 60), Column("t" * 60, "c" * 61)
    assert len(long.alias) == len(longer.alias) == 63
    assert long.alias != longer.alias


def test_conditions_filters_and_merging_scripts_are_read() -> None:
    conditions = [condition(), condition("NULL", None)]
    made = read_one(
        attribute("gender", static("male"), mergingScript="merge_concat", conditions=conditions),
        filters=[filtered("BETWEEN", "2000-01-01, 2001-01-01")],
    )
    group = made.attributes[0].input_groups[0]
    flag = Column("patients", "flag", "public")
    assert group.conditions == (Condition("INCLUDE", flag, "EQ", "1"), Condition("INCLUDE", flag, "NULL", None))
    assert group.merging_script == "merge_concat"
    assert made.filters == (Filter(Column("patients", "dob", "public"), "BETWEEN", "2000-01-01, 2001-01-01"),)
    assert made.filters[0].values == ("2000-01-01", "2001-01-01")


def test_a_condition_may_compare_with_the_empty_text() -> None:
    made = read_one(attribute("gender", static("male"), conditions=[condition("EQ", "")]))
    assert made.attributes[0].input_groups[0].conditions[0].value == ""


def test_an_attribute_without_inputs_keeps_its_type() -> None:
    made = read_one({"path": "name[0]", "definitionId": "HumanName", "inputGroups": []}, {"path": "x"})
    assert made.attributes == (Attribute("name[0]", "HumanName"), Attribute("x", ""))


def test_concept_maps_are_read_in_each_of_their_forms() -> None:
    codes = {"M": "male", "F": "female"}
    elements = [{"code": code, "target": [{"code": to}, {"code": "x"}]} for code, to in codes.items()]
    fhir = {"resourceType": "ConceptMap", "id": "m", "title": "t", "group": [{"element": [*elements, {"code": "U"}]}]}
    expected = (ConceptMap("m", "t", codes),)
    ours: list[Any] = [{"id": "m", "title": "t", "codes": codes}]
    for given_as in (ours, [fhir], {"resourceType": "Bundle", "entry": [{"resource": fhir}]}):
        assert pyrog.read(document(conceptMaps=given_as)).concept_maps == expected


@pytest.mark.parametrize("given", [None, [], "mapping", 7, {}])
def test_what_is_no_mapping_is_refused(given: object) -> None:
    assert mistakes(given)


@pytest.mark.parametrize("version", [5, 7, 11, "10", None, [10]])
def test_what_a_document_says_of_its_version_is_passed_over(version: object) -> None:
    assert pyrog.read(document(version=version)) == pyrog.read(document())


def test_inputs_without_groups_are_one_group_without_conditions() -> None:
    old = {"path": "gender", "definitionId": "", "mergingScript": "merge_concat", "inputs": [sql("a"), sql("b")]}
    new = attribute("gender", sql("a"), sql("b"), type="", mergingScript="merge_concat")
    assert read_one(old) == read_one(new)
    assert read_one({"path": "name[0]", "inputs": [], "mergingScript": None}).attributes == (Attribute("name[0]", ""),)


def test_an_owner_may_be_a_text_or_stand_once_in_the_credential() -> None:
    plain = {"table": "patients", "column": "sex", "joins": []}
    of_columns = attribute("gender", {"sqlValue": {**plain, "owner": "public"}, "staticValue": None})
    of_none = attribute("gender", {"sqlValue": plain, "staticValue": None})
    each = document(resource(of_columns, primaryKeyOwner="public"))
    once = document(
        resource(of_none, primaryKeyOwner=""),
        source={"id": "mimic", "name": "MIMIC", "credential": {"owner": "public"}},
    )
    assert pyrog.read(each) == pyrog.read(once)
    assert pyrog.read(each).resources[0].primary_key.owner == "public"


def test_a_resource_by_itself_is_a_mapping_of_its_source() -> None:
    alone = resource(source={"id": "mimic", "name": "MIMIC"})
    assert pyrog.read(alone) == pyrog.read(document())


def test_a_source_without_id_has_that_of_its_resources() -> None:
    given = document(resource(source={"id": "mimic"}), source={"name": "MIMIC"})
    assert pyrog.read(given).source == pyrog.read(document()).source


def test_filters_of_the_old_shape_are_sql_literals() -> None:
    old = {"path": "gender", "inputs": [sql("a")]}
    (quoted,) = read_one(old, filters=[filtered("=", "'O''Neill'")]).filters
    assert quoted.value == "O'Neill"


def test_a_condition_may_compare_what_a_script_makes_of_the_column() -> None:
    made = read_one(attribute("gender", static("male"), conditions=[condition("NOTNULL", None, script="strip")]))
    assert made.attributes[0].input_groups[0].conditions[0].script == "strip"


@pytest.mark.parametrize(
    ("given", "path", "reason"),
    [
        (document(source=None), "source", "is missing"),
        (document(source={"name": "x"}), "source.id", "is missing"),
        (document(resources=[]), "resources", "no resource"),
        (document(resources={}), "resources", "must be a list"),
        (document(7), "resources[0]", "must be an object"),  # type: ignore[arg-type]
        (document(resource(id=None)), "resources[0].id", "is missing"),
        (document(resource(id=5)), "resources[0].id", "must be text"),
        (document(resource(primaryKeyTable="")), "resources[0].primaryKeyTable", "is missing"),
        (document(resource(primaryKeyColumn=None)), "resources[0].primaryKeyColumn", "is missing"),
        (document(resource(primaryKeyOwner=["public"])), "resources[0].primaryKeyOwner", "must be an object"),
        (document(resource(logicalReference="x")), "resources[0].logicalReference", "must be a uuid"),
        (document(resource(definition={"type": ""})), "resources[0].definition.type", "is missing"),
        (document(resource(definition=[])), "resources[0].definition", "must be an object"),
        (document(resource(label="\ud800")), "resources[0].label", "holds a character"),
        (document(resource(label="a\x00b")), "resources[0].label", "holds a character"),
        (document(resource(filters=[filtered("LIKES", "x")])), "resources[0].filters[0].relation", "is not known"),
        (document(resource(filters=[filtered("=", "")])), "resources[0].filters[0].value", "is missing"),
        (document(resource({"path": ""})), "resources[0].attributes[0].path", "is missing"),
        (document(resource(attribute("x", {}))), "resources[0].attributes[0].inputGroups[0].inputs[0]", "neither"),
        (document(resource(attribute("x", sql("a", staticValue="b")))),
         "resources[0].attributes[0].inputGroups[0].inputs[0]", "has both"),
        (document(resource(attribute("x", sql("")))),
         "resources[0].attributes[0].inputGroups[0].inputs[0].sqlValue.column", "is missing"),
        (document(resource(attribute("x", sql("a", {"tables": [{"table": "t", "column": "c"}]})))),
         "resources[0].attributes[0].inputGroups[0].inputs[0].sqlValue.joins[0].tables", "has two tables"),
        (document(resource(attribute("x", static("a"), conditions=[condition("IS")]))),
         "resources[0].attributes[0].inputGroups[0].conditions[0].relation", "is not known"),
        (document(resource(attribute("x", static("a"), conditions=[condition(action="include")]))),
         "resources[0].attributes[0].inputGroups[0].conditions[0].action", "is not known"),
        (document(resource(attribute("x", static("a"), conditions=[condition("EQ", None)]))),
         "resources[0].attributes[0].inputGroups[0].conditions[0].value", "is missing"),
        (document(resource(attribute("x", static("a"), conditions=[condition(sqlValue=None)]))),
         "resources[0].attributes[0].inputGroups[0].conditions[0].sqlValue", "is missing"),
        (document(resource(), resource()), "resources[1].id", "of another one"),
        (document(conceptMaps=[{"id": "m", "codes": {"a": 1}}]), "conceptMaps[0].codes.a", "must be text"),
        (document(conceptMaps=[{"id": "m"}]), "conceptMaps[0].codes", "is missing"),
        (document(conceptMaps=[{"id": "m", "codes": {}}] * 2), "conceptMaps[1].id", "of another one"),
        (document(conceptMaps=[{"resourceType": "ConceptMap", "id": "m", "group": [
            {"element": [{"code": "a", "target": [{"code": "b"}]}, {"code": "a", "target": [{"code": "c"}]}]}]}]),
         "conceptMaps[0].group[0].element[1].code", "is mapped twice"),
    ],
)  # fmt: skip
def test_each_mistake_of_form_is_told_with_its_path(given: object, path: str, reason: str) -> None:
    ((found, said),) = mistakes(given)
    assert found == path
    assert reason in said


def test_all_mistakes_are_told_at_once_with_their_places() -> None:
    broken = attribute("birthDate", static("x", sqlValue=column("dob")), conditions=[condition("IS")])
    with pytest.raises(InvalidMapping) as caught:
        pyrog.read(document(resource(broken, primaryKeyTable=None), version=10))
    assert [str(one) for one in caught.value.mistakes] == [
        "Patient: primaryKeyTable is missing",
        "Patient.birthDate: has both a staticValue and a sqlValue: one of them must go",
        'Patient.birthDate: relation "IS" is not known (known: EQ, NEQ, LT, LE, GE, GT, IN, NULL, NOTNULL)',
    ]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 12) | st.sampled_from(["", "x", "IN", "EQ", "INCLUDE", "Bundle"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(["id", "resources", "source", "attributes", "inputGroups", "inputs", "sqlValue", "joins",
                         "tables", "owner", "credential", "conceptMaps", "codes", "entry", "resourceType", "filters",
                         "conditions", "path"]),
        inner, max_size=5),
    max_leaves=25,
)  # fmt: skip


@given(JSON, JSON, JSON)
def test_any_json_is_read_or_refused_with_mistakes(source: object, resources: object, concept_maps: object) -> None:
    given = {"source": source, "resources": resources, "conceptMaps": concept_maps}
    with suppress(InvalidMapping):
        pyrog.read(given)
    with suppress(InvalidMapping):
        pyrog.read({"primaryKeyTable": source, "source": resources, "attributes": resources})
