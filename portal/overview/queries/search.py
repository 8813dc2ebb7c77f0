"""What a text finds: by name, number, code, address or id, each kind for those who may read it.

Which rows there are, the database decides: a subscriber finds its own cameras only.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from portal.access import Actor, Permission, can
from portal.db import snapshot

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
    """A kind, as SQL: who may look for it, where it is, and which texts of it are looked in.

    `starts` are texts that fit only when they begin with what is looked for, as numbers do; `fits`
    is another condition on $1.
    """

    permission: Permission
    table: str
    key: str
    label: str
    detail: str
    cloud: str
    within: tuple[str, ...] = ()
    starts: tuple[str, ...] = ()
    fits: str = "false"

    @property
    def query(self) -> str:
        """The rows that fit $1, and how well: `rank` 0 is best."""
        conditions = (
            *(f"position(lower($1) in lower({text})) > 0" for text in self.within),
            *(f"starts_with({text}, $1)" for text in self.starts),
            self.fits,
        )
        ranks = (
            f"case when lower({text}) = lower($1) then 0"
            f" when starts_with(lower({text}), lower($1)) then 1 else 2 end"
            for text in (self.key, self.label)
        )
        return (
            f"select {self.key} as key, {self.label} as label, {self.detail} as detail,"  # noqa: S608
            f" {self.cloud} as cloud, least({', '.join(ranks)}) as rank"
            f" from {self.table} where {' or '.join(conditions)}"
        )


SOURCES: Final[Mapping[str, Source]] = {
    "subscribers": Source(
        permission=Permission.SUBSCRIBERS_READ,
        table="subscriber s left join subscriber_terms t on t.id = s.id",
        key="s.number::text",
        label="s.name",
        detail="t.email",
        cloud="s.cloud",
        within=("s.name", "t.email", "t.tax_number"),
        starts=("s.number::text",),
    ),
    "cameras": Source(
        permission=Permission.CAMERAS_READ,
        table="camera c",
        key="c.external_id",
        label="coalesce(nullif(c.name, ''), c.external_id)",
        detail="c.external_id",
        cloud="c.cloud",
        within=("c.name", "c.external_id"),
    ),
    "invoices": Source(
        permission=Permission.INVOICES_READ,
        table="invoice i",
        key="i.number",
        label="i.number",
        detail="i.buyer->>'name'",
        cloud="i.cloud",
        fits=(
            "lower(i.number) = lower($1) or ($1 ~ '^[0-9]+$'"
            f" and length($1) >= {DIGITS_MIN} and right(i.number, length($1)) = $1)"
        ),
    ),
    "tariffs": Source(
        permission=Permission.TARIFFS_READ,
        table="tariff t",
        key="t.code",
        label="t.name",
        detail="t.code",
        cloud="t.cloud",
        within=("t.name", "t.code"),
    ),
    "referrals": Source(
        permission=Permission.REFERRALS_READ,
        table="referral r",
        key="r.code",
        label="r.name",
        detail="r.code",
        cloud="r.cloud",
        within=("r.name", "r.code"),
    ),
    "clouds": Source(
        permission=Permission.CLOUDS_READ,
        table="cloud c",
        key="c.slug",
        label="c.name",
        detail="c.slug",
        cloud="c.id",
        within=("c.name", "c.slug"),
    ),
    "people": Source(
        permission=Permission.USERS_READ,
        table="portal_user u",
        key="u.id::text",
        label="coalesce(nullif(u.name, ''), u.email)",
        detail="u.email",
        cloud="u.cloud",
        within=("u.name", "u.email"),
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
    actor: Actor, text: str, kinds: Collection[str], *, limit: int
) -> dict[str, Found]:
    """What fits a text, by kind; kinds of which nothing fits or that the actor may not read lack.

    A text of fewer than SHORTEST characters finds nothing. `limit` is of each kind.
    """
    text = text.strip()
    if len(text) < SHORTEST:
        return {}
    found = {}
    async with snapshot(actor) as tx:
        for kind in kinds:
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
