"""The worker loop on a real broker: what goes in comes out once, or is a dead letter, and is counted."""

from __future__ import annotations

import signal

import pytest

from pipeline.topics import RECORD_LIMIT
from tests.pipeline.running import Stage, until

pytestmark = pytest.mark.stack

MANY = 5_000


def test_two_workers_share_the_partitions_and_every_record_comes_out_once(stage: Stage) -> None:
    workers = [stage.worker("0"), stage.worker("1")]
    until(lambda: stage.members() == 2, what="both in the group")
    for worker in workers:
        worker.until_said("partitions assigned")
    stage.until_out(stage.write([b"good"] * MANY))
    assert stage.counts() == (MANY, 0, 0)
    shares = [worker.said("partitions assigned")[-1]["partitions"] for worker in workers]
    assert sorted(map(str, shares)) == ["[0, 1]", "[2, 3]"]


def test_order_is_kept_within_a_partition(stage: Stage) -> None:
    stage.worker()
    keys = stage.write([b"good"] * MANY, partition=2)
    stage.until_out(keys)
    came = [record.key for record in stage.committed(stage.to)]
    places = {key: place for place, key in enumerate(keys)}
    by_partition: dict[int, list[int]] = {}
    for record in stage.committed(stage.to):
        by_partition.setdefault(record.partition, []).append(places[record.key or b""])
    assert len(came) == MANY
    assert all(numbers == sorted(numbers) for numbers in by_partition.values())


def test_what_cannot_pass_becomes_a_dead_letter_with_its_bytes_and_its_reason(stage: Stage) -> None:
    stage.worker()
    good = stage.write([b"good"] * 300)
    bad = {
        b"refuse Doe": "asked",
        b"bug Doe": "stage-bug",
        b"large Doe": "too-large",
    }
    keys = stage.write(list(bad))
    good += stage.write([b"good"] * 300)
    stage.until_out(good)
    until(lambda: len(stage.dead_letters()) == 3, what="three dead letters")
    letters = {letter.value: letter for letter in stage.dead_letters()}
    assert {value: letter.reason for value, letter in letters.items()} == bad
    assert {letter.key for letter in letters.values()} == set(keys)
    assert {(letter.topic, letter.stage, letter.resource_id) for letter in letters.values()} == {
        (stage.reads, stage.name, "r1")
    }
    assert not any("Doe" in letter.sentence for letter in letters.values())
    assert stage.counts() == (600, 3, 0)


def test_a_bug_is_logged_by_its_place_and_never_by_what_it_says(stage: Stage) -> None:
    worker = stage.worker()
    stage.write([b"bug Doe"])
    until(lambda: len(stage.dead_letters()) == 1)
    (line, *_) = worker.said("bug in a stage")
    assert line["error"] == "ValueError"
    assert "scripted.py:" in str(line["place"])
    assert "Doe" not in worker.log()


def test_a_flood_of_refusals_gives_the_resource_up_and_no_other(stage: Stage) -> None:
    worker = stage.worker(FLOOD_LIMIT="20", MAX_RECORDS="10")
    stage.write([b"refuse"] * 400, partition=0)
    good = stage.write([b"good"] * 30, partition=0, resource="r2")
    stage.until_out(good)
    succeeded, failed, cancelled = stage.counts()
    assert succeeded == 30
    assert failed + cancelled == 400
    assert 20 < failed == len(stage.dead_letters()) <= 30
    faults = {progress.fault for progress in stage.progress() if progress.cancelled}
    assert len(faults) == 1
    assert "FLOOD_LIMIT is 20" in str(faults)
    assert worker.alive


def test_a_record_of_the_largest_size_passes(stage: Stage) -> None:
    stage.worker()
    largest = b"good " + bytes(RECORD_LIMIT - 1024)
    stage.until_out(stage.write([largest, b"good", largest]))
    assert stage.committed(stage.to)[0].value is not None


def test_a_record_that_is_refused_at_the_largest_size_is_kept_whole(stage: Stage) -> None:
    stage.worker()
    largest = b"refuse " + bytes(RECORD_LIMIT - 1024)
    stage.write([largest])
    (letter,) = until(stage.dead_letters)
    assert letter.value == largest


def test_misconfigured_stops_the_worker_before_the_commit(stage: Stage) -> None:
    keys = stage.write([b"good", b"misconfigured", b"good"], partition=0)
    worker = stage.worker()
    assert worker.exit_code() == 2
    assert worker.said("stopped")[0]["sentence"] == "the record asked for another setting"
    assert stage.out_keys() == []
    assert stage.progress() == []
    assert len(keys) == 3


def test_a_signal_to_stop_finishes_the_batch_and_leaves_the_group(stage: Stage) -> None:
    worker = stage.holding_worker()
    keys = stage.write([b"good"] * 100)
    until((worker.control / "holding").exists)
    worker.send(signal.SIGTERM)
    worker.untell("hold")
    assert worker.exit_code() == 0
    assert stage.members() == 0
    taken = stage.out_keys()
    assert 0 < len(taken) == stage.counts()[0]
    stage.worker()
    stage.until_out(keys)


def test_an_unavailable_server_holds_the_records_in_order_and_the_worker_in_the_group(stage: Stage) -> None:
    # Six seconds without a poll and the broker would take the partitions away.
    worker = stage.worker(STAGE_TIMEOUT="6")
    worker.tell("down")
    keys = stage.write([b"good"] * 1000, partition=1)
    worker.until_said("waiting", times=7)
    later = stage.write([b"good"] * 1000, partition=1)
    until(lambda: sum(float(str(line["seconds"])) for line in worker.said("waiting")[:-1]) > 8, what="waits of 8 s")
    assert stage.out_keys() == []
    worker.untell("down")
    stage.until_out(keys + later)
    assert not worker.said("partitions revoked")
    places = {key: place for place, key in enumerate(keys + later)}
    by_partition: dict[int, list[int]] = {}
    for record in stage.committed(stage.to):
        by_partition.setdefault(record.partition, []).append(places[record.key or b""])
    assert all(numbers == sorted(numbers) for numbers in by_partition.values())
    assert stage.counts() == (2000, 0, 0)
