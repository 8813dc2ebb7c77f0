"""Reminders and graded suspension: a cloud's steps, and how far a customer is."""

from datetime import date, datetime
from typing import Final, Literal

from msgspec import Struct

from portal.access import Permission
from portal.billing.money import price_text
from portal.books.actions.dunning import answers, settings
from portal.books.forms.dunning import AnswerForm, PauseForm, PolicyForm
from portal.books.queries.dunning import policies, shown
from portal.books.queries.dunning.policies import CloudPolicy
from portal.books.queries.dunning.shown import Shown
from portal.kit.queries.clock import wall_clock
from portal.kit.queries.tenancy import CloudFacts
from portal.routes.api.kit.endpoint import Call, Register

dunning_register: Final = Register("Reminders")
POLICY: Final = "/clouds/{cloud}/dunning"
OF_CUSTOMER: Final = "/clouds/{cloud}/subscribers/{number}/dunning"
P = Permission
Action = Literal["remind", "warn", "suspend_analytics", "suspend_recording", "close"]
NOTHING_WAITS: Final = "no such step waits for anybody"


class DunningStep(Struct, frozen=True):
    """A step: `days` after the due day of the oldest invoice that counts."""

    days: int
    action: Action


class DunningText(Struct, frozen=True):
    """The cloud's own paragraphs of an e-mail step."""

    days: int
    action: Action
    text: list[str]


class DunningPolicy(Struct, frozen=True):
    """What a cloud does about invoices that are not paid."""

    steps: list[DunningStep]
    minimum: str
    notice_days: int
    texts: list[DunningText]
    stops_for_questions: bool


class TakenStep(Struct, frozen=True):
    """A step of an episode; `at` is when it came to its outcome."""

    days: int
    action: Action
    at: datetime
    outcome: Literal["sent", "retrying", "failed", "done", "task", "waiting", "missed"]
    by: str
    note: str


class NextStep(Struct, frozen=True):
    """What comes next, not before `on`; null where it waits for a warning."""

    days: int
    action: Action
    on: date | None


class Dunning(Struct, frozen=True):
    """How far a customer is; without an open episode `episode` is null, and there are no steps."""

    episode: int | None
    opened_at: datetime | None
    steps: list[TakenStep]
    next: NextStep | None
    paused_until: date | None


@dunning_register(
    "GET", POLICY, P.SETTINGS_READ, summary="See the steps of reminders", answer=DunningPolicy,
)  # fmt: skip
async def get_dunning_policy(call: Call) -> DunningPolicy:
    """A cloud that has set none does the usual."""
    return _policy(call.cloud, await policies.get(call.actor, call.cloud))


@dunning_register(
    "PUT", POLICY, P.DUNNING_WRITE, summary="Set the steps of reminders", answer=DunningPolicy,
    form=PolicyForm,
)  # fmt: skip
async def put_dunning_policy(call: Call, form: PolicyForm) -> DunningPolicy:
    """What was done by the steps before is not done again; without steps nobody is reminded."""
    return _policy(call.cloud, await settings.save(call.actor, call.cloud, form))


@dunning_register(
    "GET", OF_CUSTOMER, P.SUBSCRIBERS_READ, summary="See how far reminders of a subscriber are",
    answer=Dunning,
)  # fmt: skip
async def get_dunning(call: Call) -> Dunning:
    """Its open episode with what was done, and what comes next."""
    return await _dunning(call)


@dunning_register(
    "POST", OF_CUSTOMER + "/pause", P.PAYMENTS_WRITE, summary="Pause reminders of a subscriber",
    answer=Dunning, form=PauseForm,
)  # fmt: skip
async def pause_dunning(call: Call, form: PauseForm) -> Dunning:
    """Before that day nothing is sent or switched off; today ends a pause."""
    number = call.number("number")
    await answers.pause(call.actor, call.cloud, number, form, now=call.now)
    return await _dunning(call)


@dunning_register(
    "POST", OF_CUSTOMER + "/answer", P.PAYMENTS_WRITE, summary="Answer a step that waits",
    answer=Dunning, form=AnswerForm, conflicts=NOTHING_WAITS,
)  # fmt: skip
async def answer_dunning(call: Call, form: AnswerForm) -> Dunning:
    """Say that it is done, or will not be; `close` ends the subscriptions today."""
    number = call.number("number")
    await answers.answer(call.actor, call.cloud, number, form, now=call.now)
    return await _dunning(call)


@dunning_register(
    "POST", OF_CUSTOMER + "/write-again", P.PAYMENTS_WRITE, summary="Send a failed reminder again",
    answer=Dunning, form=AnswerForm, conflicts="it has not failed, or there is no address",
)  # fmt: skip
async def write_dunning_again(call: Call, form: AnswerForm) -> Dunning:
    """To the addresses of today."""
    number = call.number("number")
    await answers.write_again(
        call.actor, call.cloud, number, form, now=wall_clock(), post=call.context.post
    )
    return await _dunning(call)


@dunning_register(
    "POST", OF_CUSTOMER + "/lifted", P.PAYMENTS_WRITE,
    summary="Say that what was switched off by hand is on again", answer=Dunning,
)  # fmt: skip
async def lift_dunning(call: Call) -> Dunning:
    """Again changes nothing."""
    await answers.lifted(call.actor, call.cloud, call.number("number"), queue=call.queue)
    return await _dunning(call)


async def _dunning(call: Call) -> Dunning:
    number = call.number("number")
    return _shown(await shown.of_customer(call.actor, call.cloud, number, now=call.now))


def _policy(cloud: CloudFacts, found: CloudPolicy) -> DunningPolicy:
    return DunningPolicy(
        steps=[DunningStep(one.days, one.action.value) for one in found.steps],
        minimum=price_text(found.minimum, cloud.currency),
        notice_days=found.notice_days,
        texts=[
            DunningText(step.days, step.action.value, list(text))
            for step, text in sorted(found.texts.items())
        ],
        stops_for_questions=found.stops_for_questions,
    )


def _shown(found: Shown) -> Dunning:
    steps = () if found.episode is None else found.episode.steps
    following = found.next
    return Dunning(
        episode=None if found.episode is None else found.episode.id,
        opened_at=None if found.episode is None else found.episode.opened_at,
        steps=[
            TakenStep(
                days=one.step.days,
                action=one.step.action.value,
                at=one.at,
                outcome=one.outcome.value,
                by=one.by_name,
                note=one.note,
            )
            for one in steps
        ],
        next=None
        if following is None
        else NextStep(following.step.days, following.step.action.value, following.on),
        paused_until=None if found.pause is None else found.pause.until,
    )
