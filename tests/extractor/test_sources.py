"""Connections that do not come about: no server is needed for that."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from extractor.connectors import connectors
from extractor.postgres_login import REFUSED
from extractor.settings import SourceSettings
from extractor.source import SourceAway
from extractor.sources import Sources
from mapping.credential import Credential
from pipeline.errors import InvalidRecord


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port that nobody listens on, held so that nobody begins to."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


def test_a_source_that_is_away_says_why_in_words_that_name_no_login(closed_port: int) -> None:
    credential = Credential("POSTGRES", "127.0.0.1", closed_port, "d", "reader", "s3cret")
    sources = Sources(
        SourceSettings(), credential_of=lambda _: credential, secret_of=lambda _: None, connectors=connectors()
    )
    with pytest.raises(SourceAway) as caught:
        sources.database("mimic", fresh=True)
    assert str(caught.value) == f'source "mimic" at 127.0.0.1:{closed_port} cannot be reached: nobody listens there'


@pytest.mark.parametrize(
    ("said", "refused"),
    [
        ('FATAL:  password authentication failed for user "reader"', True),
        ("fe_sendauth: no password supplied", True),
        ('FATAL:  database "mimic" does not exist', True),
        ('FATAL:  role "reader" is not permitted to log in', True),
        ('FATAL:  no pg_hba.conf entry for host "10.0.0.1", user "reader", database "mimic", no encryption', True),
        ("server does not support SSL, but SSL was required", True),
        ("SSL error: certificate verify failed", True),
        ("SSL connection has been closed unexpectedly", False),
        ("SSL SYSCALL error: EOF detected", False),
        ("FATAL:  the database system is starting up", False),
        ("FATAL:  sorry, too many clients already", False),
        ('could not translate host name "db" to address: Temporary failure in name resolution', False),
    ],
)
def test_only_what_a_person_must_mend_is_taken_for_a_refusal(said: str, refused: bool) -> None:
    assert bool(REFUSED.search(f'connection to server at "10.0.0.9", port 5432 failed: {said}')) == refused


def test_a_secret_that_is_not_set_is_told_by_its_name(closed_port: int) -> None:
    credential = Credential("POSTGRES", "127.0.0.1", closed_port, "d", "l", None, "SOURCE_MIMIC_PASSWORD")
    sources = Sources(
        SourceSettings(), credential_of=lambda _: credential, secret_of=lambda _: None, connectors=connectors()
    )
    with pytest.raises(InvalidRecord, match="SOURCE_MIMIC_PASSWORD") as caught:
        sources.database("mimic", fresh=True)
    assert caught.value.reason == "source-refused"


def test_an_api_that_knows_no_login_for_the_source_ends_the_resource() -> None:
    def credential_of(_: str) -> Credential:
        raise InvalidRecord("the api knows no sources", reason="unknown-mapping")

    sources = Sources(SourceSettings(), credential_of=credential_of, secret_of=lambda _: None, connectors=connectors())
    with pytest.raises(InvalidRecord):
        sources.database("mimic", fresh=True)
