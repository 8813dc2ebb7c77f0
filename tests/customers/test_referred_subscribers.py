"""A referral brings subscribers: its own alone, without terms, and learns nothing of others."""

from __future__ import annotations

from typing import Any

import asyncpg
import pytest

from portal.access import SYSTEM, Actor
from portal.customers.actions import referred_subscribers
from portal.customers.forms.referred_subscriber import NewReferredSubscriber
from portal.customers.queries import subscribers
from portal.db import atomic, snapshot
from portal.errors import Conflict, Forbidden, Invalid
from portal.kit.actions.mail import Post
from portal.kit.queries import tenancy
from portal.overview.actions import referred_subscribers as inviting
from tests.cast import ADA, ANN, NORA, NORTH, REX, SAM, SUE
from tests.conftest import NOW, Database
from tests.factories import camera, subscribe, two_clouds


async def bring(actor: Actor = REX, key: str = "one", *, agreed: bool = True, **other: Any) -> int:
    north = await tenancy.get(actor, "north")
    new = NewReferredSubscriber(**{"name": "Bar Sole", "email": "sole@bar.test", **other})
    return await referred_subscribers.bring(actor, north, new, agreed=agreed, key=key, now=NOW)


async def read(number: int, actor: Actor = NORA) -> subscribers.Subscriber:
    return await subscribers.get(actor, await tenancy.get(actor, "north"), number)


async def test_who_is_brought_belongs_to_the_referral_and_waits_for_a_look(
    database: Database,
) -> None:
    async with database.as_worker():
        await two_clouds()
    async with database.as_web():
        number = await bring(wanted=4, wanted_tariff="home-7", brought_note="calls at noon")
        made = await read(number)
        assert (made.referral, made.wanted, made.wanted_tariff) == ("rex", 4, "home-7")
        assert (made.brought_at, made.checked_at, made.brought_doubts) == (NOW, None, ())
        assert made.discount_percent == 0
        assert made.account_manager is None
        # Sent twice it is one; another form is another.
        assert await bring() == number
        assert await bring(key="two", email="luna@bar.test") == number + 1
        checked = await referred_subscribers.check(
            NORA, await tenancy.get(NORA, "north"), number, now=NOW
        )
        assert checked.checked_at == NOW
        with pytest.raises(Conflict):
            await referred_subscribers.check(
                NORA, await tenancy.get(NORA, "north"), number, now=NOW
            )


@pytest.mark.parametrize(
    ("same", "doubts"),
    [
        ({"email": "SUE@home.test"}, ("email",)),
        ({"email": "rex@agents.test"}, ("email",)),
        ({"tax_number": "it-0123 456"}, ("tax_number",)),
        ({"address": ("via  Roma, 1", "00100 ROMA")}, ("address",)),
        ({"email": "tim@south.test"}, ("email",)),
        ({}, ()),
    ],
    ids=str,
)
async def test_what_others_have_too_is_marked_for_the_operator_alone(
    database: Database, same: dict[str, Any], doubts: tuple[str, ...]
) -> None:
    async with database.as_worker():
        await two_clouds()
        async with atomic(SYSTEM) as tx:
            await tx.execute(
                "update subscriber set email = 'sue@home.test', tax_number = 'IT0123456',"
                " address = '{Via Roma 1,00100 Roma}' where id = 1"
            )
    async with database.as_web():
        number = await bring(**same)
        assert (await read(number)).brought_doubts == doubts
        async with snapshot(REX) as tx:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await tx.fetch("select brought_doubts from subscriber")
        async with snapshot(REX) as tx:
            seen = await tx.fetch("select number, checked_at from subscriber order by number")
            assert (number, None) in [tuple(row) for row in seen]
            assert await tx.fetch("select id from subscriber_terms") == []


async def test_a_referral_settles_no_terms_and_brings_nobody_for_others(
    database: Database,
) -> None:
    async with database.as_worker():
        await two_clouds()
    async with database.as_web():
        for columns, values in (
            ("referral, brought_at, discount_percent", "1, now(), 50"),
            ("referral, brought_at, tax_exempt", "1, now(), true"),
            ("referral, brought_at, checked_at", "1, now(), now()"),
            ("referral, brought_at, account_manager", "1, now(), 6"),
            ("referral", "1"),
            ("referral, brought_at", "null, now()"),
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                async with atomic(REX) as tx:
                    await tx.execute(
                        f"insert into subscriber (cloud, number, name, {columns})"
                        f" values (1, 77, 'x', {values})"
                    )
        with pytest.raises(asyncpg.PostgresError):
            async with atomic(REX) as tx:
                await tx.execute(
                    "insert into subscriber (cloud, number, name, referral, brought_at)"
                    " values (2, 77, 'x', 1, now())"
                )
        async with atomic(REX) as tx:
            assert await tx.execute("update subscriber set checked_at = now()") == "UPDATE 0"
        for who in (SUE, ANN, NORA, ADA):
            with pytest.raises(Forbidden):
                await bring(who)
        with pytest.raises(Invalid, match="agree"):
            await bring(agreed=False)
        with pytest.raises(Invalid):
            await bring(wanted_tariff="south-7")


async def test_only_so_many_wait_at_once(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with database.as_worker():
        await two_clouds()
    monkeypatch.setattr(referred_subscribers, "WAITING_MAX", 2)
    async with database.as_web():
        await bring(key="one")
        await bring(key="two")
        with pytest.raises(Conflict, match="2 of your subscribers wait"):
            await bring(key="three")


async def test_cameras_are_a_look_unless_there_is_a_doubt(database: Database) -> None:
    async with database.as_worker():
        world = await two_clouds()
    async with database.as_web():
        fine, doubtful = await bring(), await bring(key="two")  # the same e-mail twice
    async with database.as_worker(), atomic(SYSTEM) as tx:
        rows = await tx.fetch("select id, number from subscriber where brought_at is not null")
        for row in rows:
            made = await camera(tx, NORTH, f"cam-{row['number']}", row["id"])
            plan = world.tariffs["home-7"]
            await subscribe(tx, NORTH, made, row["id"], plan, "2026-11-05")
    async with database.as_web():
        assert (await read(fine)).checked_at is not None
        assert (await read(doubtful)).checked_at is None
        with pytest.raises(Exception, match="subscriber"):
            await referred_subscribers.check(
                SAM, await tenancy.get(SAM, "south"), doubtful, now=NOW
            )


async def invited() -> list[str]:
    async with snapshot(SYSTEM) as tx:
        rows = await tx.fetch(
            "select u.email from portal_user u join subscriber s on s.id = u.subscriber"
            " where s.brought_at is not null order by 1"
        )
    return [row["email"] for row in rows]


async def test_who_was_brought_is_invited_after_the_look_or_at_once_but_not_in_doubt(
    worker: Database,
) -> None:
    await two_clouds()
    post = Post(is_set_up=True)
    number = await bring()
    await bring(key="doubt", email="rex@agents.test")
    assert await inviting.invite_due(now=NOW, post=post) == 0
    await referred_subscribers.check(NORA, await tenancy.get(NORA, "north"), number, now=NOW)
    assert await inviting.invite_due(now=NOW, post=Post(is_set_up=False)) == 0
    assert await inviting.invite_due(now=NOW, post=post) == 1
    assert await invited() == ["sole@bar.test"]
    async with atomic(SYSTEM) as tx:
        await tx.execute("update cloud set referral_invites = true")
    luna = await bring(key="luna", email="luna@bar.test")
    taken = await bring(key="taken", email="mona@bar.test")
    async with atomic(SYSTEM) as tx:
        await tx.execute("update portal_user set email = 'mona@bar.test' where id = 12")
    assert await inviting.invite_due(now=NOW, post=post) == 1
    assert await inviting.invite_due(now=NOW, post=post) == 0
    assert await invited() == ["luna@bar.test", "sole@bar.test"]
    assert (await read(luna)).checked_at is None
    assert (await read(taken)).brought_doubts == ("email",)
