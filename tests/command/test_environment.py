"""When the launcher makes the Python environment anew."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from command.environment import REQUIREMENTS, Failed, ready_environment


class Installer:
    """Counts how often an environment is filled, in place of a package index."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, folder: Path, requirements: Sequence[Path]) -> None:
        assert (folder / "bin" / "python").exists()
        assert all(file.exists() for file in requirements)
        self.calls += 1


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    for name in REQUIREMENTS:
        (tmp_path / name).write_text("typer==0.1\n")
    return tmp_path


def test_an_environment_is_made_once(clone: Path) -> None:
    install = Installer()
    assert ready_environment(clone, install) == ready_environment(clone, install) == clone / ".firth" / "venv"
    assert install.calls == 1


def test_an_environment_is_made_anew_when_its_requirements_change(clone: Path) -> None:
    install = Installer()
    ready_environment(clone, install)
    (clone / REQUIREMENTS[1]).write_text("typer==0.2\n")
    ready_environment(clone, install)
    assert install.calls == 2


def test_the_library_of_the_clone_is_imported_in_place(clone: Path) -> None:
    package = clone / "hl7v2" / "src" / "hl7v2"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    python = ready_environment(clone, Installer()) / "bin" / "python"
    where = subprocess.run(
        [python, "-c", "import hl7v2; print(hl7v2.__file__)"], capture_output=True, text=True, check=True, cwd="/"
    )
    assert Path(where.stdout.strip()) == package / "__init__.py"


def test_an_environment_that_could_not_be_filled_is_made_again(clone: Path) -> None:
    def fail(folder: Path, requirements: Sequence[Path]) -> None:
        raise Failed("no network")

    with pytest.raises(Failed):
        ready_environment(clone, fail)
    install = Installer()
    ready_environment(clone, install)
    assert install.calls == 1


def test_two_at_once_make_one_environment(clone: Path) -> None:
    install = Installer()
    both = [threading.Thread(target=ready_environment, args=(clone, install)) for _ in range(2)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    assert install.calls == 1
