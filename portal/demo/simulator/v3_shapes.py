"""Objects as API v3 shows them: seconds, bytes, milliseconds, `disabled`; and the way back."""

from typing import Any, cast

from portal.demo.simulator.body import Body
from portal.demo.simulator.entities import (
    Camera,
    CameraFields,
    DvrFields,
    Organization,
    Preset,
    PresetFields,
    User,
    UserFields,
)
from portal.demo.simulator.footage import Dvr
from portal.demo.simulator.world import World


def seconds(length_ms: int) -> int | float:
    """Milliseconds in seconds; whole ones as an integer."""
    whole, rest = divmod(length_ms, 1000)
    return length_ms / 1000 if rest else whole


def dvr(one: Dvr) -> dict[str, Any] | None:
    """The settings of an archive; None for live only."""
    if one.is_live_only:
        return None
    return {
        "expiration": seconds(one.depth_ms),
        "episodes_expiration": seconds(one.lock_ms),
        "storage_limit": one.space_bytes,
        "redundancy_factor": 1,
    }


def dvr_info(world: World, camera: Camera) -> dict[str, Any] | None:
    """What is stored now; None for live only."""
    if camera.now.dvr.is_live_only:
        return None
    stored = camera.history.stored(world.now_ms)
    return {
        "from": None if stored.first_ms is None else stored.first_ms // 1000,
        "depth": seconds(stored.depth_ms),
        "duration": seconds(stored.duration_ms),
        "bytes": stored.stored_bytes,
        "ranges": [],
    }


def stream(world: World, one: Camera, *, admin: bool) -> dict[str, Any]:
    """A camera, which v3 calls a stream."""
    now = one.now
    organization_in = world.organizations[now.organization_id]
    on = None if now.preset_id is None else world.presets[now.preset_id]
    running = now.enabled and now.alive
    status = "running" if running else "waiting" if not now.enabled else "error"
    shown = {
        "name": one.name,
        "title": one.title,
        "comment": one.comment,
        "organization_id": now.organization_id,
        "organization": {"id": organization_in.id, "title": organization_in.title},
        "folder_id": organization_in.folder_id,
        "path": [organization_in.title],
        "preset_id": now.preset_id,
        "preset": None
        if on is None
        else {"id": on.id, "title": on.title, "is_adjustable": on.is_adjustable},
        "created_at": one.created_ms,
        "last_change": {"created_at": one.changed_ms, "user": "admin"},
        "disabled": not now.enabled,
        "static": one.static,
        "dvr": dvr(now.dvr),
        "vision": None if now.alg is None else {"alg": now.alg, "areas": "", "detectors": []},
        "last_episode_at": None,
        "inputs": [{"url": one.stream_url}] if one.stream_url else [],
        "coordinates": one.details.get("coordinates"),
        "postal_address": one.details.get("postal_address"),
        "stats": {
            "status": status,
            "alive": running,
            "bitrate": now.kbps if running else 0,
            "lifetime": world.now_ms - now.from_ms if running else 0,
            "online_clients": 0,
            "last_dts_at": world.now_ms if running else None,
            "dvr_info": dvr_info(world, one),
        },
    }
    if admin:
        shown |= {"domain": {"id": 1, "title": "default"}, "labels": {}, "pushes": []}
    return shown


def organization(world: World, one: Organization) -> dict[str, Any]:
    """An organization. `dvr_limit` is not known in v3."""
    owner = world.users.get(one.owner_id or 0)
    return {
        "id": one.id,
        "title": one.title,
        "created_at": one.created_ms,
        "is_default": one.is_default,
        "owner": None if owner is None else {"id": owner.id, "name": owner.login},
        "limits": {"streams": one.camera_limit, "users": one.user_limit},
        "stats": {
            "streams": len(world.names_in(one.id)),
            "users": sum(one.id in user.organizations for user in world.users.values()),
            "mosaics": 0,
        },
        "user_permissions": {
            "can_edit_streams": True,
            "can_edit_users": True,
            "can_view_stats": True,
            "can_view_streams": True,
            "is_member": True,
        },
    }


def preset(world: World, one: Preset) -> dict[str, Any]:
    """A preset, deleted or not."""
    return {
        "id": one.id,
        "title": one.title,
        "dvr": dvr(one.dvr),
        "vision": None if one.alg is None else {"alg": one.alg},
        "is_adjustable": one.is_adjustable,
        "is_default": one.is_default,
        "stats": {
            "organizations_count": sum(
                one.id in organization.presets for organization in world.organizations.values()
            ),
            "streams_count": world.cameras_on(one.id),
        },
        "last_change": {"updated_at": one.changed_ms, "user": "admin"},
        "deleted_at": one.deleted_ms,
    }


def user(one: User) -> dict[str, Any]:
    """A user. There is no external id in v3."""
    return {
        "id": one.id,
        "name": one.login,
        "fullname": one.name,
        "email": one.email,
        "phone": one.phone,
        "locale": "en",
        "disabled": not one.enabled,
        "readonly": False,
        "access_level": "admin" if one.is_admin else "generic",
        "max_sessions": 0,
        "created_at": one.created_ms,
        "note": one.note,
        "organizations": [{"id": number} for number in one.organizations],
    }


# What `$reset` puts back when the request does not name it.
_DEFAULTS: dict[str, Any] = {
    "comment": "",
    "enabled": True,
    "static": True,
    "preset_id": None,
    "stream_url": "",
    "alg": None,
    "dvr": {"depth_ms": 0, "lock_ms": 0, "space_bytes": None},
}


def camera_fields(body: Body) -> CameraFields:
    """What a client asks to change, in the words of the world."""
    given: dict[str, Any] = dict(_DEFAULTS) if body.flag("$reset") else {}
    given |= body.texts(title="title", comment="comment") | body.flags(static="static")
    if (organization_id := body.integer("organization_id")) is not None:
        given["organization_id"] = organization_id
    if "preset_id" in body:
        given["preset_id"] = body.integer("preset_id")
    if (disabled := body.flag("disabled")) is not None:
        given["enabled"] = not disabled
    if "dvr" in body:
        given["dvr"] = dvr_fields(body)
    if "vision" in body:
        given["alg"] = body.inner("vision").text("alg")
    for one in body.items("inputs"):
        given["stream_url"] = one.text("url") or ""
    if details := body.anything("coordinates", "postal_address"):
        given["details"] = details
    return cast("CameraFields", given)


def dvr_fields(body: Body) -> DvrFields:
    """The settings of an archive that a client asks for; `dvr` null is no archive."""
    if body.is_null("dvr"):
        return {"depth_ms": 0, "lock_ms": 0, "space_bytes": None}
    archive = body.inner("dvr")
    fields = DvrFields()
    if "expiration" in archive:
        fields["depth_ms"] = round((archive.number("expiration") or 0) * 1000)
    if "episodes_expiration" in archive:
        fields["lock_ms"] = round((archive.number("episodes_expiration") or 0) * 1000)
    if "storage_limit" in archive:
        fields["space_bytes"] = archive.integer("storage_limit") or None
    return fields


def preset_fields(body: Body) -> PresetFields:
    """What a client asks to change of a preset."""
    given = body.texts(title="title")
    given |= body.flags(is_adjustable="is_adjustable", is_default="is_default")
    if "dvr" in body:
        given["dvr"] = dvr_fields(body)
    if "vision" in body:
        given["alg"] = body.inner("vision").text("alg")
    return cast("PresetFields", given)


def user_fields(body: Body) -> UserFields:
    """What a client asks to change of a user."""
    given = body.texts(
        login="name",
        name="fullname",
        email="email",
        phone="phone",
        note="note",
        password="password",  # noqa: S106 -- the name of a field
    )
    if (disabled := body.flag("disabled")) is not None:
        given["enabled"] = not disabled
    if (level := body.text("access_level")) is not None:
        given["is_admin"] = level == "admin"
    if (organization_id := body.integer("organization_id")) is not None:
        given["organizations"] = [organization_id]
    return cast("UserFields", given)
