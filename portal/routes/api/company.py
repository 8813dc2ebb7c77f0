"""The company behind the installation: the seller on wholesale invoices."""

from typing import Final

from msgspec import Struct

from portal.access import Permission
from portal.customers.actions import platform as actions
from portal.customers.forms import platform as forms
from portal.customers.forms.platform import CompanyChange
from portal.customers.queries import platform
from portal.routes.api.kit.endpoint import Call, Register

company_register: Final = Register("Platform")
COMPANY: Final = "/platform/company"


class Company(Struct, frozen=True):
    """The seller on wholesale invoices; `session_hours` without a page end anybody's session."""

    name: str
    address: list[str]
    tax_number: str
    email: str
    bank: list[str]
    invoice_prefix: str
    timezone: str
    session_hours: int


@company_register(
    "GET", COMPANY, Permission.STAFF_READ, summary="See the platform's company", answer=Company
)
async def get_company(call: Call) -> Company:
    """What stands on the platform's documents."""
    return _company(await platform.get(call.actor))


@company_register(
    "PATCH", COMPANY, Permission.STAFF_WRITE, summary="Change the platform's company",
    answer=Company, form=CompanyChange, conflicts="a cloud has the prefix",
)  # fmt: skip
async def change_company(call: Call, form: CompanyChange) -> Company:
    """What is sent is changed, the rest stays. Documents that are issued stay as they are."""
    return _company(await actions.change(call.actor, form))


def _company(row: forms.Company) -> Company:
    return Company(
        row.name,
        list(row.address),
        row.tax_number,
        row.email,
        list(row.bank),
        row.invoice_prefix,
        row.timezone,
        row.session_hours,
    )
