"""The page of a month as a cockpit: its steps, the draft beside the last month, what surprises."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from portal.access import Permission, can
from portal.billing.coverage import Gap
from portal.billing.drafting.bridge import Bridge
from portal.billing.drafting.surprises import Cause
from portal.billing.period import MonthAt
from portal.books.queries.drafts.kept import DraftFacts, Figures
from portal.books.queries.drafts.looks import RuleRows, SurpriseRow
from portal.books.queries.periods import PeriodLine
from portal.routes.bars import Step, steps_between
from portal.routes.format import Change, change, day, month_alone
from portal.routes.shared.cloud_scope import CloudScope
from portal.routes.shared.overview.causes import Cure, cures_of
from portal.routes.strips import HEIGHT, Cell
from portal.words import _, ngettext

SHOWN: Final = 5
"""Rows of a group of surprises, until all of it are asked for."""
LABELS: Final[Mapping[str, str]] = {
    "loses_money": _("Loses money"),
    "keeps_more": _("Keeps more than sold"),
    "recording_unpaid": _("Recording, nobody pays"),
    "invoice_changed": _("Invoice changed"),
    "first_invoice": _("First invoice"),
    "no_invoice": _("No invoice any more"),
    "zero_or_negative": _("Invoice of zero or below"),
    "unmapped": _("Not mapped"),
    "no_price": _("Service without a price"),
    "late_usage": _("Late usage of earlier months"),
    "by_hand": _("Changed by hand"),
    "document_incomplete": _("Document incomplete"),
}
"""What a rule is called."""
NAMES: Final[Mapping[str, str]] = {
    "invoices": _("Invoices"),
    "charges": _("Charges"),
    "discounts": _("Discounts"),
    "revenue": _("Revenue"),
    "wholesale": _("Wholesale"),
    "commission": _("Commissions"),
    "margin": _("Margin"),
    "tax": _("Tax"),
    "to_collect": _("To be collected"),
}
"""The rows of the totals, in order."""
MAIN: Final = frozenset({"revenue", "margin"})


@dataclass(frozen=True, slots=True)
class Total:
    """A row of the totals; `before` is None where there is nothing to compare with."""

    name: str
    is_count: bool
    is_main: bool
    now: int
    before: int | None

    @property
    def difference(self) -> int | None:
        """How much more."""
        return None if self.before is None else self.now - self.before

    @property
    def change(self) -> Change | None:
        """The same in percent."""
        return None if self.before is None else change(self.now, self.before)

    @property
    def good(self) -> str:
        """The way that is good news: more revenue and margin; of the rest neither."""
        return "up" if self.is_main else ""


def totals_of(now: Figures, before: Figures | None) -> list[Total]:
    """The rows of a table of two months, or of a close and its draft."""
    return [
        Total(
            name=label,
            is_count=name == "invoices",
            is_main=name in MAIN,
            now=getattr(now, name),
            before=None if before is None else getattr(before, name),
        )
        for name, label in NAMES.items()
    ]


@dataclass(frozen=True, slots=True)
class Surprise:
    """A surprise as a row: where its name leads, and what is done about it."""

    row: SurpriseRow
    href: str
    fixes: Sequence[Cure]
    next_id: str


@dataclass(frozen=True, slots=True)
class Group:
    """The surprises of one rule; `more` are not shown until all are asked for."""

    rule: str
    label: str
    rows: Sequence[Surprise]
    count: int
    fine: int
    amount: int | None
    more: int


def groups_of(scope: CloudScope, key: str, found: Sequence[RuleRows]) -> list[Group]:
    """By rule, what costs money first."""
    return [
        Group(
            rule=of.rule,
            label=LABELS[of.rule],
            rows=_rows(scope, key, of.rows),
            count=of.count,
            fine=of.fine,
            amount=of.amount if of.rule in SUMMED else None,
            more=of.count - len(of.rows),
        )
        for of in found
    ]


LOST: Final = frozenset({"keeps_more", "recording_unpaid", "unmapped"})
"""Rules whose amounts nobody pays: together they are what is lost in the month."""
SUMMED: Final = LOST | {"loses_money", "late_usage"}
"""Rules whose amounts are of one kind, and say something together."""


def _rows(scope: CloudScope, key: str, rows: Sequence[SurpriseRow]) -> list[Surprise]:
    following = [row.id for row in rows[1:]] + [""]
    found = []
    for row, after in zip(rows, following, strict=True):
        page = _page(scope, key, row)
        fixes = _fixes(scope, key, row) or ((_("Open"), page),)
        found.append(Surprise(row, page, fixes, next_id=after))
    return found


DOCUMENT: Final = frozenset(
    {"invoice_changed", "first_invoice", "no_invoice", "zero_or_negative", "late_usage"}
)
"""Rules that are about a document: its draft says why."""


def _fixes(scope: CloudScope, key: str, row: SurpriseRow) -> Sequence[Cure]:
    """What whoever may do it does about a surprise; none where its page says all there is."""
    subject, rule, back = row.subject, row.rule, scope.at("periods", key)
    if rule in {"loses_money", "keeps_more"}:
        return cures_of(scope, "subscribers", subject, row.cause or NO_CAUSE.get(rule, ""))
    if rule == "by_hand":
        history = scope.history(row.subject_kind, subject)
        return ((_("History"), history),) if history else ()
    known: Mapping[str, tuple[Permission | None, Sequence[Cure]]] = {
        "recording_unpaid": (
            Permission.SUBSCRIPTIONS_WRITE,
            (
                (_("Put on a tariff"), scope.at("camera", id=subject)),
                (_("Switch off"), scope.at("camera", "suspension", id=subject)),
            ),
        ),
        "unmapped": (Permission.CONNECTIONS_WRITE, ((_("Map"), scope.mappings),)),
        "no_price": (None, ((_("Prices"), scope.at("prices")),)),
        "document_incomplete": (
            Permission.SUBSCRIBERS_WRITE,
            ((_("Edit"), scope.at("subscribers", subject, "edit", next=back)),),
        ),
    }
    if rule in DOCUMENT and row.subject_kind == "subscriber":
        return ((_("Open"), scope.at("periods", key, "draft", subject)),)
    needed, fixes = known.get(rule, (None, ()))
    return fixes if needed is None or can(scope.actor, needed) else ()


NO_CAUSE: Final[Mapping[str, Cause]] = {"keeps_more": "keeps_more"}
"""Of drafts that were made before causes were kept."""


def _page(scope: CloudScope, key: str, row: SurpriseRow) -> str:
    """The page of its subject."""
    if row.subject_kind == "subscriber":
        return scope.at("subscribers", row.subject)
    if row.subject_kind == "camera":
        return scope.at("camera", id=row.subject, month=key)
    if row.subject_kind == "tariff":
        return scope.at("tariffs", row.subject)
    return scope.at("prices") if row.subject_kind == "service" else scope.mappings


def steps_of(draft: DraftFacts, locale: str) -> list[Step]:
    """The bars from the last month's revenue to this one's; none without a last month."""
    if draft.bridge is None or draft.last is None or draft.totals is None:
        return []
    period = draft.period
    return steps_between(
        (month_alone(period.previous().start, locale), draft.last.revenue),
        _named(draft.bridge),
        month_alone(period.start, locale),
    )


def _named(bridge: Bridge) -> list[tuple[str, int]]:
    return [
        (_("Existing customers"), bridge.existing),
        (_("New customers"), bridge.new),
        (_("Customers gone"), bridge.gone),
        (_("Price changes"), bridge.prices),
        (_("Corrections of earlier months"), bridge.corrections),
    ]


@dataclass(frozen=True, slots=True)
class StepState:
    """How a step stands: done, now, waits or stopped; `note` says it in words."""

    state: str
    note: str

    @property
    def is_open(self) -> bool:
        """Whether it is shown: what is done or waits folds to its line."""
        return self.state in {"now", "stopped"}

    @property
    def word(self) -> str:
        """The state as it is said to who does not see its mark."""
        return STATES[self.state]


STATES: Final[Mapping[str, str]] = {
    "done": _("Done"),
    "now": _("Now"),
    "waits": _("Waits"),
    "stopped": _("Stopped"),
}


@dataclass(frozen=True, slots=True)
class States:
    """How the steps of a month stand."""

    usage: StepState
    check: StepState
    close: StepState
    results: StepState


@dataclass(frozen=True, slots=True)
class Checked:
    """How far the draft is looked at: whether it is there, and how many surprises wait.

    `lost` is what nobody pays, minor units.
    """

    is_there: bool
    is_made: bool
    count: int
    waiting: int
    lost: int


def states_of(
    line: PeriodLine, month: MonthAt, gaps: Sequence[Gap], checked: Checked, note: str
) -> States:
    """How the steps stand; `note` is what is said of the close."""
    usage = _usage(line, month, gaps)
    check = _check(line, month, checked, usage)
    if line.trouble:
        close = StepState("stopped", line.trouble)
    elif line.state == "closed":
        close = StepState("done", note)
    else:
        close = StepState("waits" if month.running else "now", note)
    results = StepState("waits", _("After the close"))
    if line.state == "closed":
        results = StepState("now", _("What was issued"))
    return States(usage, check, close, results)


def _usage(line: PeriodLine, month: MonthAt, gaps: Sequence[Gap]) -> StepState:
    if line.state != "open":
        accepted = ngettext(
            "%(count)s day accepted without usage",
            "%(count)s days accepted without usage",
            line.gaps,
        )
        told = accepted % {"count": line.gaps} if line.gaps else _("Usage is complete.")
        return StepState("done", told)
    told = _("%(complete)s of %(days)s days complete")
    told %= {"complete": month.days_over - len(gaps), "days": month.days_over}
    return StepState("now" if gaps or month.running else "done", told)


def _check(line: PeriodLine, month: MonthAt, checked: Checked, usage: StepState) -> StepState:
    if not checked.is_there or line.state != "open":
        return StepState("done", _("As it was drafted last"))
    if month.running:
        return StepState("now", _("Estimate of the days that are over"))
    if not checked.is_made:
        return StepState("now", _("The draft is being made"))
    waiting = checked.waiting
    if waiting:
        told = ngettext("%(count)s surprise", "%(count)s surprises", waiting) % {"count": waiting}
        return StepState("now", told)
    return StepState("done" if usage.state == "done" else "now", _("Nothing needs a look"))


def days_of_usage(month: MonthAt, gaps: Sequence[Gap], locale: str) -> list[Cell]:
    """Each day of the month, and whether its usage is complete."""
    missing = {gap.day: gap for gap in gaps}
    return [_cell(one, month, missing.get(one), locale) for one in month.period]


def _cell(one: date, month: MonthAt, gap: Gap | None, locale: str) -> Cell:
    said, label = day(one, locale), str(one.day)
    if one >= month.until:
        return Cell(label, "off", f"{said} {_('To come')}", 0, None)
    if gap is None:
        return Cell(label, "full", f"{said} {_('Complete')}", HEIGHT, None)
    there = gap.subscribed - gap.missing
    told = _("%(missing)s of %(subscribed)s cameras without usage")
    told %= {"missing": gap.missing, "subscribed": gap.subscribed}
    height = round(HEIGHT * there / gap.subscribed, 1) if gap.subscribed else 0
    return Cell(label, "part" if there else "missing", f"{said} {told}", height, None)
