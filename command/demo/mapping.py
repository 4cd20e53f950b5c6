"""The demo's mappings."""

from __future__ import annotations

import json
from typing import Any, Final

from command.demo.site import Site
from command.stack.places import ROOT

MAPPING: Final = ROOT / "transformer" / "mappings" / "mimic.json"
DROPPED: Final = ROOT / "transformer" / "mappings" / "dropped.json"  # of files, whose source is no database


def mapping_of(site: Site) -> dict[str, Any]:
    """Our mapping, with the login of the role that may only read the source."""
    document: dict[str, Any] = json.loads(MAPPING.read_text())
    document["source"]["credential"] = site.credential
    return document
