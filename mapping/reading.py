"""Reading JSON that a person or a foreign tool wrote: go on after a mistake, and keep every one.

A `Node` is a value with its place in the document. What it is asked for and cannot give becomes a mistake
in the list that all nodes of a document share, and a harmless stand-in is returned: the reader finishes,
then looks whether there were mistakes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from mapping.mistakes import Mistake


@dataclass(frozen=True, slots=True)
class Node:
    """A value of a document at `path`; `place` says the same for a person."""

    value: Any
    mistakes: list[Mistake]
    path: str = ""
    place: str = ""

    def wrong(self, reason: str, *, at: str = "") -> None:
        """Note a mistake here, or at the field `at`."""
        self.mistakes.append(Mistake(path=_join(self.path, at), reason=reason, place=self.place))

    def called(self, place: str) -> Node:
        """The same node under another name for a person."""
        return Node(self.value, self.mistakes, self.path, place)

    def absent(self, name: str) -> bool:
        """Whether the field is missing, null or the empty text: editors write all three for nothing."""
        return not isinstance(self.value, dict) or self.value.get(name) in (None, "")

    def field(self, name: str) -> Node:
        """The field `name`, its value None when it is not there."""
        value = self.value.get(name) if isinstance(self.value, dict) else None
        return Node(value, self.mistakes, _join(self.path, name), self.place)

    def is_object(self) -> bool:
        """Whether this is a JSON object; a mistake when not."""
        if not isinstance(self.value, dict):
            self.wrong("is missing" if self.value is None else "must be an object")
        return isinstance(self.value, dict)

    def objects(self) -> Iterator[Node]:
        """The objects of this list, none when it is absent; whatever is something else is a mistake."""
        if self.value is None:
            return
        if not isinstance(self.value, list):
            self.wrong("must be a list")
            return
        for at, one in enumerate(self.value):
            node = Node(one, self.mistakes, f"{self.path}[{at}]", self.place)
            if node.is_object():
                yield node

    def text(self, name: str) -> str:
        """The required text of field `name`; "" and a mistake when it is absent or no text."""
        if self.absent(name):
            self.wrong(f"{name} is missing", at=name)
            return ""
        return self.text_or_none(name) or ""

    def text_or_none(self, name: str) -> str | None:
        """The text of field `name`, None when it is absent; a mistake when it is no text."""
        if self.absent(name):
            return None
        value = self.value[name]
        if not isinstance(value, str):
            self.wrong(f"{name} must be text", at=name)
            return None
        if "\x00" in value or not _is_unicode(value):
            self.wrong(f"{name} holds a character that no database or FHIR server takes", at=name)
            return None
        return value

    def choice(self, name: str, allowed: Sequence[str]) -> str | None:
        """The required text of field `name` out of `allowed`; None and a mistake when it is none."""
        value = self.text(name)
        if value and value not in allowed:
            self.wrong(f'{name} "{value}" is not known (known: {", ".join(allowed)})', at=name)
        return value if value in allowed else None


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path and name else path or name


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:  # a lone surrogate, which JSON can write and UTF-8 cannot
        return False
    return True
