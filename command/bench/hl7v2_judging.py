"""Judging messages with hl7v2, beside hl7apy."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import suppress

from hl7apy.exceptions import ValidationError
from hl7apy.parser import parse_message
from hl7apy.validation import Validator as TheirValidator

from command.bench.hl7v2_measuring import Figure, measure, messages, published_messages
from hl7v2 import Validator


def figures(seconds: float) -> Iterator[Figure]:
    """Parse and judge, from bytes to findings; each measured for about `seconds`."""
    for name, file, target in (("ADT_A01", "adt_a01", 15_000), ("ORU_R01", "oru_r01", 4_000)):
        made = messages(file)
        yield Figure(
            f"validate {name}",
            measure(Validator().validate, made, seconds),
            target,
            "hl7apy",
            measure(judge_by_hl7apy, made[:20], seconds),
        )
    if published := published_messages(judge_by_hl7apy, one_of=10):
        # There are too few to be new in each round: what is measured is judging texts that were judged before.
        yield Figure(
            f"validate {len(published)} published messages again",
            measure(Validator().validate, published, seconds),
            None,
            "hl7apy",
            measure(judge_by_hl7apy, published, seconds),
        )


def judge_by_hl7apy(message: bytes) -> None:
    """What Validator.validate does, by hl7apy: it writes its findings to a file."""
    with tempfile.NamedTemporaryFile() as report, suppress(ValidationError):
        TheirValidator.validate(parse_message(message.decode()), report_file=report.name)
