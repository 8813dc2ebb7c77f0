"""Crediting an outage: one note on each document concerned, for all days and cameras of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from portal import jobs
from portal.access import Actor, Permission
from portal.billing.money import format_minor
from portal.billing.numbering import issue_year
from portal.books.actions.closing.documents import next_numbers
from portal.books.actions.money.claims import Claimed, claimed_by_id
from portal.books.actions.money.credit_notes import issue_note, series_of
from portal.books.forms.outage import OutageForm
from portal.books.forms.payments import CreditForm
from portal.books.queries.money.outages import NOTES_AT_ONCE, Planned, planned
from portal.db import Transaction, atomic
from portal.errors import Conflict
from portal.kit.actions.locks import lock_sums
from portal.kit.actions.permit import require
from portal.kit.actions.queueing import enqueue_after_commit
from portal.kit.queries.tenancy import CloudFacts
from portal.ports import Queue
from portal.words import _

_KEEP: Final = """
insert into outage_credit (cloud, issuer, subscriber, invoice, note, share, camera, days, amount)
select $1, $2, $3, $4, $5, $6, u.camera, u.days, u.amount
from unnest($7::bigint[], $8::bigint[], $9::bigint[]) as u (camera, days, amount)
order by u.camera
"""


@dataclass(frozen=True, slots=True)
class Credited:
    """A note that was issued: its number, the document's, and what it gives back, gross."""

    note: str
    planned: Planned


async def credit_outage(
    actor: Actor, cloud: CloudFacts, form: OutageForm, *, now: datetime, queue: Queue
) -> tuple[list[Credited], int]:
    """Issue the notes of the next step, all or none; and how many documents are left for later.

    No day of a camera is given back above its share, so whoever asks again, or at the same time,
    gets what is left. Raises `Conflict` where nothing is, and what `planned` raises.
    """
    require(actor, Permission.CREDITS_WRITE)
    async with atomic(actor) as tx:
        await _lock(tx, actor, cloud, form, now)
        every = await planned(tx, actor, cloud, form)
        if not every:
            raise Conflict(_("Nothing was charged for these days that is not credited already."))
        made = []
        for one in every[:NOTES_AT_ONCE]:
            claim = await claimed_by_id(tx, actor, cloud, one.invoice)
            amount = format_minor(one.gross, one.currency)
            asked = CreditForm(amount=amount, reason=form.reason)
            number, note = await issue_note(tx, actor, claim, asked, now=now)
            await tx.execute(_KEEP, *_row(claim, one, note, form.of_a_day))
            made.append(Credited(number, one))
        enqueue_after_commit(queue, jobs.RENDER_DOCUMENTS)
        return made, len(every) - len(made)


async def _lock(
    tx: Transaction, actor: Actor, cloud: CloudFacts, form: OutageForm, now: datetime
) -> None:
    """The series of both sides, then the cloud's sums: in the order in which a close does.

    Only then is it certain what is left of each document.
    """
    sides: dict[str, int] = {}
    for one in await planned(tx, actor, cloud, form):
        sides.setdefault(one.side, one.invoice)
    for _side, invoice in sorted(sides.items()):
        issuer = await series_of(tx, await claimed_by_id(tx, actor, cloud, invoice))
        await next_numbers(tx, issuer, issue_year(now, issuer.zone), 0)
    await lock_sums(tx, cloud.id)


def _row(claim: Claimed, one: Planned, note: int, share: Decimal) -> tuple[Any, ...]:
    customer = claim.customer
    cameras = list(one.cameras)
    return (
        *(customer.cloud, customer.issuer, customer.subscriber, one.invoice, note, share, cameras),
        [one.cameras[camera].days for camera in cameras],
        [one.cameras[camera].amount for camera in cameras],
    )
