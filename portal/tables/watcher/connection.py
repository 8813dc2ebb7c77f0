"""Connections to a Watcher, what each reading of one found, and the histories of cameras."""

from __future__ import annotations

from piccolo.columns import Array, BigInt, Boolean, Bytea, Integer, Text, Varchar
from piccolo.constraints import Check, Unique
from piccolo.table import Table

from portal.tables import columns as col
from portal.tables.catalog.tariff import Tariff
from portal.tables.customers.camera import Camera
from portal.tables.customers.cloud import Cloud
from portal.tables.customers.subscriber import Subscriber


class Connection(Table, tablename="connection"):
    """A Watcher whose cameras are a cloud's: all of them, or those of `organizations`.

    `secret` is encrypted with the installation's key. A connection is never deleted, only ended:
    what it read stays. With `provision` tariffs, subscriptions and suspensions are written to it;
    `provision_message` is what did not come to be; nothing is tried before `provision_retry_at`.
    `same_as` is the first connection of the cloud that led to the same address: one Watcher's
    cameras, organizations and presets are those of that connection, also when it has ended.
    """

    id = col.key()
    cloud = col.belongs_to(Cloud)
    kind = Varchar(length=16, default="watcher")
    api = Varchar(length=2)
    url = Text()
    secret = Bytea(secret=True)
    organizations = Array(base_column=BigInt(), null=True, default=None)
    read_every_minutes = Integer(default=60)
    follow_presets = Boolean(default=False)
    provision = Boolean(default=False)
    provision_failures = Integer(default=0)
    provision_failed_at = col.moment(null=True)
    provision_retry_at = col.moment(null=True)
    provision_message = Text(default="")
    created_at = col.moment(now=True)
    ended_at = col.moment(null=True)
    same_as = col.pointer(null=True)
    connection_api_known = Check("api in ('v2', 'v3')")
    connection_read_every_minutes_in_range = Check("read_every_minutes between 1 and 10080")
    connection_one_master = Check("not (provision and follow_presets)")


class Reading(Table, tablename="reading"):
    """One sync run: a fetch of all cameras. Only a complete one means anything is gone.

    `warnings` are sentences about single objects of Watcher that stopped nothing.
    """

    id = col.key()
    cloud = col.belongs_to(Cloud)
    connection = col.belongs_to(Connection)
    started_at = col.moment()
    finished_at = col.moment(null=True)
    state = Varchar(length=8, default="running")
    pages = Integer(default=0)
    cameras = Integer(default=0)
    unnamed = Integer(default=0)
    message = Text(default="")
    warnings = Array(base_column=Text(), default=list)
    reading_state_known = Check("state in ('running', 'complete', 'failed')")
    reading_warnings_few = Check("cardinality(warnings) <= 22")
    reading_warnings_short = Check("char_length(array_to_string(warnings, '')) <= 26400")


class ReadingCamera(Table, tablename="reading_camera"):
    """A camera as a running reading found it, kept until the run is complete and counts."""

    id = col.key()
    cloud = col.belongs_to(Cloud)
    reading = col.belongs_to(Reading)
    name = Text()
    found = Bytea()
    reading_camera_once = Unique([cloud, reading, name])


class CameraInterval(Table, tablename="camera_interval"):
    """A stretch of a camera's history under one organization, preset and switch. Kept for ever."""

    id = col.key()
    cloud = col.belongs_to(Cloud)
    connection = col.belongs_to(Connection)
    camera = col.belongs_to(Camera)
    since = col.moment()
    until = col.moment(null=True)
    organization = col.pointer(null=True)
    preset = col.pointer(null=True)
    enabled = Boolean(default=True)
    made_at = col.moment(null=True)
    camera_interval_not_backwards = Check("until >= since")


class WatcherOrganization(Table, tablename="watcher_organization"):
    """An organization as the last reading showed it, and whose cameras it holds, once mapped.

    A mapping `is_followed` once subscriptions have been made by it. `cameras` were in it when the
    last reading was complete.
    """

    id = col.key()
    cloud = col.belongs_to(Cloud)
    watcher = col.pointer()
    organization = col.pointer()
    title = Text(default="")
    seen_at = col.moment(null=True)
    subscriber = col.belongs_to(Subscriber, null=True)
    is_followed = Boolean(default=True)
    cameras = Integer(default=0)
    watcher_organization_once = Unique([cloud, watcher, organization])


class WatcherPreset(Table, tablename="watcher_preset"):
    """A preset as the last reading showed it, and the tariff it stands for, once mapped.

    `cameras` were under it when the last reading was complete.
    """

    id = col.key()
    cloud = col.belongs_to(Cloud)
    watcher = col.pointer()
    preset = col.pointer()
    title = Text(default="")
    continuous_depth_days = Integer(null=True, default=None)
    motion_depth_days = Integer(null=True, default=None)
    faces = Boolean(null=True, default=None)
    plates = Boolean(null=True, default=None)
    is_adjustable = Boolean(null=True, default=None)
    is_deleted = Boolean(default=False)
    seen_at = col.moment(null=True)
    tariff = col.belongs_to(Tariff, null=True)
    is_followed = Boolean(default=True)
    cameras = Integer(default=0)
    watcher_preset_once = Unique([cloud, watcher, preset])


class RecordedDay(Table, tablename="recorded_day"):
    """What is known to have been recorded on a day: `[start, end, start, end, …]` in ms since 1970.

    The union over all readings: footage that has rolled off since was recorded all the same.
    """

    id = col.key()
    cloud = col.pointer()
    camera = col.pointer()
    day = col.day()
    ranges = Array(base_column=BigInt(), default=list)
    recorded_day_once = Unique([cloud, camera, day])
