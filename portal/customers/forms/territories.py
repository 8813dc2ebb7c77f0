"""What goes with a country: its money, clock, language and tax, as public data sets have them.

Currencies and languages are those of the Unicode repository (CLDR), zones those of the IANA zone
database, which lists the one of most people first, and taxes those of a data set of European VAT.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from importlib.resources import files

import eu_vat_rates_data
from babel.core import Locale, get_global
from babel.languages import get_official_languages
from babel.numbers import get_currency_name, get_territory_currencies

from portal.billing.money import CURRENCIES
from portal.billing.period import zones
from portal.values import languages, locales


@dataclass(frozen=True, slots=True)
class Territory:
    """What is proposed for a country; "" and None where it is not known."""

    code: str
    currency: str
    timezone: str
    locale: str
    tax_percent: Decimal | None


def get(code: str) -> Territory | None:
    """The proposals for a country by its ISO 3166 code, "IT"; None for one that is not known."""
    if code not in _codes():
        return None
    currencies = [one for one in get_territory_currencies(code) if one in CURRENCIES]
    spoken = locales_of(code)
    rate = eu_vat_rates_data.get_standard_rate(code)
    return Territory(
        code=code,
        currency=currencies[0] if currencies else "",
        timezone=_zones().get(code, ""),
        locale=spoken[0] if spoken else "",
        tax_percent=None if rate is None else Decimal(f"{rate:g}"),
    )


def names(locale: str) -> list[tuple[str, str]]:
    """Countries as choices, (code, name), by name."""
    known = locales.of_stored(locale).territories
    return sorted(((code, str(known[code])) for code in _codes() if code in known), key=_by_name)


def currencies(locale: str) -> list[tuple[str, str]]:
    """Currencies as choices, "EUR – Euro", by code."""
    of = locales.of_stored(locale)
    return [(code, f"{code} – {get_currency_name(code, locale=of)}") for code in sorted(CURRENCIES)]


def timezones() -> list[tuple[str, str]]:
    """Time zones as choices: those that have a region, "Europe/Rome", and UTC."""
    named = sorted(one for one in zones() if "/" in one and not one.startswith("Etc/"))
    return [(one, one) for one in ("UTC", *named)]


def locales_of(code: str) -> list[str]:
    """The locales of a country's official languages, those that the portal speaks first."""
    found = [
        name
        for language in get_official_languages(code, de_facto=True)
        if (name := locales.normal(f"{language}_{code}")) is not None
    ]
    return sorted(found, key=lambda name: languages.of_locale(name) != name.partition("_")[0])


def locale_choices(code: str, chosen: str, locale: str) -> list[tuple[str, str]]:
    """Languages with the formats of a country as choices: its own, English, and the one chosen."""
    own = [*locales_of(code), locales.normal(f"en_{code}")] if code in _codes() else []
    offered = dict.fromkeys([*own, locales.normal(chosen or "en"), "en_GB", "en_US", "it_IT"])
    of = locales.of_stored(locale)
    return [(one, f"{_name(one, of)} ({one})") for one in offered if one]


def _name(name: str, of: Locale) -> str:
    return str(locales.of_stored(name).get_display_name(of) or name)


def _by_name(choice: tuple[str, str]) -> str:
    return choice[1].casefold()


@lru_cache(maxsize=1)
def _codes() -> frozenset[str]:
    """Countries that have money and a clock."""
    return frozenset(code for code in _zones() if code in get_global("territory_currencies"))


@lru_cache(maxsize=1)
def _zones() -> dict[str, str]:
    """The zone of most people of each country: the first that the zone database lists."""
    found: dict[str, str] = {}
    table = (files("tzdata") / "zoneinfo" / "zone.tab").read_text(encoding="utf-8")
    for line in table.splitlines():
        if not line.startswith("#"):
            code, _place, zone = line.split("\t")[:3]
            found.setdefault(code, zone)
    return found
