"""What a worker does about a period that is closing. Any number of workers may, at any time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from portal import tables
from portal.access import SYSTEM
from portal.books.actions.closing.issue import issue
from portal.books.actions.closing.parts import make_parts
from portal.books.actions.closing.rate import price_book, rate_batches
from portal.books.actions.closing.settle import settle
from portal.books.queries.rating import PriceBook
from portal.db import atomic
from portal.errors import PortalError
from portal.kit.actions.rows import update
from portal.ports import Queue
from portal.words import stored


async def work_on_close(period_id: int, *, clock: Callable[[], datetime], queue: Queue) -> bool:
    """Rate batches, make documents in parts, and issue them; whether this worker closed it.

    Each phase begins when nobody is at the one before. What changed while parts were made makes
    those parts be made anew.

    A close that cannot go on (a price that makes an amount nobody could pay) is parked with what
    is wrong, for a person; trying again later is safe.
    """
    book = await price_book(period_id)
    if book is None:
        return False
    try:
        return await _phases(period_id, book, clock, queue)
    except PortalError as error:
        async with atomic(SYSTEM) as tx:
            is_closing = tables.Period.state == "closing"
            await update(
                tx,
                tables.Period,
                (tables.Period.id == period_id) & is_closing,
                {"trouble": stored(error.message)},
            )
        raise


async def _phases(
    period_id: int, book: PriceBook, clock: Callable[[], datetime], queue: Queue
) -> bool:
    await rate_batches(period_id, book, now=clock())
    while await settle(period_id, book, now=clock()):
        await make_parts(period_id, now=clock())
        issued = await issue(period_id, now=clock(), queue=queue)
        if issued is not None:
            return issued
    return False
