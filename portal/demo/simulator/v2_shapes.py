"""Objects as API v2 shows them: days, GB, seconds, `enabled`; and the way back."""

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
from portal.demo.simulator.footage import DAY_MS, Dvr
from portal.demo.simulator.world import World

GB = 1_000_000_000
# What a camera shows to somebody who is not an administrator. Which fields is made up.
REDUCED = (
    "name",
    "title",
    "comment",
    "enabled",
    "organization_id",
    "folder_id",
    "preset_id",
    "dvr_depth",
    "permissions",
    "playback_config",
    "stream_status",
    "thumbnails",
)


def days(length_ms: int) -> int | float:
    """Milliseconds in days; whole ones as an integer."""
    whole, rest = divmod(length_ms, DAY_MS)
    return length_ms / DAY_MS if rest else whole


def gigabytes(space_bytes: int | None) -> int | float | None:
    """Bytes in GB; whole ones as an integer."""
    if space_bytes is None:
        return None
    whole, rest = divmod(space_bytes, GB)
    return space_bytes / GB if rest else whole


def organization(world: World, one: Organization) -> dict[str, Any]:
    """An organization with its counts."""
    owner = world.users.get(one.owner_id or 0)
    return {
        "id": one.id,
        "title": one.title,
        "owner_id": one.owner_id,
        "owner": None if owner is None else {"id": owner.id, "login": owner.login},
        "camera_count": len(world.names_in(one.id)),
        "camera_limit": one.camera_limit,
        "user_count": sum(one.id in user.organizations for user in world.users.values()),
        "user_limit": one.user_limit,
        "dvr_limit": one.dvr_limit,
        "mosaic_count": 0,
        "can_edit_cameras": True,
        "can_edit_users": True,
        "can_view_stats": True,
        "is_default": one.is_default,
        "is_member": False,
        "domain": {"id": 1, "title": "default"},
    }


def preset(one: Preset) -> dict[str, Any]:
    """A preset, deleted or not."""
    return {
        "id": one.id,
        "domain_id": 1,
        "title": one.title,
        **_archive(one.dvr),
        "is_adjustable": one.is_adjustable,
        "is_default": one.is_default,
        "is_deleted": one.deleted_ms is not None,
        "vision_params": {"alg": one.alg},
    }


def preset_link(one: Preset, organization_id: int) -> dict[str, Any]:
    """That an organization may choose a preset."""
    return {
        "id": organization_id * 100_000 + one.id,
        "organization_id": organization_id,
        "preset_id": one.id,
        "is_deleted": False,
        "preset": preset(one),
    }


def user(one: User) -> dict[str, Any]:
    """A user, without the password."""
    return {
        "id": one.id,
        "login": one.login,
        "name": one.name,
        "enabled": one.enabled,
        "is_admin": one.is_admin,
        "domain_id": 1,
        "organization_id": one.organizations[0] if one.organizations else None,
        "organizations": list(one.organizations),
        "external_id": one.external_id,
        "notification_email": one.email,
        "phone": one.phone,
        "note": one.note,
        "locale": "en",
        "max_sessions": 0,
        "readonly": False,
        "apikey": one.apikey,
    }


def _archive(dvr: Dvr) -> dict[str, Any]:
    return {
        "dvr_depth": days(dvr.depth_ms),
        "dvr_lock_days": days(dvr.lock_ms),
        "dvr_space": gigabytes(dvr.space_bytes),
    }


def camera(world: World, one: Camera, *, reduced: bool = False) -> dict[str, Any]:
    """A camera. There is no size of the archive, no `created_at` and no mark of deletion in v2."""
    now = one.now
    on = None if now.preset_id is None else world.presets[now.preset_id]
    running = now.enabled and now.alive
    shown = {
        "name": one.name,
        "title": one.title,
        "comment": one.comment,
        "enabled": now.enabled,
        "static": one.static,
        "organization_id": now.organization_id,
        "folder_id": world.organizations[now.organization_id].folder_id,
        "preset_id": now.preset_id,
        "preset": None if on is None else preset(on),
        **_archive(now.dvr),
        "motion_detector_enabled": now.dvr.lock_ms > 0,
        "vision_enabled": now.alg is not None,
        "vision_alg": now.alg,
        "vision_areas": "",
        "vision_gpu": 0,
        "stream_url": one.stream_url,
        "substream_url": None,
        "streamer_id": 1,
        "extrenal_id": one.external_id,
        "agent_id": None,
        "agent_key": None,
        "agent_model": None,
        "agent_serial": None,
        "agent_status": None,
        "coordinates": one.details.get("coordinates"),
        "postal_address": one.details.get("postal_address"),
        "onvif_url": None,
        "onvif_profile": None,
        "onvif_ptz": False,
        "video_only": False,
        "thumbnails": True,
        "thumbnails_url": None,
        "last_event_time": None,
        "last_change": {
            "created_at": one.changed_ms // 1000,
            "object_id": one.name,
            "object_type": "camera",
            "user": "admin",
        },
        "permissions": {"dvr": True, "edit": True, "ptz": False, "view": True},
        "playback_config": {"token": f"token-{one.name}"},
        "stream_status": {
            "alive": running,
            "bitrate": now.kbps if running else 0,
            "lifetime": (world.now_ms - now.from_ms) // 1000 if running else 0,
            "server": "streamer.invalid",
            "http_port": 80,
            "https_port": 443,
            "source_error": None if now.alive else "timeout",
        },
        "user_attributes": {"favorite": False, "motion_alarm": False},
    }
    return {name: shown[name] for name in REDUCED} if reduced else shown


def camera_fields(body: Body) -> CameraFields:
    """What a client asks to change, in the words of the world."""
    given: dict[str, Any] = body.texts(
        title="title", comment="comment", stream_url="stream_url", external_id="extrenal_id"
    )
    given |= body.flags(enabled="enabled", static="static")
    if (organization_id := body.integer("organization_id")) is not None:
        given["organization_id"] = organization_id
    if "preset_id" in body:
        given["preset_id"] = body.integer("preset_id")
    if archive := dvr_fields(body):
        given["dvr"] = archive
    if (vision := body.flag("vision_enabled")) is not None or "vision_alg" in body:
        given["alg"] = None if vision is False else body.text("vision_alg")
    if details := body.anything("coordinates", "postal_address"):
        given["details"] = details
    return cast("CameraFields", given)


def dvr_fields(body: Body) -> DvrFields:
    """The settings of an archive that a client asks for; null depth is no archive."""
    fields = DvrFields()
    if "dvr_depth" in body:
        fields["depth_ms"] = round((body.number("dvr_depth") or 0) * DAY_MS)
    if "dvr_lock_days" in body:
        fields["lock_ms"] = round((body.number("dvr_lock_days") or 0) * DAY_MS)
    if "dvr_space" in body:
        space = body.number("dvr_space")
        fields["space_bytes"] = None if not space else round(space * GB)
    return fields


def preset_fields(body: Body) -> PresetFields:
    """What a client asks to change of a preset."""
    given = body.texts(title="title")
    given |= body.flags(is_adjustable="is_adjustable", is_default="is_default")
    if archive := dvr_fields(body):
        given["dvr"] = archive
    if "vision_params" in body:
        given["alg"] = body.inner("vision_params").text("alg")
    return cast("PresetFields", given)


def user_fields(body: Body) -> UserFields:
    """What a client asks to change of a user."""
    given = body.texts(
        login="login",
        name="name",
        password="password",  # noqa: S106 -- the name of a field
        phone="phone",
        note="note",
        external_id="external_id",
        email="notification_email",
    )
    given |= body.flags(enabled="enabled", is_admin="is_admin")
    if (organization_id := body.integer("organization_id")) is not None:
        given["organizations"] = [organization_id]
    return cast("UserFields", given)
