"""Logging in to a source in PostgreSQL."""

from __future__ import annotations

import re
from typing import Final

import psycopg
from psycopg import IsolationLevel
from psycopg.conninfo import make_conninfo

from extractor.login import Login
from extractor.postgres import Database
from extractor.source import SourceAway
from extractor.values import adapters, expect_any_bytes
from pipeline.errors import InvalidRecord

# What a server says when it takes nobody in by this address, name and password. In its own language: others
# than English are retried until our patience is over.
REFUSED: Final = re.compile(
    r"authentication failed|no password supplied|role .* (does not exist|is not permitted)|no pg_hba\.conf entry"
    r"|database .* does not exist|permission denied for database|server does not support SSL|certificate",
    re.IGNORECASE,
)

# Why a source is away, in our own words: libpq's name the login.
AWAY: Final = (
    ("connection refused", "nobody listens there"),
    ("translate host name", "unknown host"),
    ("timeout|timed out", "no answer"),
    ("starting up|shutting down|recovery", "it is starting or stopping"),
    ("too many|remaining connection slots", "it is out of connections"),
)


def connect(login: Login) -> Database:
    """A connection whose transactions see one moment, and write nothing. See `extractor.login.Connect`."""
    try:
        connection = psycopg.connect(_address(login), context=adapters())
    except psycopg.Error as error:
        raise _unreached(login.where, str(error)) from None
    connection.prepare_threshold = None  # plans are made for the keys at hand
    if connection.info.parameter_status("server_encoding") == "SQL_ASCII":
        expect_any_bytes(connection)
        connection.commit()
    connection.isolation_level = IsolationLevel.REPEATABLE_READ
    connection.read_only = True
    return Database(connection, statement_timeout=login.settings.statement_timeout)


def _address(login: Login) -> str:
    credential, settings = login.credential, login.settings
    return make_conninfo(
        host=credential.host,
        port=credential.port,
        dbname=credential.database,
        user=credential.login,
        password=login.password,
        sslmode=settings.ssl_mode,
        sslrootcert=settings.ssl_ca_location,
        connect_timeout=10,
        client_encoding="UTF8",
        application_name="firth extractor",
        # A server that vanished without a word is noticed within a minute.
        keepalives_idle=30,
        keepalives_interval=10,
        keepalives_count=3,
    )


def _unreached(where: str, said: str) -> InvalidRecord | SourceAway:
    # What the server said may name the login: told in our own words.
    if REFUSED.search(said):
        sentence = f"{where} refuses the login: check address, database, login and password of its credential"
        return InvalidRecord(sentence, reason="source-refused")
    why = next((words for pattern, words in AWAY if re.search(pattern, said, re.IGNORECASE)), "no connection")
    return SourceAway(f"{where} cannot be reached: {why}")
