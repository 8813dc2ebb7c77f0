"""Without JavaScript a double click sends a form twice: whatever it makes is made once.

Every address that takes a form is here: with the boxes of one that makes something, or with why a
second sending does no harm.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from secrets import token_hex

import pytest
from litestar.routes import HTTPRoute

from portal.access import Actor
from portal.kit.actions.mail import Post
from tests.cast import ADA, NORA, NORTH, REX, SUE
from tests.routes.conftest import Site
from tests.routes.november import november
from tests.routes.portals.test_cloud_new import FORM as CLOUD
from tests.routes.watched_clouds import NEW as CONNECTION
from tests.routes.worked_example import worked
from tests.services import TestServices

PERSON = {"name": "Newton", "role": "accountant"}
WATCHER = {**CONNECTION, "decides": "compare"}
TARIFF = {"tariff": "home-7", "starts_on": "2026-11-05"}
VERSION = {
    "intent": "save",
    "valid_from": "2026-12-01",
    "monthly_price": "19,90",
    "items-0-service": "motion-day",
    "items-0-quantity": "7",
}
SERVICE = {
    "intent": "save",
    "name": "People counted",
    "short": "People",
    "code": "people",
    "meter": "analytics.plates",
    "measure": "total",
    "size": "1",
    "unit": "thousand",
}
USUAL = {
    f"services-{index}-{box}": value
    for index in range(6)
    for box, value in (("name", f"Service {index}"), ("short", f"S{index}"))
} | {"services-3-added": "on"}
MAKES: list[tuple[str, Actor, Mapping[str, str]]] = [
    ("/cloud/keys/new", NORA, {"name": "Tour", "role": "administrator"}),
    ("/system/keys/new", ADA, {"name": "Tour", "role": "accountant"}),
    ("/cloud/people/new", NORA, {**PERSON, "email": "one@north.test"}),
    ("/system/people/new", ADA, {**PERSON, "email": "one@platform.test"}),
    ("/system/clouds/new", ADA, {**CLOUD, "intent": "save"}),
    ("/system/services/new", ADA, SERVICE),
    ("/system/services/meters/new", ADA, {"key": "people", "base_unit": "head", "kind": "counter"}),
    ("/system/services/usual", ADA, USUAL),
    ("/cloud/cameras/new", NORA, {"subscriber": "1", "cameras": "new-1", **TARIFF}),
    ("/cloud/subscribers/new", NORA, {"intent": "save", "name": "Bar", "email": "bar@one.test"}),
    (
        "/cloud/subscribers/{number}/cameras/new",
        NORA,
        {"intent": "save", "cameras": "new-2; Door", **TARIFF},
    ),
    ("/cloud/subscribers/{number}/people/new", NORA, {"name": "Sid", "email": "sid@home.test"}),
    (
        "/cloud/referrals/new",
        NORA,
        {
            "name": "Rob",
            "code": "rob",
            "email": "rob@one.test",
            "percent": "5",
            "basis": "invoiced",
            "hold_days": "30",
        },
    ),
    ("/cloud/watcher/new", NORA, WATCHER),
    ("/cloud/settings/mail/test", NORA, {}),
    ("/system/settings/mail/test", ADA, {}),
    ("/cloud/camera/tariff?id=attic", NORA, {**TARIFF, "tariff": "home-30"}),
    ("/cloud/camera/move?id=loft", NORA, {"subscriber": "2", **TARIFF}),
    (
        "/cloud/subscribers/{number}/cameras/selected",
        NORA,
        {"intent": "end-save", "pick-yard": "on", "ends_on": "2026-11-20"},
    ),
    ("/cloud/tariffs/new", NORA, {**VERSION, "name": "Yard", "code": "yard"}),
    ("/cloud/tariffs/{code}/versions/new", NORA, {**VERSION, "intent": "confirm"}),
    ("/my/profile/people/new", SUE, {"name": "Sid", "email": "sid@two.test"}),
    ("/my/questions/new", SUE, {"text": "Why?", "invoice": "NORTH-2026-000001", "line": "0"}),
    ("/my/profile/details", SUE, {"name": "Sue Bianchi", "address": "Via Sue 1"}),
    ("/referral/profile/people/new", REX, {"name": "Rob", "email": "rob@two.test"}),
    ("/referral/agents/new", REX, {"name": "Tess", "email": "tess@two.test"}),
    (
        "/referral/subscribers/new",
        REX,
        {"name": "Bar Sole", "email": "sole@bar.test", "wanted": "4", "agreed": "on"},
    ),
]
HARMLESS: Mapping[str, str] = {
    "changes what is there to what it is already": (
        "/account/email /account/language /account/password /account/profile /account/theme"
        " /cloud/people/{user} /cloud/prices/new /cloud/referrals/levels /cloud/settings"
        " /cloud/referrals/{code}/edit /cloud/settings/closing /cloud/settings/look"
        " /cloud/settings/reminders"
        " /cloud/settings/email /system/settings/email /cloud/settings/cards /my/cards/{card}/prefer"
        " /cloud/settings/second-factor /cloud/settings/security /cloud/subscribers/{number}/edit"
        " /cloud/tariffs/{code}/offer /cloud/watcher/{connection_id}/edit /my/profile"
        " /referral/profile /system/clouds/{cloud}/edit /system/people/{user} /system/settings"
        " /system/services/{code}/edit /system/settings/closing /system/settings/look"
        " /system/settings/second-factor /system/settings/security /cloud/checklist"
        " /system/checklist"
    ),
    "asks first, and is known again by the key of the page that asks": (
        "/cloud/camera/correct /cloud/camera/excess /cloud/camera/preset /cloud/camera/suspension"
        " /cloud/cameras/selected /cloud/keys/{key}/revoke /cloud/people/{user}/{deed}"
        " /cloud/people/{user}/hand-over /cloud/subscribers/{number}/suspension"
        " /cloud/tariffs/{code}/default /cloud/tariffs/{code}/stop /cloud/periods/{month}/close"
        " /cloud/watcher/{connection_id}/remove /my/profile/people/{user}/{deed}"
        " /referral/profile/people/{user}/{deed} /system/clouds/{cloud}/suspension"
        " /system/keys/{key}/revoke /system/people/{user}/{deed} /system/people/{user}/hand-over"
        " /cloud/invoices/{number}/send /cloud/invoices/selected"
        " /cloud/invoices/{number}/credit /cloud/invoices/outage /cloud/periods/late-usage /cloud/invoices/{number}/write-off"
        " /cloud/invoices/{number}/charge"
        " /cloud/subscribers/{number}/reminders/pause"
        " /cloud/periods/{month}/send/hand-over /cloud/payments/refund"
        " /cloud/questions/{question} /my/questions/{question} /cloud/payments/{payment}/place /cloud/payments/lines/{line}/match /cloud/payments/{payment}/take-off/{invoice}"
    ),
    "finds it done: looked at, answered, mapped, withdrawn, sent again": (
        "/cloud/referrals/{code}/check /cloud/subscribers/{number}/check"
        " /cloud/subscribers/{number}/details/{asked} /my/profile/details/withdraw"
        " /cloud/watcher/mappings/by-name /cloud/watcher/mappings/new-subscribers"
        " /cloud/watcher/mappings/new-tariffs"
        " /cloud/watcher/mappings/{connection}/organizations/{number}"
        " /cloud/watcher/mappings/{connection}/presets/{number}"
        " /cloud/settings/mail/{delivery}/again /system/settings/mail/{delivery}/again"
        " /cloud/watcher/reconciliation/tariff /cloud/periods/{month}/surprises/{key}/fine"
        " /cloud/periods/{month}/send /cloud/periods/{month}/send/again"
        " /cloud/statements/draft /cloud/statements/{key}/approve /cloud/statements/{key}/void"
        " /cloud/questions/{question}/close /my/questions/{question}/close"
        " /cloud/payments/lines/{line}/ignore /cloud/invoices/{number}/dispute /cloud/payments/{payment}/return /cloud/payments/credit"
        " /cloud/subscribers/{number}/reminders/answer /cloud/subscribers/{number}/reminders/lifted"
        " /cloud/statements/{key}/pay /cloud/referrals/{code}/commissions/{id}/release"
    ),
    "opens another page of the gateway's, on which nothing is saved yet": (
        "/cloud/subscribers/{number}/cards/new /my/cards/new"
    ),
    "removes what is removed already by nothing": (
        "/cloud/subscribers/{number}/cards/{card}/remove /my/cards/{card}/remove"
    ),
    "charges what is being charged already by nothing": (
        "/my/invoices/{number}/charge /cloud/periods/{month}/send/charge"
    ),
    "knows a payment by its reference": "/cloud/payments",
    "knows a file by its bytes, and each line by what the bank says": (
        "/cloud/payments/bank /cloud/payments/bank/files/{upload}"
        " /cloud/payments/bank/files/{upload}/columns"
    ),
    "knows each customer of the file by its number or its cameras": "/cloud/subscribers/import",
    "raises a quantity that is raised already by nothing": "/cloud/periods/{month}/usage",
    "invites whom nobody has invited": "/cloud/subscribers/selected",
    "begins what runs once: a reading, a test, a view, a draft": (
        "/cloud/watcher/{connection_id}/read /cloud/watcher/{connection_id}/test /cloud/view-as"
        " /stop-viewing /cloud/periods/{month}/draft /cloud/periods/{month}/read"
    ),
    "a link, a code or a password opens once": (
        "/confirm/{token} /invite/{token} /invite/{token}/again /reset /reset/{token} /setup"
        " /account/second-factor /account/second-factor/codes /account/second-factor/remove"
    ),
    "signs in or out": (
        "/login /login/code /login/{cloud} /logout /account/sessions/end-others"
        " /account/sessions/{session}/end"
    ),
}
COUNTED_NOT = ("sent_form", "user_session", "sign_in_attempt", "kept_form")


def test_every_form_makes_once_or_is_harmless_when_sent_twice(site: Site) -> None:
    found = set()
    for route in site.app.routes:
        if isinstance(route, HTTPRoute) and "POST" in route.methods:
            path = re.sub(r":\w+\}", "}", route.path)
            shared = path.replace("/system/clouds/{cloud}/", "/cloud/")
            shared = shared.replace("/system/payments", "/cloud/payments")
            found.add(path if path == "/system/clouds/{cloud}/suspension" else shared)
    found = {path for path in found if path != "/cloud/edit"} | {"/system/clouds/{cloud}/edit"}
    makes = {path.partition("?")[0] for path, _who, _boxes in MAKES}
    harmless = [path for paths in HARMLESS.values() for path in paths.split()]
    assert len(harmless) == len(set(harmless))
    assert not makes & set(harmless)
    assert found == makes | set(harmless)


@pytest.fixture(scope="module")
async def site(
    services: TestServices, template: str, worker_id: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Site]:
    """One for the file: each form makes something of its own."""
    directory: Path = tmp_path_factory.mktemp("made")
    async with worked(services, template, f"{template}_{worker_id}_made", directory) as it:
        await november(it)
        await it.rows(f"update cloud set agents_invite = true where id = {NORTH} returning id")
        await it.rows(f"update cloud set level_percents = '{{2}}' where id = {NORTH} returning id")
        it.app.state.post = Post(is_set_up=True)
        yield it


@pytest.mark.parametrize(("path", "who", "boxes"), MAKES, ids=[one[0] for one in MAKES])
async def test_what_is_sent_twice_is_made_once(
    site: Site, path: str, who: Actor, boxes: Mapping[str, str]
) -> None:
    visitor = await site.as_(who)
    path = path.replace("{number}", "1").replace("{code}", "home-7")
    before = await rows_of(site)
    sent = {**boxes, "idempotency_key": token_hex(16)}
    first = await visitor.post(path, sent)
    assert first.status_code in {200, 303}, first.text
    after = await rows_of(site)
    assert after != before, "the first click makes it"
    second = await visitor.post(path, sent)
    assert second.status_code == 303, second.text
    assert await rows_of(site) == after
    led = await visitor.get(second.headers["location"].partition("#")[0])
    assert led.status_code == 200


async def rows_of(site: Site) -> dict[str, int]:
    """How many rows each table has."""
    tables = await site.rows(
        "select tablename from pg_tables where schemaname = 'public' and not tablename = any($1)",
        COUNTED_NOT,
    )
    counts = " union all ".join(
        f"select '{one['tablename']}' as name, count(*) from {one['tablename']}" for one in tables
    )
    return {row["name"]: row["count"] for row in await site.rows(counts)}
