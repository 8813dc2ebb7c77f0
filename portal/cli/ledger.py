"""`camledger ledger`: what the accounts of a book come to, and its text for accountants."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from portal.access import SYSTEM
from portal.cli.running import data_dir_option, run
from portal.options import CLOUD, DAY, NewFile
from portal.settings import Settings

if TYPE_CHECKING:
    from datetime import date

    from portal.books.queries.money.ledger import AccountBalance


@click.group("ledger")
def ledger_group() -> None:
    """The ledger of a cloud."""


@ledger_group.command("balances")
@data_dir_option
@click.argument("cloud", type=CLOUD)
@click.option("--as-of", "as_of", type=DAY, help="By the end of this day, 2026-11-30.")
def balances(*, data_dir: Path, cloud: str, as_of: date | None) -> None:
    """Print what the accounts of CLOUD's book come to, debit above 0, and their sum."""

    async def work(_found: Settings) -> None:
        from portal.books.queries.money import ledger
        from portal.kit.queries import tenancy

        facts = await tenancy.get(SYSTEM, cloud)
        after: ledger.Key | None = None
        sums: dict[str, int] = {}
        while True:
            rows, after = await ledger.list_balances(
                SYSTEM, facts, as_of=as_of, after=after, limit=1_000
            )
            for row in rows:
                sums[row.currency] = sums.get(row.currency, 0) + row.balance
                _print(row)
            if after is None:
                break
        for currency, total in sums.items():
            _line("sum", "", total, currency)

    run(data_dir, work)


def _print(row: AccountBalance) -> None:
    _line(row.account, row.party, row.balance, row.currency)


def _line(account: str, party: str, amount: int, currency: str) -> None:
    from portal.billing.money import format_minor

    click.echo(f"{account:<20}{party:<24}{format_minor(amount, currency):>18} {currency}")


@ledger_group.command("export")
@data_dir_option
@click.argument("cloud", type=CLOUD)
@click.option("--from", "first", type=DAY, help="From this day on, 2026-10-01.")
@click.option("--to", "last", type=DAY, help="Up to this day, 2026-10-31.")
@click.option("--output", type=NewFile(), help="Into this file, else to standard output.")
def export(
    *, data_dir: Path, cloud: str, first: date | None, last: date | None, output: Path | None
) -> None:
    """Write CLOUD's ledger as Beancount text: what stood before the days, then each posting."""

    async def work(_found: Settings) -> None:
        from portal.books.forms.ledger import Days
        from portal.books.queries.money.beancount import text_of
        from portal.kit.queries import tenancy

        days = Days(from_=first, to=last)
        facts = await tenancy.get(SYSTEM, cloud)
        with click.open_file(str(output or "-"), "w", encoding="utf-8", atomic=True) as file:
            async for piece in text_of(SYSTEM, facts, first=days.from_, last=days.to):
                file.write(piece)

    run(data_dir, work)
