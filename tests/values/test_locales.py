"""Locales in one process: each speaks its own language, whoever spoke before it."""

from __future__ import annotations

import subprocess
import sys
from datetime import date

import pytest
from babel.dates import format_date

from portal.values.locales import of_stored

NOVEMBER = date(2026, 11, 30)
SAYS = {
    "ja_JP": "11月 2026",
    "it_IT": "novembre 2026",
    "ar_KW": "نوفمبر 2026",
    "de_AT": "November 2026",
    "pl_PL": "listopad 2026",
    "en_AU": "November 2026",
}


@pytest.mark.parametrize("first", SAYS)
def test_no_cloud_has_its_months_in_the_language_of_the_cloud_before(first):
    for name in (first, *SAYS):
        assert format_date(NOVEMBER, "LLLL y", locale=of_stored(name)) == SAYS[name]


def test_a_locale_says_the_same_alone_and_after_others():
    """Alone: in a process of its own, where nothing was written before."""
    written = (
        "import sys; from datetime import date; from babel.dates import format_date;"
        "from portal.values.locales import of_stored;"
        "print([format_date(date(2026, 9, 1), form, locale=of_stored(name)) for name in sys.argv[1:]"
        " for form in ('LLLL', 'LLL', 'medium', 'long')])"
    )

    def said(*names: str) -> list[str]:
        run = [sys.executable, "-X", "utf8", "-c", written, *names]
        found = subprocess.run(run, capture_output=True, check=True, encoding="utf-8")
        return [word.strip(" []'\n") for word in found.stdout.split("',")]

    names = ("ja_JP", "en", "en_AU", "it", "it_CH", "de_AT")
    together, backwards = said(*names), said(*reversed(names))
    of = {name: together[4 * n : 4 * n + 4] for n, name in enumerate(names)}
    assert of == {name: backwards[4 * n : 4 * n + 4] for n, name in enumerate(reversed(names))}
    assert of["en_AU"] == said("en_AU")
