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

from command.connect_client import ConnectCluster
from command.connectors import Configuration, apply_all, configurations
from command.stack.places import CACHE, ROOT
from command.stack.stack import Stack
from command.stack.trouble import Trouble
from tests.connect.driving import Cluster, make_source_row, wait_for_source_row
from tests.pipeline.answering import answering


@pytest.fixture
def connect(cluster: Cluster) -> Iterator[ConnectCluster]:
    with closing(ConnectCluster(cluster.url)) as opened:
        yield opened


def said(connect: ConnectCluster, wanted: list[Configuration]) -> list[str]:
    out = StringIO()
    apply_all(connect, wanted, Console(file=out, soft_wrap=True))
    return out.getvalue().splitlines()


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
