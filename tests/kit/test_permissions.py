"""Actions ask again, whoever opened the door: each verb, by somebody who sees and may not."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from asyncpg import InsufficientPrivilegeError

from portal.billing.pricing import PerUnit
from portal.catalog.actions import meters, rates, services, tariffs
from portal.catalog.forms.meter import NewMeter
from portal.catalog.forms.rate import NewRate
from portal.catalog.forms.service import NewService
from portal.catalog.forms.tariff import NewTariff, NewVersion
from portal.customers.actions import cameras, clouds, referrals, subscribers, subscriptions
from portal.customers.forms.camera import CameraChange, NewCamera
from portal.customers.forms.cloud import CloudChange, NewCloud
from portal.customers.forms.referral import NewReferral, ReferralChange
from portal.customers.forms.subscriber import NewSubscriber, SubscriberChange
from portal.customers.forms.subscription import NewSubscription, SubscriptionChange
from portal.errors import Forbidden, NotFound, PortalError
from portal.kit.queries import tenancy
from tests import cast
from tests.conftest import NOW, Database
from tests.factories import camera, subscribe, two_clouds

DAY = date(2026, 11, 1)
PRICE = Decimal(1)
RATE = NewRate(service="plates", valid_from=DAY, pricing=PerUnit(PRICE))
TARIFF = NewTariff(code="t", name="T", valid_from=DAY, monthly_price=PRICE)
VERSION = NewVersion(valid_from=DAY, monthly_price=PRICE)
CLOUD = NewCloud(slug="e", name="E", currency="EUR", timezone="UTC")
SERVICE = NewService(
    code="s", name="S", meter="archive.stored", unit="B", unit_size=1, measure="peak"
)
SUBSCRIPTION = NewSubscription(tariff="home-7", starts_on=DAY)
END = SubscriptionChange(ends_on=None)

PLATFORMS: list[tuple[Any, tuple[Any, ...]]] = [
    (meters.create, (NewMeter(key="a.b", base_unit="x", kind="gauge"),)),
    (services.create, (SERVICE,)),
    (clouds.create, (CLOUD,)),
]
CLOUDS: list[tuple[Any, tuple[Any, ...], dict[str, Any]]] = [
    (clouds.change, (CloudChange(wholesale_discount_percent=PRICE),), {}),
    (rates.create, (RATE,), {}),
    (tariffs.create, (TARIFF,), {}),
    (tariffs.add_version, ("home-7", VERSION), {}),
    (subscribers.create, (NewSubscriber(name="X"),), {}),
    (subscribers.change, (1, SubscriberChange(name="X")), {}),
    (cameras.create, (NewCamera(external_id="x"),), {}),
    (cameras.change, ("gate", CameraChange(name="X")), {"now": NOW}),
    (subscriptions.create, ("gate", SUBSCRIPTION), {}),
    (subscriptions.change, ("gate", 1, END), {"now": NOW}),
    (referrals.create, (NewReferral(code="x", name="X", percent=PRICE),), {}),
    (referrals.change, ("rex", ReferralChange(name="X")), {}),
]


@pytest.fixture
async def north(database: Database) -> Database:
    """Two clouds; Sue's gate is subscribed."""
    from portal.access import SYSTEM
    from portal.db import atomic

    async with database.as_worker():
        world = await two_clouds()
        async with atomic(SYSTEM) as tx:
            gate = await camera(tx, cast.NORTH, "gate", 1)
            await subscribe(tx, cast.NORTH, gate, 1, world.tariffs["home-7"], "2026-09-01")
    return database


async def test_what_is_the_platforms_is_nobody_elses(north: Database) -> None:
    async with north.as_web():
        for act, forms in PLATFORMS:
            for actor in (cast.PAUL, cast.MAX, cast.NORA, cast.ANN, cast.SUE, cast.REX):
                with pytest.raises(Forbidden):
                    await act(actor, *forms)


async def test_who_sees_a_cloud_and_may_not_is_forbidden(north: Database) -> None:
    async with north.as_web():
        facts = await tenancy.get(cast.CARL, "north")
        for act, forms, more in CLOUDS:
            with pytest.raises(Forbidden):
                await act(cast.CARL, facts, *forms, **more)


async def test_who_does_not_see_a_cloud_finds_none(north: Database) -> None:
    """Nobody gets its facts; who had them from somebody else would be stopped by PostgreSQL."""
    outsiders = (cast.SAM, cast.LIZ, cast.TIM)
    async with north.as_web():
        for actor in outsiders:
            with pytest.raises(NotFound):
                await tenancy.get(actor, "north")
        facts = await tenancy.get(cast.NORA, "north")
        for act, forms, more in CLOUDS:
            for actor in outsiders:
                with pytest.raises((PortalError, InsufficientPrivilegeError)):
                    await act(actor, facts, *forms, **more)
