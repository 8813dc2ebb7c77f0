"""How an operator's sign-in page and documents look: anybody may see it before they are known."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

from portal.access import DOORKEEPER, Actor
from portal.db import Transaction, snapshot
from portal.errors import no_such
from portal.words import _


@dataclass(frozen=True, slots=True)
class Look:
    """A name, a colour like "#1f6feb", and a logo: `version` tells one from the next, "" is none.

    `slug` is the cloud's, None for the platform.
    """

    slug: str | None
    name: str
    colour: str | None
    version: str

    @property
    def folder(self) -> str:
        """Where its files are."""
        return "/look" if self.slug is None else f"/look/{self.slug}"


_PLATFORM: Final = "select name, colour, logo from platform"
_OF_CLOUD: Final = """
select c.name, coalesce(c.colour, p.colour) as colour, c.logo
from cloud c cross join platform p where
"""
_CLOUD: Final = f"{_OF_CLOUD} c.slug = $1"
_BY_ID: Final = f"{_OF_CLOUD} c.id = $1"


@dataclass(frozen=True, slots=True)
class Letterhead:
    """What documents wear: a colour, "" for the usual one, and a PNG, None for none."""

    colour: str
    logo: bytes | None


async def get(slug: str | None, actor: Actor = DOORKEEPER) -> Look:
    """The look of a cloud, or of the platform, as `actor` reads it. Raises `NotFound`."""
    return (await _read(slug, actor))[0]


async def logo(slug: str | None) -> bytes:
    """The logo as a PNG. Raises `NotFound`, also where there is none."""
    content = (await _read(slug, DOORKEEPER))[1]
    if content is None:
        raise no_such(_("logo"), slug or "")
    return content


async def letterhead(slug: str | None, actor: Actor) -> Letterhead:
    """What the documents of a cloud, or of the platform, wear from now on. Raises `NotFound`."""
    found, content = await _read(slug, actor)
    return Letterhead(found.colour or "", content)


async def letterhead_in(tx: Transaction, cloud: int | None) -> Letterhead:
    """The same by the cloud's row id, None for the platform."""
    row = await (tx.fetchrow(_PLATFORM) if cloud is None else tx.fetchrow(_BY_ID, cloud))
    assert row is not None, "a document is somebody's"
    return Letterhead(colour=row["colour"] or "", logo=row["logo"])


async def _read(slug: str | None, actor: Actor) -> tuple[Look, bytes | None]:
    async with snapshot(actor) as tx:
        row = await (tx.fetchrow(_PLATFORM) if slug is None else tx.fetchrow(_CLOUD, slug))
    if row is None:
        raise no_such(_("cloud"), slug or "")
    content = row["logo"]
    version = hashlib.sha256(content).hexdigest()[:16] if content else ""
    found = Look(slug=slug, name=row["name"], colour=row["colour"], version=version)
    return found, content
