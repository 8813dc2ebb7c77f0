"""Sending mail: claimed, handed over, marked. Killed anywhere, it is tried again, for a day."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from asyncpg import Record

from portal import tables
from portal.access import SYSTEM
from portal.accounts.actions import sign_in_links
from portal.db import Transaction, atomic
from portal.kit.actions.rows import update
from portal.ports import Mail, MailNotSent
from portal.values import browsers, languages
from portal.values.mail import (
    ANSWER,
    ASKED_AGAIN,
    DIGEST,
    EMAIL,
    EMAIL_CHANGED,
    ITEMS,
    LINKED,
    LOOK,
    QUESTION,
    RESET,
    STATEMENT_APPROVED,
    STATEMENT_PAID,
    TEST,
    WEBHOOK_OFF,
    Letter,
    Reader,
)
from portal.values.mail.cards import CARD_ASKS, CARD_FAILED
from portal.words import told

log = structlog.get_logger()

Compose = Callable[[Transaction, Record, str], Awaitable[Letter | None]]
"""Makes the letter of a delivery's row below the public address; None where it says why none is."""

Told = Callable[[Transaction, Record, str, str], Awaitable[None]]
"""Keeps what became of a delivery's row: its state now ("sent", "waiting", "failed"), the error."""

CLAIMED_FOR: Final = timedelta(minutes=10)
"""After so long another worker takes over what one has begun: longer than any letter may take."""
BACK_OFF: Final = tuple(
    timedelta(minutes=minutes) for minutes in (1, 5, 10, 20, 24, 120, 180, 360, 720, 1440)
)
"""Before each further attempt, for 48 hours: who greylists lets a letter in after minutes."""
KEPT: Final = timedelta(days=365)


_GIVEN_UP: Final = """
update delivery set state = 'failed', error = 'given up: workers broke off while they sent it'
where state = 'sending' and due_at <= $1 and attempts > $2
"""


_CLAIM: Final = """
update delivery set state = 'sending', attempts = attempts + 1, due_at = $2
where id = (
  select d.id from delivery d
  where d.state in ('waiting', 'sending') and d.due_at <= $1 and {which}
  order by d.due_at, d.id limit 1 for update skip locked
) returning id
"""
_TO_PEOPLE: Final = _CLAIM.format(which="d.document is null and d.dunning_step is null")
# By lot among the clouds that have any: one that sends 100 000 keeps nobody else's waiting.
_IN_BULK: Final = _CLAIM.format(
    which="""(d.document is not null or d.dunning_step is not null) and d.cloud = (
    select c.id from cloud c where exists (
      select from delivery o where o.cloud = c.id
        and (o.document is not null or o.dunning_step is not null)
        and o.state in ('waiting', 'sending') and o.due_at <= $1)
    order by random() limit 1)"""
)


async def claim_next(now: datetime) -> int | None:
    """Claim the mail that is due for longest; its row id, None when none is.

    What people wait for, such as a link for a new password, goes before documents and reminders.
    """
    until = now + CLAIMED_FOR
    async with atomic(SYSTEM) as tx:
        await tx.execute(_GIVEN_UP, now, len(BACK_OFF))
        found = await tx.fetchval(_TO_PEOPLE, now, until)
        if found is None:
            found = await tx.fetchval(_IN_BULK, now, until)
    return None if found is None else int(found)


async def send(
    delivery: int,
    *,
    server: Mail,
    now: datetime,
    public_url: str,
    others: Mapping[str, Compose] | None = None,
    told: Mapping[str, Told] | None = None,
) -> bool:
    """Send a mail that was claimed; whether it is sent. No transaction is open meanwhile.

    `others` make the letters of kinds that are not about people, such as documents; `told` are the
    kinds of which something else keeps what became of them.
    """
    async with atomic(SYSTEM) as tx:
        row = await tx.fetchrow(_FACTS, delivery)
        if row is None:
            return False
        compose = (others or {}).get(row["kind"])
        letter = await (
            _letter(tx, row, now, public_url) if compose is None else compose(tx, row, public_url)
        )
    if letter is None:
        return False
    try:
        await server.send(letter)
    except MailNotSent as refused:
        await _mark_failed(row, refused, now, (told or {}).get(row["kind"]))
        log.warning("A mail was not taken", delivery=delivery, why=refused.reason)
        return False
    async with atomic(SYSTEM) as tx:
        taken = [*row["taken"], letter.reader.address, *letter.reader.others]
        sent = {"state": "sent", "sent_at": now, "error": "", "taken": taken}
        await update(tx, tables.Delivery, delivery, sent)
        if keep := (told or {}).get(row["kind"]):
            await keep(tx, row, "sent", "")
    log.info("Mail sent", delivery=delivery)
    return True


async def _mark_failed(
    sent: Record, refused: MailNotSent, now: datetime, keep: Told | None
) -> None:
    delivery = sent["id"]
    async with atomic(SYSTEM) as tx:
        row = await tx.fetchrow("select attempts, taken from delivery where id = $1", delivery)
        assert row is not None, "what was claimed stays"
        attempts = row["attempts"]
        is_over = refused.is_final or attempts > len(BACK_OFF)
        taken = [*row["taken"], *refused.taken]
        after: dict[str, Any] = {"state": "failed", "error": refused.reason, "taken": taken}
        if not is_over:
            after |= {"state": "waiting", "due_at": now + BACK_OFF[attempts - 1]}
        await update(tx, tables.Delivery, delivery, after)
        if keep is not None:
            await keep(tx, sent, after["state"], refused.reason)


_FACTS: Final = """
select d.*, u.name, u.email, u.role, u.active, u.has_password, u.language, u.locale as own_locale,
       u.zone as own_zone, u.cloud as users_cloud,
       coalesce(c.name, p.name) as place, c.slug, coalesce(c.locale, 'en') as locale,
       coalesce(c.timezone, p.timezone) as zone,
       coalesce(nullif(c.reply_to, ''), c.email, p.email) as reply_to,
       coalesce(c.colour, p.colour) as colour
from delivery d left join portal_user u on u.id = d.user_id
left join cloud c on c.id = coalesce(u.cloud, d.cloud) cross join platform p
where d.id = $1
"""
_ASKER: Final = """
select u.id, u.cloud, u.has_password from portal_user u where u.email = $1 and u.active
"""


_TAKEN: Final = "select exists (select from portal_user where email = $1)"


async def _letter(tx: Transaction, row: Record, now: datetime, public_url: str) -> Letter | None:
    """The letter of a claimed mail; None where it is worth nothing any more, which is marked."""
    delivery = row["id"]
    if row["kind"] == RESET and row["link"] is None:
        if not await _find_asker(tx, row, now):
            # Nobody has that address, and no trace of it stays.
            await tx.execute("delete from delivery where id = $1", delivery)
            return None
        found = await tx.fetchrow(_FACTS, delivery)
        assert found is not None, "it was there a moment ago"
        row = found
    if row["user_id"] is not None and not row["active"]:
        await _drop(tx, row, "the person is blocked")
        return None
    if row["kind"] == EMAIL and await tx.fetchval(_TAKEN, row["recipient"]):
        await _drop(tx, row, "somebody else signs in with this address")
        return None
    facts = dict(row["facts"])
    path = _path(row)
    if row["kind"] in LINKED:
        link = await sign_in_links.sibling(tx, row["link"], now)
        if link is None:
            await _drop(tx, row, "its link was used, replaced or has expired")
            return None
        path = f"{sign_in_links.PATHS[link.kind]}/{link.token}"
        facts["until"] = link.expires_at.isoformat()
        by = await _made_by(tx, row["link"])
        facts |= {"inviter": by, "by": by}
    reader = reader_of(row)
    letter = Letter(
        name=name_of(row),
        kind=row["kind"],
        facts={**_common(row), **facts},
        reader=reader,
        link=f"{public_url}{path}",
        items=tuple((told(text), f"{public_url}{href}") for text, href in facts.get(ITEMS, ())),
    )
    await update(tx, tables.Delivery, delivery, {"subject": letter.subject})
    return letter


async def _find_asker(tx: Transaction, row: Record, now: datetime) -> bool:
    """Whether somebody has the address that a new password was asked for; the mail is theirs."""
    person = await tx.fetchrow(_ASKER, row["recipient"])
    if person is None:
        return False
    link = await sign_in_links.make(tx, person["id"], RESET, now=now, cloud=person["cloud"])
    found = {"user_id": person["id"], "cloud": person["cloud"], "link": link.id}
    await update(tx, tables.Delivery, row["id"], found)
    return True


async def _made_by(tx: Transaction, link: int) -> str:
    return str(
        await tx.fetchval(
            "select coalesce(u.name, '') from sign_in_link l"
            " left join portal_user u on u.id = l.made_by where l.id = $1",
            link,
        )
    )


async def _drop(tx: Transaction, row: Record, why: str) -> None:
    await update(tx, tables.Delivery, row["id"], {"state": "dropped", "error": why})


def _common(row: Record) -> dict[str, Any]:
    """What the sentences of every kind may say."""
    agent = row["facts"].get("agent")
    return {
        "name": row["name"] or row["recipient"],
        "email": row["email"] or row["recipient"],
        "role": row["role"] or "",
        "place": row["place"],
        **({} if agent is None else {"device": browsers.device_of(agent)}),
    }


def name_of(row: Record) -> str:
    """What tells a mail from every other; the same whenever it is sent again."""
    return f"{row['id']}.{row['created_at']:%Y%m%d%H%M%S}"


def reader_of(row: Record) -> Reader:
    """How the mail is written: by what the person chose, else by the cloud."""
    return Reader(
        address=row["recipient"],
        locale=languages.spoken_in(row["own_locale"] or row["locale"], row["language"]),
        zone=row["own_zone"] or row["zone"],
        place=row["place"],
        reply_to=row["reply_to"] or "",
        colour=row["colour"],
    )


# What a mail is about, by its facts: "2026-10-01" is the page of "2026-10".
_PAGES: Final = {
    QUESTION: "/cloud/questions/{question}",
    ANSWER: "/my/questions/{question}",
    STATEMENT_APPROVED: "/referral/statements/{number}",
    STATEMENT_PAID: "/referral/statements/{number}",
    LOOK: "/cloud/periods/{month:.7}",
    WEBHOOK_OFF: "/cloud",
    CARD_FAILED: "/my/invoices/{number}",
    CARD_ASKS: "/my/invoices/{number}",
}


def _path(row: Record) -> str:
    """Where the button leads: through the sign-in page of whose mail it is."""
    sign_in = f"/login/{row['slug']}" if row["slug"] else "/login"
    if row["kind"] == ASKED_AGAIN:
        portal = "/system" if row["users_cloud"] is None else "/cloud"
        cloud = f"?cloud={row['slug']}" if portal == "/system" and row["slug"] else ""
        return f"{sign_in}?next={portal}/people/{row['facts']['about']}{cloud}"
    if row["kind"] in {EMAIL_CHANGED, TEST}:
        return sign_in
    if row["kind"] in _PAGES:
        return f"{sign_in}?next={_PAGES[row['kind']].format(**row['facts'])}"
    if row["kind"] == DIGEST:
        return f"{sign_in}?next={'/system' if row['users_cloud'] is None else '/cloud'}"
    return f"{sign_in}?next=/account"


async def purge(now: datetime) -> int:
    """Delete mails that were written a year ago, and links that are over for a month.

    Those of documents and reminders stay: they say that each was sent, and keep it from being sent
    again.
    """
    async with atomic(SYSTEM) as tx:
        gone = await tx.fetch(
            "delete from delivery where created_at < $1 and document is null"
            " and dunning_step is null returning 1",
            now - KEPT,
        )
        links = await tx.fetch(
            "delete from sign_in_link where expires_at < $1 returning 1", now - sign_in_links.KEPT
        )
    return len(gone) + len(links)
