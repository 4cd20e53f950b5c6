"""Docker's own command, as far as tests ask it."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from command.stack.places import ROOT


def has_compose() -> bool:
    """Whether there is a Docker with compose; its engine need not run."""
    return shutil.which("docker") is not None and _run("compose", "version").returncode == 0


def has_engine() -> bool:
    """Whether an engine answers."""
    return shutil.which("docker") is not None and _run("info").returncode == 0


def has_image(name: str) -> bool:
    """Whether an image is there, or can be had."""
    return any(_run(*command, name).returncode == 0 for command in (("image", "inspect"), ("pull", "--quiet")))


def compose(*arguments: str) -> str:
    """What `docker compose` prints of our file. Fails with what it complains of."""
    return _done("compose", "--project-directory", str(ROOT), *arguments)


def build(folder: Path, *, tag: str) -> None:
    """Make the image of the Dockerfile in a folder."""
    _done("build", "--tag", tag, str(folder))


def python(image: str, code: str) -> str:
    """What a program prints in a container of the image."""
    return _done("run", "--rm", image, "python", "-c", code)


def _done(*arguments: str) -> str:
    done = _run(*arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command: Sequence[str] = ("docker", *arguments)
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
