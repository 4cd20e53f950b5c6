"""The names of the scripts that a mapping may use. What the built-in ones do stands in `transformer/scripts/`, and a
test keeps both in step; packages add others (`mapping.installed`).

A cleaning script is a name, or `if_valid(process, value)`, where `process` is a cleaning script and `value`
a text or another one.
"""

from __future__ import annotations

import re
from typing import Final

from mapping import installed

CLEANING: Final = frozenset(
    {
        "binary_to_bool_1", "binary_to_bool_2", "clean_address", "clean_codes", "clean_date", "clean_dateTime",
        "clean_epoch_dateTime", "clean_instant", "clean_long_text_ORBIS", "clean_phone", "clean_quantity",
        "clean_time", "code_to_empty", "dot_icd9", "make_title", "map_2_true", "map_deceased", "map_family_situation",
        "map_gender", "map_gender_numeric", "map_intent", "map_marital_status", "map_permission",
        "map_priority", "map_status", "plain_number", "range_high", "range_low", "string_to_bool", "strip",
        "zero_to_empty",
    }
)  # fmt: skip

MERGING: Final = frozenset(
    {
        "merge_concat", "merge_concat_without_separator", "merge_datetime", "merge_insee", "merge_instant",
        "merge_status", "select_first_not_empty",
    }
)  # fmt: skip

_CALL: Final = re.compile(r"if_valid\(\s*([^,()]+?)\s*,\s*(.*?)\s*\)", re.DOTALL)


def is_cleaning(script: str) -> bool:
    """Whether `script` is a cleaning script as an input may name it."""
    call = _CALL.fullmatch(script.strip())
    if call is not None:
        return is_cleaning(call[1])
    return script in CLEANING or script in installed.names(installed.CLEANING)


def is_merging(script: str) -> bool:
    """Whether `script` is a merging script."""
    return script in MERGING or script in installed.names(installed.MERGING)
