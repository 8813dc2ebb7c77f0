"""Taking on subscribers and changing them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, Final

from portal import tables
from portal.access import Actor, Permission, Role
from portal.customers.forms.master import EXEMPT, STANDARD, settled, settled_tax, with_postal
from portal.customers.forms.subscriber import NewSubscriber, SubscriberChange
from portal.customers.queries import subscribers
from portal.customers.queries.subscribers import Subscriber
from portal.db import Transaction, atomic
from portal.errors import Conflict, Forbidden, Invalid
from portal.kit.actions import audit, events
from portal.kit.actions.locks import lock_sums
from portal.kit.actions.permit import require
from portal.kit.actions.rows import insert, update
from portal.kit.forms.form import differing, values_of
from portal.kit.queries.tenancy import CloudFacts
from portal.values.webhooks import EventType
from portal.words import _

LINKS: Final = ("referral", "account_manager", "wanted_tariff")
"""Fields that name a row elsewhere."""


async def create(
    actor: Actor, cloud: CloudFacts, new: NewSubscriber, *, key: str | None = None
) -> Subscriber:
    """Take on a subscriber; an account manager becomes its account manager.

    `key` says which form made it: no other subscriber of the cloud has the same.

    Raises `Invalid` for an unknown referral or account manager, `Conflict` for a number taken.
    """
    async with atomic(actor) as tx:
        require(actor, Permission.SUBSCRIBERS_WRITE)
        links = await _links(tx, actor, cloud.id, {name: getattr(new, name) for name in LINKS})
        if actor.role is Role.ACCOUNT_MANAGER:
            links["account_manager"] = actor.user
        number = await next_number(tx, cloud.id, new.number)
        ids = {"cloud": cloud.id, "number": number}
        new = with_postal(new)
        columns = {**values_of(new), **_tax_of(new), **ids, **links, "form_key": key}
        made = await insert(tx, tables.Subscriber, columns, unless_there=True)
        if made is None:
            raise Conflict(
                _("There is a subscriber %(number)s already.") % {"number": number},
                {"number": _("is taken")},
            )
        subscriber = await subscribers.get_in(tx, cloud.id, number)
        await audit.record(
            tx,
            actor,
            "subscriber.create",
            f"subscriber {number}",
            cloud=cloud.id,
            after=subscriber,
        )
        read = partial(subscribers.get_in, tx, cloud.id, number)
        events.note(tx, cloud.id, EventType.SUBSCRIBER_CREATED, facts=read)
        return subscriber


async def change(
    actor: Actor, cloud: CloudFacts, number: int, change: SubscriberChange
) -> Subscriber:
    """Change what was sent of a subscriber. Raises as `create` does."""
    async with atomic(actor) as tx:
        seen = await subscribers.get_in(tx, cloud.id, number)
        require(actor, Permission.SUBSCRIBERS_WRITE)
        if "account_manager" in differing(change, seen):
            await lock_sums(tx, cloud.id)
        before = await subscribers.get_in(tx, cloud.id, number, lock=True)
        change = with_postal(change)
        wanted = differing(change, before)
        wanted = settled_tax(settled(wanted, before), before.tax_category)
        if not wanted:
            return before
        links = await _links(tx, actor, cloud.id, wanted)
        columns = {name: links.get(name, value) for name, value in wanted.items()}
        await update(tx, tables.Subscriber, before.id, columns)
        after = await subscribers.get_in(tx, cloud.id, number)
        await audit.record_change(
            tx,
            actor,
            "subscriber.change",
            f"subscriber {number}",
            cloud=cloud.id,
            before=before,
            after=after,
            fields=wanted,
        )
        return after


def _tax_of(new: NewSubscriber) -> dict[str, object]:
    """How a new one is taxed: by its category, or, where it names none, by its exemption."""
    category = EXEMPT if new.tax_exempt and new.tax_category == STANDARD else new.tax_category
    return {"tax_category": category, "tax_exempt": category != STANDARD}


_HANDED_OVER: Final = """
with before as (
  select s.id, s.number, u.email from subscriber s
  join subscriber_terms t on t.id = s.id left join colleague u on u.id = t.account_manager
  where s.cloud = $1 and s.number = any($2::bigint[]) and t.account_manager is distinct from $3
  order by s.id
)
update subscriber s set account_manager = $3 from before b where s.id = b.id
returning b.number, b.email
"""


async def assign(
    actor: Actor, cloud: CloudFacts, numbers: Sequence[int], account_manager: str | None
) -> int:
    """Give subscribers to an account manager, or to nobody; how many were another's before.

    All or none. Raises `Invalid` for one who is none, `Forbidden` for whoever may not hand over.
    """
    async with atomic(actor) as tx:
        require(actor, Permission.USERS_WRITE)
        links = await _links(tx, actor, cloud.id, {"account_manager": account_manager})
        await lock_sums(tx, cloud.id)
        rows = await tx.fetch(_HANDED_OVER, cloud.id, list(numbers), links["account_manager"])
        for row in sorted(rows, key=lambda one: int(one["number"])):
            await audit.record(
                tx,
                actor,
                "subscriber.change",
                f"subscriber {row['number']}",
                cloud=cloud.id,
                before={"account_manager": row["email"]},
                after={"account_manager": account_manager},
            )
    return len(rows)


_OF_MANAGER: Final = """
select s.number from subscriber s join subscriber_terms t on t.id = s.id
where s.cloud = $1 and t.account_manager = $2 order by s.number for no key update of s
"""


async def hand_over(actor: Actor, cloud: CloudFacts, leaving: int, account_manager: str) -> int:
    """Give all subscribers of one account manager (a row id) to another; how many there were.

    All or none. Raises as `assign` does.
    """
    async with atomic(actor) as tx:
        require(actor, Permission.USERS_WRITE)
        await lock_sums(tx, cloud.id)
        rows = await tx.fetch(_OF_MANAGER, cloud.id, leaving)
        return await assign(actor, cloud, [row["number"] for row in rows], account_manager)


async def next_number(tx: Transaction, cloud: int, wish: int | None) -> int:
    """The number wished for, or the next; until the transaction ends nobody else is given one."""
    await tx.execute(
        "select pg_advisory_xact_lock(hashtextextended('subscriber numbers of ' || $1::bigint, 0))",
        cloud,
    )
    if wish is not None:
        return wish
    # A function of the owner's: an account manager does not see the others' numbers.
    number: int | None = await tx.fetchval("select next_subscriber_number($1)", cloud)
    if number is None:
        raise Conflict(_("All numbers of subscribers are taken."), {"number": _("none is left")})
    return number


async def _links(
    tx: Transaction, actor: Actor, cloud: int, wanted: dict[str, Any]
) -> dict[str, int | None]:
    """Ids of the referral, account manager and tariff that `wanted` names. Raises `Invalid`."""
    found: dict[str, int | None] = {}
    problems = {}
    if "referral" in wanted:
        code = wanted["referral"]
        found["referral"] = await tx.fetchval(
            "select id from referral_name where cloud = $1 and code = $2", cloud, code
        )
        if code is not None and found["referral"] is None:
            problems["referral"] = _("there is no referral %(code)r") % {"code": code}
    if "wanted_tariff" in wanted:
        code = wanted["wanted_tariff"]
        found["wanted_tariff"] = await tx.fetchval(
            "select id from tariff where cloud = $1 and code = $2", cloud, code
        )
        if code is not None and found["wanted_tariff"] is None:
            problems["wanted_tariff"] = _("there is no tariff %(code)r") % {"code": code}
    if "account_manager" in wanted:
        email = wanted["account_manager"]
        found["account_manager"] = await tx.fetchval(
            "select id from colleague where cloud = $1 and email = $2 and active"
            " and role in ('account-manager', 'cloud-administrator')",
            cloud,
            email,
        )
        _check_account_manager(actor, email, found["account_manager"])
        if email is not None and found["account_manager"] is None:
            problems["account_manager"] = _("%(email)r is not an account manager of this cloud") % {
                "email": email
            }
    if problems:
        raise Invalid(problems)
    return found


def _check_account_manager(actor: Actor, email: str | None, user: int | None) -> None:
    """An account manager's subscribers are its own; only others hand them over."""
    if actor.role is not Role.ACCOUNT_MANAGER:
        return
    if actor.user is None:
        raise Forbidden(_("This key belongs to no account manager, so it can have no subscribers."))
    if email is not None and user != actor.user:
        raise Forbidden(_("An account manager's subscribers are its own: it cannot name another."))
