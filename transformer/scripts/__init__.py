"""The scripts that mappings name, by name: cleaning (one value in, one out) and merging (several in, one out).

The names of those built in stand in `mapping.scripts`, so that a mapping is checked without them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import tzinfo
from functools import partial

from mapping import installed
from transformer.scripts import dates, merging
from transformer.scripts.cleaning import CLEANING, Cleaning
from transformer.scripts.merging import Merging
from transformer.values import Value, text_of

_CALL = re.compile(r"if_valid\(\s*(?P<process>[^,()]+?)\s*,\s*(?P<value>.*?)\s*\)", re.DOTALL)


class UnknownScriptError(Exception):
    """No script of that name; the message says which name."""


class Scripts:
    """All scripts, for one time zone: that of clocks which do not say theirs.

    Those of installed packages among them: raises BadPackage where one cannot be used.
    """

    def __init__(self, zone: tzinfo) -> None:
        cleaning: dict[str, Cleaning] = {
            **CLEANING,
            "clean_date": dates.clean_date,
            "clean_dateTime": partial(dates.clean_date_time, zone=zone),
            "clean_epoch_dateTime": partial(dates.clean_epoch_date_time, zone=zone),
            "clean_instant": partial(dates.clean_instant, zone=zone),
            "clean_time": dates.clean_time,
        }
        merging_scripts: dict[str, Merging] = {
            "merge_concat": merging.merge_concat,
            "merge_concat_without_separator": merging.merge_concat_without_separator,
            "merge_datetime": partial(merging.merge_date_time, zone=zone),
            "merge_insee": merging.merge_insee,
            "merge_instant": partial(merging.merge_date_time, zone=zone),
            "merge_status": merging.merge_status,
            "select_first_not_empty": merging.select_first_not_empty,
        }
        self.cleaning: Mapping[str, Cleaning] = cleaning | installed.load(installed.CLEANING, built_in=cleaning)
        self.merging: Mapping[str, Merging] = merging_scripts | installed.load(
            installed.MERGING, built_in=merging_scripts
        )

    def clean(self, name: str) -> Cleaning:
        """The cleaning script of that name, or `if_valid(process, value)` with its arguments. Raises
        UnknownScriptError."""
        call = _CALL.fullmatch(name.strip())
        if call is not None:
            return if_valid(self.clean(call["process"]), self._value(call["value"]))
        if name not in self.cleaning:
            raise UnknownScriptError(f"no cleaning script is called {name!r}")
        return self.cleaning[name]

    def merge(self, name: str) -> Merging:
        """The merging script of that name. Raises UnknownScriptError."""
        if name not in self.merging:
            raise UnknownScriptError(f"no merging script is called {name!r}")
        return self.merging[name]

    def _value(self, written: str) -> Cleaning:
        """What `if_valid` gives: the script named, or always the text written, with or without quotes."""
        if written in self.cleaning:
            return self.cleaning[written]
        quoted = len(written) >= 2 and written[0] == written[-1] and written[0] in "'\""
        literal = written[1:-1] if quoted else written
        return lambda _: literal


def if_valid(process: Cleaning, then: Cleaning) -> Cleaning:
    """When what `process` makes of the value is not empty, what `then` makes of it; else nothing."""

    def script(value: Value) -> Value:
        return None if text_of(process(value)) is None else then(value)

    return script
