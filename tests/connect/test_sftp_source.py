"""The SFTP source connector in a real Connect worker, on a real SFTP server."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from command.connectors import configurations
from command.stack import sftp
from command.stack.sftp import drop
from hl7v2 import parse, reader, split
from tests.connect.driving import SFTP, Cluster, Sent
from tests.connect.loads import lines
from tests.connect.workers import jmx
from tests.stack import RunningStack
from tests.survival.batches import wait_for
from tests.utils.create_file_sftp import hl7

pytestmark = [pytest.mark.stack, pytest.mark.timeout(900)]


def names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir() if file.is_file()) if folder.exists() else []


def test_a_configuration_as_fhir_river_has_them_runs(cluster: Cluster, files: Path) -> None:
    ports, place = cluster.stack.ports, cluster.stack.place
    river = {
        "errors.log.enable": "true",
        "tasks.max": "1",
        "connector.class": SFTP,
        "cleanup.policy": "MOVE",
        "behavior.on.error": "IGNORE",
        "input.path": "/upload/data",
        "error.path": "/upload/error",
        "finished.path": "/upload/finished",
        "empty.poll.wait.ms": "1000",
        "input.file.pattern": "^.*\\.csv$",
        "sftp.username": sftp.USER,
        "sftp.password": place.secret("sftp-password"),
        "sftp.host": "127.0.0.1",
        "sftp.port": str(ports.sftp),
        "kafka.topic": "sftp-ambroise-pare",
        "csv.first.row.as.header": "false",
        "value.schema": '{"name":"defaultvalueschemaname","type":"STRUCT","isOptional":false,"fieldSchemas":'
        '{"name":{"type":"STRING","isOptional":true},"disease":{"type":"STRING","isOptional":true}}}',
        "key.schema": '{"name":"csv-test","type":"STRUCT","isOptional":false,"fieldSchemas":{}}',
    }
    drop(files / "upload/data", 'it\'s "one".csv', b'Ann,cold\nonly a name\nBob,"flu, bad"\n')
    cluster.run("CsvSFTP", river)
    assert list(cluster.wait_for("sftp-ambroise-pare", 2)) == [
        Sent({"file": 'it\'s "one".csv', "line": 1}, {"name": "Ann", "disease": "cold"}),
        Sent({"file": 'it\'s "one".csv', "line": 3}, {"name": "Bob", "disease": "flu, bad"}),
    ]
    (letter,) = cluster.wait_for("DLQ-CsvSFTP", 1)
    assert letter.headers == {
        "source.file": 'it\'s "one".csv',
        "source.line": "2",
        "error.reason": "columns",
        "error.message": "it has 1 columns, not 2",
    }
    wait_for(lambda: names(files / "upload/finished") == ['it\'s "one".csv'], "the move", 30)
    assert names(files / "upload/data") == []


def test_a_server_that_is_away_is_waited_for(cluster: Cluster, files: Path) -> None:
    running = RunningStack(cluster.stack)
    config = cluster.sftp("away", kafka_topic="away-csv", connection_timeout_ms=1000)

    def figures() -> dict[str, float]:
        shown = jmx(cluster.stack, "connect", "kafka.connect:type=plugins,connector=away-csv,*")
        return {name: float(value) for name, value in shown.items()}

    drop(files / "away", "a.csv", lines(1, 3))
    cluster.run("away-csv", config)
    cluster.wait_for("away-csv", 3)
    running.stop("sftp")
    wait_for(lambda: any("next try in" in line for line in running.log("connect", 20)), "a failed try", 60)
    assert figures()["failures-in-a-row"] > 0
    assert cluster.states("away-csv") == ["RUNNING", "RUNNING"]
    drop(files / "away", "a.csv", lines(4, 5) + b"bad\n")
    running.start("sftp")
    records = cluster.wait_for("away-csv", 5)
    assert sorted(int(record.value["id"]) for record in records) == [1, 2, 3, 4, 5]
    wait_for(lambda: names(files / "away/finished") == ["a.csv", "a.csv.2"], "the move of both files", 60)
    shown = figures()
    assert (shown["failures-in-a-row"], shown["files-waiting"], shown["lines-refused"]) == (0, 0, 1)
    assert shown["ms-since-answer"] < 60_000


def test_a_server_that_hangs_is_given_up_and_asked_again(cluster: Cluster, files: Path) -> None:
    running = RunningStack(cluster.stack)
    drop(files / "hangs", "a.csv", lines(1, 3))
    cluster.run("hangs-csv", cluster.sftp("hangs", kafka_topic="hangs-csv", connection_read_timeout_ms=1000))
    cluster.wait_for("hangs-csv", 3)
    running.pause("sftp")
    wait_for(
        lambda: any("hangs-csv" in line and "next try in" in line for line in running.log("connect", 20)), "it", 60
    )
    running.resume("sftp")
    drop(files / "hangs", "b.csv", lines(4, 5))
    records = cluster.wait_for("hangs-csv", 5)
    assert [int(record.value["id"]) for record in records] == [1, 2, 3, 4, 5]


def test_several_tasks_share_the_files_and_a_paused_one_reads_none(cluster: Cluster, files: Path) -> None:
    folder = files / "shared"
    drop(folder, "empty.csv", b"")
    drop(folder, "header.csv", b"id,name\n")
    for number in range(1, 13):
        drop(folder, f"{number}.csv", lines(10 * number, 10 * number + 9))
    cluster.run("shared", cluster.sftp("shared", kafka_topic="shared-csv", tasks_max=3))
    wait_for(lambda: cluster.states("shared") == ["RUNNING"] * 4, "all three tasks", 30)
    records = cluster.wait_for("shared-csv", 120)
    assert Counter(int(record.value["id"]) for record in records) == Counter(range(10, 130))
    wait_for(lambda: names(folder) == [], "the move of all files", 60)
    cluster.pause("shared")
    drop(folder, "13.csv", lines(130, 139))
    cluster.resume("shared")
    assert len(cluster.wait_for("shared-csv", 130)) == 130


def test_a_connector_goes_on_behind_the_line_that_a_person_gives_it(cluster: Cluster, files: Path) -> None:
    config = cluster.sftp("altered", kafka_topic="altered-csv", behavior_on_error="FAIL")
    drop(files / "altered", "a.csv", lines(1, 2) + b"private\n" + lines(3, 4).partition(b"\n")[2])
    cluster.run("altered-csv", config)
    wait_for(lambda: "FAILED" in cluster.states("altered-csv"), "the failure", 60)
    trace = cluster.status("altered-csv")["tasks"][0]["trace"]
    assert "a.csv: line 4: it has 1 columns, not 2" in trace
    assert "private" not in trace
    cluster.stop("altered-csv")
    (held,) = cluster.offsets("altered-csv")
    refused = cluster.alter_offset("altered-csv", held["partition"], {"line": 4})
    assert "write {file: a.csv, line: 1000}" in refused.json()["message"].replace("\\", "").replace('"', "")
    assert cluster.alter_offset("altered-csv", held["partition"], {"file": "a.csv", "line": 4}).ok
    cluster.resume("altered-csv")
    records = cluster.wait_for("altered-csv", 4)
    assert [record.value["id"] for record in records] == ["1", "2", "3", "4"]


def test_messages_of_an_hl7_file_arrive_as_they_stand_keyed_by_the_patient(cluster: Cluster, files: Path) -> None:
    (wanted,) = [each for each in configurations() if each.name == "hl7-sftp"]
    cluster.run("hl7-sftp", wanted.settings)
    content = hl7(20, seed=7)
    drop(files / "drop/hl7", "feed.hl7", content)
    wait_for(lambda: len(cluster.raw("hl7.ingest")) >= 20, "the messages", 60)
    sent = cluster.raw("hl7.ingest")
    assert sorted(value for _, value in sent) == sorted(split(content))
    patient = reader("PID-3.4.1", "PID-3.1")
    assert [key for key, _ in sent] == ["|".join(patient(parse(value))).encode() for _, value in sent]
