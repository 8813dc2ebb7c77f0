"""The pages that are measured: every list and home, its filters, its orders, and a page within."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from portal.bench import world
from portal.bench.page_world import AGENT

NOTHING: Final = "zzqx"
"""A text that fits nothing."""
LAST: Final = world.MONTH
P_OF_CLOUD: Final = "/cloud"
P_OF_PLATFORM: Final = f"/system/clouds/{world.SLUG}"

_OPERATOR: Final = (
    "",
    "?by=cameras",
    "?by=tariffs&margin=highest",
    "/subscribers",
    "/subscribers?page={middle_subscribers}",
    *(f"/subscribers?sort={one}" for one in ("-name", "number", "-number")),
    *(
        f"/subscribers?state={one}"
        for one in ("active", "no_cameras", "suspended", "overdue", "loses", "no_email")
    ),
    "/subscribers?tariff=home-7",
    f"/subscribers?referral={AGENT}",
    "/subscribers?manager=manager@bench.test",
    f"/subscribers?q={NOTHING}",
    "/subscribers?q=Subscriber+1",
    "/subscribers?q=1",
    "/subscribers/new",
    "/subscribers/1",
    "/subscribers/1/account",
    "/subscribers/{subscriber}",
    "/cameras",
    "/cameras?page={middle_cameras}",
    "/cameras?sort=-name",
    *(f"/cameras?state={one}" for one in ("on_tariff", "without", "suspended", "unowned")),
    *(f"/cameras?off={one}" for one in ("keeps", "loses")),
    "/cameras?tariff=home-7",
    "/cameras?tariff=-",
    "/cameras?subscriber=1",
    f"/cameras?q={NOTHING}",
    "/cameras?q=Camera+1",
    "/cameras/new",
    "/camera?id=cam-0000001",
    f"/camera?id={{camera}}&month={LAST}",
    "/tariffs",
    "/tariffs/home-7",
    "/tariffs/new",
    "/tariffs/home-7/versions/new",
    "/prices",
    "/periods",
    f"/periods/{LAST}",
    "/periods/2026-11",
    f"/periods/{LAST}/gaps",
    "/invoices",
    "/invoices?page={middle_invoices}",
    *(
        f"/invoices?sort={one}"
        for one in (
            "number",
            "name",
            "-name",
            "month",
            "-month",
            "issued",
            "due",
            "total",
            "-total",
        )
    ),
    *(f"/invoices?state={one}" for one in ("open", "overdue", "settled", "credit_note")),
    f"/invoices?month={LAST}",
    f"/invoices?month={LAST}&state=overdue",
    f"/invoices?q={NOTHING}",
    "/invoices?side=wholesale",
    "/invoices/{invoice}",
    "/invoices/{invoice}/lines/0",
    "/payments",
    "/payments?page={middle_payments}",
    *(f"/payments?sort={one}" for one in ("amount", "reference")),
    *(f"/payments?state={one}" for one in ("received", "returned", "unidentified")),
    f"/payments?q={NOTHING}",
    "/payments?subscriber=1",
    "/payments/{payment}",
    "/payments/refunds",
    "/payments/unmatched",
    "/payments/bank",
    "/payments/bank/{file}",
    "/payments/bank/{file}?state=open",
    "/payments/lines/{line}",
    "/payments/receivables",
    "/payments/receivables?sort=-total",
    "/payments/receivables?as_of=2026-11-03",
    "/payments/ledger",
    "/payments/ledger/entries",
    "/payments/ledger/entries?account=receivable",
    "/statements",
    "/statements?state=approved",
    "/statements/{statement}",
    "/questions",
    "/reports",
    *(f"/reports?month={LAST}&by={one}" for one in ("tariff", "camera", "subscriber")),
    f"/reports?month={LAST}&show=quantities",
    "/referrals",
    "/referrals?sort=-payable",
    f"/referrals?q={NOTHING}",
    f"/referrals/{AGENT}",
    "/watcher",
    "/watcher/mappings",
    "/watcher/reconciliation",
    "/people",
    "/audit",
    "/keys",
    "/settings",
    "/settings/closing",
    "/settings/mail",
    "/checklist",
)
_CLOUD_ALONE: Final = (
    "/cloud/commissions",
    f"/cloud/commissions?month={LAST}&sort=name",
    f"/cloud/commissions/{AGENT}?month={LAST}",
    f"/cloud/search?q={NOTHING}",
    "/cloud/search?q=Camera",
    "/cloud/search?q=Subscriber+1",
    "/cloud/search?q=cam-0000001",
)
_PLATFORM: Final = (
    "/system",
    "/system/clouds",
    "/system/services",
    "/system/services/faces",
    "/system/invoices",
    "/system/invoices?state=overdue",
    "/system/payments",
    "/system/payments/receivables",
    f"/system/payments/accounts/{world.SLUG}",
    "/system/payments/ledger",
    "/system/reports",
    f"/system/reports?month={LAST}",
    f"/system/reports?month={LAST}&by=service",
    f"/system/reports?month={LAST}&show=quantities",
    "/system/watchers",
    "/system/people",
    "/system/audit",
    "/system/keys",
    "/system/settings",
    f"/system/search?q={NOTHING}",
    "/system/search?q=Camera",
)
_MANAGER: Final = (
    "/cloud",
    "/cloud/subscribers",
    "/cloud/subscribers?state=overdue",
    f"/cloud/subscribers?q={NOTHING}",
    "/cloud/cameras",
    "/cloud/cameras?off=keeps",
    f"/cloud/cameras?q={NOTHING}",
    "/cloud/tariffs",
    "/cloud/invoices",
    "/cloud/invoices?state=overdue",
    "/cloud/invoices/{invoice_of_managed}",
    "/cloud/payments",
    "/cloud/payments/receivables",
    "/cloud/reports",
    "/cloud/reports?by=camera",
    f"/cloud/reports?by=tariff&month={LAST}",
    f"/cloud/search?q={NOTHING}",
)
_SUBSCRIBER: Final = (
    "/my",
    "/my/invoices",
    "/my/invoices?state=overdue",
    "/my/payments",
    "/my/questions",
    "/my/cameras",
    f"/my/cameras?month={LAST}",
    f"/my/cameras?q={NOTHING}",
    "/my/camera?id=cam-0000001",
    "/my/profile",
    f"/my/search?q={NOTHING}",
)
_REFERRAL: Final = (
    "/referral",
    "/referral/subscribers",
    "/referral/subscribers?page={middle_referred}",
    *(
        f"/referral/subscribers?sort={one}"
        for one in ("number", "-name", "since", "cameras", "-earned", "-total")
    ),
    "/referral/subscribers?state=active",
    "/referral/subscribers?state=no_cameras",
    f"/referral/subscribers?q={NOTHING}",
    "/referral/subscribers/{referred}",
    "/referral/commissions",
    "/referral/commissions?sort=-amount",
    f"/referral/commissions?month={LAST}",
    f"/referral/commissions?q={NOTHING}",
    "/referral/statements",
    "/referral/statements/{statement}",
    "/referral/agents",
    f"/referral/search?q={NOTHING}",
)


@dataclass(frozen=True, slots=True)
class Looked:
    """An address, and who looks at it: a key of `page_world.PEOPLE`."""

    who: str
    path: str

    @property
    def name(self) -> str:
        """Who and where, as a report tells it."""
        return f"{self.who} {self.path}"


PAGES: Final = (
    *(Looked("cloud", P_OF_CLOUD + path) for path in _OPERATOR),
    *(Looked("cloud", path) for path in _CLOUD_ALONE),
    *(Looked("platform", path) for path in _PLATFORM),
    *(Looked("platform", P_OF_PLATFORM + path) for path in _OPERATOR),
    *(Looked("manager", path) for path in _MANAGER),
    *(Looked("my", path) for path in _SUBSCRIBER),
    *(Looked("referral", path) for path in _REFERRAL),
)


def filled(path: str, places: Mapping[str, str | int]) -> str:
    """An address with its places: "{middle_cameras}" is the number of a page in the middle."""
    for name, value in places.items():
        path = path.replace(f"{{{name}}}", str(value))
    return path
