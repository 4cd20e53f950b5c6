from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapping import paths
from mapping.paths import BadPath, Step

STEPS = st.builds(Step, st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,20}", fullmatch=True), st.none() | st.integers(0, 999))


def test_a_path_is_read_into_steps_with_their_indexes() -> None:
    assert paths.parse("name[0].given[12]") == (Step("name", 0), Step("given", 12))
    assert paths.parse("birthDate") == (Step("birthDate"),)


def test_a_path_without_indexes_names_the_element() -> None:
    assert paths.element(paths.parse("name[0].given[1]")) == "name.given"


@pytest.mark.parametrize(
    "path",
    ["", ".", "name.", ".name", "name..given", "name[]", "name[-1]", "name[01]", "name[a]", "name[0][0]", "na me",
     "name[0", "value[x]", "name[1000]", "name[99999999999999999999]", "naïve", "name[٣]", "name\n"],
)  # fmt: skip
def test_what_is_no_path_is_refused_with_the_step_named(path: str) -> None:
    with pytest.raises(BadPath, match=r"cannot be read at|is over 999"):
        paths.parse(path)


@given(st.lists(STEPS, min_size=1, max_size=6))
def test_reading_what_was_written_gives_the_same_steps(steps: list[Step]) -> None:
    assert paths.parse(paths.render(steps)) == tuple(steps)


@given(st.text(max_size=30))
def test_any_text_is_a_path_or_a_bad_path(text: str) -> None:
    try:
        steps = paths.parse(text)
    except BadPath:
        return
    assert paths.render(steps) == text
