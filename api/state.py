"""The state: its tables in PostgreSQL (schema `firth`), and how to reach them.

    mappings ── mapping_resources        what may be run; `hash` says which version
    pyrog_mappings                       which of these Pyrog gave us
    mapping_versions                     every version ever imported, frozen under its content hash
    credentials                          how the extractor logs in to a source
    batches ── batch_resources ── counts what was asked for, and what the stages did by now
    cancellations                        which batches are to end, and whether the stages were told
    bindings ── binding_counts           which topics of live rows feed which resources, and what became of them
    dead_letters ── retries              what they refused, with its bytes; what was or will be sent again
    consumed                             how far `progress` and `DLQ` are folded in, by topic id
    tokens, audit, installation          who may ask, who asked, and which installation this is

Only the api reads or writes it. Text columns can't hold a NUL: `printable` replaces it in what comes from
Kafka; what comes over HTTP is refused before.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any, Final

import psycopg
from sqlalchemy import (
    URL,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Connection,
    DateTime,
    Engine,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    create_engine,
    func,
    insert,
    make_url,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError
from sqlalchemy.pool import NullPool, QueuePool
from sqlalchemy.schema import CreateSchema, SchemaItem

from pipeline.errors import FirthError, Misconfigured
from pipeline.settings import Secret

SCHEMA: Final = "firth"
# Advisory locks: the first number is ours, the second tells what for.
LOCKS: Final = 0x46495254
PREPARING, FOLDING, DISPATCHING, MAPPINGS = 1, 2, 3, 4

metadata = MetaData(schema=SCHEMA)


def _moment(name: str, *, optional: bool = False) -> Column[object]:
    return Column(name, DateTime(timezone=True), nullable=optional, server_default=None if optional else func.now())


def _tally() -> Sequence[SchemaItem]:
    """What one step did: see `api.counting.Tally`."""
    return (
        Column("stage", Text, primary_key=True),
        Column("sink", Text, primary_key=True),  # "" for stages that have none
        Column("succeeded", BigInteger, nullable=False),
        Column("failed", BigInteger, nullable=False),
        Column("cancelled", BigInteger, nullable=False),
    )


installation = Table(
    "installation",
    metadata,
    Column("single", Boolean, CheckConstraint("single"), primary_key=True, server_default=text("true")),
    Column("id", Text, nullable=False),
)

tokens = Table(
    "tokens",
    metadata,
    Column("name", Text, primary_key=True),
    Column("role", Text, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    _moment("created_at"),
)

audit = Table(
    "audit",
    metadata,
    Column("position", BigInteger, Identity(), primary_key=True),
    _moment("at"),
    Column("who", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("subject", Text, nullable=False),
)

mapping_versions = Table(
    "mapping_versions",
    metadata,
    Column("hash", Text, primary_key=True),
    Column("document", LargeBinary, nullable=False),
    _moment("created_at"),
)

mappings = Table(
    "mappings",
    metadata,
    Column("source_id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("hash", Text, ForeignKey(mapping_versions.c.hash), nullable=False),
    _moment("created_at"),
    _moment("updated_at"),
)

mapping_resources = Table(
    "mapping_resources",
    metadata,
    Column("resource_id", Text, primary_key=True),
    Column("source_id", Text, ForeignKey(mappings.c.source_id, ondelete="CASCADE"), nullable=False, index=True),
    Column("ordinal", Integer, nullable=False),
    Column("label", Text, nullable=False),
    Column("resource_type", Text, nullable=False),
)

pyrog_mappings = Table(
    "pyrog_mappings",
    metadata,
    # Those taken from Pyrog, and taken anew before each batch; the others were imported.
    Column("source_id", Text, ForeignKey(mappings.c.source_id, ondelete="CASCADE"), primary_key=True),
)

credentials = Table(
    "credentials",
    metadata,
    # Not bound to a mapping: a batch goes on although its mapping was deleted meanwhile.
    Column("source_id", Text, primary_key=True),
    Column("content", JSONB, nullable=False),
    _moment("updated_at"),
)

batches = Table(
    "batches",
    metadata,
    Column("position", BigInteger, Identity(), nullable=False, unique=True),
    Column("id", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("sinks", ARRAY(Text), nullable=False),
    _moment("created_at"),
    _moment("ended_at", optional=True),
)

batch_resources = Table(
    "batch_resources",
    metadata,
    Column("batch_id", Text, ForeignKey(batches.c.id, ondelete="CASCADE"), primary_key=True),
    Column("resource_id", Text, primary_key=True),
    Column("ordinal", Integer, nullable=False),
    Column("source_id", Text, nullable=False),
    Column("label", Text, nullable=False),
    Column("resource_type", Text, nullable=False),
    Column("mapping_hash", Text, ForeignKey(mapping_versions.c.hash), nullable=False),
    Column("state", Text, nullable=False),
    Column("total", BigInteger),
    Column("fault", Text),
    Column("extraction_ended", Boolean, nullable=False, server_default=text("false")),
    _moment("ended_at", optional=True),
    # Of its trigger: the place in the order of sending, and whether it is known to be sent. See api.triggers.
    Column("trigger_position", BigInteger),
    Column("triggered", Boolean, nullable=False, server_default=text("false")),
    Index("batch_resources_to_trigger", "trigger_position"),
    Index("batch_resources_under_way", "source_id", postgresql_where=text("ended_at is null")),
)

cancellations = Table(
    "cancellations",
    metadata,
    Column("batch_id", Text, ForeignKey(batches.c.id, ondelete="CASCADE"), primary_key=True),
    Column("told", Boolean, nullable=False, server_default=text("false")),
    _moment("created_at"),
    Index("cancellations_to_tell", "batch_id", postgresql_where=text("not told")),
)

counts = Table(
    "counts",
    metadata,
    Column("batch_id", Text, primary_key=True),
    Column("resource_id", Text, primary_key=True),
    *_tally(),
    ForeignKeyConstraint(
        ["batch_id", "resource_id"], [batch_resources.c.batch_id, batch_resources.c.resource_id], ondelete="CASCADE"
    ),
)

bindings = Table(
    "bindings",
    metadata,
    Column("topic", Text, primary_key=True),
    # Of `mapping_resources`, whose rows come and go with each import: whoever imports sees to it that it stays there.
    Column("resource_id", Text, primary_key=True, index=True),
    Column("key", Text),
    Column("on_delete", Text, nullable=False),
    _moment("created_at"),
    _moment("updated_at"),
)

binding_counts = Table(
    "binding_counts",
    metadata,
    Column("topic", Text, primary_key=True),
    Column("resource_id", Text, primary_key=True),
    *_tally(),
    Column("last_at", DateTime(timezone=True), nullable=False),
    ForeignKeyConstraint(["topic", "resource_id"], [bindings.c.topic, bindings.c.resource_id], ondelete="CASCADE"),
)

dead_letters = Table(
    "dead_letters",
    metadata,
    Column("position", BigInteger, Identity(), nullable=False, unique=True),
    Column("id", Text, primary_key=True),
    Column("stage", Text, nullable=False),
    Column("sink", Text),
    Column("reason", Text, nullable=False),
    Column("sentence", Text, nullable=False),
    Column("details", Text),
    Column("batch_id", Text),
    Column("resource_id", Text),
    Column("topic", Text, nullable=False),
    Column("partition", Integer, nullable=False),
    Column("offset", BigInteger, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False),
    Column("failed_at", DateTime(timezone=True), nullable=False, index=True),
    Column("key", LargeBinary),
    Column("value", LargeBinary),
    Column("headers", JSONB, nullable=False),  # [[name, base64 or null], …]
    Index("dead_letters_of_batch", "batch_id", "resource_id", "position"),
)

retries = Table(
    "retries",
    metadata,
    Column("dead_letter_id", Text, ForeignKey(dead_letters.c.id, ondelete="CASCADE"), primary_key=True),
    # As of a trigger in `batch_resources`.
    Column("position", BigInteger),
    Column("sent", Boolean, nullable=False, server_default=text("false")),
    _moment("created_at"),
    Index("retries_to_send", "position", postgresql_where=text("not sent")),
)

consumed = Table(
    "consumed",
    metadata,
    Column("topic_id", Text, primary_key=True),  # a topic made anew has another, and is read from its start
    Column("partition", Integer, primary_key=True),
    Column("topic", Text, nullable=False),
    Column("next_offset", BigInteger, nullable=False),
)

_KEEPALIVE: Final[dict[str, Any]] = {
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
    "connect_timeout": 5,
}


def connect(database_url: Secret, *, pool_size: int) -> Engine:
    """An engine for short statements, each within ten seconds. Connects to nothing yet.

    Raises Misconfigured when the address cannot be read.
    """
    options = (
        "-c timezone=UTC -c statement_timeout=10000 -c lock_timeout=5000 -c idle_in_transaction_session_timeout=30000"
    )
    return create_engine(
        _url(database_url),
        poolclass=QueuePool,
        pool_size=pool_size,
        max_overflow=2,
        pool_timeout=5,
        pool_pre_ping=True,  # after PostgreSQL was away, no request should pay for it
        hide_parameters=True,  # or an exception would quote a payload
        connect_args=_KEEPALIVE | {"application_name": "firth api", "options": options},
    )


def connect_alone(database_url: Secret) -> Engine:
    """An engine whose connections are made when asked for and closed after use: for a leader's lock.

    The server is told to notice within half a minute that we are gone, so that another may take over.
    """
    keepalives = "-c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3"
    return create_engine(
        _url(database_url),
        poolclass=NullPool,
        hide_parameters=True,
        connect_args=_KEEPALIVE
        | {"application_name": "firth api leader", "options": f"-c statement_timeout=60000 {keepalives}"},
    )


def _url(database_url: Secret) -> URL:
    try:
        return make_url(database_url.reveal()).set(drivername="postgresql+psycopg")
    except ArgumentError:
        raise Misconfigured("DATABASE_URL must look like postgresql://user:password@host:port/database") from None


def prepare(connection: Connection) -> None:
    """Make the tables that are missing, one process at a time. Within a transaction."""
    connection.execute(select(func.pg_advisory_xact_lock(LOCKS, PREPARING)))
    connection.execute(CreateSchema(SCHEMA, if_not_exists=True))
    metadata.create_all(connection)
    connection.execute(upsert(installation).values(id=uuid.uuid4().hex).on_conflict_do_nothing())


def lock_mappings(connection: Connection, *, shared: bool) -> None:
    """Until the transaction ends, nobody changes the mappings; not shared: nobody starts a batch either."""
    lock = func.pg_advisory_xact_lock_shared if shared else func.pg_advisory_xact_lock
    connection.execute(select(lock(LOCKS, MAPPINGS)))


def record(connection: Connection, who: str, action: str, subject: str) -> None:
    """Write down who did what to what, in the transaction that did it. Ids only, never content."""
    connection.execute(insert(audit).values(who=who, action=action, subject=subject))


def printable(words: str | None) -> str | None:
    """Text as PostgreSQL can hold it."""
    return None if words is None else words.replace("\x00", "\ufffd")


def sentence(error: Exception) -> str:
    """What went wrong, for a log. PostgreSQL's own words are told only where they can't quote a row: when it
    could not be reached, or let nobody in."""
    if isinstance(error, OperationalError) and isinstance(error.orig, psycopg.OperationalError):
        code = error.orig.sqlstate
        if code is None or code[:2] in ("08", "28", "3D", "53", "57"):
            return f"PostgreSQL: {' '.join(str(error.orig).split())[:300]}"
    if isinstance(error, FirthError):
        return str(error)
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    return f"PostgreSQL: {type(cause).__name__}"
