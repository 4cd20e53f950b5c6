"""What a FHIR server's answer means, and what of it may be told.

An OperationOutcome may quote the resource in its diagnostics, so it goes into the dead letter whole and
into sentences only as codes, error numbers and the names of elements.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from enum import Enum, auto
from http import HTTPStatus
from typing import Any, Final

import orjson

from pipeline.errors import InvalidRecord

_PASSING: Final = frozenset({408, 409, 412, 423, 425, 429})
_BUSY: Final = frozenset({429, 503})

_CODE: Final = re.compile(r"[a-z][a-z-]{0,30}")
_ELEMENT: Final = re.compile(r"[A-Z][A-Za-z]+(\.[A-Za-z]+(\[\d+\])?)+")
_HAPI_NUMBER: Final = re.compile(r"HAPI-\d{4}(?=:)")
_HAPI_ELEMENT: Final = re.compile(r'\[element="([A-Za-z]+)"\]')
_ISSUES_TOLD: Final = 3


class Verdict(Enum):
    """What to do after an answer."""

    ACCEPTED = auto()  # all of the bundle is written
    REFUSED = auto()  # something in it is not to the server's liking: find out what
    PASSING = auto()  # trouble that may pass: try again
    DENIED = auto()  # nothing will pass until somebody changes a setting


@dataclass(frozen=True, slots=True)
class Answer:
    """A server's answer to a bundle. `status` is None where none came: `trouble` then says why."""

    status: int | None
    body: bytes = b""
    retry_after: float | None = None
    timed_out: bool = False
    trouble: str = ""
    location: str = ""

    @property
    def busy(self) -> bool:
        """Whether the server says of itself that it takes nothing now."""
        return self.status in _BUSY

    @property
    def said(self) -> str:
        """The answer in words: `HTTP 503`, or what came in place of one."""
        return f"HTTP {self.status}" if self.status is not None else self.trouble


def verdict(answer: Answer) -> Verdict:
    """What the answer to a transaction means."""
    status = answer.status
    if status is None or status in _PASSING or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Verdict.PASSING
    if status == HTTPStatus.OK:
        # A portal in between may well say 200 to everything.
        return Verdict.ACCEPTED if b'"transaction-response"' in answer.body[:4096] else Verdict.DENIED
    if status in (401, 403) or status < HTTPStatus.BAD_REQUEST:
        return Verdict.DENIED
    if status in (404, 405) and not _issues(answer.body):
        return Verdict.DENIED
    return Verdict.REFUSED


def refusal(resource_type: str, answer: Answer) -> InvalidRecord:
    """Why the server does not take a resource, for its dead letter."""
    issues = _issues(answer.body)
    told = "; ".join(dict.fromkeys(_told(issue) for issue in issues[:_ISSUES_TOLD]))
    return InvalidRecord(
        f"{resource_type}: refused by the FHIR server with {answer.said}" + (f": {told}" if told else ""),
        reason="refused-by-server",
        details=answer.body.decode("utf-8", "replace") if issues else None,
    )


def retry_after(header: str | None, now: float) -> float | None:
    """The header's seconds from `now` (since the epoch) on; None where it says nothing that can be read."""
    if not header:
        return None
    if header.strip().isdigit():
        return float(header)
    try:
        return max(0.0, parsedate_to_datetime(header).timestamp() - now)
    except ValueError:
        return None


def _issues(body: bytes) -> list[dict[str, Any]]:
    """The issues of an OperationOutcome; none if it is something else."""
    try:
        outcome = orjson.loads(body)
    except orjson.JSONDecodeError:
        return []
    if not isinstance(outcome, dict) or outcome.get("resourceType") != "OperationOutcome":
        return []
    issues = outcome.get("issue")
    return [issue for issue in issues if isinstance(issue, dict)] if isinstance(issues, list) else []


def _told(issue: dict[str, Any]) -> str:
    """An issue without anything that could be a value: its code, HAPI's number, and elements."""
    code = str(issue.get("code"))
    words = [code if _CODE.fullmatch(code) else "unknown"]
    diagnostics = str(issue.get("diagnostics", ""))
    words += dict.fromkeys(_HAPI_NUMBER.findall(diagnostics))
    places = [*_texts(issue.get("expression")), *_texts(issue.get("location"))]
    elements = [place for place in places if _ELEMENT.fullmatch(place)] or _HAPI_ELEMENT.findall(diagnostics)
    return " ".join(words) + (f" at {', '.join(dict.fromkeys(elements))}" if elements else "")


def _texts(value: object) -> list[str]:
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []
