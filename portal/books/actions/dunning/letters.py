"""The mail of a step: one of each, written with the step, sent by workers, its end kept with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from asyncpg import Record

from portal import tables
from portal.accounts.actions.sending import BACK_OFF, Compose, Told
from portal.billing.dunning.steps import Action, Step
from portal.books.queries.dunning import letters
from portal.books.queries.dunning.letters import About
from portal.db import Transaction
from portal.kit.actions import mail
from portal.kit.actions.mail import Post
from portal.kit.actions.rows import insert, update
from portal.ports import Clock
from portal.values.mail import Letter
from portal.values.mail.dunning import KINDS, REMIND, SOON, WARN
from portal.words import _, stored

_STEP: Final = """
select id, cloud, subscriber, days, action, outcome from dunning_step where cloud = $1 and id = $2
"""
# A delivery goes by the machine's clock, a step by the books': a test clock that has moved on by
# hours lets the mail go that would have gone meanwhile.
_GO: Final = """
update delivery d set due_at = $3
from dunning_step s
where s.cloud = $1 and s.episode = $2 and s.outcome = 'retrying'
  and d.cloud = s.cloud and d.dunning_step = s.id and d.state = 'waiting' and d.due_at > $3
  and d.attempts > 0
  and s.at + ($4::interval[])[least(d.attempts, cardinality($4::interval[]))] <= $5
"""
_GIVEN_UP: Final = """
update dunning_step s set outcome = 'failed', at = $3, note = d.error
from delivery d
where s.cloud = $1 and s.episode = $2 and s.outcome = 'retrying'
  and d.cloud = s.cloud and d.dunning_step = s.id and d.state = 'failed'
"""
_PAID: Final = _("Everything was paid before it was sent.")


@dataclass(frozen=True, slots=True)
class StepMail:
    """The mail of a step (a row id) on a day of the books, to addresses."""

    kind: str
    step: int
    cloud: int
    day: date
    addresses: Sequence[str]


def kind_of(step: Step) -> str:
    """Which mail an e-mail step is; before the due day it is said that it is soon."""
    if step.action is Action.WARN:
        return WARN
    return SOON if step.days < 0 else REMIND


async def write(tx: Transaction, post: Post, what: StepMail, wall: datetime) -> None:
    """Write the mail of a step down, once."""
    columns = {
        "cloud": what.cloud,
        "key": f"dunning {what.step}",
        "kind": what.kind,
        "dunning_step": what.step,
        "recipient": what.addresses[0],
        "recipients": list(what.addresses),
        "subject": "",
        "facts": {"day": what.day.isoformat()},
        "created_at": wall,
        "due_at": wall,
    }
    await insert(tx, tables.Delivery, columns, unless_there=True)
    mail.ring(post)


async def follow(tx: Transaction, cloud: int, episode: int, now: datetime, wall: datetime) -> None:
    """Keep what became of the mails of an episode, and let those go whose time has come."""
    await tx.execute(_GIVEN_UP, cloud, episode, now)
    await tx.execute(_GO, cloud, episode, wall, list(BACK_OFF), now)


async def compose(tx: Transaction, row: Record, public_url: str) -> Letter | None:
    """The letter of a step to those who have not taken it yet; None where all is paid."""
    step = await tx.fetchrow(_STEP, row["cloud"], row["dunning_step"])
    assert step is not None, "a step is never deleted"
    about = About(
        cloud=row["cloud"],
        subscriber=step["subscriber"],
        step=Step(days=step["days"], action=Action(step["action"])),
        kind=row["kind"],
        day=date.fromisoformat(row["facts"]["day"]),
    )
    said = await letters.said(tx, about)
    if said is None or step["outcome"] == "missed":
        await update(tx, tables.Delivery, row["id"], {"state": "dropped", "error": "paid"})
        if step["outcome"] != "missed":
            missed = {"outcome": "missed", "note": stored(_PAID)}
            await update(tx, tables.DunningStep, step["id"], missed)
        return None
    left = [address for address in row["recipients"] if address not in row["taken"]]
    letter = said.letter(f"dunning.{step['id']}", row["kind"], left, public_url)
    await update(tx, tables.Delivery, row["id"], {"subject": letter.subject})
    return letter


COMPOSED: Final[dict[str, Compose]] = dict.fromkeys(KINDS, compose)
"""The kinds of mail that steps are."""


def told(clock: Clock) -> dict[str, Told]:
    """What is kept of a step whose mail was taken or refused, by the books' clock.

    From the moment in which the server took it a warning counts.
    """

    async def keep(tx: Transaction, row: Record, state: str, error: str) -> None:
        outcome = {"sent": "sent", "failed": "failed"}.get(state, "retrying")
        columns = {"outcome": outcome, "at": clock(), "note": error}
        await update(tx, tables.DunningStep, row["dunning_step"], columns)

    return dict.fromkeys(KINDS, keep)
