"""PDFs from the printing pool with some processes, against bare WeasyPrint in one."""

from __future__ import annotations

import asyncio
import time
from typing import Final

from portal.bench.report import Report, machine, package_version, significant
from portal.demo.sample_document import sample_document
from portal.gateways.documents.pool import DocumentPool
from portal.gateways.documents.render import bare_pdf, html_of

CAMERAS: Final = 12
"""On the invoice that is printed: two pages."""
BARE_MAX: Final = 20


def run(*, documents: int, processes: int) -> Report:
    """Print that many invoices through the pool, and some of them without it."""
    value = sample_document(CAMERAS)
    seconds = asyncio.run(_pool(documents, processes))
    html = html_of(value)
    bare_pdf(html)
    bare = max(1, min(documents // processes, BARE_MAX))
    started = time.perf_counter()
    for _ in range(bare):
        bare_pdf(html)
    floor = (time.perf_counter() - started) / bare
    ratio = floor * documents / seconds
    return Report(
        part="pdf",
        title=f"{documents} invoices of {CAMERAS} cameras, {processes} processes",
        columns=("ms each", "PDFs/s"),
        rows=[
            ("pool", (f"{1000 * seconds / documents:.0f}", f"{documents / seconds:.2f}")),
            ("bare WeasyPrint, one process", (f"{1000 * floor:.0f}", f"{1 / floor:.2f}")),
            ("ratio", ("", f"{ratio:.2f}")),
        ],
        figures={
            "documents": documents,
            "processes": processes,
            "pdfs_per_second": significant(documents / seconds),
            "floor_pdfs_per_second": significant(1 / floor),
            "ratio": significant(ratio),
        },
        measured_on=machine(WeasyPrint=package_version("weasyprint")),
    )


async def _pool(documents: int, processes: int) -> float:
    """Seconds of all documents, after each process has printed one: their start is not counted."""
    value = sample_document(CAMERAS)
    async with DocumentPool(processes) as pool:
        await asyncio.gather(*(pool.render(value) for _ in range(processes)))
        started = time.perf_counter()
        await asyncio.gather(*(pool.render(value) for _ in range(documents)))
        return time.perf_counter() - started
