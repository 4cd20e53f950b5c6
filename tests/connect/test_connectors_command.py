"""`./firth connectors`: the folder's configurations on a real cluster, and what is said of each."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import closing
from io import StringIO
from pathlib import Path

import orjson
import pytest
from rich.console import Console
from typer.testing import CliRunner, Result

from command.connect_client import ConnectCluster
from command.connectors import Configuration, app, apply_all, configurations
from command.stack.places import CACHE, ROOT
from command.stack.stack import Stack
from command.stack.trouble import Trouble
from tests.connect.driving import Cluster, make_source_row, wait_for_source_row
from tests.pipeline.answering import answering
from tests.survival.batches import wait_for


@pytest.fixture
def connect(cluster: Cluster) -> Iterator[ConnectCluster]:
    with closing(ConnectCluster(cluster.url)) as opened:
        yield opened


def said(connect: ConnectCluster, wanted: list[Configuration]) -> list[str]:
    out = StringIO()
    apply_all(connect, wanted, Console(file=out, soft_wrap=True))
    return out.getvalue().splitlines()


def run(*arguments: str, url: str) -> Result:
    """`./firth connectors`, of the cluster at `url` on this machine."""
    return CliRunner().invoke(app, arguments, env={"CONNECT_PORT": url.rpartition(":")[2], "FIRTH_PORT_OFFSET": None})


def answers_of(**states: str) -> dict[str, tuple[int, bytes]]:
    """What a cluster says whose connectors are in these states, each with a task that runs."""
    statuses = {
        name: {"status": {"type": "source", "connector": {"state": state}, "tasks": [{"id": 0, "state": "RUNNING"}]}}
        for name, state in states.items()
    }
    infos = {name: {"info": {"config": {"name": name}}} for name in states}
    ways = {f"/connectors/{name}{way}": (204, b"") for name in states for way in ("", "/restart?includeTasks=true")}
    return ways | {
        "/connectors?expand=status": (200, orjson.dumps(statuses)),
        "/connectors?expand=info": (200, orjson.dumps(infos)),
    }


def test_status_ends_with_1_where_one_failed() -> None:
    with answering(answers_of(one="RUNNING", two="FAILED")) as (url, _):
        every, well = run("status", url=url), run("status", "one", url=url)
    assert (every.exit_code, well.exit_code) == (1, 0)
    assert "two" in every.output
    assert "two" not in well.output


def test_status_of_no_connectors_says_how_to_make_some() -> None:
    with answering(answers_of()) as (url, _):
        said = run("status", url=url)
    assert (said.exit_code, said.output.split(":")[0]) == (0, "no connectors")


def test_restart_restarts_the_chosen_ones_or_all() -> None:
    with answering(answers_of(one="RUNNING", two="FAILED")) as (url, came):
        assert run("restart", "two", url=url).output == "two: restarted\n"
        assert run("restart", url=url).output == "one: restarted\ntwo: restarted\n"
    restarted = [path.split("/")[2] for path, _ in came if "/restart?includeTasks=true" in path]
    assert restarted == ["two", "one", "two"]


@pytest.mark.parametrize("what", ["status", "restart"])
def test_a_connector_that_is_not_there_is_told_with_those_that_are(what: str) -> None:
    with answering(answers_of(one="RUNNING")) as (url, _):
        said = run(what, "two", url=url)
    assert said.exit_code == 1
    assert str(said.exception) == 'there is no connector "two" (there are: one)'


def test_delete_ends_those_that_are_there() -> None:
    with answering(answers_of(one="RUNNING")) as (url, came):
        said = run("delete", "one", "two", url=url)
    assert (said.exit_code, said.output) == (0, "one: deleted\ntwo: is not there\n")
    assert [path for path, _ in came] == ["/connectors?expand=info", "/connectors/one"]


def test_a_file_of_another_shape_is_named(tmp_path: Path) -> None:
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources" / "one.json").write_text('{"tasks.max": 1}')
    with pytest.raises(Trouble, match=r"one\.json: is not"):
        configurations(tmp_path)


def test_two_files_of_one_name_are_refused(tmp_path: Path) -> None:
    for folder in ("sources", "sinks"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "one.json").write_bytes(orjson.dumps({"name": "one", "config": {}}))
    with pytest.raises(Trouble, match="two files are named one"):
        configurations(tmp_path)


def test_changed_settings_are_told_by_name_and_not_by_value() -> None:
    wanted = Configuration("one", {"a": "1", "b": "2", "connection.password": "secret"})
    assert wanted.changes_from({"name": "one", "a": "1", "b": "3", "c": "4"}) == ["b", "c", "connection.password"]


@pytest.mark.parametrize(
    ("trace", "reason"),
    [
        ("x.ConnectException: no table\n\tat x.A(A.java:1)", "no table"),
        (
            "x.ConnectException: wrong: denied; tried 1 time\n\tat x\nCaused by: y.Sql: denied\n",
            "wrong: denied; tried 1 time",
        ),
        ("x.Outer: stopped\n\tat x\nCaused by: y.Mid: m\nCaused by: z.Inner: denied\n\t... 3 more", "stopped: denied"),
    ],
)
def test_a_failure_is_told_without_its_stack_trace(trace: str, reason: str) -> None:
    answer = {
        "one": {
            "status": {
                "type": "source",
                "connector": {"state": "RUNNING"},
                "tasks": [{"id": 0, "state": "FAILED", "trace": trace}],
            }
        }
    }
    answers = {"/connectors?expand=status": (200, orjson.dumps(answer))}
    with answering(answers) as (url, _), closing(ConnectCluster(url)) as connect:
        (status,) = connect.statuses()
    assert (status.state, status.tasks, status.fault, status.is_well) == ("RUNNING", ["FAILED"], reason, False)


@pytest.mark.stack
@pytest.mark.timeout(300)
def test_rows_reach_mongodb_by_jdbc_and_by_debezium_as_the_folder_has_them(
    cluster: Cluster, connect: ConnectCluster, connect_servers: Stack
) -> None:
    make_source_row(connect_servers, "of_connectors")
    wanted = configurations()
    assert said(connect, wanted) == [f"{each.name}: made" for each in wanted]
    wait_for_source_row(connect_servers, "of_connectors")
    assert said(connect, wanted) == [f"{each.name}: is as its file says" for each in wanted]
    changed = Configuration(wanted[0].name, {**wanted[0].settings, "tasks.max": "3"})
    assert said(connect, [changed]) == [f"{changed.name}: changed tasks.max"]
    assert all(each.is_well for each in connect.statuses())


@pytest.mark.stack
def test_the_jars_are_those_that_the_image_of_connect_asks_for(connect_servers: Stack) -> None:
    folder = ROOT / "deploy" / "connect"
    found = subprocess.run([folder / "jars", CACHE], capture_output=True, text=True, check=True).stdout
    assert (folder / "jars.sha256").read_text() == found, "deploy/connect/jars says how to renew them"


@pytest.mark.stack
def test_nothing_is_changed_where_one_configuration_is_wrong(cluster: Cluster, connect: ConnectCluster) -> None:
    right = Configuration("right", cluster.jdbc(mode="bulk", topic_prefix="never-"))
    wrong = Configuration("wrong", cluster.jdbc(mode="timestamp", topic_prefix="never-"))
    with pytest.raises(Trouble, match="nothing was changed") as told:
        said(connect, [right, wrong])
    assert told.value.log == ("wrong: timestamp.column.name: is needed by mode timestamp",)
    assert connect.configurations() == {}


@pytest.mark.stack
@pytest.mark.timeout(300)
def test_a_connector_that_failed_runs_once_its_cause_is_mended_and_it_is_restarted(cluster: Cluster) -> None:
    cluster.execute(
        "create table forgotten (row_id serial primary key)",
        "insert into forgotten default values",
        "create role forgetful login password 'old'",
        "grant select on forgotten to forgetful",
    )
    config = cluster.jdbc(
        mode="incrementing",
        incrementing_column_name="row_id",
        topic_prefix="mended-",
        table_include_list="forgotten",
        connection_user="forgetful",
        connection_password="new",
    )
    assert cluster.put("mended", config).ok
    wait_for(lambda: "FAILED" in cluster.states("mended"), "the failure", 60)
    failed = run("status", "mended", url=cluster.url)
    assert failed.exit_code == 1
    assert "password authentication failed" in failed.output
    cluster.execute("alter role forgetful password 'new'")
    assert run("restart", "mended", url=cluster.url).output == "mended: restarted\n"
    cluster.wait_for("mended-forgotten", 1)
    assert run("status", "mended", url=cluster.url).exit_code == 0
