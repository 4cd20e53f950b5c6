"""Drops a file on the local stack's SFTP server, to see the SFTP connectors at work:

.firth/venv/bin/python -m tests.utils.create_file_sftp          10 patients as CSV, as the table `patients` has them
.firth/venv/bin/python -m tests.utils.create_file_sftp --hl7    10 HL7 v2 messages in one file
"""

from __future__ import annotations

import csv
import io
import sys
import time
from argparse import ArgumentParser
from collections.abc import Iterable
from itertools import islice
from typing import Final

from hl7v2.generate import messages

from command.demo.hospital import Hospital
from command.demo.tables import Row
from command.stack import sftp
from command.stack.places import USERS_STACK

PATIENT: Final = ("row_id", "subject_id", "gender", "dob", "dod", "dod_hosp", "dod_ssn", "expire_flag")


def patients(count: int, *, first: int) -> bytes:
    """Rows of `patients` with a header, those of patients `first` and following of a hospital that never was."""
    hospital = Hospital(seed=1)
    return as_csv(
        PATIENT, (row for number in range(first, first + count) for row in hospital.patient(number)["patients"])
    )


def as_csv(header: Iterable[str], rows: Iterable[Row]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue().encode()


def hl7(count: int, *, seed: int) -> bytes:
    """A batch file of `count` messages in its envelope."""
    header = b"FHS|^~\\&|FIRTH\rBHS|^~\\&|FIRTH\r"
    body = b"".join(message.rstrip(b"\r\n") + b"\r" for message in islice(messages(seed=seed), count))
    return header + body + b"BTS|%d\rFTS|1\r" % count


def main() -> None:
    parser = ArgumentParser(description="Drops a file on the local stack's SFTP server.")
    parser.add_argument("--hl7", action="store_true", help="HL7 v2 messages, not CSV")
    parser.add_argument("--count", type=int, default=10, help="rows or messages in the file")
    parser.add_argument("--first", type=int, default=500_000, help="the first patient's number, or the messages' seed")
    chosen = parser.parse_args()
    kind = "hl7" if chosen.hl7 else "csv"
    content = hl7(chosen.count, seed=chosen.first) if chosen.hl7 else patients(chosen.count, first=chosen.first)
    name = f"{time.strftime('%Y%m%d-%H%M%S')}.{kind}"
    dropped = sftp.drop(sftp.files(USERS_STACK) / "drop" / kind, name, content)
    sys.stdout.write(f"{dropped}\n")


if __name__ == "__main__":
    main()
