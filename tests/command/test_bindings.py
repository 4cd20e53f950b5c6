"""`./firth binding`, against an api in memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Self

import pytest
from typer.testing import CliRunner

from command import bindings
from command.api_client import Api, Binding


class Memory(Api):
    """An api with one binding, and what was asked of it."""

    kept: Binding

    def __init__(self) -> None:
        super().__init__("http://127.0.0.1:1", token="none")
        self.kept = Binding(
            topic="mimic-patients", resource_id="mimic-patient", key="subject_id", on_delete="delete",
            extracted=1_200, passed_over=30, transformed=1_190, loaded={"fhir": 1_190, "mongodb": 1_180},
            failed={"live": 4, "transformer": 10}, last_at=datetime(2026, 11, 21, 12, 0, tzinfo=UTC),
        )  # fmt: skip
        self.asked: list[object] = []

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Self:
        raise NotImplementedError

    def bindings(self) -> list[Binding]:
        return [self.kept]

    def bind(self, topic: str, resource_id: str, *, key: str | None = None, on_delete: str = "ignore") -> Binding:
        self.asked.append((topic, resource_id, key, on_delete))
        return replace(self.kept, topic=topic)

    def unbind(self, topic: str, resource_id: str) -> None:
        self.asked.append(("unbind", topic, resource_id))

    def retry_rows(self, topic: str, resource_id: str) -> int:
        self.asked.append(("retry", topic, resource_id))
        return 4


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Memory:
    made = Memory()
    monkeypatch.setattr(Memory, "of", classmethod(lambda _, __: made))
    monkeypatch.setattr(bindings, "Api", Memory)
    return made


def run(*arguments: str) -> str:
    result = CliRunner().invoke(bindings.app, arguments)
    assert result.exit_code == 0, result.output
    return result.output


def test_bindings_are_listed_with_every_row_told_of(api: Memory) -> None:
    words = run("list").splitlines()[-1].split()
    assert words[:4] == ["mimic-patients", "mimic-patient", "by", "subject_id"]
    assert words[4:11] == ["delete", "1,234", "30", "1,190", "1,190", "1,180", "14"]


def test_a_binding_is_set_with_its_options(api: Memory) -> None:
    assert "rows of t feed r" in run("set", "t", "r", "--key", "id", "--on-delete", "delete")
    run("set", "t", "r")
    assert api.asked == [("t", "r", "id", "delete"), ("t", "r", None, "ignore")]


def test_a_binding_is_deleted(api: Memory) -> None:
    assert "no more" in run("delete", "t", "r")
    assert api.asked == [("unbind", "t", "r")]


def test_dead_letters_that_are_tried_again_are_counted(api: Memory) -> None:
    assert "4 dead letters are tried again" in run("retry", "t", "r")
