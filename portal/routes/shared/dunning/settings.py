"""Settings of reminders: the steps, when each comes, and what its e-mail says."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from litestar import Response, post
from litestar.plugins.htmx import HTMXRequest

from portal.access import Permission, can
from portal.billing.dunning.steps import Action, Step
from portal.books.actions.dunning import settings as actions
from portal.books.actions.dunning.letters import kind_of
from portal.books.forms.dunning import STEPS_MAX, PolicyBoxes
from portal.books.queries.dunning import policies, shown
from portal.books.queries.dunning.policies import USUAL, CloudPolicy
from portal.errors import Invalid
from portal.kit.forms.nested import (
    Intent,
    box_of,
    changed_rows,
    flat,
    intent_of,
    nested,
    parse_nested,
)
from portal.routes.accounts.auth import Answer
from portal.routes.guards import person_of, requires
from portal.routes.middleware.sent import texts
from portal.routes.page import form_page, redirect
from portal.routes.reading import get
from portal.routes.shared.books.send.said import SaidMail, reminder_of
from portal.routes.shared.dunning.words import ACTIONS, when_of
from portal.routes.shared.months import today_of
from portal.routes.shared.realm import Realm
from portal.values.amounts import currency_sign
from portal.values.mail.dunning import PLACEHOLDERS
from portal.values.typed import typed
from portal.words import _

READERS: Final = [requires(Permission.SETTINGS_READ)]
WRITERS: Final = [requires(Permission.DUNNING_WRITE)]
USUALLY: Final = "usual"
"""The button that puts the usual steps into the boxes, which saves nothing yet."""
BLANK: Final[Mapping[str, Any]] = {"days": "", "action": Action.REMIND.value, "text": ""}


@get("/settings/reminders", guards=READERS)
async def reminders(request: HTMXRequest) -> Response[str]:
    """The steps as they are."""
    realm = await Realm.of(request)
    policy = await policies.get(realm.actor, realm.of_cloud())
    return await _page(request, realm, _values(policy, person_of(request).locale), {})


@post("/settings/reminders", guards=WRITERS, status_code=HTTPStatus.OK)
async def change_reminders(request: HTMXRequest) -> Answer:
    """Store what its boxes hold; or add a step, take one away, or show what is sent."""
    realm, sent = await Realm.of(request), await texts(request)
    intent = intent_of(sent)
    values: dict[str, Any] = {
        "steps": nested(sent).get("steps", []),
        "minimum": sent.get("minimum", ""),
        "notice_days": sent.get("notice_days", ""),
        "stops_for_questions": "on" if sent.get("stops_for_questions") else "",
    }
    if intent.verb == USUALLY:
        values = _values(USUAL, person_of(request).locale)
    elif not intent.saves:
        if intent.verb != "add" or len(values["steps"]) < STEPS_MAX:
            values = changed_rows(values, intent, BLANK)
        return await _page(request, realm, values, {}, block=_block(intent))
    if intent.verb == USUALLY:
        return await _page(request, realm, values, {})
    try:
        form = _parsed(values)
        await actions.save(realm.actor, realm.of_cloud(), form.policy)
    except Invalid as invalid:
        # A paragraph of several is told where they stand: "steps[0].text[1]" is "steps[0].text".
        errors = {box_of(_whole(path)): told for path, told in invalid.fields.items()}
        return await _page(request, realm, values, errors)
    return redirect(request, realm.at("settings", "reminders"), _("The settings are saved."))


def _parsed(values: Mapping[str, Any]) -> PolicyBoxes:
    ticked = values["stops_for_questions"] or "false"
    return parse_nested(PolicyBoxes, {**values, "stops_for_questions": ticked}, {"steps": ()})


def _whole(path: str) -> str:
    head, text, _index = path.partition(".text[")
    return f"{head}.text" if text else path


def _block(intent: Intent) -> str:
    return "form" if intent.verb in {"add", "remove"} else "computed"


def _values(policy: CloudPolicy, locale: str) -> dict[str, Any]:
    return {
        "steps": [
            {
                "days": str(one.days),
                "action": one.action.value,
                "text": "\n".join(policy.texts.get(one, ())),
            }
            for one in policy.steps
        ],
        "minimum": typed(policy.minimum, locale),
        "notice_days": str(policy.notice_days),
        "stops_for_questions": "on" if policy.stops_for_questions else "",
    }


async def _page(
    request: HTMXRequest,
    realm: Realm,
    values: Mapping[str, Any],
    errors: Mapping[str, str],
    block: str = "form",
) -> Response[str]:
    cloud = realm.of_cloud()
    try:
        form: PolicyBoxes | None = _parsed(values)
    except Invalid:
        form = None
    return form_page(
        request,
        "shared/dunning/settings.html",
        block=block,
        realm=realm,
        values=flat(values),
        errors=errors,
        steps=values["steps"],
        actions=list(ACTIONS.items()),
        mails=await _mails(request, realm, form),
        never=[] if form is None else _never(form.policy.steps_in_order),
        placeholders=[(f"{{{name}}}", told) for name, told in PLACEHOLDERS.items()],
        sign=currency_sign(cloud.currency, person_of(request).locale),
        may_write=can(realm.actor, Permission.DUNNING_WRITE),
        has_server=request.app.state.post.is_set_up,
    )


async def _mails(
    request: HTMXRequest, realm: Realm, form: PolicyBoxes | None
) -> list[tuple[str, SaidMail]]:
    """Each e-mail as it would go out, with when it does; none while a box cannot be read."""
    found = []
    for one in () if form is None else form.steps:
        step = one.step
        if step.action.is_mail:
            said = await shown.sample_said(
                realm.actor, realm.of_cloud(), kind_of(step), one.text, today_of(request)
            )
            mail = reminder_of(said, kind_of(step), request.app.state.public_url)
            found.append((when_of(step), mail))
    return found


def _never(steps: tuple[Step, ...]) -> list[str]:
    """Suspensions that never come, since no warning comes before them."""
    warned = False
    found = []
    for step in steps:
        warned = warned or step.action is Action.WARN
        if step.action.is_suspension and not warned:
            found.append(ACTIONS[step.action])
    return found


SETTINGS: Final = (reminders, change_reminders)
