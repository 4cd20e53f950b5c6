"""Fixtures that every test may ask for: the real servers, each started when the first test asks for it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from command.stack.stack import Stack
from tests.stack import Kafka, RunningStack, session


@pytest.fixture(scope="session")
def servers() -> Iterator[Stack]:
    """The session's stack, nothing of it started yet."""
    with session() as stack:
        yield stack


@pytest.fixture(scope="session")
def kafka(servers: Stack) -> Kafka:
    """A broker with its registry. Topics that other tests made may be there: choose names of your own."""
    servers.start("registry")
    return RunningStack(servers).kafka


@pytest.fixture(scope="session")
def postgres(servers: Stack) -> str:
    """The address of a PostgreSQL server for its admin, who may make databases."""
    servers.start("postgres")
    return RunningStack(servers).postgres_url()


@pytest.fixture(scope="session")
def hapi(servers: Stack) -> str:
    """The base address of a HAPI FHIR R4 server."""
    servers.start("hapi")
    return RunningStack(servers).fhir_url


@pytest.fixture(scope="session")
def mongodb(servers: Stack) -> str:
    """The address of a server that speaks MongoDB's protocol."""
    servers.start("mongodb")
    return RunningStack(servers).mongodb_url


@pytest.fixture
def stack(servers: Stack) -> Iterator[RunningStack]:
    """The whole stack with one worker of each stage. What the test does to processes is undone after it."""
    running = RunningStack(servers)
    running.scale(**dict.fromkeys(("extractor", "transformer", "loader_fhir", "loader_mongodb"), 1))
    yield running
    running.repair()
