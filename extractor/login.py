"""How a database is connected to.

PostgreSQL is built in (`extractor.postgres_login`). An installed package adds another by an entry point in the group
`firth.sources`: its name is the `model` of a source's credential, its object a `Connect`. See docs/extending.md.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from extractor.settings import SourceSettings
from extractor.source import Database
from mapping.credential import Credential


@dataclass(frozen=True, slots=True)
class Login:
    """All that it takes to connect: `where` names the source in sentences, which hold neither login nor password."""

    where: str
    credential: Credential
    password: str | None = field(repr=False)
    settings: SourceSettings


Connect: TypeAlias = Callable[[Login], Database]
"""Connects to a database. Raises SourceAway while it cannot be reached, and InvalidRecord (`source-refused`) where it
takes nobody in by this login."""
