"""People and keys that sign in, and their sessions."""

from __future__ import annotations

from piccolo.columns import (
    Array,
    BigInt,
    Boolean,
    Bytea,
    Date,
    Integer,
    Secret,
    Text,
    Varchar,
)
from piccolo.columns.defaults import DateNow
from piccolo.constraints import Check, Unique
from piccolo.table import Table

from portal.tables import columns as col


class PortalUser(Table, tablename="portal_user"):
    """A person. `email` is in its normal form (`portal.values.address`).

    `cloud`, `subscriber` and `referral` say whose person it is.
    They are plain ids: clouds name their manager here, so foreign keys both ways would be a circle.
    Without a password, somebody is invited: a `SignInLink` leads to choosing one. Without a
    `language`, `locale` and `zone` the cloud's hold. `shortcuts` are the keys of the pages,
    `digest` is the one mail a day that may be switched off, `digested_on` the day for which it was
    looked at last; whoever is new begins with the day after. `checklists_hidden` are the checklists
    of the first hour that they have put away: ids of clouds, 0 is the platform's.
    """

    id = col.key()
    email = Varchar(length=254)
    name = Text()
    password = Secret(length=255, null=True, default=None)
    has_password = Boolean(default=False)  # the database's own: password is not null
    password_before = Secret(length=255, null=True, default=None)  # a trigger's: what a reset took
    role = Varchar(length=32)
    cloud = col.pointer(null=True)
    subscriber = col.pointer(null=True)
    referral = col.pointer(null=True)
    active = Boolean(default=True)
    theme = Varchar(length=8, default="auto")
    language = Varchar(length=16, null=True, default=None)
    zone = Varchar(length=64, null=True, default=None)
    locale = Varchar(length=16, null=True, default=None)
    shortcuts = Boolean(default=True)
    digest = Boolean(default=True)
    digested_on = Date(default=DateNow())
    checklists_hidden = Array(base_column=BigInt(), default=list)
    totp = Bytea(null=True, default=None, secret=True)
    has_totp = Boolean(default=False)  # the database's own, as has_password
    totp_step = BigInt(null=True, default=None, secret=True)
    created_at = col.moment(now=True)
    signed_in_at = col.moment(null=True)
    portal_user_email_normal = Check("email !~ '[[:space:]A-Z]' and email !~ '\\.$'")
    portal_user_role_known = Check(
        "role in ('administrator', 'accountant', 'manager', 'cloud-administrator',"
        " 'account-manager', 'cloud-accountant', 'subscriber', 'referral')"
    )
    portal_user_belongs = Check(
        "(cloud is null) = (role in ('administrator', 'accountant', 'manager'))"
        " and (subscriber is not null) = (role = 'subscriber')"
        " and (referral is not null) = (role = 'referral')"
    )


class RecoveryCode(Table, tablename="recovery_code"):
    """A code for whoever has lost their authenticator app: its sha256."""

    id = col.key()
    user_id = BigInt(default=None)
    code_hash = Varchar(length=64, secret=True)
    used_at = col.moment(null=True)
    recovery_code_once = Unique([user_id, code_hash])


class UserSession(Table, tablename="user_session"):
    """A signed-in browser. `key_hash` is the sha256 of the cookie; the cookie is not kept.

    One that `awaits_code` opens nothing but the page that asks for the second factor.
    """

    id = col.key()
    key_hash = Varchar(length=64, unique=True, secret=True)
    user_id = col.pointer(null=True)
    data = Bytea(secret=True)
    awaits_code = Boolean(default=False)
    address = Varchar(length=64, default="")
    agent = Varchar(length=300, default="")
    created_at = col.moment(now=True)
    seen_at = col.moment(now=True)
    expires_at = col.moment()


class SignInAttempt(Table, tablename="sign_in_attempt"):
    """A failed sign-in, counted for a while to slow guessing down."""

    id = col.key()
    subject = Varchar(length=300)
    at = col.moment(now=True)


class ApiKey(Table, tablename="api_key"):
    """A key of an operator's own system. Only the sha256 of its secret is kept."""

    id = col.key()
    public_id = Varchar(length=16, unique=True)
    secret_hash = Varchar(length=64, secret=True)
    name = Text()
    role = Varchar(length=32)
    scopes = Array(base_column=Text(), null=True, default=None)
    cloud = col.pointer(null=True)
    user_id = col.pointer(null=True)
    created_at = col.moment(now=True)
    used_at = col.moment(null=True)
    expires_at = col.moment(null=True)
    revoked_at = col.moment(null=True)
    api_key_role_known = Check(
        "role in ('administrator', 'accountant', 'manager', 'cloud-administrator',"
        " 'account-manager', 'cloud-accountant')"
    )
    api_key_belongs = Check(
        "(cloud is null) = (role in ('administrator', 'accountant', 'manager'))"
    )


class IdempotentAnswer(Table, tablename="idempotent_answer"):
    """The answer to a POST, kept so that the same request again does nothing."""

    id = col.key()
    api_key = BigInt()
    path = Text()
    key = Varchar(length=255)
    body_hash = Varchar(length=64, secret=True)
    status = Integer(null=True, default=None)
    body = Text(null=True, default=None, secret=True)
    running_until = col.moment(null=True)
    created_at = col.moment(now=True)
    idempotent_answer_once = Unique([api_key, path, key])
