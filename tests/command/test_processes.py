"""Starting, knowing and stopping single processes."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading

import orjson
import pytest

from command.stack import processes
from command.stack.places import Place
from command.stack.processes import Server
from command.stack.trouble import Trouble
from tests.command.conftest import LISTEN, MakeServer


def start(place: Place, server: Server) -> processes.Started:
    started = processes.launch(place, server)
    processes.wait_until_ready(place, server, started, given_up=threading.Event())
    return started


def test_a_started_server_is_known_by_its_note_and_gone_after_stop(place: Place, make_server: MakeServer) -> None:
    started = start(place, make_server("one"))
    assert processes.running(place, "one") == started
    processes.stop(place, "one")
    assert not processes.alive(started)
    assert processes.noted(place) == {}


def test_a_port_in_use_is_told_with_who_uses_it(place: Place, make_server: MakeServer) -> None:
    server = make_server("one")
    port = server.ports["ONE_PORT"]
    with socket.create_server(("127.0.0.1", port)), pytest.raises(Trouble) as caught:
        processes.launch(place, server)
    assert str(caught.value).startswith(f"port {port} is in use by ")
    assert str(caught.value).endswith(f" (pid {os.getpid()}): stop it, or set ONE_PORT")


def test_a_server_that_dies_at_start_is_told_with_the_end_of_its_log(place: Place, make_server: MakeServer) -> None:
    server = make_server("one", code="raise SystemExit('no such file: settings')")
    with pytest.raises(Trouble, match="one: stopped before it was ready") as caught:
        start(place, server)
    assert caught.value.log == ("no such file: settings",)


def test_the_frames_of_a_java_stack_trace_do_not_hide_what_it_says(place: Place, make_server: MakeServer) -> None:
    code = r"print('Caused by: no such role'); [print('\tat org.Some.frame') for _ in range(99)]; raise SystemExit"
    with pytest.raises(Trouble) as caught:
        start(place, make_server("one", code=code))
    assert caught.value.log == ("Caused by: no such role",)


def test_a_server_that_dies_of_a_full_disk_is_told_as_that(place: Place, make_server: MakeServer) -> None:
    with pytest.raises(Trouble, match="full: make room"):
        start(place, make_server("one", code="raise SystemExit('write: No space left on device')"))


def test_a_server_that_never_answers_is_told_when_its_time_is_over(place: Place, make_server: MakeServer) -> None:
    with pytest.raises(Trouble, match="one: not ready after 0 s"):
        start(place, make_server("one", code="import time; time.sleep(600)", patience=0.3))


def test_a_process_that_took_over_the_id_of_a_dead_one_is_never_signalled(place: Place) -> None:
    with subprocess.Popen([sys.executable, "-S", "-c", "input()"], stdin=subprocess.PIPE) as stranger:
        note = {"pid": stranger.pid, "mark": "of another process", "needs": [], "ports": {}, "stop": "SIGKILL"}
        (place.run / "one.json").write_bytes(orjson.dumps(note))
        assert processes.running(place, "one") is None
        processes.stop(place, "one")
        assert stranger.poll() is None
        stranger.communicate(b"\n")
        assert stranger.returncode == 0


def test_a_killed_server_is_noted_but_not_running(place: Place, make_server: MakeServer) -> None:
    started = start(place, make_server("one"))
    os.kill(started.pid, signal.SIGKILL)
    assert processes.gone(started, 10)
    assert processes.running(place, "one") is None
    assert list(processes.noted(place)) == ["one"]


def test_a_server_deaf_to_sigterm_is_killed(place: Place, make_server: MakeServer) -> None:
    started = start(place, make_server("one", code=f"import signal; signal.signal(15, signal.SIG_IGN)\n{LISTEN}"))
    processes.stop(place, "one", kill_after=0.3)
    assert not processes.alive(started)


def test_a_sleeping_server_is_woken_to_stop(place: Place, make_server: MakeServer) -> None:
    started = start(place, make_server("one"))
    os.kill(started.pid, signal.SIGSTOP)
    processes.stop(place, "one", kill_after=60)
    assert not processes.alive(started)


def test_the_log_of_the_start_before_is_kept(place: Place, make_server: MakeServer) -> None:
    for text in ("first", "second"):
        with pytest.raises(Trouble):
            start(place, make_server("one", code=f"print('{text}')"))
    assert processes.log_file(place, "one").read_text() == "second\n"
    assert (place.logs / "one.1.log").read_text() == "first\n"


def test_the_last_lines_of_a_long_log_are_read_from_its_end(place: Place) -> None:
    log = processes.log_file(place, "one")
    log.write_text("".join(f"{number} {'x' * 100}\n" for number in range(10_000)))
    assert [line.split()[0] for line in processes.last_lines(log, 2)] == ["9998", "9999"]
