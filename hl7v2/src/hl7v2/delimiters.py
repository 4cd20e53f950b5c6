"""The characters that a message is cut at: MSH-1 and MSH-2 (HL7 v2 chapter 2, section 2.5.4)."""

from __future__ import annotations

from functools import lru_cache
from typing import Final, NamedTuple


class Delimiters(NamedTuple):
    """The field separator and the encoding characters of a message.

    All differ, and none is a letter or a digit. `truncation` is empty before version 2.7.
    """

    field: str = "|"
    component: str = "^"
    repetition: str = "~"
    escape: str = "\\"
    subcomponent: str = "&"
    truncation: str = ""

    @property
    def encoding_characters(self) -> str:
        """MSH-2 as these delimiters are written."""
        return "".join(self[1:])


STANDARD: Final = Delimiters()

# Stand in for a character that the sender gave to something else as well; Unicode promises that no text holds them.
_NEVER: Final = ("\ufdd0", "\ufdd1", "\ufdd2", "\ufdd3")


@lru_cache(maxsize=256)
def marks_of(header: str) -> tuple[Delimiters, str, str, str, str]:
    """The delimiters as `of_header` finds them, and those that cut fields beside, which unpacks faster."""
    found = of_header(header)
    return found, found.component, found.repetition, found.escape, found.subcomponent


def of_header(header: str) -> Delimiters:
    """The delimiters that a header's beginning, such as `MSH|^~\\&|`, declares.

    Whatever the sender wrote, five characters come back that can be told apart: what is missing or taken
    already is the standard's. `^~&` is read as a lost escape character, and `^~\\\\&` as one that was escaped
    on its way. The first nine characters of the line are enough.
    """
    field = header[3:4]
    if not _can_delimit(field):
        field = STANDARD.field
    declared = header[4:].partition(field)[0]
    if declared[:3] == "^~&":
        declared = "^~\\&" + declared[3:]
    elif declared[:5] == "^~\\\\&":
        declared = "^~\\&" + declared[5:]
    taken = [field]
    for at in range(4):
        character = declared[at : at + 1]
        if not _can_delimit(character) or character in taken:
            character = STANDARD[at + 1]
        taken.append(character if character not in taken else _NEVER[at])
    truncation = declared[4:5]
    if not _can_delimit(truncation) or truncation in taken:
        truncation = ""
    return Delimiters._make([*taken, truncation])


def _can_delimit(character: str) -> bool:
    return bool(character) and character.isprintable() and not character.isalnum() and character != " "
