"""What happens in the source after it was made, as the program to play with writes it."""

from __future__ import annotations

import secrets

import psycopg
import pytest
import typer
from typer.testing import CliRunner

from command.demo.database import create_source
from tests.utils import create_records_db

pytestmark = pytest.mark.stack


def changes_of(url: str) -> tuple[list[str], list[tuple[object, ...]]]:
    """What the program says of forty changes of a new source, and how many rows each table has after them."""
    create_source(url, patients=20)
    app = typer.Typer()
    app.command()(create_records_db.main)
    arguments = ["--url", url, "--rate", "1000", "--seconds", "0.04", "--seed", "5"]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    said = [line.split(maxsplit=1)[1] for line in result.output.splitlines()]
    with psycopg.connect(url) as connection:
        count = "select (select count(*) from {}), (select sum(row_id) from {})"
        tables = ("patients", "caregivers", "labevents", "diagnoses_icd", "prescriptions")
        return said, [connection.execute(count.format(one, one).encode()).fetchall()[0] for one in tables]


def test_a_seed_makes_the_same_inserts_updates_and_deletes_again(postgres: str) -> None:
    urls = []
    with psycopg.connect(postgres, autocommit=True) as admin:
        for _ in range(2):
            name = f"changes_{secrets.token_hex(4)}"
            admin.execute(f"create database {name}".encode())
            urls.append(postgres.rpartition("/")[0] + "/" + name)
    first, second = map(changes_of, urls)
    assert first == second
    assert {line.split()[0] for line in first[0]} == {"insert", "update", "delete"}
    assert len(first[0]) == 40


def test_a_source_that_does_not_answer_is_told_with_what_starts_it() -> None:
    app = typer.Typer()
    app.command()(create_records_db.main)
    said = CliRunner().invoke(app, ["--url", "postgresql://127.0.0.1:1/mimic"])
    assert said.exit_code == 1
    assert "./firth demo starts the local stack's" in said.output
