"""Pages of lists, newest first: `?limit=&after=`, and a Link header to the next (RFC 8288)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any
from urllib.parse import urlencode

from flask import request
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Column, Select


class Page(BaseModel):
    """Which part of a list."""

    model_config = ConfigDict(extra="forbid")

    limit: Annotated[int, Field(ge=1, le=500, description="how many at most")] = 50
    after: Annotated[
        str | None, Field(pattern=r"^[0-9]{1,18}$", description="the `next` of the page before; opaque")
    ] = None


def before(query: Select[Any], position: Column[int], page: Page) -> Select[Any]:
    """The rows of a page, and one more that tells whether there is a next one."""
    if page.after is not None:
        query = query.where(position < int(page.after))
    return query.order_by(position.desc()).limit(page.limit + 1)


def paged(rows: Sequence[Any], page: Page) -> tuple[Sequence[Any], str | None]:
    """The rows to show, and the `after` of the next page if there is one."""
    if len(rows) <= page.limit:
        return rows, None
    shown = rows[: page.limit]
    return shown, str(shown[-1].position)


def link(after: str) -> str:
    """The Link header that leads to the next page of the list asked for: the same question, further on."""
    asked = request.args.to_dict() | {"after": after}
    return f'<{request.path}?{urlencode(asked)}>; rel="next"'
