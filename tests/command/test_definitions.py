"""FHIR R4's element table, built for commands that need no stack."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from rich.console import Console

from command import definitions as commands_definitions
from command.definitions import definitions
from command.stack.trouble import Trouble

PATIENT = {"kind": "resource", "elements": {}}


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the table is to be; it is missing, the system has all that it needs, and the build makes a small one."""
    file = tmp_path / "r4.json"

    def build(modules: Sequence[str], *, tell: Callable[[str], None]) -> None:
        tell("fetching")
        file.write_text(json.dumps({"primitives": {}, "types": {"Patient": PATIENT}, "value_sets": {}}))

    monkeypatch.setattr(commands_definitions, "DEFINITIONS", file)
    monkeypatch.setattr(commands_definitions, "stale", lambda modules: [] if file.exists() else list(modules))
    monkeypatch.setattr(commands_definitions, "require", lambda *needs, tell: None)
    monkeypatch.setattr(commands_definitions, "build", build)
    return file


def test_a_missing_table_is_built_and_that_is_told_once(table: Path) -> None:
    written = io.StringIO()
    assert "Patient" in definitions(Console(file=written))
    assert "Patient" in definitions(Console(file=written))
    assert written.getvalue() == "setting up, once: fetching\n"


def test_what_the_system_lacks_for_it_is_told(table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def lacking(*needs: str, tell: Callable[[str], None]) -> None:
        raise Trouble(f"{', '.join(needs)} missing")

    monkeypatch.setattr(commands_definitions, "require", lacking)
    with pytest.raises(Trouble, match="java, maven missing"):
        definitions(Console(file=io.StringIO()))


def test_a_table_that_cannot_be_read_is_told(table: Path) -> None:
    table.write_text("{")
    with pytest.raises(Trouble, match=r"r4\.json is no table of FHIR elements"):
        definitions(Console(file=io.StringIO()))
