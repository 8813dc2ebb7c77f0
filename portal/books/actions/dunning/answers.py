"""What people do about a customer who does not pay: wait, do what is theirs, write again."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from portal import jobs, tables
from portal.access import Actor, Permission
from portal.billing.dunning.steps import Action, Outcome
from portal.billing.period import local_date
from portal.books.actions.money.storing import lock_sums
from portal.books.forms.dunning import AnswerForm, PauseForm
from portal.books.queries.dunning import standing
from portal.books.queries.dunning.letters import recipients
from portal.books.queries.dunning.standing import StepRow
from portal.customers.actions import tariff_changes
from portal.customers.forms.tariff_change import CAMERAS_MAX, ServiceEnd
from portal.customers.queries import subscribers
from portal.db import Transaction, atomic
from portal.errors import Conflict, Invalid
from portal.kit.actions import audit, mail
from portal.kit.actions.mail import Post
from portal.kit.actions.permit import require
from portal.kit.actions.queueing import enqueue_after_commit
from portal.kit.actions.rows import insert, update
from portal.kit.queries.tenancy import CloudFacts
from portal.ports import Queue
from portal.words import _

_RUNNING: Final = """
select c.external_id from subscription x join camera c on c.cloud = x.cloud and c.id = x.camera
where x.cloud = $1 and x.subscriber = $2 and (x.ends_on is null or x.ends_on > $3)
order by c.external_id limit $4
"""


async def pause(
    actor: Actor, cloud: CloudFacts, number: int, form: PauseForm, *, now: datetime
) -> None:
    """Do nothing about a customer before a day; the last pause counts, today ends one.

    Raises `NotFound`, and `Invalid` for a day that is over.
    """
    async with atomic(actor) as tx:
        row = await subscribers.get_in(tx, cloud.id, number)
        require(actor, Permission.PAYMENTS_WRITE)
        if form.until < local_date(now, cloud.timezone):
            raise Invalid({"until": _("is over already")})
        columns = {
            "cloud": cloud.id,
            "subscriber": row.id,
            "until": form.until,
            "reason": form.reason,
            "made_by": actor.name,
            "made_at": now,
        }
        await insert(tx, tables.DunningPause, columns)
        facts = {"until": form.until.isoformat(), "reason": form.reason}
        about = f"subscriber {number}"
        await audit.record(tx, actor, "dunning.pause", about, cloud=cloud.id, after=facts)


async def answer(
    actor: Actor, cloud: CloudFacts, number: int, form: AnswerForm, *, now: datetime
) -> None:
    """Say of a step that waits for a person that it is done, or that it will not be.

    Of `close` it is done by this: the customer's subscriptions end today. Raises `NotFound`, and
    `Conflict` where no such step waits.
    """
    async with atomic(actor) as tx:
        require(actor, Permission.PAYMENTS_WRITE)
        subscriber, step = await _waiting(tx, cloud, number, form)
        if form.done and step.step.action is Action.CLOSE:
            await _end_all(tx, actor, cloud, subscriber, now)
        outcome = Outcome.DONE if form.done else Outcome.MISSED
        columns = {
            "outcome": outcome.value,
            "at": now,
            "by_name": actor.name,
            "note": form.note,
        }
        await update(tx, tables.DunningStep, step.id, columns)
        facts = {"action": form.action, "done": form.done, "note": form.note}
        about = f"subscriber {number}"
        await audit.record(tx, actor, "dunning.answer", about, cloud=cloud.id, after=facts)


async def write_again(
    actor: Actor, cloud: CloudFacts, number: int, form: AnswerForm, *, now: datetime, post: Post
) -> None:
    """Send the mail of a step that has failed once more, to the customer's addresses of today.

    `now` is the machine's. Raises as `answer`, and `Conflict` without an address or a mail server.
    """
    if not post.is_set_up:
        raise Conflict(_("No mail server is set up: set CAMLEDGER_SMTP_URL, and restart."))
    async with atomic(actor) as tx:
        require(actor, Permission.PAYMENTS_WRITE)
        subscriber, step = await _waiting(tx, cloud, number, form)
        if step.outcome is not Outcome.FAILED:
            raise Conflict(_("Only what has failed is sent again."))
        addresses = list(await recipients(tx, cloud.id, subscriber))
        if not addresses:
            raise Conflict(_("This customer has no e-mail address for documents."))
        again = {
            "recipient": addresses[0],
            "recipients": addresses,
            "attempts": 0,
            "error": "",
            "state": "waiting",
            "due_at": now,
        }
        row = tables.Delivery
        await update(
            tx, tables.Delivery, (row.cloud == cloud.id) & (row.dunning_step == step.id), again
        )
        await update(tx, tables.DunningStep, step.id, {"outcome": Outcome.RETRYING.value})
        mail.ring(post)
        about = f"subscriber {number}"
        await audit.record(tx, actor, "dunning.write-again", about, cloud=cloud.id)


async def lifted(actor: Actor, cloud: CloudFacts, number: int, *, queue: Queue) -> None:
    """Say that what a person switched off for a customer who has paid is on again."""
    async with atomic(actor) as tx:
        row = await subscribers.get_in(tx, cloud.id, number)
        require(actor, Permission.PAYMENTS_WRITE)
        mine = tables.DunningEpisode
        changed = await update(
            tx,
            tables.DunningEpisode,
            (mine.cloud == cloud.id) & (mine.subscriber == row.id) & mine.lift_by_hand.eq(True),  # noqa: FBT003 - a value
            {"lift_by_hand": False},
        )
        if changed:
            about = f"subscriber {number}"
            await audit.record(tx, actor, "dunning.lifted", about, cloud=cloud.id)
            enqueue_after_commit(queue, jobs.PROVISION, cloud.id)


async def _waiting(
    tx: Transaction, cloud: CloudFacts, number: int, form: AnswerForm
) -> tuple[int, StepRow]:
    """The customer's row id, and the step of its episode that waits for a person."""
    row = await subscribers.get_in(tx, cloud.id, number)
    await lock_sums(tx, cloud.id)
    episode = await standing.episode(tx, cloud.id, row.id)
    for one in () if episode is None else episode.steps:
        is_asked = one.step.action == form.action and form.days in {None, one.step.days}
        if is_asked and one.outcome in {Outcome.TASK, Outcome.FAILED}:
            return row.id, one
    raise Conflict(_("No such step of this customer waits for anybody."))


async def _end_all(
    tx: Transaction, actor: Actor, cloud: CloudFacts, subscriber: int, now: datetime
) -> None:
    """End what runs of a customer, camera by camera, as its page does."""
    today = local_date(now, cloud.timezone)
    at_once = CAMERAS_MAX
    while names := await tx.fetch(_RUNNING, cloud.id, subscriber, today, at_once):
        cameras = [row["external_id"] for row in names]
        ended = ServiceEnd(ends_on=today)
        await tariff_changes.change_many(actor, cloud, cameras, ended, now=now)
