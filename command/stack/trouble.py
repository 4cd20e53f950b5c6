"""What can go wrong with the local stack, told so that a person knows what to type next."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Sequence
from pathlib import Path

GIB = 1 << 30
FULL_DISK = "No space left on device"


class Trouble(Exception):
    """Something that a person has to mend. `str` of it is a sentence; `log` holds the last lines of what failed."""

    def __init__(self, sentence: str, *, log: Sequence[str] = ()) -> None:
        super().__init__(sentence)
        self.log = tuple(log)


def check_space(folder: Path, *, needed: int, free: int | None = None) -> None:
    """Raise Trouble where the disk of `folder` has less than `needed` bytes left.

    `folder` need not exist yet. `free` in place of what the disk says is for tests.
    """
    existing = next(parent for parent in (folder, *folder.parents) if parent.exists())
    left = shutil.disk_usage(existing).free if free is None else free
    if left < needed:
        raise Trouble(
            f"disk of {folder}: {left / GIB:.1f} GiB free, {needed / GIB:.1f} GiB needed: "
            "make room, or clone to another disk"
        )


def full_disk(folder: Path) -> Trouble:
    """What to say when a write failed for want of room."""
    return Trouble(f"disk of {folder}: full: make room, then ./firth up goes on where it stopped")


def of_os_error(error: OSError, folder: Path) -> Trouble:
    """An operating system's error on `folder`, as a sentence."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return full_disk(folder)
    return Trouble(f"{error.filename or folder}: {error.strerror or error}")
