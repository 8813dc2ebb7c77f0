"""Ways in that are used once, and what was typed when a session had ended."""

from __future__ import annotations

from piccolo.columns import Bytea, Varchar
from piccolo.constraints import Check, Unique
from piccolo.table import Table

from portal.tables import columns as col


class SignInLink(Table, tablename="sign_in_link"):
    """A link of a person's: to their first password, to another one, or to another `email`.

    `token_hash` is the sha256 of what stands in the address. `made_by` is who invited, None for a
    command, a key or oneself. `asked_at` is when the person asked for another one.
    """

    id = col.key()
    cloud = col.pointer(null=True)
    user_id = col.pointer()
    kind = Varchar(length=16)
    token_hash = Varchar(length=64, unique=True, secret=True)
    email = Varchar(length=254, null=True, default=None)
    made_by = col.pointer(null=True)
    state = Varchar(length=16, default="open")
    made_at = col.moment(now=True)
    expires_at = col.moment()
    asked_at = col.moment(null=True)
    sign_in_link_kind_known = Check("kind in ('invitation', 'reset', 'email')")
    sign_in_link_state_known = Check("state in ('open', 'used', 'replaced')")
    sign_in_link_email = Check("(email is not null) = (kind = 'email')")


class KeptForm(Table, tablename="kept_form"):
    """What somebody typed into a form, encrypted; only the browser that sent it gets it back."""

    id = col.key()
    token_hash = Varchar(length=64, unique=True, secret=True)
    browser_hash = Varchar(length=64, secret=True)
    data = Bytea(secret=True)
    expires_at = col.moment()


class SentForm(Table, tablename="sent_form"):
    """The key of a form that somebody has sent and whose deed is done, in the same transaction."""

    id = col.key()
    user_id = col.pointer()
    key = Varchar(length=64)
    sent_at = col.moment(now=True)
    sent_form_once = Unique(["user_id", "key"])
