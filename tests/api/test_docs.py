"""docs/api.md names every route and every kind of problem, as the code has them."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask.testing import FlaskClient

from api import problems
from tests.api.running import CALLER, ROOT

PAGE = Path(ROOT, "docs", "api.md").read_text(encoding="utf-8")


def test_every_route_is_documented(alone: FlaskClient) -> None:
    paths = alone.get("/openapi.json", headers=CALLER).get_json()["paths"]
    missing = [path for path in paths if path not in PAGE]
    assert missing == []


@pytest.mark.parametrize(("slug", "kind"), problems.KINDS.items())
def test_every_kind_of_problem_is_documented(slug: str, kind: problems.Kind) -> None:
    assert f"| `/problems/{slug}` | {kind.status} | {kind.about} |" in PAGE
