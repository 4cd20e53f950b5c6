"""The extractor over a real PostgreSQL: keys of every type, values of every type, and what can go wrong."""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from extractor.query import Query, Range
from extractor.rows import Row
from mapping.model import Column, Filter, Join, TableColumn
from pipeline.errors import Unavailable
from pipeline.events import Value
from tests.extractor.conftest import SourceDatabase, people
from tests.extractor.driving import extract, extractor, trigger

pytestmark = pytest.mark.stack

VISITS = (Join(TableColumn("people", "id"), TableColumn("visits", "person")),)
PEOPLE = "CREATE TABLE people (id bigint PRIMARY KEY, name text)"


# ---- keys

KEYS: list[tuple[str, list[str], list[str]]] = [
    ("smallint", ["-3", "0", "12"], ["-3", "0", "12"]),
    ("bigint", ["-9223372036854775808", "9223372036854775807", "7"],
     ["-9223372036854775808", "7", "9223372036854775807"]),
    ("text", ["", " ", "a", "A", "é", "a'b", 'a"b', "a\\b", "%s", "10", "9", "007", "日本"], []),
    ("varchar(9)", ["b", "a", "10", "9"], []),
    ("char(5)", ["a", "ab", "b"], ["a", "ab", "b"]),
    ('text COLLATE "en-x-icu"', ["B", "a", "b", "A", "á", "z"], []),
    ("numeric", ["1.10", "12.00", "0.5", "-3", "100000000000000000000"],
     ["-3", "0.5", "1.1", "12", "100000000000000000000"]),
    ("numeric(10,2)", ["1", "2.5"], ["1", "2.5"]),
    ("double precision", ["0.1", "1e300", "-2", "12"], ["-2", "0.1", "12", "1" + "0" * 300]),
    ("real", ["0.1", "3"], ["0.1", "3"]),
    ("boolean", ["true", "false"], ["false", "true"]),
    ("uuid", ["b8efd322-3e38-4072-9c68-e62e15d84d04", "00000000-0000-0000-0000-000000000001"],
     ["00000000-0000-0000-0000-000000000001", "b8efd322-3e38-4072-9c68-e62e15d84d04"]),
    ("date", ["2020-01-31", "infinity", "0044-03-15 BC"], ["0044-03-15 BC", "2020-01-31", "infinity"]),
    ("timestamp", ["2020-01-31 10:20:30.123456", "-infinity", "0044-03-15 10:00 BC", "12020-01-01"],
     ["-infinity", "0044-03-15T10:00:00 BC", "2020-01-31T10:20:30.123456", "12020-01-01T00:00:00"]),
    ("timestamptz", ["2020-01-31 10:20:30+05:30", "2020-06-30 00:00+00"],
     ["2020-01-31T04:50:30+00:00", "2020-06-30T00:00:00+00:00"]),
    ("time", ["10:20:30", "00:00"], ["00:00:00", "10:20:30"]),
    ("interval", ["1 day", "24:00:00", "1 mon", "-1 day"], ["P-1D", "P1D", "PT24H", "P1M"]),
    ("bytea", ["\\x00ff", "\\x", "abc"], ["\\x", "\\x00ff", "\\x616263"]),
    ("inet", ["10.0.0.1", "10.0.0.0/8"], ["10.0.0.0/8", "10.0.0.1"]),
    ("jsonb", ['{"a": 1}', "[]", "1", '"x"'], []),
    ("int[]", ["{1,2}", "{}"], ["{}", "{1,2}"]),
    ('"the % mood"', ["sad", "happy"], ["sad", "happy"]),
    ("code", ["a", "b"], ["a", "b"]),
    ("citext", ["a", "A", "b"], []),
    ("text COLLATE loose", ["a", "A", "b"], []),
]  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def _types(source: SourceDatabase) -> None:
    source.admin.execute("""CREATE TYPE "the % mood" AS ENUM ('sad', 'happy')""")
    source.admin.execute("CREATE DOMAIN code AS text CHECK (value <> '')")
    source.admin.execute("CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false)")
    source.admin.execute("CREATE EXTENSION citext")


def insert(source: SourceDatabase, type_: str, key: str, name: str) -> None:
    escaped = type_.replace("%", "%%")
    source.admin.execute(f"INSERT INTO people VALUES (cast(%s AS text)::{escaped}, %s)".encode(), (key, name))


@pytest.mark.parametrize(("type_", "written", "expected"), KEYS, ids=[key[0] for key in KEYS])
def test_a_key_of_any_type_is_paged_over_once_and_in_order(
    source: SourceDatabase, type_: str, written: list[str], expected: list[str]
) -> None:
    source.make(f"CREATE TABLE people (id {type_}, name text)")
    for number, key in enumerate([*written, *written]):
        insert(source, type_, key, str(number))
    one_by_one = source.extract(people("name"), keys=1)
    assert sorted(one_by_one.primary_keys) == sorted(expected or written)
    assert not expected or one_by_one.primary_keys == expected
    assert all(len(one.columns["people_name"]) == 2 for one in one_by_one.records)
    assert one_by_one.total == len(written)
    assert source.extract(people("name"), keys=1000).primary_keys == one_by_one.primary_keys


@pytest.mark.parametrize(("type_", "written"), [key[:2] for key in KEYS if key[0] != "int[]"])
def test_a_key_of_any_type_can_be_asked_for(source: SourceDatabase, type_: str, written: list[str]) -> None:
    source.make(f"CREATE TABLE people (id {type_}, name text)")
    for key in written:
        insert(source, type_, key, "x")
    all_keys = source.extract(people("name"))
    asked = [one.columns["people_id"][0] for one in all_keys.records]
    made = source.extract(people("name"), trigger(asked[:2]))
    # Of texts that the database takes for the same (1 day, 24 hours), asking for one gives all.
    assert [one for one in made.primary_keys if one != "PT24H"] == all_keys.primary_keys[:2]


def test_an_array_as_key_cannot_be_asked_for_and_says_so(source: SourceDatabase) -> None:
    source.make("CREATE TABLE people (id int[], name text)", "INSERT INTO people VALUES ('{1}', 'x')")
    assert source.extract(people("name"), trigger(["{1}"])).reasons == ["query-refused"]


def test_numbers_that_are_no_number_identify_nothing(source: SourceDatabase) -> None:
    source.make("CREATE TABLE people (id double precision, name text)")
    source.admin.execute(
        "INSERT INTO people VALUES ('NaN', 'a'), ('NaN', 'b'), (1, 'c'), ('infinity', 'd'), (NULL, 'e')"
    )
    made = source.extract(people("name"), keys=1)
    assert made.primary_keys == ["1"]
    assert made.reasons == ["bad-key", "bad-key", "null-key"]
    assert made.total == 4


def test_a_key_of_a_type_without_an_order_fails_the_resource_with_the_reason(source: SourceDatabase) -> None:
    source.make("CREATE TABLE people (id json, name text)", "INSERT INTO people VALUES ('{}', 'x')")
    made = source.extract(people("name"))
    assert made.reasons == ["query-refused"]
    assert "operator" in made.faults[0]


# ---- values

VALUES: list[tuple[str, str, Value]] = [
    ("smallint", "-3", -3),
    ("bigint", "9223372036854775807", 9223372036854775807),
    ("oid", "4294967295", 4294967295),
    ("xid8", "18446744073709551615", "18446744073709551615"),
    ("boolean", "t", True),
    ("real", "0.1", 0.1),
    ("double precision", "1e300", 1e300),
    ("double precision", "infinity", math.inf),
    ("numeric", "1.50", "1.50"),
    ("numeric", "NaN", "NaN"),
    ("numeric", "123456789012345678901234567890.5", "123456789012345678901234567890.5"),
    ("money", "1", "$1.00"),
    ("text", "é", "é"),
    ("text", "0000-00-00", "0000-00-00"),
    ("varchar", "x ", "x "),
    ("char(5)", "x", "x"),
    ("name", "x", "x"),
    ("date", "2020-02-29", "2020-02-29"),
    ("date", "infinity", "infinity"),
    ("date", "0044-03-15 BC", "0044-03-15 BC"),
    ("time", "10:20:30.5", "10:20:30.5"),
    ("timetz", "10:20:30+02", "10:20:30+02"),
    ("timestamp", "2150-08-29 18:20:00", "2150-08-29T18:20:00"),
    ("timestamp", "-infinity", "-infinity"),
    ("timestamptz", "2020-07-01 12:00:00+02", "2020-07-01T10:00:00+00:00"),
    ("timestamptz", "infinity", "infinity"),
    ("interval", "1 year 2 days 03:04:05", "P1Y2DT3H4M5S"),
    ("uuid", "B8EFD322-3E38-4072-9C68-E62E15D84D04", "b8efd322-3e38-4072-9c68-e62e15d84d04"),
    ("bytea", "\\x00ff", b"\x00\xff"),
    ("json", '{"a": 1}', '{"a": 1}'),
    ("jsonb", '{"b":1,"a":[null]}', '{"a": [null], "b": 1}'),
    ("xml", "<a/>", "<a/>"),
    ("int[]", "{1,NULL}", "{1,NULL}"),
    ("text[]", '{a,"b c"}', '{a,"b c"}'),
    ("timestamp[]", "{2020-01-01}", '{"2020-01-01 00:00:00"}'),
    ("int4range", "[1,3)", "[1,3)"),
    ("inet", "10.0.0.1", "10.0.0.1"),
    ("point", "(1,2)", "(1,2)"),
    ('"the % mood"', "sad", "sad"),
    ("code", "x", "x"),
    ("citext", "Xy", "Xy"),
    ("bit(3)", "101", "101"),
]


@pytest.mark.parametrize(("type_", "written", "expected"), VALUES, ids=[f"{one[0]} {one[1]}" for one in VALUES])
def test_a_value_of_any_type_travels(source: SourceDatabase, type_: str, written: str, expected: Value) -> None:
    source.make(f"CREATE TABLE people (id bigint, name {type_})", "INSERT INTO people VALUES (2, NULL)")
    escaped = type_.replace("%", "%%")
    source.admin.execute(f"INSERT INTO people VALUES (1, cast(%s AS text)::{escaped})".encode(), (written,))
    one, other = source.extract(people("name")).records
    assert one.columns["people_name"] == [expected]
    assert type(one.columns["people_name"][0]) is type(expected)
    assert other.columns["people_name"] == [None]


def test_a_double_that_is_no_number_travels(source: SourceDatabase) -> None:
    source.make(
        "CREATE TABLE people (id bigint, name float)", "INSERT INTO people VALUES (1, 'NaN'), (1, 2), (1, 'NaN')"
    )
    (one,) = source.extract(people("name")).records
    assert str(one.columns["people_name"]) == "[nan, nan, 2.0]"


def test_text_that_is_not_utf8_travels_as_bytes_where_the_database_checks_nothing(
    unchecked_source: SourceDatabase,
) -> None:
    unchecked_source.make("CREATE TABLE people (id text, name text, code char(9))")
    insert = b"INSERT INTO people VALUES ('caf\xc3\xa9', 'caf\xe9', 'caf\xe9'), ('caf\xe9', 'caf\xc3\xa9', 'x')"
    unchecked_source.admin.pgconn.exec_(insert)
    made = unchecked_source.extract(people("name", Column("people", "code")), keys=1)
    columns = {one.primary_key: one.columns for one in made.records}
    assert columns["café"]["people_name"] == [b"caf\xe9"]
    assert columns["café"]["people_code"] == [b"caf\xe9"]
    assert columns["\\x636166e9"]["people_name"] == ["café"]
    assert made.total == 2
    again = unchecked_source.extract(people("name"), trigger([b"caf\xe9"]))
    assert again.primary_keys == ["\\x636166e9"]


# ---- joins and filters


def test_joined_rows_of_one_key_are_one_record_sorted_by_every_column(source: SourceDatabase) -> None:
    source.make(
        PEOPLE,
        "CREATE TABLE visits (person int, place text, rank int)",
        "INSERT INTO people VALUES (1, 'Ann'), (2, 'Bob')",
        "INSERT INTO visits VALUES (1, 'b', 2), (1, 'a', 9), (1, NULL, 1), (1, 'a', 1)",
    )
    mapping = people("name", Column("visits", "place", None, VISITS), Column("visits", "rank", None, VISITS))
    ann, bob = source.extract(mapping, keys=1).records
    place, rank = (Column("visits", one, None, VISITS).alias for one in ("place", "rank"))
    assert ann.columns["people_name"] == ["Ann"] * 4
    assert ann.columns[place] == [None, "a", "a", "b"]
    assert ann.columns[rank] == [1, 1, 9, 2]
    assert bob.columns == {"people_id": [2], "people_name": ["Bob"], place: [None], rank: [None]}


@pytest.mark.parametrize(
    ("relation", "value", "expected"),
    [
        ("<", "2020-01-02", ["1"]),
        ("<=", "2020-01-02", ["1", "2"]),
        ("<>", "2020-01-02", ["1", "3"]),
        ("=", "2020-01-02", ["2"]),
        (">", "2020-01-02", ["3"]),
        (">=", "2020-01-02", ["2", "3"]),
        ("IN", "2020-01-01, 2020-01-03", ["1", "3"]),
        ("LIKE", "%-01-03", ["3"]),
        ("BETWEEN", "2020-01-02, 2020-01-09", ["2", "3"]),
    ],
)
def test_each_relation_of_a_filter_compares_in_the_columns_type(
    source: SourceDatabase, relation: str, value: str, expected: list[str]
) -> None:
    source.make(
        "CREATE TABLE people (id int, name text, born date)",
        "INSERT INTO people SELECT n, 'x', date '2019-12-31' + n FROM generate_series(1, 3) n",
        "INSERT INTO people VALUES (4, 'x', NULL)",
    )
    one = Filter(Column("people", "born"), relation, value)  # type: ignore[arg-type]
    made = source.extract(people("name", filters=(one,)), keys=1)
    assert made.primary_keys == expected
    assert made.total == len(expected)


def test_a_filter_on_a_joined_table_chooses_keys_and_rows(source: SourceDatabase) -> None:
    source.make(
        PEOPLE,
        "CREATE TABLE visits (person int, place text)",
        "INSERT INTO people VALUES (1, 'Ann'), (2, 'Bob'), (3, 'Cid')",
        "INSERT INTO visits VALUES (1, 'a'), (1, 'b'), (1, 'a'), (2, 'b')",
    )
    place = Column("visits", "place", None, VISITS)
    made = source.extract(people("name", place, filters=(Filter(place, "=", "a"),)), keys=1)
    assert [one.columns[place.alias] for one in made.records] == [["a", "a"]]
    assert made.total == 1


def test_a_view_in_another_schema_with_a_strange_name_is_extracted(source: SourceDatabase) -> None:
    source.make(PEOPLE, "INSERT INTO people VALUES (1, 'Ann')", 'DROP SCHEMA IF EXISTS "a.b" CASCADE')
    source.admin.execute('CREATE SCHEMA "a.b"')
    source.admin.execute(b'CREATE VIEW "a.b"."x""y %(after)s" AS SELECT id AS "Key;--", name AS "%s" FROM people')
    mapping = people("name")
    table = 'x"y %(after)s'
    resource = replace(people(Column(table, "%s", "a.b")).resources[0], primary_key=Column(table, "Key;--", "a.b"))
    (one,) = source.extract(replace(mapping, resources=(resource,))).records
    assert list(one.columns.values()) == [[1], ["Ann"]]


# ---- what can go wrong

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


# ---- size


def test_large_rows_are_extracted_in_small_chunks(source: SourceDatabase) -> None:
    source.make(PEOPLE, "INSERT INTO people SELECT n, repeat('x', 1048576) FROM generate_series(1, 40) n")
    made = source.extract(people("name"))
    assert [len(str(one.columns["people_name"][0])) for one in made.records] == [1_048_576] * 40
    assert made.total == 40
    assert made.chunks >= 3


def test_a_key_with_more_rows_than_a_record_can_hold_is_a_dead_letter(source: SourceDatabase) -> None:
    source.make(
        "CREATE TABLE people (id bigint, name text)",
        "INSERT INTO people SELECT 2, 'x' || n FROM generate_series(1, 600000) n",
        "INSERT INTO people VALUES (1, 'a'), (3, 'b')",
    )
    made = source.extract(people("name"))
    assert made.primary_keys == ["1", "3"]
    assert made.reasons == ["too-large"]
    assert made.total == 3


def test_the_time_of_reading_is_the_sources(source: SourceDatabase) -> None:
    source.make(PEOPLE, "INSERT INTO people VALUES (1, 'a')")
    (one,) = source.extract(people("name")).records
    assert abs(datetime.fromtimestamp(one.as_of / 1000, UTC) - datetime.now(UTC)).total_seconds() < 60


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
