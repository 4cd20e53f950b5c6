"""Mistakes in fixed values: a static value or a concept map that the element can never take."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from mapping.model import ConceptMap, Input
from mapping.r4 import JSON_KINDS, Definitions, Element

SHOWN = 10  # codes named in a sentence


def of_input(
    one: Input, element: Element, definitions: Definitions, concept_maps: Mapping[str, ConceptMap]
) -> Iterator[tuple[str, str]]:
    """Field and reason of what is wrong with an input whose value goes as it is into `element`."""
    if one.static is not None and one.script is None:
        reason = _static(one.static, element, definitions)
        if reason:
            yield "staticValue", reason
    concept_map = concept_maps.get(one.concept_map_id or "")
    if concept_map is not None:
        strange = sorted(code for code in concept_map.codes.values() if not _allowed(code, element))
        if strange:
            reason = f'concept map "{concept_map.title}" gives {_some(strange)}, and {_codes(element)}'
            yield "conceptMapId", reason


def _static(value: str, element: Element, definitions: Definitions) -> str:
    if not _allowed(value, element):
        return f'"{value}" is not allowed: {_codes(element)}'
    kind = JSON_KINDS.get(element.type)
    # Numbers and truth values are read generously by the engine (01, TRUE); their text is not FHIR's yet.
    pattern = None if kind else definitions.primitives.get(element.type)
    if pattern and not re.fullmatch(pattern, value):
        return f'"{value}" is no {element.type}'
    if kind in ("integer", "number") and not re.fullmatch(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*", value):
        return f'"{value}" is no number'
    if kind == "boolean" and value.strip().lower() not in ("true", "false", "0", "1"):
        return f'"{value}" is neither true nor false'
    return ""


def _allowed(code: str, element: Element) -> bool:
    if element.type != "code" or element.codes is None:
        return True
    return any(code in codes for codes in element.codes.values())


def _codes(element: Element) -> str:
    known = [code for codes in (element.codes or {}).values() for code in codes]
    return f"{element.name} takes {_some(known)}"


def _some(words: list[str]) -> str:
    shown = ", ".join(words[:SHOWN])
    return f"{shown} and {len(words) - SHOWN} more" if len(words) > SHOWN else shown
