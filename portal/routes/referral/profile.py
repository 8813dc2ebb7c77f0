"""Where a referral is paid, what stands on its statements, and who signs in for it."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from litestar import Response, post
from litestar.plugins.htmx import HTMXRequest

from portal.accounts.actions.sign_in import check_password
from portal.accounts.actions.throttle import Blocked
from portal.customers.actions import referrals as actions
from portal.customers.forms.referral import Payout
from portal.customers.queries import referrals
from portal.errors import Invalid
from portal.kit.forms.boxes import parse_boxes, texts_of
from portal.routes.accounts.auth import Answer, slowed
from portal.routes.guards import person_of
from portal.routes.middleware.sent import texts
from portal.routes.middleware.sessions import SessionConfig, visit_of
from portal.routes.page import redirect
from portal.routes.reading import get, in_snapshot
from portal.routes.shared.accounts.own import WRITERS, Own, profile_page
from portal.values.fields import label_of
from portal.words import _

FIELDS: Final = ("payee", "iban", "bic", "address", "tax_number")


@get("/profile")
async def profile(request: HTMXRequest) -> Response[str]:
    """The page; what is one person's own is in their account."""
    return await _page(request, sent=None, errors={})


@post("/profile", guards=WRITERS, status_code=HTTPStatus.OK)
async def change_payout(request: HTMXRequest) -> Answer:
    """Keep where it is paid; a session that somebody else holds is not enough for that."""
    own, sent = await Own.of(request), await texts(request)
    try:
        payout = parse_boxes(Payout, sent)
        visit = visit_of(request, SessionConfig.of(request).clock())
        await check_password(own.actor, sent.get("password", ""), visit, "password")
        await actions.change_payout(own.actor, own.cloud, _code(own), payout)
    except Blocked as blocked:
        return slowed(
            await _page(request, sent=sent, errors={"password": blocked.message}), blocked
        )
    except Invalid as invalid:
        return await _page(request, sent=sent, errors=invalid.fields)
    return redirect(request, own.path, _("Your payout details are saved."))


@in_snapshot
async def _page(
    request: HTMXRequest, *, sent: Mapping[str, str] | None, errors: Mapping[str, str]
) -> Response[str]:
    own = await Own.of(request)
    row = await referrals.get(own.actor, own.cloud, _code(own))
    return await profile_page(
        request,
        own,
        "referral/profile.html",
        "payout",
        kept=texts_of(Payout, row, person_of(request).locale),
        sent=sent,
        errors=errors,
        row=row,
        account_name=row.name,
        operator=own.cloud.name,
        labels={name: label_of(name) for name in FIELDS},
    )


def _code(own: Own) -> str:
    """The code of the referral; only its people have this portal."""
    code = own.account.referral
    assert code is not None, "the portal's guard lets referrals in alone"
    return code


PROFILE: Final = (profile, change_payout)
