"""The audit log, its heads, who needs a second factor, and who is freed of theirs."""

from typing import Final

from portal.access import Permission
from portal.accounts.actions import second_factor
from portal.accounts.forms.audit import AuditQuery, Requirement
from portal.accounts.queries import audit, people, users
from portal.routes.api import answers
from portal.routes.api.accounts import (
    OF_CLOUD,
    USERS,
    User,
    person_in_path,
    user_answer,
    user_register,
)
from portal.routes.api.kit.endpoint import Call, Register
from portal.routes.api.kit.paging import cut
from portal.routes.api.kit.rows import answer

audit_register: Final = Register("Audit log")


@audit_register(
    "GET",
    "/audit",
    Permission.AUDIT_READ,
    summary="List audited deeds",
    answer=answers.Page[answers.Audited],
    query=AuditQuery,
    paged=True,
)
async def list_audit(call: Call, query: AuditQuery) -> answers.Page[answers.Audited]:
    """All that the key may see, the latest first.

    `object` is one ("camera gate") or a kind ("camera"), `action` one or a family ("sign-in"),
    `who` an id of a person or key, or a part of their name or address. A day in `to` is
    included, a time is not.
    """
    return await _page(call, None, query)


@audit_register(
    "GET",
    "/audit/head",
    Permission.AUDIT_READ,
    summary="Read the end of the platform's chain",
    answer=answers.AuditHead,
)
async def read_audit_head(call: Call) -> answers.AuditHead:
    """Keep it elsewhere: `camledger audit check --head` finds with it that a tail was cut off.

    With a cloud's key it is that cloud's.
    """
    found = (await audit.heads(call.actor))[0]
    return answer(answers.AuditHead, found)


@audit_register(
    "GET",
    "/clouds/{cloud}/audit",
    Permission.AUDIT_READ,
    summary="List a cloud's audited deeds",
    answer=answers.Page[answers.Audited],
    query=AuditQuery,
    paged=True,
)
async def list_cloud_audit(call: Call, query: AuditQuery) -> answers.Page[answers.Audited]:
    """Those of one cloud, the latest first."""
    return await _page(call, call.cloud, query)


@audit_register(
    "GET",
    "/clouds/{cloud}/audit/head",
    Permission.AUDIT_READ,
    summary="Read the end of a cloud's chain",
    answer=answers.AuditHead,
)
async def read_cloud_audit_head(call: Call) -> answers.AuditHead:
    """Keep it elsewhere, as the platform's."""
    found = await audit.head(call.actor, call.cloud)
    return answer(answers.AuditHead, found)


@audit_register(
    "GET",
    "/platform",
    Permission.STAFF_READ,
    summary="Read what the platform asks of its people",
    answer=answers.Platform,
)
async def read_platform(call: Call) -> answers.Platform:
    """Whether its people need a second factor."""
    return answers.Platform(await users.platform_requires(call.actor))


@audit_register(
    "PATCH",
    "/platform",
    Permission.STAFF_WRITE,
    summary="Require a second factor of the platform's people",
    answer=answers.Platform,
    form=Requirement,
)
async def change_platform(call: Call, form: Requirement) -> answers.Platform:
    """Who has none yet sets one up at the next page, and does nothing before."""
    await second_factor.set_requirement(call.actor, None, required=form.second_factor)
    return answers.Platform(form.second_factor)


@user_register(
    "POST", USERS + "/{id}/reset-second-factor", Permission.STAFF_WRITE,
    summary="Take the second factor off a person of the platform", answer=User,
    conflicts="it is oneself",
)  # fmt: skip
async def reset_staff_second_factor(call: Call) -> User:
    """For who has lost app and codes: the password alone signs in. Sessions end."""
    return await _reset_second_factor(call)


@user_register(
    "POST", OF_CLOUD + USERS + "/{id}/reset-second-factor", Permission.USERS_WRITE,
    summary="Take the second factor off a person of a cloud", answer=User,
    conflicts="it is oneself",
)  # fmt: skip
async def reset_second_factor(call: Call) -> User:
    """For who has lost app and codes: the password alone signs in. Sessions end."""
    return await _reset_second_factor(call)


async def _reset_second_factor(call: Call) -> User:
    person = await person_in_path(call)
    await second_factor.reset_second_factor(call.actor, person.id)
    return user_answer(await people.get(call.actor, person.id), None, call)


async def _page(
    call: Call, log: audit.Log | None, query: AuditQuery
) -> answers.Page[answers.Audited]:
    rows = await audit.list_page(
        call.actor,
        log,
        audit.Wanted(
            of=query.object,
            action=query.action,
            who=query.who,
            since=query.from_,
            until=query.to,
        ),
        before=call.after(int),
        limit=call.limit + 1,
    )
    page, following = cut(rows, call.limit, lambda row: row.id)
    return answers.Page([_audited(row) for row in page], following)


def _audited(row: audit.Entry) -> answers.Audited:
    person = None if row.user is None else answers.Who(str(row.user), row.user_email or "")
    key = None if row.key_id is None else answers.Who(row.key_id, row.key_name or "")
    return answer(answers.Audited, row, person=person, as_=None, key=key, number=row.seq)
