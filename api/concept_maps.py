"""Concept maps that a mapping names and does not bring: from the FHIR server, `{FHIR_API_URL}/ConceptMap/{id}`.

Kept for a minute, then asked for again, by the version that is known: a server that has no other answers with nothing.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Final

import orjson
import requests

from api.problems import Problem
from mapping import concept_maps
from mapping.mistakes import InvalidMapping
from mapping.model import ConceptMap, Mapping
from pipeline.http_session import http_session
from pipeline.settings import Secret

FRESH: Final = 60.0  # seconds
TIME_LIMIT: Final = (3.0, 20.0)  # seconds to connect, to wait for the answer
_FHIR_ID: Final = re.compile(r"[A-Za-z0-9\-.]{1,64}")


@dataclass(frozen=True, slots=True)
class _Kept:
    """A concept map as the server had it at `asked`; None where it had none."""

    concept_map: ConceptMap | None
    version: str | None
    asked: float


class ConceptMaps:
    """The concept maps of a FHIR server. Connects when asked; safe to use from any thread."""

    def __init__(
        self,
        url: str,
        *,
        token: Secret | None = None,
        ca_location: str | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._url = url.rstrip("/")
        self._token = token
        self._ca_location = ca_location
        self._now = now
        self._kept: dict[str, _Kept] = {}

    def complete(self, mapping: Mapping) -> Mapping:
        """The mapping with the concept maps that it names and lacks, and those it had from the server as they are
        now. What the server does not have stays away: `mapping.check` says so. Raises Problem."""
        own = [one for one in mapping.concept_maps if not one.from_server]
        brought = {one.id for one in own}
        asked = [one for one in concept_maps.wanted(mapping.resources) if one not in brought]
        found = [one for one in map(self.get, asked) if one is not None]
        return replace(mapping, concept_maps=(*own, *found))

    def get(self, concept_map_id: str) -> ConceptMap | None:
        """The concept map, at most a minute old; None where the server has none. Raises Problem."""
        if not _FHIR_ID.fullmatch(concept_map_id):
            return None  # no FHIR server can have it
        kept = self._kept.get(concept_map_id)
        if kept is None or self._now() - kept.asked > FRESH:
            kept = self._kept[concept_map_id] = self._fetched(concept_map_id, kept)
        return kept.concept_map

    def _fetched(self, concept_map_id: str, kept: _Kept | None) -> _Kept:
        asked = self._now()
        answer = self._answered(concept_map_id, kept.version if kept is not None else None)
        if answer.status_code == HTTPStatus.NOT_MODIFIED and kept is not None:
            return replace(kept, asked=asked)
        if answer.status_code in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE):
            return _Kept(None, None, asked)
        if answer.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise Problem("unavailable", f"{_about(concept_map_id)} answered {answer.status_code}", behind="fhir")
        if answer.status_code != HTTPStatus.OK:
            remedy = "check FHIR_API_URL and FHIR_API_TOKEN"
            raise Problem(
                "bad-gateway", f"{_about(concept_map_id)} answered {answer.status_code}: {remedy}", behind="fhir"
            )
        try:
            found = concept_maps.read_resource(orjson.loads(answer.content), concept_map_id)
        except orjson.JSONDecodeError:
            sentence = f"{_about(concept_map_id)} answered with something else than JSON: check FHIR_API_URL"
            raise Problem("bad-gateway", sentence, behind="fhir") from None
        except InvalidMapping as error:
            raise Problem("bad-gateway", f"{_about(concept_map_id)} is of no use: {error}", behind="fhir") from None
        return _Kept(found, answer.headers.get("ETag"), asked)

    def _answered(self, concept_map_id: str, version: str | None) -> requests.Response:
        token = self._token.reveal() if self._token is not None else None
        with http_session(token=token, ca_location=self._ca_location) as session:
            session.headers["Accept"] = "application/fhir+json"
            if version is not None:
                session.headers["If-None-Match"] = version
            address = f"{self._url}/ConceptMap/{concept_map_id}"
            try:
                return session.get(address, timeout=TIME_LIMIT, allow_redirects=False)
            except requests.Timeout:
                raise Problem("timeout", f"{_about(concept_map_id)} did not answer in time", behind="fhir") from None
            except requests.RequestException as error:
                sentence = f"{_about(concept_map_id)} could not be asked: {type(error).__name__}"
                raise Problem("unavailable", sentence, behind="fhir") from None


def _about(concept_map_id: str) -> str:
    return f"the FHIR server, asked for ConceptMap {concept_map_id},"
