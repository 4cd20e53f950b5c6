"""A database of an installed package, from the credential to the records of a chunk."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from extractor.connectors import connectors
from extractor.settings import SourceSettings
from extractor.source import SourceAway
from extractor.sources import Sources
from mapping import credential
from mapping.credential import Credential
from mapping.mistakes import InvalidMapping
from pipeline.errors import InvalidRecord
from tests.extractor.driving import extract, extractor
from tests.extractor.memory import mapping

GIVEN = {"model": "SQLITE", "host": "here", "port": 1, "database": "x", "login": "nobody"}


@pytest.fixture
def people(tmp_path: Path) -> Path:
    """A file with a table of seven."""
    file = tmp_path / "people.db"
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE people (id INTEGER, name TEXT)")
        connection.executemany("INSERT INTO people VALUES (?, ?)", [(number, f"n{number}") for number in range(7)])
    connection.close()
    return file


def sources(file: Path) -> Sources:
    made = Credential("SQLITE", "here", 1, str(file), "nobody")
    return Sources(SourceSettings(), credential_of=lambda _: made, secret_of=lambda _: None, connectors=connectors())


def test_rows_of_a_packages_database_are_extracted_in_chunks(example: None, people: Path) -> None:
    database = sources(people)
    made = extract(extractor(database, mapping(), keys=3))
    assert [record.columns["people_name"] for record in made.records] == [[f"n{number}"] for number in range(7)]
    database.close()


def test_a_file_that_is_not_there_may_come_yet(example: None, tmp_path: Path) -> None:
    with pytest.raises(SourceAway, match='source "mimic" at here:1 cannot be reached'):
        sources(tmp_path / "nothing.db").database("mimic", fresh=True)


def test_a_credential_names_a_database_that_is_installed(example: None) -> None:
    assert credential.read(GIVEN).model == "SQLITE"


def test_without_the_package_the_credential_is_a_mistake_and_the_source_refused(people: Path) -> None:
    with pytest.raises(InvalidMapping, match=r'model "SQLITE" is not known \(known: POSTGRES\)'):
        credential.read(GIVEN)
    with pytest.raises(InvalidRecord, match="no package for SQLITE is installed with the extractor"):
        sources(people).database("mimic", fresh=True)
