"""What people call the steps of reminders and what becomes of them."""

from collections.abc import Mapping
from typing import Final

from portal.billing.dunning.steps import Action, Outcome, Step
from portal.books.queries.dunning.shown import Shown
from portal.words import _, ngettext

ACTIONS: Final[Mapping[str, str]] = {
    Action.REMIND: _("Reminder by e-mail"),
    Action.WARN: _("Warning by e-mail"),
    Action.SUSPEND_ANALYTICS: _("Analytics off"),
    Action.SUSPEND_RECORDING: _("Cameras off"),
    Action.CLOSE: _("Ask to end the subscriptions"),
}
OUTCOMES: Final[Mapping[str, str]] = {
    Outcome.SENT: _("Sent"),
    Outcome.RETRYING: _("On its way"),
    Outcome.FAILED: _("Failed"),
    Outcome.DONE: _("Done"),
    Outcome.TASK: _("Waits for a person"),
    Outcome.WAITING: _("Waits for its warning"),
    Outcome.MISSED: _("Left out"),
}
TONES: Final[Mapping[str, str]] = {
    Outcome.SENT: "ok",
    Outcome.RETRYING: "wait",
    Outcome.FAILED: "stop",
    Outcome.DONE: "ok",
    Outcome.TASK: "stop",
    Outcome.WAITING: "wait",
    Outcome.MISSED: "off",
}


def when_of(step: Step) -> str:
    """When a step comes, in words: "10 days after the due day"."""
    if step.days == 0:
        return _("on the due day")
    words = (
        ngettext("%(days)s day after the due day", "%(days)s days after the due day", step.days)
        if step.days > 0
        else ngettext(
            "%(days)s day before the due day", "%(days)s days before the due day", -step.days
        )
    )
    return words % {"days": abs(step.days)}


def sentence_of(found: Shown) -> str:
    """Where a customer is, in a sentence; "" where nothing is overdue."""
    if found.episode is None:
        return ""
    if found.episode.recording_off:
        return _("Its cameras are off until everything overdue is paid.")
    if found.episode.analytics_off:
        return _("Its analytics are off until everything overdue is paid.")
    return _("Something of it is overdue.")
