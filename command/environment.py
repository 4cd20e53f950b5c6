"""Makes `.firth/venv` of the locked requirements, anew when they change, and runs the command line in it.

Run by the `firth` launcher with whatever Python the system has, so it uses the standard library alone.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Callable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
REQUIREMENTS = ("requirements.txt", "requirements-dev.txt")
OWN_PACKAGES = ("hl7v2/src",)  # libraries of the repository that are wheels elsewhere: here they are imported in place
NEEDED = 1 << 30  # bytes that the environment takes while it is made

Install = Callable[[Path, Sequence[Path]], None]


class Failed(Exception):
    """The environment could not be made; `str` of it is a sentence."""


def ready_environment(root: Path, install: Install) -> Path:
    """The environment of the clone at `root`, made by `install` where it is missing or out of date.

    A second process waits for the first. Raises Failed.
    """
    folder = root / ".firth" / "venv"
    requirements = [root / name for name in REQUIREMENTS]
    wanted = fingerprint(requirements)
    if _made_of(folder) == wanted:
        return folder
    folder.parent.mkdir(exist_ok=True)
    with (folder.parent / "venv.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if _made_of(folder) != wanted:
            _make(folder, requirements, install)
            (folder / "made-of").write_text(wanted)
    return folder


def fingerprint(requirements: Sequence[Path]) -> str:
    """What an environment is made of: this Python, and what the files require."""
    digest = hashlib.sha256(f"{sys.version}\0{sys.base_prefix}\0".encode())
    for file in requirements:
        digest.update(file.read_bytes() + b"\0")
    return digest.hexdigest()


def install_requirements(folder: Path, requirements: Sequence[Path]) -> None:
    """Install exactly what `requirements` lock into the environment `folder`. Raises Failed with pip's words."""
    files = [argument for file in requirements for argument in ("-r", str(file))]
    for arguments in (
        ["ensurepip"],
        ["pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes", *files],
    ):
        command = [str(folder / "bin" / "python"), "-m", *arguments]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        if result.returncode:
            words = "\n".join((result.stdout + result.stderr).splitlines()[-6:])
            raise Failed(f"the Python packages could not be installed; {arguments[0]} says:\n{words}")


def _made_of(folder: Path) -> str | None:
    note = folder / "made-of"
    return note.read_text() if note.exists() else None


def _make(folder: Path, requirements: Sequence[Path], install: Install) -> None:
    # Scripts in an environment hold its path, so it is made in its place; the note, written last, says it is whole.
    if shutil.disk_usage(folder.parent).free < NEEDED:
        raise Failed(f"disk of {folder.parent}: full: the Python packages need {NEEDED >> 20} MiB")
    print("firth: installing the Python packages, once", file=sys.stderr)
    shutil.rmtree(folder, ignore_errors=True)
    try:
        venv.create(folder)
    except OSError as error:
        raise Failed(f"{folder} could not be made: {error}") from error
    install(folder, requirements)
    python = f"python{sys.version_info.major}.{sys.version_info.minor}"
    paths = "".join(f"{folder.parents[1] / package}\n" for package in OWN_PACKAGES)
    (folder / "lib" / python / "site-packages" / "firth.pth").write_text(paths)


def main(arguments: Sequence[str]) -> None:
    try:
        python = ready_environment(ROOT, install_requirements) / "bin" / "python"
    except Failed as error:
        sys.exit(f"firth: {error}")
    except KeyboardInterrupt:
        sys.exit(130)
    os.execv(python, [str(python), "-m", "command", *arguments])


if __name__ == "__main__":
    main(sys.argv[1:])
