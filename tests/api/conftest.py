"""What tests of the api ask for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine

from api.state import connect, prepare
from command.stack import downloads
from command.stack.stack import Stack
from pipeline.service_settings import KafkaSettings, RegistrySettings, TopicSettings
from pipeline.settings import Secret
from pipeline.topic_maker import ensure_topics
from tests.api.running import Api, client, new_database
from tests.stack import Kafka, RunningStack


@pytest.fixture
def alone() -> FlaskClient:
    """An application with nothing behind it."""
    return client()


@pytest.fixture
def database_url(postgres: str) -> str:
    """An empty database."""
    return new_database(postgres)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """A database with the api's tables."""
    made = connect(Secret(database_url), pool_size=2)
    with made.begin() as connection:
        prepare(connection)
    yield made
    made.dispose()


@pytest.fixture
def quiet_kafka(kafka: Kafka, servers: Stack) -> Kafka:
    """The broker with our topics, and no worker of the stack that would answer the triggers of a test."""
    stack = RunningStack(servers)
    for name in ("extractor", "live", "transformer", "loader-fhir", "loader-mongodb"):
        if stack.is_running(name):
            stack.stop(name)
    ensure_topics(KafkaSettings(bootstrap_servers=kafka.bootstrap_servers), TopicSettings())
    return kafka


@pytest.fixture
def served(engine: Engine, quiet_kafka: Kafka) -> FlaskClient:
    """An application with PostgreSQL and Kafka behind it."""
    return client(
        engine=engine,
        kafka=KafkaSettings(bootstrap_servers=quiet_kafka.bootstrap_servers),
        registry=RegistrySettings(url=quiet_kafka.registry_url),
    )


@pytest.fixture
def start_api(database_url: str, quiet_kafka: Kafka, tmp_path: Path) -> Iterator[Callable[..., Api]]:
    """Starts api processes over one database; those still there are ended after the test."""
    started: list[Api] = []

    def start(**settings: str) -> Api:
        api = Api(tmp_path, database_url=database_url, kafka=quiet_kafka, definitions=downloads.DEFINITIONS, **settings)
        started.append(api.start())
        return api

    yield start
    for api in started:
        api.end()
