"""Starting several servers in the order of their needs, again after some died, and stopping them."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from command.stack import processes, services
from command.stack.places import Place
from command.stack.ports import Ports
from command.stack.stack import Stack, start_all, stop_all
from command.stack.trouble import Trouble
from tests.command.conftest import MakeServer


class Seen:
    """What a watch heard, in order."""

    def __init__(self) -> None:
        self.changes: list[tuple[str, str]] = []
        self._lock = threading.Lock()

    def __call__(self, name: str, state: str) -> None:
        with self._lock:
            self.changes.append((name, state))


def test_a_server_starts_when_what_it_needs_is_ready(place: Place, make_server: MakeServer) -> None:
    seen = Seen()
    start_all(place, [make_server("broker"), make_server("registry", needs=["broker"])], seen)
    assert seen.changes.index(("broker", "ready")) < seen.changes.index(("registry", "starting"))


def test_what_runs_stays_and_what_died_is_started(place: Place, make_server: MakeServer) -> None:
    servers = [make_server("broker"), make_server("worker", needs=["broker"])]
    start_all(place, servers)
    broker, worker = (processes.noted(place)[name].started for name in ("broker", "worker"))
    os.kill(worker.pid, signal.SIGKILL)
    assert processes.gone(worker, 10)
    start_all(place, servers)
    assert processes.running(place, "broker") == broker
    assert processes.running(place, "worker") not in (None, worker)


def test_a_failure_stops_those_that_need_it_and_no_others(place: Place, make_server: MakeServer) -> None:
    servers = [
        make_server("broker", code="raise SystemExit('out of luck')"),
        make_server("database"),
        make_server("registry", needs=["broker"]),
        make_server("worker", needs=["registry", "database"]),
    ]
    seen = Seen()
    with pytest.raises(Trouble, match="broker: stopped before it was ready"):
        start_all(place, servers, seen)
    assert processes.running(place, "database") is not None
    assert {("database", "ready"), ("registry", "stopped"), ("worker", "stopped")} <= set(seen.changes)
    assert processes.running(place, "registry") is None


def test_a_full_disk_while_starting_is_a_sentence(place: Place, make_server: MakeServer) -> None:
    def no_room() -> None:
        raise OSError(28, os.strerror(28))

    broker = make_server("broker")
    object.__setattr__(broker, "prepare", no_room)
    with pytest.raises(Trouble, match="full: make room"):
        start_all(place, [broker])


def test_servers_stop_before_what_they_need(place: Place, make_server: MakeServer) -> None:
    start_all(place, [make_server("broker"), make_server("registry", needs=["broker"]), make_server("database")])
    seen = Seen()
    stop_all(place, processes.noted(place), seen)
    names = [name for name, _ in seen.changes]
    assert sorted(names) == ["broker", "database", "registry"]
    assert names.index("registry") < names.index("broker")


def test_a_server_that_runs_on_another_port_than_asked_for_is_told(place: Place, make_server: MakeServer) -> None:
    before, after = make_server("kafka"), make_server("kafka")
    start_all(place, [before])
    here, there = before.ports["KAFKA_PORT"], after.ports["KAFKA_PORT"]
    with pytest.raises(Trouble, match=f"kafka runs on port {here}, not {there}: set KAFKA_PORT or FIRTH_PORT_OFFSET"):
        start_all(place, [after])


def test_a_stack_remembers_how_many_workers_were_started(place: Place, make_server: MakeServer) -> None:
    start_all(place, [make_server("transformer"), make_server("transformer-2"), make_server("extractor")])
    assert Stack(place, Ports(), {}).as_noted().workers == {"transformer": 2, "extractor": 1}
    assert Stack(place, Ports(), {"transformer": 1}).as_noted().workers["transformer"] == 1


def test_workers_of_a_stage_have_a_slot_and_a_port_each(place: Place) -> None:
    servers = {server.name: server for server in services.servers(place, Ports(), {"transformer": 3})}
    workers = [servers[name] for name in ("transformer", "transformer-2", "transformer-3")]
    assert [worker.environment["WORKER_SLOT"] for worker in workers] == ["0", "1", "2"]
    assert len({worker.environment["HEALTH_PORT"] for worker in servers.values() if worker.name != "api"}) == 7


@pytest.mark.parametrize(
    ("workers", "sentence"),
    [({"transformers": 2}, 'there is no "transformers"'), ({"transformer": 0}, "from 1 to 10")],
)
def test_workers_that_cannot_be_are_told(place: Place, workers: dict[str, int], sentence: str) -> None:
    with pytest.raises(Trouble, match=sentence):
        services.servers(place, Ports(), workers)
