"""MT940 and CSV: charsets, signs, days, and where a complaint is told."""

from __future__ import annotations

from datetime import date

import pytest

from portal.billing.bank.line import identities
from portal.errors import Invalid, InvalidLines, TooLarge
from portal.gateways.bank.csv_file import read_csv
from portal.gateways.bank.mt940 import FIELDS_MAX, read_mt940
from portal.values.bank_files import CsvColumns, CsvMapping

HEAD = ":20:STARTUMS\r\n:25:AT611904300234573201\r\n:28C:1/1\r\n:60F:C261101EUR100,00\r\n"


def mt940(*fields: str) -> bytes:
    return (
        HEAD + "\r\n".join(fields) + "\r\n:62F:C261103EUR1,00\r\n:86:of the day\r\n-\r\n"
    ).encode("cp1252")


def test_a_line_of_mt940_has_all_that_its_subfields_say():
    content = mt940(
        ":61:2611031103CR16,48NTRFNONREF//B1",
        "supplement",
        ":86:166?00GUTSCHRIFT?20EREF+N-2026-?21000016?22SVWZ+fattura n 2026/?2316 danke",
        "?30BKAUATWW?31IT60X054281110100?32Jörg Müller",
        ":61:261103DR5,NCHGNONREF",
    )
    line, other = read_mt940(content, "USD")
    assert (line.account, line.booked_on, line.amount, line.currency) == (
        *("AT611904300234573201", date(2026, 11, 3)),
        *(1648, "EUR"),
    )
    assert (line.bank_reference, line.end_to_end) == ("B1", "N-2026-000016")
    assert (line.text, line.name) == ("fattura n 2026/ 16 danke", "Jörg Müller")
    assert line.iban == "IT60X054281110100"
    assert (other.amount, other.text, other.bank_reference) == (-500, "", "")


def test_words_between_slashes_and_plain_texts_are_read_too():
    content = mt940(
        ":61:2611031103D19,98NTRFNONREF//B2",
        ":86:/TRTP/SEPA/RTRN/AC04/EREF/N-2026-000016/NAME/Sue/REMI/storno/IBAN/IT60X054281110100",
        ":61:2611031103RC5,00NTRFNONREF//B3",
        ":86:paid RF22N2026000010",
        "with thanks, not RF23N2026000010",
    )
    line, other = read_mt940(content, "EUR")
    assert (line.return_reason, line.end_to_end, line.name, line.text) == (
        *("AC04", "N-2026-000016"),
        *("Sue", "storno"),
    )
    assert (other.amount, other.is_reversal) == (-500, True)
    assert other.references == ("RF22N2026000010",)


@pytest.mark.parametrize(
    ("days", "booked_on"),
    [
        ("261103", date(2026, 11, 3)),
        ("2612310102", date(2027, 1, 2)),
        ("2701011231", date(2026, 12, 31)),
    ],
)
def test_the_entry_day_is_in_the_year_beside_the_value_day(days, booked_on):
    (line,) = read_mt940(mt940(f":61:{days}C1,00NTRFNONREF"), "EUR")
    assert line.booked_on == booked_on


@pytest.mark.parametrize(
    "wrong", ["2611031103CabcNTRF", "261303C1,00NTRF", "", "2611031103C1,005NTRF"]
)
def test_a_wrong_line_of_mt940_is_told_by_its_number(wrong):
    with pytest.raises(InvalidLines) as caught:
        read_mt940(mt940(":61:261103C1,00NTRFNONREF", f":61:{wrong}"), "EUR")
    assert [line for line, _message in caught.value.lines] == [2]


@pytest.mark.parametrize("content", [b"", b"/etc/passwd", b"<Document/>", b":20:\x00"])
def test_what_is_no_mt940_is_refused_and_no_path_is_opened(content):
    with pytest.raises(Invalid) as caught:
        read_mt940(content, "EUR")
    assert set(caught.value.fields) == {"file"}


def test_more_fields_than_a_statement_has_are_not_read():
    with pytest.raises(TooLarge):
        read_mt940(b":20:A\n" + b":86:\n" * FIELDS_MAX, "EUR")


SIGNED = CsvMapping(
    name="girokonto",
    delimiter=";",
    decimal=",",
    date_format="%d.%m.%Y",
    columns=CsvColumns(
        booked_on="Buchungstag",
        amount="Betrag",
        text="Zweck",
        payer="Name",
        iban="Konto",
        unused=("Saldo",),
    ),
)
SPLIT = CsvMapping(
    name="banca",
    delimiter=",",
    decimal=".",
    date_format="%Y-%m-%d",
    columns=CsvColumns(booked_on="Data", debit="Dare", credit="Avere", reference="Rif"),
)
BOTH = [SPLIT, SIGNED]
HEADER = "Buchungstag;Name;Konto;Zweck;Betrag;Saldo"


@pytest.mark.parametrize("charset", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_a_csv_is_read_as_its_mapping_says_in_any_charset(charset):
    text = f'{HEADER}\r\n03.11.2026;Jörg;AT61 1904;"=1+1;\r\nN 2026/16";1.016,48;0\r\n\r\n'
    (line,) = read_csv(text.encode(charset), "EUR", BOTH)
    assert (line.line, line.booked_on, line.amount) == (1, date(2026, 11, 3), 101648)
    assert (line.name, line.iban, line.text) == ("Jörg", "AT611904", "=1+1; N 2026/16")


@pytest.mark.parametrize(
    ("told", "amount"),
    [
        *(("-5,00", -500), ("5,00-", -500), ("\u22125,00", -500), ("+5", 500), ("5,", 500)),
        *(("1 234,5", 123450), ("1\u00a0234,50", 123450), ("1'234,50", 123450), ("0,00", 0)),
    ],
)
def test_amounts_have_a_sign_on_either_side_and_any_groups(told, amount):
    (line,) = read_csv(f"{HEADER}\n03.11.2026;;;;{told};0\n".encode(), "EUR", BOTH)
    assert line.amount == amount


@pytest.mark.parametrize(
    "told", ["5.00", "1.23,00", "5,001", "--5", "5-5", "", "EUR", "1e3", "12.34.567,00", "٥,00"]
)
def test_what_may_be_another_amount_is_none(told):
    with pytest.raises(InvalidLines) as caught:
        read_csv(f"{HEADER}\n03.11.2026;;;;1,00;0\n03.11.2026;;;;{told};0\n".encode(), "EUR", BOTH)
    assert [line for line, _message in caught.value.lines] == [2]


def test_debit_and_credit_may_be_columns_of_their_own():
    rows = "Data,Dare,Avere,Rif\n2026-11-03,,16.48,RF22N2026000010\n2026-11-03,-3.50,,\n"
    line, other = read_csv(rows.encode(), "EUR", BOTH)
    assert (line.amount, line.references, other.amount) == (1648, ("RF22N2026000010",), -350)


@pytest.mark.parametrize("row", ["2026-11-03,1.00,2.00,", "2026-11-03,,,", "2026-11-03,1.00"])
def test_a_row_has_exactly_one_of_them_and_every_column(row):
    with pytest.raises(InvalidLines):
        read_csv(f"Data,Dare,Avere,Rif\n{row}\n".encode(), "EUR", BOTH)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n\n",
        "Buchungstag;Betrag\n",
        f"{HEADER};Mehr\n",
        f'{HEADER}\n03.11.2026;"never closed',
        f"{HEADER}\n03.11.2026;\0;;;1;0\n",
        f"{HEADER}\n03.11.2026;{'x' * 200_000};;;1,00;0\n",
    ],
)
def test_a_csv_without_a_mapping_and_one_that_is_none_are_refused(text):
    with pytest.raises(Invalid) as caught:
        read_csv(text.encode(), "EUR", BOTH)
    assert set(caught.value.fields) == {"file"}


def test_two_rows_that_differ_in_the_payer_alone_are_two_in_whatever_order():
    rows = [f"03.11.2026;{name};;rent;50,00;0\n" for name in ("Sue", "Tom")]
    files = ["".join((f"{HEADER}\n", *some)) for some in (rows, rows[::-1], rows[1:])]
    first, turned, second = (
        {one.key for one in identities(read_csv(file.encode(), "EUR", BOTH))} for file in files
    )
    assert first == turned
    assert second < first
