"""What a text finds: by name, number, code, address or id, each kind for those who may read it.

Which rows there are, the database decides: a subscriber finds its own cameras only.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from portal.access import Actor, Permission, can
from portal.db import snapshot
from portal.overview.queries import kinds
from portal.overview.queries.kinds import Kind

COUNTED_MAX: Final = 1_000
"""Up to so many are counted; of more it is said that they are more."""
SHORTEST: Final = 2
"""Of a text that is looked for."""
DIGITS_MIN: Final = 3
"""Of the end of a document's number that finds it."""


@dataclass(frozen=True, slots=True)
class Hit:
    """One that was found: `key` is its number, code or id, `cloud` the slug of whose it is."""

    key: str
    label: str
    detail: str
    cloud: str
    cloud_name: str


@dataclass(frozen=True, slots=True)
class Found:
    """The best of a kind, and how many fit: at most COUNTED_MAX + 1."""

    hits: tuple[Hit, ...]
    total: int

    @property
    def is_more(self) -> bool:
        """Whether there are more than were counted."""
        return self.total > COUNTED_MAX


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A kind as it is looked for: by whom, and in which texts of it beside its name.

    `joined` are further tables that these texts are in. `starts` are texts that fit only when they
    begin with what is looked for, as numbers do; `fits` is another condition on $1. What is not
    `named` is not looked for in its name.
    """

    permission: Permission
    kind: Kind
    detail: str
    joined: str = ""
    within: tuple[str, ...] = ()
    starts: tuple[str, ...] = ()
    fits: str = "false"
    named: bool = True

    @property
    def query(self) -> str:
        """The rows that fit $1, and how well: `rank` 0 is best."""
        kind = self.kind
        conditions = (
            *(
                f"position(lower($1) in lower({text})) > 0"
                for text in ((kind.name,) * self.named + self.within)
            ),
            *(f"starts_with({text}, $1)" for text in self.starts),
            self.fits,
        )
        ranks = (
            f"case when lower({text}) = lower($1) then 0"
            f" when starts_with(lower({text}), lower($1)) then 1 else 2 end"
            for text in (kind.key, kind.shown)
        )
        return (
            f"select {kind.key} as key, {kind.shown} as label, {self.detail} as detail,"  # noqa: S608
            f" {kind.cloud} as cloud, least({', '.join(ranks)}) as rank"
            f" from {kind.table} {self.joined} where {' or '.join(conditions)}"
        )


_INVOICES: Final = Kind("invoice i", "i.number", "i.number", "i.cloud")
SOURCES: Final[Mapping[str, Source]] = {
    "subscribers": Source(
        permission=Permission.SUBSCRIBERS_READ,
        kind=kinds.SUBSCRIBERS,
        joined="left join subscriber_terms t on t.id = s.id",
        detail="t.email",
        within=("t.email", "t.tax_number"),
        starts=(kinds.SUBSCRIBERS.key,),
    ),
    "cameras": Source(
        permission=Permission.CAMERAS_READ,
        kind=kinds.CAMERAS,
        detail=kinds.CAMERAS.key,
        within=(kinds.CAMERAS.key,),
    ),
    "invoices": Source(
        permission=Permission.INVOICES_READ,
        kind=_INVOICES,
        detail="i.buyer->>'name'",
        named=False,
        fits=(
            "lower(i.number) = lower($1) or ($1 ~ '^[0-9]+$'"
            f" and length($1) >= {DIGITS_MIN} and right(i.number, length($1)) = $1)"
        ),
    ),
    "tariffs": Source(
        permission=Permission.TARIFFS_READ,
        kind=kinds.TARIFFS,
        detail=kinds.TARIFFS.key,
        within=(kinds.TARIFFS.key,),
    ),
    "referrals": Source(
        permission=Permission.REFERRALS_READ,
        kind=kinds.REFERRALS,
        detail=kinds.REFERRALS.key,
        within=(kinds.REFERRALS.key,),
    ),
    "clouds": Source(
        permission=Permission.CLOUDS_READ,
        kind=kinds.CLOUDS,
        detail=kinds.CLOUDS.key,
        within=(kinds.CLOUDS.key,),
    ),
    "people": Source(
        permission=Permission.USERS_READ,
        kind=kinds.PEOPLE,
        detail="u.email",
        within=("u.email",),
    ),
}
_FOUND: Final = """
with fitting as materialized ({source} order by rank, label, key limit $2)
select f.key, f.label, coalesce(f.detail, '') as detail, coalesce(c.slug, '') as cloud,
       coalesce(c.name, '') as cloud_name, (select count(*) from fitting) as total
from fitting f left join cloud c on c.id = f.cloud
order by f.rank, f.label, f.key limit $3
"""


async def search(
    actor: Actor, text: str, wanted: Collection[str], *, limit: int
) -> dict[str, Found]:
    """What fits a text, by kind; kinds of which nothing fits or that the actor may not read lack.

    A text of fewer than SHORTEST characters finds nothing. `limit` is of each kind.
    """
    text = text.strip()
    if len(text) < SHORTEST:
        return {}
    found = {}
    async with snapshot(actor) as tx:
        for kind in wanted:
            source = SOURCES[kind]
            if not can(actor, source.permission):
                continue
            rows = await tx.fetch(_FOUND.format(source=source.query), text, COUNTED_MAX + 1, limit)
            if rows:
                hits = tuple(
                    Hit(
                        key=r["key"],
                        label=r["label"],
                        detail=r["detail"],
                        cloud=r["cloud"],
                        cloud_name=r["cloud_name"],
                    )
                    for r in rows
                )
                found[kind] = Found(hits, rows[0]["total"])
    return found
