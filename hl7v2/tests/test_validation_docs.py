"""What the page on validation says is so, and so are the examples of its modules."""

from __future__ import annotations

import doctest
import re
from importlib import import_module
from pathlib import Path

import pytest

from hl7v2 import RULES

PAGE = Path(__file__).parents[1] / "docs" / "validation.md"


def test_the_examples_of_the_page_print_what_it_says() -> None:
    assert doctest.testfile(str(PAGE), module_relative=False).failed == 0


@pytest.mark.parametrize("module", ["acknowledgments", "definitions", "events", "grouping", "primitives", "validation"])
def test_the_examples_of_the_modules_print_what_they_say(module: str) -> None:
    results = doctest.testmod(import_module(f"hl7v2.{module}"))
    assert results.attempted > 0
    assert results.failed == 0


def test_the_page_has_every_rule_with_its_severity_and_meaning() -> None:
    rows = re.findall(r"^\| `([\w-]+)` \| (\w+) \| (.+) \|$", PAGE.read_text(), re.MULTILINE)
    assert rows == [(name, str(rule.severity), rule.meaning) for name, rule in RULES.items()]
