"""The HTTP server: waitress, whose own refusals are problem documents too, and which finishes what it began."""

from __future__ import annotations

import errno
import socket
import threading
import time
from http import HTTPStatus
from typing import Any, Final

import orjson
from flask import Flask
from waitress import wasyncore
from waitress.channel import HTTPChannel
from waitress.server import BaseWSGIServer, create_server
from waitress.task import ErrorTask

from api.problems import CONTENT_TYPE, KINDS
from pipeline.errors import Misconfigured

LOOK: Final = 0.25  # seconds between two looks whether to stop
LINGER: Final = 5.0  # seconds that a client may go on sending what was refused already
LAST_ANSWERS: Final = 10.0  # seconds that requests under way may take once we are to stop
_SLUGS: Final = {HTTPStatus.BAD_REQUEST: "bad-request", HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "too-large"}


class _Refusal(ErrorTask):  # type: ignore[misc]
    """What waitress refuses before the application sees it: no HTTP, headers or bodies without end."""

    def execute(self) -> None:
        status = HTTPStatus(self.request.error.code)
        slug = _SLUGS.get(status)
        kind = {"type": f"/problems/{slug}" if slug else "about:blank", "status": status}
        kind["title"] = KINDS[slug].title if slug else status.phrase
        body = orjson.dumps(kind | {"detail": status.description or status.phrase})
        self.status = f"{status.value} {status.phrase}"
        self.response_headers.append(("Content-Type", CONTENT_TYPE))
        self.set_close_on_finish()
        self.content_length = len(body)
        self.channel.refused = True
        self.write(body)


class _Channel(HTTPChannel):  # type: ignore[misc]
    """A connection that stays half open for a while after a refusal. Closed at once, while the client still
    sends a body that nobody wants, it would be reset, and the client would never see why."""

    error_task_class = _Refusal
    refused = False
    _lingers_until: float | None = None

    def readable(self) -> bool:
        return self._lingers_until is not None or bool(super().readable())

    def writable(self) -> bool:
        if self._lingers_until is not None:
            return time.monotonic() > self._lingers_until
        return bool(super().writable())

    def handle_read(self) -> None:
        if self._lingers_until is None:
            super().handle_read()
        else:
            self._discard()

    def handle_write(self) -> None:
        if self._lingers_until is not None:
            self.handle_close()
        elif self.refused and self.close_when_flushed:
            self._flush_exception(self._flush_some)
            if not self.total_outbufs_len:
                self._linger()
        else:
            super().handle_write()

    def _linger(self) -> None:
        try:
            self.socket.shutdown(socket.SHUT_WR)
        except OSError:
            self.handle_close()
        else:
            self._lingers_until = time.monotonic() + LINGER

    def _discard(self) -> None:
        try:
            self.recv(self.adj.recv_bytes)  # closes, when the client has
        except OSError:
            self.handle_close()


class Server:
    """An application behind one listening socket, bound at once."""

    def __init__(self, app: Flask, *, host: str, port: int, threads: int, body_limit: int) -> None:
        self._sockets: dict[int, Any] = {}
        try:
            self._server = create_server(
                app,
                map=self._sockets,
                host=host,
                port=port,
                threads=threads,
                # The application refuses what is too large; this is for bodies that don't tell their length.
                max_request_body_size=body_limit + 1,
                channel_timeout=60,
                ident="firth",
                clear_untrusted_proxy_headers=True,
            )
        except OSError as error:
            wasyncore.close_all(self._sockets)
            in_use = error.errno == errno.EADDRINUSE
            remedy = "is in use: stop what listens there, or set API_PORT" if in_use else f"cannot be had: {error}"
            raise Misconfigured(f"port {port} of {host} {remedy}") from None
        # A name such as localhost may stand for several addresses, each with a listener of its own.
        self._listeners = [each for each in self._sockets.values() if isinstance(each, BaseWSGIServer)]
        for listener in self._listeners:
            listener.channel_class = _Channel

    def run(self, stopping: threading.Event) -> None:
        """Serve until `stopping`; then take no more requests, and return when those under way are answered."""
        while not stopping.is_set():
            self._step()
        for listener in self._listeners:
            listener.del_channel()
            listener.socket.close()
        until = time.monotonic() + LAST_ANSWERS
        while self._busy() and time.monotonic() < until:
            self._step()
        self._server.task_dispatcher.shutdown(timeout=1)
        wasyncore.close_all(self._sockets)

    def _step(self) -> None:
        wasyncore.loop(timeout=LOOK, use_poll=True, map=self._sockets, count=1)

    def _busy(self) -> bool:
        channels = [each for each in self._sockets.values() if isinstance(each, HTTPChannel)]
        return any(channel.requests or channel.total_outbufs_len for channel in channels)
