"""What a reminder tells its customer: what is left to pay, and what is switched off when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Final

from portal.billing.dunning.steps import Action, Claim, Policy, Step
from portal.billing.money import to_minor
from portal.books.queries.dunning import policies, standing
from portal.books.queries.dunning.standing import Owed
from portal.books.queries.sending.letters import RECIPIENTS
from portal.db import Transaction
from portal.kit.queries.tenancy import CloudFacts
from portal.values import dates, languages
from portal.values.amounts import money
from portal.values.mail import Letter, Reader
from portal.values.mail.dunning import SOON, WARN
from portal.words import _

NAMED_MAX: Final = 20
"""So many invoices are listed; of more it is said that they are more."""
_RECIPIENTS: Final = f"""
select {RECIPIENTS} from subscriber_terms t where t.cloud = $1 and t.id = $2
"""  # noqa: S608 - a text of ours
_SAID: Final = """
select s.name as customer, s.language, c.id as cloud, c.name as operator, c.slug, c.locale,
       c.currency, c.timezone as zone, coalesce(nullif(c.reply_to, ''), c.email) as reply_to,
       coalesce(c.colour, p.colour) as colour
from subscriber s join cloud c on c.id = s.cloud cross join platform p
where s.cloud = $1 and s.id = $2
"""
_SAMPLE: Final = """
select coalesce(nullif(c.reply_to, ''), c.email) as reply_to, coalesce(c.colour, p.colour) as colour
from cloud c cross join platform p where c.id = $1
"""
_OFF: Final = (
    ("analytics_off", Action.SUSPEND_ANALYTICS),
    ("recording_off", Action.SUSPEND_RECORDING),
)


async def recipients(tx: Transaction, cloud: int, subscriber: int) -> Sequence[str]:
    """The addresses of a customer (a row id) for documents, today; none where there is none."""
    return tuple(await tx.fetchval(_RECIPIENTS, cloud, subscriber) or ())


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A reminder as it stands: in whose name, to whom, about which invoices.

    `off` is from which day on what is switched off, as the placeholders name it; "" where nothing
    is. `text` are the operator's own paragraphs.
    """

    customer: str
    operator: str
    slug: str
    locale: str
    currency: str
    zone: str
    reply_to: str
    colour: str | None
    owed: Sequence[Owed]
    off: dict[str, str]
    text: tuple[str, ...]

    def letter(self, name: str, kind: str, to: Sequence[str], public_url: str) -> Letter:
        """The mail to the addresses `to`; `name` tells it from every other."""
        first, *others = to
        home = f"{public_url}/login/{self.slug}?next=/my/invoices"
        facts = {
            "customer": self.customer,
            "place": self.operator,
            "number": self.owed[0].number,
            "due": dates.day(self.owed[0].due_on),
            "amount": self._money(sum(one.left for one in self.owed)),
            "count": str(len(self.owed)),
            **self.off,
        }
        return Letter(
            name=name,
            kind=kind,
            facts=facts,
            reader=Reader(
                address=first,
                others=tuple(others),
                locale=self.locale,
                zone=self.zone,
                place=self.operator,
                reply_to=self.reply_to,
                colour=self.colour,
            ),
            link=home,
            items=tuple(self._item(one, home) for one in self.owed[:NAMED_MAX]),
            text=self.text,
        )

    def _item(self, one: Owed, home: str) -> tuple[str, str]:
        told = _("%(number)s, due on %(due)s: %(left)s")
        facts = {
            "number": one.number,
            "due": dates.day(one.due_on),
            "left": self._money(one.left),
        }
        return told % facts, f"{home}/{one.number}"

    def _money(self, minor: int) -> str:
        return money(minor, self.currency, self.locale)


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a reminder is about: a customer and a step, on a day; `kind` as `portal.values.mail`."""

    cloud: int
    subscriber: int
    step: Step
    kind: str
    day: date


async def said(tx: Transaction, about: About) -> Said | None:
    """The reminder; None where nothing is left that it could be about."""
    row = await tx.fetchrow(_SAID, about.cloud, about.subscriber)
    assert row is not None, "a customer is never deleted"
    policy = await policies.get_in(tx, about.cloud)
    rule = policy.in_currency(row["currency"])
    owed = [
        one
        for one in await standing.owed(
            tx,
            about.cloud,
            about.subscriber,
            stops_for_questions=policy.stops_for_questions,
        )
        if one.claim.counts(rule, about.day) and (about.kind == SOON or one.due_on < about.day)
    ]
    if not owed:
        return None
    values = {name: row[name] for name in ("customer", "operator", "slug", "currency", "zone")}
    return Said(
        **values,
        locale=languages.spoken_in(row["locale"], row["language"]),
        reply_to=row["reply_to"] or "",
        colour=row["colour"],
        owed=owed,
        off=off_from(rule, owed[0].due_on, about.day) if about.kind == WARN else _NOTHING_OFF,
        text=policy.texts.get(about.step, ()),
    )


async def sample(
    tx: Transaction, cloud: CloudFacts, kind: str, text: tuple[str, ...], today: date
) -> Said:
    """A reminder of a kind, to be looked at: of an invoice made up, by the cloud's own policy."""
    row = await tx.fetchrow(_SAMPLE, cloud.id)
    assert row is not None, "its settings are shown"
    policy = await policies.get_in(tx, cloud.id)
    due_on = today + timedelta(days=3) if kind == SOON else today - timedelta(days=10)
    left = to_minor(Fraction(1648, 100), cloud.currency)
    owed = Owed(
        number=f"{cloud.invoice_prefix}-{today.year}-000001",
        due_on=due_on,
        left=left,
        claim=Claim(due_on, left),
    )
    rule = policy.in_currency(cloud.currency)
    return Said(
        customer="Sue",
        operator=cloud.name,
        slug=cloud.slug,
        locale=cloud.locale,
        currency=cloud.currency,
        zone=cloud.timezone,
        reply_to=row["reply_to"] or "",
        colour=row["colour"],
        owed=[owed],
        off=off_from(rule, due_on, today) if kind == WARN else _NOTHING_OFF,
        text=text,
    )


_NOTHING_OFF: Final = {name: "" for name, _action in _OFF}


def off_from(rule: Policy, due_on: date, warned_on: date) -> dict[str, str]:
    """From which day on what is off, if nothing is paid after a warning of a day."""
    found = dict(_NOTHING_OFF)
    for name, action in _OFF:
        days = min((one.days for one in rule.steps if one.action is action), default=None)
        if days is not None:
            earliest = warned_on + timedelta(days=rule.notice_days)
            found[name] = dates.day(max(due_on + timedelta(days=days), earliest))
    return found
