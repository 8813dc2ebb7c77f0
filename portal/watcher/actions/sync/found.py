"""A camera as a sync run found it, as bytes: kept in PostgreSQL until the run is complete."""

from __future__ import annotations

import msgspec

from portal.billing.readings import CameraReading, Range


def pack(reading: CameraReading, ranges: tuple[Range, ...] | None) -> bytes:
    """The reading and its footage; `ranges` None where footage could not be asked for."""
    return msgspec.json.encode({"reading": reading, "ranges": ranges})


class _Found(msgspec.Struct):
    reading: CameraReading
    ranges: tuple[Range, ...] | None


_DECODER = msgspec.json.Decoder(_Found)


def unpack(data: bytes) -> tuple[CameraReading, tuple[Range, ...] | None]:
    """The same again."""
    found = _DECODER.decode(data)
    return found.reading, found.ranges
