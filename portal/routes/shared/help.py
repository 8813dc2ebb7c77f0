"""Help: the words of the trade, how an amount comes about, the keys, and who may do what."""

from decimal import Decimal
from fractions import Fraction
from typing import Final

from litestar import Response, Router
from litestar.plugins.htmx import HTMXRequest

from portal.access import Actor, can
from portal.billing.money import percent_of, to_minor
from portal.routes import HELP_PATH, interface_of
from portal.routes.format import number, percent
from portal.routes.glossary import TERMS
from portal.routes.guards import person_of, signed_in
from portal.routes.page import page
from portal.routes.reading import get
from portal.routes.shared.matrix import matrix_for, roles_beside
from portal.routes.shared.overview import checklist
from portal.values.amounts import money
from portal.values.amounts import price as in_words
from portal.words import _

PRICE: Final = Decimal("9.90")
DAYS: Final = 16
DAYS_OF_MONTH: Final = 31
DISCOUNT: Final = Decimal(10)
TAX: Final = Decimal(22)
CURRENCY: Final = "EUR"


@get("/")
async def help_page(request: HTMXRequest) -> Response[str]:
    """The page."""
    person = person_of(request)
    return page(
        request,
        "shared/help.html",
        terms=sorted(
            ((anchor(word), str(word), str(means)) for word, means in TERMS.items()),
            key=lambda one: one[1].casefold(),
        ),
        steps=_example(person.locale),
        first_hour=_first_hour(person.actor),
        matrix=matrix_for(roles_beside(person.actor.role)),
    )


def _first_hour(actor: Actor) -> str:
    """Where the checklist of the actor's portal is, "" for who has none."""
    wanted = {"/system": checklist.OF_PLATFORM, "/cloud": checklist.OF_CLOUD}
    prefix = interface_of(actor.role).prefix
    return f"{prefix}/{checklist.NAME}" if prefix in wanted and can(actor, wanted[prefix]) else ""


def anchor(word: str) -> str:
    """Where a word of the glossary stands on the page: "credit note" is "credit-note"."""
    return str.__str__(word).lower().replace(" ", "-")


def _example(locale: str) -> list[tuple[str, str]]:
    """One camera on a tariff for a part of a month, step by step, as a close calculates it."""
    charge = to_minor(Fraction(PRICE) * DAYS / DAYS_OF_MONTH, CURRENCY)
    discount = percent_of(charge, DISCOUNT)
    taxable = charge - discount
    tax = percent_of(taxable, TAX)

    def told(minor: int) -> str:
        return money(minor, CURRENCY, locale)

    share = _("%(days)s of %(all)s days") % {
        "days": number(DAYS, locale),
        "all": number(DAYS_OF_MONTH, locale),
    }
    return [
        (_("Charge"), f"{in_words(PRICE, CURRENCY, locale)} × {share} = {told(charge)}"),
        (_("Discount"), f"{told(charge)} × {percent(DISCOUNT, locale)} = {told(discount)}"),
        (_("Revenue"), f"{told(charge)} − {told(discount)} = {told(taxable)}"),
        (_("Tax"), f"{told(taxable)} × {percent(TAX, locale)} = {told(tax)}"),
        (_("Total"), f"{told(taxable)} + {told(tax)} = {told(taxable + tax)}"),
    ]


ROUTER: Final = Router(
    HELP_PATH, route_handlers=[help_page], guards=[signed_in], include_in_schema=False
)
