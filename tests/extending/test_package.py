"""The example package as a site installs it: by pip, from its pyproject.toml."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from command.stack.places import ROOT
from tests.extending.installing import EXAMPLE

USED = """
from zoneinfo import ZoneInfo
from extractor.connectors import connectors
from transformer.scripts import Scripts

scripts = Scripts(ZoneInfo("UTC"))
print(scripts.clean("ward_number")("ward-003"), scripts.merge("merge_in_brackets")(["a", "b"]), *connectors())
"""


def test_pip_installs_it_and_every_stage_finds_what_it_adds(tmp_path: Path) -> None:
    offline = ["--quiet", "--disable-pip-version-check", "--no-index", "--no-deps", "--no-build-isolation"]
    subprocess.run([sys.executable, "-m", "pip", "install", *offline, "--target", tmp_path, EXAMPLE], check=True)
    beside = {**os.environ, "PYTHONPATH": f"{tmp_path}:{ROOT}"}
    used = subprocess.run(
        [sys.executable, "-c", USED], cwd=tmp_path, env=beside, capture_output=True, text=True, check=False
    )
    assert used.stdout.split("\n")[0] == "3 a (b) POSTGRES SQLITE", used.stderr
