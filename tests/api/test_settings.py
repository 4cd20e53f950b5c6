"""What the api reads from the environment."""

from __future__ import annotations

import pytest

from api.settings import ApiSettings
from pipeline.errors import Misconfigured

GIVEN = {"DATABASE_URL": "postgresql://firth:planted@db/firth", "API_WORKER_TOKEN": "w" * 32}


def test_what_must_be_given_is_little_and_secrets_are_not_shown() -> None:
    settings = ApiSettings.from_environment(GIVEN)
    assert (settings.port, settings.sinks, settings.api_token) == (3000, ("fhir", "mongodb"), None)
    assert "planted" not in repr(settings)
    assert "w" * 32 not in repr(settings)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"DATABASE_URL": "mysql://x"}, "DATABASE_URL must begin with postgresql://"),
        ({"SINKS": "fhir,fhir"}, "SINKS must name at least one sink, and each once"),
        ({"SINKS": "FHIR"}, "SINKS must be lower-case names"),
        ({"API_TOKEN": "short"}, "API_TOKEN must have at least 16 characters"),
        ({"API_TOKEN": "w" * 32}, "API_TOKEN and API_WORKER_TOKEN must differ"),
        ({"API_PORT": "0"}, "API_PORT must be a whole number"),
    ],
)
def test_each_mistake_is_a_sentence_without_the_value(change: dict[str, str], sentence: str) -> None:
    with pytest.raises(Misconfigured) as caught:
        ApiSettings.from_environment(GIVEN | change)
    assert sentence in str(caught.value)
    assert "planted" not in str(caught.value)
