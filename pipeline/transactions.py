"""What a batch became, written with its offsets in one transaction: all of it or nothing.

begin ─► produce ─► offsets ─► commit ─► done
            │          │         │
            └──────────┴─────────┴─► abort ─► Unavailable: take the batch again
                                       │
                                       ├─► shut out by another worker of this slot: Replaced
                                       └─► no answer for longer than a transaction may last, or the client
                                           at its end: OutcomeUnknown, the group alone knows where to go on
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from math import inf
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, Final

from confluent_kafka import KafkaException, Producer, TopicPartition

from pipeline import kafka
from pipeline.errors import FirthError, Misconfigured, Replaced, StartOver
from pipeline.health import Pulse
from pipeline.records import Produced
from pipeline.service_settings import KafkaSettings

_ANSWER: Final = 5.0  # seconds for one try of a call to the transaction's coordinator
_GRACE: Final = 10.0  # seconds after a signal to stop in which a transaction may still be brought to its end


class OutcomeUnknown(StartOver):
    """The broker did not say, or not in time, what became of a transaction. It has ended it by itself, or will when
    the slot is opened again; where the group then stands, its offsets tell."""


def send_offsets(producer: Producer, positions: list[TopicPartition], member: Any, *, limit: float) -> None:
    """Send `positions` as offsets of the group's `member` with the transaction that `producer` has open.

    While the group's coordinator is away, and once after it was, this call of the client keeps to no time limit
    and may never return (librdkafka issues 5456 and 5511): a thread makes it, which can be left behind.

    Raises KafkaException, and TimeoutError after `limit` seconds: `producer` is of no more use then.
    """
    answer: SimpleQueue[KafkaException | None] = SimpleQueue()

    def ask() -> None:
        try:
            producer.send_offsets_to_transaction(positions, member, _ANSWER)
        except KafkaException as error:
            answer.put(error)
        else:
            answer.put(None)

    Thread(target=ask, name="offsets", daemon=True).start()
    try:
        error = answer.get(timeout=max(0.1, limit))
    except Empty:
        raise TimeoutError from None
    if error is not None:
        raise error


class Transactions:
    """The transactional producer of one worker slot. One thread.

    `transactional_id` is the slot's own for ever: a new process that opens it ends what an earlier one left
    open, and shuts that one out if it still lives.
    """

    def __init__(self, broker: KafkaSettings, transactional_id: str, pulse: Pulse) -> None:
        self._pulse = pulse
        self._undelivered: FirthError | None = None
        self._until = 0.0
        self._producer = kafka.producer(broker, transactional_id=transactional_id, on_failure=self._note)

    def open(self) -> None:
        """Take the slot. Waits for the broker as long as it takes, or until the worker is to stop."""
        self._insist(lambda: self._producer.init_transactions(_ANSWER), until=inf)

    def poll(self) -> None:
        """Let the client log, and raise what it has come to know: now and then, also without work."""
        self._producer.poll(0)

    def write(self, produced: Sequence[Produced], positions: list[TopicPartition], member: Any) -> None:
        """Write `produced`, and `positions` as offsets of the group's `member`, in one transaction.

        Raises Unavailable or Misconfigured after an abort, when nothing of it was written; OutcomeUnknown,
        after which this object is of no more use; Replaced when another worker has the slot.
        """
        self._until = time.monotonic() + kafka.TRANSACTION_TIMEOUT
        try:
            self._producer.begin_transaction()
            self._send(produced)
            self._insist(lambda: self._send_offsets(positions, member), self._until)
            self._insist(lambda: self._producer.commit_transaction(_ANSWER), self._until)
        except KafkaException as error:
            raise self._abort(error) from None

    def _send(self, produced: Sequence[Produced]) -> None:
        send = self._producer.produce
        for topic, key, value, headers in produced:
            while True:
                try:
                    # A list, as the client takes no other sequence.
                    send(topic, value, key, headers=list(headers))
                    break
                except BufferError:  # the client's queue is full: let it send
                    self._producer.poll(0.05)

    def _send_offsets(self, positions: list[TopicPartition], member: Any) -> None:
        try:
            send_offsets(self._producer, positions, member, limit=self._until - time.monotonic())
        except TimeoutError:
            raise OutcomeUnknown("broker: the group's coordinator did not take the offsets in time") from None

    def _insist(self, call: Callable[[], None], until: float) -> None:
        """Call until the broker answers; raises its last error after `until`. A signal to stop shortens it."""
        while True:
            try:
                return call()
            except KafkaException as error:
                if self._pulse.stopping:
                    until = min(until, time.monotonic() + _GRACE)
                if not error.args[0].retriable() or time.monotonic() > until:
                    raise
                self._pulse.beat()
                self._producer.poll(0.1)

    def _abort(self, error: KafkaException) -> FirthError:
        """End the transaction without a trace. The failure to raise."""
        failure = kafka.failure(error)
        try:
            if isinstance(failure, Replaced) or error.args[0].retriable():
                raise error
            self._producer.poll(0)  # for what became of each record; raises if this producer came to its end
            failure = self._undelivered or failure
            self._insist(lambda: self._producer.abort_transaction(_ANSWER), self._until)
        except KafkaException as last:
            told = kafka.failure(last)
            # When its time is over the broker shuts us out by itself, which looks as if another did.
            if isinstance(told, Replaced) and time.monotonic() <= self._until:
                return told
            if isinstance(failure, Misconfigured):
                return failure
            # Out of time, or of a transaction whose topics are gone, which the broker knows nothing of and refuses to
            # end: its client takes that for the end of itself, but nobody has our slot.
            return OutcomeUnknown(f"{told}: what became of a transaction is unknown")
        self._undelivered = None
        return failure

    def _note(self, failure: FirthError) -> None:
        self._undelivered = failure
