"""Bad requests, and an api with nothing behind it: never a 500, always a problem document, no value repeated."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from api import problems
from tests.api.running import BODY_LIMIT, CALLER, CREDENTIAL, client, mapping

PLANTED = "Ottilie Krankenhaus"


def problem(answer: TestResponse) -> dict[str, Any]:
    assert answer.content_type == "application/problem+json"
    document: dict[str, Any] = answer.get_json()
    assert document["status"] == answer.status_code
    assert {"type", "title", "detail"} <= document.keys()
    return document


@pytest.mark.parametrize("path", ["/nowhere", "/batch/", "/batch/x/y", "/mappings/a/b", "/%00", "/static/x"])
def test_an_unknown_address_is_404(alone: FlaskClient, path: str) -> None:
    assert problem(alone.get(path, headers=CALLER))["type"] == "/problems/not-found"


@pytest.mark.parametrize(
    ("method", "path"), [("PUT", "/batch"), ("POST", "/batch/x"), ("PATCH", "/mappings"), ("BREW", "/batch")]
)
def test_a_method_that_an_address_has_not_is_405(alone: FlaskClient, method: str, path: str) -> None:
    answer = alone.open(path, method=method, headers=CALLER)
    assert problem(answer)["type"] == "/problems/method-not-allowed"
    assert "GET" in answer.headers["Allow"]


def test_head_and_options_answer_without_a_body(alone: FlaskClient) -> None:
    head = alone.head("/health/live")
    assert (head.status_code, head.data) == (200, b"")
    options = alone.options("/batch", headers=CALLER)
    assert options.status_code == 200
    assert {"GET", "HEAD", "OPTIONS", "POST"} == set(options.headers["Allow"].split(", "))


@pytest.mark.parametrize("path", ["/batch", "/mappings", "/mappings/validate"])
@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/xml", "multipart/form-data", "", "application/x-www-form-urlencoded"]
)
def test_a_body_that_says_not_to_be_json_is_415(alone: FlaskClient, path: str, content_type: str) -> None:
    answer = alone.post(path, data=b"{}", content_type=content_type, headers=CALLER)
    assert problem(answer)["type"] == "/problems/unsupported-media-type"


@pytest.mark.parametrize("path", ["/batch/b/retry", "/bindings/t/r/retry"])
@pytest.mark.parametrize("content_type", [None, "application/json", "application/x-www-form-urlencoded"])
def test_to_try_again_no_body_is_needed(alone: FlaskClient, path: str, content_type: str | None) -> None:
    answer = alone.post(path, content_type=content_type, headers=CALLER)
    assert problem(answer)["behind"] == "postgresql"  # it was understood


@pytest.mark.parametrize("path", ["/batch/b/retry", "/bindings/t/r/retry"])
@pytest.mark.parametrize(
    ("body", "status"), [(b"{", 400), (b"null", 422), (b"[]", 422), (b'{"resource_ids": []}', 422)]
)
def test_a_body_that_asks_for_more_than_to_try_again_is_refused(
    alone: FlaskClient, path: str, body: bytes, status: int
) -> None:
    answer = alone.post(path, data=body, content_type="application/json", headers=CALLER)
    assert problem(answer)["status"] == status


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"{'resource_ids': []}",
        b'{"resource_ids": NaN}',
        b'{"resource_ids": ["\xff\xfe"]}',
        b'{"resource_ids": ["\\ud800"]}',
        b"[" * 100_000,
        b'{"a":' * 20_000,
        b"\x00",
        '{"resource_ids": []}'.encode("utf-16"),
    ],
)
@pytest.mark.parametrize("path", ["/batch", "/mappings"])
def test_a_body_that_is_not_json_is_400(alone: FlaskClient, path: str, body: bytes) -> None:
    answer = alone.post(path, data=body, content_type="application/json", headers=CALLER)
    assert problem(answer)["type"] == "/problems/bad-request"


@pytest.mark.parametrize("path", ["/batch", "/mappings", "/mappings/validate"])
def test_a_body_beyond_the_limit_is_413(alone: FlaskClient, path: str) -> None:
    body = json.dumps({"resource_ids": ["x" * BODY_LIMIT]})
    answer = alone.post(path, data=body, content_type="application/json", headers=CALLER)
    assert problem(answer)["type"] == "/problems/too-large"


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ([], "body"),
        ("text", "body"),
        (None, "body"),
        (7, "body"),
        ({}, "resource_ids"),
        ({"resource_ids": None}, "resource_ids"),
        ({"resource_ids": "patients"}, "resource_ids"),
        ({"resource_ids": []}, "resource_ids"),
        ({"resource_ids": ["a", "a"]}, "resource_ids"),
        ({"resource_ids": [1]}, "resource_ids.0"),
        ({"resource_ids": [None]}, "resource_ids.0"),
        ({"resource_ids": [["a"]]}, "resource_ids.0"),
        ({"resource_ids": [""]}, "resource_ids.0"),
        ({"resource_ids": ["a\u0000b"]}, "resource_ids.0"),
        ({"resource_ids": ["x" * 201]}, "resource_ids.0"),
        ({"resource_ids": [f"r{number}" for number in range(1001)]}, "resource_ids"),
        ({"resource_ids": ["a"], "sinks": ["fhir"]}, "sinks"),
    ],
)
def test_a_batch_of_the_wrong_shape_is_422_and_says_where(alone: FlaskClient, body: object, path: str) -> None:
    answer = alone.post("/batch", data=json.dumps(body), content_type="application/json", headers=CALLER)
    document = problem(answer)
    assert document["type"] == "/problems/invalid"
    assert [each["path"] for each in document["errors"]] == [path]


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=501",
        "limit=x",
        "limit=1e9",
        "after=abc",
        "after=-1",
        "after=9999999999999999999",
        "page=2",
        "limit=",
    ],
)
def test_a_page_that_cannot_be_is_422(alone: FlaskClient, query: str) -> None:
    assert problem(alone.get(f"/batch?{query}", headers=CALLER))["type"] == "/problems/invalid"


def test_a_problem_repeats_no_value_of_the_request(alone: FlaskClient) -> None:
    answer = alone.post("/batch", json={"resource_ids": [{"name": PLANTED}], PLANTED: 1}, headers=CALLER)
    assert PLANTED not in json.dumps(answer.get_json()["errors"][0])


def test_without_kafka_a_batch_is_503_and_says_so(alone: FlaskClient) -> None:
    answer = alone.post("/batch", json={"resource_ids": ["a"]}, headers=CALLER)
    document = problem(answer)
    assert (document["type"], document["behind"]) == ("/problems/unavailable", "kafka")
    assert answer.headers["Retry-After"]


@pytest.mark.parametrize("path", ["/batch", "/batch/x", "/mappings", "/mappings/x", "/dead-letters", "/dead-letters/x"])
def test_without_postgresql_everything_is_503_and_tells_no_address(alone: FlaskClient, path: str) -> None:
    answer = alone.get(path, headers=CALLER)
    document = problem(answer)
    assert (document["type"], document["behind"]) == ("/problems/unavailable", "postgresql")
    assert b"planted-password" not in answer.data
    assert b"127.0.0.1" not in answer.data


def test_without_either_it_is_alive_and_not_ready(alone: FlaskClient) -> None:
    assert alone.get("/health/live").status_code == 200
    document = problem(alone.get("/health/ready"))
    assert document["detail"] == "waiting for postgresql and kafka"
    assert set(document["behind"]) == {"postgresql", "kafka"}


def test_a_mistake_of_ours_is_a_reference_and_the_log_knows_it(capsys: pytest.CaptureFixture[str]) -> None:
    application = client()
    app: Flask = application.application

    def broken() -> str:
        raise KeyError(PLANTED)

    app.view_functions["health.live"] = broken
    vars(broken)["allowed"] = ()
    answer = application.get("/health/live")
    document = problem(answer)
    said = capsys.readouterr()
    assert document["type"] == "/problems/internal"
    assert document["reference"] in said.out + said.err
    assert PLANTED not in answer.get_data(as_text=True) + said.out + said.err


def test_validating_a_mapping_needs_no_server(alone: FlaskClient) -> None:
    assert alone.post("/mappings/validate", json=mapping(), headers=CALLER).json == {"mistakes": [], "told": []}


_ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 10**19)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_whatever_stands_in_a_mapping_validating_it_answers(data: st.DataObject) -> None:
    given_mapping = mapping(credential=dict(CREDENTIAL))
    for _ in range(data.draw(st.integers(1, 3))):
        holder, key = data.draw(st.sampled_from(list(_places(given_mapping))))
        holder[key] = data.draw(_ANYTHING)
    answer = _APPLICATION.post(
        "/mappings/validate", data=json.dumps(given_mapping), content_type="application/json", headers=CALLER
    )
    assert answer.status_code in (200, 400), answer.get_data(as_text=True)


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every place in a document that something else can be put in."""
    for key in list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        yield value, key
        yield from _places(value[key])


_APPLICATION = client()


@pytest.mark.parametrize("slug", problems.KINDS)
def test_every_kind_of_problem_explains_itself(alone: FlaskClient, slug: str) -> None:
    explained = alone.get(f"/problems/{slug}").get_data(as_text=True)
    assert problems.KINDS[slug].about in explained
