"""Who may come in: people and API keys, of the platform or of one cloud."""

from datetime import datetime
from typing import Any, Final, Literal

from msgspec import UNSET, Struct, UnsetType

from portal.access import Permission
from portal.accounts.actions import api_keys as key_actions
from portal.accounts.actions import invitations
from portal.accounts.actions import users as user_actions
from portal.accounts.actions.sign_in_links import Link
from portal.accounts.forms.api_key import NewKey, NewPlatformKey
from portal.accounts.forms.user import NewStaff, NewUser, StaffChange, UserChange
from portal.accounts.queries import api_keys, people
from portal.accounts.queries.api_keys import KeyRow
from portal.accounts.queries.people import PersonRow
from portal.customers.actions.subscribers import hand_over
from portal.customers.forms.subscriber import HandOver
from portal.routes.api.answers import Page, Secret
from portal.routes.api.kit.endpoint import Call, Register
from portal.routes.api.kit.paging import cut
from portal.routes.api.kit.rows import answer

key_register: Final = Register("API keys")
user_register: Final = Register("People")
KEYS: Final = "/api-keys"
USERS: Final = "/users"
OF_CLOUD: Final = "/clouds/{cloud}"


class ApiKey(Struct, frozen=True):
    """A key. `id` is the part of it that may be known; `key` is all of it, once."""

    id: str
    name: str
    role: str
    cloud: str | None
    user: str | None
    scopes: list[str] | None
    state: Literal["active", "expired", "revoked", "blocked"]
    created_at: datetime
    used_at: datetime | None
    expires_at: datetime | None
    revoked_at: datetime | None
    key: Secret | UnsetType = UNSET


class User(Struct, frozen=True):
    """Somebody who signs in; `invited` while they have chosen no password, until `invited_until`.

    `second_factor` is whether they sign in with a code, too.
    """

    id: int
    email: str
    name: str
    role: str
    cloud: str | None
    active: bool
    invited: bool
    invited_until: datetime | None
    subscriber: int | None
    referral: str | None
    clouds: list[str]
    created_at: datetime
    signed_in_at: datetime | None
    second_factor: bool
    link: Secret | UnsetType = UNSET
    link_expires_at: datetime | UnsetType = UNSET


class SignInLink(Struct, frozen=True):
    """Where the person chooses a password, once; `link` is there where no mail brings it."""

    link_expires_at: datetime
    link: Secret | UnsetType = UNSET


class Ended(Struct, frozen=True):
    """How many sessions there were."""

    ended: int


class HandedOver(Struct, frozen=True):
    """How many subscribers have another account manager."""

    subscribers: int


@key_register(
    "GET", KEYS, Permission.STAFF_READ, summary="List the platform's keys", answer=Page[ApiKey],
    paged=True,
)  # fmt: skip
async def list_platform_keys(call: Call) -> Page[ApiKey]:
    """Oldest first, those that are over too. Never their secrets."""
    return await _list_keys(call)


@key_register(
    "GET", OF_CLOUD + KEYS, Permission.USERS_READ, summary="List a cloud's keys",
    answer=Page[ApiKey], paged=True,
)  # fmt: skip
async def list_keys(call: Call) -> Page[ApiKey]:
    """Oldest first, those that are over too. Never their secrets."""
    return await _list_keys(call)


async def _list_keys(call: Call) -> Page[ApiKey]:
    rows = await api_keys.list_page(
        call.actor, call.found, after=call.after(int) or 0, limit=call.limit + 1
    )
    page, following = cut(rows, call.limit, lambda row: row.row)
    return Page([_key(row, call.now) for row in page], following)


@key_register(
    "POST", KEYS, Permission.STAFF_WRITE, summary="Make a key of the platform", answer=ApiKey,
    form=NewPlatformKey, status=201, conflicts="there are too many keys", secrets=("key",),
)  # fmt: skip
async def create_platform_key(call: Call, form: NewPlatformKey) -> ApiKey:
    """The key itself is in this answer only. It cannot do more than whoever makes it."""
    return await _create_key(call, form)


@key_register(
    "POST", OF_CLOUD + KEYS, Permission.USERS_WRITE, summary="Make a key of a cloud",
    answer=ApiKey, form=NewKey, status=201, conflicts="there are too many keys", secrets=("key",),
)  # fmt: skip
async def create_key(call: Call, form: NewKey) -> ApiKey:
    """The key itself is in this answer only. It cannot do more than whoever makes it."""
    return await _create_key(call, form)


async def _create_key(call: Call, form: NewPlatformKey | NewKey) -> ApiKey:
    made = await key_actions.create(
        call.actor,
        name=form.name,
        role=form.role,
        cloud=call.found,
        user_email=form.user,
        scopes=form.scopes,
        expires_at=form.expires_at,
        now=call.now,
    )
    row = await api_keys.get(call.actor, key_actions.public_id_of(made))
    return _key(row, call.now, made)


@key_register(
    "POST", KEYS + "/{id}/revoke", Permission.STAFF_WRITE, summary="Revoke a key of the platform",
    answer=ApiKey,
)  # fmt: skip
async def revoke_platform_key(call: Call) -> ApiKey:
    """It answers 401 from now on. A key may revoke itself."""
    return await _revoke(call)


@key_register(
    "POST", OF_CLOUD + KEYS + "/{id}/revoke", Permission.USERS_WRITE,
    summary="Revoke a key of a cloud", answer=ApiKey,
)  # fmt: skip
async def revoke_key(call: Call) -> ApiKey:
    """It answers 401 from now on. A key may revoke itself."""
    return await _revoke(call)


async def _revoke(call: Call) -> ApiKey:
    found = await api_keys.get_of(call.actor, call.path.get("cloud"), call.path["id"])
    return _key(await key_actions.revoke(call.actor, found.public_id, now=call.now), call.now)


def _key(row: KeyRow, now: datetime, key: str | UnsetType = UNSET) -> ApiKey:
    return answer(
        ApiKey, row, id=row.public_id, role=row.role_in_words, state=row.state(now), key=key
    )


@user_register(
    "GET", USERS, Permission.STAFF_READ, summary="List the platform's people", answer=Page[User],
    paged=True,
)  # fmt: skip
async def list_staff(call: Call) -> Page[User]:
    """In the order in which they were added."""
    return await _list_users(call)


@user_register(
    "GET", OF_CLOUD + USERS, Permission.USERS_READ, summary="List a cloud's people",
    answer=Page[User], paged=True,
)  # fmt: skip
async def list_users(call: Call) -> Page[User]:
    """In the order in which they were added: its own, its subscribers' and its referrals'."""
    return await _list_users(call)


async def _list_users(call: Call) -> Page[User]:
    rows = await people.list_page(
        call.actor, call.found, after=call.after(int) or 0, limit=call.limit + 1
    )
    page, following = cut(rows, call.limit, lambda row: row.id)
    return Page([user_answer(row, None, call) for row in page], following)


@user_register(
    "POST", USERS, Permission.STAFF_WRITE, summary="Invite a person of the platform", answer=User,
    form=NewStaff, status=201, conflicts="the address is taken", secrets=("link",),
)  # fmt: skip
async def create_staff(call: Call, form: NewStaff) -> User:
    """The invitation goes by mail. Without a mail server `link` is in this answer only."""
    row, link = await invitations.invite(
        call.actor,
        email=form.email,
        role=form.role,
        name=form.name,
        clouds=form.clouds,
        now=call.context.machine_clock(),
        post=call.context.post,
    )
    return user_answer(row, link, call)


@user_register(
    "POST", OF_CLOUD + USERS, Permission.USERS_WRITE, summary="Invite a person of a cloud",
    answer=User, form=NewUser, status=201, conflicts="the address is taken", secrets=("link",),
)  # fmt: skip
async def create_user(call: Call, form: NewUser) -> User:
    """The invitation goes by mail. Without a mail server `link` is in this answer only."""
    row, link = await invitations.invite(
        call.actor,
        email=form.email,
        role=form.role,
        name=form.name,
        cloud=call.cloud,
        subscriber=form.subscriber,
        referral=form.referral,
        now=call.context.machine_clock(),
        post=call.context.post,
    )
    return user_answer(row, link, call)


@user_register(
    "PATCH", USERS + "/{id}", Permission.STAFF_WRITE, summary="Change a person of the platform",
    answer=User, form=StaffChange,
    conflicts="it is oneself, or the last administrator who can sign in",
)  # fmt: skip
async def change_staff(call: Call, form: StaffChange) -> User:
    """At once: `active` false ends their sessions and their keys. `clouds` are a manager's."""
    person = await person_in_path(call)
    changed = await user_actions.change(
        call.actor, person.id, role=form.role, active=form.active, clouds=form.clouds
    )
    return user_answer(changed, None, call)


@user_register(
    "PATCH", OF_CLOUD + USERS + "/{id}", Permission.USERS_WRITE,
    summary="Change a person of a cloud", answer=User, form=UserChange,
    conflicts="it is oneself, or the cloud's last administrator who can sign in",
)  # fmt: skip
async def change_user(call: Call, form: UserChange) -> User:
    """At once: `active` false ends their sessions and their keys."""
    person = await person_in_path(call)
    changed = await user_actions.change(call.actor, person.id, role=form.role, active=form.active)
    return user_answer(changed, None, call)


@user_register(
    "POST", USERS + "/{id}/reset-password", Permission.STAFF_WRITE,
    summary="Reset a password of the platform's people", answer=SignInLink, secrets=("link",),
    conflicts="it is oneself, the last administrator who can sign in, or somebody who is blocked",
)  # fmt: skip
async def reset_staff_password(call: Call) -> SignInLink:
    """The password is worthless, sessions end. A link for an hour goes by mail, or is answered."""
    return await _reset(call)


@user_register(
    "POST", OF_CLOUD + USERS + "/{id}/reset-password", Permission.USERS_WRITE,
    summary="Reset a password of a cloud's people", answer=SignInLink, secrets=("link",),
    conflicts="it is oneself, the last administrator who can sign in, or somebody who is blocked",
)  # fmt: skip
async def reset_password(call: Call) -> SignInLink:
    """The password is worthless, sessions end. A link for an hour goes by mail, or is answered."""
    return await _reset(call)


async def _reset(call: Call) -> SignInLink:
    person, now = await person_in_path(call), call.context.machine_clock()
    link = await user_actions.reset_password(call.actor, person.id, now=now, post=call.context.post)
    return _link(link, call)


@user_register(
    "POST", USERS + "/{id}/resend-invitation", Permission.STAFF_WRITE,
    summary="Invite a person of the platform again", answer=SignInLink, secrets=("link",),
    conflicts="the person has a password, or is blocked",
)  # fmt: skip
async def resend_staff_invitation(call: Call) -> SignInLink:
    """Another link, for a week, by mail or answered; the one before is worthless."""
    return await _resend(call)


@user_register(
    "POST", OF_CLOUD + USERS + "/{id}/resend-invitation", Permission.USERS_WRITE,
    summary="Invite a person of a cloud again", answer=SignInLink, secrets=("link",),
    conflicts="the person has a password, or is blocked",
)  # fmt: skip
async def resend_invitation(call: Call) -> SignInLink:
    """Another link, for a week, by mail or answered; the one before is worthless."""
    return await _resend(call)


async def _resend(call: Call) -> SignInLink:
    person, now = await person_in_path(call), call.context.machine_clock()
    link = await invitations.resend_invitation(
        call.actor, person.id, now=now, post=call.context.post
    )
    return _link(link, call)


@user_register(
    "POST", USERS + "/{id}/end-sessions", Permission.STAFF_WRITE,
    summary="Sign a person of the platform out", answer=Ended,
)  # fmt: skip
async def end_staff_sessions(call: Call) -> Ended:
    """In every browser."""
    return await _end(call)


@user_register(
    "POST", OF_CLOUD + USERS + "/{id}/end-sessions", Permission.USERS_WRITE,
    summary="Sign a person of a cloud out", answer=Ended,
)  # fmt: skip
async def end_sessions(call: Call) -> Ended:
    """In every browser."""
    return await _end(call)


async def _end(call: Call) -> Ended:
    return Ended(await user_actions.end_sessions(call.actor, (await person_in_path(call)).id))


@user_register(
    "POST", OF_CLOUD + USERS + "/{id}/hand-over", Permission.USERS_WRITE,
    summary="Hand the subscribers of an account manager over", answer=HandedOver, form=HandOver,
)  # fmt: skip
async def hand_over_subscribers(call: Call, form: HandOver) -> HandedOver:
    """All of them, or none, to another account manager of the cloud; again there are none."""
    person = await person_in_path(call)
    return HandedOver(await hand_over(call.actor, call.cloud, person.id, form.account_manager))


async def person_in_path(call: Call) -> PersonRow:
    """The person of the path, where the path says they belong. Raises `NotFound`."""
    return await people.get_of(call.actor, call.path.get("cloud"), call.number("id"))


def _link(link: Link, call: Call) -> SignInLink:
    return SignInLink(link.expires_at, _address(link, call))


def _address(link: Link, call: Call) -> str | UnsetType:
    """The link itself, where no mail brings it."""
    return UNSET if link.mailed else link.address(call.context.public_url)


def invitation_of(link: Link | None, call: Call) -> dict[str, Any]:
    """What an answer says of an invitation that was made with it, if one was."""
    if link is None:
        return {"link": UNSET, "link_expires_at": UNSET}
    return {"link": _address(link, call), "link_expires_at": link.expires_at}


def user_answer(row: PersonRow, link: Link | None, call: Call) -> User:
    """A person as the API shows them, with the link where one was made."""
    return answer(User, row, role=row.role_in_words, **invitation_of(link, call))
