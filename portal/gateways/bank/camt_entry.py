"""An entry of a camt file as lines: one for each transaction, where they make its amount."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from typing import Final

from portal.billing.bank.line import BankLine
from portal.errors import Invalid
from portal.gateways.bank.elements import Element, Fields
from portal.gateways.bank.fields import (
    NAME_MAX,
    REFERENCES_MAX,
    account_of,
    currency_of,
    minor_of,
    reference_of,
    text_of,
)
from portal.words import _

BOOKED: Final = "BOOK"
OWN_AMOUNTS: Final = ("Amt", "AmtDtls/TxAmt/Amt")
"""Where a transaction says its amount."""
REASON_MAX: Final = 35
TRUE: Final = frozenset({"true", "1"})
CHARGES: Final = ("Chrgs/TtlChrgsAndTaxAmt", "Chrgs/Rcrd/Amt", "Chrgs/Amt")
SIGNS: Final = {"CRDT": 1, "DBIT": -1}


def lines_of(element: Element, first: int, statement: Fields) -> list[BankLine]:
    """The lines of an entry, counted from `first`. Raises `Invalid`.

    Transactions that do not sum to their entry are one line with it, and so is a single one: what
    was booked counts.
    """
    entry = Fields(element, apart=frozenset({"NtryDtls"}))
    whole = _entry(entry, first, statement)
    if whole.pending:
        return [whole]
    blocks = [Fields(one, apart=frozenset({"TxDtls"})) for one in entry.all("NtryDtls")]
    batches = [reference_of(block.text("Btch/PmtInfId")) for block in blocks]
    whole = replace(whole, batch=next(filter(None, batches), ""))
    found = [
        _transaction(Fields(details), batch, whole)
        for block, batch in zip(blocks, batches, strict=True)
        for details in block.all("TxDtls")
    ]
    if not found:
        return [whole]
    if len(found) == 1:
        one, _own = found[0]
        return [
            replace(
                one,
                bank_reference=one.bank_reference or whole.entry_reference,
                text=one.text or whole.text,
                charges=one.charges or whole.charges,
            )
        ]
    lines = [line for line, _amount in found]
    amounts = [amount for _line, amount in found]
    if None in amounts or sum(amount or 0 for amount in amounts) != whole.amount:
        return [_joined(whole, lines)]
    return _parts(whole, lines, [amount or 0 for amount in amounts])


def _parts(whole: BankLine, lines: Sequence[BankLine], amounts: Sequence[int]) -> list[BankLine]:
    """Transactions as lines: where the bank has no reference of each, by the place in the entry."""
    often = Counter(one.bank_reference for one in lines)
    parts = []
    for place, (one, amount) in enumerate(zip(lines, amounts, strict=True), 1):
        is_own = bool(one.bank_reference) and often[one.bank_reference] == 1
        parts.append(
            replace(
                one,
                line=whole.line + place - 1,
                amount=amount,
                bank_reference=one.bank_reference or whole.entry_reference,
                place=0 if is_own or not (one.bank_reference or whole.entry_reference) else place,
                is_whole=False,
            )
        )
    return parts


def _joined(whole: BankLine, lines: Sequence[BankLine]) -> BankLine:
    """An entry as one line: with all texts and references, else what its transactions share."""

    def agreed(of: Callable[[BankLine], str]) -> str:
        said = {of(one) for one in lines}
        return said.pop() if len(said) == 1 else ""

    reasons = [one.return_reason for one in lines if one.return_reason is not None]
    references = [reference for one in lines for reference in one.references]
    return replace(
        whole,
        end_to_end=agreed(lambda one: one.end_to_end),
        batch=agreed(lambda one: one.batch),
        references=tuple(dict.fromkeys(references))[:REFERENCES_MAX],
        text=text_of(" ".join(one.text for one in lines)) or whole.text,
        name=agreed(lambda one: one.name),
        iban=agreed(lambda one: one.iban),
        return_reason=reasons[0] if reasons else None,
        instructed=agreed(lambda one: one.instructed),
    )


def _entry(entry: Fields, line: int, statement: Fields) -> BankLine:
    """An entry as one line, whatever transactions it has."""
    pending = entry.text("Sts/Cd", "Sts/Prtry", "Sts") not in {BOOKED, ""}
    currency, minor = _amount(entry, "Amt", statement.text("Acct/Ccy"))
    reference = reference_of(entry.text("AcctSvcrRef"))
    return BankLine(
        line=line,
        account=account_of(statement.text("Acct/Id/IBAN", "Acct/Id/Othr/Id")),
        booked_on=_day(entry, statement if pending else None),
        amount=_sign(entry) * minor,
        currency=currency,
        bank_reference=reference,
        entry_reference=reference,
        text=text_of(entry.text("AddtlNtryInf")),
        is_reversal=entry.text("RvslInd") in TRUE,
        charges=_money(entry, *CHARGES),
        pending=pending,
    )


def _transaction(details: Fields, batch: str, whole: BankLine) -> tuple[BankLine, int | None]:
    """A transaction as a line, still with the amount of its entry; and its own amount, if any."""
    payer = "Dbtr" if whole.amount >= 0 else "Cdtr"
    around = f"RltdPties/{payer}"
    remittance = details.texts("RmtInf/Ustrd", "RmtInf/Strd/AddtlRmtInf", "AddtlTxInf")
    apart = details.texts("RmtInf/Strd/CdtrRefInf/Ref", "RmtInf/Strd/RfrdDocInf/Nb")
    ultimate = f"RltdPties/Ultmt{payer}"
    name = details.text(f"{around}/Nm", f"{around}/Pty/Nm", f"{ultimate}/Nm", f"{ultimate}/Pty/Nm")
    reasons = ("RtrInf/Rsn/Cd", "RtrInf/Rsn/Prtry", "RtrInf/RtrRsn/Cd", "RtrInf/RtrRsn/Prtry")
    is_returned = details.first("RtrInf") is not None
    line = replace(
        whole,
        bank_reference=reference_of(details.text("Refs/AcctSvcrRef")),
        end_to_end=reference_of(details.text("Refs/EndToEndId")),
        batch=reference_of(details.text("Refs/PmtInfId")) or batch,
        references=tuple(filter(None, map(reference_of, apart)))[:REFERENCES_MAX],
        text=text_of(" ".join(remittance)),
        name=text_of(name, NAME_MAX),
        iban=account_of(details.text(f"{around}Acct/Id/IBAN", f"{around}Acct/Id/Othr/Id")),
        return_reason=text_of(details.text(*reasons), REASON_MAX) if is_returned else None,
        instructed=_instructed(details, whole.currency),
        charges=_money(details, *CHARGES),
    )
    return line, _own_amount(details, whole)


def _own_amount(details: Fields, whole: BankLine) -> int | None:
    """What a transaction says that it is, with its sign; None where that is in another currency."""
    path = next((one for one in OWN_AMOUNTS if details.first(one) is not None), None)
    if path is None:
        return None
    currency, minor = _amount(details, path, whole.currency)
    says_sign = details.first("CdtDbtInd") is not None
    sign = _sign(details) if says_sign else (1 if whole.amount >= 0 else -1)
    return sign * minor if currency == whole.currency else None


def _amount(around: Fields, path: str, otherwise: str) -> tuple[str, int]:
    """A currency, or the one that is meant `otherwise`, and minor units. Raises `Invalid`."""
    found = around.first(path)
    if found is None:
        raise Invalid({path: _("is required")})
    currency = currency_of(found.get("Ccy") or otherwise)
    return currency, minor_of(found.text or "", currency)


def _sign(around: Fields) -> int:
    sign = SIGNS.get(around.text("CdtDbtInd"))
    if sign is None:
        raise Invalid({"CdtDbtInd": _("must be CRDT or DBIT")})
    return sign


def _day(entry: Fields, statement: Fields | None) -> date:
    """The booking day, else the value day; of what is not booked yet, else that of the file."""
    told = entry.text("BookgDt/Dt", "BookgDt/DtTm", "ValDt/Dt", "ValDt/DtTm")
    if not told and statement is not None:
        told = statement.text("CreDtTm", "FrToDt/ToDtTm")
    try:
        return date.fromisoformat(told[:10])
    except ValueError:
        raise Invalid({"BookgDt": _('must be a day like "2026-10-31"')}) from None


def _instructed(details: Fields, currency: str) -> str:
    """What was ordered where that is in another currency: "20.00 USD"."""
    for path in ("AmtDtls/InstdAmt/Amt", "AmtDtls/TxAmt/Amt"):
        found = details.first(path)
        if found is not None and (found.get("Ccy") or currency) != currency:
            return _money(details, path)
    return ""


def _money(around: Fields, *paths: str) -> str:
    """An amount as it is told, to be shown: "3.50 EUR"."""
    found = next(iter(around.all(*paths)), None)
    return "" if found is None else text_of(f"{found.text or ''} {found.get('Ccy') or ''}", 40)
