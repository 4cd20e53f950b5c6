from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from mapping import scripts
from transformer.scripts import Scripts


def test_the_names_of_scripts_are_those_that_the_engine_has() -> None:
    engine = Scripts(ZoneInfo("UTC"))
    assert set(engine.cleaning) == scripts.CLEANING
    assert set(engine.merging) == scripts.MERGING


@pytest.mark.parametrize("script", ["strip", "if_valid(strip, yes)", "if_valid( clean_date , 'a, b')"])
def test_a_cleaning_script_is_a_name_or_a_call(script: str) -> None:
    assert scripts.is_cleaning(script)
    Scripts(ZoneInfo("UTC")).clean(script)


@pytest.mark.parametrize("script", ["", "Strip", "strip()", "merge_concat", "if_valid(strip)", "if_valid(nope, x)"])
def test_what_nobody_wrote_is_no_cleaning_script(script: str) -> None:
    assert not scripts.is_cleaning(script)
