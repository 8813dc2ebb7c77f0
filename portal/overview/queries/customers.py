"""The customers of a cloud as a list: what each has, owes and leaves, read for one page alone.

Which customers there are comes from indexes, page by page; what is said of each is looked up for
those of the page. So a cloud of 100 000 subscribers is listed as quickly as one of 100.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from portal.access import Actor, Permission, can, shows
from portal.billing.period import local_date
from portal.db import Transaction, snapshot
from portal.kit.queries import pages, words, zones
from portal.kit.queries.pages import Part, Sorts, known, looked_at
from portal.kit.queries.tenancy import CloudFacts
from portal.kit.queries.words import Hits

COUNTED_MAX: Final = 10_000
"""Up to so many are counted; of more it is said that they are more."""
LOOKED_AT_MAX: Final = 1_000
"""The same where each has to be looked at: which text it has, what it owes, what it is on."""
TOTALS_MAX: Final = 500
"""Up to so many are summed below the list."""
STATES: Final = ("active", "no_cameras", "suspended", "overdue", "loses", "no_email")


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Which customers to list; None is all.

    `text` is the beginning of a word of a name, of a number, an e-mail address or a tax number;
    `account_manager` an address,
    `referral` and `tariff` codes, `state` one of STATES.
    """

    text: str | None = None
    account_manager: str | None = None
    referral: str | None = None
    tariff: str | None = None
    state: str | None = None

    @property
    def looks(self) -> bool:
        """Whether each customer has to be looked at to know if it fits."""
        return bool(self.text or self.account_manager or self.tariff or self.state)


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerRow:
    """One customer. Amounts are minor units of `currency`.

    `cameras` are subscribed today, on `tariffs` (code and name). `last_invoice` is a number.
    `open` is what is left to pay of all documents, `overdue` whether some of it is late. `margin`
    is that of the last closed month, None where that is not known or not this actor's to know; so
    is `access`: signed_in, invited or none.
    """

    number: int
    name: str
    email: str
    suspended: bool
    cameras: int
    tariffs: tuple[tuple[str, str], ...]
    account_manager: str
    referral: str
    last_invoice: str
    last_total: int | None
    open: int
    overdue: bool
    margin: int | None
    access: str | None
    currency: str

    @property
    def state(self) -> str:
        """In one word: suspended, active, or no_cameras."""
        if self.suspended:
            return "suspended"
        return "active" if self.cameras else "no_cameras"


@dataclass(frozen=True, slots=True)
class Sums:
    """Of all that match: cameras, what is open, and the margin of the last closed month."""

    cameras: int
    open: int
    margin: int | None


@dataclass(frozen=True, slots=True)
class Customers:
    """A page, how many match, and their sums.

    With `is_more` there are more than `total`; `sums` is None where they are too many to be summed.
    `month` is the last closed one.
    """

    rows: Sequence[CustomerRow]
    total: int
    is_more: bool
    sums: Sums | None
    month: date | None


_RUNNING: Final = (
    "x.cloud = s.cloud and x.subscriber = s.id"
    " and x.starts_on <= {today} and (x.ends_on is null or x.ends_on > {today})"
)
# By a value and no `exists`, which is one lookup a customer: it never becomes a join of all.
_HAS_CAMERAS: Final = f"(select true from subscription x where {_RUNNING} limit 1)"  # noqa: S608
_UNREACHABLE: Final = (
    "s.id in (select t.id from subscriber_terms t where t.cloud = {cloud} and t.unreachable)"
)
_STATE: Final = {
    "active": f"not s.suspended and {_HAS_CAMERAS}",
    # Whose last subscription is over; where the next has not begun, each is looked at.
    "no_cameras": "(s.served_until <= {today} or s.id = any(array("  # noqa: S608 - ours
    "select f.subscriber from subscription f where f.cloud = {cloud} and f.starts_on > {today}"
    f" and {_HAS_CAMERAS.replace('s.', 'f.').replace('f.id', 'f.subscriber')} is null)))",
    "suspended": "s.suspended",
    "overdue": "s.id in (select t.id from subscriber_terms t"
    " where t.cloud = {cloud} and t.owes_from < {today})",
    "loses": "s.id in (select m.subscriber from subscriber_month m where m.cloud = {cloud}"
    " and m.period = {period} and m.revenue - m.cost - m.commission < 0)",
    "unreachable": f"{_UNREACHABLE} and {_HAS_CAMERAS}",
    "to_check": "s.brought_at is not null and s.checked_at is null",
    "no_email": "s.id in (select t.id from subscriber_terms t"
    " where t.cloud = {cloud} and t.email = '')",
}
# The same of one customer, for a list that many are on.
_IS_OVERDUE: Final = (
    "(select t.owes_from from subscriber_terms t where t.id = s.id limit 1) < {today}"
)
_OF_CLOUD: Final = "from subscriber s where s.cloud = {cloud}"
_MANAGED: Final = (
    "s.id in (select t.id from subscriber_terms t where t.cloud = {cloud} and t.account_manager ="
    " (select a.id from colleague a where a.cloud = {cloud} and a.email = {value}))"
)
_BROUGHT: Final = (
    "s.referral = (select r.id from referral_name r where r.cloud = {cloud} and r.code = {value})"
)
_TARIFF: Final = "(select f.id from tariff f where f.cloud = {cloud} and f.code = {value})"
_ON_TARIFF: Final = _HAS_CAMERAS.replace(" limit 1", f" and x.tariff = {_TARIFF} limit 1")
_NUMBERS: Final = "select s.number {which} order by s.number limit {limit}"
_SORTS: Final = Sorts({"number": "s.number", "name": "lower(s.name)"}, tie="s.number")
_LAST_MONTH: Final = """
select id, starts_on from period where cloud = $1 and state = 'closed'
order by starts_on desc limit 1
"""
# A view that hides rows is read whole by a join; looked up one by one, by its key.
_FACTS: Final = """
select s.number, s.name, s.suspended, coalesce(t.email, '') as email,
       coalesce(nullif(a.name, ''), a.email, '') as account_manager,
       coalesce(r.code, '') as referral, c.cameras, c.codes, c.names,
       coalesce(l.number, '') as last_invoice, l.total as last_total,
       coalesce(o.left, 0)::bigint as open, coalesce(o.overdue, false) as overdue,
       m.margin, p.access
from unnest($2::bigint[]) with ordinality as one(id, place)
join subscriber s on s.cloud = $1 and s.id = one.id
left join lateral (
  select t.email, t.account_manager from subscriber_terms t where t.id = one.id limit 1
) t on true
left join lateral (
  select a.name, a.email from colleague a where a.id = t.account_manager limit 1
) a on true
left join referral_name r on r.id = s.referral
cross join lateral (
  select count(distinct x.camera)::int as cameras,
         array_agg(distinct f.code order by f.code) as codes,
         array_agg(distinct f.code || ' ' || f.name order by f.code || ' ' || f.name) as names
  from subscription x join tariff f on f.id = x.tariff
  where x.cloud = $1 and x.subscriber = one.id
    and x.starts_on <= $3 and (x.ends_on is null or x.ends_on > $3)
) c
left join lateral (
  select i.number, i.total from invoice i
  where i.cloud = $1 and i.subscriber = one.id and i.side = 'retail' and i.type = 'invoice'
  order by i.id desc limit 1
) l on true
left join lateral (
  select sum(b.left) as left, bool_or(b.overdue) as overdue
  from invoice i join document_balance b on b.cloud = i.cloud and b.invoice = i.id
  where i.cloud = $1 and i.subscriber = one.id and i.side = 'retail'
) o on true
left join lateral (
  select m.revenue - m.cost - m.commission as margin from subscriber_month m
  where m.cloud = $1 and m.period = $4 and m.subscriber = one.id
) m on true
left join lateral (
  select case when bool_or(u.has_password) then 'signed_in' when count(*) > 0 then 'invited'
              else 'none' end as access
  from portal_user u where u.cloud = $1 and u.subscriber = one.id and u.active
) p on true
order by one.place
"""
_SUMS: Final = """
select (select count(distinct x.camera)::int from subscription x
        where x.cloud = $1 and x.subscriber = any($2::bigint[])
          and x.starts_on <= $3 and (x.ends_on is null or x.ends_on > $3)) as cameras,
       (select coalesce(sum(b.left), 0)::bigint
        from invoice i join document_balance b on b.cloud = i.cloud and b.invoice = i.id
        where i.cloud = $1 and i.subscriber = any($2::bigint[]) and i.side = 'retail') as open,
       (select sum(m.revenue - m.cost - m.commission)::bigint from subscriber_month m
        where m.cloud = $1 and m.period = $4 and m.subscriber = any($2::bigint[])) as margin
"""


@dataclass(frozen=True, slots=True)
class _Chosen:
    """The conditions of a list as SQL with its arguments, and what is looked up beside them.

    `each` says them so that one customer after the other is asked; `hits` is what a text finds.
    """

    which: str
    each: str
    arguments: tuple[Any, ...]
    today: date
    period: int | None
    month: date | None
    hits: Hits | None

    def facts(self, cloud: int, ids: Sequence[int]) -> tuple[Any, ...]:
        return cloud, ids, self.today, self.period


async def list_page(
    actor: Actor,
    cloud: CloudFacts,
    filters: Filters,
    *,
    now: datetime,
    sort: str = "name",
    offset: int = 0,
    limit: int = 50,
    counted: int | None = None,
) -> Customers:
    """A page of a cloud's customers, those whom the actor sees.

    `sort` is name or number, with "-" in front for downwards. Up to `counted` are counted; unless
    that is said, COUNTED_MAX, or LOOKED_AT_MAX where a filter looks at each of them.
    """
    if counted is None:
        counted = LOOKED_AT_MAX if filters.looks else COUNTED_MAX
    async with snapshot(actor) as tx:
        chosen = await _chosen(tx, cloud, filters, now, counted)
        order, part = _SORTS.order_by(sort), Part(offset, limit, counted)
        if chosen.hits is not None and filters == Filters(text=filters.text):
            found = await pages.chosen(tx, "subscriber s", chosen.hits, order, part)
        elif filters.looks:
            of = chosen.arguments
            found = await looked_at(tx, chosen.which, of, order, part, each=chosen.each)
        else:
            found = await known(tx, chosen.which, chosen.arguments, order, part)
        listed = await tx.fetch(_FACTS, *chosen.facts(cloud.id, found.page))
        sums = None
        if not found.is_more and found.total <= TOTALS_MAX:
            all_ids = found.ids if len(found.ids) == found.total else await _ids(tx, chosen)
            row = await tx.fetchrow(_SUMS, *chosen.facts(cloud.id, all_ids))
            assert row is not None, "sums are always one row"
            sums = Sums(**row)
    row_of = _reader(actor, cloud)
    rows = [row_of(row) for row in listed]
    return Customers(rows, found.total, found.is_more, sums, chosen.month)


async def numbers(
    actor: Actor, cloud: CloudFacts, filters: Filters, *, now: datetime, limit: int
) -> list[int]:
    """The numbers of the customers that match, by number, `limit` at most."""
    async with snapshot(actor) as tx:
        chosen = await _chosen(tx, cloud, filters, now, limit)
        rows = await tx.fetch(
            _NUMBERS.format(which=chosen.which, limit=int(limit)),
            *chosen.arguments,
        )
    return [row["number"] for row in rows]


@dataclass(frozen=True, slots=True)
class Contact:
    """Whom an invitation would go to; `has_people` where somebody may sign in, or was invited."""

    number: int
    name: str
    email: str
    has_people: bool


_CONTACTS: Final = """
select s.number, s.name, coalesce(t.email, '') as email,
       exists (select from portal_user u where u.cloud = s.cloud and u.subscriber = s.id)
         as has_people
from subscriber s left join subscriber_terms t on t.id = s.id
where s.cloud = $1 and s.number = any($2::bigint[]) order by s.number
"""


async def contacts(actor: Actor, cloud: CloudFacts, wanted: Sequence[int]) -> list[Contact]:
    """How customers are reached, by number; those that are not there are left out."""
    async with snapshot(actor) as tx:
        rows = await tx.fetch(_CONTACTS, cloud.id, list(wanted))
    return [Contact(**row) for row in rows]


_ALIKE: Final = """
select s.number, s.name, coalesce(t.email, '') as email,
       exists (select from portal_user u where u.cloud = s.cloud and u.subscriber = s.id)
         as has_people
from subscriber s join subscriber_terms t on t.id = s.id
where s.cloud = $1 and ($2 <> '' and t.email = $2 or $3 <> '' and t.tax_number = $3)
order by s.number limit 5
"""


async def alike(actor: Actor, cloud: CloudFacts, email: str, tax_number: str) -> list[Contact]:
    """Customers with the same e-mail address or tax number, five at most; "" is like nobody's."""
    async with snapshot(actor) as tx:
        rows = await tx.fetch(_ALIKE, cloud.id, email, tax_number)
    return [Contact(**row) for row in rows]


async def _ids(tx: Transaction, chosen: _Chosen) -> list[int]:
    rows = await tx.fetch(f"select s.id {chosen.which}", *chosen.arguments)
    return [row["id"] for row in rows]


async def _chosen(
    tx: Transaction, cloud: CloudFacts, filters: Filters, now: datetime, most: int
) -> _Chosen:
    """Only the conditions that are asked for: each has a plan of its own."""
    await zones.tell_todays(tx, now)
    last = await tx.fetchrow(_LAST_MONTH, cloud.id)
    today = local_date(now, cloud.timezone)
    period = None if last is None else last["id"]
    arguments: list[Any] = [cloud.id]

    def place(value: Any, kind: str) -> str:
        arguments.append(value)
        return f"${len(arguments)}::{kind}"

    named = {"cloud": "$1"}
    conditions = [_OF_CLOUD]
    if hits := await words.find(tx, words.SUBSCRIBERS, cloud.id, filters.text, most):
        of = {"text": place(filters.text, "text"), "ids": place(hits.ids, "bigint[]")}
        conditions.append(hits.condition(words.SUBSCRIBERS, cloud="$1", row="s.id", **of))
    for condition, wanted in (
        (_MANAGED, filters.account_manager),
        (_BROUGHT, filters.referral),
        (_ON_TARIFF, filters.tariff),
    ):
        if wanted:
            conditions.append(condition.replace("{value}", place(wanted, "text")))
    conditions += [_STATE[filters.state]] if filters.state in _STATE else []
    which = " and ".join(conditions)
    if "{today}" in which:
        named["today"] = place(today, "date")
    if "{period}" in which:
        named["period"] = place(period, "bigint")
    each = which.replace(_STATE["overdue"], _IS_OVERDUE).format(**named)
    month = None if last is None else last["starts_on"]
    return _Chosen(which.format(**named), each, tuple(arguments), today, period, month, hits)


def _reader(actor: Actor, cloud: CloudFacts) -> Callable[[Any], CustomerRow]:
    """A row as the actor may know it."""
    margins, people = shows(actor, "sales", "margin"), can(actor, Permission.USERS_READ)

    def read(row: Any) -> CustomerRow:
        facts = dict(row)
        codes, names = facts.pop("codes") or (), facts.pop("names") or ()
        facts["tariffs"] = tuple(
            (code, name.removeprefix(f"{code} ")) for code, name in zip(codes, names, strict=True)
        )
        facts["margin"] = facts["margin"] if margins else None
        facts["access"] = facts["access"] if people else None
        return CustomerRow(**facts, currency=cloud.currency)

    return read
