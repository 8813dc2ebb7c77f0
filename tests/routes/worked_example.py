"""The worked example behind the portals: North's October is closed to the cent, South's is not."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from html import unescape
from pathlib import Path

from portal.access import SYSTEM
from portal.books.actions.estimates import estimate_cloud
from portal.db import atomic
from tests.cast import NORTH, SOUTH
from tests.conftest import NOW
from tests.factories import worked_example
from tests.routes.conftest import Site, Visitor, password_hash
from tests.routes.story import close, site_of
from tests.services import TestServices

HTMX = {"HX-Request": "true"}


async def happens() -> None:
    """Let it happen, on a worker's connections."""
    await worked_example()
    async with atomic(SYSTEM) as tx:
        await tx.execute("update portal_user set password = $1", password_hash())
        await tx.execute("update cloud set locale = 'en_GB'")
    await close("north", "2026-10")
    for cloud in (NORTH, SOUTH):
        await estimate_cloud(cloud, now=NOW)


@asynccontextmanager
async def worked(
    services: TestServices, template: str, name: str, data_dir: Path
) -> AsyncIterator[Site]:
    """The application over it, on 5 November."""
    async with site_of(happens, services, template, name, data_dir) as site:
        yield site


def words(html: str) -> str:
    """What is written on a page, tags left out, on one line."""
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", html)).split())


def rows(html: str, table: str) -> list[list[str]]:
    """The cells of a table's rows, by the id of what it stands in."""
    return _cells(html.partition(f'id="{table}"')[2])


def named(html: str, caption: str) -> list[list[str]]:
    """The same of the table with a caption."""
    return _cells(html.partition(f'<caption class="visually-hidden">{caption}</caption>')[2])


def _cells(html: str) -> list[list[str]]:
    part = html.partition("</table>")[0]
    return [
        [words(cell[1]) for cell in re.findall(r"<t([hd])\b[^>]*>(.*?)</t\1>", row, re.DOTALL)]
        for row in re.findall(r"<tr>(.*?)</tr>", part, re.DOTALL)
    ]


async def read(visitor: Visitor, path: str, status: int = 200) -> str:
    """A page's words."""
    answer = await visitor.get(path)
    assert answer.status_code == status, answer.text
    return words(answer.text)
