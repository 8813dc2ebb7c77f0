"""A camera's history as Watcher showed it, and suspending the camera or letting it go on."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Final
from urllib.parse import urlencode

from litestar import Response, post
from litestar.plugins.htmx import HTMXRequest

from portal.access import Permission, can
from portal.customers.actions.suspensions import suspend_camera
from portal.customers.queries import cameras, subscribers
from portal.customers.queries.cameras import Camera
from portal.errors import no_such
from portal.routes.accounts.auth import Answer
from portal.routes.guards import requires
from portal.routes.middleware.sent import texts
from portal.routes.page import redirect
from portal.routes.reading import get
from portal.routes.shared.cloud_scope import CloudScope
from portal.routes.shared.confirm import confirm
from portal.values.external_id import complaint_of_id
from portal.watcher.queries import connection_health, intervals
from portal.watcher.queries.intervals import CameraHistory
from portal.words import _

WRITERS: Final = [requires(Permission.SUBSCRIPTIONS_WRITE)]
BILLED: Final = _(
    "Its subscription goes on: a suspended camera is billed as its tariff says about days on which"
    " it is off."
)
NOT_TOLD: Final = _(
    "No connection provisions its Watcher, so nothing is switched off there: it is only noted here."
)


@dataclass(frozen=True, slots=True)
class Suspension:
    """Whether a camera is suspended, by itself or with its subscriber, and what that does.

    `provisioned` says whether a Watcher is told; None where this person may not know.
    """

    camera: Camera
    with_subscriber: bool
    provisioned: bool | None
    may_write: bool
    path: str

    @property
    def effect(self) -> str:
        """What would become of it in Watcher."""
        if self.provisioned is None:
            return _("Where the portal provisions the Watcher, it is switched off there, too.")
        if self.provisioned:
            return _("Watcher is told to switch it off within a minute.")
        return NOT_TOLD

    @property
    def effect_now(self) -> str:
        """What has become of it in Watcher, while it is suspended."""
        if self.provisioned is False:
            return NOT_TOLD
        return _(
            "Where the portal provisions the Watcher, it is switched off there. It is still billed."
        )


async def suspension_of(scope: CloudScope, external_id: str) -> Suspension:
    """How a camera stands. Raises `NotFound`."""
    camera = await cameras.get(scope.actor, scope.cloud, external_id)
    owner = None
    if camera.subscriber is not None and can(scope.actor, Permission.SUBSCRIBERS_READ):
        owner = await subscribers.get(scope.actor, scope.cloud, camera.subscriber)
    provisioned: bool | None = None
    if can(scope.actor, Permission.CONNECTIONS_READ):
        found = await connection_health.of_cloud(scope.actor, scope.cloud)
        provisioned = any(one.connection and one.connection.provision for one in found)
    return Suspension(
        camera,
        owner is not None and owner.suspended,
        provisioned,
        can(scope.actor, Permission.SUBSCRIPTIONS_WRITE),
        f"{scope.camera}/suspension?{urlencode({'id': external_id})}",
    )


async def history_of(scope: CloudScope, external_id: str) -> CameraHistory:
    """The latest part of a camera's history. Raises `NotFound`."""
    return await intervals.list_history(scope.actor, scope.cloud, external_id)


def camera_id(request: HTMXRequest) -> str:
    """The camera that an address names: "?id=". Raises `NotFound` for what no id can be."""
    name = request.query_params.get("id", "")
    if complaint_of_id(name):
        raise no_such(_("camera"), name)
    return name


@get("/camera/suspension", guards=WRITERS)
async def ask_suspension(request: HTMXRequest) -> Response[str]:
    """Ask before a camera is suspended, or goes on."""
    scope = await CloudScope.of(request)
    found = await suspension_of(scope, camera_id(request))
    name = found.camera.name or found.camera.external_id
    back = page_of(scope, found.camera)
    verb, title, question = _("Suspend"), _("Suspend %(name)s"), _("Suspend this camera?")
    if found.camera.suspended:
        verb, title, question = _("Resume"), _("Resume %(name)s"), _("Resume this camera?")
    return confirm(
        request,
        title=title % {"name": name},
        crumbs=(*scope.above, (_("Cameras"), scope.at("cameras")), (name, back)),
        question=question,
        facts=[(_("Camera"), name), (_("Id"), found.camera.external_id)],
        warnings=[] if found.camera.suspended else [found.effect, BILLED],
        action=found.path,
        submit=verb,
        cancel=back,
        danger=not found.camera.suspended,
        values={"suspended": "" if found.camera.suspended else "on"},
    )


@post(
    "/camera/suspension",
    guards=WRITERS,
    status_code=HTTPStatus.OK,
)
async def suspend(request: HTMXRequest) -> Answer:
    """Suspend it ("suspended=on"), or let it go on; again changes nothing."""
    scope = await CloudScope.of(request)
    camera = await suspend_camera(
        scope.actor,
        scope.cloud,
        camera_id(request),
        suspended=bool((await texts(request)).get("suspended")),
        queue=request.app.state.queue,
    )
    name = camera.name or camera.external_id
    said = (
        (_("%(name)s is suspended.") % {"name": name})
        if camera.suspended
        else (_("%(name)s goes on.") % {"name": name})
    )
    return redirect(request, page_of(scope, camera), said)


def page_of(scope: CloudScope, camera: Camera) -> str:
    """The address of a camera's page."""
    return f"{scope.camera}?{urlencode({'id': camera.external_id})}"
