"""A few threads for a sink's requests, so that one is prepared while another is waited for."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from typing import TypeVar

from pipeline.errors import FirthError, Misconfigured

T = TypeVar("T")


class Lanes:
    """`number` threads, kept from call to call."""

    def __init__(self, number: int, *, name: str) -> None:
        self._threads = ThreadPoolExecutor(number, thread_name_prefix=name)

    def close(self) -> None:
        """Let go of the threads, when what they do is done."""
        self._threads.shutdown()

    def run(self, tasks: Iterable[Callable[[], T]]) -> list[T]:
        """Run tasks, as many at once as there are lanes, and return their results in order.

        After the first error no further task begins; when those under way have ended, the gravest error is
        raised. Nothing runs on after the call.
        """
        waiting = list(tasks)
        if len(waiting) == 1:
            return [waiting[0]()]
        futures = [self._threads.submit(task) for task in waiting]
        wait(futures, return_when=FIRST_EXCEPTION)
        for future in futures:
            future.cancel()
        wait(futures)
        errors = [error for future in futures if not future.cancelled() and (error := future.exception()) is not None]
        if errors:
            raise max(errors, key=_gravity)
        return [future.result() for future in futures]


def _gravity(error: BaseException) -> int:
    """A bug before a setting before trouble that passes."""
    if not isinstance(error, FirthError):
        return 2
    return int(isinstance(error, Misconfigured))
