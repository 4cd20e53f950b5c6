"""A FHIR server in memory, and a front before any FHIR server that answers amiss when told to."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeAlias
from urllib.parse import parse_qs

from pipeline.http_session import http_session


@dataclass(frozen=True)
class Reply:
    """An answer. `hang` waits that long before it; `drop` closes the connection instead of answering."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    hang: float = 0.0
    drop: bool = False


@dataclass(frozen=True)
class Ask:
    """A request as a server sees it; `path` without the base address's."""

    method: str
    path: str
    body: bytes
    headers: dict[str, str]

    @property
    def is_bundle(self) -> bool:
        return self.method == "POST" and self.path == ""

    @property
    def entries(self) -> list[dict[str, Any]]:
        return list(json.loads(self.body)["entry"]) if self.is_bundle else []


Server: TypeAlias = Callable[[Ask], Reply]


def outcome(code: str = "processing", **more: Any) -> bytes:
    issue = {"severity": "error", "code": code} | more
    return json.dumps({"resourceType": "OperationOutcome", "issue": [issue]}).encode()


class MemoryFhir:
    """What the loader uses of a FHIR server: transactions of PUT and DELETE, reads and searches by id.

    Refuses resources of a `status` that is "refuse-me". Runs the sink's contract tests, as HAPI does.
    """

    def __init__(self) -> None:
        self._versions: dict[str, list[dict[str, Any] | None]] = {}
        self._lock = threading.Lock()

    def __call__(self, ask: Ask) -> Reply:
        with self._lock:
            if ask.is_bundle:
                return self._transact(ask)
            if ask.path.endswith("/_search"):
                return self._search(ask)
            versions = self._versions.get(ask.path.strip("/"))
            if versions is None:
                return Reply(404, outcome("not-found"))
            if versions[-1] is None:
                return Reply(410, outcome("deleted"), {"Location": f"{ask.path}/_history/{len(versions)}"})
            return Reply(200, json.dumps(versions[-1]).encode())

    def _transact(self, ask: Ask) -> Reply:
        try:
            entries = ask.entries
        except (ValueError, KeyError):
            return Reply(400, outcome("invalid"))
        urls = [entry["request"]["url"] for entry in entries]
        if len(set(urls)) < len(urls):
            return Reply(400, outcome())
        for entry in entries:
            stands = len(self._versions.get(entry["request"]["url"], ()))
            match = entry["request"].get("ifMatch")
            if match is not None and match != f'W/"{stands}"':
                return Reply(409, outcome("conflict"))
            resource = entry.get("resource", {})
            if resource.get("language") == "refuse-me":
                where = f"{resource['resourceType']}.language"
                return Reply(422, outcome("code-invalid", diagnostics="no: Mrs Jones", expression=[where]))
        for entry in entries:
            versions = self._versions.setdefault(entry["request"]["url"], [])
            new = entry.get("resource")
            if not versions or versions[-1] != new:
                versions.append(new)
        return Reply(200, b'{"resourceType":"Bundle","type":"transaction-response"}')

    def _search(self, ask: Ask) -> Reply:
        resource_type = ask.path.split("/")[1]
        entries = []
        for resource_id in parse_qs(ask.body.decode())["_id"][0].split(","):
            versions = self._versions.get(f"{resource_type}/{resource_id}", [None])
            if versions[-1] is not None:
                meta = {"versionId": str(len(versions))}
                entries.append({"resource": versions[-1] | {"meta": meta}, "search": {"mode": "match"}})
        return Reply(200, json.dumps({"resourceType": "Bundle", "type": "searchset", "entry": entries}).encode())


def real(base: str) -> Server:
    """A server that is reached over the network."""
    session = http_session()
    kept = ("Content-Type", "Cache-Control", "Prefer")

    def server(ask: Ask) -> Reply:
        headers = {name: ask.headers[name] for name in kept if name in ask.headers} | {"Accept-Encoding": "identity"}
        answer = session.request(ask.method, base + ask.path, data=ask.body, headers=headers, timeout=30)
        passed = {name: answer.headers[name] for name in ("Location", "Content-Type") if name in answer.headers}
        return Reply(answer.status_code, answer.content, passed)

    return server


class Front:
    """An HTTP server before `behind`. Every request is kept in `asked`.

    `amiss` is asked first: what it answers is sent in place of the server's own answer, after the server has
    done its work if the reply says `hang` (a server that is late has not been idle).
    """

    def __init__(self, behind: Server) -> None:
        self.asked: list[Ask] = []
        self.amiss: Callable[[Ask], Reply | None] = lambda _: None
        self._behind = behind

    @property
    def bundles(self) -> list[Ask]:
        return [ask for ask in self.asked if ask.is_bundle]

    def answer(self, ask: Ask) -> Reply:
        self.asked.append(ask)
        amiss = self.amiss(ask)
        if amiss is None:
            return self._behind(ask)
        if amiss.hang:
            late = self._behind(ask)
            time.sleep(amiss.hang)
            return late
        return amiss


def in_turn(*replies: Reply | None) -> Callable[[Ask], Reply | None]:
    """Amiss bundles: the given replies one after the other, then none."""
    waiting = iter(replies)
    return lambda ask: next(waiting, None) if ask.is_bundle else None


@contextmanager
def serving(front: Front) -> Iterator[str]:
    """The front's base address, while it serves."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            path = self.path.removeprefix("/fhir")
            reply = front.answer(Ask(self.command, path, self.rfile.read(length), dict(self.headers)))
            if reply.drop:
                self.close_connection = True
                return
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            self.wfile.write(reply.body)

        do_GET = do_POST = do_PUT = do_DELETE = _answer  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Nothing: what a test needs to know is in `asked`."""

        def handle(self) -> None:
            try:
                super().handle()
            except ConnectionError:  # the client gave up waiting, as some tests make it
                self.close_connection = True

    class Http(ThreadingHTTPServer):
        daemon_threads = True

    server = Http(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/fhir"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
