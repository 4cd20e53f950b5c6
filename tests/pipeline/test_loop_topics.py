"""The worker loop when a topic is not there, or not the one that it was: on a real broker, which makes topics for
whoever asks for them."""

from __future__ import annotations

import signal
import time
from uuid import uuid4

import pytest

from command.stack.stack import Stack
from pipeline import kafka as clients
from pipeline.errors import Unavailable
from pipeline.health import Pulse
from pipeline.identity import Identities, TopicChanged
from pipeline.records import Produced
from pipeline.service_settings import KafkaSettings
from pipeline.transactions import Transactions
from tests.pipeline.running import Stage, until
from tests.stack import Kafka, RunningStack

pytestmark = pytest.mark.stack

MANY = 2_000


def test_no_client_of_ours_has_the_broker_make_a_topic(kafka: Kafka) -> None:
    settings = KafkaSettings(bootstrap_servers=kafka.bootstrap_servers)
    name = f"missing-{uuid4().hex}"
    producer, admin = clients.producer(settings), clients.admin(settings)
    producer.produce(name, b"value")
    assert producer.flush(2) == 1, "it waits for a topic"
    assert admin.list_topics(name, timeout=10).topics[name].error is not None
    assert name not in admin.list_topics(timeout=10).topics
    producer.purge()


def test_a_topic_that_is_made_later_is_read_from_its_beginning(stage: Stage) -> None:
    later = f"{stage.reads}-later"
    worker = stage.worker(READS=later)
    worker.until_said("reading is disturbed")
    stage.make_topic(later)
    stage.reads, earlier = later, stage.reads
    keys = stage.write([b"good"] * 100)
    stage.until_out(keys)
    assert earlier != later


@pytest.mark.parametrize("few", [100, 3 * MANY], ids=["fewer than before", "more than before"])
@pytest.mark.parametrize("missed", [0, 3], ids=["at once", "after seconds"])
def test_a_topic_that_is_deleted_and_made_anew_is_read_from_its_beginning(
    stage: Stage, missed: float, few: int
) -> None:
    worker = stage.worker()
    before = stage.write([b"good"] * MANY)
    stage.until_out(before)
    worker.tell("down")
    stage.write([b"good"] * 10)  # lost with the topic
    worker.until_said("waiting")
    stage.delete_topic(stage.reads)
    gone = time.monotonic()
    until(lambda: time.monotonic() - gone > missed)
    stage.make_topic(stage.reads)
    keys = stage.write([b"good"] * few)
    worker.untell("down")
    worker.until_said("starting over")
    stage.until_out(before + keys)
    until(lambda: stage.counts() == (MANY + few, 0, 0))
    assert worker.alive


def test_a_topic_that_is_made_anew_with_as_many_records_as_were_read_is_noticed(stage: Stage) -> None:
    stage.worker()
    before = stage.write([b"good"] * 10, partition=0)
    stage.until_out(before)
    stage.delete_topic(stage.reads)
    stage.make_topic(stage.reads)
    keys = stage.write([b"good"] * 10, partition=0)
    stage.until_out(before + keys)


def test_a_client_that_settled_in_a_topic_does_not_settle_in_the_next_of_its_name(stage: Stage) -> None:
    topics = Identities(stage.settings)
    for _ in range(2):
        topics.note(topics.ask([stage.reads]))
    stage.delete_topic(stage.reads)
    stage.make_topic(stage.reads)
    with pytest.raises(TopicChanged):
        topics.note(topics.ask([stage.reads]))


def test_a_topic_that_is_made_anew_while_its_reader_sleeps_is_read_though_the_broker_was_started_since(
    stage: Stage, servers: Stack
) -> None:
    running = RunningStack(servers)
    running.stop("kafka")
    running.start("kafka")  # leaders of the old topic are of a later epoch than the new one's will be
    worker = stage.worker()
    before = stage.write([b"good"] * 100)
    stage.until_out(before)
    worker.send(signal.SIGSTOP)
    stage.delete_topic(stage.reads)
    stage.make_topic(stage.reads)
    asleep = time.monotonic()
    until(lambda: time.monotonic() - asleep > 8)  # past its session
    worker.send(signal.SIGCONT)
    keys = stage.write([b"good"] * 50)
    stage.until_out(before + keys)
    assert worker.alive


@pytest.mark.parametrize("missed", ["for a moment", "until the worker misses it"])
def test_a_topic_that_is_written_to_is_written_to_again_when_it_is_made_anew(stage: Stage, missed: str) -> None:
    worker = stage.worker(MAX_RECORDS="100")
    stage.until_out(stage.write([b"good"] * MANY))
    until(lambda: stage.counts() == (MANY, 0, 0))
    stage.delete_topic(stage.to)
    if missed == "for a moment":
        stage.make_topic(stage.to)
    keys = stage.write([b"good"] * 100)
    if missed != "for a moment":
        worker.until_said("transaction not committed")
        stage.make_topic(stage.to)
    stage.until_out(keys)
    until(lambda: stage.counts() == (MANY + 100, 0, 0))
    assert worker.alive


def test_a_transaction_whose_only_topic_is_gone_does_not_end_the_worker(stage: Stage) -> None:
    outsider = clients.consumer(stage.settings, group=stage.name, session_timeout=10)
    transactions = Transactions(stage.settings, stage.name, Pulse())
    transactions.open()
    for _ in range(2):
        transactions.write([Produced(stage.to, b"key", b"value")], [], outsider.consumer_group_metadata())
    stage.delete_topic(stage.to)
    with pytest.raises(Unavailable):
        transactions.write([Produced(stage.to, b"key", b"value")], [], outsider.consumer_group_metadata())
