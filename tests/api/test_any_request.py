"""Whatever is asked, the api answers as it describes itself: requests that fit the description, and that don't."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.stack import RunningStack

NOT_CHECKED = (
    "positive_data_acceptance",  # what fits may still be refused: a mapping has rules that no schema tells
    "allow_header_conformance",  # /mappings/validate is also the address of a mapping of that name
)


@pytest.mark.stack
@pytest.mark.parametrize("secret", ["api-token", "api-worker-token"])
def test_the_whole_stack_answers_every_request_as_described(stack: RunningStack, secret: str, tmp_path: Path) -> None:
    token = stack.secret(secret)
    run = subprocess.run(
        [sys.executable, "-m", "schemathesis.cli", "run", f"{stack.api_url}/openapi.json", "--header",
         f"Authorization: Bearer {token}", "--max-examples", "10", "--exclude-checks", ",".join(NOT_CHECKED),
         "--continue-on-failure", "--no-color", "--warnings", "off"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout + run.stderr
    assert not [line for line in stack.log("api", lines=5_000) if "request failed" in line]
