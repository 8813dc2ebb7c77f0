"""Watcher's objects, of either generation, as normalised values.

Days and seconds become whole days (a day begun counts), GB and bytes bytes, milliseconds times,
`enabled` and `disabled` one flag. What an object does not say is None; unknown fields are ignored.
"""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, Final

from portal.billing.readings import CameraReading, Organization, Preset, Range
from portal.values.external_id import escaped
from portal.values.text import NAME_MAX, cleaned
from portal.values.watcher import Nonsense, called
from portal.words import _

DAY_SECONDS: Final = 86_400
NAME_LENGTH_MAX: Final = 500
# No camera of this product is older or younger; the rest is a clock that was never set.
_TIME_MS: Final = range(946_684_800_000, 7_258_118_400_000)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_NUMBER_MAX: Final = 2**63 - 1
DEPTH_DAYS_MAX: Final = 2**31 - 1
_MARK_LENGTH: Final = 16
_UNSTORABLE: Final = re.compile("[\0\ud800-\udfff]")

Raw = dict[str, Any]


def objects(value: Any, what: str) -> list[Raw]:
    """A list of objects, {} for whatever in it is none. Raises `Nonsense` when it is no list."""
    if not isinstance(value, list):
        raise Nonsense(_("Watcher's answer is not a list of %(what)s") % {"what": called(what)})
    return [one if isinstance(one, dict) else {} for one in value]


def name_of(raw: Raw) -> str | None:
    """The key of a camera as it can be kept; None when there is none.

    What no text of a database holds (NUL, halves of surrogate pairs) is escaped as in an address,
    and of a name that is very long the beginning stays; both with the hash of the whole, for
    another camera may be called just that: "a%00b".
    """
    name = raw.get("name")
    if not isinstance(name, str) or not name:
        return None
    kept = _UNSTORABLE.sub(lambda found: escaped(found[0]), name)
    if kept != name or len(kept) > NAME_LENGTH_MAX:
        mark = "~" + sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:_MARK_LENGTH]
        kept = kept[: NAME_LENGTH_MAX - len(mark)] + mark
    return kept


def organization(raw: Raw) -> Organization | None:
    """An organization; None without an id."""
    number = _whole(raw.get("id"))
    if number is None:
        return None
    inner = _inner(raw, "stats")
    cameras = raw["camera_count"] if "camera_count" in raw else inner.get("streams")
    return Organization(number, _text(raw.get("title")) or str(number), _whole(cameras))


def preset_v2(raw: Raw) -> Preset | None:
    """A preset: `dvr_depth`, `dvr_lock_days` in days, `vision_params.alg`; None without an id."""
    number = _whole(raw.get("id"))
    if number is None:
        return None
    faces, plates = _vision(_inner(raw, "vision_params").get("alg"))
    return Preset(
        id=number,
        title=_text(raw.get("title")) or "",
        continuous_depth_days=_depth(raw, "dvr_depth", 1),
        motion_depth_days=_depth(raw, "dvr_lock_days", 1),
        faces=faces,
        plates=plates,
        is_adjustable=_flag(raw.get("is_adjustable")),
        is_deleted=raw.get("is_deleted") is True,
    )


def preset_v3(raw: Raw) -> Preset | None:
    """A preset: `dvr` in seconds, `vision.alg`, `deleted_at`; None without an id."""
    number = _whole(raw.get("id"))
    if number is None:
        return None
    continuous, motion = _depths_v3(raw)
    faces, plates = _vision_v3(raw)
    return Preset(
        id=number,
        title=_text(raw.get("title")) or "",
        continuous_depth_days=continuous,
        motion_depth_days=motion,
        faces=faces,
        plates=plates,
        is_adjustable=_flag(raw.get("is_adjustable")),
        is_deleted=bool(raw.get("deleted_at")),
    )


def camera_v2(raw: Raw) -> CameraReading:
    """A camera of API v2: it says neither what is stored nor when it was made."""
    name, preset = _named(raw), _inner(raw, "preset")
    switched_on = _flag(raw.get("vision_enabled"))
    faces, plates = _vision(raw.get("vision_alg"))
    if switched_on is False:
        faces = plates = False
    elif switched_on is None:
        faces = plates = None
    continuous = _depth_v2(raw, preset, "dvr_depth")
    motion = _depth_v2(raw, preset, "dvr_lock_days")
    enabled = _flag(raw.get("enabled"))
    organization_id, preset_id = _id_of(raw, "organization"), _id_of(raw, "preset")
    return CameraReading(
        name=name,
        title=_text(raw.get("title")) or name,
        organization=organization_id,
        preset=preset_id,
        enabled=enabled,
        continuous_depth_days=continuous,
        motion_depth_days=motion,
        faces=faces,
        plates=plates,
        alive=_flag(_inner(raw, "stream_status").get("alive")),
        organization_title=_text(_inner(raw, "organization").get("title")),
        preset_title=_text(preset.get("title")),
        unread=_unread(
            ("organization", organization_id, _said(raw, "organization")),
            ("preset", preset_id, _said(raw, "preset")),
            ("switch", enabled, raw.get("enabled")),
            ("continuous depth", continuous, raw.get("dvr_depth")),
            ("motion depth", motion, raw.get("dvr_lock_days")),
            ("analytics", switched_on, raw.get("vision_enabled")),
            ("analytics", faces, None if switched_on is False else raw.get("vision_alg")),
        ),
    )


def camera_v3(raw: Raw) -> CameraReading:
    """A camera of API v3, where it is called a stream."""
    name, stats = _named(raw), _inner(raw, "stats")
    continuous, motion = _depths_v3(raw)
    faces, plates = _vision_v3(raw)
    disabled = _flag(raw.get("disabled"))
    stored = _whole(_inner(stats, "dvr_info").get("bytes"))
    if stored is None and "dvr_info" in stats and stats["dvr_info"] is None:
        # Null is "nothing" of a camera that is live only, and "not known" of one that records.
        stored = 0 if (continuous, motion) == (0, 0) else None
    created_at = _time(raw.get("created_at"))
    organization_id, preset_id = _id_of(raw, "organization"), _id_of(raw, "preset")
    return CameraReading(
        name=name,
        title=_text(raw.get("title")) or name,
        organization=organization_id,
        preset=preset_id,
        enabled=None if disabled is None else not disabled,
        created_at=created_at,
        continuous_depth_days=continuous,
        motion_depth_days=motion,
        faces=faces,
        plates=plates,
        stored_bytes=stored,
        alive=_flag(stats.get("alive")),
        organization_title=_text(_inner(raw, "organization").get("title")),
        preset_title=_text(_inner(raw, "preset").get("title")),
        unread=_unread(
            ("organization", organization_id, _said(raw, "organization")),
            ("preset", preset_id, _said(raw, "preset")),
            ("switch", disabled, raw.get("disabled")),
            ("time of making", created_at, raw.get("created_at")),
            ("continuous depth", continuous, _within(raw, "dvr", "expiration")),
            ("motion depth", motion, _within(raw, "dvr", "episodes_expiration")),
            ("stored bytes", stored, _within(stats, "dvr_info", "bytes")),
            ("analytics", faces, _within(raw, "vision", "alg")),
        ),
    )


def dvr_range(raw: Raw) -> Range | None:
    """A range of footage; None for one whose ends are not both said."""
    start, end = _whole(raw.get("opened_at")), _whole(raw.get("closed_at"))
    if start is None and (from_seconds := _whole(raw.get("from"))) is not None:
        start = from_seconds * 1000
    if end is None and start is not None and (length := _number(raw.get("duration"))) is not None:
        end = start + round(length * 1000)
    if start is None or end is None or start not in _TIME_MS or end not in _TIME_MS:
        return None
    return Range(start, end) if start < end else None


def _depth_v2(raw: Raw, preset: Raw, field: str) -> int | None:
    """A camera's own depth; where it says none, that of the preset it is on."""
    inherited = _days(preset.get(field), 1)
    if raw.get(field) is None and inherited is not None:
        return inherited
    return _depth(raw, field, 1)


def _depths_v3(raw: Raw) -> tuple[int | None, int | None]:
    if "dvr" in raw and raw["dvr"] is None:
        return 0, 0
    dvr = _inner(raw, "dvr")
    return _depth(dvr, "expiration", DAY_SECONDS), _depth(dvr, "episodes_expiration", DAY_SECONDS)


def _depth(raw: Raw, field: str, units: int) -> int | None:
    """Whole days from a field in units of which a day has so many; null is no archive."""
    if field in raw and raw[field] is None:
        return 0
    return _days(raw.get(field), units)


def _days(value: Any, units: int) -> int | None:
    number = _number(value)
    days = None if number is None else math.ceil(number / units)
    return None if days is None or days > DEPTH_DAYS_MAX else days


def _vision_v3(raw: Raw) -> tuple[bool | None, bool | None]:
    if "vision" in raw and raw["vision"] is None:
        return False, False
    vision = _inner(raw, "vision")
    faces, plates = _vision(vision.get("alg"))
    detectors = vision.get("detectors")
    if isinstance(detectors, list):
        # A list: what stands for a text may be a list itself, which no set holds.
        kinds = [one.get("detector_type") for one in detectors if isinstance(one, dict)]
        faces, plates = bool(faces) or "faces" in kinds, bool(plates)
    elif faces is None and "alg" in vision and vision["alg"] is None:
        return False, False
    return faces, plates


def _vision(alg: Any) -> tuple[bool | None, bool | None]:
    """Faces and plates from the name of an algorithm."""
    if not isinstance(alg, str):
        return None, None
    words = set(re.findall(r"[a-z]+", alg.lower()))
    return "faces" in words, "plates" in words


def _id_of(raw: Raw, what: str) -> int | None:
    own = _whole(raw.get(f"{what}_id"))
    return _whole(_inner(raw, what).get("id")) if own is None else own


def _inner(raw: Raw, field: str) -> Raw:
    value = raw.get(field)
    return value if isinstance(value, dict) else {}


def _named(raw: Raw) -> str:
    name = name_of(raw)
    if name is None:
        raise Nonsense(_("Watcher shows a camera without a name"))
    return name


def _said(raw: Raw, what: str) -> Any:
    """What an object says of the id of its organization or preset, readable or not."""
    own = raw.get(f"{what}_id")
    return _inner(raw, what).get("id") if own is None else own


def _within(raw: Raw, field: str, name: str) -> Any:
    """What an object says in a field of another one; where that is none, what stands there."""
    value = raw.get(field)
    return value.get(name) if isinstance(value, dict) else value


def _unread(*fields: tuple[str, Any, Any]) -> tuple[str, ...]:
    """The names of fields (name, as it was read, as it was said) that were said and not read."""
    unread = (name for name, read, said in fields if read is None and said is not None)
    return tuple(dict.fromkeys(unread))


def _text(value: Any) -> str | None:
    """A title as a name may be here, so without what nobody sees; None where nothing is left."""
    if not isinstance(value, str):
        return None
    return cleaned(value, NAME_MAX) or None


def _flag(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    # Compared first: an integer of 400 digits is no float. NaN is not within any bounds.
    return value if 0 <= value <= _NUMBER_MAX else None


def _whole(value: Any) -> int | None:
    number = _number(value)
    return None if number is None or number != int(number) else int(number)


def _time(value: Any) -> datetime | None:
    at = _whole(value)
    return _EPOCH + timedelta(milliseconds=at) if at is not None and at in _TIME_MS else None
