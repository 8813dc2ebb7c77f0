"""The usage behind a document: camera by camera, or summed with the cameras as a CSV beside it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from portal.billing.money import format_minor
from portal.values.document import CameraUsageValue, DocumentValue
from portal.values.text import unformula
from portal.words import _, ngettext

SUMMED_FROM: Final = 200
"""From so many cameras on the appendix has sums: nobody reads 600 pages."""
GROUPS_MAX: Final = 500
"""Customers or tariffs with a row of their own; the smallest of more are one row."""

Service = tuple[str, str]
"""A service's short label and its unit."""


@dataclass(frozen=True, slots=True)
class UsageRow:
    """A row of the appendix: a camera, or the cameras of one customer or tariff.

    `note` is the small text below the name. `quantities` are decimal strings by service; a service
    that was not used is not there. `amount` is in minor units.
    """

    name: str
    note: str
    tariff: str
    cameras: int
    days: int
    quantities: dict[Service, str]
    amount: int


def is_summed(value: DocumentValue) -> bool:
    """Whether the appendix has sums in place of cameras."""
    return len(value.usage) >= SUMMED_FROM


def services_of(usage: Iterable[CameraUsageValue]) -> list[Service]:
    """The services of all cameras, by first use."""
    return list(dict.fromkeys((label, unit) for camera in usage for label, _, unit in camera.rows))


def usage_rows(value: DocumentValue) -> list[UsageRow]:
    """The rows of the appendix; their amounts add up to those of the cameras."""
    if is_summed(value):
        return _summed(value)
    return [
        UsageRow(
            name=camera.name or camera.external_id,
            note=camera.external_id if camera.name else "",
            tariff=camera.tariff,
            cameras=1,
            days=camera.days,
            quantities=_quantities([camera]),
            amount=camera.amount,
        )
        for camera in value.usage
    ]


def _summed(value: DocumentValue) -> list[UsageRow]:
    """By customer on the wholesale side, in order of their numbers; by tariff on the other."""
    groups: dict[tuple[bool, int, str], list[CameraUsageValue]] = {}
    for camera in value.usage:
        if value.side == "wholesale":
            number = camera.customer_number
            key = (number is None, number or 0, camera.customer)
        else:
            key = (not camera.tariff, 0, camera.tariff)
        groups.setdefault(key, []).append(camera)
    rows = [_group(value, key, cameras) for key, cameras in sorted(groups.items())]
    if len(rows) <= GROUPS_MAX:
        return rows
    by_amount = sorted(rows, key=lambda row: -abs(row.amount))
    shown = set(map(id, by_amount[: GROUPS_MAX - 1]))
    rest = [row for row in rows if id(row) not in shown]
    further = UsageRow(
        name=str(_further(value, len(rest))),
        note="",
        tariff="",
        cameras=sum(row.cameras for row in rest),
        days=sum(row.days for row in rest),
        quantities=_added(row.quantities for row in rest),
        amount=sum(row.amount for row in rest),
    )
    return [*(row for row in rows if id(row) in shown), further]


def _further(value: DocumentValue, count: int) -> str:
    if value.side == "wholesale":
        said = ngettext("%(count)s further customer", "%(count)s further customers", count)
    else:
        said = ngettext("%(count)s further tariff", "%(count)s further tariffs", count)
    return said % {"count": count}


def _group(
    value: DocumentValue, key: tuple[bool, int, str], cameras: list[CameraUsageValue]
) -> UsageRow:
    is_nobodys, number, name = key
    if value.side == "wholesale":
        name = str(_("No customer")) if is_nobodys else name
        note = "" if is_nobodys else str(_("Customer %(number)s") % {"number": number})
    else:
        name, note = name or str(_("No tariff")), ""
    return UsageRow(
        name=name,
        note=note,
        tariff="",
        cameras=len(cameras),
        days=sum(camera.days for camera in cameras),
        quantities=_quantities(cameras),
        amount=sum(camera.amount for camera in cameras),
    )


def _quantities(cameras: Iterable[CameraUsageValue]) -> dict[Service, str]:
    return _added(
        {(label, unit): quantity} for camera in cameras for label, quantity, unit in camera.rows
    )


def _added(parts: Iterable[dict[Service, str]]) -> dict[Service, str]:
    """Quantities by service, added up exactly."""
    sums: dict[Service, Decimal] = {}
    for part in parts:
        for service, quantity in part.items():
            sums[service] = sums.get(service, Decimal(0)) + Decimal(quantity)
    return {service: f"{quantity:f}" for service, quantity in sums.items()}


def usage_csv(value: DocumentValue) -> bytes | None:
    """Every camera with its days, quantities and amount, where the appendix has sums; else None.

    Comma, UTF-8, one heading, no totals. The amounts add up to that of the appendix.
    """
    if not is_summed(value):
        return None
    is_wholesale = value.side == "wholesale"
    services = services_of(value.usage)
    text = io.StringIO()
    write = csv.writer(text).writerow
    write(
        map(
            unformula,
            (
                "camera",
                "name",
                *(("customer_number", "customer") if is_wholesale else ("tariff",)),
                "days",
                *(f"{label} ({unit})" if unit else label for label, unit in services),
                "amount",
                "currency",
            ),
        )
    )
    for camera in value.usage:
        quantities = _quantities([camera])
        number = "" if camera.customer_number is None else str(camera.customer_number)
        write(
            map(
                unformula,
                (
                    camera.external_id,
                    camera.name,
                    *((number, camera.customer) if is_wholesale else (camera.tariff,)),
                    str(camera.days),
                    *(quantities.get(service, "") for service in services),
                    format_minor(camera.amount, value.currency),
                    value.currency,
                ),
            )
        )
    return text.getvalue().encode(errors="replace")


def csv_name(number: str) -> str:
    """The name of the CSV of a document, beside NORTH-2026-000001.pdf."""
    return f"{number}.csv"
