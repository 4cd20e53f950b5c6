"""The databases that rows can be read from: PostgreSQL, and those of installed packages."""

from __future__ import annotations

from extractor import postgres_login
from extractor.login import Connect
from mapping import installed
from pipeline.errors import Misconfigured


def connectors() -> dict[str, Connect]:
    """How to connect to each, by the `model` of a credential. Raises Misconfigured where a package is of no use."""
    built_in: dict[str, Connect] = {"POSTGRES": postgres_login.connect}
    try:
        return built_in | installed.load(installed.SOURCES, built_in=built_in)
    except installed.BadPackage as error:
        raise Misconfigured(str(error)) from None
