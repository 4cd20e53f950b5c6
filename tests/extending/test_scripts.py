"""Scripts of an installed package, in mappings."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from mapping import installed, pyrog, scripts
from mapping.check import check
from tests.extending.installing import EXAMPLE, installing
from tests.mapping.documents import DEFINITIONS, attribute, document, resource, sql
from transformer.scripts import Scripts

GIVEN = document(
    resource(
        attribute("birthDate", sql("a", script="ward_number"), type="date"),
        attribute("name[0].family", sql("a"), sql("b"), mergingScript="merge_in_brackets"),
        attribute("gender", sql("a", script="if_valid(ward_number, male)"), type="code"),
    )
)


def test_a_mapping_may_name_the_scripts_of_a_package(example: None) -> None:
    assert not check(pyrog.read(GIVEN), DEFINITIONS)
    engine = Scripts(ZoneInfo("UTC"))
    assert engine.clean("ward_number")("ward-003") == "3"
    assert engine.merge("merge_in_brackets")(["Ward 3", None, "east"]) == "Ward 3 (east)"


def test_without_the_package_they_are_mistakes() -> None:
    assert [one.reason for one in check(pyrog.read(GIVEN), DEFINITIONS)] == [
        'there is no cleaning script "ward_number"',
        'there is no merging script "merge_in_brackets"',
        'there is no cleaning script "if_valid(ward_number, male)"',
    ]


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("strip", "firth_example.scripts:ward_number", "there is one of that name in Firth: call it otherwise"),
        ("mine", "firth_example.nothing:x", "firth_example.nothing:x cannot be loaded: ModuleNotFoundError"),
        ("mine", "firth_example.scripts:x", "firth_example.scripts:x cannot be loaded: AttributeError"),
        ("mine", "firth_example.scripts:_WARD", "firth_example.scripts:_WARD is not callable"),
    ],
)
def test_a_package_that_cannot_be_used_is_told(tmp_path: Path, name: str, value: str, said: str) -> None:
    entry_points = {installed.CLEANING: {name: value}}
    with installing(tmp_path, "bad-one", entry_points, code=EXAMPLE), pytest.raises(installed.BadPackage) as caught:
        Scripts(ZoneInfo("UTC"))
    assert str(caught.value).startswith(f'bad-one: entry point "{name}" in firth.cleaning_scripts: {said}')


def test_two_packages_with_one_name_are_told(tmp_path: Path, example: None) -> None:
    entry_points = {installed.CLEANING: {"ward_number": "firth_example.scripts:ward_number"}}
    with (
        installing(tmp_path / "other", "other-one", entry_points, code=EXAMPLE),
        pytest.raises(installed.BadPackage, match="another package has one of that name"),
    ):
        Scripts(ZoneInfo("UTC"))


def test_what_is_built_in_is_there_without_any_package() -> None:
    assert scripts.is_cleaning("strip")
    assert not installed.names(installed.CLEANING)
