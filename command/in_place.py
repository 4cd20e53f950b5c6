"""What changes in place on a terminal."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.live import Live


class InPlace:
    """Draws `live` from entering to leaving, where `console` is a terminal; elsewhere it draws nothing."""

    def __init__(self, console: Console, live: Live) -> None:
        self._console = console
        self._live = live

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._console.is_terminal:
            self._live.stop()
