"""A worker process whose stage does what each record's value says, and what files in CONTROL tell it.

    value b"good"           copied to the topic TO
          b"refuse"         InvalidRecord
          b"bug"            ValueError
          b"large"          a result that no topic takes
          b"misconfigured"  Misconfigured
    file  hold              the stage waits until it is gone; meanwhile there is a file `holding`
          down              Unavailable
          lost              which topic to read is not to be had, Unavailable

Values may go on after a space.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path

from pipeline import kafka, lag, logs
from pipeline.codec import Codec
from pipeline.errors import InvalidRecord, Misconfigured, Unavailable
from pipeline.process import run
from pipeline.progress import whose
from pipeline.records import Count, Outcome, Produced, Record
from pipeline.service_settings import WorkerSettings
from pipeline.topics import RECORD_LIMIT
from pipeline.worker import each, run_worker

CONTROL = Path(os.environ["CONTROL"])
TO = os.environ["TO"]


def one(record: Record) -> Outcome:
    what, _, rest = (record.value or b"").partition(b" ")
    if what == b"refuse":
        raise InvalidRecord("the record asked to be refused", reason="asked")
    if what == b"bug":
        raise ValueError(f"a text that quotes the record: {rest!r}")
    if what == b"misconfigured":
        raise Misconfigured("the record asked for another setting")
    value = bytes(RECORD_LIMIT + 1) if what == b"large" else record.value
    owner = whose(record)
    counts = [] if owner is None else [Count(*owner, succeeded=1)]
    return Outcome(produced=[Produced(TO, record.key, value, record.headers)], counts=counts)


def stage(records: Sequence[Record]) -> Outcome:
    while (CONTROL / "hold").exists():
        (CONTROL / "holding").touch()
        time.sleep(0.02)
    if (CONTROL / "down").exists():
        raise Unavailable("the server of the test is down")
    return each(one)(records)


def reads() -> list[str]:
    if (CONTROL / "lost").exists():
        raise Unavailable("the list of topics of the test is not to be had")
    return [os.environ["READS"]]


def main() -> None:
    settings = WorkerSettings.from_environment(os.environ)
    logs.configure("scripted", settings.log_level)
    kafka.STAGE_TIMEOUT = int(os.environ.get("STAGE_TIMEOUT", kafka.STAGE_TIMEOUT))  # type: ignore[misc]
    lag.HELD_AFTER = float(os.environ.get("HELD_AFTER", lag.HELD_AFTER))  # type: ignore[misc]
    run_worker(
        settings,
        stage=stage,
        name=os.environ["NAME"],
        reads=reads,
        codec=Codec.local(),
        max_records=int(os.environ.get("MAX_RECORDS", "500")),
    )


if __name__ == "__main__":
    run(main)
