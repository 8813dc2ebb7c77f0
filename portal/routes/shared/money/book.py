"""Whose book a page of money is about: a cloud's, or with clouds as customers the platform's.

The same handlers stand below /cloud, below /system/clouds/{cloud}, and below /system.
"""

from dataclasses import dataclass
from datetime import date, datetime

from litestar.plugins.htmx import HTMXRequest

from portal.access import Actor, Permission, can
from portal.books.queries.money import customers
from portal.errors import Invalid
from portal.kit.queries.tenancy import CloudFacts
from portal.routes.shared.choose import Choice, choice_of, chosen
from portal.routes.shared.cloud_scope import CLOUDS, CloudScope, Crumbs
from portal.routes.shared.realm import Realm, Tab
from portal.words import _


@dataclass(frozen=True, slots=True)
class BookScope:
    """A book, and the addresses of its pages. Days are those of `zone`, where the book is kept."""

    realm: Realm
    zone: str

    @classmethod
    async def of(cls, request: HTMXRequest) -> "BookScope":
        """The one that the address names. Raises `NotFound`, `Forbidden`."""
        realm = await Realm.of(request)
        book = await customers.get_book(realm.actor, realm.cloud)
        return cls(realm, book.zone)

    @property
    def actor(self) -> Actor:
        return self.realm.actor

    @property
    def cloud(self) -> CloudFacts | None:
        """The cloud, None for the platform's book."""
        return self.realm.cloud

    @property
    def scope(self) -> CloudScope | None:
        """The cloud with its place in the portal, None for the platform's book."""
        return self.realm.scope

    @property
    def is_platform(self) -> bool:
        return self.cloud is None

    @property
    def slug(self) -> str:
        """What files of its lists are named after; "" of the platform."""
        return "" if self.cloud is None else self.cloud.slug

    @property
    def currency(self) -> str:
        """A cloud's own; "" in the platform's book, which has several."""
        return "" if self.cloud is None else self.cloud.currency

    @property
    def prefix(self) -> str:
        """What numbers of the book's invoices begin with, as an example."""
        return "CLOUD" if self.cloud is None else self.cloud.invoice_prefix

    def today(self, now: datetime) -> date:
        """The day that it is where the book is kept."""
        return customers.Book(self.cloud, self.zone).today(now)

    def at(self, *parts: object, **query: object) -> str:
        """A page below: `at("payments", 4, "return")`."""
        return self.realm.at(*parts, **query)

    @property
    def above(self) -> Crumbs:
        return self.realm.above

    def customer(self, name: str) -> str:
        """The page of a subscriber by number, or of a cloud by slug; "" of nobody."""
        if not name:
            return ""
        return f"{CLOUDS}/{name}" if self.is_platform else self.at("subscribers", name)

    def account(self, name: str) -> str:
        """The statement of account of a customer."""
        if self.is_platform:
            return self.at("payments", "accounts", name)
        return self.at("subscribers", name, "account")

    def invoice(self, number: str) -> str:
        """The page of a document of the book."""
        return self.at("invoices", number)

    def history(self, *of: object) -> str:
        return self.realm.history(*of)

    @property
    def may_write(self) -> bool:
        """Whether the actor records money here."""
        return can(self.actor, Permission.PAYMENTS_WRITE)

    @property
    def may_see_bank(self) -> bool:
        """Whether the actor sees what banks gave: whoever keeps the book, or reads all of it."""
        return can(self.actor, Permission.LEDGER_READ)

    @property
    def whose(self) -> str:
        """What a customer of the book is called."""
        return _("Cloud") if self.is_platform else _("Subscriber")

    @property
    def field(self) -> str:
        """The field of forms that names a customer: of a subscriber's number, or a cloud's slug."""
        return "cloud" if self.is_platform else "subscriber"

    async def choice(self, wrong: Invalid | None = None) -> Choice | None:
        """What the field for a customer offers; None in the platform's book, where slugs are typed.

        `wrong` is why the form comes back.
        """
        return None if self.scope is None else await choice_of(self.scope, "subscriber", wrong)

    async def chosen(self, text: str) -> str:
        """The number or slug that was meant; "" for nothing. Raises `Invalid` at the field."""
        if self.scope is None or not text.strip():
            return text.strip()
        return await chosen(self.scope, "subscriber", text, self.field) or ""

    def tab_rows(self, here: str, waiting: int = 0) -> list[tuple[str, list[Tab]]]:
        """Rows of tabs: those of the cloud in the platform's portal, and the pages of money."""
        pages = [
            ("payments", _("Payments"), 0),
            ("payments/receivables", _("Receivables by age"), 0),
            ("payments/refunds", _("Refunds"), 0),
        ]
        if self.scope is not None:
            pages.append(("payments/reminders", _("Reminders"), 0))
        if self.may_see_bank:
            pages.insert(1, ("payments/unmatched", _("Unmatched"), waiting))
            pages.append(("payments/bank", _("Bank files"), 0))
            pages.append(("payments/ledger", _("Ledger"), 0))
        shown = [
            (label, self.at(*name.split("/")), name == here, count) for name, label, count in pages
        ]
        rows = [(_("Payments"), shown)]
        if self.scope is not None and (above := self.scope.portal_tabs("payments")):
            rows.insert(0, (self.scope.cloud.name, above))
        return rows

    def crumbs(self, *more: tuple[str, str]) -> Crumbs:
        """The way back from a page below that of the payments."""
        return (*self.above, (_("Payments"), self.at("payments")), *more)
