"""What the local stack gives Firth's own services."""

from __future__ import annotations

from api.settings import ApiSettings
from command.stack import services
from command.stack.places import Place
from command.stack.ports import Ports


def test_a_token_for_another_api_is_not_that_of_the_stacks_own(place: Place) -> None:
    api, *_ = services.servers(place, Ports(), {})
    settings = ApiSettings.from_environment({"API_TOKEN": "of-another", **api.environment})
    assert settings.api_token is not None
    assert settings.api_token.reveal() == place.secret("api-token")
