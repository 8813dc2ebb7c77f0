"""Who the demo is about: the platform, two clouds, their users and agents. All of it is invented.

Account numbers are the ones that banks print in examples; tax numbers have parts that are never
given out (an Italian one with tax office 000, an American one that begins with 00).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from portal.access import Role

PLATFORM: Final[dict[str, object]] = {
    "name": "Camledger Video Cloud",
    "address": ["Kabelgasse 1", "1010 Wien", "Austria"],
    "tax_number": "ATU00000000",
    "email": "billing@platform.example",
    "bank": ["Donaubank Wien", "IBAN AT61 1904 3002 3457 3201"],
    "timezone": "Europe/Vienna",
}


@dataclass(frozen=True, slots=True)
class Cloud:
    """An operator. Percents are decimal strings; `manager` is a user's e-mail."""

    slug: str
    name: str
    currency: str
    timezone: str
    locale: str
    tax_percent: str
    wholesale_discount_percent: str
    wholesale_tax_percent: str
    invoice_prefix: str
    level_percents: tuple[str, ...]
    address: tuple[str, ...]
    tax_number: str
    email: str
    bank: tuple[str, ...]
    manager: str | None = None
    close_mode: str = "automatic"


CLOUDS: Final = (
    Cloud(
        slug="north",
        name="North Video S.r.l.",
        currency="EUR",
        timezone="Europe/Rome",
        locale="en_IT",
        tax_percent="22",
        wholesale_discount_percent="5",
        wholesale_tax_percent="22",
        invoice_prefix="NORTH",
        level_percents=("2", "1"),
        address=("Via dell'Orologio 14", "20121 Milano MI", "Italy"),
        tax_number="IT04172930004",
        email="billing@north.example",
        bank=("Banca Settentrionale, Milano", "IBAN IT60 X054 2811 1010 0000 0123 456"),
        manager="manager@demo.test",
    ),
    Cloud(
        slug="south",
        name="South Video LLC",
        currency="USD",
        timezone="America/New_York",
        locale="en_US",
        tax_percent="8.875",
        wholesale_discount_percent="0",
        wholesale_tax_percent="0",
        invoice_prefix="SOUTH",
        level_percents=(),
        address=("210 Lantern Street, Floor 3", "New York, NY 10013", "United States"),
        tax_number="00-4182907",
        email="billing@south.example",
        bank=("First Harbor Savings, New York", "Routing 000000000", "Account 000123456789"),
        close_mode="look",
    ),
)


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who signs in. `of` is the number of a subscriber, or the code of a referral."""

    email: str
    name: str
    role: Role
    about: str
    cloud: str | None = None
    of: int | str | None = None


USERS: Final = (
    User("admin@demo.test", "Ada Winter", Role.ADMINISTRATOR, "administrator of the platform"),
    User("accountant@demo.test", "Paul Winter", Role.ACCOUNTANT, "accountant of the platform"),
    User("manager@demo.test", "Max Winter", Role.MANAGER, "manager, responsible for North"),
    User("north@demo.test", "Nora Nord", Role.CLOUD_ADMINISTRATOR, "administrator of North",
         cloud="north"),
    User("account-manager@demo.test", "Ann Nord", Role.ACCOUNT_MANAGER,
         "account manager at North", cloud="north"),
    User("books@demo.test", "Carl Nord", Role.CLOUD_ACCOUNTANT, "accountant of North",
         cloud="north"),
    User("south@demo.test", "Sam South", Role.CLOUD_ADMINISTRATOR, "administrator of South",
         cloud="south"),
    User("sue@demo.test", "Sue Bianchi", Role.SUBSCRIBER, "subscriber of North",
         cloud="north", of=1),
    User("rex@demo.test", "Rex", Role.REFERRAL, "referral of North", cloud="north", of="rex"),
)  # fmt: skip
CLOSERS: Final = {"south": "south@demo.test"}
"""Who has closed the months of a cloud that wants a look at them first."""
ACCOUNT_MANAGERS: Final = {"north": "account-manager@demo.test"}


@dataclass(frozen=True, slots=True)
class Invitation:
    """Somebody who was invited `days_ago` by another (an e-mail), and has not come in yet."""

    user: User
    by: str
    days_ago: int


INVITATIONS: Final = (
    Invitation(
        User("iris@demo.test", "Iris South", Role.ACCOUNT_MANAGER, "account manager at South",
             cloud="south"),
        by="south@demo.test", days_ago=8,
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Referral:
    """An agent of a cloud; `sponsor` is the code of one that stands before it in the list."""

    cloud: str
    code: str
    name: str
    email: str
    percent: str
    sponsor: str | None = None
    hold_days: int = 30


# The demo's months are all closed on its first day: Rex, who is paid at once, has a statement to
# approve by then. Tess is Rex's agent, and Pia is Tess's: of what Pia sells, Tess earns 2 % and
# Rex 1 %.
REFERRALS: Final = (
    Referral("north", "rex", "Rex Consulenze", "rex@demo.test", "15", hold_days=0),
    Referral("north", "tess", "Tess Impianti", "tess@agents.example", "10", sponsor="rex"),
    Referral("north", "pia", "Pia Vetrine", "pia@agents.example", "12", sponsor="tess"),
    Referral("south", "liz", "Liz Installs", "liz@agents.example", "10"),
)
