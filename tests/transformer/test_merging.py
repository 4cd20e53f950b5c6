"""Merging scripts: several values in, one out."""

from __future__ import annotations

from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapping import scripts as names
from transformer.scripts import Scripts
from transformer.scripts.merging import Merged

SCRIPTS = Scripts(ZoneInfo("Europe/Paris"))


@pytest.mark.parametrize(
    ("script", "values", "expected"),
    [
        ("merge_concat", ["10006", None, "9467"], "10006 9467"),
        ("merge_concat", [None, ""], None),
        ("merge_concat_without_separator", ["a", "", "b"], "ab"),
        ("select_first_not_empty", [None, " ", "b", "c"], "b"),
        ("select_first_not_empty", [None, Decimal("1.50")], Decimal("1.50")),
        ("select_first_not_empty", [None, False], False),
        ("select_first_not_empty", [None], None),
        ("merge_insee", ["", " 75056 ", "1"], "75056"),
        ("merge_datetime", ["2021-08-29", "18h20"], "2021-08-29T18:20:00+02:00"),
        ("merge_datetime", ["20210829", "182000"], "2021-08-29T18:20:00+02:00"),
        ("merge_datetime", ["2021-08-29 00:00:00", "18:20:00"], "2021-08-29T18:20:00+02:00"),
        ("merge_datetime", ["2021-08-29", None], "2021-08-29"),
        ("merge_datetime", [None, "18:20"], None),
        ("merge_datetime", ["2021-08", "18:20"], "2021-08T18:20"),
        ("merge_datetime", ["2021-08-29", "noon"], "2021-08-29Tnoon"),
        ("merge_instant", ["2021-01-29", "18:20:01"], "2021-01-29T18:20:01+01:00"),
        ("merge_status", ["0", "x"], "active"),
        ("merge_status", ["1", "x"], "revoked"),
        ("merge_status", ["1", "x", "0", "y"], "on-hold"),
        ("merge_status", ["1", None, "0", "y"], "active"),
        ("merge_status", [None, None], "unknown"),
    ],
)
def test_a_script_does_what_its_name_promises(script: str, values: list[Merged], expected: Merged) -> None:
    assert SCRIPTS.merge(script)(values) == expected


@given(
    script=st.sampled_from(sorted(names.MERGING)),
    values=st.lists(
        st.one_of(
            st.none(), st.booleans(), st.integers(), st.text(), st.decimals(allow_nan=False, allow_infinity=False)
        ),
        min_size=1,
        max_size=5,
    ),
)
def test_no_script_fails_whatever_it_is_given(script: str, values: list[Merged]) -> None:
    SCRIPTS.merge(script)(values)
