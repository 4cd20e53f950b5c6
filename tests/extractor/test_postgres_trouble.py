"""What can go wrong between the extractor and a real PostgreSQL."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import Any

import psycopg
import pytest

from extractor.postgres import is_visible
from extractor.query import Query, Range
from extractor.rows import Row
from mapping.model import Column, Filter, Join, TableColumn
from pipeline.errors import Unavailable
from tests.extractor.conftest import SourceDatabase, people
from tests.extractor.driving import extract, extractor, trigger

pytestmark = pytest.mark.stack

VISITS = (Join(TableColumn("people", "id"), TableColumn("visits", "person")),)
PEOPLE = "CREATE TABLE people (id bigint PRIMARY KEY, name text)"

ATTACKS = [
    "'; DROP TABLE people; --", "1 OR 1=1", "1); DELETE FROM people; --", "x' OR 'a'='a", "$$", "\\'; --", "%(after)s",
    "a\x00b",
]  # fmt: skip


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("type_", ["bigint", "text"])
def test_sql_in_a_filter_or_a_key_is_a_value_and_nothing_more(source: SourceDatabase, attack: str, type_: str) -> None:
    source.make(f"CREATE TABLE people (id {type_}, name text)", "INSERT INTO people VALUES ('1', 'a'), ('2', 'b')")
    for relation in ("=", "LIKE", "IN"):
        one = Filter(Column("people", "id"), relation, attack)
        made = source.extract(people("name", filters=(one,)))
        assert made.records == []
    assert source.extract(people("name"), trigger([attack])).records == []
    following = source.extract(people("name"), trigger(after=attack))
    assert following.faults or type_ == "text"
    assert source.extract(people("name")).primary_keys == ["1", "2"]


@pytest.mark.parametrize("attack", ['people"; DROP TABLE people; --', "people; --", 'id" FROM people; --', "Name"])
def test_sql_in_an_identifier_is_an_unknown_table_or_column(source: SourceDatabase, attack: str) -> None:
    source.make(PEOPLE, "INSERT INTO people VALUES (1, 'a')")
    assert source.extract(people(attack)).reasons == ["unknown-column"]
    assert source.extract(people("name", key=attack)).reasons == ["unknown-column"]
    elsewhere = Column(attack, "x", None, (Join(TableColumn("people", "id"), TableColumn(attack, "x")),))
    assert source.extract(people(elsewhere)).reasons == ["unknown-table"]
    assert source.extract(people("name")).primary_keys == ["1"]


def test_the_reason_tells_what_is_there_instead(source: SourceDatabase) -> None:
    source.make(PEOPLE)
    (fault,) = source.extract(people("dob")).faults
    assert fault == 'column "dob" is not in table "public.people" (has: id, name)'


def test_a_table_of_a_schema_is_not_taken_from_another(source: SourceDatabase) -> None:
    source.make(PEOPLE)
    resource = replace(people("name").resources[0], primary_key=Column("people", "id", "elsewhere"))
    made = source.extract(replace(people("name"), resources=(resource,)))
    assert made.faults == ['table "people" is not in schema "elsewhere" of the source, or not for its login to see']


def test_types_that_do_not_compare_fail_the_resource_with_the_reason(source: SourceDatabase) -> None:
    source.make(PEOPLE, "CREATE TABLE visits (person text, place text)", "INSERT INTO people VALUES (1, 'x')")
    made = source.extract(people(Column("visits", "place", None, VISITS)))
    assert made.reasons == ["query-refused"]
    assert "operator does not exist: bigint = text" in made.faults[0]


def test_a_filters_value_that_does_not_fit_the_column_fails_the_resource_without_quoting_it(
    source: SourceDatabase,
) -> None:
    source.make(PEOPLE, "INSERT INTO people VALUES (1, 'x')")
    made = source.extract(people("name", filters=(Filter(Column("people", "id"), "=", "Ada"),)))
    assert made.reasons == ["bad-value"]
    assert "Ada" not in made.faults[0]


def test_a_login_without_permission_fails_the_resource_with_the_reason(source: SourceDatabase) -> None:
    source.make(PEOPLE, "DROP ROLE IF EXISTS firth_test_nobody", "CREATE ROLE firth_test_nobody LOGIN PASSWORD 'x'")
    nobody = replace(source.credential, login="firth_test_nobody", password="x")
    made = source.extract(people("name"), sources=source.sources(credential=nobody))
    assert made.reasons == ["query-refused"]
    assert "permission denied for table people" in made.faults[0]
    source.admin.execute("DROP ROLE firth_test_nobody")


@pytest.mark.parametrize(
    "change",
    [{"password": "wrong"}, {"login": "nobody"}, {"database": "nothing"}, {"password": None},
     {"password": None, "password_secret": "SOURCE_PASSWORD"}, {"password": None, "password_secret": "SOURCE_UNSET"}],
)  # fmt: skip
def test_a_refused_login_fails_the_resource_and_does_not_hold_up_others(
    source: SourceDatabase, change: dict[str, Any]
) -> None:
    credential = replace(source.credential, **change)
    made = source.extract(people("name"), sources=source.sources(credential=credential))
    assert made.reasons == ["source-refused"]
    assert str(source.credential.password) not in made.faults[0]


def test_a_connection_that_is_lost_is_made_again(source: SourceDatabase) -> None:
    source.make(PEOPLE, "INSERT INTO people SELECT n, 'x' FROM generate_series(1, 9) n")
    sources = source.sources()
    stage = extractor(sources, people("name"), keys=4)
    first = stage(trigger())
    end_sessions(source)
    following = trigger(after=4, extracted=4)
    with pytest.raises(Unavailable):
        stage(following)
    made = extract(stage, following)
    assert [int(one.decode().split(":")[1]) for one in (item.key or b"" for item in first.produced[:4])] == [1, 2, 3, 4]
    assert made.primary_keys == ["5", "6", "7", "8", "9"]
    assert made.total == 9
    sources.close()


def test_a_connection_that_is_lost_in_the_middle_of_a_chunk_writes_nothing_of_it(source: SourceDatabase) -> None:
    source.make(
        "CREATE TABLE people (id bigint, name text)",
        "INSERT INTO people SELECT n, repeat('x', 100000) FROM generate_series(1, 200) n",
    )
    sources = source.sources()
    stage = extractor(Interrupted(sources, source), people("name"))
    with pytest.raises(Unavailable):
        stage(trigger())
    assert extract(extractor(sources, people("name"))).total == 200
    sources.close()


def test_a_view_that_is_not_filled_yet_is_waited_for(source: SourceDatabase) -> None:
    source.make("CREATE MATERIALIZED VIEW people AS SELECT 1 AS id, 'x'::text AS name WITH NO DATA")
    sources = source.sources()
    stage = extractor(sources, people("name"))
    with pytest.raises(Unavailable):
        stage(trigger())
    source.admin.execute("REFRESH MATERIALIZED VIEW people")
    assert extract(stage).total == 1
    sources.close()
    source.admin.execute("DROP MATERIALIZED VIEW people")


def test_a_query_that_takes_too_long_fails_the_resource_with_the_remedy(source: SourceDatabase) -> None:
    source.make("CREATE VIEW people AS SELECT 1 AS id, 'x'::text AS name FROM pg_sleep(30)")
    made = source.extract(people("name"), sources=source.sources(statement_timeout=1))
    assert made.reasons == ["source-too-slow"]
    assert "is there an index" in made.faults[0]
    source.admin.execute("DROP VIEW people")


def test_a_value_that_the_server_cannot_hand_over_is_found_and_refused_alone(source: SourceDatabase) -> None:
    source.make(
        "DROP TABLE IF EXISTS sheet",
        "CREATE TABLE sheet (id int, amount text)",
        "INSERT INTO sheet SELECT n, CASE n WHEN 37 THEN 'many' ELSE '1' END FROM generate_series(1, 100) n",
        "CREATE VIEW people AS SELECT id, amount::int AS name FROM sheet",
    )
    made = source.extract(people("name"))
    assert len(made.records) == 99
    assert made.reasons == ["bad-value"]
    assert made.refused[0].record.key == b"people:37"
    assert "many" not in str(made.refused[0].error)
    source.admin.execute("DROP TABLE sheet CASCADE")


def test_a_table_that_was_altered_meanwhile_is_looked_at_anew(source: SourceDatabase) -> None:
    source.make(PEOPLE, "INSERT INTO people VALUES (1, 'x'), (2, 'y')")
    sources = source.sources()
    stage = extractor(sources, people("name"))
    assert extract(stage).total == 2
    source.make("CREATE TABLE people (id text, called text)", "INSERT INTO people VALUES ('a', 'x')")
    assert extract(stage).reasons == ["query-refused"]
    assert extract(stage).reasons == ["unknown-column"]
    sources.close()


def test_a_new_login_is_used_from_the_next_resource_on(source: SourceDatabase) -> None:
    source.make(PEOPLE, "INSERT INTO people VALUES (1, 'x')")
    sources = source.sources()
    stage = extractor(sources, people("name"))
    assert extract(stage).total == 1
    sources._credential_of = lambda _: replace(source.credential, password="wrong")
    assert stage(trigger(after=0)).refused == []
    assert extract(stage).reasons == ["source-refused"]
    sources.close()


def end_sessions(source: SourceDatabase) -> None:
    source.admin.execute(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )


class Interrupted:
    """Any of a source's objects, but for what a snapshot gives: its session ends after the first row."""

    def __init__(self, inner: Any, source: SourceDatabase) -> None:
        self._inner, self._source = inner, source

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def database(self, source_id: str, *, fresh: bool) -> Any:
        return Interrupted(self._inner.database(source_id, fresh=fresh), self._source)

    @contextmanager
    def snapshot(self) -> Iterator[Any]:
        with self._inner.snapshot() as snapshot:
            yield Interrupted(snapshot, self._source)

    def rows(self, query: Query, wanted: Range) -> Generator[Row, None, None]:
        rows = self._inner.rows(query, wanted)
        yield next(rows)
        end_sessions(self._source)
        yield from rows


def test_what_a_transaction_wrote_is_seen_when_it_is_over(source: SourceDatabase) -> None:
    """By the number that replication tells, which is of 32 bits; of one that runs, and of one that has yet to begin."""
    source.make(PEOPLE)
    info = source.admin.info
    with psycopg.connect(info.dsn, password=info.password) as other, closing(source.sources()) as sources:
        over, running = (
            connection.execute("SELECT pg_current_xact_id()::text::bigint % (1::bigint << 32)").fetchall()[0][0]
            for connection in (source.admin, other)
        )
        database = sources.database("source", fresh=True)
        with database.snapshot() as snapshot:
            assert snapshot.sees(over)
            assert not snapshot.sees(running)
            assert not snapshot.sees((running + 10_000) % 2**32)
            other.commit()
            assert not snapshot.sees(running), "by what looked before"
        with database.snapshot() as snapshot:
            assert snapshot.sees(running)


@pytest.mark.parametrize(
    ("visible", "number", "seen"),
    [
        ("20:20:", 19, True),
        ("20:20:", 20, False),
        ("18:20:18", 18, False),
        ("18:20:18", 19, True),
        ("4294967290:4294967301:4294967297,4294967299", 1, False),
        ("4294967290:4294967301:4294967297,4294967299", 2, True),
        ("4294967290:4294967301:4294967297,4294967299", 5, False),
        ("4294967290:4294967301:4294967297,4294967299", 4294967295, True),
    ],
)
def test_numbers_of_transactions_begin_anew_after_32_bits(visible: str, number: int, seen: bool) -> None:
    assert is_visible(number, among=visible) is seen
