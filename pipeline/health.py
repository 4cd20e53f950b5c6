"""Health and metrics of a worker over HTTP: /health/live, /health/ready, /metrics.

Live: the loop turns. Ready: it turns, and the group has given it its partitions (which may be none, where
there are more workers than partitions). Waiting for a server behind it makes a worker neither dead nor
unready; it is told, as a metric and in the answer.
"""

from __future__ import annotations

import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

import orjson
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from pipeline.errors import Misconfigured
from pipeline.kafka import STAGE_TIMEOUT

_RECENT: Final = 30.0  # seconds since the last turn within which a worker counts as ready


class Pulse:
    """What the loop tells of itself. Written by the loop (and `stopping` by a signal), read by the server."""

    def __init__(self) -> None:
        self.stopping = False
        self.joined = False
        self.working = False
        self.waiting_for: str | None = None
        self._beat = time.monotonic()

    def beat(self) -> None:
        """The loop turned."""
        self._beat = time.monotonic()

    @property
    def live(self) -> bool:
        """Whether the loop turned within the time that one batch may take."""
        return time.monotonic() - self._beat < STAGE_TIMEOUT

    @property
    def ready(self) -> bool:
        """Whether the worker is in its group and at work, or would be if there were any."""
        return self.joined and self.live and (self.working or time.monotonic() - self._beat < _RECENT)


class HealthServer:
    """Serves `pulse` on a thread of its own, from construction to `close`."""

    def __init__(self, pulse: Pulse, *, host: str, port: int) -> None:
        class Handler(_Handler):
            state = pulse

        try:
            self._server = ThreadingHTTPServer((host, port), Handler)
        except OSError as error:
            raise Misconfigured(
                f"health port {host}:{port} cannot be opened: {error.strerror}: set HEALTH_PORT"
            ) from None
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, name="health", daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        """The port served, also where the settings left it to the system."""
        return int(self._server.server_address[1])

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Handler(BaseHTTPRequestHandler):
    state: Pulse
    timeout = 10

    def do_GET(self) -> None:
        pulse = self.state
        if self.path == "/metrics":
            self._answer(200, generate_latest(), CONTENT_TYPE_LATEST)
        elif self.path in ("/health/live", "/health/ready"):
            well = pulse.live if self.path == "/health/live" else pulse.ready
            body = orjson.dumps({"ok": well, "joined": pulse.joined, "waiting_for": pulse.waiting_for})
            self._answer(200 if well else 503, body, "application/json")
        else:
            self._answer(404, b"", "text/plain")

    def _answer(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 — the parent's name for it
        """Nothing: a probe every second is no news."""
