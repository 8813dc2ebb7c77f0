"""Looking at a portal as somebody else sees it."""

from __future__ import annotations

from piccolo.columns import Text, Varchar
from piccolo.constraints import Check
from piccolo.table import Table

from portal.tables import columns as col


class ViewAs(Table, tablename="view_as"):
    """Who (`user_id`) looks, in which session, as whom, why, and until when.

    `viewed_user` is None where nobody in particular is looked as: an operator, a subscriber. Of a
    session the last one counts; it is ended by its `ends_at`.
    """

    id = col.key()
    cloud = col.pointer()
    user_id = col.pointer()
    session = col.pointer()
    role = Varchar(length=32)
    viewed_user = col.pointer(null=True)
    subscriber = col.pointer(null=True)
    referral = col.pointer(null=True)
    name = Text()
    reason = Varchar(length=300)
    started_at = col.moment()
    ends_at = col.moment()
    view_as_role_known = Check(
        "role in ('cloud-administrator', 'account-manager', 'cloud-accountant', 'subscriber',"
        " 'referral')"
    )
    view_as_subscriber = Check("(role = 'subscriber') = (subscriber is not null)")
    view_as_referral = Check("(role = 'referral') = (referral is not null)")
    view_as_short = Check("ends_at <= started_at + interval '1 hour'")
