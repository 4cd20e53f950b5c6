"""What holds of the engine for any record at all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.errors import InvalidRecord
from pipeline.events import Value
from tests.transformer.building import (
    DOCTORS,
    REFERENCE,
    Engine,
    attribute,
    group,
    read,
    rows,
    static,
    when,
)
from transformer.nesting import SeveralValuesError, nest
from transformer.plan import Plan
from transformer.target import Slot

COLUMNS = "abcdefgh"

NASTY: list[Value] = [
    None, "", " ", "0000-00-00", "2179-89-44", "2021-08-29 18:20:00", "2150", "M", "1", "0", "true", "-1", "1.50",
    "1e999", "9" * 400, "\x00", "\u202e", "e\u0301", "\ufffd", b"\xff\xfe", b"", 0, 1, -1, 2**63 - 1, -(2**63), 0.0,
    -0.0, 1e308, float("nan"), float("inf"), True, False, "'; DROP TABLE patients; --", "{}", "NaN", "null",
]  # fmt: skip

values: st.SearchStrategy[Value] = st.one_of(
    st.sampled_from(NASTY),
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(),
    st.text(),
    st.binary(),
)


@st.composite
def records(draw: st.DrawFn) -> dict[str, Sequence[Value]]:
    length = draw(st.integers(0, 4))
    column = st.lists(values, min_size=length, max_size=length)
    return rows({name: draw(column) for name in COLUMNS})


@pytest.fixture(scope="module")
def plan(engine: Engine) -> Plan:
    """A mapping with something of everything."""
    return engine.plan(
        "Patient",
        attribute("identifier[0].value", read("a")),
        attribute("identifier[0].period.start", read("b", script="clean_dateTime")),
        attribute("identifier[1].value", read("b", script="strip")),
        attribute("name[0].family", read("c")),
        attribute("name[0].given[0]", read("d", script="make_title")),
        attribute("name[0].given[1]", static("Z")),
        attribute("gender", read("e", concept_map="genders"), static("unknown"), merge="select_first_not_empty"),
        attribute("birthDate", read("f", script="clean_date")),
        attribute("deceasedBoolean", group(read("g"), conditions=[when("g", "IN", "0,1")])),
        attribute("deceasedDateTime", group(read("g"), conditions=[when("g", "GT", "1900-01-01")])),
        attribute("multipleBirthInteger", read("h")),
        attribute("photo[0].data", read("h")),
        attribute("photo[0].title", read("a"), read("h"), merge="merge_concat"),
        attribute("extension[0].url", static("urn:x")),
        attribute("extension[0].valueDecimal", read("h")),
        attribute("generalPractitioner[0].identifier.system", static(REFERENCE + DOCTORS)),
        attribute("generalPractitioner[0].identifier.value", read("a")),
    )


def outcome(plan: Plan, columns: dict[str, Sequence[Value]]) -> bytes | tuple[str, str]:
    try:
        return plan.run(columns, "1").body
    except InvalidRecord as error:
        return (error.reason, str(error))


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(columns=records())
def test_a_record_is_mapped_or_refused_and_what_is_mapped_is_sound(
    engine: Engine, plan: Plan, columns: dict[str, Sequence[Value]]
) -> None:
    result = outcome(plan, columns)
    if isinstance(result, bytes):
        assert engine.checks.fault(orjson.loads(result)) is None
    else:
        assert "script-failed" not in result


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(columns=records())
def test_the_same_record_gives_the_same_bytes(plan: Plan, columns: dict[str, Sequence[Value]]) -> None:
    assert outcome(plan, columns) == outcome(plan, columns)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(columns=records())
def test_generated_code_builds_what_the_general_way_builds(plan: Plan, columns: dict[str, Sequence[Value]]) -> None:
    """A single row is built by generated code, several by `nest`: one row must be the same to both."""
    first = {name: column[:1] for name, column in columns.items()}
    try:
        row = plan.values(plan.read(first)[0])
    except InvalidRecord:
        return
    built: dict[str, Any] = plan.build("x", row)
    members = {name: nest(member, [row]) for name, member in plan.root.members.items()}
    nested = {"resourceType": "Patient", "id": "x"} | {k: v for k, v in members.items() if v is not None}
    assert built == nested
    assert orjson.dumps(built, default=str) == orjson.dumps(nested, default=str), "in the same order"


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(columns=records())
def test_rows_that_are_there_twice_change_nothing(plan: Plan, columns: dict[str, Sequence[Value]]) -> None:
    twice: dict[str, Sequence[Value]] = {name: [*column, *column] for name, column in columns.items()}
    assert outcome(plan, twice) == outcome(plan, columns)


@given(st.lists(st.text(alphabet="ab", max_size=2), min_size=2, max_size=6))
def test_the_general_way_tells_of_several_values(texts: list[str]) -> None:
    distinct = set(texts)
    try:
        assert nest(Slot(0), [(text,) for text in texts]) in distinct
    except SeveralValuesError:
        assert len(distinct) > 1


PLANTED = "Xyzzyplugh"


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(columns=records(), where=st.sampled_from(COLUMNS), form=st.sampled_from(["{}", " {}", "{} ", "{}\x00", "1{}"]))
def test_no_refusal_repeats_a_value(plan: Plan, columns: dict[str, Sequence[Value]], where: str, form: str) -> None:
    length = max(1, len(columns["t_a"]))
    planted = {**columns, f"t_{where}": [form.format(PLANTED)] * length}
    try:
        plan.run(planted, PLANTED)
    except InvalidRecord as error:
        told = f"{error} {error.reason} {error.details} {error!r} {error.__cause__!r}"
        assert PLANTED.lower() not in told.lower()
