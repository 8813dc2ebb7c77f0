"""What a text finds: by name, number, code, address or id, each kind for those who may read it.

Which rows there are, the database decides: a subscriber finds its own cameras only.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from portal.access import Actor, Permission, can
from portal.db import snapshot
from portal.kit.queries import words
from portal.kit.queries.words import Words
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


_FOUND: Final = """
with fitting as materialized (
  select {kind.alias}.id, {kind.key} as key, {kind.shown} as label, {kind.cloud} as cloud,
         {rank} as rank
  from {which} order by rank, label, key limit $2
)
select f.key, f.label, coalesce({source.detail}, '') as detail, coalesce(whose.slug, '') as cloud,
       coalesce(whose.name, '') as cloud_name, (select count(*) from fitting) as total
from (select * from fitting order by rank, label, key limit $3) f
join {kind.table} on {kind.alias}.id = f.id left join cloud whose on whose.id = f.cloud
order by f.rank, f.label, f.key
"""
# By word, so that the shortest come first: they are what is looked for.
_OF_WORDS: Final = f"""
cloud o cross join lateral (
  select distinct one.id from (
    select w.{{words.column}} as id from {{words.table}} w where w.cloud = o.id and {{begun}}
    order by w.word limit {2 * COUNTED_MAX}
  ) one
) found
"""  # noqa: S608 - names of ours


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A kind as it is looked for: by whom, and in which texts of it beside its name.

    `fits` is another condition on $1. What is not `named` is not looked for in its name. Of what is
    kept by `words` each cloud's first are looked up, enough of them to be counted.
    """

    permission: Permission
    kind: Kind
    detail: str
    within: tuple[str, ...] = ()
    fits: str = "false"
    named: bool = True
    words: Words | None = None

    @property
    def query(self) -> str:
        """The rows that fit $1, and how well: `rank` 0 is best; $2 are counted, $3 shown."""
        kind = self.kind
        texts = (kind.name,) * self.named + self.within
        conditions = (*(f"position(lower($1) in lower({text})) > 0" for text in texts), self.fits)
        ranks = (
            f"case when lower({text}) = lower($1) then 0"
            f" when starts_with(lower({text}), lower($1)) then 1 else 2 end"
            for text in (kind.key, kind.shown)
        )
        if self.words is None:
            which = f"{kind.table} where {' or '.join(conditions)}"
        else:
            found = _OF_WORDS.format(words=self.words, begun=self.words.begun("$1"))
            which = f"{found} join {kind.table} on {kind.alias}.id = found.id"
        return _FOUND.format(kind=kind, source=self, which=which, rank=f"least({', '.join(ranks)})")


# The whole number, or its last digits: backwards it begins with them.
_OF_NUMBER: Final = f"""
i.id = any(array(
  select n.id from cloud o cross join lateral (
    select n.id from invoice n
    where n.cloud = o.id and n.number_ended >= reverse(lower($1))
      and n.number_ended < reverse(lower($1)) || chr(1114111)
      and (n.number_begun = lower($1) or $1 ~ '^[0-9]{{{DIGITS_MIN},}}$')
    order by n.number_ended limit {COUNTED_MAX + 1}
  ) n))
"""  # noqa: S608 - bounds of ours
_INVOICES: Final = Kind("invoice i", "i.number", "i.number", "i.cloud")
SOURCES: Final[Mapping[str, Source]] = {
    "subscribers": Source(
        permission=Permission.SUBSCRIBERS_READ,
        kind=kinds.SUBSCRIBERS,
        detail="(select t.email from subscriber_terms t where t.id = s.id limit 1)",
        words=words.SUBSCRIBERS,
    ),
    "cameras": Source(
        permission=Permission.CAMERAS_READ,
        kind=kinds.CAMERAS,
        detail=kinds.CAMERAS.key,
        words=words.CAMERAS,
    ),
    "invoices": Source(
        permission=Permission.INVOICES_READ,
        kind=_INVOICES,
        detail="i.buyer->>'name'",
        named=False,
        fits=_OF_NUMBER,
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
            rows = await tx.fetch(source.query, text, COUNTED_MAX + 1, limit)
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
