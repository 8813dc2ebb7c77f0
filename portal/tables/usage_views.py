"""Usage as the actor sees it: whole rows for whoever sees all of a cloud's, masked for the others.

A camera may serve two customers in one month, and a row of usage holds all of its days. So the
table is read by those alone who see all usage of a cloud; `served_usage` shows account managers,
subscribers and referrals the same rows with the days that are not theirs left out, and sums of
what is left. Example: a camera moves from Sue to Bob on the 16th. Sue's row has `d01` to `d15`,
Bob's `d16` to `d31`.
"""

from __future__ import annotations

from typing import Final

from portal.tables import usage_days
from portal.tables.audiences import here, is_role
from portal.tables.usage_days import DAYS

IN_PART: Final = ("account-manager", "subscriber", "referral")
"""The roles that see a camera's usage on some days only."""

# A view runs with the owner's rights, so whose customers they are is said in full.
_OWN: Final = (
    f"select (select app_subscriber()) as id where {is_role('subscriber')}"
    " union all select x.id from subscriber x"
    f" where {is_role('account-manager')} and x.cloud = (select app_cloud())"
    " and x.account_manager = (select app_user())"
    " union all select x.id from subscriber x"
    f" where {is_role('referral')} and x.cloud = (select app_cloud())"
    " and x.referral = (select app_referral())"
)
_SPAN: Final = usage_days.span("s.starts_on", "s.ends_on", "u.month")
# Days on which a camera of one's customers served nobody are their account manager's to know. `in`
# is asked for as a value, so that it is one look into a table of hashes and no join.
_MASK: Final = f"""
  select coalesce(bit_or({_SPAN}) filter (where s.is_own), 0)
    | case when (
        select c.subscriber in (select id from own) from camera c
        where {is_role("account-manager")} and c.cloud = u.cloud and c.id = u.camera)
      then ~coalesce(bit_or({_SPAN}) filter (where not s.is_own), 0) else 0 end as mask
  from (
    select p.starts_on, p.ends_on, p.subscriber in (select id from own) as is_own
    from subscription p where p.cloud = u.cloud and p.camera = u.camera
  ) s
"""
_SEEN: Final = usage_days.within("k.mask")
SERVED_USAGE: Final = f"""
with own as materialized ({_OWN})
select u.cloud, u.month, u.camera, u.meter,
       {", ".join(f"{seen} as {day}" for seen, day in zip(_SEEN, DAYS, strict=True))},
       case when u.days & ~k.mask = 0 then u.total else {usage_days.total(_SEEN)} end as total,
       case when u.days & ~k.mask = 0 then u.peak else {usage_days.peak(_SEEN)} end as peak,
       u.days & k.mask as days
from usage u cross join lateral ({_MASK}) k
where {is_role(*IN_PART)} and {here("u.cloud")} and u.days & k.mask <> 0
"""

_COLUMNS: Final = ", ".join(("cloud", "month", "camera", "meter", *DAYS))
# For single cameras and single days; one of the two is not even looked at, the role says which.
USAGE_DAY: Final = f"""
select u.cloud, u.month, u.camera, u.meter, d.day, d.quantity
from (
  select {_COLUMNS} from usage where {{worker}} or not {is_role(*IN_PART)}
  union all
  select {_COLUMNS} from served_usage where not {{worker}}
) u cross join lateral {usage_days.unrolled()} d
"""
