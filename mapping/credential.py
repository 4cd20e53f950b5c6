"""How to log in to a source's database. Not part of a mapping: it is never in a frozen document or an event."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import orjson

from mapping import installed
from mapping.mistakes import InvalidMapping
from mapping.reading import Node

MODELS = ("POSTGRES",)  # and those of installed packages
# Under a prefix of their own: a mapping must not be able to send another secret of the extractor's to a host
# of its author's choice.
SECRET_NAME = re.compile(r"SOURCE_[A-Z0-9_]{1,93}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Credential:
    """Address and login of a source's database.

    The password is held here, or lies with the extractor under the name `password_secret` (an environment
    variable `SOURCE_…`, or the file that `SOURCE_…_FILE` names); both None where the database asks for none.
    It is not shown by repr.
    """

    model: str
    host: str
    port: int
    database: str
    login: str
    password: str | None = field(default=None, repr=False)
    password_secret: str | None = None


def read(document: object, *, path: str = "source.credential") -> Credential:
    """The credential that a parsed JSON object says: `{model, host, port, database, login, password}`, or with
    `passwordSecret` in place of the password. Raises InvalidMapping with all mistakes; none holds a value.
    """
    node = Node(document, [], path, "credential")
    made = _read(node) if node.is_object() else None
    if made is None or node.mistakes:
        raise InvalidMapping(node.mistakes)
    return made


def is_complete(document: object) -> bool:
    """Whether a `source.credential` says how to log in at all: exports come with the secrets taken out."""
    return isinstance(document, dict) and not Node(document, []).absent("host")


def dump(credential: Credential) -> bytes:
    """JSON with the password in clear, such that `load` gives the same: for the worker's eyes only."""
    return orjson.dumps(
        {
            "model": credential.model,
            "host": credential.host,
            "port": credential.port,
            "database": credential.database,
            "login": credential.login,
            "password": credential.password,
            "passwordSecret": credential.password_secret,
        }
    )


def load(document: bytes) -> Credential:
    """The credential that `dump` wrote. Raises InvalidMapping."""
    try:
        parsed = orjson.loads(document)
    except orjson.JSONDecodeError:  # its sentence quotes the document
        parsed = None
    return read(parsed)


def _read(node: Node) -> Credential:
    if not node.absent("password") and not node.absent("passwordSecret"):
        node.wrong("there is a password and a passwordSecret: one of them must go", at="passwordSecret")
    return Credential(
        model=node.choice("model", (*MODELS, *sorted(installed.names(installed.SOURCES)))) or "",
        host=node.text("host"),
        port=_port(node),
        database=node.text("database"),
        login=node.text("login"),
        password=node.text_or_none("password"),
        password_secret=_secret_name(node),
    )


def _port(node: Node) -> int:
    value = node.value.get("port")
    # Pyrog writes it as text.
    if isinstance(value, str) and re.fullmatch(r"\d{1,5}", value, re.ASCII):
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value < 65_536:
        node.wrong("port must be a number from 1 to 65535", at="port")
        return 0
    return value


def _secret_name(node: Node) -> str | None:
    name = node.text_or_none("passwordSecret")
    if name is not None and not SECRET_NAME.fullmatch(name):
        node.wrong(
            "passwordSecret must be the name of a setting that begins with SOURCE_: capitals, digits, underscores",
            at="passwordSecret",
        )
    return name
