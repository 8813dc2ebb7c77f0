"""An invoice with any number of cameras, always the same: for benchmarks, tests and a look."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from portal.values.document import CameraUsageValue, DocumentValue, LineValue, Party

PLACES: Final = ("Gate", "Yard", "Hall", "Parking", "Warehouse", "Reception", "Loading bay", "Lift")
DAYS: Final = 31
DISCOUNT: Final = 10
TAX: Final = 22


@dataclass(frozen=True, slots=True)
class _Tariff:
    """What a camera-month, a new camera and a GB-month beyond the included ones cost, in cents."""

    name: str
    code: str
    monthly: int
    setup: int
    included_gb: int
    per_gb: int
    depth: str


HOME: Final = _Tariff("Home 7", "home-7", 990, 0, 60, 4, "7")
OFFICE: Final = _Tariff("Office 30", "office-30", 2450, 3500, 90, 3, "30")


@dataclass(frozen=True, slots=True)
class _Camera:
    """One camera of the sample with what it is charged, in cents."""

    index: int
    tariff: _Tariff
    days: int
    gb: int

    @property
    def recurring(self) -> int:
        return _rounded(self.tariff.monthly * self.days, DAYS)

    @property
    def setup(self) -> int:
        return self.tariff.setup if self.days < DAYS else 0

    @property
    def gb_beyond(self) -> int:
        return max(0, self.gb - self.tariff.included_gb)

    @property
    def overage(self) -> int:
        return self.tariff.per_gb * self.gb_beyond


def sample_document(cameras: int) -> DocumentValue:
    """October's invoice of the cloud North to a subscriber with that many cameras, in EUR.

    Every ninth camera came in the middle of the month, every sixth is on the larger tariff.
    """
    fleet = [
        _Camera(n, OFFICE if n % 6 == 5 else HOME, 16 if n % 9 == 4 else DAYS, 20 + n * 37 % 90)
        for n in range(cameras)
    ]
    lines = tuple(_lines(fleet))
    subtotal = sum(line.amount for line in lines)
    discount = _rounded(subtotal * DISCOUNT, 100)
    taxable = subtotal - discount
    tax = _rounded(taxable * TAX, 100)
    return DocumentValue(
        type="invoice",
        side="retail",
        number="NORTH-2026-000042",
        issued_on=date(2026, 11, 4),
        due_on=date(2026, 11, 18),
        period="2026-10",
        period_start=date(2026, 10, 1),
        period_end=date(2026, 11, 1),
        currency="EUR",
        locale="en_IT",
        seller=Party(
            name="North Video S.r.l.",
            address=("Via dell'Orologio 14", "20121 Milano MI", "Italy"),
            tax_number="IT 04172930968",
            email="billing@north.example",
            bank=(
                "Banca Settentrionale, Milano",
                "IBAN IT60 X054 2811 1010 0000 0123 456",
                "BIC NORDITM1XXX",
            ),
        ),
        buyer=Party(
            name="Sue Bianchi Ferramenta",
            address=("Corso Vercelli 9", "28100 Novara NO", "Italy"),
            tax_number="IT 02839110034",
            email="sue@bianchi.example",
            customer_number="1007",
        ),
        lines=lines,
        subtotal=subtotal,
        discount_percent=str(DISCOUNT),
        discount=discount,
        taxable=taxable,
        tax_percent=str(TAX),
        tax=tax,
        total=taxable + tax,
        payment_terms="Payable within 14 days, without deduction.",
        usage=tuple(map(_usage, fleet)),
    )


def _lines(fleet: list[_Camera]) -> Iterable[LineValue]:
    """The charges grouped by what was sold: plans, then set-up, then use beyond the plan."""
    by_tariff = [(tariff, [c for c in fleet if c.tariff is tariff]) for tariff in (HOME, OFFICE)]
    for tariff, of in by_tariff:
        months = Decimal(sum(c.days for c in of)) / DAYS
        amount = sum(c.recurring for c in of)
        yield from _line(
            "recurring", tariff.name, tariff, (months, "camera-months", tariff.monthly), amount
        )
    for tariff, of in by_tariff:
        new = Decimal(sum(c.setup > 0 for c in of))
        amount = sum(c.setup for c in of)
        yield from _line(
            "setup", "Set-up of a camera", tariff, (new, "cameras", tariff.setup), amount
        )
    for tariff, of in by_tariff:
        beyond = Decimal(sum(c.gb_beyond for c in of))
        amount = sum(c.overage for c in of)
        name = f"Archive beyond {tariff.included_gb} GB"
        yield from _line("overage", name, tariff, (beyond, "GB", tariff.per_gb), amount)


def _line(
    kind: str, description: str, tariff: _Tariff, sold: tuple[Decimal, str, int], amount: int
) -> Iterable[LineValue]:
    """One line, or none where nothing was `sold` (quantity, unit, price in cents)."""
    quantity, unit, price = sold
    if amount:
        yield LineValue(
            kind=kind,
            description=description,
            detail=f"October 2026 · {tariff.code} · version of 1 Jul 2026",
            quantity=str(round(quantity, 6)),
            unit=unit,
            unit_price=str(Decimal(price) / 100),
            amount=amount,
        )


def _usage(camera: _Camera) -> CameraUsageValue:
    rows = [
        ("Motion recording", camera.tariff.depth, "days"),
        ("Licence plates", "1" if camera.index % 2 == 0 else "", "channels"),
        ("Faces", "1" if camera.index % 5 == 0 else "", "channels"),
        ("Archive", str(camera.gb), "GB"),
    ]
    return CameraUsageValue(
        external_id=f"nv-{camera.index + 1:04d}",
        name=f"{PLACES[camera.index % len(PLACES)]} {camera.index // len(PLACES) + 1}",
        tariff=camera.tariff.code,
        days=camera.days,
        rows=tuple((label, quantity, unit) for label, quantity, unit in rows if quantity),
        amount=camera.recurring + camera.setup + camera.overage,
    )


def _rounded(numerator: int, denominator: int) -> int:
    """To the nearest cent, a half up; nothing here is negative."""
    return (2 * numerator + denominator) // (2 * denominator)
