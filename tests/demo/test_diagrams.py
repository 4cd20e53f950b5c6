"""The diagrams say what the code does: at least by name."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from command.stack.places import ROOT
from pipeline import topics

DIAGRAMS = sorted((ROOT / "diagrams").glob("*.svg"))


@pytest.mark.parametrize("diagram", DIAGRAMS, ids=lambda path: path.stem)
def test_a_diagram_is_drawn_for_light_and_dark_and_tells_what_it_shows(diagram: Path) -> None:
    root = ET.fromstring(diagram.read_text())
    inside = {element.tag.rpartition("}")[2] for element in root.iter()}
    assert {"title", "desc", "style"} <= inside
    assert "prefers-color-scheme: dark" in diagram.read_text()


def test_the_flow_names_every_topic_on_a_records_way_and_every_stage() -> None:
    text = (ROOT / "diagrams" / "flow.svg").read_text()
    for name in (*sorted(set(topics.ALL) - set(topics.PREVIEWS)), "extractor", "live", "transformer", "loader", "api"):
        assert f">{name}<" in text, name


def test_the_way_of_a_preview_names_its_topics() -> None:
    text = (ROOT / "diagrams" / "preview.svg").read_text()
    for name in (*topics.PREVIEWS, "extractor", "transformer", "api"):
        assert f">{name}<" in text, name
