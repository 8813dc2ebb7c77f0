"""One customer's books, kept by the functions of the core alone, as an action keeps them in tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from portal.billing import allocation, ledger
from portal.billing.allocation import Allocated, Claim, Effect, Kind, Source, SourceId, Wanted
from portal.billing.balance import Balance
from portal.billing.ledger import Account, Posted


@dataclass
class Books:
    """Facts by row id, in the order in which they came, and a ledger of all that happened."""

    party: str = "1"
    invoices: dict[int, tuple[int, date]] = field(default_factory=dict)
    notes: Counter[int] = field(default_factory=Counter)
    lost: Counter[int] = field(default_factory=Counter)
    sources: dict[SourceId, int] = field(default_factory=dict)
    returned: set[SourceId] = field(default_factory=set)
    refunds: Counter[SourceId] = field(default_factory=Counter)
    rows: list[Allocated] = field(default_factory=list)
    postings: list[list[ledger.Entry]] = field(default_factory=list)

    # What there is ------------------------------------------------------------------------------

    def on(self, invoice: int, source: SourceId | None = None) -> list[Allocated]:
        return [
            row
            for row in self.rows
            if row.invoice == invoice and source in {None, row.source} and row.rest
        ]

    def claim(self, invoice: int) -> Claim:
        total, due = self.invoices[invoice]
        paid = sum(row.rest for row in self.on(invoice))
        balance = Balance(total, self.notes[invoice], paid, due, self.lost[invoice])
        return Claim(invoice, f"N-{invoice:06d}", balance)

    def left(self, invoice: int) -> int:
        return self.claim(invoice).balance.left

    @property
    def claims(self) -> list[Claim]:
        return [self.claim(one) for one in self.invoices]

    def free(self, source: SourceId) -> int:
        used = sum(row.rest for row in self.rows if row.source == source)
        back = self.sources[source] if source in self.returned else 0
        return self.sources[source] - used - self.refunds[source] - back

    @property
    def of(self) -> list[Source]:
        return [Source(one, self.free(one)) for one in self.sources]

    @property
    def credit(self) -> int:
        return allocation.credit_balance(self.of)

    def account(self, account: Account) -> int:
        return sum(e.amount for entries in self.postings for e in entries if e.account is account)

    # What happens -------------------------------------------------------------------------------

    def post(self, kind: Posted, amount: int, *, unidentified: bool = False) -> None:
        self.postings.append(
            ledger.moved(kind, amount, party=self.party, unidentified=unidentified)
        )

    def issue(self, total: int, due: date = date(2026, 11, 17), tax: int = 0) -> int:
        number = len(self.invoices) + 1
        self.invoices[number] = (total, due)
        self.postings.append(
            ledger.documented(total - tax, tax, customer=self.party, by_hand=False)
        )
        return number

    def apply(self, effect: Effect) -> None:
        for put in effect.puts:
            if put.undoes is None:
                self.rows.append(Allocated(len(self.rows), put.source, put.invoice, put.amount))
            else:
                old = self.rows[put.undoes]
                self.rows[put.undoes] = Allocated(
                    old.id, old.source, old.invoice, old.rest + put.amount
                )
            self.post(Posted.ALLOCATION, put.amount)
        for invoice, amount in effect.recovered.items():
            self.lost[invoice] -= amount
            self.post(Posted.RECOVERY, amount)

    def receive(self, amount: int) -> SourceId:
        source = SourceId(Kind.PAYMENT, len(self.sources) + 1)
        self.sources[source] = amount
        self.post(Posted.PAYMENT, amount)
        return source

    def pay(self, amount: int) -> SourceId:
        """Money of the customer that names no invoice."""
        source = self.receive(amount)
        self.apply(allocation.spread(self.of, self.claims))
        return source

    def pay_for(self, amount: int, named: Sequence[tuple[int, int]]) -> SourceId:
        claims = {one.id: one for one in self.claims}
        wanted = [Wanted(invoice, part, "amount") for invoice, part in named]
        probe = Source(SourceId(Kind.PAYMENT, len(self.sources) + 1), amount)
        effect = allocation.put_on([probe], claims, wanted)
        source = self.receive(amount)
        self.apply(effect)
        return source

    def period_note(self, total: int) -> SourceId:
        source = SourceId(Kind.NOTE, len(self.sources) + 1)
        self.sources[source] = total
        self.postings.append(ledger.documented(-total, 0, customer=self.party, by_hand=False))
        return source

    def credit_note(self, invoice: int, gross: int) -> None:
        effect = allocation.credited(self.claim(invoice), self.on(invoice), gross)
        self.notes[invoice] += gross
        self.postings.append(ledger.documented(-gross, 0, customer=self.party, by_hand=True))
        self.apply(effect)

    def give_back(self, source: SourceId, fee: int = 0) -> None:
        """The bank takes a payment back."""
        rows = [row for row in self.rows if row.source == source and row.rest]
        self.apply(Effect(allocation.take_off(rows, sum(row.rest for row in rows))))
        self.returned.add(source)
        self.post(Posted.RETURN, self.sources[source])
        self.post(Posted.FEE, fee)

    def refund(self, amount: int, named: SourceId | None = None) -> None:
        for source, part in allocation.refunded(self.of, amount, named):
            self.refunds[source] += part
        self.post(Posted.REFUND, amount)

    def write_off(self, invoice: int, amount: int | None = None) -> None:
        lost = allocation.written_off(self.claim(invoice), amount)
        self.lost[invoice] += lost
        self.post(Posted.WRITE_OFF, lost)

    def unallocate(self, invoice: int, source: SourceId, amount: int | None = None) -> None:
        self.apply(allocation.unallocated(self.on(invoice, source), amount))
