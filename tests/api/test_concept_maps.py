"""Concept maps of a FHIR server: kept, renewed, and told where they are of no use."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask, Response

from api.concept_maps import FRESH, ConceptMaps
from api.problems import Problem
from mapping import pyrog
from mapping.model import ConceptMap
from tests.api.running import free_port
from tests.api.serving import FhirServer, serving
from tests.mapping.documents import attribute, document, resource, sql


class Clock:
    """A time that only we move."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def codes(target: str) -> ConceptMap:
    return ConceptMap("m", "sexes", {"M": target}, from_server=True)


def test_a_concept_map_is_kept_for_a_while_then_asked_for_by_its_version() -> None:
    server, clock = FhirServer(), Clock()
    with serving(server.app) as url:
        maps = ConceptMaps(f"{url}/fhir/", now=clock)
        assert maps.get("m") == maps.get("m") == codes("male")
        assert server.asked == [("m", None)]
        clock.now += FRESH + 1
        assert maps.get("m") == codes("male")
        server.target = "other"
        clock.now += FRESH + 1
        assert maps.get("m") == codes("other")
    assert server.asked == [("m", None), ("m", 'W/"male"'), ("m", 'W/"male"')]


def test_what_the_server_does_not_have_or_cannot_have_is_none() -> None:
    server = FhirServer()
    with serving(server.app) as url:
        maps = ConceptMaps(f"{url}/fhir")
        assert maps.get("n") is None
        assert maps.get("../Patient") is None
    assert server.asked == [("n", None)]


def test_a_mapping_gains_what_it_names_and_lacks() -> None:
    given: list[Any] = [attribute("gender", sql("a", conceptMapId=one)) for one in ("m", "own", "nowhere")]
    own = {"id": "own", "title": "own", "codes": {"M": "male"}}
    with serving(FhirServer().app) as url:
        completed = ConceptMaps(f"{url}/fhir").complete(pyrog.read(document(resource(*given), conceptMaps=[own])))
    assert completed.concept_maps == (ConceptMap("own", "own", {"M": "male"}), codes("male"))


def test_a_mapping_that_brings_all_asks_nobody() -> None:
    maps = ConceptMaps(f"http://127.0.0.1:{free_port()}")
    mapping = pyrog.read(document())
    assert maps.complete(mapping) == mapping


@pytest.mark.parametrize(
    ("status", "body", "slug", "said"),
    [
        (500, b"", "unavailable", "answered 500"),
        (401, b"", "bad-gateway", "answered 401: check FHIR_API_URL and FHIR_API_TOKEN"),
        (200, b"<html>", "bad-gateway", "answered with something else than JSON"),
        (200, b'{"resourceType": "Patient"}', "bad-gateway", "is of no use: concept map m: is no ConceptMap"),
        (200, b"[]", "bad-gateway", "is of no use"),
    ],
)
def test_a_server_of_no_use_is_told(status: int, body: bytes, slug: str, said: str) -> None:
    app = Flask(__name__)
    app.add_url_rule("/ConceptMap/m", "m", lambda: Response(body, status=status))
    with serving(app) as url, pytest.raises(Problem, match=said) as caught:
        ConceptMaps(url).get("m")
    assert (caught.value.slug, caught.value.more["behind"]) == (slug, "fhir")


def test_a_server_that_is_away_is_told() -> None:
    with pytest.raises(Problem, match="could not be asked") as caught:
        ConceptMaps(f"http://127.0.0.1:{free_port()}").get("m")
    assert caught.value.slug == "unavailable"
