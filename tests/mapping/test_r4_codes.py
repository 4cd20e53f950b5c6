"""Which codes a value set holds, from XML as HL7 publishes it."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from mapping.r4_codes import Codes, code_system, expand

SYSTEM = """<CodeSystem xmlns="http://hl7.org/fhir"><url value="s"/><content value="complete"/>
  <concept><code value="a"/><concept><code value="b"/><concept><code value="c"/></concept></concept></concept>
  <concept><code value="d"/><property><code value="subsumedBy"/><valueCode value="b"/></property></concept>
  <concept><code value="e"/></concept></CodeSystem>"""


def codes(compose: str, **others: str) -> Codes | None:
    """The expansion of a value set `v` beside others, over the code system `s`."""
    wrapped = {"v": compose} | others
    sets = {
        url: ElementTree.fromstring(f'<ValueSet xmlns="http://hl7.org/fhir"><compose>{text}</compose></ValueSet>')
        for url, text in wrapped.items()
    }
    return expand("v", sets, {"s": code_system(ElementTree.fromstring(SYSTEM))})


def is_a(code: str, operator: str = "is-a") -> str:
    return f'<filter><property value="concept"/><op value="{operator}"/><value value="{code}"/></filter>'


@pytest.mark.parametrize(
    ("compose", "expected"),
    [
        ('<include><system value="s"/></include>', {"s": ["a", "b", "c", "d", "e"]}),
        ('<include><system value="s"/><concept><code value="b"/></concept></include>', {"s": ["b"]}),
        ('<include><system value="x"/><concept><code value="1"/></concept></include>', {"x": ["1"]}),
        (f'<include><system value="s"/>{is_a("b")}</include>', {"s": ["b", "c", "d"]}),
        (f'<include><system value="s"/>{is_a("b", "descendent-of")}</include>', {"s": ["c", "d"]}),
        (
            f'<include><system value="s"/></include><exclude><system value="s"/>{is_a("b")}</exclude>',
            {"s": ["a", "e"]},
        ),
        ('<include><valueSet value="w|4.0.1"/></include>', {"s": ["a"]}),
        (f'<include><system value="s"/>{is_a("b")}<valueSet value="w"/></include>', {"s": []}),
    ],
)
def test_codes_are_listed(compose: str, expected: Codes) -> None:
    other = '<include><system value="s"/><concept><code value="a"/></concept></include>'
    assert codes(compose, w=other) == expected


@pytest.mark.parametrize(
    "compose",
    [
        '<include><system value="urn:ietf:bcp:47"/></include>',
        '<include><valueSet value="unknown"/></include>',
        f'<include><system value="s"/>{is_a("b", "regex")}</include>',
        '<include><system value="s"/><filter><property value="kind"/><op value="="/></filter></include>',
    ],
)
def test_what_cannot_be_listed_is_not_checked(compose: str) -> None:
    assert codes(compose) is None


def test_an_exclusion_that_cannot_be_listed_leaves_rather_a_code_too_many() -> None:
    compose = '<include><system value="s"/></include><exclude><valueSet value="unknown"/></exclude>'
    assert codes(compose) == {"s": ["a", "b", "c", "d", "e"]}
