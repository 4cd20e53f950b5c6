"""The edge of a service's process: what `main` raises becomes a sentence and an exit code.

    0  stopped as asked
    1  a mistake of ours: the place is in the log
    2  misconfigured: nothing will pass until somebody changes a setting
    3  another worker took our place (same WORKER_SLOT, or we were gone too long): start again
    4  something that we need did not answer in time: start again

A supervisor starts 1, 3 and 4 again; 2 it may start again, to no avail.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Final, NoReturn

from pipeline import logs
from pipeline.errors import FirthError, Misconfigured, Replaced, Unavailable

EXIT_BUG: Final = 1
EXIT_MISCONFIGURED: Final = 2
EXIT_REPLACED: Final = 3
EXIT_UNAVAILABLE: Final = 4

_CODES: Final[dict[type[FirthError], int]] = {
    Misconfigured: EXIT_MISCONFIGURED,
    Replaced: EXIT_REPLACED,
    Unavailable: EXIT_UNAVAILABLE,
}


def run(main: Callable[[], None]) -> NoReturn:
    """Call `main` and leave the process: `if __name__ == "__main__": run(main)`."""
    try:
        main()
    except FirthError as error:
        code = next((code for kind, code in _CODES.items() if isinstance(error, kind)), EXIT_BUG)
        logs.get(__name__).error("stopped", error=type(error).__name__, sentence=str(error), code=code)
        sys.exit(code)
    except Exception as error:  # noqa: BLE001 — its text may quote a record: only its kind and place are told
        logs.get(__name__).error("stopped by a bug", error=type(error).__name__, place=logs.place_of(error), code=1)
        sys.exit(EXIT_BUG)
    sys.exit(0)
