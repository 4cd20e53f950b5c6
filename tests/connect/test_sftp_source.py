"""The SFTP source connector in a real Connect worker, on a real SFTP server."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections import Counter
from pathlib import Path

import orjson
import pytest

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
    assert letter.value == b64encode(b"only a name\n").decode()
    wait_for(lambda: names(files / "upload/finished") == ['it\'s "one".csv'], "the move", 30)
    assert names(files / "upload/data") == []


def test_a_server_that_is_away_is_waited_for(cluster: Cluster, files: Path) -> None:
    running = RunningStack(cluster.stack)
    config = cluster.shipped(
        "sftp-csv",
        input_path="/away",
        finished_path="/away/finished",
        kafka_topic="away-csv",
        value_schema="",
        key_columns="id",
        connection_backoff_ms=10,  # many tries within a moment: as many as an outage of minutes else has
    )

    def figures() -> dict[str, float]:
        shown = jmx(cluster.stack, "connect", "kafka.connect:type=plugins,connector=away-csv,*")
        return {name: float(value) for name, value in shown.items()}

    drop(files / "away", "a.csv", lines(1, 3))
    cluster.run("away-csv", config)
    cluster.wait_for("away-csv", 3)
    running.stop("sftp")
    wait_for(lambda: figures()["failures-in-a-row"] > 100, "a hundred failed tries", 60)
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


def test_what_is_known_of_other_servers_stays_when_ours_starts(cluster: Cluster) -> None:
    known = sftp.client_home(cluster.stack.place) / ".ssh" / "known_hosts"
    ours = known.read_text()
    others = "files.example.org " + ours.partition(" ")[2]
    known.write_text(others + ours)
    running = RunningStack(cluster.stack)
    running.stop("sftp")
    running.start("sftp")
    assert known.read_text() == ours + others


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
    # Another one, which leaves what it has read, shows when it was time to look twice.
    cluster.run("awake", cluster.sftp("shared", kafka_topic="awake-csv", cleanup_policy="NONE"))
    cluster.pause("shared")
    for number in (13, 14):
        drop(folder, f"{number}.csv", lines(10 * number, 10 * number + 9))
        cluster.wait_for("awake-csv", 10 * (number - 12))
    assert len(cluster.records("shared-csv")) == 120
    cluster.resume("shared")
    assert len(cluster.wait_for("shared-csv", 140)) == 140


def test_each_kind_of_bad_line_becomes_a_letter_that_holds_it_and_the_rest_is_read(
    cluster: Cluster, files: Path
) -> None:
    bad = {
        "quote": [b'9,"not closed\n'],
        "columns": [b"9\n", b"9,too,many\n"],
        "type": [b"nine,x\n"],
        "encoding": [b"9,Zo\xe9\n"],
        "nul": [b"9,a\x00b\n"],
        "too-long": [b"9," + b"x" * (10 << 20) + b"\n"],
    }
    types = {"id": {"type": "INT32"}, "name": {"type": "STRING"}}
    config = cluster.sftp(
        "bad",
        kafka_topic="bad-csv",
        value_schema=orjson.dumps({"name": "bad", "type": "STRUCT", "fieldSchemas": types}).decode(),
    )
    # Behind each kind a line that closes what is open.
    kinds = (b"".join(some) + b'%d,"good"\n' % number for number, some in enumerate(bad.values()))
    drop(files / "bad", "a.csv", b"id,name\n" + b"".join(kinds))
    drop(files / "bad", "b.csv", b"id\n1\n")
    cluster.run("bad-csv", config)
    letters = cluster.wait_for("DLQ-bad-csv", 8)
    found: dict[str, list[bytes]] = {}
    for letter in letters:
        found.setdefault(letter.headers["error.reason"], []).append(b64decode(letter.value))
    (begin,) = bad["too-long"]
    assert found == bad | {"too-long": [begin[: 1 << 19]], "unreadable": [b""]}
    assert [record.value["id"] for record in cluster.wait_for("bad-csv", len(bad))] == list(range(len(bad)))
    wait_for(lambda: names(files / "bad/error") == ["b.csv"], "the move of the file that cannot be read", 30)
    wait_for(lambda: names(files / "bad/finished") == ["a.csv"], "the move of the other", 30)


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
    cluster.run("hl7-sftp", cluster.shipped("hl7-sftp"))
    content = hl7(20, seed=7)
    drop(files / "drop/hl7", "feed.hl7", content)
    wait_for(lambda: len(cluster.raw("hl7.ingest")) >= 20, "the messages", 60)
    sent = cluster.raw("hl7.ingest")
    assert sorted(value for _, value in sent) == sorted(split(content))
    patient = reader("PID-3.4.1", "PID-3.1")
    assert [key for key, _ in sent] == ["|".join(patient(parse(value))).encode() for _, value in sent]


def test_a_message_of_the_largest_size_passes_and_a_larger_one_becomes_a_letter(cluster: Cluster, files: Path) -> None:
    config = cluster.shipped("hl7-sftp")
    cluster.run("hl7-sftp", config)
    longest = int(config["record.max.bytes"])
    begin = b"MSH|^~\\&|LAB|FIRTH|||20260131||ORU^R01|1|P|2.5\rOBX|1|ED|||"
    as_long, longer = (begin.ljust(length - 1, b"x") + b"\r" for length in (longest, longest + 1))
    drop(files / "drop/hl7", "large.hl7", as_long + longer)
    wait_for(lambda: as_long in [value for _, value in cluster.raw("hl7.ingest")], "the large message", 60)
    wait_for(lambda: len(cluster.raw("DLQ-hl7-sftp")) > 0, "the letter", 60)
    assert [value for _, value in cluster.raw("DLQ-hl7-sftp")] == [longer[: 1 << 19]]
