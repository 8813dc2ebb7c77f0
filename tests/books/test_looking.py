"""What the page of a month says and asks: of drafts, days without usage, and what was issued."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from portal.access import SYSTEM
from portal.books.actions.periods import DraftChanged, start_close
from portal.books.queries.drafts import kept, outcome, reasons
from portal.customers.actions import subscribers
from portal.customers.forms.subscriber import SubscriberChange
from portal.db import atomic
from portal.errors import Conflict
from portal.kit.queries import tenancy
from portal.usage.actions import usage
from tests.books.test_closing import close
from tests.books.test_drafts import OCTOBER, draft, october_with_surprises, one_day
from tests.cast import CARL, NORA, NORTH
from tests.conftest import NOW, Database
from tests.factories import forget, per_unit, worked_example
from tests.queues import RecordingQueue


async def test_a_document_that_is_not_as_drafted_says_which_line(worker: Database) -> None:
    """The discount rises from 10 to 20 % after the last draft: nothing else has changed."""
    await worked_example()
    await draft()
    north = await tenancy.get(NORA, "north")
    await subscribers.change(NORA, north, 1, SubscriberChange(discount_percent=Decimal(20)))
    await close("north", "2026-10")
    found = await outcome.between(CARL, north, OCTOBER, now=NOW)
    (sue,) = found.rows
    assert (found.total, sue.name, sue.drafted, sue.issued) == (1, "Sue", 1648, 1465)
    assert [(one.description, one.drafted, one.issued) for one in sue.changes] == [
        ("Discount", -150, -300),
        ("Tax", 297, 264),
    ]


async def test_what_was_looked_at_is_what_is_closed(worker: Database) -> None:
    """Two windows: what one changes is told to whoever closes in the other, before the close."""
    await worked_example()
    looked = (await draft()).looked
    assert (await draft()).looked == looked
    north = await tenancy.get(CARL, "north")

    async def begin(of: str) -> None:
        await start_close(
            CARL, north, OCTOBER, accept_gaps=False, looked=of, now=NOW, queue=RecordingQueue()
        )

    await subscribers.change(NORA, north, 1, SubscriberChange(discount_percent=Decimal(20)))
    with pytest.raises(DraftChanged):
        await begin(looked)
    anew = (await draft()).looked
    assert anew != looked
    with pytest.raises(DraftChanged):
        await begin(looked)
    await begin(anew)


async def test_days_are_accepted_one_by_one(worker: Database) -> None:
    """Two days are missing: whoever accepts one of them has not accepted the other."""
    await worked_example()
    first, second = date(2026, 10, 18), date(2026, 10, 20)
    async with atomic(SYSTEM) as tx:
        for day in (first, second):
            await forget(tx, NORTH, day)
    north = await tenancy.get(CARL, "north")

    async def begin(*accepted: date) -> None:
        await start_close(
            CARL,
            north,
            OCTOBER,
            accept_gaps=False,
            accepted=accepted,
            reason="Power cut",
            now=NOW,
            queue=RecordingQueue(),
        )

    with pytest.raises(Conflict) as refused:
        await begin(first, date(2026, 10, 1))
    assert list(refused.value.fields) == ["2026-10-20"]
    await begin(second, first)
    async with atomic(SYSTEM) as tx:
        row = await tx.fetchrow(
            "select accepted_gaps, accepted_reason, accepted_by from period where cloud = $1", NORTH
        )
    assert row is not None
    assert tuple(row) == (["2026-10-18", "2026-10-20"], "Power cut", CARL.name)


# What a person looks at ---------------------------------------------------------------------------


async def test_a_line_that_corrects_an_older_month_says_what_was_and_what_is(
    worker: Database,
) -> None:
    """Sue's gate kept 60 days on 3 September, 53 beyond its tariff: (53 ÷ 30) × 0.80 = 1.41."""
    world = await october_with_surprises()
    cloud = await tenancy.get(CARL, "north")
    async with atomic(SYSTEM) as tx:
        await tx.execute(
            "update tariff_item set overage = $1 where cloud = $2 and service = $3",
            *(per_unit("0.80"), NORTH, world.services["motion-day"]),
        )
        await usage.merge(tx, NORTH, one_day(world, "gate", date(2026, 9, 3), 60))
    await draft()
    (sue,), _more = await kept.invoices(CARL, cloud, OCTOBER, subscriber=1)
    sums = {}
    for place, line in enumerate(sue.lines):
        sold = await reasons.sold_on(CARL, cloud, OCTOBER, 1, place)
        assert sold is not None
        rows, further = await reasons.of_line(CARL, cloud, OCTOBER, 1, sold, now=NOW)
        assert (sum(row.amount for row in rows), further) == (line.amount, None), line
        sums[line.kind, line.original_period] = [(row.camera, row.formula) for row in rows]
    ((camera_id, formula),) = sums["overage", date(2026, 9, 1)]
    assert camera_id == "gate"
    assert formula is not None
    assert formula.endswith("1.41 − 0.00 = 1.41")
    assert await reasons.sold_on(CARL, cloud, OCTOBER, 1, 9) is None


async def test_documents_lack_what_the_cloud_says_they_need(worker: Database) -> None:
    """Private persons have no tax number: a cloud that sells to them asks for none."""
    await october_with_surprises()
    details = await incomplete()
    assert details["1"] == "no address, no e-mail address, no tax number"
    async with atomic(SYSTEM) as tx:
        await tx.execute("update cloud set check_tax_number = false where id = $1", NORTH)
        await tx.execute("update subscriber set address = '{Via Roma 1}' where id = 2")
    assert await incomplete() == {
        "1": "no address, no e-mail address",
        "2": "no e-mail address",
    }


async def incomplete() -> dict[str, str]:
    """By customer, what a document lacks."""
    found = (await draft()).surprises
    return {one.subject: one.detail for one in found if one.rule == "document_incomplete"}


async def test_losses_name_their_cause(worker: Database) -> None:
    """So the page has the cure beside each: Bob keeps more, Sue's discount takes all."""
    await october_with_surprises()
    async with atomic(SYSTEM) as tx:
        await tx.execute("update subscriber set discount_percent = 90 where id = 1")
    causes = {(one.rule, one.subject): one.cause for one in (await draft()).surprises if one.cause}
    assert causes == {
        ("loses_money", "2"): "keeps_more",
        ("loses_money", "1"): "discount",
        ("keeps_more", "2"): "keeps_more",
        ("recording_unpaid", "attic"): "no_subscription",
    }
