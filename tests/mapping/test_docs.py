from __future__ import annotations

import json
import re
from pathlib import Path

from mapping import pyrog
from mapping.check import check
from tests.mapping.documents import DEFINITIONS

PAGE = Path(__file__).parents[2] / "docs" / "mappings.md"


def test_the_example_in_the_documentation_has_no_mistake() -> None:
    example = re.search(r"```json\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert example is not None
    assert not check(pyrog.read(json.loads(example[1])), DEFINITIONS)
