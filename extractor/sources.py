"""The connections to sources, one each, made when asked for."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

import psycopg
from psycopg import IsolationLevel
from psycopg.conninfo import make_conninfo

from extractor.postgres import Database
from extractor.settings import SourceSettings
from extractor.source import SourceAway
from extractor.values import adapters, expect_any_bytes
from mapping.credential import Credential
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


class Sources:
    """The connections of this process, one a source, made when first asked for.

    `credential_of` asks the api, `secret_of` the extractor's environment. One thread at a time.
    """

    def __init__(
        self,
        settings: SourceSettings,
        *,
        credential_of: Callable[[str], Credential],
        secret_of: Callable[[str], str | None],
    ) -> None:
        self._settings = settings
        self._credential_of = credential_of
        self._secret_of = secret_of
        self._open: dict[str, tuple[Credential, Database]] = {}

    def database(self, source_id: str, *, fresh: bool) -> Database:
        """The source's database. `fresh` asks the api whether the login has changed since.

        Raises SourceAway while the source cannot be reached, InvalidRecord (`source-refused`) when it does not
        take us in, and what asking for the login raises.
        """
        credential, database = self._open.get(source_id, (None, None))
        if database is not None and database.is_open and not fresh:
            return self._keep(source_id)
        current = self._credential_of(source_id)
        if database is not None and database.is_open and credential == current:
            return self._keep(source_id)
        self._drop(source_id)
        made = self._connect(source_id, current)
        self._open[source_id] = (current, made)
        while len(self._open) > self._settings.connections:
            self._drop(next(iter(self._open)))
        return made

    def close(self) -> None:
        """Let all connections go."""
        for source_id in list(self._open):
            self._drop(source_id)

    def _keep(self, source_id: str) -> Database:
        self._open[source_id] = self._open.pop(source_id)  # the one used last goes last
        return self._open[source_id][1]

    def _drop(self, source_id: str) -> None:
        _, database = self._open.pop(source_id, (None, None))
        if database is not None:
            database.close()

    def _connect(self, source_id: str, credential: Credential) -> Database:
        where = f'source "{source_id}" at {credential.host}:{credential.port}'
        try:
            connection = psycopg.connect(self._address(credential), context=adapters())
        except psycopg.Error as error:
            raise _unreached(where, str(error)) from None
        connection.prepare_threshold = None  # plans are made for the keys at hand
        if connection.info.parameter_status("server_encoding") == "SQL_ASCII":
            expect_any_bytes(connection)
            connection.commit()
        connection.isolation_level = IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        return Database(connection, statement_timeout=self._settings.statement_timeout)

    def _address(self, credential: Credential) -> str:
        return make_conninfo(
            host=credential.host,
            port=credential.port,
            dbname=credential.database,
            user=credential.login,
            password=self._password(credential),
            sslmode=self._settings.ssl_mode,
            sslrootcert=self._settings.ssl_ca_location,
            connect_timeout=10,
            client_encoding="UTF8",
            application_name="firth extractor",
            # A server that vanished without a word is noticed within a minute.
            keepalives_idle=30,
            keepalives_interval=10,
            keepalives_count=3,
        )

    def _password(self, credential: Credential) -> str | None:
        if credential.password_secret is None:
            return credential.password
        password = self._secret_of(credential.password_secret)
        if password is None:
            sentence = (
                f"{credential.password_secret} (or {credential.password_secret}_FILE) is not set for the extractor"
            )
            raise InvalidRecord(sentence, reason="source-refused")
        return password


def _unreached(where: str, said: str) -> InvalidRecord | SourceAway:
    # What the server said may name the login: told in our own words.
    if REFUSED.search(said):
        sentence = f"{where} refuses the login: check address, database, login and password of its credential"
        return InvalidRecord(sentence, reason="source-refused")
    why = next((words for pattern, words in AWAY if re.search(pattern, said, re.IGNORECASE)), "no connection")
    return SourceAway(f"{where} cannot be reached: {why}")
