"""The audit log on the screen: the list, one entry field by field, and where the chains end.

The same handlers stand below /system, where all logs are seen, and among the pages of a cloud in
either of two portals, where its own entries are shown alone.
"""

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from litestar import Response
from litestar.enums import MediaType
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Stream

from portal.access import Permission
from portal.accounts.queries import audit as reads
from portal.accounts.queries.audit import PLATFORM, Entry
from portal.billing.period import parse_day, zone_of
from portal.customers.queries import clouds
from portal.errors import Invalid, no_such
from portal.kit.queries import tenancy
from portal.kit.queries.tenancy import CloudFacts
from portal.routes.guards import actor_of, person_of, requires
from portal.routes.list_files import list_file
from portal.routes.listing import Column, Listing, read_listing
from portal.routes.middleware.sessions import SessionConfig
from portal.routes.page import page
from portal.routes.reading import get
from portal.routes.shared.accounts.audit_places import place_of
from portal.routes.shared.audit_words import changed, choices, in_words, object_in_words
from portal.routes.shared.realm import Realm
from portal.values.roles import role_label
from portal.values.text import shown
from portal.words import _

READERS: Final = [requires(Permission.AUDIT_READ)]
ROWS: Final = 50
CLOUDS_SHOWN: Final = 1_000
ID_DIGITS: Final = 18
CHANGES_SHOWN: Final = 12
COLUMNS: Final = (
    Column(_("Time"), of="entry.at", kind="moment"),
    Column(_("Log of"), of=lambda line: line.entry.cloud or PLATFORM, only_file=True),
    Column(_("Number"), of="entry.seq", kind="number", only_file=True),
    Column(_("Who"), of="entry.actor", wide=True, fact=True),
    Column(_("Role"), of="entry.role", says="role", only_file=True),
    Column(_("API key"), of="entry.key_id", only_file=True),
    Column(_("Session"), of="entry.session", kind="number", only_file=True),
    Column(_("What"), of="entry.action", says="words"),
    Column(_("Object"), of="entry.object", says="object", wide=True, fact=True),
    Column(_("About"), of="entry.about", only_file=True),
    Column(_("Address"), of="entry.address", wide=True),
)


@dataclass(frozen=True, slots=True)
class Line:
    """An entry with what a list says of it; `place` is the page of its object, "" without one.

    `changes` are (field, before, after); of more than CHANGES_SHOWN its page has all.
    """

    entry: Entry
    words: str
    role: str
    object: str
    place: str
    changes: tuple[tuple[str, str, str], ...]

    @property
    def more(self) -> int:
        """How many changes are left out of the list."""
        return max(0, len(self.changes) - CHANGES_SHOWN)


@get("/audit", guards=READERS)
async def entries(request: HTMXRequest) -> Response[str] | Stream:
    """The latest first; older ones by the id of the last entry seen."""
    realm = await Realm.of(request)
    actor = realm.actor
    listing = read_listing(
        realm.audit,
        request.query_params,
        COLUMNS,
        filters=("who", "action", "object", "from", "to", "cloud"),
        size=ROWS,
    )
    log = await _log(realm, listing.filters["cloud"])
    wanted, errors = _wanted(listing, person_of(request).zone)
    if listing.file:
        return await _file(request, realm, log, wanted, listing)
    before = _before(request)
    rows = await reads.list_page(actor, log, wanted, before=before, limit=ROWS + 1)
    more = len(rows) > ROWS
    rows = rows[:ROWS]
    return page(
        request,
        "shared/audit.html",
        block="rows",
        columns=COLUMNS,
        rows=[line_of(realm, row) for row in rows],
        shown=CHANGES_SHOWN,
        realm=realm,
        listing=listing,
        errors=errors,
        of=object_in_words(listing.filters["object"]),
        place=_place(realm, log, listing.filters["object"]),
        actions=choices(),
        logs=await _logs(realm),
        several=log is None,
        head=await reads.head(actor, log or PLATFORM),
        older=listing.url(before=rows[-1].id) if more else "",
        latest=listing.url() if before is not None else "",
    )


def _place(realm: Realm, log: reads.Log | None, of: str) -> str:
    """The page of the object that the log is narrowed to, "" where it has none."""
    return place_of(realm, log.slug if isinstance(log, CloudFacts) else None, of) if of else ""


async def _file(
    request: HTMXRequest,
    realm: Realm,
    log: reads.Log | None,
    wanted: reads.Wanted,
    listing: Listing,
) -> Stream:
    """All entries that are asked for. They have no number that would say where a page begins."""
    actor, seen = realm.actor, None

    async def more(part: Listing) -> list[Line]:
        nonlocal seen
        rows = await reads.list_page(actor, log, wanted, before=seen, limit=part.size)
        seen = rows[-1].id if rows else seen
        return [line_of(realm, row) for row in rows]

    total = await reads.count(actor, log, wanted)
    first = await more(listing)
    slug = log.slug if isinstance(log, CloudFacts) else ""
    return await list_file(
        request, "audit", COLUMNS, first, listing.found(total), more=more, cloud=slug
    )


def line_of(realm: Realm, row: Entry) -> Line:
    """An entry as lists say it."""
    words, role = in_words(row.action), role_label(row.role)
    place = place_of(realm, row.cloud, row.object)
    changes = tuple(changed(row.before, row.after))
    return Line(row, words, role, object_in_words(row.object), place, changes)


@get("/audit/{entry:int}", guards=READERS)
async def entry(request: HTMXRequest, entry: FromPath[int]) -> Response[str]:
    """One entry: who, when, from where, and what was and is."""
    realm = await Realm.of(request)
    found = await reads.one(realm.actor, entry)
    if realm.cloud is not None and found.cloud != realm.slug:
        raise no_such(_("entry"), entry)
    return page(
        request,
        "shared/audit_entry.html",
        realm=realm,
        entry=found,
        words=in_words(found.action),
        object=object_in_words(found.object),
        role=role_label(found.role),
        changes=changed(found.before, found.after),
        place=place_of(realm, found.cloud, found.object),
        history=realm.history(found.object),
    )


@get("/audit/heads", guards=READERS)
async def heads(request: HTMXRequest) -> Response[str]:
    """The ends of all chains that one sees, as `camledger audit check --head` reads them."""
    actor = actor_of(request)
    found = await reads.heads(actor)
    rows = [{"cloud": one.cloud, "number": one.number, "hash": one.hash} for one in found]
    now = SessionConfig.of(request).clock()
    name = f"audit-heads-{now:%Y-%m-%d}.json"
    return Response(
        json.dumps(rows, indent=2) + "\n",
        media_type=MediaType.JSON,
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "no-store",
        },
    )


async def _log(realm: Realm, named: str) -> reads.Log | None:
    """The log that is asked for: of a cloud its own; None is all. Raises `NotFound`."""
    if realm.cloud is not None:
        return realm.cloud
    return PLATFORM if named == PLATFORM else await tenancy.get_if_named(realm.actor, named or None)


def _wanted(listing: Listing, zone: str) -> tuple[reads.Wanted, dict[str, str]]:
    """What the filters ask for, and what is wrong with them. Days are of the person's zone."""
    days: dict[str, date] = {}
    errors: dict[str, str] = {}
    for name, label in (("from", _("From")), ("to", _("To"))):
        text = listing.filters[name]
        try:
            if text:
                days[name] = parse_day(text, name)
        except Invalid as invalid:
            errors[name] = _("%(label)s %(fields)s; %(text)s is left out.") % {
                "label": label,
                "fields": invalid.fields[name],
                "text": shown(text),
            }
    filters = listing.filters
    return reads.Wanted(
        of=filters["object"] or None,
        action=filters["action"] or None,
        who=filters["who"] or None,
        since=_midnight(days["from"], zone) if "from" in days else None,
        until=_midnight(days["to"] + timedelta(days=1), zone) if "to" in days else None,
    ), errors


def _midnight(day: date, zone: str) -> datetime:
    return datetime.combine(day, time(), zone_of(zone)).astimezone(UTC)


def _before(request: HTMXRequest) -> int | None:
    text = request.query_params.get("before", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= ID_DIGITS else None


async def _logs(realm: Realm) -> list[tuple[str, str]]:
    """The logs that one may look at, (value, label); none where there is one only."""
    if realm.cloud is not None:
        return []
    rows = await clouds.list_page(realm.actor, limit=CLOUDS_SHOWN)
    return [(PLATFORM, _("The platform")), *((row.slug, row.name) for row in rows)]


AUDIT: Final = (entries, entry, heads)
