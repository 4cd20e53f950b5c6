"""What is kept of the registry's answers, and for how long."""

from __future__ import annotations

import pytest

from pipeline.errors import Unavailable
from pipeline.known_schemas import KEPT, MISSING_FOR, KnownSchemas


class Registry:
    """Has what is put into `schemas`, and notes which ids it was asked for."""

    def __init__(self) -> None:
        self.schemas: dict[int, str] = {}
        self.asked: list[int] = []
        self.away = False

    def schema(self, schema_id: int) -> str | None:
        self.asked.append(schema_id)
        if self.away:
            raise Unavailable("schema registry: away")
        return self.schemas.get(schema_id)


def test_a_schema_that_is_there_is_asked_for_once() -> None:
    registry = Registry()
    registry.schemas[7] = "seven"
    known = KnownSchemas(registry.schema, lambda schema_id, text: f"{schema_id} {text}")
    assert [known.of(7), known.of(7)] == ["7 seven"] * 2
    assert registry.asked == [7]


def test_one_that_is_missing_is_asked_for_again_after_a_minute() -> None:
    registry, now = Registry(), [0.0]
    known = KnownSchemas(registry.schema, lambda _, text: text, clock=lambda: now[0])
    assert known.of(7) is None
    registry.schemas[7] = "seven"
    assert known.of(7) is None
    assert registry.asked == [7], "a topic full of what nobody can read must not be a question a record"
    now[0] = MISSING_FOR + 1
    assert known.of(7) == "seven"


def test_that_the_registry_was_away_is_not_kept() -> None:
    registry = Registry()
    known = KnownSchemas(registry.schema, lambda _, text: text)
    registry.away = True
    with pytest.raises(Unavailable):
        known.of(7)
    registry.away, registry.schemas[7] = False, "seven"
    assert known.of(7) == "seven"


def test_of_ids_without_end_the_oldest_is_forgotten() -> None:
    registry = Registry()
    known = KnownSchemas(registry.schema, lambda _, text: text)
    for schema_id in [*range(KEPT + 1), KEPT, 0]:
        known.of(schema_id)
    assert registry.asked == [*range(KEPT + 1), 0]
