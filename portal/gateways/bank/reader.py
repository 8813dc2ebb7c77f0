"""Any file that a bank gives, as lines."""

from __future__ import annotations

from collections.abc import Sequence

from portal.billing.bank.line import BankLine
from portal.gateways.bank.camt import read_camt
from portal.gateways.bank.csv_file import read_csv
from portal.gateways.bank.fields import check_size
from portal.gateways.bank.mt940 import read_mt940
from portal.values.bank_files import CAMT, MT940, CsvMapping


def read_bank_file(
    content: bytes, kind: str, *, currency: str, mappings: Sequence[CsvMapping]
) -> list[BankLine]:
    """The lines of a file. Fills `portal.ports.ReadBankFile`, and raises what is said there."""
    check_size(content)
    if kind == CAMT:
        return read_camt(content)
    if kind == MT940:
        return read_mt940(content, currency)
    return read_csv(content, currency, mappings)
