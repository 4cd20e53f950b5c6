"""Mistakes in where values come from: joins that lead nowhere, filters and conditions without sense."""

from __future__ import annotations

from collections.abc import Iterator

from mapping.mistakes import Mistake
from mapping.model import Column, Condition, Filter, InputGroup, Join, ResourceMapping, TableColumn, same_table

MAX_JOINS = 20  # in one chain; PostgreSQL's planner gives up on good orders long before


def filters(resource: ResourceMapping, path: str) -> Iterator[Mistake]:
    """Mistakes in the filters of a resource."""
    for at, one in enumerate(resource.filters):
        place = f"{resource.resource_type} filter on {one.column.table}.{one.column.column}"
        here = f"{path}.filters[{at}]"
        yield from _column(one.column, resource.primary_key, f"{here}.sqlColumn", place)
        reason = _filter_value(one)
        if reason:
            yield Mistake(f"{here}.value", reason, place)


def group(group: InputGroup, resource: ResourceMapping, path: str, place: str) -> Iterator[Mistake]:
    """Mistakes in the columns of an input group, its conditions' included."""
    for at, one in enumerate(group.inputs):
        if one.column is not None:
            yield from _column(one.column, resource.primary_key, f"{path}.inputs[{at}].sqlValue", place)
    for at, condition in enumerate(group.conditions):
        here = f"{path}.conditions[{at}]"
        yield from _column(condition.column, resource.primary_key, f"{here}.sqlValue", place)
        reason = _condition_value(condition)
        if reason:
            yield Mistake(f"{here}.value", reason, place)


def _column(column: Column, primary_key: Column, path: str, place: str) -> Iterator[Mistake]:
    if len(column.joins) > MAX_JOINS:
        yield Mistake(f"{path}.joins", f"there are more than {MAX_JOINS} joins", place)
    reached: list[TableColumn | Column] = [primary_key]
    for at, join in enumerate(column.joins):
        if not any(same_table(one, join.left) for one in reached):
            yield Mistake(f"{path}.joins[{at}].tables[0]", _unreached(join, reached), place)
        reached.append(join.right)
    if not same_table(reached[-1], column):
        yield Mistake(path, _elsewhere(column, reached), place)


def _unreached(join: Join, reached: list[TableColumn | Column]) -> str:
    if any(same_table(one, join.right) for one in reached):
        return f'table "{join.right.table}" is the one already reached: it comes first, "{join.left.table}" second'
    tables = ", ".join(one.table for one in reached)
    return f'table "{join.left.table}" is not reached yet (reached: {tables})'


def _elsewhere(column: Column, reached: list[TableColumn | Column]) -> str:
    if not column.joins:
        return f'table "{column.table}" is not that of the primary key, "{reached[0].table}", and no join leads to it'
    return f'the joins end at table "{reached[-1].table}", and the column is of "{column.table}"'


def _filter_value(one: Filter) -> str:
    """What is wrong with the filter's value; empty when nothing is. Its type is the database's matter."""
    if one.relation == "BETWEEN" and len(one.values) != 2:
        return "BETWEEN takes two values, separated by a comma"
    if not all(one.values):
        return "there is an empty value among those separated by commas"
    if any(len(value) > 1 and value[0] == value[-1] == "'" for value in one.values):
        return "is written without quotes: values are handed to the database as such"
    return ""


def _condition_value(one: Condition) -> str:
    if one.relation == "IN" and not all(one.values):
        return "there is an empty value among those separated by commas"
    return ""
