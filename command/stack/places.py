"""Where things lie: the repository, what is downloaded once, and what one running stack keeps.

.firth/
├── cache/      downloads and builds, shared by all stacks of this clone
├── stack/      the stack of `./firth up`: a folder a server, logs/, run/ (process ids), secrets/
└── test/       the same for a test session
"""

from __future__ import annotations

import fcntl
import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".firth" / "cache"


def shown(path: Path) -> str:
    """A path as a person at the clone's root types it."""
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)


@contextmanager
def claimed(name: str) -> Iterator[bool]:
    """Whether `name` was free on this machine, in whatever clone; if so it is ours until the end, or our death."""
    with (Path(tempfile.gettempdir()) / f"firth-{os.getuid()}-{name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


@dataclass(frozen=True, slots=True)
class Place:
    """The folder of one stack. Nothing outside of it is written while the stack runs."""

    folder: Path

    def data(self, name: str) -> Path:
        """The folder that server `name` keeps its data in; made where it is missing."""
        return self._made(name)

    @property
    def logs(self) -> Path:
        """The folder of the logs, one a process."""
        return self._made("logs")

    @property
    def run(self) -> Path:
        """The folder of what is known of running processes."""
        return self._made("run")

    def secret_file(self, name: str, content: str | None = None) -> Path:
        """The file of secret `name`, readable by its owner alone; made of `content`, or at random, the first time.

        A `content` that differs from the file's replaces it: an address may hold a port that changed.
        """
        file = self._made("secrets", mode=0o700) / name
        if not file.exists() or (content is not None and file.read_text() != content):
            new = file.with_suffix(".new")
            with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as stream:
                stream.write(content if content is not None else secrets.token_urlsafe(32))
            new.replace(file)
        return file

    def secret(self, name: str) -> str:
        """The content of secret `name`."""
        return self.secret_file(name).read_text()

    def _made(self, name: str, mode: int = 0o755) -> Path:
        path = self.folder / name
        path.mkdir(mode=mode, parents=True, exist_ok=True)
        return path


USERS_STACK = Place(ROOT / ".firth" / "stack")
