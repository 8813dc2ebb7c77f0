"""Code lists of European invoices, as EN 16931 has them."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from babel.core import Locale

EU: Final = frozenset(
    [
        "AT",
        "BE",
        "BG",
        "CY",
        "CZ",
        "DE",
        "DK",
        "EE",
        "ES",
        "FI",
        "FR",
        "GR",
        "HR",
        "HU",
        "IE",
        "IT",
        "LT",
        "LU",
        "LV",
        "MT",
        "NL",
        "PL",
        "PT",
        "RO",
        "SE",
        "SI",
        "SK",
    ]
)
"""Members of the European Union by their ISO 3166 code; in VAT numbers Greece is "EL"."""
SEPA: Final = EU | frozenset(
    [
        "AD",
        "AL",
        "CH",
        "GB",
        "GI",
        "IS",
        "LI",
        "MC",
        "MD",
        "ME",
        "MK",
        "NO",
        "RS",
        "SM",
        "VA",
        "GG",
        "IM",
        "JE",
    ]
)
"""Countries whose accounts a SEPA transfer reaches."""
SCHEMES: Final = frozenset(
    [
        "0002",
        "0007",
        "0009",
        "0037",
        "0060",
        "0088",
        "0096",
        "0097",
        "0106",
        "0130",
        "0135",
        "0142",
        "0147",
        "0151",
        "0154",
        "0158",
        "0170",
        "0177",
        "0183",
        "0184",
        "0188",
        "0190",
        "0191",
        "0192",
        "0193",
        "0194",
        "0195",
        "0196",
        "0198",
        "0199",
        "0200",
        "0201",
        "0202",
        "0203",
        "0204",
        "0205",
        "0208",
        "0209",
        "0210",
        "0211",
        "0212",
        "0213",
        "0215",
        "0216",
        "0217",
        "0218",
        "0221",
        "0225",
        "0230",
        "0235",
        "0240",
        "0242",
        "0244",
        "0245",
        "0246",
        "0248",
        "9910",
        "9913",
        "9914",
        "9915",
        "9918",
        "9919",
        "9920",
        "9922",
        "9923",
        "9924",
        "9925",
        "9926",
        "9927",
        "9928",
        "9929",
        "9930",
        "9931",
        "9932",
        "9933",
        "9934",
        "9935",
        "9936",
        "9937",
        "9938",
        "9939",
        "9940",
        "9941",
        "9942",
        "9943",
        "9944",
        "9945",
        "9946",
        "9947",
        "9948",
        "9949",
        "9950",
        "9951",
        "9952",
        "9953",
        "9957",
        "9959",
        "AN",
        "AQ",
        "AS",
        "AU",
        "EM",
    ]
)
"""Schemes of electronic addresses (EAS): "0201" is a code of Italy's exchange, "EM" an e-mail."""
EXEMPTIONS: Final = frozenset(
    [
        *(f"VATEX-EU-{one}" for one in ("AE", "D", "F", "G", "I", "IC", "J", "O", "79-C", "135-1")),
        *(f"VATEX-EU-132{one}" for one in ("", *(f"-1{letter}" for letter in "ABCDEFGHIJKLMNOPQ"))),
        *(
            f"VATEX-EU-143{one}"
            for one in ("", "-1FA", *(f"-1{letter}" for letter in "ABCDEFGHIJKL"))
        ),
        *("VATEX-EU-144", "VATEX-EU-146-1E"),
        *(f"VATEX-EU-148{one}" for one in ("", *(f"-{letter}" for letter in "ABCDEFG"))),
        *(f"VATEX-EU-151{one}" for one in ("", "-1A", "-1AA", "-1B", "-1C", "-1D", "-1E")),
        *("VATEX-EU-153", "VATEX-EU-159", "VATEX-EU-309"),
        *("VATEX-FR-298SEXDECIESA", "VATEX-FR-AE", "VATEX-FR-CNWVAT", "VATEX-FR-FRANCHISE"),
        *(f"VATEX-FR-CGI261-{one}" for one in (1, 2, 3, 4, 5, 7, 8)),
        *(f"VATEX-FR-CGI{one}" for one in ("261A", "261B", "275", "277A", "295")),
        *(f"VATEX-FR-CGI261C-{one}" for one in (1, 2, 3)),
        *(f"VATEX-FR-CGI261D-{one}" for one in ("1", "1BIS", "2", "3", "4")),
        *(f"VATEX-FR-CGI261E-{one}" for one in (1, 2)),
    ]
)
"""Codes of reasons why no tax is charged (VATEX)."""
REGIMES: Final = tuple(f"RF{number:02d}" for number in range(1, 20) if number != 3)
"""Tax regimes of Italian sellers; RF01 is the ordinary one."""
_NO_COUNTRIES: Final = frozenset(("EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"))


@lru_cache(maxsize=1)
def countries() -> dict[str, str]:
    """Countries by their ISO 3166 code, with their English names."""
    known = Locale("en").territories
    return {
        str(code): str(name)
        for code, name in known.items()
        if len(code) == 2 and code.isalpha() and code not in _NO_COUNTRIES
    }
