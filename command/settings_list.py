"""Every setting of every service, as `.env.example` lists them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from api.settings import ApiSettings
from extractor.settings import ExtractorSettings, LiveSettings
from loader.settings import LoaderSettings
from pipeline.settings import SettingHelp, Settings, describe
from transformer.settings import TransformerSettings

SERVICES: Final[Mapping[str, type[Settings]]] = {
    "api": ApiSettings,
    "extractor": ExtractorSettings,
    "extractor.live": LiveSettings,
    "transformer": TransformerSettings,
    "loader": LoaderSettings,
}

_HEAD: Final = """\
# Settings of the services, each with its default. docker-compose.yml gives its services what a file .env beside it
# says (docs/deployment.md); the local stack's services take your environment.
# Any NAME can be given as NAME_FILE instead: the path of a file that holds the value, as secrets should be.
# Written by `./firth settings > .env.example`.
"""


def example() -> str:
    """The text of `.env.example`: settings that several services share first, then those of each alone."""
    users: dict[str, list[str]] = {}
    helps: dict[str, SettingHelp] = {}
    for service, settings in SERVICES.items():
        for each in describe(settings):
            users.setdefault(each.name, []).append(service)
            helps.setdefault(each.name, each)
    groups: dict[str, list[SettingHelp]] = {}
    for name, services in users.items():
        groups.setdefault(", ".join(services), []).append(helps[name])
    shared_first = sorted(groups.items(), key=lambda group: -group[0].count(","))
    return "\n".join([_HEAD, *(line for services, found in shared_first for line in _group(services, found))])


def _group(services: str, settings: list[SettingHelp]) -> Iterator[str]:
    yield f"# ---- {services}\n"
    for each in settings:
        must = " (must be set)" if each.required else ""
        yield f"# {each.about}{must}"
        yield f"{'' if each.required else '#'}{each.name}={each.default or ''}\n"
