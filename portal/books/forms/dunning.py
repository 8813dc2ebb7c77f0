"""What a cloud does about invoices that are not paid, and what a person does about a customer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Annotated, Final

from portal.billing.dunning.steps import Action, Step
from portal.books.forms.payments import NO_REASON, REASON
from portal.errors import Invalid
from portal.kit.forms.form import ListOf, Nested
from portal.values.kinds import Choice, Day, Flag, Price, Whole
from portal.values.mail.documents import LINES_MAX, MailLine
from portal.values.mail.dunning import PLACEHOLDERS
from portal.words import _

STEPS_MAX: Final = 20
DAYS: Final = Whole(-60, 365)
NOTICE: Final = Whole(0, 365)
ACTION: Final = Choice(tuple(action.value for action in Action))
TEXT: Final = ListOf(
    MailLine(tuple(PLACEHOLDERS), "Hello {customer}, {amount} is left to pay."), LINES_MAX
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StepForm:
    """A step: `days` after the due day of the oldest invoice that counts, below 0 before it."""

    days: Annotated[int, DAYS]
    action: Annotated[str, ACTION]

    @property
    def step(self) -> Step:
        """As the core decides by it."""
        return Step(self.days, Action(self.action))


@dataclass(frozen=True, slots=True, kw_only=True)
class StepTextForm:
    """The cloud's own paragraphs of an e-mail step."""

    days: Annotated[int, DAYS]
    action: Annotated[str, Choice((Action.REMIND.value, Action.WARN.value))]
    text: Annotated[tuple[str, ...], TEXT]


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyForm:
    """A cloud's steps; `minimum` in units of its currency; `notice_days` after a warning.

    Without steps nobody is reminded of anything.
    """

    steps: Annotated[tuple[StepForm, ...], ListOf(Nested(StepForm), STEPS_MAX)]
    minimum: Annotated[Decimal, Price()] = Decimal(5)
    notice_days: Annotated[int, NOTICE] = 7
    texts: Annotated[tuple[StepTextForm, ...], ListOf(Nested(StepTextForm), STEPS_MAX)] = ()
    stops_for_questions: Annotated[bool, Flag()] = True

    def __post_init__(self) -> None:
        problems: dict[str, str] = {}
        seen: set[Step] = set()
        once: set[Action] = set()
        for place, one in enumerate(self.steps):
            step = one.step
            if step in seen:
                problems[f"steps[{place}].days"] = _("this step is there already")
            elif not step.action.is_mail and step.action in once:
                problems[f"steps[{place}].action"] = _("is done once: it is there already")
            seen.add(step)
            once.add(step.action)
        for place, text in enumerate(self.texts):
            if Step(text.days, Action(text.action)) not in seen:
                problems[f"texts[{place}].days"] = _("there is no such step")
        if problems:
            raise Invalid(problems)

    @property
    def steps_in_order(self) -> tuple[Step, ...]:
        """The steps as they come."""
        return tuple(sorted(one.step for one in self.steps))


@dataclass(frozen=True, slots=True, kw_only=True)
class StepBoxes(StepForm):
    """A step with its text, as a row of the page has them."""

    text: Annotated[tuple[str, ...], TEXT] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyBoxes:
    """The policy as the page has it: each text beside its step."""

    steps: Annotated[tuple[StepBoxes, ...], ListOf(Nested(StepBoxes), STEPS_MAX)] = ()
    minimum: Annotated[Decimal, Price()]
    notice_days: Annotated[int, NOTICE]
    stops_for_questions: Annotated[bool, Flag()]

    @property
    def policy(self) -> PolicyForm:
        """The form that is stored. Raises `Invalid` with the rows as they stand on the page."""
        return PolicyForm(
            steps=tuple(StepForm(days=one.days, action=one.action) for one in self.steps),
            minimum=self.minimum,
            notice_days=self.notice_days,
            texts=tuple(
                StepTextForm(days=one.days, action=one.action, text=one.text)
                for one in self.steps
                if one.text and one.step.action.is_mail
            ),
            stops_for_questions=self.stops_for_questions,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseForm:
    """Nothing is done about a customer before a day."""

    until: Annotated[date, Day()]
    reason: Annotated[str, REASON]


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerForm:
    """What a person says of a step that waits for one: it is `done`, or it will not be."""

    action: Annotated[str, ACTION]
    days: Annotated[int | None, DAYS] = None
    done: Annotated[bool, Flag()] = True
    note: Annotated[str, NO_REASON] = ""
