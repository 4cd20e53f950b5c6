from __future__ import annotations

import pytest

from loader.__main__ import sink_of
from loader.hapi import HapiSink
from loader.mongo import MongoSink
from loader.settings import LoaderSettings
from pipeline.errors import Misconfigured


def test_the_sink_must_be_named() -> None:
    with pytest.raises(Misconfigured, match="SINK"):
        LoaderSettings.from_environment({})


def test_everything_else_has_a_default_that_fits_the_local_stack() -> None:
    settings = LoaderSettings.from_environment({"SINK": "fhir"})
    assert settings.fhir.url == "http://127.0.0.1:8080/fhir"
    assert settings.mongo.database == "fhir"


@pytest.mark.parametrize(
    "url", ["localhost:8080", "ftp://h/fhir", "https://user:s3cret@h/fhir", "http:///fhir", "http://h/fhir?a=b"]
)
def test_an_address_that_cannot_be_meant_is_a_mistake_that_is_not_quoted(url: str) -> None:
    with pytest.raises(Misconfigured, match="FHIR_API_URL") as raised:
        LoaderSettings.from_environment({"SINK": "fhir", "FHIR_API_URL": url})
    assert "s3cret" not in str(raised.value)


def test_the_address_of_mongodb_is_a_secret() -> None:
    settings = LoaderSettings.from_environment({"SINK": "mongodb", "MONGODB_URL": "mongodb://u:s3cret@h"})
    assert "s3cret" not in repr(settings)


def test_a_sink_must_answer_before_the_worker_s_session_ends() -> None:
    settings = LoaderSettings.from_environment({"SINK": "fhir", "SESSION_TIMEOUT": "30"})
    assert settings.time_limit < settings.worker.session_timeout


def test_each_sink_is_made_without_connecting_to_anything() -> None:
    fhir = {"SINK": "fhir", "FHIR_API_URL": "http://127.0.0.1:1/fhir", "FHIR_API_TOKEN": "s3cret"}
    made = sink_of(LoaderSettings.from_environment(fhir))
    assert isinstance(made, HapiSink)
    made.close()
    made_too = sink_of(LoaderSettings.from_environment({"SINK": "mongodb", "MONGODB_URL": "mongodb://127.0.0.1:1"}))
    assert isinstance(made_too, MongoSink)
    made_too.close()
