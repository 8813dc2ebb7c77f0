"""A sample of the documents that settings make, printed as the real ones are."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Final

from litestar import Response, get
from litestar.plugins.htmx import HTMXRequest

from portal.access import Permission
from portal.books.queries.sample import Seller, sample_document
from portal.customers.queries import clouds, platform
from portal.kit.queries.look import letterhead
from portal.kit.queries.picture import in_one_snapshot
from portal.routes.guards import requires
from portal.routes.shared.accounts.settings import company_of_platform
from portal.routes.shared.months import today_of
from portal.routes.shared.realm import Realm
from portal.values.document import DocumentValue

READERS: Final = [requires(Permission.SETTINGS_READ)]
CURRENCY: Final = "EUR"
PAYMENT_DAYS: Final = 14
"""Of the platform's sample: a real one has those of the cloud that it goes to."""


# Litestar's `get`: a printing process is waited for, and no transaction is open meanwhile.
@get("/settings/sample.pdf", guards=READERS)
async def sample_pdf(request: HTMXRequest) -> Response[bytes]:
    """The PDF of what is saved. No number of the series is used up, and nothing is kept."""
    realm = await Realm.of(request)
    company_of_platform(realm)
    read = partial(_worn, realm, today_of(request))
    value = await in_one_snapshot(realm.actor, read)
    printed = await request.app.state.renderer.render(value)
    return Response(
        printed.pdf,
        media_type="application/pdf",
        headers={
            "Content-Disposition": f'inline; filename="{value.number}.pdf"',
            "Cache-Control": "no-store",
        },
    )


async def _worn(realm: Realm, today: date) -> DocumentValue:
    worn = await letterhead(realm.slug, realm.actor)
    return replace(await _value(realm, today), colour=worn.colour, logo=worn.logo)


async def _value(realm: Realm, today: date) -> DocumentValue:
    if realm.cloud is None:
        row = await platform.get(realm.actor)
        seller = Seller(
            name=row.name,
            address=row.address,
            tax_number=row.tax_number,
            email=row.email,
            bank=row.bank,
            invoice_prefix=row.invoice_prefix,
            currency=CURRENCY,
            locale="en",
            tax_percent=Decimal(0),
            payment_days=PAYMENT_DAYS,
        )
        return sample_document(seller, "wholesale", today)
    cloud = await clouds.get(realm.actor, realm.cloud)
    seller = Seller(
        name=cloud.name,
        address=cloud.address,
        tax_number=cloud.tax_number,
        email=cloud.email,
        bank=cloud.bank,
        invoice_prefix=cloud.invoice_prefix,
        currency=cloud.currency,
        locale=cloud.locale,
        tax_percent=cloud.tax_percent,
        payment_days=cloud.payment_days,
    )
    return sample_document(seller, "retail", today)


SAMPLE_PDF: Final = (sample_pdf,)
