from __future__ import annotations

import pytest

from pipeline.api_client import ApiClient
from pipeline.errors import FirthError, InvalidRecord, Misconfigured, Unavailable
from tests.pipeline.answering import answering


def test_a_mapping_and_a_credential_are_handed_over_as_they_come() -> None:
    answers = {"/frozen-mappings/abc": (200, b"{ }"), "/sources/m%2F1/credential": (200, b'{"a": 1}')}
    with answering(answers) as (url, came):
        client = ApiClient(url, "sesame")
        assert client.frozen_mapping("abc") == b"{ }"
        assert client.credential("m/1") == b'{"a": 1}'
    assert came == [("/frozen-mappings/abc", "Bearer sesame"), ("/sources/m%2F1/credential", "Bearer sesame")]


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (404, InvalidRecord),
        (401, Misconfigured),
        (403, Misconfigured),
        (500, Unavailable),
        (503, Unavailable),
        (302, Unavailable),
    ],
)
def test_what_the_api_refuses_is_one_of_three_failures(status: int, kind: type[FirthError]) -> None:
    with (
        answering({"/frozen-mappings/abc": (status, b"Doe")}) as (url, _),
        pytest.raises(kind, match=r"api") as caught,
    ):
        ApiClient(url, "sesame").frozen_mapping("abc")
    assert "Doe" not in str(caught.value)
    assert "sesame" not in str(caught.value)


def test_an_api_that_is_not_there_is_unavailable() -> None:
    with pytest.raises(Unavailable, match="is it running"):
        ApiClient("http://127.0.0.1:1", "sesame").frozen_mapping("abc")


def test_an_address_that_is_none_is_a_mistake_in_the_settings() -> None:
    with pytest.raises(Misconfigured, match="check API_URL"):
        ApiClient("127.0.0.1", "sesame").frozen_mapping("abc")
