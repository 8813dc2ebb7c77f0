"""The platform's clouds as a list: what each buys and owes, and who looks after it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from portal.access import Actor
from portal.billing.period import Period
from portal.db import snapshot
from portal.kit.queries import zones
from portal.overview.queries import system_dashboard
from portal.overview.queries.attention import Need
from portal.overview.queries.system_dashboard import CloudLine, Due
from portal.watcher.queries import connection_health
from portal.watcher.queries.connection_health import UNCONNECTED, Health

STATES: Final = ("active", "setting_up", "attention", "suspended")
_WORST_FIRST: Final = ("failed", "unread", "running", "complete", UNCONNECTED)
_HUNDRED: Final = Decimal(100)
_TENTH: Final = Decimal("0.1")


@dataclass(frozen=True, slots=True)
class CloudRow:
    """A cloud with its `line` of figures, in minor units of its currency.

    `watcher` is the worst state of its connections, `discount_percent` what it is granted, `open`
    what is left of its invoices and `late` the overdue part of that. `waits` says that something of
    it is under "Needs you".
    """

    line: CloudLine
    manager: str | None
    is_mine: bool
    suspended: bool
    discount_percent: Decimal
    watcher: str
    open: int
    late: int
    waits: bool

    @property
    def currency(self) -> str:
        """The cloud's."""
        return self.line.currency

    @property
    def before(self) -> int | None:
        """Wholesale of the month before the last one; None where nothing was invoiced."""
        return self.line.months.get(Period.of(self.line.ended).previous().start)

    @property
    def change_percent(self) -> Decimal | None:
        """How much more the last month was than the one before, to a tenth; None unless known."""
        if self.line.last is None or not self.before:
            return None
        return ((self.line.last - self.before) * _HUNDRED / self.before).quantize(_TENTH)

    @property
    def state(self) -> str:
        """One of `STATES`: what there is to know first."""
        if self.suspended:
            return "suspended"
        if self.watcher == "failed" or self.line.trouble or self.late:
            return "attention"
        if not self.line.cameras and not self.line.months:
            return "setting_up"
        return "attention" if self.waits else "active"


@dataclass(frozen=True, slots=True)
class CloudList:
    """Every cloud that the actor sees, by name, and what they owe by currency."""

    rows: Sequence[CloudRow]
    due: Sequence[Due]


_TERMS: Final = """
select c.slug, u.email as manager, coalesce(c.manager = $1, false) as is_mine, c.suspended,
       coalesce(t.wholesale_discount_percent, 0) as discount_percent,
       coalesce(b.left, 0)::bigint as open, coalesce(b.late, 0)::bigint as late
from cloud c
left join colleague u on u.id = c.manager
left join cloud_terms t on t.id = c.id
left join (
  select cloud, sum(d.left) as left, sum(d.left) filter (where d.overdue) as late
  from document_balance d where d.issuer = 0 and d.left > 0 group by cloud
) b on b.cloud = c.id
"""


async def get(actor: Actor, needs: Sequence[Need], *, now: datetime) -> CloudList:
    """All of it; `needs` is what waits for the actor on the platform."""
    async with snapshot(actor) as tx:
        home = await system_dashboard.get_overview(actor, now=now)
        watchers = _worst(await connection_health.of_clouds(actor))
        await zones.tell_todays(tx, now)
        terms = {row["slug"]: dict(row) for row in await tx.fetch(_TERMS, actor.user)}
    waiting = {need.cloud for need in needs}
    found = []
    for line in home.clouds:
        facts = terms[line.slug]
        del facts["slug"]
        watcher = watchers.get(line.slug, UNCONNECTED)
        found.append(CloudRow(line=line, watcher=watcher, waits=line.slug in waiting, **facts))
    return CloudList(found, home.due)


def _worst(health: Sequence[Health]) -> dict[str, str]:
    """The worst state of each cloud's connections."""
    states: dict[str, set[str]] = defaultdict(set)
    for one in health:
        states[one.cloud].add(one.state)
    return {
        cloud: next((state for state in _WORST_FIRST if state in of), UNCONNECTED)
        for cloud, of in states.items()
    }
