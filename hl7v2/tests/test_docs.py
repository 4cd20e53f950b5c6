"""What the documentation says is what the library does."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
import re
import runpy
from pathlib import Path

import pytest

import hl7v2

DOCS = Path(__file__).parents[1] / "docs"


def test_the_page_of_schemas_is_that_of_the_schemas() -> None:
    written = runpy.run_path(str(DOCS / "write_schemas.py"))
    assert (DOCS / "schemas.md").read_text() == written["page"](), "run python hl7v2/docs/write_schemas.py"


@pytest.mark.parametrize("page", [*sorted(DOCS.glob("*.md")), DOCS.parent / "README.md"], ids=lambda page: page.name)
def test_examples_give_what_the_page_says(page: Path) -> None:
    blocks = re.findall(r"^```python\n(>>>.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL)
    test = doctest.DocTestParser().get_doctest("\n".join(blocks), {}, page.name, str(page), 0)
    assert not doctest.DocTestRunner(optionflags=doctest.IGNORE_EXCEPTION_DETAIL).run(test).failed


def test_examples_in_the_code_give_what_they_say() -> None:
    for module in pkgutil.walk_packages(hl7v2.__path__, "hl7v2."):
        if not module.name.endswith("__main__"):
            assert not doctest.testmod(importlib.import_module(module.name)).failed, module.name


def test_links_between_pages_lead_somewhere() -> None:
    for page in [*DOCS.glob("*.md"), DOCS.parent / "README.md"]:
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"
