"""The command line as a whole: what it does with trouble, and with what it does not know."""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import CliRunner

from command import __main__ as command_line
from command.demo.bad_rows import PATIENTS_NEEDED
from command.stack import processes
from command.stack.places import Place
from command.stack.processes import Server
from command.stack.stack import State
from command.stack.trouble import Trouble
from tests.command.conftest import MakeServer

runner = CliRunner()


@pytest.fixture(autouse=True)
def users_place(place: Place, monkeypatch: pytest.MonkeyPatch) -> Place:
    """The user's stack, of which nothing was started yet."""
    monkeypatch.setattr(command_line, "USERS_STACK", place)
    return place


def ended(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[object, str]:
    """The exit code of the whole process, and what it wrote to standard error."""
    monkeypatch.setattr("sys.argv", ["firth", *arguments])
    with pytest.raises(SystemExit) as exit_, command_line.err.capture() as written:
        command_line.main()
    return exit_.value.code, written.get() + capsys.readouterr().err


def test_trouble_is_a_sentence_with_the_last_lines_of_a_log_and_exit_code_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails() -> None:
        raise Trouble("port 8080 is in use: stop it", log=["its last words"])

    monkeypatch.setattr(command_line, "users_stack", fails)
    code, written = ended(monkeypatch, capsys, "down")
    assert (code, written) == (1, "firth: port 8080 is in use: stop it\n    its last words\n")


def test_a_full_disk_is_a_sentence_and_exit_code_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails() -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(command_line, "users_stack", fails)
    code, written = ended(monkeypatch, capsys, "down")
    assert code == 1
    assert "full: make room" in written


def test_a_word_that_is_no_command_is_told_and_exit_code_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, written = ended(monkeypatch, capsys, "strat")
    assert code == 2
    assert "No such command 'strat'" in written


def test_help_names_every_command() -> None:
    shown = runner.invoke(command_line.app, ["--help"])
    assert shown.exit_code == 0
    for name in (
        "up",
        "down",
        "status",
        "logs",
        "demo",
        "batch",
        "preview",
        "mapping",
        "binding",
        "connectors",
        "test",
    ):
        assert f" {name} " in shown.output


def test_status_of_nothing_says_what_to_type_and_ends_with_1() -> None:
    with command_line.out.capture() as written:
        assert runner.invoke(command_line.app, ["status"]).exit_code == 1
    assert written.get() == "nothing is running: ./firth up starts it\n"


@dataclass(frozen=True)
class Standing:
    """A stack of two, one of them ready."""

    servers: Sequence[Server]
    of_second: State

    def states(self) -> Sequence[tuple[Server, State]]:
        return list(zip(self.servers, ("ready", self.of_second), strict=True))


@pytest.mark.parametrize(("state", "code"), [("ready", 0), ("died", 1), ("stopped", 1), ("not answering", 1)])
def test_status_ends_with_1_unless_all_is_ready(
    place: Place, make_server: MakeServer, monkeypatch: pytest.MonkeyPatch, state: State, code: int
) -> None:
    two = [make_server("one"), make_server("two")]
    processes.launch(place, two[0])
    monkeypatch.setattr(command_line, "users_stack", lambda: Standing(two, state))
    with command_line.out.capture() as written:
        assert runner.invoke(command_line.app, ["status"]).exit_code == code
    assert state in written.get()


def test_down_stops_what_runs_and_says_so(place: Place, make_server: MakeServer) -> None:
    started = processes.launch(place, make_server("somebody"))
    with command_line.out.capture() as written:
        assert runner.invoke(command_line.app, ["down"]).exit_code == 0
        assert runner.invoke(command_line.app, ["down"]).exit_code == 0
    assert written.get() == "stopped somebody\nnothing was running\n"
    assert processes.gone(started, 0)


def test_the_last_lines_of_a_log_are_printed(place: Place) -> None:
    processes.log_file(place, "api").write_text("one\ntwo\nthree\n")
    assert runner.invoke(command_line.app, ["logs", "api", "-n", "2"]).output == "two\nthree\n"


def test_a_log_that_is_not_there_is_told_with_those_that_are(place: Place) -> None:
    assert "nothing was started yet" in str(runner.invoke(command_line.app, ["logs", "ipa"]).exception)
    for name in ("hapi", "api", "api.1"):
        Path(place.logs / f"{name}.log").touch()
    assert str(runner.invoke(command_line.app, ["logs", "ipa"]).exception) == (
        "ipa: has written no log (there are: api, hapi)"
    )


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("transformer", '--workers: "transformer" is not of the form transformer=2'),
        ("transformer=x", '--workers: "transformer=x" is not of the form transformer=2'),
        ("transformer=-1", '--workers: "transformer=-1" is not of the form transformer=2'),
    ],
)
def test_a_number_of_workers_has_a_form(given: str, said: str) -> None:
    assert str(runner.invoke(command_line.app, ["up", "--workers", given]).exception) == said


def test_a_demo_too_small_for_its_bad_rows_is_refused_before_anything_starts() -> None:
    refused = runner.invoke(command_line.app, ["demo", "--patients", str(PATIENTS_NEEDED - 1)])
    assert refused.exit_code == 2
    assert f"greater than or equal to {PATIENTS_NEEDED}" in refused.output


def test_a_benchmark_that_there_is_not_is_told_with_those_that_are() -> None:
    assert 'there is no benchmark "engin" (there are: loop,' in str(
        runner.invoke(command_line.app, ["bench", "engin"]).exception
    )
