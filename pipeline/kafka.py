"""Clients of the broker, made from the settings: one place for every option, with its reason.

A producer and a consumer of Firth must be made here, or order per key and exactly once are lost: the
partitioner, `read_committed` and the limits have to be the same everywhere.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Final, TypeAlias

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer
from confluent_kafka.admin import AdminClient

from pipeline import logs
from pipeline.errors import FirthError, Misconfigured, Replaced, Unavailable
from pipeline.service_settings import KafkaSettings
from pipeline.topics import DEAD_LETTER_LIMIT

Configuration: TypeAlias = dict[str, Any]

# A transaction holds back all readers of its partitions until it ends; one that a dead worker left open
# ends after this long, or at once when the worker comes back with the same transactional.id.
TRANSACTION_TIMEOUT: Final = 10  # seconds

# Between two polls, thus for a stage's work on one batch. A worker that takes longer has lost its
# partitions by then: its transaction is refused and it starts over.
STAGE_TIMEOUT: Final = 300  # seconds

# What is said of a consumer whose partitions were given away, before its clients are made anew.
LEFT_BEHIND: Final = "no longer a member of the group: this worker, or the broker, was away for too long"

_MIB: Final = 1024 * 1024

# What comes is there at once all the same; the broker only says less often that there is nothing.
_SELDOM: Final[Configuration] = {"fetch.wait.max.ms": 1000}

_NOT_ALLOWED: Final = frozenset(
    {
        KafkaError._AUTHENTICATION,  # noqa: SLF001 — the library's public name for an error of the client itself
        KafkaError.SASL_AUTHENTICATION_FAILED,
        KafkaError.TOPIC_AUTHORIZATION_FAILED,
        KafkaError.GROUP_AUTHORIZATION_FAILED,
        KafkaError.CLUSTER_AUTHORIZATION_FAILED,
        KafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
    }
)

_FENCED: Final = frozenset(
    {
        KafkaError._FENCED,  # noqa: SLF001 — the library's public name for an error of the client itself
        KafkaError.PRODUCER_FENCED,
        KafkaError.INVALID_PRODUCER_EPOCH,
    }
)


def consumer(settings: KafkaSettings, *, group: str, session_timeout: int) -> Consumer:
    """A member of `group`, without a subscription yet. Offsets are committed by a producer's transaction."""
    return Consumer(
        {
            **_reading(settings),
            "group.id": group,
            "session.timeout.ms": session_timeout * 1000,
            "heartbeat.interval.ms": session_timeout * 1000 // 5,
            "max.poll.interval.ms": STAGE_TIMEOUT * 1000,
            # How soon a topic is noticed that is made after we began to wait for it, as connectors make theirs.
            "topic.metadata.refresh.interval.ms": 5_000,
            # Eager: a rebalance takes all partitions away before it gives any, so a worker that was told to
            # let go has nothing in hand. Cooperative keeps partitions over a rebalance, which pays where
            # moving one is dear; ours carry no state.
            "partition.assignment.strategy": "range",
        }
    )


def sharer(settings: KafkaSettings, *, group: str, session_timeout: int) -> Consumer:
    """A member of `group`, without a subscription yet, whose offsets commit themselves every few seconds: what
    it took may be lost with it, or come again."""
    return Consumer(
        {
            **_reading(settings),
            "group.id": group,
            "session.timeout.ms": session_timeout * 1000,
            "heartbeat.interval.ms": session_timeout * 1000 // 5,
            "max.poll.interval.ms": STAGE_TIMEOUT * 1000,
            "enable.auto.commit": True,
            "enable.auto.offset.store": True,
            "partition.assignment.strategy": "range",
        }
        | _SELDOM
    )


def reader(settings: KafkaSettings, *, seldom: bool = False, uncommitted: bool = False) -> Consumer:
    """A consumer without a group, for one who assigns partitions himself and keeps the offsets elsewhere.
    It sees committed records only, unless `uncommitted`, and an end of partition as a message with that error.
    `seldom`: of topics on which little comes, and seldom."""
    configuration = _reading(settings) | {"group.id": "firth-reader", "enable.partition.eof": True}
    if uncommitted:
        configuration["isolation.level"] = "read_uncommitted"
    return Consumer(configuration | (_SELDOM if seldom else {}))


def onlooker(settings: KafkaSettings, *, group: str) -> Consumer:
    """A consumer that can be asked what `group` has committed, and must never subscribe: it is no member."""
    # Offsets of an open transaction are not waited for.
    return Consumer(_reading(settings) | {"group.id": group, "isolation.level": "read_uncommitted"})


def producer(
    settings: KafkaSettings,
    *,
    transactional_id: str | None = None,
    on_failure: Callable[[FirthError], None] | None = None,
) -> Producer:
    """A producer: transactional (call `init_transactions` first), or else idempotent.

    `on_failure` is told of each record that could not be delivered, while somebody polls the producer.
    """

    def delivered(error: KafkaError | None, message: Message[Any, Any]) -> None:
        if error is not None and on_failure is not None:
            on_failure(failure(error, place=f"topic {message.topic()}: "))

    configuration = _common(settings) | {
        "enable.idempotence": True,
        "compression.type": settings.compression,
        # As the Java clients and Kafka Connect do it, so that a key has one partition whoever writes.
        "partitioner": "murmur2_random",
        "message.max.bytes": DEAD_LETTER_LIMIT,
        # A commit sends at once; until then wait for fuller packets.
        "linger.ms": 5,
        "delivery.report.only.error": True,
        "on_delivery": delivered,
    }
    if transactional_id is not None:
        configuration |= {
            "transactional.id": transactional_id,
            "transaction.timeout.ms": TRANSACTION_TIMEOUT * 1000,
            # Below it, so that what cannot be delivered is aborted by us rather than by the broker.
            "message.timeout.ms": (TRANSACTION_TIMEOUT - 2) * 1000,
        }
    return Producer(configuration)


def admin(settings: KafkaSettings) -> AdminClient:
    """A client to make and describe topics with."""
    return AdminClient(_common(settings))


def sentence(error: KafkaError) -> str:
    """The broker's or the client's error in words: codes, hosts and topics, never data."""
    return f"broker: {error.name()}: {error.str()}"


def failure(error: KafkaError | KafkaException, *, place: str = "") -> FirthError:
    """The kind of failure that an error of a client is; Unavailable unless known better."""
    cause: KafkaError = error.args[0] if isinstance(error, KafkaException) else error
    told = place + sentence(cause)
    if cause.code() in _NOT_ALLOWED:
        return Misconfigured(f"{told}: check KAFKA_* settings and the broker's permissions")
    # A client may come to its end for other reasons, too (its id is forgotten after a week without work): a new one
    # goes on.
    if cause.fatal() and cause.code() in _FENCED:
        return Replaced(f"{told}: another worker with this WORKER_SLOT, or we were gone too long")
    if cause.code() == KafkaError.MSG_SIZE_TOO_LARGE:
        return Misconfigured(f"{told}: let max.message.bytes of the topic be {DEAD_LETTER_LIMIT}")
    return Unavailable(told)


def _on_error(error: KafkaError) -> None:
    """Called while a client polls. What it mends by itself it logs too; what it cannot comes out of the poll."""
    told = failure(error)
    if isinstance(told, Misconfigured):
        raise told


def _reading(settings: KafkaSettings) -> Configuration:
    return _common(settings) | {
        "isolation.level": "read_committed",
        "enable.auto.commit": False,
        "enable.auto.offset.store": False,
        "auto.offset.reset": "earliest",
        # What is fetched ahead bounds a worker's memory; one record of the largest kind always fits.
        "queued.max.messages.kbytes": 32 * 1024,
        # Partitions take turns by this much. What was written one after the other, patients before what refers
        # to them, stays about so: a FHIR server has to make a placeholder for each that comes too early.
        "max.partition.fetch.bytes": _MIB // 16,
        "fetch.max.bytes": 16 * _MIB,
        "receive.message.max.bytes": 64 * _MIB,
        "fetch.wait.max.ms": 100,
        "fetch.queue.backoff.ms": 20,
    }


def _common(settings: KafkaSettings) -> Configuration:
    configuration: Configuration = {
        "bootstrap.servers": settings.bootstrap_servers,
        "security.protocol": settings.security_protocol,
        "client.id": "firth",
        "logger": logging.getLogger(logs.BROKER_LOGGER),
        "error_cb": _on_error,
        # A broker that makes what somebody asks for would make a topic that was deleted anew at once, with its own
        # number of partitions, limits and times. Ours are made by pipeline.topic_maker alone.
        "allow.auto.create.topics": False,
        "log.connection.close": False,
        "socket.keepalive.enable": True,
        "reconnect.backoff.max.ms": 2000,
        # Two transactions back to back meet a "concurrent transactions" answer, after which the client waits
        # this long; its default of 100 ms was 132 ms at the median of a stage, this is 5.
        "retry.backoff.ms": 5,
        "retry.backoff.max.ms": 50,
    }
    if settings.security_protocol.startswith("SASL") and settings.sasl_password is not None:
        configuration |= {
            "sasl.mechanism": settings.sasl_mechanism,
            "sasl.username": settings.sasl_username,
            "sasl.password": settings.sasl_password.reveal(),
        }
    files = {
        "ssl.ca.location": settings.ssl_ca_location,
        "ssl.certificate.location": settings.ssl_certificate_location,
        "ssl.key.location": settings.ssl_key_location,
        "ssl.key.password": settings.ssl_key_password and settings.ssl_key_password.reveal(),
    }
    return configuration | {name: value for name, value in files.items() if value}
