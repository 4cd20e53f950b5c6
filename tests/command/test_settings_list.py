"""`.env.example` is what the services really read."""

from __future__ import annotations

from command.settings_list import SERVICES, example
from command.stack.places import ROOT
from pipeline.settings import describe


def test_the_example_file_is_the_list_of_all_settings() -> None:
    assert (ROOT / ".env.example").read_text() == example(), "run: ./firth settings > .env.example"


def test_every_setting_of_every_service_is_listed() -> None:
    lines = example().splitlines()
    for settings in SERVICES.values():
        for each in describe(settings):
            assert any(line.lstrip("#").startswith(f"{each.name}=") for line in lines), each.name


def test_a_secret_has_no_value_in_the_list() -> None:
    secrets = {each.name for settings in SERVICES.values() for each in describe(settings) if each.secret}
    assert secrets
    for line in example().splitlines():
        name, sign, value = line.lstrip("#").partition("=")
        assert not (sign and name in secrets and value)
