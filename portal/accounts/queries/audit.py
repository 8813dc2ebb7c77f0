"""The audit log: read, its heads, and checked from beginning to end."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal, TypeAlias

from portal.access import Actor
from portal.audit_key import BLOCK, pads_of
from portal.db import Transaction, snapshot
from portal.errors import no_such
from portal.kit.queries.tenancy import CloudFacts
from portal.words import _, told

ROWS_AT_ONCE: Final = 1_000
PROBLEMS_MAX: Final = 100
"""Problems of a chain that are listed; the rest is counted."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One deed. `user` and `key_id` are who did it, `cloud` the slug of whose log it is in.

    `about` is the address of the person that `object` is ("user 8"), where the actor sees them.
    """

    id: int
    cloud: str | None
    seq: int
    at: datetime
    actor: str
    role: str
    user: int | None
    user_email: str | None
    key_id: str | None
    key_name: str | None
    session: int | None
    address: str
    action: str
    object: str
    before: Any
    after: Any
    about: str | None = None


@dataclass(frozen=True, slots=True)
class Head:
    """The end of a chain: its cloud's slug (None: the platform's), and the last entry's seal.

    `number` is 0 and `hash` empty where nothing is recorded yet.
    """

    cloud: str | None
    number: int
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which entries: those of an object, an action, a person or key, a time. None leaves all.

    `of` is an object or its kind ("camera gate", "camera"), with what is of it ("subscription 5 of
    camera gate"), `action` an action or a family of them
    ("sign-in.failed", "sign-in"), `who` a part of the person's address or name or of the key's
    name, or exactly an id of either. `since` is the first moment, `until` the one after the last;
    `but` is an action or a family of them that is left out.
    """

    of: str | None = None
    action: str | None = None
    who: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    but: str | None = None


ALL: Final = Wanted()
PLATFORM: Final = "-"
"""In place of a cloud: the platform's own log."""
Log: TypeAlias = CloudFacts | Literal["-"]
"""A cloud's log, or the platform's."""

_ENTRY: Final = """
select a.id, c.slug as cloud, a.seq, a.at, a.actor, a.role, a.user_id as user,
       u.email as user_email, k.public_id as key_id, k.name as key_name, a.session, a.address,
       a.action, a.object, a.before, a.after, o.email as about
from audit a
left join cloud c on c.id = a.cloud
left join portal_user u on u.id = a.user_id
left join api_key k on k.id = a.key_id
left join portal_user o
  on o.id = case when a.object ~ '^user [0-9]{1,18}$' then substr(a.object, 6)::bigint end
"""
_WANTED: Final = """
where ($1::bigint is null or a.cloud = $1) and (not $2::boolean or a.cloud is null)
  and ($3::text is null or a.object = $3 or starts_with(a.object, $3 || ' ')
       or right(a.object, length($3) + 4) = ' of ' || $3)
  and ($4::text is null or a.action = $4 or starts_with(a.action, $4 || '.'))
  and ($5::text is null or strpos(lower(a.actor), lower($5)) > 0
       or strpos(lower(u.name), lower($5)) > 0 or k.public_id = $5 or a.user_id::text = $5)
  and ($6::timestamptz is null or a.at >= $6)
  and ($7::timestamptz is null or a.at < $7)
  and ($8::text is null or not (a.action = $8 or starts_with(a.action, $8 || '.')))
"""
_PAGE: Final = (
    _ENTRY + _WANTED + " and ($9::bigint is null or a.id < $9) order by a.id desc limit $10"
)
_COUNT: Final = (
    "select count(*) from audit a left join portal_user u on u.id = a.user_id"  # noqa: S608 - ours
    " left join api_key k on k.id = a.key_id" + _WANTED
)


async def list_page(
    actor: Actor,
    log: Log | None,
    wanted: Wanted = ALL,
    *,
    before: int | None = None,
    limit: int,
) -> tuple[Entry, ...]:
    """Entries that the actor may see, the latest first: of one log, or of all (None).

    `before` is the id of the last entry of the page before.
    """
    async with snapshot(actor) as tx:
        rows = await tx.fetch(_PAGE, *_facts(log, wanted), before, limit)
    return tuple(map(_entry, rows))


def _entry(row: Any) -> Entry:
    """An entry from a row of _ENTRY, with the reason of a refusal as the sentence that it was."""
    facts = dict(row)
    after = facts["after"]
    if isinstance(after, dict) and isinstance(after.get("reason"), str):
        facts["after"] = {**after, "reason": told(after["reason"])}
    return Entry(**facts)


async def count(actor: Actor, log: Log | None, wanted: Wanted = ALL) -> int:
    """How many such entries the actor may see."""
    async with snapshot(actor) as tx:
        found: int = await tx.fetchval(_COUNT, *_facts(log, wanted))
    return found


def _facts(log: Log | None, wanted: Wanted) -> tuple[object, ...]:
    return (
        log.id if isinstance(log, CloudFacts) else None,
        log == PLATFORM,
        wanted.of,
        wanted.action,
        wanted.who,
        wanted.since,
        wanted.until,
        wanted.but,
    )


async def one(actor: Actor, entry: int) -> Entry:
    """One entry by its id. Raises `NotFound` where it is not the actor's to see."""
    async with snapshot(actor) as tx:
        row = await tx.fetchrow(_ENTRY + "where a.id = $1", entry)
    if row is None:
        raise no_such(_("entry"), entry)
    return _entry(row)


# The last entry of each chain is found by its index: a log of years costs no more than a new one.
_HEADS: Final = """
select null as cloud, a.seq as number, encode(a.hash, 'hex') as hash
from (select seq, hash from audit where cloud is null order by seq desc limit 1) a
union all
(select c.slug, a.seq, encode(a.hash, 'hex')
 from cloud c cross join lateral
   (select seq, hash from audit where cloud = c.id order by seq desc limit 1) a
 order by c.slug)
"""


async def heads(actor: Actor) -> tuple[Head, ...]:
    """The ends of all chains that the actor sees; the platform's is there in any case."""
    async with snapshot(actor) as tx:
        found = [Head(**row) for row in await tx.fetch(_HEADS)]
    if actor.cloud is None and not any(head.cloud is None for head in found):
        found.insert(0, Head(None, 0, ""))
    return tuple(found)


_LAST: Final = (
    "select seq, encode(hash, 'hex') as hash from audit where {} order by seq desc limit 1"
)


async def head(actor: Actor, log: Log) -> Head:
    """The end of a chain, a cloud's or the platform's."""
    cloud = log if isinstance(log, CloudFacts) else None
    async with snapshot(actor) as tx:
        if cloud is None:
            row = await tx.fetchrow(_LAST.format("cloud is null"))
        else:
            row = await tx.fetchrow(_LAST.format("cloud = $1"), cloud.id)
    slug = None if cloud is None else cloud.slug
    return Head(cloud=slug, number=row["seq"], hash=row["hash"]) if row else Head(slug, 0, "")


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check found: how many entries were looked at, what is wrong, what is worth knowing."""

    entries: int
    problems: tuple[str, ...]
    notes: tuple[str, ...] = ()


_SEALING = "select id, inner_pad, outer_pad from audit_key order by id"
_CHAINS = """
select a.cloud, c.slug from (select distinct cloud from audit) a
left join cloud c on c.id = a.cloud order by c.slug nulls first
"""
_ROWS = """
select a.seq, a.previous, a.hash, a.sealed_with, audit_text(a) as text
from audit a where a.cloud is not distinct from $1 and a.seq > $2 order by a.seq limit $3
"""


async def check(actor: Actor, key: bytes, kept: Sequence[Head] = ()) -> Checked:
    """Check every chain with the key, and against heads that were `kept` elsewhere.

    Found are entries that were changed, removed, put elsewhere or added by anybody without the key,
    and, with a head that was kept, a tail that was cut off. For the owner's connections.
    """
    problems: list[str] = []
    notes: list[str] = []
    total = 0
    async with snapshot(actor) as tx:
        pads = {row["id"]: (row["inner_pad"], row["outer_pad"]) for row in await tx.fetch(_SEALING)}
        if not pads or pads_of(key) != pads[max(pads)]:
            problems.append("The log is not sealed with this installation's secret.")
        elif len(pads) > 1:
            notes.append("Entries before the secret was changed are sealed with the key of then.")
        chains = {row["slug"]: row["cloud"] for row in await tx.fetch(_CHAINS)}
        for slug, cloud in chains.items():
            mine = [head for head in kept if head.cloud == slug]
            entries, found = await _check_chain(tx, slug, cloud, pads, mine)
            total += entries
            problems += found
    for head in kept:
        if head.cloud not in chains and head.number:
            problems.append(f"{_named(head.cloud)}: entries 1 to {head.number} are gone.")
    return Checked(total, tuple(problems), tuple(notes))


async def _check_chain(
    tx: Transaction,
    slug: str | None,
    cloud: int | None,
    pads: Mapping[int, tuple[bytes, bytes]],
    kept: Sequence[Head],
) -> tuple[int, list[str]]:
    """How many entries a chain has, and what is wrong with it."""
    problems: list[str] = []
    wanted = {head.number: head.hash for head in kept if head.number}
    number, last, entries = 0, b"", 0
    async for row in _rows(tx, cloud):
        entries += 1
        if row["seq"] != number + 1:
            problems.append(f"entries {number + 1} to {row['seq'] - 1} are gone")
        elif row["previous"] != last:
            problems.append(f"entry {row['seq']} does not follow the one before it")
        if not _is_sealed(row, pads):
            problems.append(f"entry {row['seq']} was changed, or not made by Camledger")
        if wanted.pop(row["seq"], row["hash"].hex()) != row["hash"].hex():
            problems.append(f"entry {row['seq']} is not the one whose seal was kept")
        number, last = row["seq"], row["hash"]
    problems += [
        _("entries %(value)s to %(one)s are gone: the end was cut off")
        % {"value": number + 1, "one": one}
        for one in wanted
    ]
    more = len(problems) - PROBLEMS_MAX
    shown = [*problems[:PROBLEMS_MAX], *([f"{more} more"] if more > 0 else [])]
    return entries, [f"{_named(slug)}: {problem}." for problem in shown]


async def _rows(tx: Transaction, cloud: int | None) -> AsyncIterator[Any]:
    after: int | None = -1
    while after is not None:
        rows = await tx.fetch(_ROWS, cloud, after, ROWS_AT_ONCE)
        for row in rows:
            yield row
        after = rows[-1]["seq"] if rows else None


def _is_sealed(row: Any, pads: Mapping[int, tuple[bytes, bytes]]) -> bool:
    inner, outer = pads.get(row["sealed_with"], (b"", b""))
    if len(inner) != BLOCK:
        return False
    seal = hashlib.sha256(outer + hashlib.sha256(inner + row["text"].encode()).digest()).digest()
    return hmac.compare_digest(seal, row["hash"])


def _named(slug: str | None) -> str:
    return "platform" if slug is None else f"cloud {slug}"
