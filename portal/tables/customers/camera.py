"""Cameras, the billing unit, and their subscriptions."""

from __future__ import annotations

from piccolo.columns import BigInt, Boolean, Text, Varchar
from piccolo.constraints import Check, Unique
from piccolo.table import Table

from portal.tables import columns as col
from portal.tables.catalog.service import Meter
from portal.tables.catalog.tariff import Tariff
from portal.tables.customers.cloud import Cloud
from portal.tables.customers.subscriber import Subscriber


class Camera(Table, tablename="camera"):
    """A camera of one cloud. `external_id` is the video system's name for it, where it can be.

    `watcher` is the first connection that led to the Watcher it was met in, and `watcher_name` its
    name there; null for one that was registered by hand and never met.

    One that is `suspended`, or whose subscriber is, is switched off where Watcher is provisioned.
    `served_until` is the end of its last subscription, kept by the database.
    """

    id = col.key()
    cloud = col.belongs_to(Cloud)
    external_id = Varchar(length=255)
    name = Text()
    subscriber = col.belongs_to(Subscriber, null=True)
    suspended = Boolean(default=False)
    created_at = col.moment(now=True)
    watcher = col.pointer(null=True)
    watcher_name = Text(null=True, default=None)
    served_until = col.day()
    camera_external_id_once = Unique([cloud, external_id])
    camera_watcher_name_once = Unique([cloud, watcher, watcher_name])


class CameraWord(Table, tablename="camera_word"):
    """Where somebody may begin to type a camera's name or id; the database writes it.

    The true key is (cloud, word, camera); see `Usage`.
    """

    cloud = BigInt(default=None)
    word = Text(default=None)
    camera = BigInt(primary_key=True, default=None)


class AcceptedExcess(Table, tablename="accepted_excess"):
    """A camera may keep more of a meter than its tariff includes; quiet until it is withdrawn."""

    id = col.key()
    cloud = col.belongs_to(Cloud)
    camera = col.belongs_to(Camera)
    meter = col.belongs_to(Meter)
    reason = Text()
    accepted_by = Varchar(length=254)
    accepted_at = col.moment()
    withdrawn_by = Varchar(length=254, default="")
    withdrawn_at = col.moment(null=True)
    accepted_excess_has_reason = Check("reason <> ''")


class Subscription(Table, tablename="subscription"):
    """One camera on one tariff for `[starts_on, ends_on)`, for the subscriber it had then.

    That a camera has at most one at a time is an exclusion constraint (see the first migration).
    `follows` is the connection whose presets made it, null for one made by hand.
    """

    id = col.key()
    cloud = col.belongs_to(Cloud)
    camera = col.belongs_to(Camera)
    subscriber = col.belongs_to(Subscriber)
    tariff = col.belongs_to(Tariff)
    starts_on = col.day()
    ends_on = col.day(null=True)
    follows = col.pointer(null=True)
    created_at = col.moment(now=True)
    subscription_not_empty = Check("ends_on > starts_on")
