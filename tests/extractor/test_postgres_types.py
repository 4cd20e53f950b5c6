"""Keys and values of every type that PostgreSQL has."""

from __future__ import annotations

import math

import pytest

from mapping.model import Column
from pipeline.events import Value
from tests.extractor.conftest import SourceDatabase, people
from tests.extractor.driving import trigger

pytestmark = pytest.mark.stack

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
