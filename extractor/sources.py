"""The connections to sources, one each, made when asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from extractor.login import Connect, Login
from extractor.settings import SourceSettings
from extractor.source import Database
from mapping.credential import Credential
from pipeline.errors import InvalidRecord


class Sources:
    """The connections of this process, one a source, made when first asked for.

    `credential_of` asks the api, `secret_of` the extractor's environment; `connectors` are the databases there are,
    by the model in a credential. One thread at a time.
    """

    def __init__(
        self,
        settings: SourceSettings,
        *,
        credential_of: Callable[[str], Credential],
        secret_of: Callable[[str], str | None],
        connectors: Mapping[str, Connect],
    ) -> None:
        self._settings = settings
        self._connectors = connectors
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
        connect = self._connectors.get(credential.model)
        if connect is None:
            sentence = f"{where}: no package for {credential.model} is installed with the extractor"
            raise InvalidRecord(sentence, reason="source-refused")
        return connect(Login(where, credential, self._password(credential), self._settings))

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
