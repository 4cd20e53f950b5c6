"""Who may ask."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from api.tokens import Role, Tokens
from pipeline.settings import Secret
from tests.api.running import CALLER, TOKEN, WORKER, WORKER_TOKEN

OPEN = ("/health/live", "/health/ready", "/problems/invalid", "/openapi.json", "/docs")


def test_a_token_is_known_by_its_hash_alone() -> None:
    tokens = Tokens(caller=Secret(TOKEN), worker=Secret(WORKER_TOKEN))
    assert TOKEN not in repr(vars(tokens))
    assert WORKER_TOKEN not in repr(vars(tokens))


def test_a_token_says_whose_it_is() -> None:
    tokens = Tokens(caller=Secret(TOKEN), worker=Secret(WORKER_TOKEN))
    caller, worker = tokens.of(TOKEN), tokens.of(WORKER_TOKEN)
    assert caller is not None
    assert worker is not None
    assert (caller.role, worker.role) == (Role.CALLER, Role.WORKER)
    assert tokens.of(TOKEN[:-1]) is None


@pytest.mark.parametrize(
    "header",
    [
        {},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer "},
        {"Authorization": f"Basic {TOKEN}"},
        {"Authorization": f"Bearer {TOKEN}x"},
        {"Authorization": "Bearer " + "x" * 100_000},
        {"Authorization": "Bearer \udcff\x80"},
    ],
)
@pytest.mark.parametrize("path", ["/batch", "/mappings", "/metrics", "/dead-letters", "/nowhere", "/frozen-mappings/x"])
def test_without_a_valid_token_nothing_but_health_answers(
    alone: FlaskClient, path: str, header: dict[str, str]
) -> None:
    answer = alone.get(
        path, headers={name: value.encode("utf-8", "replace").decode("latin-1") for name, value in header.items()}
    )
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert answer.json is not None
    assert answer.json["type"] == "/problems/unauthenticated"


@pytest.mark.parametrize("path", OPEN)
def test_health_and_description_need_no_token(alone: FlaskClient, path: str) -> None:
    assert alone.get(path).status_code in (200, 503)


@pytest.mark.parametrize(("method", "path", "status"), [("TRACE", "/batch", 405), ("GET", "/nowhere", 404)])
def test_what_is_not_there_is_not_there_for_a_worker_either(
    alone: FlaskClient, method: str, path: str, status: int
) -> None:
    assert alone.open(path, method=method, headers=WORKER).status_code == status


def test_the_scheme_is_written_in_any_case(alone: FlaskClient) -> None:
    assert alone.get("/metrics", headers={"Authorization": f"bearer {TOKEN}"}).status_code == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/batch"),
        ("POST", "/batch"),
        ("GET", "/dead-letters"),
        ("DELETE", "/mappings/x"),
        ("PUT", "/sources/x/credential"),
    ],
)
def test_a_worker_may_read_what_workers_need_and_no_more(alone: FlaskClient, method: str, path: str) -> None:
    assert alone.open(path, method=method, headers=WORKER, json={}).status_code == 403
    assert alone.get("/metrics", headers=WORKER).status_code == 200


def test_a_caller_may_not_read_a_password(alone: FlaskClient) -> None:
    assert alone.get("/sources/hospital/credential", headers=CALLER).status_code == 403
