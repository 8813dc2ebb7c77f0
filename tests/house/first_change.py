"""What the field `remark` of docs/first-change.md must do; run within a copy that has it.

python -m tests.house.first_change <the owner's address of a database> <the web process's>
"""

from __future__ import annotations

import asyncio
import importlib
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest

from portal import audit_key, db
from portal.access import SYSTEM
from portal.crypto.keys import key_for
from portal.customers.actions import subscribers
from portal.customers.forms.subscriber import NewSubscriber, SubscriberChange
from portal.db import atomic
from portal.errors import Invalid
from portal.kit.forms.boxes import boxes_of, parse_boxes
from portal.kit.forms.form import parse
from portal.kit.queries import tenancy
from portal.migrations import migrate
from portal.roles import ensure_roles
from portal.routes.api import OPERATIONS, answers
from portal.routes.api.kit.openapi import document
from portal.routes.api.kit.rows import answer
from tests.cast import NORA
from tests.conftest import SECRET
from tests.factories import two_clouds
from tests.house import test_rows, test_tables

TOLD = "Pays by standing order."


def the_form_and_the_page_have_it() -> None:
    form = parse(NewSubscriber, {"name": "Sue", "remark": TOLD})
    assert form.remark == TOLD  # type: ignore[attr-defined] # once the page is followed
    with pytest.raises(Invalid) as wrong:
        parse(SubscriberChange, {"remark": "x" * 501})
    assert set(wrong.value.fields) == {"remark"}
    (box,) = [box for box in boxes_of(SubscriberChange) if box.name == "remark"]
    assert (box.label, box.required, box.maximum) == ("Remark", False, 500)
    texts = {"name": "Sue", "discount_percent": "0", "remark": TOLD}
    assert parse_boxes(SubscriberChange, texts).remark == TOLD


def the_document_has_it() -> None:
    schemas = document(OPERATIONS)["components"]["schemas"]
    assert schemas["Subscriber"]["properties"]["remark"] == {"type": "string"}
    for form in ("WholeSubscriber", "SubscriberChange"):
        assert schemas[form]["properties"]["remark"]["maxLength"] == 500
        assert "remark" not in schemas[form]["required"]


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[None]:
    await db.open_pool(url, size=2)
    try:
        yield
    finally:
        await db.close_pool()


async def it_is_stored_and_told(owner: str, web: str) -> None:
    await ensure_roles(owner, "no secret", web_url=web, admin_url=web)
    await migrate(owner)
    await audit_key.provide(owner, key_for(SECRET, "audit"))
    async with connected(owner):
        await two_clouds()
    connection = await asyncpg.connect(owner)
    try:
        await test_tables.test_tables_are_as_the_migrations_made_them(connection)
    finally:
        await connection.close()
    async with connected(web):
        form = parse(SubscriberChange, {"remark": TOLD})
        north = await tenancy.own_cloud(NORA)
        row = await subscribers.change(NORA, north, 1, form)
        assert answer(answers.Subscriber, row).remark == TOLD  # type: ignore[attr-defined]
        new = parse(NewSubscriber, {"name": "Ned", "remark": TOLD})
        made = await subscribers.create(NORA, north, new)
        assert made.remark == TOLD  # type: ignore[attr-defined]
        async with atomic(NORA) as tx:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await tx.fetch("select remark from subscriber")


async def the_log_has_it(owner: str) -> None:
    async with connected(owner), atomic(SYSTEM) as tx:
        after = await tx.fetchval("select after from audit where action = 'subscriber.change'")
        assert after == {"remark": TOLD}


def main(owner: str, web: str) -> None:
    for name in ("portal.app", "workers.jobs", "workers.sweep"):
        importlib.import_module(name)
    the_form_and_the_page_have_it()
    the_document_has_it()
    test_rows.test_every_name_in_a_statement_is_a_column()
    asyncio.run(it_is_stored_and_told(owner, web))
    asyncio.run(the_log_has_it(owner))


if __name__ == "__main__":
    main(*sys.argv[1:])
