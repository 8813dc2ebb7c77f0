"""What a worker does about a period that is closing. Any number of workers may, at any time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from portal import tables
from portal.access import SYSTEM
from portal.books.actions.closing.finish import finish
from portal.books.actions.closing.rate import price_book, rate_batch
from portal.db import atomic
from portal.errors import PortalError
from portal.kit.actions.rows import update
from portal.ports import Queue
from portal.words import stored


async def work_on_close(period_id: int, *, clock: Callable[[], datetime], queue: Queue) -> bool:
    """Rate batches until none waits, then finish if this was the last one; whether it closed.

    A close that cannot go on (a price that makes an amount nobody could pay) is parked with what
    is wrong, for a person; trying again later is safe.
    """
    book = await price_book(period_id)
    if book is None:
        return False
    try:
        while await rate_batch(period_id, book, now=clock()):
            pass
        return await finish(period_id, book, now=clock(), queue=queue)
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
