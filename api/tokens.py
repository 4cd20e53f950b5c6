"""Who may ask: bearer tokens, known by their SHA-256 alone.

Tokens are random and long, so a fast hash is enough: nobody can try them all. A caller's token does
everything but read a password; a worker's token reads frozen mappings, credentials, bindings and metrics.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeVar

from flask import Flask, g, request
from itsdangerous import BadData, URLSafeSerializer
from sqlalchemy import Connection, insert, select

from api import state
from api.problems import Problem
from pipeline.settings import Secret

FIRST: Final = "first"
SESSION: Final = 3600  # seconds
_CHALLENGE: Final = {"WWW-Authenticate": 'Bearer realm="firth"'}
_WRONG: Final = {"WWW-Authenticate": 'Bearer realm="firth", error="invalid_token"'}
_LONGEST: Final = 1000

F = TypeVar("F", bound=Callable[..., object])


class Role(StrEnum):
    """What a token is for."""

    CALLER = "caller"
    WORKER = "worker"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, as the audit names it."""

    name: str
    role: Role


class Tokens:
    """The tokens that are valid now. `of` is safe to call from any thread."""

    def __init__(self, *, caller: Secret | None, worker: Secret, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._known: dict[bytes, Caller] = {digest(worker.reveal()): Caller("worker", Role.WORKER)}
        if caller is not None:
            self._known[digest(caller.reveal())] = Caller("caller", Role.CALLER)
        self._given = caller is not None

    def load(self, connection: Connection) -> str | None:
        """Take in the stored tokens, making the first if no caller's token was given and none is stored.

        Returns the token that was made: it is told once and kept nowhere. Within a transaction that holds
        the lock of `state.prepare`, or two processes would make one each.
        """
        if self._given:
            return None
        made: str | None = None
        rows = connection.execute(select(state.tokens)).all()
        if not rows:
            made = secrets.token_urlsafe(32)
            row = {"name": FIRST, "role": Role.CALLER, "digest": digest(made)}
            connection.execute(insert(state.tokens).values(row))
            rows = connection.execute(select(state.tokens)).all()
        self._known = self._known | {bytes(row.digest): Caller(row.name, Role(row.role)) for row in rows}
        return made

    def of(self, token: str) -> Caller | None:
        """Whose token this is. Takes the same time for every wrong token."""
        shown, found = digest(token), None
        for known, caller in self._known.items():
            if hmac.compare_digest(known, shown):
                found = caller
        return found

    def open_session(self, token: str) -> str | None:
        """A token that stands for `token` for an hour, in every process; None where that is not valid itself."""
        caller = self.of(token)
        if caller is None:
            return None
        until = int(self._now()) + SESSION
        return str(_signer(digest(token)).dumps([caller.name, until]))

    def of_session(self, session: str) -> Caller | None:
        """Whose session this is; None where it is over, or none of ours."""
        for known, caller in self._known.items():
            try:
                name, until = _signer(known).loads(session)
            except BadData:
                continue
            return caller if name == caller.name and self._now() < until else None
        return None


def _signer(key: bytes) -> URLSafeSerializer:
    return URLSafeSerializer(key, salt="firth session")


def digest(token: str) -> bytes:
    """What is kept of a token."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def allows(*roles: Role) -> Callable[[F], F]:
    """Mark a route with who may use it: no role at all is everybody. Unmarked routes are for callers."""

    def mark(route: F) -> F:
        vars(route)["allowed"] = roles
        return route

    return mark


everybody: Final = allows()


def roles_of(route: object) -> tuple[Role, ...]:
    """Who may use a route; nobody in particular where everybody may."""
    roles: tuple[Role, ...] = getattr(route, "allowed", (Role.CALLER,))
    return roles


def caller() -> Caller:
    """Who asks in the current request."""
    found: Caller = g.caller
    return found


def install(app: Flask, tokens: Tokens) -> None:
    """Have `app` ask for a token before anything else, unknown addresses included."""

    @app.before_request
    def check() -> None:
        route = app.view_functions.get(request.endpoint or "")
        # That there is no such address, or method, any valid token may know.
        allowed = roles_of(route) if route is not None else tuple(Role)
        if not allowed:
            return
        g.caller = _authenticated(tokens)
        if g.caller.role not in allowed:
            raise Problem("forbidden", f"a {g.caller.role}'s token may not do that")


def bearer(header: str) -> str | None:
    """The token in an Authorization header; None where there is none of this kind."""
    scheme, _, token = header.partition(" ")
    token = token.strip()
    return token if scheme.lower() == "bearer" and token else None


def _authenticated(tokens: Tokens) -> Caller:
    token = bearer(request.headers.get("Authorization", ""))
    if token is None:
        raise Problem("unauthenticated", "send a bearer token", headers=_CHALLENGE)
    found = tokens.of(token) if len(token) <= _LONGEST else None
    if found is None:
        raise Problem("unauthenticated", "this token is not valid", headers=_WRONG)
    return found
