"""FHIR R4's element table, for commands that need no stack."""

from __future__ import annotations

from rich.console import Console

from command import display
from command.stack.downloads import DEFINITIONS, build, stale
from command.stack.system import require
from command.stack.trouble import Trouble
from mapping.r4 import Definitions, NoDefinitions


def definitions(console: Console) -> Definitions:
    """The table, as this clone's code makes it. Where it is missing or out of date it is fetched and built, by Java and
    Maven, which are installed where we may; `console` shows what is going on. Raises Trouble."""
    module = ("fhir",)
    if stale(module):
        with display.Setting(console) as setting:
            require("java", "maven", tell=setting.tell)
            build(module, tell=setting.tell)
    try:
        return Definitions.load(DEFINITIONS)
    except NoDefinitions as error:
        raise Trouble(str(error)) from error
