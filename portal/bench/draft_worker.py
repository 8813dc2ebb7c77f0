"""A worker process that drafts the months of the cloud that is measured, as its job does.

Says "ready", reads the cloud's slug, drafts, and answers one JSON object.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys

from portal.access import SYSTEM
from portal.bench.close_worker import clock, peak_mb
from portal.books.actions.estimates import estimate_cloud
from portal.db import close_pool, open_pool
from portal.kit.queries import tenancy


async def work(database_url: str) -> None:
    """Wait for the word, then do what a worker does about drafts."""
    await open_pool(database_url, size=2)
    try:
        print("ready", flush=True)
        slug = (await asyncio.to_thread(sys.stdin.readline)).strip()
        cloud = await tenancy.get(SYSTEM, slug)
        await estimate_cloud(cloud.id, now=clock())
    finally:
        await close_pool()
    print(json.dumps({"peak_mb": peak_mb()}), flush=True)


if __name__ == "__main__":
    asyncio.run(work(os.environ["CAMLEDGER_DATABASE_URL"]))
