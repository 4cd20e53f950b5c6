"""Fuzzes reading, writing, judging and answering with atheris, beginning with our own messages:

pip install atheris
python hl7v2/fuzz/parse.py -max_total_time=600 -max_len=8000
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import atheris  # type: ignore[import-untyped,unused-ignore]

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "tests")]

with atheris.instrument_imports(include=["hl7v2", "hostile"]):
    from hostile import check


def main() -> None:
    """Fuzz until a fault is found or the time is over; new inputs are kept in a folder that is made anew."""
    with tempfile.TemporaryDirectory() as corpus:
        atheris.Setup([sys.argv[0], corpus, str(ROOT / "tests" / "messages"), *sys.argv[1:]], check)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
