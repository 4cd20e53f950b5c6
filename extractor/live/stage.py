"""The stage: rows as connectors send them become `extract` events.

    the mapping wants one table     ─► off the row itself; the source is not asked
    the mapping joins others        ─► all keys of a poll in one query, each with all of its rows

What is gone (a delete, a row that the filters leave out, a key that the source has no more) is ignored or deletes its
resource, as the binding says.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from extractor.live import rows
from extractor.live.bindings import Binding
from extractor.live.connect_avro import AvroRows
from extractor.live.lookup import Answer, look_up
from extractor.live.output import Output
from extractor.live.plans import Lookup, Plan, Plans
from extractor.live.rows import Row
from extractor.output import too_large
from extractor.source import Sources
from pipeline.codec import Codec
from pipeline.dead_letters import header_text
from pipeline.errors import InvalidRecord
from pipeline.events import Value
from pipeline.live import topic_of
from pipeline.records import BATCH_ID, RESOURCE_ID, Outcome, Record
from pipeline.topics import LIVE_RETRY

# A commit may be told of a moment before others can see it. Where the row says which transaction it was, that is asked.
LOOK_AGAIN_AFTER: Final = 0.1  # seconds


@dataclass(frozen=True, slots=True)
class _Taken:
    """A record that could be read, with its key as a batch reads it, and that key's canonical text."""

    record: Record
    row: Row
    value: Value
    key: str


class LiveRows:
    """See the module. `bindings` are those of a topic; `look` asks for them anew. One thread at a time."""

    def __init__(
        self,
        *,
        bindings: Callable[[str], Sequence[Binding]],
        look: Callable[[], None],
        plans: Plans,
        sources: Sources,
        codec: Codec,
        avro: AvroRows,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._bindings, self._look = bindings, look
        self._plans = plans
        self._sources = sources
        self._codec = codec
        self._avro = avro
        self._sleep = sleep

    def __call__(self, records: Sequence[Record]) -> Outcome:
        """Extract what these rows tell of. Raises Unavailable and Misconfigured."""
        whole = Outcome()
        # Sent again by somebody who may have mended the binding a moment ago.
        if any(record.topic == LIVE_RETRY for record in records):
            self._look()
        bound: dict[Binding, list[Record]] = {}
        for record in records:
            for binding in self._wanted_by(record):
                bound.setdefault(binding, []).append(record)
        for binding, its in bound.items():
            whole.add(self._bound(binding, its))
        return whole

    def _wanted_by(self, record: Record) -> Sequence[Binding]:
        """The bindings that a record is for: all of its topic's; sent again, that which refused it."""
        if record.topic != LIVE_RETRY:
            return self._bindings(record.topic)
        topic = topic_of(header_text(record.headers, BATCH_ID) or "")
        resource_id = header_text(record.headers, RESOURCE_ID)
        return [one for one in self._bindings(topic or "") if one.resource_id == resource_id]

    def _bound(self, binding: Binding, records: Sequence[Record]) -> Outcome:
        """The rows of one binding."""
        output = Output(binding, self._codec)
        try:
            plan = self._plans.of(binding)
        except InvalidRecord as error:
            for record in records:
                output.refuse(record, error, as_of=rows.as_of(record, {}))
            return output.finished()
        to_ask: dict[str, list[_Taken]] = {}
        for record in records:
            taken = self._taken(record, plan, output)
            if taken is None:
                continue
            if plan.suffices and (plan.lookup is None or plan.is_whole(taken.row)):
                _off_the_row(taken, plan, output)
            else:
                to_ask.setdefault(taken.key, []).append(taken)
        if to_ask:
            assert plan.lookup is not None
            self._asked(binding, plan, plan.lookup, to_ask, output)
        return output.finished()

    def _asked(
        self, binding: Binding, plan: Plan, lookup: Lookup, taken: dict[str, list[_Taken]], output: Output
    ) -> None:
        """What the source has of these keys. Of several rows with one key, the last stands for all."""
        last = {key: its[-1] for key, its in taken.items()}
        try:
            answers = self._look_up(binding, lookup, last, after=_transactions(taken))
        except InvalidRecord as error:
            answers = {key: Answer(one.row.as_of, error=error) for key, one in last.items()}
        for key, one in last.items():
            output.pass_over(len(taken[key]) - 1)
            _put_out(answers[key], one, plan, output)

    def _look_up(
        self, binding: Binding, lookup: Lookup, taken: dict[str, _Taken], *, after: Mapping[int, int]
    ) -> dict[str, Answer]:
        """The answers to these keys. What should be there and is not is looked for a second time."""
        database = self._sources.database(binding.source_id, fresh=False)
        answers = look_up(database, lookup, {key: one.value for key, one in taken.items()}, after=after)
        missed = {key: taken[key].value for key, one in answers.items() if one.is_gone and not taken[key].row.deleted}
        if missed:
            self._sleep(LOOK_AGAIN_AFTER)
            answers |= look_up(database, lookup, missed, after=after)
        return answers

    def _taken(self, record: Record, plan: Plan, output: Output) -> _Taken | None:
        """The record's row with its key; refused, and None, where it has none."""
        as_of = rows.as_of(record, {})
        try:
            row = rows.read(record, self._avro)
            as_of = row.as_of
            return _Taken(record, row, *plan.key(row))
        except InvalidRecord as error:
            output.refuse(record, error, as_of=as_of)
            return None


def _transactions(taken: Mapping[str, Sequence[_Taken]]) -> dict[int, int]:
    """The transactions that these rows were written by, as far as they say so, and when they were told of."""
    every = (one for rows_of_key in taken.values() for one in rows_of_key)
    return {one.row.transaction: one.record.timestamp for one in every if one.row.transaction is not None}


def _off_the_row(taken: _Taken, plan: Plan, output: Output) -> None:
    row = taken.row
    try:
        if row.deleted or not plan.passes(row):
            output.gone(plan.resource, taken.key, as_of=row.as_of)
        else:
            output.add(plan.resource, taken.key, plan.values(row), as_of=row.as_of)
    except InvalidRecord as error:
        output.refuse(taken.record, error, as_of=row.as_of)


def _put_out(answer: Answer, taken: _Taken, plan: Plan, output: Output) -> None:
    try:
        if answer.error is not None:
            raise answer.error
        if answer.group is None:
            output.gone(plan.resource, taken.key, as_of=answer.as_of)
            return
        if answer.group.rows is None:
            raise too_large()
        columns = zip(plan.columns, zip(*answer.group.rows, strict=True), strict=True)
        values = {column.alias: values for column, values in columns}
        output.add(plan.resource, taken.key, values, as_of=answer.as_of)
    except InvalidRecord as error:
        output.refuse(taken.record, error, as_of=taken.row.as_of)
