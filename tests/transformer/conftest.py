"""What tests of the engine share. They need the table of R4's elements, which `./firth up` and `./firth test`
build; without it they are skipped."""

from __future__ import annotations

import os
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from mapping.r4 import Definitions
from tests.transformer.building import Engine
from transformer.resource_check import ResourceChecks
from transformer.scripts import Scripts

TABLE = Path(os.environ.get("FHIR_DEFINITIONS", ".firth/cache/fhir/r4.json"))


@pytest.fixture(scope="session")
def definitions() -> Definitions:
    if not TABLE.exists():
        pytest.skip(f"{TABLE} is not built: ./firth up builds it")
    return Definitions.load(TABLE)


@pytest.fixture(scope="session")
def checks(definitions: Definitions) -> ResourceChecks:
    return ResourceChecks(definitions)


@pytest.fixture(scope="session")
def engine(definitions: Definitions, checks: ResourceChecks) -> Engine:
    return Engine(definitions, checks, Scripts(ZoneInfo("Europe/Paris")))
