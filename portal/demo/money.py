"""What the demo's customers have paid before their first invoices, as standing orders bring it.

A file of the bank is taken in, and it is said whose its lines are. As months are
closed the credit goes on what they issue: some of it is paid then, some partly, one is overpaid.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Final

from portal.access import SYSTEM
from portal.billing.bank.line import BankLine
from portal.billing.money import format_minor
from portal.billing.period import local_date
from portal.books.actions.bank import worklist
from portal.books.actions.bank.taking_in import BankFile, take_in
from portal.books.actions.money import payments, refunds
from portal.books.forms.bank_file import IgnoreForm, MatchCloudForm, MatchForm
from portal.books.forms.payments import NewCloudPayment, NewPayment, NewRefund, ReturnForm
from portal.books.queries.money.payment_lists import Wanted, list_for_page
from portal.crypto.marks import Marks
from portal.kit.queries import tenancy
from portal.kit.queries.tenancy import CloudFacts


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the bank: days before today, in minor units, what it says, and whose it is.

    `of` is a subscriber's number or a cloud's slug, None while nobody has said it; `note` says why
    it is nobody's.
    """

    days: int
    amount: int
    name: str
    text: str
    of: int | str | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Cash:
    """Money that came by another way, of a subscriber."""

    days: int
    amount: int
    reference: str
    of: int
    method: str = "cash"


@dataclass(frozen=True, slots=True)
class Story:
    """A book's money: its zone, its file, what came beside, what went back.

    `returned` is the line whose payment the bank took back, by its place; `refunded` whom how much
    was given back.
    """

    zone: str
    file: str
    lines: tuple[Line, ...]
    beside: tuple[Cash, ...] = ()
    returned: int | None = None
    refunded: tuple[int, int] | None = None


NORTH: Final = Story(
    "Europe/Rome",
    "estratto-conto.xml",
    (
        Line(9, 45_000, "Panetteria Tre Spighe", "Telecamere, ordine permanente", 2),
        Line(9, 12_000, "Ferramenta Vite Lunga", "Videosorveglianza", 3),
        Line(8, 60_000, "Ottica Luce Obliqua", "Acconto telecamere", 4),
        Line(8, 20_000, "Libreria Segnalibro Perso", "Archivio 60 giorni", 5),
        Line(7, 25_000, "Farmacia Foglia Tonda", "Telecamere farmacia", 6),
        Line(6, 200_000, "Albergo Lago Quieto", "Tre mesi", 19),
        Line(5, 150_000, "Magazzini Ruota Quadra Spa", "Telecamere depositi", 21),
        Line(4, -1_250, "Banca Settentrionale", "Canone mensile del conto"),
        Line(3, 4_500, "M. Esposito", "bonifico telecamere ottobre"),
        Line(2, 17_385, "Palestra", "quota"),
        Line(2, 9_900, "Immobiliare Portone", "Affitto posto auto", note="Non nostro: affitto"),
    ),
    (
        Cash(6, 3_000, "CASSA-1", 29),
        Cash(3, 80_000, "CARTA-77", 31, "card"),
    ),
    returned=4,
    refunded=(2, 5_000),
)
SOUTH: Final = Story(
    "America/New_York",
    "statement.xml",
    (
        Line(6, 30_000, "Juniper Loaf Bakery", "camera plan", 1),
        Line(5, 9_000, "Copper Ladle Diner", "autopay", 2),
        Line(4, 60_000, "Blue Heron Lockers", "video Q3", 4),
        Line(3, 2_150, "P. Hollis", "cameras"),
    ),
)
PLATFORM: Final = Story(
    "Europe/Vienna",
    "kontoauszug.xml",
    (
        Line(5, 300_000, "North Video S.r.l.", "Kameras", "north"),
        Line(3, 42_000, "Video Ost GmbH", "Rechnung"),
    ),
)
STORIES: Final = {"north": NORTH, "south": SOUTH, None: PLATFORM}


async def fill(now: datetime, marks: Marks) -> None:
    """Let it happen, in the transaction that makes the demo."""
    for slug, story in STORIES.items():
        cloud = await tenancy.get_if_named(SYSTEM, slug)
        await _Book(cloud, story, now, marks).fill()


@dataclass(frozen=True, slots=True)
class _Book:
    cloud: CloudFacts | None
    story: Story
    now: datetime
    marks: Marks

    @property
    def currency(self) -> str:
        return "EUR" if self.cloud is None else self.cloud.currency

    def _day(self, days: int) -> date:
        return local_date(self.now, self.story.zone) - timedelta(days=days)

    async def fill(self) -> None:
        """The file, what is said of its lines, and what came and went beside."""
        of = SYSTEM, self.cloud
        lines = [self._line(place, one) for place, one in enumerate(self.story.lines, start=1)]
        digest = sha256(repr(lines).encode()).hexdigest()
        file = BankFile("camt", digest, lines, self.story.file)
        taken = await take_in(*of, file, now=self.now, marks=self.marks)
        for line, outcome in zip(self.story.lines, taken.lines, strict=True):
            assert outcome.id is not None, "all of it is new"
            if line.note:
                await worklist.ignore(*of, outcome.id, IgnoreForm(reason=line.note))
            elif line.of is not None:
                await self._match(outcome.id, line.of)
        for cash in self.story.beside:
            await payments.receive(*of, self._payment(cash), now=self.now)
        await self._back()

    def _line(self, place: int, one: Line) -> BankLine:
        return BankLine(
            line=place,
            account="demo",
            booked_on=self._day(one.days),
            amount=one.amount,
            currency=self.currency,
            bank_reference=f"{self._day(one.days):%y%m%d}-{place:03d}",
            name=one.name,
            text=one.text,
        )

    async def _match(self, line: int, of: int | str) -> None:
        form: MatchForm | MatchCloudForm
        form = MatchForm(subscriber=of) if isinstance(of, int) else MatchCloudForm(cloud=of)
        await worklist.match(SYSTEM, self.cloud, line, form, now=self.now)

    def _payment(self, cash: Cash) -> NewPayment | NewCloudPayment:
        return NewPayment(
            amount=format_minor(cash.amount, self.currency),
            paid_on=self._day(cash.days),
            reference=cash.reference,
            method=cash.method,
            subscriber=cash.of,
        )

    async def _back(self) -> None:
        """What the bank took back, and what was given back."""
        of, story = (SYSTEM, self.cloud), self.story
        if story.returned is not None:
            line = story.lines[story.returned]
            reference = f"{self._day(line.days):%y%m%d}-{story.returned + 1:03d}"
            found = await _by_reference(self.cloud, reference)
            form = ReturnForm(returned_on=self._day(line.days - 3), reason="AM04", fee="3.50")
            await payments.take_back(*of, found, form, now=self.now)
        if story.refunded is not None:
            customer, amount = story.refunded
            refund = NewRefund(
                subscriber=customer,
                amount=format_minor(amount, self.currency),
                refunded_on=self._day(2),
                reference="RIMBORSO-1",
                reason="Pagato due volte",
            )
            await refunds.refund(*of, refund, now=self.now)


async def _by_reference(cloud: CloudFacts | None, reference: str) -> int:
    """The row id of the payment with a reference."""
    (row,) = (await list_for_page(SYSTEM, cloud, Wanted(text=reference))).rows
    return row.id
