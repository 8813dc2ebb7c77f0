"""What a tariff leaves of its price, as the composer shows it while one types."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from portal.billing.outlook.composer import Figures, share_of
from portal.books.queries.composer import Composed
from portal.routes.bars import Part, SplitBar, split_bar
from portal.routes.format import month, number, percent
from portal.values.amounts import money
from portal.words import _, joined, ngettext

COST, COMMISSION, MARGIN, LOSS = 3, 2, 1, 4
"""Tones of the parts of a price."""
DISCOUNTS_SHOWN: Final = 10


@dataclass(frozen=True, slots=True)
class Line:
    """A figure of the composer: what it is, how it came about, the amount; the sums are strong."""

    label: str
    amount: str
    detail: str = ""
    strong: bool = False
    loss: bool = False


@dataclass(frozen=True, slots=True)
class Computed:
    """The right-hand side of the composer. `short` is all of it in one line.

    `loss` is what is lost of each camera, "" where nothing is; `below_target` a notice. `costs` are
    by the place of a row on the page: what it costs if it is fully used.
    """

    short: str
    bar: SplitBar
    lines: Sequence[Line]
    real: Sequence[Line]
    real_note: str
    discounts: Sequence[Line]
    more_discounts: int
    target: str
    target_known: bool
    loss: str
    below_target: str
    unpriced: str
    costs: Mapping[int, str]


def computed(
    found: Composed,
    places: Sequence[int],
    names: Mapping[str, str],
    *,
    discount: Decimal,
    locale: str,
) -> Computed:
    """`places` are the rows of the page that its items are of, `names` those of services by code.

    `discount` is what the platform takes off the cloud's cost, in percent.
    """
    write = _Writer(found, names, discount, locale)
    figures = found.figures
    return Computed(
        short=write.short(),
        bar=split_bar(
            figures.price,
            [
                Part(_("Included"), figures.included_cost, COST),
                Part(_("Commission"), figures.commission, COMMISSION),
            ],
            Part(_("Margin"), figures.margin_full, MARGIN)
            if figures.margin_full >= 0
            else Part(_("Loss"), figures.margin_full, LOSS),
            found.target_percent,
        ),
        lines=write.lines(),
        real=write.real(),
        real_note=write.real_note(),
        discounts=write.discounts(),
        more_discounts=max(0, len(found.discounts) - DISCOUNTS_SHOWN),
        target=write.target(),
        target_known=found.target_price is not None,
        loss=write.loss(),
        below_target=write.below_target(),
        unpriced=", ".join(names.get(code, code) for code in found.unpriced),
        costs={
            place: write.item_cost(item.cost, about=item.about)
            for place, item in zip(places, found.items, strict=True)
        },
    )


class _Writer:
    """Writes one composer's figures for one reader."""

    def __init__(
        self, found: Composed, names: Mapping[str, str], discount: Decimal, locale: str
    ) -> None:
        self.found, self.names, self.discount, self.locale = found, names, discount, locale

    def money(self, minor: int | None) -> str:
        return money(minor, self.found.currency, self.locale)

    def percent(self, value: Decimal | int | None) -> str:
        return percent(value, self.locale)

    def margin(self, minor: int, price: int) -> str:
        """A margin with its share of the price: "€1.28 · 13%"."""
        share = share_of(minor, price)
        return (
            self.money(minor) if share is None else f"{self.money(minor)} · {self.percent(share)}"
        )

    @property
    def judged(self) -> int:
        return _judged_margin(self.found.figures)

    def short(self) -> str:
        price = self.found.figures.price
        share = share_of(self.judged, price)
        facts = {
            "price": self.money(price),
            "margin": self.money(self.judged),
            "percent": self.percent(share),
        }
        if share is None:
            return _("%(price)s → margin %(margin)s") % facts
        return _("%(price)s → margin %(margin)s (%(percent)s)") % facts

    def lines(self) -> list[Line]:
        figures = self.found.figures
        before = sum(item.cost or 0 for item in self.found.items)
        detail = ""
        if self.discount:
            told = {"cost": self.money(before), "percent": self.percent(self.discount)}
            detail = _("%(cost)s less %(percent)s") % told
        if any(item.about for item in self.found.items):
            detail = joined([_("about"), detail]) if detail else _("about")
        commission = self.percent(self.found.commission_percent)
        if self.found.referral is not None:
            told = {"percent": commission, "referral": self.found.referral}
            commission = _("%(percent)s, %(referral)s") % told
        return [
            Line(_("Price"), self.money(figures.price)),
            Line(_("Included, at today's prices"), self.money(figures.included_cost), detail),
            Line(
                _("Commission"),
                self.money(figures.commission),
                commission if self.found.commission_percent else "",
            ),
            Line(
                _("Margin, if all is used"),
                self.margin(figures.margin_full, figures.price),
                strong=True,
                loss=figures.margin_full < 0,
            ),
        ]

    def real(self) -> list[Line]:
        figures = self.found.figures
        if figures.real_cost is None or figures.margin_real is None:
            return []
        extras = [
            Line(self.names.get(one.service, one.service), f"+{self.money(one.cost)}")
            for one in self.found.extras
        ]
        return [
            *extras,
            Line(_("Cost at real use"), self.money(figures.real_cost), self._average()),
            Line(
                _("Margin at real use"),
                self.margin(figures.margin_real, figures.price),
                strong=True,
                loss=figures.margin_real < 0,
            ),
        ]

    def _average(self) -> str:
        text = ngettext(
            "average of %(count)s camera in %(month)s",
            "average of %(count)s cameras in %(month)s",
            self.found.cameras,
        )
        return text % {
            "count": number(self.found.cameras, self.locale),
            "month": month(self.found.month, self.locale),
        }

    def real_note(self) -> str:
        if self.found.month is None:
            return _("What it costs at real use is not known before the first month is closed.")
        if self.found.figures.real_cost is None:
            return _("What it costs at real use is not known: no camera keeps as much as this.")
        if self.found.alike:
            return _("Of cameras on other tariffs that keep about as much.")
        return _("Of the cameras on this tariff.")

    def discounts(self) -> list[Line]:
        return [
            Line(
                _("At a discount of %(percent)s") % {"percent": self.percent(one.percent)},
                self.money(_judged_margin(one.figures)),
                ngettext("%(count)s subscriber", "%(count)s subscribers", one.subscribers)
                % {"count": number(one.subscribers, self.locale)},
                loss=_judged_margin(one.figures) < 0,
            )
            for one in self.found.discounts[-DISCOUNTS_SHOWN:]
        ]

    def target(self) -> str:
        told = {
            "percent": self.percent(self.found.target_percent),
            "price": self.money(self.found.target_price),
        }
        if self.found.target_price is None:
            return _("No price leaves a margin of %(percent)s.") % told
        if self.found.figures.real_cost is None:
            return _("A margin of %(percent)s, if all is used, takes %(price)s.") % told
        return _("A margin of %(percent)s at real use takes %(price)s.") % told

    def loss(self) -> str:
        figures = self.found.figures
        if not figures.below_cost:
            return ""
        lost = -min(figures.margin_full, self.judged)
        return _("This tariff loses %(amount)s per camera and month.") % {
            "amount": self.money(lost)
        }

    def below_target(self) -> str:
        figures = self.found.figures
        if figures.below_cost or self.judged * 100 >= self.found.target_percent * figures.price:
            return ""
        told = {"percent": self.percent(self.found.target_percent)}
        return _("Below your target of %(percent)s.") % told

    def item_cost(self, cost: int | None, *, about: bool) -> str:
        if cost is None:
            return _("has no wholesale price")
        text = (
            _("costs about %(cost)s if fully used") if about else _("costs %(cost)s if fully used")
        )
        return text % {"cost": self.money(cost)}


def _judged_margin(figures: Figures) -> int:
    """The margin that counts: at real use, where that is known."""
    return figures.margin_full if figures.margin_real is None else figures.margin_real
