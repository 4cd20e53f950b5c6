"""A database of this module's own on the real server, and an extractor over it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from urllib.parse import unquote, urlsplit

import psycopg
import pytest
from psycopg import sql

from extractor.connectors import connectors
from extractor.settings import SourceSettings
from extractor.sources import Sources
from mapping.credential import Credential
from mapping.model import Column, Filter, Mapping
from pipeline.records import Record
from tests.extractor.driving import Extraction, extract, extractor
from tests.extractor.memory import mapping

NUMBERS = itertools.count(1)


@dataclass
class SourceDatabase:
    """A database to make tables in (`admin`, every statement its own transaction) and to extract from."""

    admin: psycopg.Connection
    credential: Credential

    def sources(self, *, credential: Credential | None = None, statement_timeout: int = 90) -> Sources:
        made, settings = credential or self.credential, SourceSettings(statement_timeout=statement_timeout)
        return Sources(
            settings, credential_of=lambda _: made, secret_of={"SOURCE_PASSWORD": "wrong"}.get, connectors=connectors()
        )

    def extract(
        self, of: Mapping, trigger: Record | None = None, *, sources: Sources | None = None, keys: int = 2000
    ) -> Extraction:
        used = sources or self.sources()
        try:
            return extract(extractor(used, of, keys=keys), trigger)
        finally:
            used.close()

    def make(self, *statements: str) -> None:
        """Run statements. `people` is dropped first: each test makes its own."""
        self.admin.execute("DROP TABLE IF EXISTS people, visits CASCADE")
        for statement in statements:
            self.admin.execute(statement.encode())


def people(*columns: str | Column, key: str = "id", filters: tuple[Filter, ...] = ()) -> Mapping:
    """The mapping of `people`, or of what the columns say."""
    made = mapping(*(one for one in columns if isinstance(one, str)), key=key)
    (resource,) = made.resources
    (attribute,) = resource.attributes
    (group,) = attribute.input_groups
    joined = tuple(replace(group.inputs[0], column=one) for one in columns if isinstance(one, Column))
    names = group.inputs if any(isinstance(one, str) for one in columns) else ()
    attribute = replace(attribute, input_groups=(replace(group, inputs=(*names, *joined)),))
    return replace(made, resources=(replace(resource, attributes=(attribute,), filters=filters),))


def _database(postgres: str, options: str = "") -> Iterator[SourceDatabase]:
    name = f"extractor_{next(NUMBERS)}"
    with psycopg.connect(postgres, autocommit=True) as server:
        identifier = sql.Identifier(name)
        server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(identifier))
        server.execute(sql.SQL("CREATE DATABASE {} ").format(identifier) + sql.SQL(options))
        at = urlsplit(postgres)
        credential = Credential(
            model="POSTGRES",
            host=at.hostname or "127.0.0.1",
            port=at.port or 5432,
            database=name,
            login=at.username or "postgres",
            password=unquote(at.password or ""),
        )
        with psycopg.connect(postgres, dbname=name, autocommit=True, options="-c synchronous_commit=off") as admin:
            yield SourceDatabase(admin, credential)
        server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(identifier))


@pytest.fixture(scope="module")
def source(postgres: str) -> Iterator[SourceDatabase]:
    yield from _database(postgres)


@pytest.fixture(scope="module")
def unchecked_source(postgres: str) -> Iterator[SourceDatabase]:
    """A database that checks no encoding."""
    yield from _database(postgres, "ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0")
