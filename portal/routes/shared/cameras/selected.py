"""What is done to several cameras at once: another tariff, another subscriber, their end."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Final

from litestar import Response, post
from litestar.plugins.htmx import HTMXRequest

from portal.access import Permission
from portal.billing.period import local_date
from portal.books.queries import camera_changes
from portal.customers.actions import tariff_changes
from portal.customers.forms.camera_lines import LINES_BYTES
from portal.customers.forms.tariff_change import (
    CAMERAS_MAX,
    CameraMove,
    ServiceEnd,
    TariffChange,
)
from portal.errors import Conflict, Invalid, NotFound
from portal.kit.forms.form import parse_texts
from portal.kit.forms.nested import INTENT
from portal.overview.queries import cameras
from portal.routes.accounts.auth import Answer
from portal.routes.format import day as day_text
from portal.routes.format import number
from portal.routes.guards import person_of, requires
from portal.routes.listing import Listing
from portal.routes.middleware.now import books_now
from portal.routes.middleware.sent import texts
from portal.routes.page import Toast, form_page, redirect
from portal.routes.selection import EVERYTHING, everything_url, picked
from portal.routes.shared.cameras.listed import VERBS, filters_of, listing_of, selected_url
from portal.routes.shared.choose import choice_of, chosen
from portal.routes.shared.cloud_scope import CloudScope
from portal.routes.shared.confirm import confirm
from portal.routes.shared.sending import done_once, was_done
from portal.values.amounts import price
from portal.words import _, ngettext

WRITERS: Final = [requires(Permission.SUBSCRIPTIONS_WRITE, Permission.CAMERAS_WRITE)]
FORMS: Final[Mapping[str, type[TariffChange | CameraMove | ServiceEnd]]] = {
    "tariff": TariffChange,
    "move": CameraMove,
    "end": ServiceEnd,
}
DAYS: Final = {"tariff": "starts_on", "move": "starts_on", "end": "ends_on"}
CHOSEN: Final = {"tariff": ("tariff",), "move": ("subscriber", "tariff"), "end": ()}
LABELS: Final = {
    "subscriber": _("Subscriber"),
    "tariff": _("Tariff"),
    "starts_on": _("From"),
    "ends_on": _("First day without"),
}


@dataclass(frozen=True, slots=True)
class Selected:
    """The cameras that were chosen, what is to be done, and what a further page sends again."""

    scope: CloudScope
    listing: Listing
    ids: Sequence[str]
    verb: str
    hidden: Mapping[str, str]

    @property
    def action(self) -> str:
        """Where the form is sent."""
        return selected_url(self.listing)

    @property
    def title(self) -> str:
        """What is done."""
        return dict(VERBS)[self.verb]

    @property
    def crumbs(self) -> tuple[tuple[str, str], ...]:
        """The way back."""
        return (*self.scope.above, (_("Cameras"), self.scope.at("cameras")))


@post(
    "/cameras/selected",
    guards=WRITERS,
    status_code=HTTPStatus.OK,
    request_max_body_size=LINES_BYTES,
)
async def selected(request: HTMXRequest) -> Answer:
    """Ask what exactly, say what it changes, and once that is confirmed do it for all or none."""
    scope, sent = await CloudScope.of(request), await texts(request)
    listing, found = listing_of(request, scope), picked(sent)
    if found.intent == EVERYTHING:
        return redirect(request, everything_url(listing))
    verb, _between, step = found.intent.partition("-")
    if verb not in FORMS:
        raise NotFound(_("There is nothing at this address."))
    if step == "save" and await was_done(request):
        # The filters may leave none of the cameras any more that the first click changed.
        return redirect(
            request, listing.url(), Toast(_("The cameras are changed already."), "info")
        )
    ids: Sequence[str] = found.keys
    if found.everything:
        ids = await cameras.external_ids(
            scope.actor,
            scope.cloud,
            filters_of(listing),
            now=books_now(request),
            limit=CAMERAS_MAX + 1,
        )
    if not ids:
        return redirect(request, listing.url(), Toast(_("Select at least one camera."), "error"))
    if len(ids) > CAMERAS_MAX:
        most = _("At most %(count)s cameras are changed at once. Narrow the filters.")
        said = most % {"count": number(CAMERAS_MAX, person_of(request).locale)}
        return redirect(request, listing.url(), Toast(said, "error"))
    hidden = {**found.boxes, INTENT: f"{verb}-save"}
    chosen_ones = Selected(scope, listing, ids, verb, hidden)
    if step != "save":
        today = local_date(books_now(request), scope.zone).isoformat()
        return await _ask(request, chosen_ones, {DAYS[verb]: today})
    return await _save(request, chosen_ones, sent)


async def _ask(
    request: HTMXRequest,
    found: Selected,
    values: Mapping[str, str],
    wrong: Invalid | Conflict | None = None,
) -> Response[str]:
    errors = {} if wrong is None else dict(wrong.fields) or {DAYS[found.verb]: wrong.message}
    about = wrong if isinstance(wrong, Invalid) else None
    return form_page(
        request,
        "shared/customers/cameras_selected.html",
        found=found,
        count=len(found.ids),
        day=DAYS[found.verb],
        message="" if wrong is None or not isinstance(wrong, Conflict) else wrong.message,
        choices={
            kind: await choice_of(
                found.scope, kind, about if about and kind in about.fields else None
            )
            for kind in CHOSEN[found.verb]
        },
        labels=LABELS,
        values=values,
        errors=errors,
    )


async def _save(request: HTMXRequest, found: Selected, sent: Mapping[str, str]) -> Answer:
    scope, verb = found.scope, found.verb
    names = (*CHOSEN[verb], DAYS[verb])
    values = {name: sent.get(name, "") for name in names}
    try:
        meant = dict(values)
        for kind in CHOSEN[verb]:
            meant[kind] = await chosen(scope, kind, values[kind], kind) or ""
        wanted = parse_texts(FORMS[verb], meant)
        if not sent.get("confirmed"):
            return await _confirm(request, found, meant, wanted)
        act = partial(
            tariff_changes.change_many,
            scope.actor,
            scope.cloud,
            found.ids,
            wanted,
            now=books_now(request),
        )
        await done_once(request, act)
    except (Invalid, Conflict) as wrong:
        return await _ask(request, found, values, wrong)
    count = len(found.ids)
    said = ngettext("%(count)s camera is changed.", "%(count)s cameras are changed.", count)
    told = {"count": number(count, person_of(request).locale)}
    return redirect(request, found.listing.url(), said % told)


async def _confirm(
    request: HTMXRequest,
    found: Selected,
    meant: Mapping[str, str],
    wanted: TariffChange | CameraMove | ServiceEnd,
) -> Response[str]:
    """What it changes, before it is done."""
    locale = person_of(request).locale
    tariff = None if isinstance(wanted, ServiceEnd) else wanted.tariff
    on = wanted.ends_on if isinstance(wanted, ServiceEnd) else wanted.starts_on
    prices = await camera_changes.compare_prices(
        found.scope.actor, found.scope.cloud, found.ids, tariff, on
    )
    facts = [
        (_("Cameras"), number(len(found.ids), locale)),
        (_("On a tariff on that day"), number(prices.served, locale)),
        *((LABELS[kind], meant[kind]) for kind in CHOSEN[found.verb]),
        (LABELS[DAYS[found.verb]], day_text(on, locale)),
        (_("Price a month now"), price(prices.before, prices.currency, locale)),
        (_("Price a month then"), price(prices.after, prices.currency, locale)),
    ]
    warnings = []
    if isinstance(wanted, ServiceEnd):
        warnings.append(_("What they use from that day on is charged to nobody."))
    return confirm(
        request,
        title=found.title,
        crumbs=found.crumbs,
        question=ngettext(
            "Do this for %(count)s camera?", "Do this for %(count)s cameras?", len(found.ids)
        )
        % {"count": number(len(found.ids), locale)},
        facts=facts,
        warnings=warnings,
        action=found.action,
        cancel=found.listing.url(),
        danger=found.verb == "end",
        values={**found.hidden, **meant, "confirmed": "on"},
    )
