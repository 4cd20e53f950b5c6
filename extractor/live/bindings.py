"""Which resources the rows of a topic feed: as the api has it, looked at again every two seconds."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import orjson

from pipeline.background import Background
from pipeline.errors import Unavailable

LOOK_EVERY: Final = 2.0  # seconds


@dataclass(frozen=True, slots=True)
class Binding:
    """The rows of `topic` feed `resource_id` of the mapping with this hash, the one that counts now.

    `key` is the field of a row that holds the resource's primary key; None where it is called as in the mapping.
    `login_changed_at` tells one login to the source from another; None where there is none, and no database to ask.
    """

    topic: str
    resource_id: str
    mapping_hash: str
    source_id: str
    key: str | None
    on_delete: Literal["ignore", "delete"]
    login_changed_at: str | None


class Bindings(Background):
    """The bindings of this moment; `asked` gives the api's answer. Listens from `with` to its end; while the api is
    away the last ones hold, and before its first answer there are none."""

    def __init__(self, asked: Callable[[], bytes]) -> None:
        self._asked = asked
        self._by_topic: Mapping[str, Sequence[Binding]] = {}
        super().__init__("bindings", self._listen)

    def topics(self) -> Collection[str]:
        """All topics that are bound."""
        return self._by_topic.keys()

    def of(self, topic: str) -> Sequence[Binding]:
        """Those of one topic; none where it is bound no more."""
        return self._by_topic.get(topic, ())

    def take(self, answer: bytes) -> None:
        """Have these hold from now on. Raises Unavailable where the answer is not understood."""
        self._by_topic = read(answer)

    def _listen(self, stopping: threading.Event) -> None:
        while not stopping.is_set():
            self.take(self._asked())
            stopping.wait(LOOK_EVERY)


def read(answer: bytes) -> Mapping[str, Sequence[Binding]]:
    """Bindings by topic, out of the answer to `GET /bindings`. Raises Unavailable where it is none."""
    found: dict[str, list[Binding]] = {}
    try:
        for each in orjson.loads(answer)["bindings"]:
            found.setdefault(each["topic"], []).append(_binding(each))
    except (ValueError, KeyError, TypeError):
        raise Unavailable("api: its answer to GET /bindings is not understood: is it of this version?") from None
    return found


def _binding(found: Mapping[str, Any]) -> Binding:
    return Binding(
        topic=found["topic"],
        resource_id=found["resource_id"],
        mapping_hash=found["mapping_hash"],
        source_id=found["source_id"],
        key=found["key"],
        on_delete=found["on_delete"],
        login_changed_at=found["login_changed_at"],
    )
