"""What a schema is made of: columns, lists of rows, and the paths that they are read from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

Kind = Literal[
    "text", "time", "texts", "phone", "email", "value", "value_code", "value_number", "position", "notes", "name"
]


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name, where its value stands, and what it is.

    `paths` are tried in order, and the first that was sent counts. A path names a segment, a field and at most a
    component and a subcomponent (`PV1-3.4.1`), never a repetition: a column of kind `texts` holds all of them, any
    other the first. A path without a component means the first, save for the kinds that read a whole field.

    kind      | value
    text      | str, escapes decoded
    time      | str, ISO 8601 in the precision sent; what is no legal time stays as it was sent
    texts     | list of str, one a repetition
    phone     | str: the number of an XTN, put together from its parts where it was not sent as one text
    email     | str: the first address among the repetitions of an XTN
    value     | str: an observation's value (OBX-5) as text, whatever type OBX-2 says it has; repetitions one a line
    value_code | str: its code, where that type is a coded one
    value_number | float: its number, where that type is NM, or SN with nothing but a number
    position  | int: which element of the list that `paths` names this one belongs to, counted from 1
    name      | str: the name of the segment that it was read from
    notes     | list of str: the comments (NTE) that follow

    `often` is for fields in which a feed says few things many times (codes, doctors, wards): what was read of them is
    remembered.
    """

    name: str
    paths: tuple[str, ...]
    about: str
    kind: Kind = "text"
    often: bool = False


@dataclass(frozen=True, slots=True)
class Rows:
    """A list of dicts in a message's row.

    Read from segments: one named in `opens` starts an element. One in `follows` belongs to the open element unless
    that has such a segment already; then, and where none is open, it starts one itself: an OBR follows its ORC, and
    stands alone where the sender gives no ORC. One in `joins` only adds to the open element. An element without
    the segment `needs` is no element.

    Or read from the repetitions of one field, `field`.
    """

    name: str
    about: str
    columns: tuple[Column, ...]
    opens: tuple[str, ...] = ()
    follows: tuple[str, ...] = ()
    joins: tuple[str, ...] = ()
    needs: str = ""
    field: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Columns that belong together."""

    name: str
    about: str
    columns: tuple[Column, ...]


@dataclass(frozen=True, slots=True)
class Schema:
    """What messages of some types become: one row each, with a value for every column and a list for every list."""

    name: str
    about: str
    message_types: tuple[str, ...]
    groups: tuple[Group, ...]
    lists: tuple[Rows, ...]

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns of all groups, in the order of the row's keys; the lists come after them."""
        return tuple(column for group in self.groups for column in group.columns)


def text(name: str, path: str, about: str) -> Column:
    """A column of text; `path` may hold several paths, the first that was sent counts."""
    return Column(name, tuple(path.split()), about)


def time(name: str, path: str, about: str) -> Column:
    """A column with a date or a time."""
    return Column(name, tuple(path.split()), about, "time")


def texts(name: str, path: str, about: str) -> Column:
    """A column with the texts of all repetitions."""
    return Column(name, tuple(path.split()), about, "texts")


def phone(name: str, path: str, about: str) -> Column:
    """A column with a phone number."""
    return Column(name, tuple(path.split()), about, "phone")


def email(name: str, path: str, about: str) -> Column:
    """A column with an e-mail address."""
    return Column(name, tuple(path.split()), about, "email")


def coded(prefix: str, path: str, about: str) -> tuple[Column, ...]:
    """The columns of a coded element (CE, CWE): code, text and coding system."""
    return (
        _often(f"{prefix}code", _each(path, "1"), about),
        _often(f"{prefix}text", _each(path, "2"), f"{about}, in words"),
        _often(f"{prefix}system", _each(path, "3"), f"{about}: coding system"),
    )


def person(prefix: str, path: str, about: str) -> tuple[Column, ...]:
    """The columns of a clinician (XCN): id and name."""
    return (
        _often(f"{prefix}_id", _each(path, "1"), f"{about}: id"),
        _often(f"{prefix}_family", _each(path, "2.1"), f"{about}: family name"),
        _often(f"{prefix}_given", _each(path, "3"), f"{about}: given name"),
    )


def place(prefix: str, path: str, about: str) -> tuple[Column, ...]:
    """The columns of a location in a hospital (PL)."""
    return (
        _often(f"{prefix}_point_of_care", _each(path, "1"), f"{about}: ward, clinic or department"),
        _often(f"{prefix}_room", _each(path, "2"), f"{about}: room"),
        _often(f"{prefix}_bed", _each(path, "3"), f"{about}: bed"),
        _often(f"{prefix}_facility", _each(path, "4.1"), f"{about}: facility"),
    )


def address(prefix: str, path: str, about: str) -> tuple[Column, ...]:
    """The columns of an address (XAD)."""
    return (
        text(f"{prefix}street", _each(path, "1.1"), f"{about}: street"),
        text(f"{prefix}other", _each(path, "2"), f"{about}: what else the street line holds"),
        text(f"{prefix}city", _each(path, "3"), f"{about}: city"),
        text(f"{prefix}state", _each(path, "4"), f"{about}: state or province"),
        text(f"{prefix}postal_code", _each(path, "5"), f"{about}: postal code"),
        text(f"{prefix}country", _each(path, "6"), f"{about}: country"),
    )


def often(column: Column) -> Column:
    """The column, as one of a field in which a feed says few things many times."""
    return replace(column, often=True)


def _often(name: str, path: str, about: str) -> Column:
    return often(text(name, path, about))


def _each(paths: str, component: str) -> str:
    return " ".join(f"{path}.{component}" for path in paths.split())
