"""API keys of the platform and of clouds: the list, making one, revoking one."""

from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Final

from litestar import Response, post
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Stream

from portal.access import Permission
from portal.accounts.actions import api_keys as actions
from portal.accounts.forms.api_key import NewKey, NewPlatformKey
from portal.accounts.queries import api_keys as reads
from portal.accounts.queries.api_keys import KeyRow
from portal.errors import Conflict, Invalid
from portal.kit.forms.form import parse_texts
from portal.routes.accounts.auth import Answer
from portal.routes.guards import requires
from portal.routes.list_files import list_file
from portal.routes.listing import Column, Listing, read_listing
from portal.routes.middleware.now import books_now
from portal.routes.middleware.sent import texts
from portal.routes.page import page, redirect
from portal.routes.reading import get
from portal.routes.shared.confirm import confirm
from portal.routes.shared.realm import Realm, filled, label, new_page
from portal.routes.shared.sending import made_once
from portal.values.roles import permission_label
from portal.words import _

READERS: Final = [requires(Permission.USERS_READ)]
NEW: Final = "shared/accounts/key_new.html"
WRITERS: Final = [requires(Permission.USERS_WRITE)]


def _permissions(row: KeyRow) -> str:
    """What a key may do, in words."""
    if row.scopes is None:
        return str(ALL)
    return ", ".join(str(permission_label(one)) for one in row.scopes) or str(_("None"))


ALL: Final = _("All that the role may do")
MADE: Final = _(
    "The key is made, and was shown once. If you did not copy it, revoke it and make another."
)
COLUMNS: Final = (
    Column(_("Key"), "name", of="row.name"),
    Column(_("Id"), of="row.public_id", only_file=True),
    Column(_("For"), of="row.user", only_file=True),
    Column(
        _("Role"),
        of="row.role_in_words",
        says=lambda line: label(line.row.role),
        wide=True,
        fact=True,
    ),
    Column(
        _("Permissions"),
        of=lambda line: "*" if line.row.scopes is None else " ".join(line.row.scopes),
        says=lambda line: _permissions(line.row),
        only_file=True,
    ),
    Column(_("State"), of="state", kind="state"),
    Column(_("Made"), "created", of="row.created_at", kind="moment", wide=True),
    Column(_("Last used"), "used", of="row.used_at", kind="moment", wide=True, fact=True),
    Column(_("Expires"), of="row.expires_at", kind="moment", wide=True),
    Column(_("Action"), kind="action"),
)


@dataclass(frozen=True, slots=True)
class Line:
    """A key, and what it is worth now."""

    row: KeyRow
    state: str


@get("/keys", guards=READERS)
async def keys(request: HTMXRequest) -> Response[str] | Stream:
    """The list, the latest first."""
    realm = await Realm.of(request)
    listing = read_listing(
        realm.keys,
        request.query_params,
        COLUMNS,
        filters=("q",),
        default_sort="-created",
    )
    now = books_now(request)

    async def read(part: Listing) -> tuple[int, list[Line]]:
        found = await reads.list_for_portal(
            realm.actor,
            realm.cloud,
            text=part.filters["q"] or None,
            sort=part.sort,
            offset=part.offset,
            limit=part.size,
        )
        return found.total, [Line(row, row.state(now)) for row in found.rows]

    async def more(part: Listing) -> list[Line]:
        return (await read(part))[1]

    total, rows = await read(listing)
    listing = listing.found(total)
    if listing.file:
        return await list_file(
            request, "api-keys", COLUMNS, rows, listing, more=more, cloud=realm.slug or ""
        )
    return page(
        request,
        "shared/accounts/keys.html",
        block="rows",
        realm=realm,
        columns=COLUMNS,
        rows=rows,
        listing=listing,
    )


@get("/keys/new", guards=WRITERS)
async def new_key(request: HTMXRequest) -> Response[str]:
    """The form."""
    return new_page(request, NEW, await Realm.of(request), {})


@post("/keys/new", guards=WRITERS, status_code=HTTPStatus.OK)
async def create_key(request: HTMXRequest) -> Answer:
    """Make the key, and show it, once."""
    realm, sent = await Realm.of(request), await texts(request)
    given = filled(sent, "name", "role", "user", "scopes", "expires_at")
    if "expires_at" in given and "T" not in given["expires_at"]:
        given["expires_at"] += "T00:00:00Z"
    form: NewPlatformKey | NewKey
    try:
        if realm.cloud is None:
            form = parse_texts(NewPlatformKey, given)
        else:
            form = parse_texts(NewKey, given)
        make = partial(
            actions.create,
            realm.actor,
            name=form.name,
            role=form.role,
            cloud=realm.cloud,
            user_email=form.user,
            scopes=form.scopes,
            expires_at=form.expires_at,
            now=books_now(request),
        )
        made = await made_once(request, make, realm.keys, MADE)
    except Invalid as invalid:
        return new_page(request, NEW, realm, sent, _by_field(invalid))
    except Conflict as conflict:
        return new_page(request, NEW, realm, sent, {"name": conflict.message})
    return page(
        request,
        "shared/accounts/once.html",
        block="secret",
        title=_("Key %(name)s") % {"name": form.name},
        lead=_("Copy the key now: it is not stored, and cannot be shown again."),
        label=_("API key"),
        secret=made,
        ends=form.expires_at,
        crumbs=(*realm.above, (_("API keys"), realm.keys)),
        back=realm.keys,
    )


def _by_field(invalid: Invalid) -> dict[str, str]:
    """Complaints about members of a list stand at the list."""
    return {path.partition("[")[0]: message for path, message in invalid.fields.items()}


@get("/keys/{key:str}/revoke", guards=WRITERS)
async def ask_revoke(request: HTMXRequest, key: FromPath[str]) -> Response[str]:
    """Ask before a key is ended."""
    realm = await Realm.of(request)
    row = await reads.get_of(realm.actor, realm.slug, key)
    return confirm(
        request,
        crumbs=(*realm.above, (_("API keys"), realm.keys)),
        title=_("Revoke key"),
        question=_("Revoke the key %(name)s?") % {"name": row.name},
        facts=[(_("Key"), row.name), (_("Id"), row.public_id), (_("Role"), label(row.role))],
        warnings=[
            _("Systems that use it are refused from now on. A revoked key never works again.")
        ],
        action=f"{realm.keys}/{row.public_id}/revoke",
        submit=_("Revoke key"),
        cancel=realm.keys,
        danger=True,
    )


@post(
    "/keys/{key:str}/revoke",
    guards=WRITERS,
    status_code=HTTPStatus.OK,
)
async def revoke(request: HTMXRequest, key: FromPath[str]) -> Answer:
    """End it, at once."""
    realm = await Realm.of(request)
    row = await reads.get_of(realm.actor, realm.slug, key)
    await actions.revoke(realm.actor, row.public_id, now=books_now(request))
    return redirect(request, realm.keys, _("The key %(name)s is revoked.") % {"name": row.name})


KEYS: Final = (keys, new_key, create_key, ask_revoke, revoke)
