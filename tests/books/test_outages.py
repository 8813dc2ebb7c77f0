"""An outage is credited once, for everyone concerned, whoever asks and however often."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from portal.access import SYSTEM
from portal.books.actions.money.outages import credit_outage
from portal.books.forms.outage import OutageForm
from portal.books.queries.money.outages import preview
from portal.db import atomic
from portal.errors import Conflict, Forbidden, Invalid
from portal.kit.queries import tenancy
from tests.books.issued import broken_laws
from tests.books.right import differences
from tests.books.test_closing import close
from tests.cast import CARL, PAUL, SAM
from tests.conftest import NOW, Database
from tests.factories import worked_example
from tests.queues import RecordingQueue

_NOTES = "select side, total, tax, reason from invoice where credits is not null order by id"


@pytest.fixture
async def story(worker: Database) -> Database:
    """October is closed: gate was there all month, yard from the 16th on."""
    await worked_example()
    await close("north", "2026-10")
    return worker


def out(first: int, last: int, **more: Any) -> OutageForm:
    return OutageForm(
        first_day=date(2026, 10, first), last_day=date(2026, 10, last), reason="Disk", **more
    )


async def credited(form: OutageForm, actor: Any = PAUL, now: datetime = NOW) -> list[int]:
    """Give back; what the notes come to."""
    north = await tenancy.get(SYSTEM, "north")
    made, _left = await credit_outage(actor, north, form, now=now, queue=RecordingQueue())
    return [one.planned.gross for one in made]


async def notes() -> list[tuple[str, int, int]]:
    async with atomic(SYSTEM) as tx:
        return [(row["side"], row["total"], row["tax"]) for row in await tx.fetch(_NOTES)]


async def test_both_sides_in_one_step_as_it_was_looked_at_and_the_books_stay_right(
    story: Database,
) -> None:
    """Gate gets 3 of 31 days: 0.96 of 9.90 from North, 0.73 of 7.50 from the platform."""
    north = await tenancy.get(SYSTEM, "north")
    looked, left = await preview(PAUL, north, out(10, 12))
    assert [(one.net, one.tax, one.gross, one.commission) for one in looked] == [
        (86, 19, 105, -13),
        (70, 15, 85, 0),
    ]
    assert left == 0
    assert not await notes(), "a look makes nothing"
    assert await credited(out(10, 12)) == [105, 85]
    assert await notes() == [("retail", -105, -19), ("wholesale", -85, -15)]
    with pytest.raises(Conflict, match="not credited already"):
        await credited(out(10, 12))
    assert await broken_laws(story.owner_url) == []
    assert await differences() == {}


async def test_two_people_at_once_and_days_that_overlap_give_each_day_back_once(
    story: Database,
) -> None:
    """All of October piece by piece, two at a time, is all that was charged, to the cent."""
    spans = [out(1, 20), out(1, 20), out(15, 31), out(10, 31), out(1, 31)]
    for one, other in zip(spans, reversed(spans), strict=True):
        done = await asyncio.gather(credited(one), credited(other), return_exceptions=True)
        assert all(isinstance(each, list | Conflict) for each in done), done
    made = await notes()
    assert sum(total for side, total, _tax in made if side == "retail") == -1648
    assert sum(total for side, total, _tax in made if side == "wholesale") == -1318
    assert sum(tax for side, _total, tax in made if side == "retail") == -297
    async with atomic(SYSTEM) as tx:
        earned = await tx.fetchval("select sum(amount) from commission where cloud = 1")
    assert earned == 0, "commissions follow"
    assert await broken_laws(story.owner_url) == []
    assert await differences() == {}


async def test_whose_and_what(story: Database) -> None:
    """North credits its subscribers alone, some cameras or one customer; South nobody of North."""
    assert await credited(out(1, 31, cameras=("yard",)), CARL) == [561]
    assert await credited(out(1, 31, subscriber=1), CARL) == [1648 - 561]
    with pytest.raises(Forbidden):
        await credited(out(1, 31, side="both"), CARL)
    with pytest.raises(Invalid) as wrong:
        await credited(out(1, 2, cameras=("gate", "nowhere")), CARL)
    assert list(wrong.value.fields) == ["cameras[1]"]
    with pytest.raises(Invalid) as wrong:
        await credited(out(1, 2, subscriber=999), CARL)
    assert list(wrong.value.fields) == ["subscriber"]
    november = OutageForm(first_day=date(2026, 11, 1), last_day=date(2026, 11, 2), reason="Disk")
    with pytest.raises(Conflict, match="not closed"):
        await credited(november, CARL)
    with pytest.raises(Conflict):
        await credited(out(1, 31), SAM)
    assert [side for side, _total, _tax in await notes()] == ["retail", "retail"]


async def test_part_of_a_day_comes_back_once_and_then_what_is_missing_to_the_whole(
    story: Database,
) -> None:
    """A half of gate's 3 days, told twice at once; then all of them: 1.05 in all, as at once."""
    half = out(10, 12, cameras=("gate",), side="retail", share=Decimal(50))
    done = await asyncio.gather(*(credited(half) for _ in range(2)), return_exceptions=True)
    assert sorted(str(each) for each in done if isinstance(each, list)) == ["[53]"], done
    less = out(10, 12, cameras=("gate",), side="retail", share=Decimal("49.5"))
    with pytest.raises(Conflict, match="not credited already"):
        await credited(less)
    assert await credited(out(10, 12, cameras=("gate",), side="retail")) == [52]
    with pytest.raises(Conflict, match="not credited already"):
        await credited(half)
    with pytest.raises(Invalid) as wrong:
        out(10, 12, share=Decimal(0))
    assert list(wrong.value.fields) == ["share"]
    assert await broken_laws(story.owner_url) == []
    assert await differences() == {}


async def test_a_watchers_cameras_and_those_of_an_organization_on_the_days_they_were_there(
    story: Database,
) -> None:
    """Gate was in organization 7 until the 11th in North's zone; yard's Watcher is another."""
    async with atomic(SYSTEM) as tx:
        watchers = [
            await tx.fetchval(
                "insert into connection (cloud, api, url, secret)"
                " values (1, 'v3', $1, 'x') returning id",
                f"https://{name}.test",
            )
            for name in ("one", "two")
        ]
        for name, watcher in zip(("gate", "yard"), watchers, strict=True):
            await tx.execute(
                "update camera set watcher = $2, watcher_name = external_id"
                " where cloud = 1 and external_id = $1",
                *(name, watcher),
            )
            await tx.execute(
                "insert into watcher_organization (cloud, watcher, organization, title)"
                " values (1, $1, $2, 'Shops')",
                *(watcher, 7 if name == "gate" else 8),
            )
        await tx.execute(
            "insert into camera_interval (cloud, connection, camera, since, until, organization)"
            " select 1, $1, id, '2026-10-01 00:00+00', '2026-10-11 21:59:59+00', 7 from camera"
            " where cloud = 1 and external_id = 'gate'",
            watchers[0],
        )
    of_seven = out(10, 12, organization=7, side="retail")
    north = await tenancy.get(SYSTEM, "north")
    ((one), _left) = await preview(PAUL, north, of_seven)
    assert [(each.planned.days, list(each.planned.cameras)) for each in one] == [(2, [1])]
    (each,), _left = await preview(PAUL, north, out(20, 31, connection=watchers[1], side="retail"))
    assert each.planned.days == 12, "yard's alone"
    assert await preview(PAUL, north, out(1, 9, organization=7, cameras=("yard",))) == ([], 0)
    for wrong, field in (
        ({"connection": 999}, "connection"),
        ({"organization": 9}, "organization"),
        ({"organization": 7, "connection": watchers[1]}, "organization"),
    ):
        with pytest.raises(Invalid) as refused:
            await preview(PAUL, north, out(10, 12, **wrong))
        assert list(refused.value.fields) == [field], wrong
    async with atomic(SYSTEM) as tx:
        await tx.execute(
            "insert into watcher_organization (cloud, watcher, organization, title)"
            " values (1, $1, 7, 'Shops')",
            watchers[1],
        )
    with pytest.raises(Invalid) as refused:
        await preview(PAUL, north, of_seven)
    assert list(refused.value.fields) == ["connection"], "two Watchers count from 1"


async def test_days_over_a_months_border_are_credited_on_the_invoice_of_each_month(
    story: Database,
) -> None:
    """Nothing at all while November is open; then as much as each month by itself, and once."""
    border = OutageForm(first_day=date(2026, 10, 30), last_day=date(2026, 11, 2), reason="Disk")
    with pytest.raises(Conflict, match="2026-11 is not closed"):
        await credited(border)
    assert not await notes(), "not October alone"
    later = datetime(2026, 12, 5, 9, tzinfo=UTC)
    await close("north", "2026-11", accept_gaps=True, now=later)
    north = await tenancy.get(SYSTEM, "north")
    october, _left = await preview(PAUL, north, out(30, 31))
    days = OutageForm(first_day=date(2026, 11, 1), last_day=date(2026, 11, 2), reason="Disk")
    november, _left = await preview(PAUL, north, days)
    looked, _left = await preview(PAUL, north, border)
    assert [(one.planned.side, one.planned.period.key) for one in looked] == [
        ("retail", "2026-10"),
        ("retail", "2026-11"),
        ("wholesale", "2026-10"),
    ], "the platform charged nothing for November, which has no usage"
    alone = sorted(one.gross for one in (*october, *november))
    assert sorted(one.gross for one in looked) == alone
    done = await asyncio.gather(
        *(credited(border, now=later) for _ in range(2)), return_exceptions=True
    )
    assert [type(each) for each in done if not isinstance(each, list)] == [Conflict], done
    assert sorted(-total for _side, total, _tax in await notes()) == alone
    for again in (border, out(30, 31), days):
        with pytest.raises(Conflict, match="not credited already"):
            await credited(again, now=later)
    assert await broken_laws(story.owner_url) == []
    assert await differences() == {}
