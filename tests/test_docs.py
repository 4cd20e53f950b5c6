"""The pages name what the code has, and their links lead somewhere."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
from prometheus_client import Counter, Gauge, Histogram

from command.stack.places import ROOT
from mapping import scripts
from pipeline import metrics, topics
from transformer.resource_check import Reason

DOCS = ROOT / "docs"
PAGES = sorted(
    [*ROOT.glob("*.md"), *(page for folder in ROOT.glob("[!.]*") if folder.is_dir() for page in folder.rglob("*.md"))]
)


def page(name: str) -> str:
    return (DOCS / f"{name}.md").read_text(encoding="utf-8")


def names(text: str) -> set[str]:
    """What stands in backticks."""
    return set(re.findall(r"`([^`\n]+)`", text))


def test_every_topic_and_every_schema_stands_in_the_page_on_events() -> None:
    schemas = {file.name for file in (ROOT / "pipeline" / "schemas").glob("*.avsc")}
    assert {*topics.ALL, *schemas} <= names(page("events"))


def test_every_script_stands_in_the_page_on_the_engine() -> None:
    assert {*scripts.CLEANING, *scripts.MERGING} <= {name.partition("(")[0] for name in names(page("engine"))}


def test_every_metric_stands_in_the_page_for_operators_with_its_labels() -> None:
    rows = []
    for made in vars(metrics).values():
        if isinstance(made, Counter | Gauge | Histogram):
            (told,) = made.describe()
            suffix = "_total" if isinstance(made, Counter) else ""
            labels = ", ".join(f"`{label}`" for label in made._labelnames)
            rows.append(f"| `{told.name}{suffix}` | {labels} |" if labels else f"| `{told.name}{suffix}` | |")
    assert rows
    assert [row for row in rows if row not in page("operations")] == []


def reasons() -> Iterator[str]:
    """Those that the code gives for a refusal."""
    yield from get_args(Reason)
    for room in ("pipeline", "extractor", "transformer", "loader"):
        for file in (ROOT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.keyword) and node.arg == "reason" and isinstance(node.value, ast.Constant):
                    yield str(node.value.value)


def test_every_reason_of_a_dead_letter_is_documented() -> None:
    told = set().union(*(names(page(name)) for name in ("engine", "extraction", "live-rows", "loading", "worker")))
    assert sorted(set(reasons()) - told) == []


def anchors(text: str) -> set[str]:
    """What a link may name of a page: its headings, as they are shown on the web."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("file", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_pages_links_lead_somewhere(file: Path) -> None:
    text = re.sub(r"```.*?```", "", file.read_text(encoding="utf-8"), flags=re.DOTALL)
    for path, anchor in re.findall(r"\]\(([^)#\s]*)#?([^)\s]*)\)", text):
        if "://" in path:
            continue
        target = file.parent / path if path else file
        assert target.exists(), path
        if anchor:
            assert anchor in anchors(target.read_text(encoding="utf-8")), f"{path}#{anchor}"
