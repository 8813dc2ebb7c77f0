"""People are added by those who may, each with a role and what it belongs to."""

from __future__ import annotations

import pytest

from portal.access import SYSTEM
from portal.accounts.actions import invitations
from portal.crypto import passwords
from portal.errors import Conflict, Forbidden, Invalid, NotFound
from portal.kit.queries import tenancy
from tests import cast
from tests.conftest import Database
from tests.factories import two_clouds


async def test_each_role_belongs_somewhere(worker: Database) -> None:
    await two_clouds()
    await invitations.create(SYSTEM, email="m@platform.test", role="manager")
    await invitations.create(
        SYSTEM, email="a@north.test", role="accountant", cloud=await tenancy.get(SYSTEM, "north")
    )
    await invitations.create(
        SYSTEM,
        email="s@home.test",
        role="subscriber",
        cloud=await tenancy.get(SYSTEM, "north"),
        subscriber=1,
    )
    await invitations.create(
        SYSTEM,
        email="r@agents.test",
        role="referral",
        cloud=await tenancy.get(SYSTEM, "south"),
        referral="liz",
    )
    from portal.db import snapshot

    async with snapshot(SYSTEM) as tx:
        rows = await tx.fetch(
            "select email, role, cloud, subscriber, referral from portal_user where id > 100 order by id"
        )
        assert [tuple(row) for row in rows] == [
            ("m@platform.test", "manager", None, None, None),
            ("a@north.test", "cloud-accountant", cast.NORTH, None, None),
            ("s@home.test", "subscriber", cast.NORTH, 1, None),
            ("r@agents.test", "referral", cast.SOUTH, None, 2),
        ]
        logged = await tx.fetchval("select string_agg(after::text, '') from audit")
        assert "password" not in logged


@pytest.mark.parametrize(
    ("given", "fields"),
    [
        ({"email": "nobody", "role": "manager"}, {"email"}),
        ({"email": "a@b", "role": "emperor"}, {"role"}),
        ({"email": "a@b", "role": "doorkeeper"}, {"role"}),
        ({"email": "a@b", "role": "subscriber"}, {"cloud"}),
        ({"email": "a@b", "role": "account-manager"}, {"cloud"}),
        ({"email": "a@b", "role": "manager", "cloud": "north"}, {"role"}),
        ({"email": "a@b", "role": "subscriber", "cloud": "north"}, {"subscriber"}),
        ({"email": "a@b", "role": "referral", "cloud": "north"}, {"referral"}),
        ({"email": "a@b", "role": "accountant", "cloud": "north", "subscriber": 1}, {"subscriber"}),
        (
            {"email": "a@b", "role": "subscriber", "cloud": "north", "subscriber": 99},
            {"subscriber"},
        ),
        ({"email": "a@b", "role": "referral", "cloud": "north", "referral": "liz"}, {"referral"}),
        ({"email": "a@b", "role": "manager", "password": "short"}, {"password"}),
        ({"email": "a@b", "role": "manager", "password": "password12345"}, {"password"}),
        ({"email": "adm\u0131n@b", "role": "manager"}, {"email"}),
        ({"email": "\u0430dmin@b", "role": "manager"}, {"email"}),
        ({"email": "a@b", "role": "manager", "name": ""}, {"name"}),
    ],
)
async def test_what_does_not_fit_is_named(worker: Database, given, fields) -> None:
    await two_clouds()
    cloud = await tenancy.get_if_named(SYSTEM, given.get("cloud"))
    with pytest.raises(Invalid) as refused:
        await invitations.create(SYSTEM, **{**given, "cloud": cloud})
    assert refused.value.fields.keys() == fields


@pytest.mark.parametrize(
    "spelling",
    [
        "SUE@home.test",
        "sue@home.test.",
        "\u017fue@home.test",
        "s\u200bue@home.test",
        "\uff53ue@home.test",
    ],
)
async def test_an_address_is_one_persons_however_it_is_spelt(
    worker: Database, spelling: str
) -> None:
    await two_clouds()
    with pytest.raises(Conflict):
        await invitations.create(SYSTEM, email=spelling, role="manager")


async def test_an_address_is_stored_in_its_normal_form(worker: Database) -> None:
    await invitations.create(SYSTEM, email=" Eva@B\u00dccher.Example. ", role="manager")
    from portal.db import snapshot

    async with snapshot(SYSTEM) as tx:
        found = await tx.fetchrow("select email, name from portal_user")
    assert tuple(found or ()) == ("eva@xn--bcher-kva.example", "eva")


async def test_a_password_is_stored_as_a_hash(worker: Database) -> None:
    secret = "correct horse battery"
    await invitations.create(SYSTEM, email="h@platform.test", role="accountant", password=secret)
    from portal.db import snapshot

    async with snapshot(SYSTEM) as tx:
        stored = await tx.fetchval("select password from portal_user")
    assert secret not in stored
    assert await passwords.verify(secret, stored)


async def test_who_may_add_whom(database: Database) -> None:
    async with database.as_worker():
        await two_clouds()
    async with database.as_web():
        await invitations.create(
            cast.NORA,
            email="new@north.test",
            role="account-manager",
            cloud=await tenancy.get(cast.NORA, "north"),
        )
        with pytest.raises(NotFound):
            await invitations.create(
                cast.NORA,
                email="spy@south.test",
                role="accountant",
                cloud=await tenancy.get(cast.NORA, "south"),
            )
        for nobody in (cast.CARL, cast.ANN, cast.MAX, cast.PAUL, cast.SUE):
            with pytest.raises(Forbidden):
                await invitations.create(
                    nobody, email="x@y", role="accountant", cloud=await tenancy.get(nobody, "north")
                )
