"""One customer on one page: what it has, owes and leaves, on which terms, and who may sign in."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlencode

from litestar import Response
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Stream

from portal.access import Actor, Permission, can, shows
from portal.accounts.queries import people
from portal.accounts.queries.people import PersonRow
from portal.books.queries.cards import accounts
from portal.books.queries.dunning import shown
from portal.customers.forms.subscriber import SubscriberChange
from portal.customers.queries import details
from portal.kit.forms.boxes import boxes_of, texts_of
from portal.overview.queries import customer
from portal.overview.queries.customer import CameraOf, Cameras
from portal.routes.format import month as month_name
from portal.routes.guards import person_of, requires
from portal.routes.list_files import list_file
from portal.routes.listing import Column, Listing, read_listing
from portal.routes.middleware.now import books_now
from portal.routes.page import page
from portal.routes.reading import get
from portal.routes.selection import Selection, selects_everything
from portal.routes.shared.cloud_scope import CloudScope
from portal.routes.shared.dunning.words import ACTIONS, sentence_of
from portal.routes.shared.subscribers.causes import cause_of_customer, causes_of_cameras
from portal.routes.shared.subscribers.figures import cards_of, months_chart
from portal.routes.shared.subscribers.paths import (
    crumbs_to,
    invoice_path,
    list_path,
    named,
    page_path,
)
from portal.values.fields import label_of
from portal.words import _

READERS: Final = [requires(Permission.SUBSCRIBERS_READ)]
ROWS: Final = 10
"""Of cameras and of documents; all of them are pages, or a page of their own."""
CAMERAS: Final = (
    Column(_("Camera"), of=lambda row: row.name or row.external_id),
    Column(_("Id"), of="external_id", only_file=True),
    Column(_("State"), of="state", kind="state", only_file=True),
    Column(_("Tariff"), of=lambda row: row.tariff_name or None, wide=True, fact=True),
    Column(_("Since"), of="starts_on", kind="day", wide=True),
    Column(_("Until"), of="ends_on", kind="day", only_file=True),
)
TARIFF: Final = 3
"""Which of the columns leads to the tariff."""
CHARGED: Final = (
    Column(_("Revenue"), of="revenue", kind="money", wide=True),
    Column(_("Cost"), of="cost", kind="money", wide=True),
    Column(_("Margin"), of="margin", kind="money"),
)
DOCUMENTS: Final = (
    Column(_("Number"), of="number"),
    Column(_("Kind"), of="type", kind="state", only_file=True),
    Column(_("Date"), of="issued_on", kind="day", wide=True, fact=True),
    Column(_("Month"), of="month", kind="month", wide=True),
    Column(_("Due"), of="due_on", kind="day", wide=True),
    Column(_("State"), of="state", kind="state", wide=True, fact=True),
    Column(_("Amount"), of="total", kind="money"),
    Column(_("Open"), of="left", kind="money", wide=True),
    Column(_("Balance"), of="balance", kind="money", wide=True),
)


@dataclass(frozen=True, slots=True)
class MayOn:
    """What somebody may do on a customer's page."""

    write: bool
    suspend: bool
    invite: bool

    @classmethod
    def of(cls, actor: Actor) -> "MayOn":
        """By the actor's permissions."""
        return cls(
            write=can(actor, Permission.SUBSCRIBERS_WRITE),
            suspend=can(actor, Permission.SUBSCRIPTIONS_WRITE),
            invite=can(actor, Permission.USERS_WRITE),
        )


@get("/subscribers/{number:str}", guards=READERS)
async def subscriber(request: HTMXRequest, number: FromPath[str]) -> Response[str] | Stream:
    """The page; a file is its cameras."""
    scope, facts = await named(request, number)
    person, now = person_of(request), books_now(request)
    columns = (*CAMERAS, *(CHARGED if shows(scope.actor, "sales", "margin") else ()))
    path = page_path(scope, facts.number)
    listing = read_listing(path, request.query_params, columns, size=ROWS)

    async def read(part: Listing) -> Cameras:
        return await customer.cameras(
            scope.actor, scope.cloud, facts.id, now=now, offset=part.offset, limit=part.size
        )

    async def more(part: Listing) -> Sequence[CameraOf]:
        return (await read(part)).rows

    cameras = await read(listing)
    listing = listing.found(cameras.total)
    if listing.file:
        name, slug = f"cameras-{facts.number}", scope.cloud.slug
        return await list_file(request, name, columns, cameras.rows, listing, more=more, cloud=slug)
    found = await customer.get(scope.actor, scope.cloud, facts.number, now=now)
    account = await customer.account(scope.actor, scope.cloud, facts.id, now=now, limit=ROWS)
    return page(
        request,
        "shared/subscribers/one.html",
        block="rows",
        scope=scope,
        row=found.facts,
        crumbs=crumbs_to(scope),
        field_label=label_of,
        steps=ACTIONS,
        asked=await details.latest(scope.actor, scope.cloud, facts.number),
        path=path,
        cards=cards_of(scope, found, account, cameras, person.locale),
        why=await cause_of_customer(scope, found, now, person.locale),
        causes=await causes_of_cameras(scope, facts, cameras.rows, now, person.locale),
        tariff_column=CAMERAS[TARIFF],
        columns=columns,
        cameras=cameras.rows,
        select=_selection(request, scope, path, listing),
        camera_path=lambda row: f"{scope.camera}?{urlencode({'id': row.external_id})}",
        listing=listing,
        documents=account.rows,
        document_columns=DOCUMENTS,
        document_path=lambda row: invoice_path(scope, row.number),
        account_path=page_path(scope, facts.number, "account"),
        chart=months_chart(scope, found, person.locale),
        month="" if found.last is None else month_name(found.last.month, person.locale),
        boxes=boxes_of(SubscriberChange),
        values=texts_of(SubscriberChange, found.facts, person.locale),
        reminded=await _reminded(scope, facts.number, now),
        people=await _people(scope, facts.number),
        person_path=lambda one, *parts: _person_path(scope, one.id, *parts),
        history=scope.history("subscriber", facts.number),
        manager_path=_narrowed(scope, manager=found.facts.account_manager),
        referral_path=_narrowed(scope, referral=found.facts.referral),
        may=MayOn.of(scope.actor),
        takes_cards=await accounts.is_set_up(scope.actor, scope.cloud.id),
    )


async def _reminded(
    scope: CloudScope, number: int, now: datetime
) -> tuple[str, shown.Shown] | None:
    """How far its reminders are, with the sentence of it; None where there is nothing to say."""
    if not can(scope.actor, Permission.PAYMENTS_READ):
        return None
    found = await shown.of_customer(scope.actor, scope.cloud, number, now=now)
    if found.episode is None and found.pause is None and not found.to_lift:
        return None
    return sentence_of(found), found


async def _people(scope: CloudScope, number: int) -> Sequence[PersonRow] | None:
    """Who may sign in for it; None where that is not theirs to know."""
    if not can(scope.actor, Permission.USERS_READ):
        return None
    return await people.list_of(scope.actor, scope.cloud, subscriber=number)


def _selection(
    request: HTMXRequest, scope: CloudScope, path: str, listing: Listing
) -> Selection | None:
    """What is done to several of its cameras at once."""
    if not can(scope.actor, Permission.SUBSCRIPTIONS_WRITE):
        return None
    return Selection(
        f"{path}/cameras/selected",
        (("tariff", _("Change tariff")), ("end", _("End"))),
        "external_id",
        everything=selects_everything(request.query_params, listing),
    )


def _person_path(scope: CloudScope, user: int, *parts: str) -> str:
    """A page of somebody who may sign in, or what is done to them there."""
    below = "/".join((str(user), *parts))
    if scope.inside:
        return f"/cloud/people/{below}"
    return f"/system/people/{below}?{urlencode({'cloud': scope.cloud.slug})}"


def _narrowed(scope: CloudScope, **filters: str | None) -> str:
    """The list of customers, of one account manager or referral."""
    return f"{list_path(scope)}?{urlencode({name: text or '' for name, text in filters.items()})}"
