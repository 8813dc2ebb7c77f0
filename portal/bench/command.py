"""`camledger bench`: every part with modest sizes, or one part with sizes of one's own."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import rich_click as click

from portal.bench.report import Report
from portal.options import NAME, Folder, Seconds, Whole

F = TypeVar("F", bound="Callable[..., Any]")

CAMERAS: Final = 10_000
CAMERAS_RATED: Final = 5_000
CAMERAS_OF_PAGES: Final = 5_000
CAMERAS_OF_A_SMALL_CLOUD: Final = 300
CAMERAS_READ: Final = 5_000
CAMERAS_OF_ROWS: Final = 2_000
ROUNDS: Final = 7
ROWS: Final = 200_000
DOCUMENTS: Final = 30
SECONDS: Final = 5.0
as_json = click.option("--json", "as_json", is_flag=True, help="End with one JSON object.")


def _measure_in(_context: click.Context, _option: click.Parameter, directory: Path | None) -> None:
    tempfile.tempdir = None if directory is None else str(directory)


data_dir_option = click.option(
    "--data-dir",
    type=Folder(exists=True),
    callback=_measure_in,
    expose_value=False,
    help="Where the installation that is measured is made and removed.  [default: temporary]",
)


def _sized(
    option: str,
    maximum: int,
    default: int,
    help_text: str,
    *,
    name: str | None = None,
    minimum: int = 1,
) -> Callable[[F], F]:
    """An option that is a whole number, handed over as `name` if not as its own."""
    kind = Whole(minimum, maximum)
    names = (option,) if name is None else (option, name)
    return click.option(*names, type=kind, default=default, show_default=True, help=help_text)


@click.group(invoke_without_command=True)
@data_dir_option
@as_json
@click.pass_context
def bench(context: click.Context, *, as_json: bool) -> None:
    """Measure throughput: close, usage, rows, reading, rating, pdf, page; all if none is named."""
    if context.invoked_subcommand is not None:
        return
    reports = []
    for measure in (_rating, _pdf, _page, _usage, _rows, _reading, _close):
        report = measure()
        click.echo(report.table() + "\n")
        reports.append(report)
    if as_json:
        click.echo(json.dumps({report.part: report.as_object() for report in reports}))


def _show(measure: Callable[..., Report], *, as_json: bool, **sizes: Any) -> None:
    report = measure(**sizes)
    click.echo(report.table())
    if as_json:
        click.echo(report.json())


@bench.command("close")
@data_dir_option
@_sized("--cameras", 1_000_000, CAMERAS, "Cameras of the cloud that is closed.")
@_sized("--workers", 64, 2, "Worker processes.", name="processes")
@_sized("--rounds", 100, 3, "How often; the quickest counts.")
@as_json
def close_command(*, cameras: int, processes: int, rounds: int, as_json: bool) -> None:
    """Closing a month in worker processes, against plain SQL."""
    _show(_close, as_json=as_json, cameras=cameras, workers=processes, rounds=rounds)


@bench.command("usage")
@data_dir_option
@_sized("--rows", 50_000_000, ROWS, "Rows of usage that are sent.")
@as_json
def usage_command(*, rows: int, as_json: bool) -> None:
    """Usage through the API, against COPY."""
    _show(_usage, as_json=as_json, rows=rows)


@bench.command("rows")
@data_dir_option
@_sized("--cameras", 1_000_000, CAMERAS_OF_ROWS, "Cameras with a month of usage.")
@as_json
def rows_command(*, cameras: int, as_json: bool) -> None:
    """Usage a month a row, against a row a day."""
    _show(_rows, as_json=as_json, cameras=cameras)


@bench.command("reading")
@data_dir_option
@_sized("--cameras", 1_000_000, CAMERAS_READ, "Cameras of the Watcher that is read.")
@as_json
def reading_command(*, cameras: int, as_json: bool) -> None:
    """Reading a simulated Watcher, against plain httpx and COPY."""
    _show(_reading, as_json=as_json, cameras=cameras)


@bench.command("rating")
@data_dir_option
@_sized("--cameras", 1_000_000, CAMERAS_RATED, "Cameras that are rated.")
@as_json
def rating_command(*, cameras: int, as_json: bool) -> None:
    """The pure core alone, against sums of the same lists."""
    _show(_rating, as_json=as_json, cameras=cameras)


@bench.command("pdf")
@data_dir_option
@_sized("--documents", 100_000, DOCUMENTS, "Invoices that are printed.")
@_sized("--processes", 64, 2, "Processes of the pool.")
@as_json
def pdf_command(*, documents: int, processes: int, as_json: bool) -> None:
    """PDFs from the printing pool, against bare WeasyPrint in one process."""
    _show(_pdf, as_json=as_json, documents=documents, processes=processes)


@bench.command("page")
@data_dir_option
@_sized("--cameras", 1_000_000, CAMERAS_OF_PAGES, "Cameras of the large cloud.", minimum=60)
@_sized("--small", 1_000_000, CAMERAS_OF_A_SMALL_CLOUD, "Cameras of the small cloud.", minimum=60)
@_sized("--rounds", 100, ROUNDS, "How often each page is asked for; the quickest counts.")
@click.option(
    "--seconds",
    type=Seconds(0.1, 3600),
    default=SECONDS,
    show_default=True,
    help="For the home page, and for the empty template.",
)
@click.option("--only", type=NAME, help="Part of the addresses to ask for.  [default: all]")
@as_json
def page_command(*, as_json: bool, **sizes: Any) -> None:
    """Every page of a large cloud, against a small one; the home page, against an empty one."""
    _show(_page, as_json=as_json, **sizes)


# What measures is imported when it is asked for: `camledger --help` answers at once.
def _close(*, cameras: int = CAMERAS, workers: int = 2, rounds: int = 3) -> Report:
    from portal.bench import close

    return close.run(cameras=cameras, workers=workers, rounds=rounds)


def _usage(*, rows: int = ROWS) -> Report:
    from portal.bench import usage

    return usage.run(rows=rows)


def _rows(*, cameras: int = CAMERAS_OF_ROWS) -> Report:
    from portal.bench import rows

    return rows.run(cameras=cameras)


def _reading(*, cameras: int = CAMERAS_READ) -> Report:
    from portal.bench import reading

    return reading.run(cameras=cameras)


def _rating(*, cameras: int = CAMERAS_RATED) -> Report:
    from portal.bench import rating

    return rating.run(cameras=cameras)


def _pdf(*, documents: int = DOCUMENTS, processes: int = 2) -> Report:
    from portal.bench import pdf

    return pdf.run(documents=documents, processes=processes)


def _page(
    *,
    cameras: int = CAMERAS_OF_PAGES,
    small: int = CAMERAS_OF_A_SMALL_CLOUD,
    rounds: int = ROUNDS,
    seconds: float = SECONDS,
    only: str | None = None,
) -> Report:
    from portal.bench import page
    from portal.bench.page_paths import PAGES

    pages = [one for one in PAGES if (only or "") in one.path]
    return page.run(cameras=cameras, small=small, rounds=rounds, seconds=seconds, pages=pages)
