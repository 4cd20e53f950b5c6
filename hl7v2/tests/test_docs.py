"""What the documentation says is what the library does."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
import re
import runpy
from pathlib import Path

import pytest
from samples import ADT_A01

import hl7v2

DOCS = Path(__file__).parents[1] / "docs"
PAGES = [*sorted(DOCS.glob("*.md")), DOCS.parent / "README.md"]
SOURCE = Path(hl7v2.__file__).parent


def test_the_page_of_schemas_is_that_of_the_schemas() -> None:
    written = runpy.run_path(str(DOCS / "write_schemas.py"))
    assert (DOCS / "schemas.md").read_text() == written["page"](), "run python hl7v2/docs/write_schemas.py"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_examples_give_what_the_page_says(page: Path) -> None:
    blocks = re.findall(r"^```python\n(>>>.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL)
    test = doctest.DocTestParser().get_doctest("\n".join(blocks), {}, page.name, str(page), 0)
    assert not doctest.DocTestRunner(optionflags=doctest.IGNORE_EXCEPTION_DETAIL).run(test).failed


def test_the_code_of_the_first_page_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "adt.hl7").write_text(ADT_A01)
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"^```python\n(.*?)^```", PAGES[-1].read_text(), re.MULTILINE | re.DOTALL)
    assert len(blocks) == 3
    exec("\n".join(blocks), {})


def test_the_page_on_judging_has_every_rule_with_its_severity_and_meaning() -> None:
    rows = re.findall(r"^\| `([\w-]+)` \| (\w+) \| (.+) \|$", (DOCS / "validation.md").read_text(), re.MULTILINE)
    assert rows == [(name, str(rule.severity), rule.meaning) for name, rule in hl7v2.RULES.items()]


def test_every_code_of_an_oddity_is_documented() -> None:
    source = "".join((SOURCE / f"{name}.py").read_text() for name in ("oddities", "batches"))
    codes = set(re.findall(r'(?:Oddity\(|_odd\(|^    )\s*"([a-z-]+)"[,:]', source, re.MULTILINE))
    section = (DOCS / "paths-and-values.md").read_text().partition("## What is odd")[2]
    assert codes == set(re.findall(r"`([a-z]+(?:-[a-z]+)*)`", section.partition("| code |")[2]))


def test_examples_in_the_code_give_what_they_say() -> None:
    for module in pkgutil.walk_packages(hl7v2.__path__, "hl7v2."):
        if not module.name.endswith("__main__"):
            assert not doctest.testmod(importlib.import_module(module.name)).failed, module.name


def test_links_between_pages_lead_somewhere() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"
