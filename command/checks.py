"""The checks and tests of this repository, as `./firth test` and every change's landing run them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from command.stack.places import ROOT

BIN = Path(sys.executable).parent
UV = BIN / "uv"
LOCKED_SO = (
    "--quiet",
    "--generate-hashes",
    "--universal",
    "--python-version=3.11",
    "--no-emit-index-url",
    "--no-annotate",
    "--custom-compile-command=./firth lock",
)


def run_all(out: Console, arguments: Sequence[str], *, quick: bool) -> int:
    """Run every check, then pytest with `arguments`; without the stack tests where `quick`.

    All run even where one failed, so that one run shows all. Returns 0 where all passed, 1 otherwise.
    """
    only = ["-m", "not stack"] if quick else []
    steps: dict[str, list[str | Path]] = {
        "ruff": [BIN / "ruff", "check"],
        "ruff format": [BIN / "ruff", "format", "--check", "--quiet"],
        "mypy": [BIN / "mypy"],
        "import-linter": [BIN / "lint-imports"],
        "pytest": [BIN / "pytest", "--cov", "--cov-report=term", *only, *arguments],
    }
    failed = []
    for name, command in steps.items():
        out.rule(f"[bold]{name}[/bold]", align="left")
        if subprocess.run(command, cwd=ROOT, check=False).returncode:
            failed.append(name)
    out.rule()
    out.print(f"[red]failed: {', '.join(failed)}[/red]" if failed else "[green]all checks and tests passed[/green]")
    return 1 if failed else 0


def lock_requirements(*, upgrade: bool) -> int:
    """Resolve both .in files, with hashes; where `upgrade`, to the newest versions that fit.

    Returns the exit code of the resolver.
    """
    for name in ("requirements", "requirements-dev"):
        newest = ["--upgrade"] if upgrade else []
        command = [str(UV), "pip", "compile", f"{name}.in", f"--output-file={name}.txt", *LOCKED_SO, *newest]
        result = subprocess.run(command, cwd=ROOT, check=False)
        if result.returncode:
            return result.returncode
    return 0
