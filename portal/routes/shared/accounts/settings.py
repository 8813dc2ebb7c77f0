"""Settings of the platform or of a cloud: what stands on documents, and how months close."""

from http import HTTPStatus
from typing import Final

from litestar import Response, post
from litestar.plugins.htmx import HTMXRequest

from portal.access import Permission, can
from portal.customers.actions import clouds as cloud_actions
from portal.customers.actions import platform as platform_actions
from portal.customers.forms import territories
from portal.customers.forms.closing import MODES
from portal.customers.forms.cloud import CloudChange
from portal.customers.forms.master import SellerData
from portal.customers.forms.platform import CompanyChange
from portal.customers.queries import clouds, platform
from portal.errors import Conflict, Forbidden, Invalid
from portal.kit.forms.boxes import Box, boxes_of, parse_boxes, texts_of
from portal.kit.forms.form import members
from portal.kit.forms.nested import intent_of
from portal.routes.accounts.auth import Answer
from portal.routes.guards import person_of, requires
from portal.routes.middleware.sent import texts
from portal.routes.page import form_page, redirect
from portal.routes.reading import get
from portal.routes.shared.accounts.sample import sample_of
from portal.routes.shared.months import today_of
from portal.routes.shared.realm import Realm
from portal.words import _

READERS: Final = [requires(Permission.SETTINGS_READ)]
COMPANY: Final = (
    *("name", "address", "tax_number", "email", "bank", "invoice_prefix"),
    *(member.name for member in members(SellerData)),
)
OF_PLATFORM: Final = (*COMPANY, "timezone")
AS_BUYER: Final = ("buyer_reference", "e_invoice")
OF_CLOUD: Final = (*COMPANY, *AS_BUYER, "phone", "payment_days", "locale")
CLOSING: Final = (
    *("close_mode", "close_after_days", "check_percent", "check_amount", "margin_target"),
    *("check_address", "check_email", "check_tax_number"),
)


@get("/settings", guards=READERS)
async def company(request: HTMXRequest) -> Response[str]:
    """What stands on documents, beside a sample of one."""
    realm = await Realm.of(request)
    return await _company(request, realm, await _stored(request, realm), {})


@post("/settings", guards=READERS, status_code=HTTPStatus.OK)
async def change_company(request: HTMXRequest) -> Answer:
    """Store what its boxes hold now, or draw the sample of it."""
    realm, sent = await Realm.of(request), await texts(request)
    if not intent_of(sent).saves:
        return await _company(request, realm, sent, {}, block="computed")
    try:
        if realm.cloud is None:
            wanted = parse_boxes(CompanyChange, sent, OF_PLATFORM)
            await platform_actions.change(realm.actor, wanted)
        else:
            of_cloud = parse_boxes(CloudChange, sent, OF_CLOUD)
            await cloud_actions.change(realm.actor, realm.cloud, of_cloud)
    except Invalid as invalid:
        # A line of several is told where they stand: "bank[1]" is "bank".
        found = {path.partition("[")[0]: told for path, told in invalid.fields.items()}
        return await _company(request, realm, sent, found)
    except Conflict as conflict:
        if not conflict.fields:
            raise
        return await _company(request, realm, sent, conflict.fields)
    return redirect(request, realm.settings, _("The settings are saved."))


async def _stored(request: HTMXRequest, realm: Realm) -> dict[str, str]:
    locale = person_of(request).locale
    if realm.cloud is not None:
        row = await clouds.get(realm.actor, realm.cloud)
        return texts_of(CloudChange, row, locale)
    company_of_platform(realm)
    return texts_of(CompanyChange, await platform.get(realm.actor), locale)


def company_of_platform(realm: Realm) -> None:
    """What is the platform's own is for its administrators."""
    if realm.cloud is None and not can(realm.actor, Permission.STAFF_READ):
        raise Forbidden(_("The platform's settings are its administrators'."))


async def _company(
    request: HTMXRequest,
    realm: Realm,
    values: dict[str, str],
    errors: dict[str, str],
    block: str = "form",
) -> Response[str]:
    company_of_platform(realm)
    chosen = values.get("locale", "")
    return form_page(
        request,
        "shared/settings/company.html",
        block=block,
        realm=realm,
        values=values,
        errors=errors,
        may_write=realm.may_change_company,
        sample=sample_of(values, today_of(request)),
        documents=_documents(realm),
        timezones=territories.timezones(),
        locales=territories.locale_choices("", chosen, person_of(request).locale),
    )


def _documents(realm: Realm) -> list[Box]:
    """The boxes of master data; a cloud is a buyer, too."""
    of_buyer = [box for box in boxes_of(CloudChange) if box.name in AS_BUYER]
    return boxes_of(SellerData) + (of_buyer if realm.slug else [])


@get("/settings/closing", guards=[requires(Permission.SETTINGS_READ)])
async def closing(request: HTMXRequest) -> Response[str]:
    """How months close, and what is to be left of a tariff."""
    realm = await Realm.of(request)
    row = await clouds.get(realm.actor, realm.of_cloud())
    values = texts_of(CloudChange, row, person_of(request).locale)
    return _closing(request, realm, values, {})


@post("/settings/closing", guards=READERS, status_code=HTTPStatus.OK)
async def change_closing(request: HTMXRequest) -> Answer:
    """Store it, for the months that are still open."""
    realm, sent = await Realm.of(request), await texts(request)
    cloud = realm.of_cloud()
    try:
        await cloud_actions.change(realm.actor, cloud, parse_boxes(CloudChange, sent, CLOSING))
    except Invalid as invalid:
        return _closing(request, realm, sent, invalid.fields)
    return redirect(request, realm.at("settings", "closing"), _("The settings are saved."))


def _closing(
    request: HTMXRequest, realm: Realm, values: dict[str, str], errors: dict[str, str]
) -> Response[str]:
    if not realm.may_change_cloud:
        raise Forbidden(_("How months close is for who changes the cloud."))
    return form_page(
        request,
        "shared/settings/closing.html",
        realm=realm,
        values=values,
        errors=errors,
        modes=MODES,
        currency=realm.of_cloud().currency,
    )


COMPANY_AND_CLOSING: Final = (company, change_company, closing, change_closing)
