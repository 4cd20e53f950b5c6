"""The library as its users get it: a wheel, alone in an empty environment."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import hl7apy
import pytest
from samples import ADT_A01

PROJECT = Path(__file__).parents[1]
UV = Path(sys.executable).parent / "uv"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    # With this environment's hatchling: a build of its own would fetch one.
    how = ("--quiet", "--offline", "--no-build-isolation", "--python", sys.executable)
    run(UV, "build", "--wheel", *how, "--out-dir", folder, PROJECT)
    (found,) = folder.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment that has the wheel and nothing else, not even what the wheel asks for."""
    folder = tmp_path_factory.mktemp("empty") / "venv"
    run(UV, "venv", "--quiet", "--offline", "--python", sys.executable, folder)
    python = folder / "bin" / "python"
    run(UV, "pip", "install", "--quiet", "--offline", "--no-deps", "--python", python, wheel)
    return python


def run(*command: str | Path, environment: dict[str, str] | None = None, content: str = "") -> str:
    # Nothing of this environment may be found by the other one.
    variables = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")} | (environment or {})
    done = subprocess.run(
        [str(part) for part in command],
        cwd="/",
        env=variables,
        input=content,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_wheel_has_the_library_its_types_its_licence_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert "hl7v2/py.typed" in names
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in names)
    assert {name.split("/")[0].split("-")[0] for name in names} == {"hl7v2", "firth_hl7v2"}


def test_reading_and_rows_need_no_other_package(python: Path) -> None:
    script = (
        "import sys, hl7v2\n"
        "content = sys.stdin.read().replace(chr(10), chr(13))\n"
        "message = hl7v2.parse(content)\n"
        "message['PID-5.1'] = 'O&K'\n"
        "print(message['PID-3.1'], message.raw('PID-5.1'), hl7v2.parse_hl7v2_message(content)['patient_birth_date'])"
    )
    assert run(python, "-c", script, content=ADT_A01) == r"4711808 O\T\K 1967-08-14"


def test_judging_needs_the_definitions_alone(python: Path, tmp_path: Path) -> None:
    (tmp_path / "hl7apy").symlink_to(Path(hl7apy.__file__).parent)
    script = "import sys, hl7v2\nprint(hl7v2.validate(sys.stdin.read().replace(chr(10), chr(13))).valid)"
    assert run(python, "-c", script, environment={"PYTHONPATH": str(tmp_path)}, content=ADT_A01) == "True"


def test_the_command_says_which_extra_it_lacks(python: Path) -> None:
    command = python.parent / "hl7v2"
    ran = subprocess.run([str(command), "parse"], capture_output=True, text=True, check=False, timeout=60)
    assert ran.returncode == 1
    assert ran.stderr.strip() == (
        "hl7v2: the command needs typer and rich: from a clone of Firth, pip install './hl7v2[command]'"
    )
