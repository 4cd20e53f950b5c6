"""What the documentation says is what the library does."""

from __future__ import annotations

import runpy
from pathlib import Path

DOCS = Path(__file__).parents[1] / "docs"


def test_the_page_of_schemas_is_that_of_the_schemas() -> None:
    written = runpy.run_path(str(DOCS / "write_schemas.py"))
    assert (DOCS / "schemas.md").read_text() == written["page"](), "run python hl7v2/docs/write_schemas.py"
