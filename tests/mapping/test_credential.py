from __future__ import annotations

from typing import Any

import pytest

from mapping import credential
from mapping.mistakes import InvalidMapping

GIVEN: dict[str, Any] = {
    "model": "POSTGRES",
    "host": "db",
    "port": "5432",
    "database": "mimic",
    "login": "reader",
    "password": "s3cret",
}


def test_a_credential_is_read_and_written_again() -> None:
    made = credential.read(GIVEN)
    assert made.port == 5432
    assert credential.load(credential.dump(made)) == made


def test_the_password_is_not_shown() -> None:
    assert "s3cret" not in repr(credential.read(GIVEN))


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"model": "ORACLE"}, "model"),
        ({"model": None}, "model"),
        ({"host": ""}, "host"),
        ({"port": "54x2"}, "port"),
        ({"port": 0}, "port"),
        ({"port": True}, "port"),
        ({"database": 7}, "database"),
        ({"login": None}, "login"),
        ({"passwordSecret": "SOURCE_MIMIC_PASSWORD"}, "passwordSecret"),
        ({"password": None, "passwordSecret": "API_WORKER_TOKEN"}, "passwordSecret"),
        ({"password": "\x00"}, "password"),
    ],
)
def test_each_mistake_has_its_path_and_no_value(change: dict[str, Any], path: str) -> None:
    with pytest.raises(InvalidMapping) as caught:
        credential.read(GIVEN | change)
    assert [one.path for one in caught.value.mistakes] == [f"source.credential.{path}"]
    assert "s3cret" not in str(caught.value)


def test_a_broken_document_is_refused_without_quoting_it() -> None:
    with pytest.raises(InvalidMapping) as caught:
        credential.load(b'{"password": "s3cret"')
    assert "s3cret" not in str(caught.value)


def test_an_export_without_its_secrets_says_so() -> None:
    assert not credential.is_complete({"model": "POSTGRES", "owners": []})
    assert credential.is_complete(GIVEN)
