"""What was written to a Watcher, and what is remembered about it."""

from __future__ import annotations

from piccolo.columns import Array, BigInt, Boolean, Integer, Text
from piccolo.constraints import Unique
from piccolo.table import Table

from portal.tables import columns as col
from portal.tables.catalog.tariff import Tariff
from portal.tables.customers.camera import Camera
from portal.tables.customers.cloud import Cloud
from portal.tables.watcher.connection import Connection


class ProvisionedPreset(Table, tablename="provisioned_preset"):
    """A tariff in a Watcher. `preset` is the one that was made for it, and by us alone.

    Stored before it is made, with the presets that were there `before`: one that was made and not
    stored, because its worker was killed, is found among the others.
    `wanted` is what was tried last, in words; while it stays the same and failed, nothing is tried
    before `retry_at`.
    The one `without_analytics` is for customers whose analytics are off.
    """

    id = col.key()
    cloud = col.belongs_to(Cloud)
    connection = col.belongs_to(Connection)
    tariff = col.belongs_to(Tariff)
    without_analytics = Boolean(default=False)
    preset = col.pointer(null=True)
    before = Array(base_column=BigInt(), null=True, default=None)
    wanted = Text(default="")
    failures = Integer(default=0)
    retry_at = col.moment(null=True)
    message = Text(default="")
    provisioned_preset_once = Unique([cloud, connection, tariff, without_analytics])


class ProvisionedCamera(Table, tablename="provisioned_camera"):
    """What is remembered of writing to a camera: a failure, or that it was we who switched it off.

    One that a person switched off in Watcher has no `is_switched_off` and is not switched on.
    The rest is as with a preset.
    """

    id = col.key()
    cloud = col.belongs_to(Cloud)
    connection = col.belongs_to(Connection)
    camera = col.belongs_to(Camera)
    is_switched_off = Boolean(default=False)
    wanted = Text(default="")
    tried_at = col.moment(null=True)
    failures = Integer(default=0)
    retry_at = col.moment(null=True)
    message = Text(default="")
    provisioned_camera_once = Unique([cloud, connection, camera])
