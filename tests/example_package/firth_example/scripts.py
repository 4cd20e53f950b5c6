"""Scripts for mappings."""

from __future__ import annotations

import re
from collections.abc import Sequence

from transformer.scripts.merging import Merged
from transformer.values import Value, text_of

_WARD = re.compile(r"WARD-0*([0-9]+)", re.IGNORECASE)


def ward_number(value: Value) -> Value:
    """3 of `WARD-003`; nothing of anything else."""
    match = _WARD.fullmatch((text_of(value) or "").strip())
    return None if match is None else match[1]


def merge_in_brackets(values: Sequence[Merged]) -> Merged:
    """The first, and the others in brackets behind it: `Ward 3 (east, first floor)`."""
    texts = [text for value in values if (text := text_of(value)) is not None]
    return f"{texts[0]} ({', '.join(texts[1:])})" if len(texts) > 1 else next(iter(texts), None)
