"""Logs: one JSON object a line on standard error, whose fields come from a list.

    log = logs.get(__name__)
    log.info("partitions assigned", topic="extract", partitions=[0, 1])

The event is a constant text: never format a value into it. A field that is not in FIELDS is dropped and its
name told in `dropped`, so that nothing of a patient's record gets out by an oversight. What libraries log is
kept as the template they wrote, without the arguments, which may be anything.
"""

from __future__ import annotations

import logging
import re
import sys
import time
import traceback
from typing import Any, Final

import orjson
import structlog

# What may be logged. None of these can hold a value of a record, a key, a name or a secret.
FIELDS: Final = frozenset(
    {
        "event", "level", "at", "service", "module", "dropped",
        "stage", "sink", "group", "slot", "topic", "topics", "partition", "partitions", "offset",
        "batch_id", "resource_id", "mapping_hash", "resource_type", "source_id", "reason", "sentence",
        "records", "produced", "refused", "count", "total", "seconds", "attempt", "size", "limit",
        "host", "port", "url", "method", "route", "status", "request_id", "actor",
        "error", "place", "code", "signal", "version", "file",
    }
)  # fmt: skip

# Its messages are about brokers, topics and ids of ours.
BROKER_LOGGER: Final = "firth.kafka"

# Its clients say 20 times a second, each, that they find no broker: 3 MB a worker in two minutes.
_SAME_AGAIN: Final = 30.0  # seconds after which the same is told again
_MILLISECONDS: Final = re.compile(r"\d+ms")


def configure(service: str, level: str = "info") -> None:
    """Send all logs of this process, ours and the libraries', to standard error. Call once, at the start."""

    def name_service(_: Any, __: str, fields: structlog.typing.EventDict) -> structlog.typing.EventDict:
        return {"service": service, **fields}

    structlog.configure(
        processors=[name_service, *_PROCESSORS],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        context_class=dict,
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    root.handlers[:] = [_Libraries()]
    root.setLevel(logging.WARNING)
    broker = logging.getLogger(BROKER_LOGGER)
    broker.setLevel(level.upper())
    broker.filters[:] = [_NewsOnly()]


def get(name: str) -> structlog.typing.FilteringBoundLogger:
    """The logger of a module. `name` is its `__name__`."""
    logger: structlog.typing.FilteringBoundLogger = structlog.get_logger(module=name)
    return logger


def place_of(error: BaseException) -> str:
    """Where an error was raised, innermost last, as `file:line` steps. Its message stays out of logs: what
    Python or a library says of a value quotes the value."""
    steps = traceback.extract_tb(error.__traceback__)[-6:]
    return " > ".join(f"{step.filename.rpartition('/')[2]}:{step.lineno}" for step in steps)


def _allow(_: Any, __: str, fields: structlog.typing.EventDict) -> structlog.typing.EventDict:
    dropped = sorted(name for name in fields if name not in FIELDS)
    if dropped:
        fields = {name: value for name, value in fields.items() if name in FIELDS}
        fields["dropped"] = dropped
    return fields


def _render(_: Any, __: str, fields: structlog.typing.EventDict) -> str:
    first = {name: fields.pop(name) for name in ("at", "level", "service", "event") if name in fields}
    return orjson.dumps({**first, **fields}, default=str).decode()


_PROCESSORS: Final[list[structlog.typing.Processor]] = [
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
    _allow,
    _render,
]


class _Libraries(logging.Handler):
    """Hands what libraries log on to our logs, as the template they wrote."""

    def emit(self, record: logging.LogRecord) -> None:
        whole = record.name == BROKER_LOGGER
        fields: dict[str, Any] = {"module": record.name}
        if record.exc_info is not None and record.exc_info[1] is not None:
            fields |= {"error": type(record.exc_info[1]).__name__, "place": place_of(record.exc_info[1])}
        structlog.get_logger().log(record.levelno, record.getMessage() if whole else str(record.msg), **fields)


class _NewsOnly(logging.Filter):
    """Passes what was not said just before, times aside."""

    def __init__(self) -> None:
        super().__init__()
        self._told: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        said, now = _MILLISECONDS.sub("", record.getMessage()), time.monotonic()
        if now - self._told.get(said, -_SAME_AGAIN) < _SAME_AGAIN:
            return False
        self._told = {each: at for each, at in self._told.items() if now - at < _SAME_AGAIN} | {said: now}
        return True
