"""What a cloud does about invoices that are not paid: its own steps, or the usual ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from asyncpg import Record

from portal.access import Actor
from portal.billing.dunning.steps import DEFAULT, Action, Policy, Step
from portal.billing.money import to_minor
from portal.db import Transaction, snapshot
from portal.kit.queries.tenancy import CloudFacts

DEFAULT_MINIMUM: Final = Decimal(5)
"""In units of the cloud's currency: less than that is left alone."""
_POLICY: Final = """
select steps, texts, minimum, notice_days, stops_for_questions from dunning_policy where cloud = $1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudPolicy:
    """A cloud's policy; `minimum` in units of its currency, `texts` its own paragraphs by step.

    With `stops_for_questions` an invoice whose question waits for the operator does not count.
    """

    steps: tuple[Step, ...] = DEFAULT.steps
    texts: Mapping[Step, tuple[str, ...]]
    minimum: Decimal = DEFAULT_MINIMUM
    notice_days: int = DEFAULT.notice_days
    stops_for_questions: bool = True

    def in_currency(self, currency: str) -> Policy:
        """As the core decides by it: the minimum in minor units."""
        return Policy(self.steps, to_minor(Fraction(self.minimum), currency), self.notice_days)


USUAL: Final = CloudPolicy(texts={})
"""What a cloud does that has said nothing else."""


async def get(actor: Actor, cloud: CloudFacts) -> CloudPolicy:
    """The policy of a cloud."""
    async with snapshot(actor) as tx:
        return await get_in(tx, cloud.id)


async def get_in(tx: Transaction, cloud: int) -> CloudPolicy:
    """The same of a cloud by its row id."""
    row = await tx.fetchrow(_POLICY, cloud)
    return USUAL if row is None else _policy(row)


def _policy(row: Record) -> CloudPolicy:
    return CloudPolicy(
        steps=tuple(map(_step, row["steps"])),
        texts={_step(one): tuple(one["text"]) for one in row["texts"]},
        minimum=row["minimum"],
        notice_days=row["notice_days"],
        stops_for_questions=row["stops_for_questions"],
    )


def _step(stored: Mapping[str, Any]) -> Step:
    return Step(days=stored["days"], action=Action(stored["action"]))
