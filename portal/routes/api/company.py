"""The company behind the installation: the seller on wholesale invoices."""

from typing import Final

from msgspec import Struct

from portal.access import Permission
from portal.customers.actions import platform as actions
from portal.customers.forms import platform as forms
from portal.customers.forms.platform import CompanyChange
from portal.customers.queries import platform
from portal.routes.api.kit.endpoint import Call, Register
from portal.routes.api.kit.rows import answer, answer_of

company_register: Final = Register("Platform")
COMPANY: Final = "/platform/company"


@answer_of(forms.Company, but=("postal",))
class Company(Struct, frozen=True):
    """The seller on wholesale invoices; `session_hours` without a page end anybody's session."""


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
    return answer(Company, row)
