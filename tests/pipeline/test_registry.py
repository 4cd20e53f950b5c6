from __future__ import annotations

import json

import pytest

from pipeline.codec import Codec, schema_text
from pipeline.errors import FirthError, InvalidRecord, Misconfigured, Unavailable
from pipeline.events import Progress
from pipeline.registry import Registry
from pipeline.service_settings import RegistrySettings
from tests.pipeline.answering import answering
from tests.stack import Kafka

EVENT = Progress("b", "r", "s", None, 1, 2, 3, None, "why", 4)


@pytest.mark.stack
def test_ids_are_the_same_for_every_service_that_connects(kafka: Kafka) -> None:
    settings = RegistrySettings(url=kafka.registry_url)
    first, second = Codec.connect(settings), Codec.connect(settings)
    assert first.encode(EVENT) == second.encode(EVENT)
    assert second.decode(Progress, first.encode(EVENT)) == EVENT


@pytest.mark.stack
def test_an_event_of_another_version_of_its_schema_is_read(kafka: Kafka) -> None:
    settings = RegistrySettings(url=kafka.registry_url)
    theirs = json.loads(schema_text(Progress))
    theirs["fields"].append({"name": "mood", "type": "string", "default": "good"})
    number = Registry(settings).id_of("progress-of-another-version", json.dumps(theirs))
    raw = b"\0" + number.to_bytes(4, "big") + Codec.local().encode(EVENT)[5:] + b"\x06bad"
    assert Codec.connect(settings).decode(Progress, raw) == EVENT


@pytest.mark.stack
def test_an_id_that_the_registry_does_not_know_is_undecodable(kafka: Kafka) -> None:
    codec = Codec.connect(RegistrySettings(url=kafka.registry_url))
    with pytest.raises(InvalidRecord, match="unknown schema") as caught:
        codec.decode(Progress, b"\0\x7f\xff\xff\xff" + b"\0" * 20)
    assert caught.value.reason == "undecodable"


def test_a_registry_that_is_not_there_is_unavailable() -> None:
    with pytest.raises(Unavailable, match="is it running"):
        Codec.connect(RegistrySettings(url="http://127.0.0.1:1"), patience=0)


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (401, b"", Misconfigured),
        (409, b"", Misconfigured),
        (500, b"", Unavailable),
        (200, b"<html>", Unavailable),
        (200, b'"a text"', Unavailable),
        (200, b"{}", Unavailable),
    ],
)
def test_what_a_registry_refuses_is_one_of_our_failures(status: int, body: bytes, kind: type[FirthError]) -> None:
    with answering({"/subjects/s": (status, body)}) as (url, _), pytest.raises(kind, match="schema registry"):
        Registry(RegistrySettings(url=url)).id_of("s", "{}")
