from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from extractor.catalogue import ColumnType
from extractor.rows import Group, Grouping

BIGINT, TEXT, DOUBLE = ColumnType("bigint"), ColumnType("text", wide=True), ColumnType("double precision")


def groups(rows: list[tuple[Any, ...]], *types: ColumnType, limit: int = 1000) -> list[Group]:
    return list(Grouping(types, limit=limit)(rows))


def test_rows_are_grouped_by_key_in_the_order_in_which_keys_come() -> None:
    made = groups([(2, "b"), (2, "a"), (1, "c")], BIGINT, TEXT)
    assert [(one.key, one.rows) for one in made] == [(2, [(2, "a"), (2, "b")]), (1, ((1, "c"),))]


# Without -0.0, which is equal to 0.0 and yet another text.
DOUBLES = st.floats(allow_nan=True, width=16).map(lambda value: value + 0.0)
ROWS = st.tuples(st.just(1), st.none() | st.text("ab", max_size=1), st.none() | DOUBLES)


@given(st.lists(ROWS, min_size=1, max_size=8), st.randoms(use_true_random=False))
def test_rows_of_a_key_have_one_order_whatever_order_they_came_in(rows: list[Any], random: Any) -> None:
    shuffled = list(rows)
    random.shuffle(shuffled)
    one, other = groups(rows, BIGINT, TEXT, DOUBLE), groups(shuffled, BIGINT, TEXT, DOUBLE)
    assert repr(list(one[0].rows or ())) == repr(list(other[0].rows or ()))


def test_nulls_text_and_bytes_in_one_column_are_sorted_too() -> None:
    given_rows: list[tuple[Any, ...]] = [(1, "b"), (1, b"\xff"), (1, None), (1, "a"), (1, b"\xfe")]
    (one,) = groups(given_rows, BIGINT, TEXT)
    assert [row[1] for row in one.rows or ()] == [None, "a", "b", b"\xfe", b"\xff"]


def test_numbers_that_are_equal_are_one_key_however_they_are_written() -> None:
    grouping = Grouping([ColumnType("numeric"), TEXT], limit=1000)
    made = list(grouping([("1.0", "a"), ("1.00", "b"), ("2", "c"), ("NaN", "d"), ("NaN", "e")]))
    assert [len(one.rows or ()) for one in made] == [2, 1, 2]
    assert grouping.canonical(made[0].key) == "1"


def test_a_double_that_is_no_number_is_one_key() -> None:
    made = groups([(float("nan"), "a"), (float("nan"), "b")], DOUBLE, TEXT)
    assert [len(one.rows or ()) for one in made] == [2]


def test_rows_over_the_limit_are_passed_over_and_the_next_key_is_whole() -> None:
    made = groups([(1, "x" * 600), (1, None), (1, "x" * 600), (1, "a"), (2, "b")], BIGINT, TEXT)
    assert [one.rows for one in made] == [None, ((2, "b"),)]


def test_many_small_rows_are_bounded_as_well() -> None:
    rows = ((1, number) for number in range(100_000))
    (one,) = Grouping([BIGINT, BIGINT], limit=1000)(rows)
    assert one.rows is None
