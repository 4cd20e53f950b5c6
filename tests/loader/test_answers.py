from __future__ import annotations

import json
from typing import Any

import pytest

from loader.answers import Answer, Verdict, refusal, retry_after, verdict
from tests.loader.servers import outcome

OK = b'{"resourceType":"Bundle","id":"1","type":"transaction-response"}'


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (Answer(200, OK), Verdict.ACCEPTED),
        (Answer(200, b"<html>please log in</html>"), Verdict.DENIED),
        (Answer(302), Verdict.DENIED),
        (Answer(401), Verdict.DENIED),
        (Answer(403, outcome("forbidden")), Verdict.DENIED),
        (Answer(404, b"no such page"), Verdict.DENIED),
        (Answer(404, outcome("not-found")), Verdict.REFUSED),
        (Answer(400, outcome()), Verdict.REFUSED),
        (Answer(413, b""), Verdict.REFUSED),
        (Answer(422, outcome()), Verdict.REFUSED),
        (Answer(409, outcome("conflict")), Verdict.PASSING),
        (Answer(412), Verdict.PASSING),
        (Answer(429), Verdict.PASSING),
        (Answer(500, outcome("exception")), Verdict.PASSING),
        (Answer(503), Verdict.PASSING),
        (Answer(None, timed_out=True), Verdict.PASSING),
    ],
)
def test_what_an_answer_means(answer: Answer, expected: Verdict) -> None:
    assert verdict(answer) is expected


def sentence(**issue: Any) -> str:
    return str(refusal("Patient", Answer(400, outcome(**issue))))


def test_a_refusal_tells_status_code_and_element() -> None:
    said = sentence(code="code-invalid", expression=["Patient.name[0].given[1]"])
    assert said == "Patient: refused by the FHIR server with HTTP 400: code-invalid at Patient.name[0].given[1]"


def test_a_refusal_tells_hapi_s_number_and_element_out_of_its_diagnostics() -> None:
    hapi = 'HAPI-0450: Failed to parse. HAPI-1821: [element="birthDate"] Invalid attribute value "1950-99-02"'
    assert sentence(diagnostics=hapi).endswith("HTTP 400: processing HAPI-0450 HAPI-1821 at birthDate")


@pytest.mark.parametrize(
    "issue",
    [
        {"diagnostics": "Mrs Jones is not a code"},
        {"details": {"text": "Mrs Jones"}},
        {"code": "Mrs Jones"},
        {"expression": ["Patient.identifier.where(value='Jones')", "Jones"]},
        {"location": ["Line 1, Jones"]},
    ],
)
def test_no_value_gets_into_the_sentence_but_all_of_it_into_the_details(issue: dict[str, Any]) -> None:
    error = refusal("Patient", Answer(422, outcome(**issue)))
    assert "Jones" not in str(error)
    assert error.details is not None
    assert "Jones" in error.details
    assert json.loads(error.details)["resourceType"] == "OperationOutcome"


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"resourceType":"OperationOutcome","issue":7}'])
def test_an_answer_without_issues_gives_no_details(body: bytes) -> None:
    error = refusal("Patient", Answer(400, body))
    assert error.details is None
    assert str(error) == "Patient: refused by the FHIR server with HTTP 400"


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("7", 7.0), ("Thu, 01 Jan 1970 00:01:40 GMT", 60.0), ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0), ("soon", None)],
)
def test_retry_after_is_read_as_seconds_or_date(header: str, seconds: float | None) -> None:
    assert retry_after(header, now=40.0) == seconds
