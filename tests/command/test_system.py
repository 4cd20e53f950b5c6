"""What the stack needs of the system, and what is said where it is missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from command.stack import system
from command.stack.trouble import Trouble


@pytest.fixture
def bare_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A PATH with one empty folder: neither Maven nor apt-get nor sudo."""
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def test_what_is_missing_and_may_not_be_installed_is_told_with_what_to_type(bare_path: Path) -> None:
    with pytest.raises(Trouble, match="Maven missing: install it, on Debian or Ubuntu by: sudo apt-get install maven"):
        system.require("maven")


def test_what_is_there_is_found_and_asks_for_nothing(bare_path: Path) -> None:
    (bare_path / "mvn").write_text("#!/bin/sh\n")
    (bare_path / "mvn").chmod(0o755)
    system.require("maven")
    assert system.maven() == bare_path / "mvn"


@pytest.mark.parametrize(("says", "fits"), [("17.0.15", True), ("21", True), ("11.0.2", False), ("1.8.0_402", False)])
def test_a_java_is_taken_only_where_it_is_new_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, says: str, fits: bool
) -> None:
    binaries = tmp_path / "bin"
    binaries.mkdir()
    for name in ("java", "javac"):
        (binaries / name).write_text(f"#!/bin/sh\necho 'openjdk version \"{says}\" 2025-01-01' >&2\n")
        (binaries / name).chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    assert (system._find_java() == binaries / "java") is fits
