"""What reminders say, and an operator's own text of them: paragraphs with placeholders.

"Hello {customer}, {amount} is left to pay."
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from portal.values.mail.wording import Wording
from portal.words import _, ngettext

SOON: Final = "reminder-soon"
REMIND: Final = "reminder"
WARN: Final = "warning"
KINDS: Final = (SOON, REMIND, WARN)
PLACEHOLDERS: Final[Mapping[str, str]] = {
    "customer": _("name of the customer"),
    "number": _("number of the oldest invoice"),
    "due": _("day by which the oldest invoice was to be paid"),
    "amount": _("all that is left to pay"),
    "count": _("how many invoices that is"),
    "analytics_off": _("day from which analytics are switched off"),
    "recording_off": _("day from which recording is switched off"),
    "operator": _("your name"),
}
_HELLO: Final = _("Hello %(customer)s,")
_PAID: Final = _("If you have paid meanwhile, you need not do anything.")
_ON_AGAIN: Final = _("Once everything overdue is paid, all of it is switched on again.")
_BUTTON: Final = _("Open your invoices")


def _soon(facts: dict[str, str]) -> Wording:
    count = int(facts["count"])
    subject = _("Invoice %(number)s is due on %(due)s")
    if count > 1:
        subject = ngettext(
            "%(count)s invoice is due soon", "%(count)s invoices are due soon", count
        )
    told = ngettext(
        "Your invoice of %(place)s is to be paid by %(due)s. Left to pay: %(amount)s.",
        "Your invoices of %(place)s are to be paid, the first by %(due)s. Left to pay: %(amount)s.",
        count,
    )
    return Wording(subject % facts, (_HELLO % facts, told % facts), _BUTTON, (_PAID,))


def _still_open(facts: dict[str, str], count: int) -> str:
    told = ngettext(
        "An invoice of %(place)s was to be paid by %(due)s, and is still open. Left to pay:"
        " %(amount)s.",
        "%(count)s invoices of %(place)s are still open, the oldest since %(due)s. Left to pay:"
        " %(amount)s.",
        count,
    )
    return told % facts


def _remind(facts: dict[str, str]) -> Wording:
    count = int(facts["count"])
    subject = _("Reminder: invoice %(number)s is overdue")
    if count > 1:
        subject = ngettext(
            "Reminder: %(count)s invoice is overdue",
            "Reminder: %(count)s invoices are overdue",
            count,
        )
    paragraphs = (_HELLO % facts, _still_open(facts, count))
    return Wording(subject % facts, paragraphs, _BUTTON, (_PAID,))


def _warn(facts: dict[str, str]) -> Wording:
    count = int(facts["count"])
    off = []
    if facts["analytics_off"]:
        off.append(_("Analytics of your cameras are switched off from %(analytics_off)s on."))
    if facts["recording_off"]:
        off.append(_("Your cameras are switched off from %(recording_off)s on."))
    paragraphs = (_HELLO % facts, _still_open(facts, count), *(one % facts for one in off))
    subject = _("Warning: services of %(place)s will be switched off") % facts
    if not off:
        subject = _("Last reminder of %(place)s") % facts
    return Wording(subject, paragraphs, _BUTTON, (_ON_AGAIN,) if off else (_PAID,))


WORDINGS: Final[Mapping[str, Callable[[dict[str, str]], Wording]]] = {
    SOON: _soon,
    REMIND: _remind,
    WARN: _warn,
}
