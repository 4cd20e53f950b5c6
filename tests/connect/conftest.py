"""Kafka Connect on the session's stack, with a database to read from."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from command.stack import postgres, sftp
from command.stack.stack import Stack
from tests.connect.driving import Cluster

DATABASE = "of_connectors"


@pytest.fixture(scope="session")
def connect_servers(servers: Stack) -> Stack:
    """Connect, the broker, PostgreSQL, MongoDB and the SFTP server, running."""
    servers.start("connect", "postgres", "mongodb", "sftp")
    with psycopg.connect(postgres.url(servers.place, servers.ports), autocommit=True) as admin:
        admin.execute(f"create database {DATABASE}")
    return servers


@pytest.fixture
def files(connect_servers: Stack) -> Path:
    """The folder that the SFTP server shows as `/`."""
    return sftp.files(connect_servers.place)


@pytest.fixture
def cluster(connect_servers: Stack) -> Iterator[Cluster]:
    """Connect without a connector. Topics and tables that other tests made may be there: choose names of your own."""
    opened = Cluster(connect_servers, DATABASE)
    yield opened
    opened.delete_all()
