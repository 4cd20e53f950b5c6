"""A record's bytes as a person can read them: an event of ours as JSON, else text, else base64."""

from __future__ import annotations

import base64
import threading
from dataclasses import asdict
from typing import Any, Final, TypeAlias

import orjson

from pipeline.codec import TOPIC_OF, Codec, Event
from pipeline.errors import FirthError
from pipeline.service_settings import RegistrySettings

Readable: TypeAlias = dict[str, Any]

_EVENT_OF: Final[dict[str, type[Event]]] = {topic: event for event, topic in TOPIC_OF.items()}


class Decoder:
    """Decodes events by the registry's schemas. Connects when first needed; without a registry, bytes are
    shown as they are. Safe to use from any thread."""

    def __init__(self, settings: RegistrySettings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._codec: Codec | None = None

    def readable(self, topic: str, value: bytes | None) -> Readable | None:
        """`{"event": …}`, `{"json": …}`, `{"text": …}` or `{"base64": …}`; None for no value."""
        if value is None:
            return None
        event = self._event(topic, value)
        return {"event": event} if event is not None else plain(value)

    def _event(self, topic: str, value: bytes) -> Any:
        kind: Any = _EVENT_OF.get(topic)
        if kind is None:
            return None
        try:
            with self._lock:  # a codec is for one thread at a time
                if self._codec is None:
                    self._codec = Codec.connect(self._settings, patience=0)
                decoded = self._codec.decode(kind, value)
        # It is none, and may be a dead letter for that; or the registry is away, and bytes are better than nothing.
        except FirthError:
            return None
        return jsonable(asdict(decoded))


def plain(value: bytes) -> Readable:
    """Bytes that are no event of ours."""
    try:
        text = value.decode("utf-8")
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(value).decode("ascii")}
    try:
        parsed = orjson.loads(text)
    except ValueError:
        return {"text": text}
    return {"json": parsed} if isinstance(parsed, dict | list) else {"text": text}


def jsonable(value: Any) -> Any:
    """An event's fields with their bytes made readable; JSON inside stays JSON."""
    if isinstance(value, bytes):
        return plain(value)
    if isinstance(value, dict):
        return {str(name): jsonable(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [jsonable(each) for each in value]
    return value
