"""Handing documents over to another system as one file: written down, with every document of it."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from portal import tables
from portal.access import Actor, Permission
from portal.books.actions.sending.documents import Which
from portal.books.queries.sending import hand_overs
from portal.books.queries.sending.hand_overs import KINDS, NAMED_MAX, Before, HandOver
from portal.db import Transaction, atomic
from portal.errors import Conflict
from portal.kit.actions import audit
from portal.kit.actions.permit import require
from portal.kit.actions.rows import insert
from portal.kit.queries.tenancy import CloudFacts
from portal.words import _, and_more, ngettext

_LOCK: Final = "select pg_advisory_xact_lock(hashtextextended('hand-overs of ' || $1::bigint, 0))"
_OF: Final = """
from invoice i
where i.cloud = $1 and i.side = 'retail' and ($2::date is null or i.month = $2)
  and ($3::bigint[] is null or i.id = any($3))
"""
_SUM: Final = f"select count(*)::int as documents, coalesce(sum(i.total), 0)::bigint as total {_OF}"
_UNPRINTED: Final = f"""
select count(*)::int as count, (array_agg(i.number order by i.id))[1:$4] as numbers {_OF}
and not exists (select from invoice_file f where f.cloud = i.cloud and f.invoice = i.id)
"""  # noqa: S608 - texts of ours
_LIST: Final = f"""
insert into hand_over_document (cloud, hand_over, invoice) select i.cloud, $4, i.id {_OF}
order by i.id
"""


class HandedBefore(Conflict):
    """Some of the documents were handed over before: whoever wants them again says so."""

    def __init__(self, before: Before) -> None:
        told = ngettext(
            "%(count)s of these documents was handed over before: %(numbers)s.",
            "%(count)s of these documents were handed over before: %(numbers)s.",
            before.count,
        )
        facts = {"count": before.count, "numbers": _named(before.numbers, before.count)}
        again = _("Say that they are to be handed over again.")
        super().__init__(told % facts, {"again": again})
        self.before = before


async def hand_over(
    actor: Actor, cloud: CloudFacts, which: Which, kind: str, *, again: bool, now: datetime
) -> HandOver:
    """Write down that documents are handed over as a file of a kind; its content is made from it.

    `kind` is one of KINDS. Raises `HandedBefore` where some were before and nobody says `again`,
    `Conflict` where there are none, or for "zip" while PDFs are not made.
    """
    require(actor, Permission.INVOICES_SEND)
    assert kind in KINDS, "forms offer no other"
    month = None if which.period is None else which.period.start
    ids = None if which.ids is None else list(which.ids)
    assert month is not None or ids is not None, "not every document of a cloud"
    async with atomic(actor) as tx:
        await tx.execute(_LOCK, cloud.id)
        sums = await tx.fetchrow(_SUM, cloud.id, month, ids)
        assert sums is not None, "a sum is a row"
        if not sums["documents"]:
            raise Conflict(_("There are no documents to hand over."))
        if kind == "zip":
            await _require_files(tx, cloud, month, ids)
        before = await hand_overs.handed_before(tx, cloud, month, ids)
        if before.count and not again:
            raise HandedBefore(before)
        columns = {
            "documents": sums["documents"],
            "total": sums["total"],
            "cloud": cloud.id,
            "month": month,
            "kind": kind,
            "made_by": actor.name,
            "user_id": actor.user,
            "api_key": actor.key,
            "made_at": now,
        }
        made = await insert(tx, tables.HandOver, columns)
        await tx.execute(_LIST, cloud.id, month, ids, made)
        found = await hand_overs.get_in(tx, cloud, made)
        await audit.record(
            tx,
            actor,
            "document.hand-over",
            f"hand-over {made}",
            cloud=cloud.id,
            after={"kind": kind, "documents": found.documents, "month": found.key or None},
        )
        return found


async def _require_files(
    tx: Transaction, cloud: CloudFacts, month: object, ids: list[int] | None
) -> None:
    row = await tx.fetchrow(_UNPRINTED, cloud.id, month, ids, NAMED_MAX)
    if row is None or not row["count"]:
        return
    told = ngettext(
        "The PDF of %(count)s document is not made yet: %(numbers)s.",
        "The PDFs of %(count)s documents are not made yet: %(numbers)s.",
        row["count"],
    )
    raise Conflict(told % {"count": row["count"], "numbers": _named(row["numbers"], row["count"])})


def _named(numbers: object, count: int) -> str:
    """The first numbers in a sentence, and how many more there are."""
    shown = list(numbers) if isinstance(numbers, list | tuple) else []
    listed = ", ".join(shown)
    return and_more(listed, count - len(shown)) if count > len(shown) else listed
