"""What all data types of several components have in common: reading them from text, and writing them back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Self, get_type_hints

from hl7v2.delimiters import STANDARD, Delimiters
from hl7v2.escapes import escape, unescape


class Composite:
    """A value of several components. False where all of them are empty."""

    __slots__ = ()

    @classmethod
    def read(cls, text: str, delimiters: Delimiters = STANDARD, encoding: str = "utf-8") -> Self:
        """The value that one repetition's text holds. Raises nothing: what is missing is empty."""
        return cls._read(text, delimiters.component, delimiters, encoding)

    def write(self, delimiters: Delimiters = STANDARD) -> str:
        """The text of one repetition, escaped, without separators at its end."""
        return self._write(delimiters.component, delimiters)

    @classmethod
    def read_component(cls, text: str, delimiters: Delimiters = STANDARD, encoding: str = "utf-8") -> Self:
        """The value that a component's text holds, in subcomponents."""
        return cls._read(text, delimiters.subcomponent, delimiters, encoding)

    def write_component(self, delimiters: Delimiters = STANDARD) -> str:
        """The text of a component, in subcomponents."""
        return self._write(delimiters.subcomponent, delimiters)

    @classmethod
    def _read(cls, text: str, separator: str, delimiters: Delimiters, encoding: str) -> Self:
        return cls(
            *(
                unescape(piece, delimiters, encoding)
                if nested is None
                else nested.read_component(piece, delimiters, encoding)
                for nested, piece in zip(_shape(cls).values(), text.split(separator), strict=False)
            )
        )

    def _write(self, separator: str, delimiters: Delimiters) -> str:
        pieces = (
            escape(value, delimiters) if isinstance(value, str) else value.write_component(delimiters)
            for value in self._components()
        )
        return separator.join(pieces).rstrip(separator)

    def _components(self) -> list[str | Composite]:
        return [getattr(self, name) for name in _shape(type(self))]

    def __bool__(self) -> bool:
        return any(self._components())

    def __repr__(self) -> str:
        filled = (f"{name}={getattr(self, name)!r}" for name in _shape(type(self)) if getattr(self, name))
        return f"{type(self).__name__}({', '.join(filled)})"


_SHAPES: Final[dict[type[Composite], Mapping[str, type[Composite] | None]]] = {}


def _shape(composite: type[Composite]) -> Mapping[str, type[Composite] | None]:
    """The data type of each component by its name, in order; None where it is plain text."""
    if composite not in _SHAPES:
        hints = get_type_hints(composite)
        names = composite.__match_args__  # type: ignore[attr-defined]  # dataclasses have it: their fields in order
        _SHAPES[composite] = {name: None if hints[name] is str else hints[name] for name in names}
    return _SHAPES[composite]
