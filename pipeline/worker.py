"""The worker loop: a stage under Kafka, exactly once.

    take a batch ─► stage ─► begin ─► results, dead letters, progress, offsets ─► commit ─► take the next
         ▲            │                                                     │
         └────────────┴── Unavailable, or the commit was refused: seek back, wait, take the same again

No transaction is open while a stage works, and the broker is not polled between taking a batch and its
commit. So a rebalance finds a worker with nothing in hand, or is noticed at the commit: the broker refuses
offsets from a member that the group no longer knows (KIP-447), and the whole transaction with them. A
worker that slept past its session, or was replaced, can therefore do no harm between topics.

What a stage may assume: records of one partition come in order, and all of a batch again, in the same
order, after anything went wrong. What it must be: pure, or idempotent in its effects, for it may see a
record more than once before its results are committed once.
"""

from __future__ import annotations

import gc
import random
import signal
import time
from collections.abc import Callable, Collection, Sequence
from typing import Any, Final, TypeAlias

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from pipeline import kafka, lag, logs, metrics
from pipeline.codec import Codec
from pipeline.dead_letters import dead_letter
from pipeline.errors import FirthError, InvalidRecord, StartOver, Unavailable
from pipeline.events import DeadLetter, Progress
from pipeline.health import HealthServer, Pulse
from pipeline.identity import Identities
from pipeline.narrowing import attempt
from pipeline.pace import Pace
from pipeline.progress import Flood, sum_up
from pipeline.records import BATCH_ID, RESOURCE_ID, Outcome, Produced, Record, Refusal, Stage
from pipeline.service_settings import WorkerSettings
from pipeline.topic_maker import ensure_topics
from pipeline.topics import DLQ, PROGRESS
from pipeline.transactions import Transactions
from pipeline.watch import Watch

log = logs.get(__name__)

# One topic, or those of the moment, at least one: asked for between two batches.
Topics: TypeAlias = str | Callable[[], Collection[str]]

_POLL: Final = 0.5  # seconds; how long a signal to stop may go unnoticed
_FIRST_WAIT: Final = 0.1  # seconds of back-off, doubled each time up to
_LONGEST_WAIT: Final = 30.0
_LONGEST_ASKED: Final = 300.0  # where a server asks for a longer wait

_HELD: Final = (
    "broker: a transaction does not end, and nothing behind it can be read: see docs/operations.md, "
    '"Transactions without an end"'
)


def each(function: Callable[[Record], Outcome]) -> Stage:
    """A stage out of a function of one record: an InvalidRecord that it raises refuses that record alone."""

    def stage(records: Sequence[Record]) -> Outcome:
        whole = Outcome()
        for record in records:
            try:
                part = function(record)
            except InvalidRecord as error:
                whole.refused.append(Refusal(record, error))
            else:
                whole.add(part)
        return whole

    return stage


def run_worker(
    settings: WorkerSettings,
    *,
    stage: Stage,
    name: str,
    reads: Topics,
    codec: Codec,
    sink: str | None = None,
    max_records: int = 1000,
) -> None:
    """Run `stage` over the records of the topics `reads`, up to `max_records` at once (fewer where the stage is slow),
    until SIGTERM or SIGINT.

    The consumer group is `name`, or `name-sink` where there is a sink. A batch under way at the signal is
    finished, or given up whole where that would take long. Call from the main thread.

    What `reads` and `stage` raise as Unavailable is waited for. Raises Misconfigured (nothing of the batch in hand
    is committed), Replaced, and Unavailable where the broker could not be reached at the start.
    """
    pulse = Pulse()
    health = HealthServer(pulse, host=settings.health_host, port=settings.health_port) if settings.health_port else None
    try:
        ensure_topics(settings.kafka, settings.topics)
        pace = Pace(max_records)
        topics = (lambda: [reads]) if isinstance(reads, str) else reads
        worker = _Worker(settings, stage=stage, name=name, codec=codec, sink=sink, pulse=pulse, pace=pace)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, worker.stop)
        # What was made until now stays: spare the collector from looking at it time and again.
        gc.collect()
        gc.freeze()
        with Watch(pulse):
            worker.run(topics)
    finally:
        if health is not None:
            health.close()


class _Worker:
    """One member of a stage's group, from `run` to its end."""

    def __init__(
        self,
        settings: WorkerSettings,
        *,
        stage: Stage,
        name: str,
        codec: Codec,
        sink: str | None,
        pulse: Pulse,
        pace: Pace,
    ) -> None:
        self._stage, self._name, self._sink, self._codec = stage, name, sink, codec
        self._pulse, self._pace = pulse, pace
        self._flood = Flood(settings.flood_limit)
        self._failed_in_a_row = 0
        self._rebalanced = False
        self._lost = False
        self._membership: Any = None
        self._unsettled: list[TopicPartition] = []
        self._given = 0.0
        self._held: list[int] = []
        self._metrics = metrics.Worker(name, sink)
        self._group = name if sink is None else f"{name}-{sink}"
        self._settings = settings
        self._log = log.bind(stage=name, sink=sink, group=self._group, slot=settings.slot)

    def run(self, reads: Callable[[], Collection[str]]) -> None:
        """Work until `stop` is called; begin anew, in the group too, after what is no matter of one batch."""
        while not self._pulse.stopping:
            try:
                self._work(reads)
            except Unavailable as error:
                self._log.warning("starting over", sentence=str(error))
                time.sleep(_POLL)  # what fails at once would fail a thousand times a second, a client and a line each
        self._log.info("stopped as asked")

    def _work(self, reads: Callable[[], Collection[str]]) -> None:
        """Join the group and work, where the group stands, until `stop` is called."""
        settings = self._settings
        self._transactions = Transactions(settings.kafka, f"{self._group}-{settings.slot}", self._pulse)
        self._consumer = kafka.consumer(settings.kafka, group=self._group, session_timeout=settings.session_timeout)
        self._lag = lag.Lag(self._consumer)
        self._topics = Identities(settings.kafka)
        self._subscribed: list[str] = []
        self._unsettled, self._membership, self._lost = [], None, False
        try:
            self._transactions.open()
            self._log.info("started")
            while not self._pulse.stopping:
                self._subscribe(sorted(reads()))
                records = self._take(self._pace.records)
                if records:
                    self._pass(records)
        except KafkaException as error:
            raise kafka.failure(error) from None
        finally:
            self._pulse.joined = False
            self._consumer.close()  # leaves the group at once, so that others need not wait for our session to end

    def stop(self, *_: object) -> None:
        """Ask `run` to return; as a signal handler, hence no lock."""
        self._pulse.stopping = True

    # ---- taking

    def _subscribe(self, wanted: list[str]) -> None:
        """Read these topics from now on."""
        if wanted != self._subscribed:
            self._consumer.subscribe(
                wanted, on_assign=self._assigned, on_revoke=self._revoked, on_lost=self._given_away
            )
            self._log.info("topics to read", topics=wanted)
            self._subscribed = wanted

    def _take(self, max_records: int) -> list[Record]:
        """What is there, up to `max_records`; waits a little for the first."""
        first = self._consumer.poll(_POLL)
        self._transactions.poll()
        self._pulse.beat()
        if self._lost:
            raise StartOver(kafka.LEFT_BEHIND)
        self._settle()
        self._measure_lag()
        if first is None:
            self._topics.look()
            return []
        self._rebalanced = False
        messages = self._consumer.consume(max_records - 1, 0)
        # What consume() gives is ours. But it may have told us to let go of what poll() gave.
        if not self._rebalanced:
            messages.insert(0, first)
        return [_record(each) for each in messages if each.error() is None or self._judge(each.error())]

    def _judge(self, error: KafkaError | None) -> bool:
        """False for an error that the client mends by itself; raises for others."""
        if error is not None:
            failure = kafka.failure(error)
            if not isinstance(failure, Unavailable):
                raise failure
            self._log.warning("reading is disturbed", sentence=str(failure))
        return False

    def _assigned(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        self._pulse.joined = True
        # Who we are in this generation of the group, kept for its commits. Asked for at the commit itself, a
        # worker that woke up after its session would say "nobody", which the broker takes for a client
        # without a group and lets pass.
        membership = self._consumer.consumer_group_metadata()
        self._membership = membership if self._consumer.memberid() else None
        self._metrics.partitions.set(len(partitions))
        self._log.info("partitions assigned", partitions=sorted(each.partition for each in partitions))
        consumer.assign([])
        self._unsettled, self._given = partitions, time.monotonic()
        self._settle()

    def _revoked(self, _: Consumer, partitions: list[TopicPartition]) -> None:
        self._rebalanced = True
        self._membership = None
        self._unsettled = []
        # A partition that is paused stays so when it comes back to us, unless we say otherwise here.
        self._consumer.resume(partitions)
        self._metrics.partitions.set(0)
        self._log.info("partitions revoked", partitions=sorted(each.partition for each in partitions))

    def _given_away(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        self._revoked(consumer, partitions)
        # Where it was the broker that was away, the first offsets that the producer sends get no answer (librdkafka
        # 5511): each stage in turn would wait for as long as a transaction may last.
        self._lost = True

    def _settle(self) -> None:
        """Begin to read the partitions given to us where the group stands, once no open transaction can move that.

        Left to the client, an answer that is overtaken by a rebalance counts as "no offset yet" while such a
        transaction lasts, and the partition is read from its beginning again (librdkafka 2.16; see 5345).
        """
        if not self._unsettled:
            return
        try:
            self._topics.note(self._topics.ask({place.topic for place in self._unsettled}))
            places = self._consumer.committed(self._unsettled, _POLL)
            errors = [place.error for place in places if place.error is not None]
        except KafkaException as exception:
            errors = [exception.args[0]]
        for error in errors:
            if not isinstance(kafka.failure(error), Unavailable):
                raise kafka.failure(error)
        if not errors:
            self._unsettled = []
            self._consumer.assign([self._topics.start(place) for place in places])

    # ---- passing on

    def _pass(self, records: list[Record]) -> None:
        """Bring a batch through the stage and its outcome to the broker, or be ready to take it again."""
        # After they were taken; the answer is there when the stage is done.
        asked = self._topics.ask({record.topic for record in records})
        tried, cancelled = self._flood.divide(records)
        self._pulse.working = True
        self._pulse.beat()
        try:
            began = time.monotonic()
            with self._metrics.stage_seconds.time():
                outcome = attempt(self._stage, tried)
            self._pace.took(len(records), time.monotonic() - began)
            outcome.counts += cancelled
            self._topics.check(asked)
            self._write(records, outcome)
        except StartOver:
            raise
        except Unavailable as error:
            self._pulse.working = False
            self._pace.failed()
            self._seek_back(records)
            self._wait(error)
        else:
            self._failed_in_a_row = 0
        finally:
            self._pulse.working = False

    def _write(self, records: list[Record], outcome: Outcome) -> None:
        """One transaction: all of the outcome, and that its records are done with.

        Raises Unavailable when the transaction had to be aborted, Replaced when there is none to abort.
        """
        now = time.time_ns() // 1_000_000
        progress = sum_up(outcome, stage=self._name, sink=self._sink, now=now)
        letters = [dead_letter(refusal, stage=self._name, sink=self._sink, now=now) for refusal in outcome.refused]
        told = [self._event(PROGRESS, f"{each.batch_id}:{each.resource_id}".encode(), each) for each in progress]
        told += [self._event(DLQ, each.key, each) for each in letters]
        offsets = {(record.topic, record.partition): record.offset for record in records}
        positions = [self._topics.offset(*place, last + 1) for place, last in offsets.items()]
        member = self._membership
        if member is None:
            raise Unavailable("no longer a member of the group: taking these records again")
        try:
            with self._metrics.transaction_seconds.time():
                self._transactions.write([*outcome.produced, *told], positions, member)
        except FirthError as error:
            self._metrics.aborted.inc()
            self._log.warning("transaction not committed", sentence=str(error))
            raise
        self._flood.learn(progress)
        self._metrics.committed(len(records), outcome, progress)

    def _event(self, topic: str, key: bytes | None, event: Progress | DeadLetter) -> Produced:
        of = ((BATCH_ID, event.batch_id), (RESOURCE_ID, event.resource_id))
        headers = [(name, value.encode()) for name, value in of if value is not None]
        return Produced(topic, key, self._codec.encode(event), headers)

    # ---- when it goes wrong

    def _seek_back(self, records: Sequence[Record]) -> None:
        """Make these records the next ones to come, but for those of partitions that we lost."""
        firsts: dict[tuple[str, int], int] = {}
        for record in records:
            firsts.setdefault((record.topic, record.partition), record.offset)
        ours = {(each.topic, each.partition) for each in self._consumer.assignment()}
        for (topic, partition), offset in firsts.items():
            if (topic, partition) in ours:
                self._consumer.seek(TopicPartition(topic, partition, offset))

    def _wait(self, error: Unavailable) -> None:
        """Back off, longer each time in a row, and stay in the group meanwhile."""
        longest = min(_LONGEST_WAIT, _FIRST_WAIT * 2 ** min(self._failed_in_a_row, 10))
        asked = min(error.retry_after or 0.0, _LONGEST_ASKED)
        seconds = max(random.uniform(longest / 2, longest), asked)  # noqa: S311 — jitter
        self._failed_in_a_row += 1
        self._log.warning("waiting", sentence=str(error), seconds=round(seconds, 2), attempt=self._failed_in_a_row)
        self._pulse.waiting_for = str(error)
        self._metrics.backing_off.set(1)
        self._consumer.pause(self._consumer.assignment())
        until = time.monotonic() + seconds
        while not self._pulse.stopping and (left := until - time.monotonic()) > 0:
            message = self._consumer.poll(min(left, _POLL))
            self._pulse.beat()
            if message is not None and (message.error() is None or self._judge(message.error())):
                self._put_back(message)
        self._consumer.resume(self._consumer.assignment())
        self._pulse.waiting_for = None
        self._metrics.backing_off.set(0)

    def _put_back(self, message: Any) -> None:
        """A partition came to us while we wait, and began to flow: hold it too."""
        place = TopicPartition(message.topic(), message.partition(), message.offset())
        self._consumer.seek(place)
        self._consumer.pause([place])

    def _measure_lag(self) -> None:
        if not self._lag.measure():
            return
        self._metrics.lag.set(self._lag.records)
        overdue = time.monotonic() - self._given > lag.HELD_AFTER
        held = [each.partition for each in self._unsettled if overdue] or self._lag.held
        if held and not self._held:
            self._log.warning("held by an open transaction", partitions=held, sentence=_HELD)
        if self._held and not held:
            self._log.info("no longer held")
        self._held = held
        self._metrics.held.set(len(held))
        self._pulse.waiting_for = _HELD if held else None


def _record(message: Any) -> Record:
    return Record(
        message.topic(),
        message.partition(),
        message.offset(),
        message.timestamp()[1],
        message.key(),
        message.value(),
        message.headers() or (),
    )
