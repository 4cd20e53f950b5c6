"""Messages to test with: of our own writing, and those of the reference data where it is there."""

from __future__ import annotations

from pathlib import Path
from typing import Final

MESSAGES: Final = Path(__file__).parent / "messages"  # with LF, so that a change of one can be read
REFERENCE: Final = Path(__file__).resolve().parents[3] / "shared" / "reference"


def message(name: str) -> str:
    """The text of a message of ours, its segments ending in CR as the standard wants it."""
    return (MESSAGES / f"{name}.hl7").read_text().replace("\n", "\r")


ADT_A01: Final = message("adt_a01")  # an admission of twelve segments, 1.5 kB
ORU_R01: Final = message("oru_r01")  # a report of 33 segments, 28 of them OBX, 10 kB


def reference_messages(folder: str = "hl7v2-messages") -> list[tuple[str, bytes]]:
    """Name and bytes of every message in a folder of the reference data; none where it is absent."""
    files = sorted((REFERENCE / folder).rglob("*.hl7"))
    return [(str(file.relative_to(REFERENCE)), file.read_bytes()) for file in files]
