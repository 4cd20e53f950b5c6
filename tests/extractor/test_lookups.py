"""What the extractor asks of the api and of its environment."""

from __future__ import annotations

from pathlib import Path

import pytest

from extractor import lookups
from extractor.settings import ExtractorSettings
from mapping import credential, document
from mapping.credential import Credential
from pipeline.api_client import ApiClient
from pipeline.errors import InvalidRecord, Misconfigured
from tests.extractor.memory import mapping

FROZEN = document.dump(mapping())
HASH = document.content_hash(mapping())
LOGIN = Credential("POSTGRES", "db", 5432, "mimic", "reader", "s3cret")


class Api(ApiClient):
    """The api, with one answer to everything."""

    def __init__(self, answer: bytes) -> None:
        self.answer = answer
        self.asked: list[str] = []

    def frozen_mapping(self, mapping_hash: str) -> bytes:
        self.asked.append(mapping_hash)
        return self.answer

    def credential(self, source_id: str) -> bytes:
        self.asked.append(source_id)
        return self.answer


def test_a_frozen_mapping_is_asked_for_once() -> None:
    api = Api(FROZEN)
    mapping_of = lookups.mappings(api)
    assert mapping_of(HASH) == mapping_of(HASH) == mapping()
    assert api.asked == [HASH]


def test_a_mapping_that_is_not_the_frozen_one_is_refused() -> None:
    with pytest.raises(InvalidRecord, match="not the one of this batch"):
        lookups.mappings(Api(FROZEN))("0" * 64)


def test_a_login_is_asked_for_each_time() -> None:
    api = Api(credential.dump(LOGIN))
    credential_of = lookups.credentials(api)
    assert credential_of("mimic") == credential_of("mimic") == LOGIN
    assert api.asked == ["mimic", "mimic"]


def test_a_login_that_cannot_be_read_ends_the_resource_without_quoting_it() -> None:
    with pytest.raises(InvalidRecord) as caught:
        lookups.credentials(Api(b'{"password": "s3cret"}'))("mimic")
    assert caught.value.reason == "source-refused"
    assert "s3cret" not in str(caught.value)


def test_a_secret_comes_from_the_environment_or_the_file_that_it_names(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert lookups.secret("SOURCE_MIMIC_PASSWORD") is None
    monkeypatch.setenv("SOURCE_MIMIC_PASSWORD", "one")
    assert lookups.secret("SOURCE_MIMIC_PASSWORD") == "one"
    (tmp_path / "secret").write_text(" two \n")
    monkeypatch.setenv("SOURCE_MIMIC_PASSWORD_FILE", str(tmp_path / "secret"))
    assert lookups.secret("SOURCE_MIMIC_PASSWORD") == " two "
    monkeypatch.setenv("SOURCE_MIMIC_PASSWORD_FILE", str(tmp_path / "none"))
    assert lookups.secret("SOURCE_MIMIC_PASSWORD") is None


def test_settings_have_defaults_but_for_the_token() -> None:
    settings = ExtractorSettings.from_environment({"API_WORKER_TOKEN": "t"})
    assert (settings.chunk.keys, settings.source.statement_timeout) == (2000, 90)
    with pytest.raises(Misconfigured, match="CHUNK_KEYS must be"):
        ExtractorSettings.from_environment({"API_WORKER_TOKEN": "t", "CHUNK_KEYS": "9999"})
