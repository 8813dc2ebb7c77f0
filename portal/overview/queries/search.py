"""What a text finds: by name, number, code, address or id, each kind for those who may read it.

Which rows there are, the database decides: a subscriber finds its own cameras only.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from portal.access import Actor, Permission, can
from portal.billing.money import CURRENCIES
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


def _places(count: int) -> str:
    """The currencies with so many decimal places, as SQL."""
    return ", ".join(f"'{one}'" for one, places in sorted(CURRENCIES.items()) if places == count)


_BEGUN: Final = "{one} >= lower($1) and {one} < lower($1) || chr(1114111)"
# The amount that a text is, in minor units of the row's currency; "16,48" and "16.48" are the same.
_AMOUNT: Final = f"""
round(case when $1 ~ '^[0-9]{{{{1,10}}}}([.,][0-9]{{{{1,3}}}})?$'
           then replace($1, ',', '.')::numeric end
      * case when {{row}}.currency in ({_places(0)}) then 1 when {{row}}.currency in ({_places(3)})
             then 1000 else 100 end)
"""
_AMOUNTS: Final = """
array(select round(replace(x, ',', '.')::numeric * one)::bigint
      from unnest(array[1, 100, 1000]) one, substring($1 from '^[0-9]{1,10}(?:[.,][0-9]{1,3})?$') x
      where x is not null)
"""
# Of the books that the actor sees, each looked into by its index: clouds' and the platform's.
_OF_BOOKS: Final = f"""
{{row}}.id = any(array(
  select n.id from (select o.id as issuer from cloud o union all select 0) b cross join lateral (
    {{found}}
  ) n limit {COUNTED_MAX + 1}))
"""  # noqa: S608 - a bound of ours
_OF_PAYMENTS: Final = _OF_BOOKS.format(
    row="p",
    found=f"""
    (select q.id from payment q where q.issuer = b.issuer
       and {_BEGUN.format(one="q.reference_begun")} limit {COUNTED_MAX + 1})
    union all
    select q.id from payment q where q.issuer = b.issuer and q.amount = any({_AMOUNTS})
      and q.amount = {_AMOUNT.format(row="q")}
    union all
    (select f.payment from bank_line l join bank_payment f on f.bank_line = l.id
     where l.issuer = b.issuer and l.name <> '' and {_BEGUN.format(one="l.name_begun")}
     limit {COUNTED_MAX + 1})
    """,  # noqa: S608 - texts of ours
)
_OF_REFUNDS: Final = _OF_BOOKS.format(
    row="rf",
    found=f"""
    select q.id from refund q where q.issuer = b.issuer
      and {_BEGUN.format(one="q.reference_begun")}
    """,  # noqa: S608 - texts of ours
)
_OF_LINES: Final = _OF_BOOKS.format(
    row="l",
    found=f"""
    (select q.id from bank_line q where q.issuer = b.issuer and q.name <> ''
       and {_BEGUN.format(one="q.name_begun")} limit {COUNTED_MAX + 1})
    union all
    select q.id from bank_line q
    where q.issuer = b.issuer and q.bank_reference <> '' and q.bank_reference = $1
    union all
    select q.id from bank_line q
    where q.issuer = b.issuer and q.end_to_end <> '' and q.end_to_end = $1
    union all
    select q.id from bank_line q where q.issuer = b.issuer and q.amount = any({_AMOUNTS})
      and q.amount = {_AMOUNT.format(row="q")}
    """,  # noqa: S608 - texts of ours
)
_OF_STATEMENTS: Final = f"""
t.number <> '' and (t.number = upper($1) or $1 ~ '^[0-9]{{{DIGITS_MIN},}}$'
  and right(t.number, length($1)) = $1)
"""
_WHOSE: Final = """
(select coalesce(s.name, case {row}.issuer when 0 then w.name end) from cloud w
 left join subscriber s on s.cloud = w.id and s.id = {row}.subscriber where w.id = {row}.cloud)
"""
_INVOICES: Final = Kind("invoice i", "i.number", "i.number", "i.cloud")
_PAYMENTS: Final = Kind("payment p", "p.id::text", "p.reference", "nullif(p.issuer, 0)")
_REFUNDS: Final = Kind("refund rf", "rf.reference", "rf.reference", "nullif(rf.issuer, 0)")
_LINES: Final = Kind(
    "bank_line l", "l.id::text", "coalesce(nullif(l.name, ''), l.text)", "nullif(l.issuer, 0)"
)
_STATEMENTS: Final = Kind("statement t", "t.number", "t.number", "t.cloud")
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
    "payments": Source(
        permission=Permission.PAYMENTS_READ,
        kind=_PAYMENTS,
        detail=_WHOSE.format(row="p"),
        named=False,
        fits=_OF_PAYMENTS,
    ),
    "refunds": Source(
        permission=Permission.PAYMENTS_READ,
        kind=_REFUNDS,
        detail=_WHOSE.format(row="rf"),
        named=False,
        fits=_OF_REFUNDS,
    ),
    "lines": Source(
        permission=Permission.LEDGER_READ,
        kind=_LINES,
        detail="l.text",
        named=False,
        fits=_OF_LINES,
    ),
    "statements": Source(
        permission=Permission.COMMISSIONS_READ,
        kind=_STATEMENTS,
        detail="(select r.name from referral r where r.cloud = t.cloud and r.id = t.referral)",
        named=False,
        fits=_OF_STATEMENTS,
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
