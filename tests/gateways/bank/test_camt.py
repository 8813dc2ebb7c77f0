"""camt files of any version: what a line is, what is refused, and that nothing else is read."""

from __future__ import annotations

from datetime import date

import pytest

from portal.errors import Invalid, InvalidLines, TooLarge
from portal.gateways.bank.camt import ELEMENTS_MAX, read_camt
from portal.gateways.bank.reader import read_bank_file
from portal.values.bank_files import BYTES_MAX, CAMT
from tests.bank_files import ACCOUNT, SUES_ACCOUNT, camt, entry, transaction


def amounts(content: bytes) -> list[int]:
    return [one.amount for one in read_camt(content)]


@pytest.mark.parametrize("message", ["052", "053", "054"])
@pytest.mark.parametrize(("version", "prefix", "pty"), [("02", "", False), ("13", "ns2", True)])
def test_a_payment_reads_the_same_in_every_message_and_version(message, version, prefix, pty):
    sent = transaction(
        "16.48", "fattura", "n 2026/16", name="Sue Sample", iban=SUES_ACCOUNT, pty=pty
    )
    status = "<Cd>BOOK</Cd>" if pty else "BOOK"
    content = camt(
        entry("16.48", sent, status=status, reference="B1"),
        message=message,
        version=version,
        prefix=prefix,
    )
    (line,) = read_camt(content)
    assert (line.line, line.account, line.booked_on) == (1, ACCOUNT, date(2026, 11, 3))
    assert (line.amount, line.currency, line.text) == (1648, "EUR", "fattura n 2026/16")
    assert (line.name, line.iban, line.end_to_end) == ("Sue Sample", SUES_ACCOUNT, "")
    assert (line.bank_reference, line.place, line.is_whole) == ("B1", 0, True)


def test_every_transaction_of_an_entry_is_a_line_with_its_own_amount():
    two = entry(
        "30.00",
        transaction("10.00"),
        transaction(more='<AmtDtls><TxAmt><Amt Ccy="EUR">20</Amt></TxAmt></AmtDtls>'),
        reference="B1",
        batch="BLOCK-7",
    )
    lines = read_camt(camt(two, entry("5.00")))
    assert [(one.line, one.amount, one.place) for one in lines] == [
        (1, 1000, 1),
        (2, 2000, 2),
        (3, 500, 0),
    ]
    assert {one.batch for one in lines} == {"BLOCK-7", ""}


@pytest.mark.parametrize(
    "parts",
    [("10.00", "19.99"), ("30.00", "0.01"), ("", ""), ("30.00", "")],
    ids=["less", "more", "none says", "one says"],
)
def test_transactions_that_do_not_sum_to_their_entry_are_one_line(parts):
    told = [transaction(part, f"N-2026-00000{n}") for n, part in enumerate(parts, 1)]
    (line,) = read_camt(camt(entry("30.00", *told, reference="B1")))
    assert (line.amount, line.text) == (3000, "N-2026-000001 N-2026-000002")
    assert (line.bank_reference, line.is_whole) == ("B1", True)


def test_a_transaction_that_takes_off_its_entry_counts_below_nothing():
    back = transaction("5.00", more="<CdtDbtInd>DBIT</CdtDbtInd>")
    assert amounts(camt(entry("25.00", transaction("30.00"), back))) == [3000, -500]
    assert amounts(camt(entry("25.00", sign="DBIT"))) == [-2500]


def test_what_was_booked_counts_and_what_was_ordered_in_dollars_is_noted():
    ordered = '<AmtDtls><InstdAmt><Amt Ccy="USD">20.00</Amt></InstdAmt></AmtDtls>'
    kept = '<Chrgs><Rcrd><Amt Ccy="EUR">0.50</Amt></Rcrd></Chrgs>'
    (line,) = read_camt(camt(entry("16.48", transaction(more=ordered + kept))))
    assert (line.amount, line.instructed, line.charges) == (1648, "20.00 USD", "0.50 EUR")


def test_a_single_transaction_in_another_currency_is_worth_what_its_entry_is():
    told = '<AmtDtls><TxAmt><Amt Ccy="USD">20.00</Amt></TxAmt></AmtDtls>'
    (line,) = read_camt(camt(entry("16.48", transaction(more=told))))
    assert (line.amount, line.currency, line.instructed) == (1648, "EUR", "20.00 USD")


@pytest.mark.parametrize("status", ["<Cd>PDNG</Cd>", "PDNG", "<Cd>INFO</Cd>", "<Prtry>X</Prtry>"])
def test_what_is_not_booked_is_pending_and_one_line(status):
    both = transaction("1.00"), transaction("2.00")
    (line,) = read_camt(camt(entry("3.00", *both, status=status)))
    assert (line.pending, line.amount) == (True, 300)


def test_a_return_keeps_its_reason_and_a_reversal_its_sign():
    returned = transaction(
        end_to_end="N-2026-000016", more="<RtrInf><Rsn><Cd>AC04</Cd></Rsn></RtrInf>"
    )
    bare = transaction(more="<RtrInf/>")
    content = camt(
        entry("19.98", returned, sign="DBIT"),
        entry("1.00", bare, sign="DBIT"),
        entry("2.00", sign="DBIT", more="<RvslInd>true</RvslInd>"),
    )
    lines = read_camt(content)
    assert [one.return_reason for one in lines] == ["AC04", "", None]
    assert [one.is_reversal for one in lines] == [False, False, True]
    assert (lines[0].end_to_end, lines[0].amount) == ("N-2026-000016", -1998)


def test_references_apart_from_the_text_are_kept_apart():
    told = transaction("1.00", "thanks", rf="RF22N2026000010", numbers=["N-2026-000011"])
    (line,) = read_camt(camt(entry("1.00", told)))
    assert line.references == ("RF22N2026000010", "N-2026-000011")
    assert line.text == "thanks"


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        (entry("-1.00"), "amount"),
        (entry("1.001"), "amount"),
        (entry("1e3"), "amount"),
        (entry("9" * 30), "amount"),
        (entry("1.00", currency="eurocents"), "currency"),
        (entry("1.00", sign="CR"), "CdtDbtInd"),
        (entry("1.00", day="2026-02-30"), "BookgDt"),
    ],
)
def test_a_wrong_entry_is_told_by_its_line_and_nothing_is_read(wrong, field):
    with pytest.raises(InvalidLines) as caught:
        read_camt(camt(entry("2.00"), wrong))
    ((line, message),) = caught.value.lines
    assert line == 2
    assert message.startswith(f"{field}: ")


ENTITIES = '<!DOCTYPE Document [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
FILE = '<!DOCTYPE Document SYSTEM "file:///etc/passwd">'


@pytest.mark.parametrize("declared", [ENTITIES, FILE, "<!DOCTYPE Document>"])
def test_a_document_type_is_refused_before_anything_is_read(declared):
    content = camt(entry("1.00")).replace(b"<Document", declared.encode() + b"<Document", 1)
    with pytest.raises(Invalid) as caught:
        read_camt(content)
    assert "DOCTYPE" in caught.value.fields["file"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00\x01",
        b"MT940",
        b"<html/>",
        camt(entry("1.00"))[:-20],
        camt("<x>" * 1000 + "</x>" * 1000),
        camt(entry("1.00")).replace(b"camt.053", b"pain.008"),
        camt(entry("1.00")).replace(b"BkToCstmrStmt", b"CstmrDrctDbtInitn"),
    ],
)
def test_what_is_no_camt_is_refused_in_one_sentence(content):
    with pytest.raises(Invalid) as caught:
        read_camt(content)
    assert set(caught.value.fields) == {"file"}


def test_texts_without_end_are_cut_and_what_nobody_sees_is_left_out():
    told = transaction("1.00", "N-2026-\u200b000016" + " x" * 100_000, name="S\u202eue")
    (line,) = read_camt(camt(entry("1.00", told)))
    assert line.text.startswith("N-2026-000016 x x")
    assert len(line.text) <= 4_000
    assert line.name == "Sue"


def test_more_than_twenty_megabytes_are_not_read():
    with pytest.raises(TooLarge):
        read_bank_file(b" " * (BYTES_MAX + 1), CAMT, currency="EUR", mappings=[])


def test_a_file_of_very_many_elements_is_not_held_in_memory():
    with pytest.raises(TooLarge):
        read_camt(camt("<x/>" * (ELEMENTS_MAX + 1)))


def test_a_root_without_its_namespace_is_refused_like_any_other():
    content = camt(entry("1.00")).replace(b"Document", b"Do:ument")
    with pytest.raises(Invalid):
        read_camt(content)
