"""The cloud whose pages are measured: the one of a close, with all that a page may ask about it.

One customer has a tenth of the cameras, an account manager a tenth of the customers, and an agent
other agents below. A camera in a hundred is on no tariff, one in a thousand nobody's; a customer in
a hundred has no e-mail address, one in 250 is suspended. Three months are closed, of which the last
has usage; of the running month four days are over. August is paid through the bank, and half of
September; all else is overdue. Some customers paid too much, and some money is nobody's yet or was
returned. Statements of October are drafted, and all but one
approved.

A page of fifty rows costs what fifty rows cost. So that a small cloud is no quicker because its
lists are empty, there is more in it of everything that is rare: with 300 cameras each list has a
whole page.
"""

from __future__ import annotations

import secrets
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from typing import Final

import asyncpg

from portal.access import SYSTEM
from portal.accounts.actions import invitations
from portal.bench import world
from portal.billing.period import Period
from portal.books.actions import real_use
from portal.books.actions.closing.work import work_on_close
from portal.books.actions.estimates import estimate_cloud
from portal.books.actions.payouts import statements
from portal.books.actions.periods import start_close
from portal.gateways.queue import NullQueue
from portal.kit.queries import tenancy
from portal.kit.queries.tenancy import CloudFacts
from portal.watcher.actions import differences

CLOSED_AT: Final = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)
NOW: Final = datetime(2026, 11, 5, 12, 0, tzinfo=UTC)
"""The time that pages are looked at."""
RUNNING: Final = date(2026, 11, 1)
MONTHS: Final = ("2026-08", "2026-09", world.MONTH)
WORDS: Final = secrets.token_hex(16)
"""The password of people who exist for a minute."""
AGENT: Final = "agent-3"
PEOPLE: Final = {
    "platform": "platform@bench.test",
    "cloud": "admin@bench.test",
    "manager": "manager@bench.test",
    "my": "subscriber@bench.test",
    "referral": "agent@bench.test",
}
"""Who looks at pages, by the portal or the role."""

_LIKE_LIFE: Final = """
update cloud set payment_days = 0 where slug = 'bench';
update subscriber set email = 'subscriber-' || number || '@bench.test'
where number % {no_email} <> 0;
update subscriber set suspended = true where number % {suspended} = 0;
update subscriber set referral = (select id from referral where code = 'agent-3')
where number % {referred} = 3 % {referred} or number between 2 and {page};
update referral set hold_days = 0;
update referral set sponsor = (select id from referral where code = 'agent-3')
where code in ('agent-4', 'agent-5');
update camera c set subscriber = s.id
from subscriber s
where c.subscriber is not null and {shift} > 0 and s.cloud = c.cloud
  and s.number = 1 + (right(c.external_id, 7)::int - 1) / {a_subscriber} + {shift};
update camera set subscriber = (select id from subscriber where number = 1)
where right(external_id, 7)::int <= {of_one};
update camera set subscriber = null
where right(external_id, 7)::int % {unowned} = {unowned} - 1;
delete from subscription s using camera c
where c.id = s.camera
  and (c.subscriber is null or right(c.external_id, 7)::int % {without} = {without} / 2);
update subscription s set subscriber = c.subscriber from camera c
where c.id = s.camera and s.subscriber <> c.subscriber;
insert into connection (cloud, api, url, secret)
select id, 'v3', 'https://watcher.bench.test', '' from cloud;
insert into reading (cloud, connection, started_at, finished_at, state, cameras)
select cloud, id, '2026-11-05 11:30Z', '2026-11-05 11:40Z', 'complete',
       (select count(*) from camera)
from connection;
insert into watcher_organization (cloud, watcher, organization, title, seen_at, subscriber)
select s.cloud, n.id, s.number, s.name, '2026-11-05 11:30Z',
       case when s.number % {unmapped} > 0 then s.id end
from subscriber s join connection n on n.cloud = s.cloud;
"""
_MANAGED: Final = """
update subscriber set account_manager = $2 where cloud = $1 and number % $3 = 3 % $3
"""
_PAID: Final = """
with chosen as (
  select i.*, row_number() over (order by i.id) <= $2 as too_much from invoice i
  where i.cloud = $1 and i.side = 'retail' and i.type = 'invoice' and i.total > 0
    and (i.month = '2026-08-01' or i.month = '2026-09-01' and i.subscriber % 2 = 0)
), paid as (
  insert into payment (issuer, cloud, subscriber, currency, amount, paid_on, method, reference,
    names)
  select cloud, cloud, subscriber, currency, total + case when too_much then 500 else 0 end,
         '2026-11-03', 'bank', 'PAID-' || number, 'invoice ' || number
  from chosen order by id
  returning id, reference
)
insert into allocation (issuer, cloud, subscriber, payment, invoice, amount, day)
select i.cloud, i.cloud, i.subscriber, p.id, i.id, i.total, '2026-11-03'
from chosen i join paid p on p.reference = 'PAID-' || i.number order by p.id
"""
_NOBODYS: Final = """
insert into payment (issuer, cloud, subscriber, currency, amount, paid_on, method, reference)
select $1, $1, null, 'EUR', 1000 + n, '2026-11-04', 'bank', 'UNKNOWN-' || n
from generate_series(1, $2) n
"""
_RETURNED: Final = """
with bounced as (
  insert into payment (issuer, cloud, subscriber, currency, amount, paid_on, method, reference)
  select cloud, cloud, id, 'EUR', 990, '2026-11-03', 'direct_debit', 'BOUNCED-' || number
  from subscriber where cloud = $1 and number <= $2 order by number
  returning id, subscriber
)
insert into payment_return (issuer, cloud, subscriber, payment, returned_on, reason, fee)
select $1, $1, subscriber, id, '2026-11-04', 'AM04', 300 from bounced
"""
_FROM_THE_BANK: Final = """
with file as (
  insert into bank_import (issuer, cloud, format, sha256, lines, added, made_by, made_at)
  select $1, $1, 'camt', repeat('0', 64), count(*), count(*), 'bench', $2
  from payment where issuer = $1 and method = 'bank'
  returning id
), lines as (
  insert into bank_line (issuer, cloud, bank_import, line, identity, is_whole, account, booked_on,
    currency, amount, bank_reference, end_to_end, batch, text, name, instructed, charges, state,
    rule, reason, fee, suggestions)
  select $1, $1, f.id, row_number() over (order by p.id), sha256(p.reference::bytea), true, 'IT60',
    p.paid_on, p.currency, p.amount, p.reference, '', '', p.names, 'Payer ' || p.id, '', '',
    case when p.subscriber is null then 'open' else 'matched' end,
    case when p.subscriber is not null then 'number' end, '', 0, '{}'
  from payment p, file f where p.issuer = $1 and p.method = 'bank' order by p.id
  returning id, bank_reference
)
insert into bank_payment (issuer, cloud, bank_line, payment)
select $1, $1, l.id, p.id from lines l
join payment p on p.issuer = $1 and p.reference = l.bank_reference
"""
PAGE: Final = 52
"""Rows of a page, and two more: so many of everything a small cloud has."""


@dataclass(frozen=True, slots=True)
class Shares:
    """Which cameras and customers are special, so that there are pages of them in a small cloud.

    `of_one` cameras are the first customer's, and the customers up to number `idle` have none. Of
    the others every so many are what a name says: "suspended" 250 is one in 250.
    """

    a_subscriber: int
    of_one: int
    idle: int
    shift: int
    unowned: int
    without: int
    no_email: int
    suspended: int
    referred: int
    managed: int
    unmapped: int

    @classmethod
    def of(cls, cameras: int) -> Shares:
        """The shares of a cloud of so many cameras."""
        a_subscriber = max(1, min(world.CAMERAS_A_SUBSCRIBER, cameras // (2 * PAGE)))
        of_one = max(cameras // 10, min(90, cameras * 3 // 10))
        emptied = of_one // a_subscriber
        idle = max(emptied, PAGE)
        busy = (cameras - of_one) // a_subscriber
        camera = cameras // PAGE

        def every(share: int) -> int:
            return max(2, min(share, busy // PAGE))

        return cls(
            a_subscriber=a_subscriber,
            of_one=of_one,
            idle=idle,
            shift=idle - emptied,
            unowned=max(5, min(1000, camera)),
            without=max(5, min(100, camera)),
            no_email=every(100),
            suspended=every(250),
            referred=every(30),
            managed=every(10),
            unmapped=every(50),
        )


async def build(connection: asyncpg.Connection[asyncpg.Record], cameras: int) -> int:
    """Make the cloud in an empty, migrated database, as its owner; the cloud's row id.

    Its months are not closed yet: `close` does that, through the pool of the application.
    """
    shares = Shares.of(cameras)
    cloud = await world.build(
        connection, cameras, a_subscriber=shares.a_subscriber, idle=shares.shift
    )
    await connection.execute(_LIKE_LIFE.format(**asdict(shares), page=PAGE))
    await world.use(connection, cloud, RUNNING, (NOW.date() - RUNNING).days)
    await connection.execute("vacuum analyze")
    return cloud


async def close(connection: asyncpg.Connection[asyncpg.Record], cloud: int) -> None:
    """Close its months, estimate the running one, and let people in; the test clock stands."""
    facts = await tenancy.get_by_id(SYSTEM, cloud)
    await _invite(connection, facts)
    for month in MONTHS:
        begun = await start_close(
            SYSTEM,
            facts,
            Period.month(month),
            accept_gaps=True,
            now=CLOSED_AT,
            queue=NullQueue(),
        )
        await work_on_close(begun.id, clock=lambda: CLOSED_AT, queue=NullQueue())
        await real_use.keep(begun.id)
    await pay(connection, facts)
    await connection.execute("vacuum analyze")
    await estimate_cloud(cloud, now=NOW)
    await connection.execute("analyze estimate")
    await differences.keep_cloud(cloud, now=NOW)


async def pay(connection: asyncpg.Connection[asyncpg.Record], cloud: CloudFacts) -> None:
    """Let money come in and commissions be stated, when the months have been closed."""
    await connection.execute(_PAID, cloud.id, PAGE)
    few = max(PAGE, await connection.fetchval("select count(*) from subscriber") // 100)
    await connection.execute(_NOBODYS, cloud.id, few)
    await connection.execute(_RETURNED, cloud.id, few)
    await connection.execute(_FROM_THE_BANK, cloud.id, NOW)
    drafts = await statements.draft(SYSTEM, cloud, Period.month(world.MONTH), now=NOW)
    for one in drafts[1:]:
        await statements.approve(SYSTEM, cloud, one.title, now=NOW, queue=NullQueue())


async def _invite(connection: asyncpg.Connection[asyncpg.Record], facts: CloudFacts) -> None:
    async def invite(who: str, role: str, **of: object) -> int:
        return await invitations.create(
            SYSTEM,
            email=PEOPLE[who],
            role=role,
            password=WORDS,
            **of,  # type: ignore[arg-type]
        )

    await invite("platform", "administrator")
    await invite("cloud", "administrator", cloud=facts)
    manager = await invite("manager", "account-manager", cloud=facts)
    await invite("my", "subscriber", cloud=facts, subscriber=1)
    await invite("referral", "referral", cloud=facts, referral=AGENT)
    managed = Shares.of(await connection.fetchval("select count(*) from camera")).managed
    await connection.execute(_MANAGED, facts.id, manager, managed)
    await connection.execute("insert into test_clock (now) values ($1)", NOW)
