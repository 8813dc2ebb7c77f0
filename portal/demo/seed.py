"""Filling an empty installation with the demo: all of it in one transaction, once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final

from portal.access import SYSTEM
from portal.accounts.actions import sign_in_links
from portal.billing.period import day_start
from portal.crypto import passwords
from portal.crypto.marks import Marks
from portal.db import Transaction, atomic
from portal.demo import money
from portal.demo.customers import CUSTOMERS
from portal.demo.fleet import slug
from portal.demo.months import Months
from portal.demo.people import (
    ACCOUNT_MANAGERS,
    CLOUDS,
    INVITATIONS,
    PLATFORM,
    REFERRALS,
    USERS,
    Cloud,
    User,
)
from portal.demo.prices import RATES, SERVICES, TARIFFS
from portal.demo.watched import LOGIN, watched
from portal.errors import Conflict, Invalid
from portal.gateways.vault import Vault
from portal.kit.actions import audit

Row = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Seeded:
    """What the demo is now: `added` says whether this call made it, or an earlier one had.

    `password_is_valid` says whether the password given opens its users: it does when `added`; later
    it is the first start's password that counts.
    """

    added: bool
    password_is_valid: bool
    users: tuple[User, ...]


async def seed(now: datetime, password: str, *, vault: Vault, url: str, marks: Marks) -> Seeded:
    """Make the demo's two clouds as they were before three months that have ended by `now`.

    They are connected to the simulated Watcher at `url`; cameras and their usage come from there.
    `now` is an aware time; the months are those before it in each cloud's zone. Where the demo is
    already, nothing is added. Raises `Conflict` in an installation that has other
    clouds, `Invalid` for a password that is easy to guess.
    """
    hashed = await passwords.hash(password)
    async with atomic(SYSTEM) as tx:
        await tx.execute("select pg_advisory_xact_lock(hashtextextended('demo', 0))")
        stored = await tx.fetchrow(
            "select password from portal_user where email = $1", USERS[0].email
        )
        if stored is None:
            about = [text for user in USERS for text in (user.email, user.name)]
            if refused := await passwords.refusal(password, about=about):
                message = f"The demo's password is refused. {refused}"
                raise Invalid({"password": refused}, message)
            await _fill(tx, now, hashed, vault, url)
            await money.fill(now, marks)
    if stored is None:
        return Seeded(added=True, password_is_valid=True, users=USERS)
    is_valid = await passwords.verify(password, stored["password"])
    return Seeded(added=False, password_is_valid=is_valid, users=USERS)


async def _fill(tx: Transaction, now: datetime, password: str, vault: Vault, url: str) -> None:
    if await tx.fetchval("select exists (select from cloud)"):
        raise Conflict(
            "This installation has clouds of its own; the demo needs an empty one."
            " Give it another with --data-dir."
        )
    await tx.execute(
        "update platform set name = $1, address = $2, tax_number = $3, email = $4, bank = $5,"
        " timezone = $6",
        *PLATFORM.values(),
    )
    people = _People(tx, password)
    await people.add(user for user in USERS if user.cloud is None)
    services = await _services(tx)
    for cloud in CLOUDS:
        months = Months.at(now, cloud.timezone)
        await _Cloud(tx, cloud, now, months, people, services).fill(vault, url)
    await audit.record(
        tx, SYSTEM, "demo.seed", "installation", cloud=None, after={"clouds": [*CUSTOMERS]}
    )


@dataclass(slots=True)
class _People:
    """Users as they are made, all with one password (its hash), or none; `ids` by e-mail."""

    tx: Transaction
    password: str | None
    ids: dict[str, int] = field(default_factory=dict)

    async def add(self, users: Iterable[User], **belongs: object) -> None:
        """Add users who belong where `belongs` says: cloud, subscriber, referral (row ids)."""
        chosen = list(users)
        rows = [
            {
                "email": user.email,
                "name": user.name,
                "role": str(user.role),
                "password": self.password,
                **belongs,
            }
            for user in chosen
        ]
        ids = await _store(self.tx, "portal_user", rows)
        self.ids.update(zip((user.email for user in chosen), ids, strict=True))


async def _services(tx: Transaction) -> dict[str, int]:
    """The services' ids by code."""
    meters = {row["key"]: row["id"] for row in await tx.fetch("select key, id from meter")}
    rows = [{**asdict(service), "meter": meters[service.meter]} for service in SERVICES]
    ids = await _store(tx, "service", rows)
    return dict(zip((service.code for service in SERVICES), ids, strict=True))


@dataclass(slots=True)
class _Cloud:
    """One cloud in the making: row ids by code, number or name as they come."""

    tx: Transaction
    facts: Cloud
    now: datetime
    months: Months
    people: _People
    services: Mapping[str, int]
    id: int = 0
    tariffs: dict[str, int] = field(default_factory=dict)
    referrals: dict[str, int] = field(default_factory=dict)
    subscribers: dict[int, int] = field(default_factory=dict)

    async def fill(self, vault: Vault, url: str) -> None:
        """Make the cloud and what is in it; its cameras are Watcher's to show."""
        await self._itself()
        await self._prices()
        await self._tariffs()
        await self._referrals()
        await self._subscribers()
        await self._logins()
        await self._invited()
        await self._watcher(vault, url)

    async def _itself(self) -> None:
        facts = self.facts
        row = asdict(facts) | {
            "tax_percent": Decimal(facts.tax_percent),
            "wholesale_discount_percent": Decimal(facts.wholesale_discount_percent),
            "wholesale_tax_percent": Decimal(facts.wholesale_tax_percent),
            "level_percents": [Decimal(percent) for percent in facts.level_percents],
            "manager": self.people.ids[facts.manager] if facts.manager else None,
            # A month of the demo is complete as soon as it has ended: there is nothing to wait for.
            "close_after_days": 0,
            "created_at": self.months.founded,
        }
        (self.id,) = await _store(self.tx, "cloud", [row])

    async def _prices(self) -> None:
        await _store(
            self.tx,
            "rate",
            [
                {
                    "cloud": self.id,
                    "service": self.services[rate.service],
                    "valid_from": self.months.day(rate.since),
                    "pricing": rate.pricing,
                }
                for rate in RATES
                if rate.cloud == self.facts.slug
            ],
        )

    async def _tariffs(self) -> None:
        tariffs = [tariff for tariff in TARIFFS if tariff.cloud == self.facts.slug]
        rows = [{"cloud": self.id, "code": one.code, "name": one.name} for one in tariffs]
        ids = await _store(self.tx, "tariff", rows)
        self.tariffs = dict(zip((one.code for one in tariffs), ids, strict=True))
        versions = [(one, version) for one in tariffs for version in one.versions]
        version_ids = await _store(
            self.tx,
            "tariff_version",
            [
                {
                    "cloud": self.id,
                    "tariff": self.tariffs[tariff.code],
                    "valid_from": self.months.day(version.since),
                    "monthly_price": Decimal(version.monthly_price),
                    "setup_fee": Decimal(version.setup_fee),
                    "trial_days": version.trial_days,
                    "bill_when_disabled": version.bill_when_disabled,
                }
                for tariff, version in versions
            ],
        )
        await _store(
            self.tx,
            "tariff_item",
            [
                {
                    "cloud": self.id,
                    "version": version_id,
                    "position": position,
                    "service": self.services[item.service],
                    "quantity": Decimal(item.quantity),
                    "overage": item.overage,
                }
                for version_id, (_, version) in zip(version_ids, versions, strict=True)
                for position, item in enumerate(version.items)
            ],
        )

    async def _referrals(self) -> None:
        for one in REFERRALS:
            if one.cloud != self.facts.slug:
                continue
            row = {
                "cloud": self.id,
                "code": one.code,
                "name": one.name,
                "email": one.email,
                "percent": Decimal(one.percent),
                "sponsor": self.referrals[one.sponsor] if one.sponsor else None,
                "hold_days": one.hold_days,
                "created_at": self.months.founded,
            }
            (self.referrals[one.code],) = await _store(self.tx, "referral", [row])

    async def _subscribers(self) -> None:
        """The customers, and before them the cloud's own people, who may look after some."""
        own = [user for user in USERS if user.cloud == self.facts.slug and user.of is None]
        await self.people.add(own, cloud=self.id)
        account_manager = self.people.ids.get(ACCOUNT_MANAGERS.get(self.facts.slug, ""))
        emails = {user.of: user.email for user in USERS if user.cloud == self.facts.slug}
        rows: list[Row] = []
        for number, customer in enumerate(CUSTOMERS[self.facts.slug], start=1):
            street, _, town = customer.address.partition(", ")
            rows.append(
                {
                    "cloud": self.id,
                    "number": number,
                    "name": customer.name,
                    "email": emails.get(number, f"accounts@{slug(customer.name)}.example"),
                    "discount_percent": Decimal(customer.discount),
                    "tax_exempt": customer.tax_exempt,
                    "referral": self.referrals[customer.referral] if customer.referral else None,
                    "account_manager": account_manager if customer.managed else None,
                    "address": [street, town],
                    "tax_number": _tax_number(self.facts.slug, number, customer.kind),
                    "created_at": self._morning(self.months.day(customer.since)),
                }
            )
        ids = await _store(self.tx, "subscriber", rows)
        self.subscribers = dict(enumerate(ids, start=1))

    async def _logins(self) -> None:
        """The users who are a subscriber or a referral."""
        for user in USERS:
            if user.cloud != self.facts.slug or user.of is None:
                continue
            belongs = (
                {"subscriber": self.subscribers[user.of]}
                if isinstance(user.of, int)
                else {"referral": self.referrals[user.of]}
            )
            await self.people.add([user], cloud=self.id, **belongs)

    async def _invited(self) -> None:
        """Those who have an invitation that they have not used yet, and so no password."""
        for one in INVITATIONS:
            if one.user.cloud != self.facts.slug:
                continue
            at = self.now - timedelta(days=one.days_ago)
            people = replace(self.people, password=None)
            await people.add([one.user], cloud=self.id, created_at=at)
            await sign_in_links.make(
                self.tx,
                people.ids[one.user.email],
                sign_in_links.INVITATION,
                now=at,
                cloud=self.id,
                made_by=people.ids[one.by],
            )

    async def _watcher(self, vault: Vault, url: str) -> None:
        """The connection to the simulated Watcher, and what it shows mapped by a person before."""
        found = watched(self.facts.slug, self.months)
        login, password = LOGIN
        (connection,) = await _store(
            self.tx,
            "connection",
            [
                {
                    "cloud": self.id,
                    "api": "v3",
                    "url": url,
                    "secret": vault.lock({"login": login, "password": password}),
                    "organizations": found.own_organizations,
                    "follow_presets": True,
                    "created_at": self._morning(self.months.first),
                }
            ],
        )
        await _store(
            self.tx,
            "watcher_organization",
            [
                {
                    "cloud": self.id,
                    "watcher": connection,
                    "organization": organization,
                    "subscriber": self.subscribers[number],
                }
                for organization, number in found.organizations.items()
            ],
        )
        await _store(
            self.tx,
            "watcher_preset",
            [
                {
                    "cloud": self.id,
                    "watcher": connection,
                    "preset": preset,
                    "tariff": self.tariffs[tariff],
                }
                for preset, tariff in found.tariffs.items()
            ],
        )

    def _morning(self, day: date) -> datetime:
        return day_start(day, self.facts.timezone)


_NO_TAX_OFFICE: Final = "000"
"""Digits 8 to 10 of an Italian number name the tax office; nobody has this one."""


def _tax_number(cloud: str, number: int, kind: str) -> str:
    """A number of the right look that cannot be anybody's; people at home have none."""
    if kind == "home":
        return ""
    digits = f"{1_031_507 + number * 104_729:07d}"
    return f"IT{digits}{_NO_TAX_OFFICE}{number % 10}" if cloud == "north" else f"00-{digits}"


_IDS: Final = """
select nextval(pg_get_serial_sequence($1, 'id')) as id from generate_series(1, $2::int)
"""


async def _store(tx: Transaction, table: str, rows: Sequence[Row]) -> list[int]:
    """Store rows that all have the same columns; their ids, in order."""
    ids = [row["id"] for row in await tx.fetch(_IDS, table, len(rows))]
    columns = tuple(rows[0])
    await tx.copy_records_to_table(
        table,
        records=[(id_, *row.values()) for id_, row in zip(ids, rows, strict=True)],
        columns=("id", *columns),
    )
    return ids
