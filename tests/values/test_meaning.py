"""What is used by meaning is checked by meaning, and no name holds what its readers cannot see."""

from __future__ import annotations

import dataclasses
import importlib
import pkgutil
import re
import unicodedata
from datetime import date
from typing import Any

import pytest
from babel import localedata
from hypothesis import given
from hypothesis import strategies as st

import portal
from portal.billing.money import CURRENCIES
from portal.customers.forms.cloud import CloudChange
from portal.customers.forms.subscriber import NewSubscriber
from portal.errors import Invalid
from portal.kit.forms.form import members, parse, parse_texts
from portal.routes import format as fmt
from portal.values import amounts, languages, locales
from portal.values.fields import NAMES, label_of
from portal.values.kinds import Currency, Text
from portal.values.numbers import NUMBER_MAX
from portal.values.text import cleaned, complaint, shown
from portal.words import speaking
from tests.billing.cast import law

SEEN = [
    "Sue",
    "Søren Ångström & Söhne – №1",
    "O’Neill",
    "דניאל כהן",
    "محمد علی",
    "می\u200cخواهم",  # Persian: two parts of a word, not joined
    "ශ්\u200dරී ලංකා",  # Sinhala: a joined pair
    "രാജന്\u200d",  # Malayalam: a last letter of its own shape
    "葛\U000e0100城",  # the form of a family's name
    "株式会社",
    "हिन्दी",
    "Jo\u0308rg",
    "Café\u00a0Noir",
    "👨\u200d👩\u200d👧 ❤\ufe0f 👩🏽\u200d🚀 1\ufe0f\u20e3",
]
HIDDEN = [
    *(chr(code) for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))),  # overrides
    *"\u200e\u200f\u061c",  # marks of direction
    *"\u200b\u2060\ufeff\u00ad\u034f\u180e\u2061\u2062\u2063\u2064",  # no width
    *"\u115f\u1160\u3164\uffa0\u2800",  # blanks that count as letters
    *"\U000e0001\U000e0041\U000e007f",  # tags
    *"\ue000\U000f0000\U0010ffff\u0378",  # private, or nothing at all
    *"\x00\x07\x1b\x7f\x85\u2028\u2029\ud800\udfff",
]


@pytest.mark.parametrize("name", SEEN, ids=ascii)
def test_names_of_all_scripts_stay_as_they_are(name: str) -> None:
    assert Text().read(name, "name") == name
    assert cleaned(name, 300) == name
    assert shown(name) == name


@pytest.mark.parametrize("letter", HIDDEN, ids=ascii)
def test_what_nobody_sees_is_refused_wherever_it_stands(letter: str) -> None:
    for name in (
        f"{letter}Sue",
        f"S{letter}ue",
        f"Sue{letter}",
        letter,
        f"م{letter}ح",
        f"1{letter}2",
    ):
        assert complaint(name, minimum=1, maximum=300) is not None, ascii(name)
        assert letter not in cleaned(name, 300)
        assert letter not in shown(name)
    assert cleaned(f"S{letter}ue", 300) in {"Sue", "S ue"}


@pytest.mark.parametrize(
    "name",
    [
        *("a\u200cb", "a\u200db", "\u200cمی", "می\u200c", "ی\u200c\u200cخ", "1\u200d2", "👨\u200d"),
        *(
            "\u200d👧",
            "م\u200da",
            "a\ufe0f",
            "\ufe0f",
            "م\ufe0fح",
            "a\U000e0100",
            " \u0301",
            "\u3000",
        ),
    ],
    ids=ascii,
)
def test_joiners_and_variants_stand_only_where_a_script_needs_them(name: str) -> None:
    assert complaint(name, minimum=1, maximum=300) is not None


@law(400)
@given(st.text(max_size=40) | st.text(st.sampled_from([*"aم ක්👧1", *HIDDEN, "\u200c", "\u200d"])))
def test_a_cleaned_title_is_a_name_or_nothing(text: str) -> None:
    name = cleaned(text, 30)
    assert name == "" or complaint(name, minimum=1, maximum=30) is None
    assert cleaned(name, 30) == name
    if complaint(text, minimum=1, maximum=30) is None:
        assert name == text.strip(), "what may stand here is not changed"


def test_cleaning_an_endless_title_ends() -> None:
    assert cleaned("\u200b" * 1_000_000 + "Gate", 300) == ""
    assert len(cleaned("م\u200c" * 1_000_000, 300)) <= 300


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        *(("en", "en"), ("en-US", "en_US"), ("EN_us", "en_US"), ("zh-hant-tw", "zh_Hant_TW")),
        *(("zh_TW", "zh_TW"), ("nb_NO", "nb_NO"), ("es-419", "es_419"), ("en_IT", "en_IT")),
    ],
)
def test_a_locale_is_kept_in_its_one_spelling(sent: str, kept: str) -> None:
    assert parse(CloudChange, {"locale": sent}).locale == kept


@pytest.mark.parametrize(
    "sent",
    [
        *("jp", "dk", "no_NO", "en_XX", "xx", "xx_IT", "english", "e", "", "root", "und", "und_IT"),
        *(
            "../x",
            "en_",
            "_IT",
            "en__US",
            "en_US_POSIX",
            "en US",
            "en\n",
            "en\0",
            "ｅｎ",
            "en_Ｕ",
            "C",
        ),
        *("de_DE@euro", "de-DE-1996", "x" * 1000, 1, None, [], True),
    ],
)
def test_a_locale_that_nobody_knows_is_refused_and_a_stored_one_stops_no_page(sent: Any) -> None:
    with pytest.raises(Invalid) as refused:
        parse(CloudChange, {"locale": sent})
    assert list(refused.value.fields) == ["locale"]
    if isinstance(sent, str):
        assert amounts.money(123450, "EUR", sent)
        assert fmt.moment(None, sent, "Mars/Base") == amounts.DASH


def test_every_language_that_is_accepted_writes_every_currency() -> None:
    """Each language in each script, and one of six of its countries: they differ by little."""
    accepted = [name for name in localedata.locale_identifiers() if locales.normal(name)]
    assert len(accepted) > 500
    languages = [name for name in accepted if not re.search(r"_(?:[A-Z]{2}|\d{3})(?:_|$)", name)]
    assert len(languages) > 200
    for name in {*languages, *accepted[::6]}:
        assert fmt.percent(22, name)
        assert fmt.month_short(date(2026, 10, 16), name)
        assert amounts.money_tick(123450, "EUR", name)
    for currency in sorted(CURRENCIES):
        assert Currency().read(currency, "currency") == currency
        for name in ("en", "it_IT", "ar_EG", "ja_JP"):
            assert amounts.money(123450, currency, name)
            assert amounts.price(None, currency, name) == amounts.DASH


@pytest.mark.parametrize(
    "line", ["IBAN AT61 1904 3002 3457 3201", "iban: AT611904300234573201", "Bank", "IBANEZ & Co."]
)
def test_a_line_of_the_bank_may_hold_a_right_iban(line: str) -> None:
    assert parse(CloudChange, {"bank": [line]}).bank == (line,)


@pytest.mark.parametrize(
    "line", ["IBAN AT61 1904 3002 3457 3202", "IBAN", "iban: 12", "IBAN XX61 1904 3002 3457 3201"]
)
def test_a_wrong_iban_is_refused_before_money_goes_there(line: str) -> None:
    with pytest.raises(Invalid) as refused:
        parse(CloudChange, {"bank": ["Donaubank", line]})
    assert list(refused.value.fields) == ["bank[1]"]


def test_a_subscribers_number_leaves_room_for_those_that_follow() -> None:
    assert parse(NewSubscriber, {"name": "Sue", "number": NUMBER_MAX}).number == 999_999_999
    for number in (0, -1, NUMBER_MAX + 1, 10**15, 2**63, 10**4000, 1.0, "1", True):
        with pytest.raises(Invalid) as refused:
            parse(NewSubscriber, {"name": "Sue", "number": number})
        assert list(refused.value.fields) == ["number"]


def all_forms() -> list[type[Any]]:
    found = []
    for module in pkgutil.walk_packages(portal.__path__, "portal."):
        if ".forms." not in module.name:
            continue
        for value in vars(importlib.import_module(module.name)).values():
            if isinstance(value, type) and value.__module__ == module.name:
                is_form = (
                    dataclasses.is_dataclass(value) and value.__doc__ and not hasattr(value, "read")
                )
                if is_form and all("Annotated" in str(f.type) for f in dataclasses.fields(value)):
                    found.append(value)
    return found


HOSTILE: list[Any] = [
    *(None, True, False, 0, -1, 1, 2**31, 2**63, 2**64, -(2**63) - 1, 10**5000, 1.5, float("nan")),
    *(
        float("inf"),
        -0.0,
        1e308,
        "",
        " ",
        "0",
        "-0",
        "1e3",
        "1e999999",
        "NaN",
        "Infinity",
        "1" * 5000,
    ),
    *(
        "9" * 30,
        "0." + "0" * 30 + "1",
        "٣",
        "１",
        "1_000",
        "+1",
        "0x1",
        "a\0b",
        "\ud800",
        "\u202e",
        "\u200b",
    ),
    *(
        "../../etc/passwd",
        "' or 1=1 --",
        "${7*7}",
        "{{7*7}}",
        "<script>",
        "%00",
        "\r\nX: y",
        "x" * 100_000,
    ),
    *("0000-00-00", "0001-01-01", "9999-12-31", "2026-02-30", "9999-12", "0000-01", "10000-01-01"),
    *("http://", "http://[::1", "http://a:99999", "javascript:alert(1)", "a@b", "@", "sue@"),
    *([], [[]], [None], ["x"] * 1000, {}, {"": ""}, {"model": "per_unit"}, {"a": {"b": {"c": {}}}}),
]


FORMS = all_forms()


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.__name__)
def test_whatever_is_sent_a_form_reads_it_or_names_the_field(form: type[Any]) -> None:
    """No value of any field ends in anything but the value or a complaint about that field."""
    names = {member.name for member in members(form)}
    assert names
    for member in members(form):
        for value in HOSTILE:
            complaints = complaints_of(parse, form, {member.name: value})
            if isinstance(value, str):
                complaints |= complaints_of(parse_texts, form, {member.name: value})
            fields = {path.partition(".")[0].partition("[")[0] for path in complaints}
            assert fields <= names, (member.name, value)


def complaints_of(read: Any, form: type[Any], sent: dict[str, Any]) -> set[str]:
    try:
        read(form, sent)
    except Invalid as refused:
        return set(refused.fields)
    return set()


def test_no_letter_of_a_right_to_left_script_is_refused() -> None:
    for code in range(0x590, 0x1E943):
        letter = chr(code)
        if unicodedata.bidirectional(letter) in {"R", "AL"} and letter.isalpha():
            assert complaint(letter, minimum=1, maximum=1) is None, hex(code)


@pytest.mark.parametrize("letter", ["\U0001fae8", "\U0001fadf"])
def test_a_name_may_have_a_picture_that_is_newer_than_pythons_tables(letter):
    assert Text().read(f"Sue {letter}", "name") == f"Sue {letter}"
    assert cleaned(f"Sue {letter}", 20) == f"Sue {letter}"


@pytest.mark.parametrize("letter", ["\U000e1234", "\ue000", "\u0378", "\u202e", "\u200b"])
def test_a_name_has_nothing_that_nobody_sees(letter):
    with pytest.raises(Invalid):
        Text().read(f"Sue {letter}", "name")


def test_every_field_of_a_form_has_a_name_in_words() -> None:
    """So that a page never shows a field in English to those who read another language."""
    nameless = {form.__name__: {one.name for one in members(form)} - set(NAMES) for form in FORMS}
    assert {form: fields for form, fields in nameless.items() if fields} == {}


def test_a_field_of_an_older_entry_is_called_as_it_is_written() -> None:
    assert label_of("tax_number") == "Tax number"
    assert label_of("old_field.1.name") == "Old field · 1 · Name"
    with speaking(languages.catalogue("it")):
        assert str(label_of("items.2.service")) == "Voci · 2 · Servizio"
