"""Concept maps, as a mapping carries them and as FHIR has them.

{id, title, codes: {code: target}}                   ours
ConceptMap resource                                  group[].element[].code → target[0].code
list of these, or a Bundle of ConceptMaps
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from mapping.mistakes import InvalidMapping
from mapping.model import ConceptMap, ResourceMapping
from mapping.reading import Node


def read_all(node: Node) -> Iterator[ConceptMap]:
    """The concept maps of a list or a Bundle; none where there is neither."""
    if isinstance(node.value, dict) and node.value.get("resourceType") == "Bundle":
        nodes: Iterable[Node] = [entry.field("resource") for entry in node.field("entry").objects()]
    else:
        nodes = node.objects()
    return map(_concept_map, nodes)


def read_resource(document: object, concept_map_id: str) -> ConceptMap:
    """A ConceptMap as a FHIR server answers it, under the id that it was asked for by. Raises InvalidMapping."""
    node = Node(document, [], place=f"concept map {concept_map_id}")
    if node.is_object() and node.value.get("resourceType") != "ConceptMap":
        node.wrong("is no ConceptMap", at="resourceType")
    made = _concept_map(node) if not node.mistakes else None
    if made is None or node.mistakes:
        raise InvalidMapping(node.mistakes)
    return replace(made, id=concept_map_id, from_server=True)


def wanted(resources: Iterable[ResourceMapping]) -> list[str]:
    """The ids of the concept maps that inputs name, once each, in their order."""
    inputs = (
        given
        for resource in resources
        for attribute in resource.attributes
        for group in attribute.input_groups
        for given in group.inputs
    )
    return list(dict.fromkeys(given.concept_map_id for given in inputs if given.concept_map_id is not None))


def _concept_map(node: Node) -> ConceptMap:
    if not isinstance(node.value, dict):
        node.wrong("must be an object")
        return ConceptMap(id="", title="", codes={})
    title = node.text_or_none("title") or node.text_or_none("name") or ""
    node = node.called(f"concept map {title}".strip())
    codes = _fhir_codes(node) if node.value.get("resourceType") == "ConceptMap" else _codes(node.field("codes"))
    return ConceptMap(id=node.text("id"), title=title, codes=codes)


def _codes(node: Node) -> dict[str, str]:
    if isinstance(node.value, list):
        return {one.text("code"): one.text("target") for one in node.objects()}
    if not node.is_object():
        return {}
    return {code: node.text(code) for code in node.value}


def _fhir_codes(node: Node) -> dict[str, str]:
    """A code without a target is not mapped."""
    codes: dict[str, str] = {}
    for group in node.field("group").objects():
        for element in group.field("element").objects():
            code = element.text("code")
            for target in list(element.field("target").objects())[:1]:
                mapped = target.text("code")
                if codes.setdefault(code, mapped) != mapped:
                    element.wrong(f'"{code}" is mapped twice, to different codes', at="code")
    return codes
