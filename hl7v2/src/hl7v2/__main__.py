"""Runs the command `hl7v2`, or says what it takes."""

from __future__ import annotations

import sys


def main() -> None:
    """The entry point of the command."""
    try:
        from hl7v2.command.app import run  # noqa: PLC0415 (the library works without what the command needs)
    except ModuleNotFoundError as error:
        if error.name in ("typer", "rich"):
            sys.exit("hl7v2: the command needs typer and rich: from a clone of Firth, pip install './hl7v2[command]'")
        raise
    run()


if __name__ == "__main__":
    main()
