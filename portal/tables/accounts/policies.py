"""Policies of accounts: people, their ways in, their mail, sessions, keys."""

from __future__ import annotations

from typing import Final

from portal.access import Permission
from portal.tables.audiences import here, is_role
from portal.tables.policy import Columns, Policy, Refusal

_PEOPLE: Final = (Permission.STAFF_WRITE, Permission.USERS_WRITE)
_OF_THEIR_CLOUD: Final = (
    "exists (select from portal_user u where u.id = sign_in_link.user_id"
    " and u.cloud is not distinct from sign_in_link.cloud)"
)
# What the database generates, it has not generated yet when a row is looked at beforehand.
_NOT_COMPARED: Final = "'{active,has_password,has_totp}'::text[]"
# Whoever signs in for a subscriber or a referral manages those who do so beside them.
_OWNED: Final = f"{is_role('subscriber', 'referral')} and {here()}"
_BESIDE: Final = (
    f"{_OWNED} and role = (select app_role())"
    " and subscriber is not distinct from (select app_subscriber())"
    " and referral is not distinct from (select app_referral())"
)
# A referral invites agents, too, with whoever signs in for them; what becomes of those is theirs.
_INVITED: Final = (
    f"{is_role('referral')} and {here()} and role = 'referral'"
    " and referral in (select invited_agents())"
)
_OF_THOSE_BESIDE: Final = (
    f"{is_role('subscriber', 'referral')} and user_id in (select u.id from portal_user u"
    " where u.subscriber is not distinct from (select app_subscriber())"
    " and u.referral is not distinct from (select app_referral()))"
)
_OF_THOSE_SEEN: Final = f"{_OWNED} and user_id in (select u.id from portal_user u)"
_IN_BULK: Final = "(document is not null or dunning_step is not null)"
# Mail of documents is for those who see the documents, and written by those who send them.
_OF_OWN_DOCUMENTS: Final = (
    f"{is_role('account-manager')} and {here()} and document is not null and exists"
    " (select from invoice i where i.cloud = delivery.cloud and i.id = delivery.document)"
)
_DOCUMENTS_SENT: Final = (
    f"{is_role('accountant')} and {_IN_BULK}",
    f"{is_role('cloud-accountant')} and {here()} and {_IN_BULK}",
    _OF_OWN_DOCUMENTS,
)
_DOCUMENTS_SEEN: Final = (
    *_DOCUMENTS_SENT,
    f"{is_role('manager')} and {_IN_BULK} and cloud in (select c.id from cloud c)",
)
# A credential of somebody else's is taken away, never given: it would be known to two.
_GIVEN: Final = " or ".join(
    f"new.{name} is not null and new.{name} is distinct from old.{name}"
    for name in ("password", "totp", "totp_step")
)

POLICIES: Final = (
    Policy(
        "portal_user",
        ("administrator", "cloud administrator", "oneself", "doorkeeper", _BESIDE, _INVITED),
        insert=(*_PEOPLE, _BESIDE, _INVITED),
        update=(
            Columns(_PEOPLE, ("role",)),
            Columns((*_PEOPLE, _BESIDE), ("active",)),
            Columns(
                ("oneself", "doorkeeper", *_PEOPLE),
                ("password", "totp", "totp_step"),
            ),
            Columns(
                ("oneself",),
                (
                    *("name", "email", "theme", "language", "locale", "zone"),
                    *("shortcuts", "digest", "signed_in_at", "checklists_hidden"),
                ),
            ),
        ),
        hidden=(*("password", "password_before", "totp", "totp_step"),),
        refused=(
            Refusal(
                "(new.role, new.active) is distinct from (old.role, old.active)"
                " and old.id = app_user()",
                "nobody changes their own role, or blocks themselves",
            ),
            Refusal(
                f"({_GIVEN}) and app_role() <> 'doorkeeper' and old.id is distinct from app_user()",
                "nobody gives somebody else a password or a second factor",
            ),
            Refusal(
                "app_role() in ('subscriber', 'referral') and old.id is distinct from app_user()"
                f" and to_jsonb(new) - {_NOT_COMPARED}"
                f" is distinct from to_jsonb(old) - {_NOT_COMPARED}",
                "of those beside oneself only the access is ended",
            ),
        ),
        refused_new=(
            Refusal(
                "num_nonnulls(new.password, new.password_before, new.totp) > 0",
                "a person begins without a password",
            ),
        ),
    ),
    Policy(
        "user_session",
        ("own session", "people's sessions", "doorkeeper", _OF_THOSE_BESIDE),
        insert=("own session", "doorkeeper"),
        update=(
            Columns(
                ("own session", "doorkeeper"),
                ("key_hash", "data", "address", "agent", "seen_at", "expires_at"),
            ),
        ),
        delete=("own session", "people's sessions", "doorkeeper", _OF_THOSE_BESIDE),
        hidden=("key_hash", "data"),
    ),
    Policy(
        "recovery_code",
        ("own session", "people's sessions"),
        insert=("own session",),
        update=(Columns(("own session",), ("used_at",)),),
        delete=("own session", "people's sessions"),
    ),
    Policy("sign_in_attempt", ("doorkeeper",), insert=("doorkeeper",), delete=("doorkeeper",)),
    Policy(
        "api_key",
        ("administrator", "cloud administrator", "doorkeeper"),
        insert=_PEOPLE,
        update=(Columns(_PEOPLE, ("revoked_at",)), Columns(("doorkeeper",), ("used_at",))),
        hidden=("secret_hash",),
    ),
    Policy(
        "idempotent_answer",
        ("own key",),
        insert=("own key",),
        update=(Columns(("own key",), ("body_hash", "status", "body", "running_until")),),
    ),
    # A link is found by its token, by the doorkeeper alone.
    Policy(
        "sign_in_link",
        ("administrator", "cloud administrator", "own session", "doorkeeper", _OF_THOSE_SEEN),
        insert=(*_PEOPLE, "own session", "doorkeeper", _OF_THOSE_SEEN),
        update=(
            Columns((*_PEOPLE, "own session", "doorkeeper", _OF_THOSE_BESIDE), ("state",)),
            Columns(("doorkeeper",), ("asked_at",)),
        ),
        hidden=("token_hash",),
        added_if=_OF_THEIR_CLOUD,
    ),
    Policy(
        "delivery",
        (
            *("administrator", "cloud administrator", "own session", "doorkeeper"),
            *(_OF_THOSE_SEEN, *_DOCUMENTS_SEEN),
        ),
        insert=(*_PEOPLE, "own session", "doorkeeper", _OF_THOSE_SEEN, *_DOCUMENTS_SENT),
        update=(
            Columns((*_PEOPLE, *_DOCUMENTS_SENT), ("state", "due_at", "attempts", "error")),
            Columns((*_PEOPLE, *_DOCUMENTS_SENT), ("recipient", "recipients", "sent_at")),
        ),
        refused=(
            Refusal(
                "num_nonnulls(new.document, new.dunning_step) = 0"
                " and (new.recipient, new.recipients, new.sent_at)"
                " is distinct from (old.recipient, old.recipients, old.sent_at)",
                "who a mail is to is settled when it is written",
            ),
        ),
        hidden=("facts",),
    ),
    # Nobody looks at a cloud that they do not see themselves.
    Policy(
        "view_as",
        ("own session", "doorkeeper"),
        insert=("own session",),
        update=(Columns(("own session",), ("ends_at",)),),
        added_if="cloud in (select c.id from cloud c)",
    ),
    Policy("kept_form", ("doorkeeper",), insert=("doorkeeper",), delete=("doorkeeper",)),
    Policy("sent_form", ("own session",), insert=("own session",)),
)
