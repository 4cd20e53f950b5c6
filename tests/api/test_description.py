"""The description of the interface: complete, true to the models, browsable without another server."""

from __future__ import annotations

import re
from typing import Any, Final

import jsonschema_rs
import pytest
from flask.testing import FlaskClient

from api import problems
from tests.api.running import CALLER, client

Json = dict[str, Any]

PATHS: Final[Json] = client().get("/openapi.json").get_json()["paths"]
OPERATIONS: Final = {f"{method} {path}": found for path, each in PATHS.items() for method, found in each.items()}
operations = pytest.mark.parametrize("operation", OPERATIONS.values(), ids=list(OPERATIONS))


@pytest.fixture
def document(alone: FlaskClient) -> Json:
    found: Json = alone.get("/openapi.json").get_json()
    return found


def bodies(operation: Json) -> list[tuple[str, Json]]:
    """Every kind of body that goes in or out of an operation, by media type."""
    contents = [answer.get("content", {}) for answer in operation["responses"].values()]
    contents.append(operation.get("requestBody", {}).get("content", {}))
    return [each for content in contents for each in content.items()]


def test_every_route_is_described_with_each_of_its_methods(alone: FlaskClient) -> None:
    described = {(path, method.upper()) for path, each in PATHS.items() for method in each}
    routes = {
        (re.sub(r"<(.+?)>", r"{\1}", rule.rule), method)
        for rule in alone.application.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert described == routes


@operations
def test_each_operation_has_one_good_answer_and_says_what_it_is_for(operation: Json) -> None:
    assert any(status.startswith("2") for status in operation["responses"])
    assert operation["summary"]
    assert operation["description"]
    assert operation["tags"] != ["default"]


@operations
def test_whoever_may_ask_is_told_and_what_a_wrong_token_is_answered(operation: Json) -> None:
    named = {name for each in operation["security"] for name in each}
    assert named <= {"caller", "worker"}
    assert ({"401", "403"} <= operation["responses"].keys()) is bool(named)


@operations
def test_each_failure_is_a_problem_document(operation: Json) -> None:
    failures = {status: answer for status, answer in operation["responses"].items() if int(status) >= 400}
    assert "500" in failures
    for status, answer in failures.items():
        (content,) = answer["content"].items()
        assert content[0] == problems.CONTENT_TYPE
        assert {each["value"]["status"] for each in content[1]["examples"].values()} == {int(status)}


@operations
def test_every_json_body_has_an_example_that_fits_its_schema(document: Json, operation: Json) -> None:
    for media_type, content in bodies(operation):
        if not media_type.endswith("json") or "$ref" not in content["schema"]:
            continue
        shown = (
            [content["example"]] if "example" in content else [each["value"] for each in content["examples"].values()]
        )
        schema = {**content["schema"], "components": document["components"]}
        for example in shown:
            jsonschema_rs.validator_for(schema, validate_formats=True).validate(example)


@operations
def test_every_parameter_has_an_example_that_fits_its_schema(operation: Json) -> None:
    for parameter in operation.get("parameters", []):
        jsonschema_rs.validator_for(parameter["schema"]).validate(parameter["example"])


def test_no_parameter_of_an_address_may_be_null() -> None:
    schemas = [each["schema"] for operation in OPERATIONS.values() for each in operation.get("parameters", [])]
    assert not [each for each in schemas if "null" in str(each)]


def test_a_failure_of_one_route_alone_is_with_that_route() -> None:
    start = OPERATIONS["post /batch"]["responses"]["422"]["content"][problems.CONTENT_TYPE]
    assert set(start["examples"]) == {"invalid", "invalid-mapping", "unknown-resources"}
    assert "409" in OPERATIONS["post /mappings"]["responses"]
    assert "409" not in OPERATIONS["post /mappings/validate"]["responses"]


def test_a_body_is_wanted_but_to_try_again() -> None:
    asked = {
        name: operation["requestBody"]["required"]
        for name, operation in OPERATIONS.items()
        if "requestBody" in operation
    }
    optional = {name for name, required in asked.items() if not required}
    assert optional == {"post /batch/{batch_id}/retry", "post /bindings/{topic}/{resource_id}/retry"}


def test_the_page_needs_no_token_and_no_other_server(alone: FlaskClient) -> None:
    page = alone.get("/docs")
    sources = re.findall(r'(?:src|href)="(.+?)"', page.get_data(as_text=True))
    assert page.status_code == 200
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert len(sources) == 3
    for source in sources:
        part = alone.get(f"/{source}")
        assert part.status_code == 200
        assert part.content_length
        part.close()


def test_the_page_has_no_other_file(alone: FlaskClient) -> None:
    assert alone.get("/docs/swagger-ui-standalone-preset.js").status_code == 422
    assert alone.get("/docs/..%2fplugins.py", headers=CALLER).status_code == 404


def test_a_token_is_wanted_for_all_that_says_so(alone: FlaskClient) -> None:
    for name, operation in OPERATIONS.items():
        method, _, path = name.partition(" ")
        path = path.format(**{each["name"]: each["example"] for each in operation.get("parameters", [])})
        with alone.open(path, method=method.upper()) as answer:
            assert (answer.status_code == 401) is bool(operation["security"]), name
    assert alone.get("/batch", headers=CALLER).status_code == 503
