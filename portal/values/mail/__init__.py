"""What each mail says, as sentences: the same for its text and its HTML.

A kind has a subject, paragraphs, and one button. Subjects hold no amounts and no secrets. Values of
the sentences are the mail's `facts`: texts of people, cleaned when they are said.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final

from babel.dates import format_datetime

from portal.billing.period import is_zone, zone_of
from portal.values import dates, languages, locales
from portal.values.mail import cards, documents, dunning
from portal.values.mail.wording import Attachment, Wording
from portal.values.roles import role_in_cloud
from portal.values.text import cleaned
from portal.words import _, ngettext, speaking

INVITATION: Final = "invitation"
RESET: Final = "reset"
EMAIL: Final = "email"
NEW_PLACE: Final = "new-place"
SECOND_FACTOR: Final = "second-factor"
PASSWORD_CHANGED: Final = "password-changed"  # noqa: S105 - a kind of mail
EMAIL_CHANGED: Final = "email-changed"
ASKED_AGAIN: Final = "asked-again"
TEST: Final = "test"
DIGEST: Final = "digest"
LOOK: Final = "look"
QUESTION: Final = "question"
ANSWER: Final = "answer"
STATEMENT_APPROVED: Final = "statement-approved"
STATEMENT_PAID: Final = "statement-paid"
WEBHOOK_OFF: Final = "webhook-off"

FACT_MAX: Final = 300
ITEMS: Final = "items"
"""The fact that holds a digest's lines: sentences as they are kept, each with its page."""
MOMENTS: Final = frozenset({"until", "when"})
"""Facts that are points in time, in ISO 8601; a mail says them in the reader's zone."""
LINKED: Final = frozenset({INVITATION, RESET, EMAIL})
"""Kinds whose button is a link that is worth something once."""

FACTOR_DEEDS: Final = {
    "set-up": _("Your second factor was turned on."),
    "removed": _("Your second factor was turned off: the password alone signs in."),
    "reset": _("An administrator reset your second factor: the password alone signs in."),
    "codes": _("New recovery codes were made; the earlier ones are worthless."),
}


@dataclass(frozen=True, slots=True)
class Reader:
    """Who gets a mail, and in whose name: the operator's, or the platform's.

    `locale` writes dates and says the language; `colour` is of the button. `others` get the same
    mail, and each sees who does.
    """

    address: str
    locale: str
    zone: str
    place: str
    reply_to: str
    colour: str | None = None
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail of a kind to somebody, with the values of its sentences; `link` is its button's.

    `name` tells it from every other mail and stays the same when it is sent again, so that a
    mailbox that gets it twice can tell. `items` are lines above the button, each with a link of its
    own: what a digest is made of. `text` are an operator's own paragraphs with placeholders, in
    place of the kind's; `files` go with it.
    """

    name: str
    kind: str
    facts: Mapping[str, Any]
    reader: Reader
    link: str
    items: tuple[tuple[str, str], ...] = ()
    text: tuple[str, ...] = ()
    files: tuple[Attachment, ...] = ()

    @property
    def language(self) -> str:
        """The code of the language it is written in."""
        return languages.of_locale(self.reader.locale)

    @property
    def wording(self) -> Wording:
        """Its sentences, to be worded in its language. KeyError for a kind or fact not there."""
        known = {
            name: cleaned(self._moment(value) if name in MOMENTS else str(value), FACT_MAX)
            for name, value in self.facts.items()
            if name != ITEMS
        }
        said = _KINDS[self.kind](known)
        if not self.text:
            return said
        among = tuple(
            dunning.PLACEHOLDERS if self.kind in dunning.KINDS else documents.PLACEHOLDERS
        )
        own = tuple(documents.filled(line, known, among) for line in self.text)
        return replace(said, paragraphs=own)

    @property
    def subject(self) -> str:
        """In the reader's language."""
        with speaking(languages.catalogue(self.language)):
            return str(self.wording.subject)

    def _moment(self, value: str) -> str:
        zone = zone_of(self.reader.zone if is_zone(self.reader.zone) else "UTC")
        local = datetime.fromisoformat(value).astimezone(zone)
        return format_datetime(local, "long", locale=locales.of_stored(self.reader.locale))


_ONCE: Final = _("The link works once, until %(until)s.")
_NOT_YOU: Final = _("If this was not you, change your password now and tell your administrator.")
_IGNORE: Final = _("If you did not ask for this, you need not do anything.")


def _invitation(facts: dict[str, str]) -> Wording:
    if facts["inviter"]:
        subject = _("%(inviter)s invites you to %(place)s") % facts
    else:
        subject = _("You are invited to %(place)s") % facts
    return Wording(
        subject,
        (
            _("Hello %(name)s,") % facts,
            _("You are invited to the billing portal of %(place)s. Your role is: %(role)s.")
            % {**facts, "role": role_in_cloud(facts["role"])},
            _("Choose a password to sign in as %(email)s.") % facts,
        ),
        _("Accept the invitation"),
        (_ONCE % facts,),
    )


def _reset(facts: dict[str, str]) -> Wording:
    why = (
        _("%(by)s has reset your password. Set a new one to sign in.") % facts
        if facts["by"]
        else _("Somebody asked for a new password for %(email)s at %(place)s.") % facts
    )
    return Wording(
        _("Set a new password"),
        (_("Hello %(name)s,") % facts, why),
        _("Set a new password"),
        (_ONCE % facts, *(() if facts["by"] else (_IGNORE,))),
    )


def _email(facts: dict[str, str]) -> Wording:
    return Wording(
        _("Confirm your new e-mail address"),
        (
            _("Hello %(name)s,") % facts,
            _("You asked to sign in to %(place)s with this address from now on.") % facts,
        ),
        _("Confirm this address"),
        (_ONCE % facts, _IGNORE),
    )


def _new_place(facts: dict[str, str]) -> Wording:
    return Wording(
        _("New sign-in"),
        (
            _("Hello %(name)s,") % facts,
            _("Somebody signed in as you from a browser that was not seen before:"),
            _("%(device)s, address %(address)s, %(when)s") % facts,
        ),
        _("See where you are signed in"),
        (_NOT_YOU,),
    )


def _second_factor(facts: dict[str, str]) -> Wording:
    return Wording(
        _("Your second factor was changed"),
        (_("Hello %(name)s,") % facts, FACTOR_DEEDS[facts["deed"]]),
        _("Open your account"),
        (_NOT_YOU,),
    )


def _password_changed(facts: dict[str, str]) -> Wording:
    return Wording(
        _("Your password was changed"),
        (
            _("Hello %(name)s,") % facts,
            _("Your password for %(place)s was changed on %(when)s. Other sessions have ended.")
            % facts,
        ),
        _("Open your account"),
        (_("If this was not you, set a new password now and tell your administrator."),),
    )


def _email_changed(facts: dict[str, str]) -> Wording:
    return Wording(
        _("Your e-mail address was changed"),
        (
            _("Hello %(name)s,") % facts,
            _("From now on you sign in to %(place)s with %(address)s, not with this address.")
            % facts,
        ),
        _("Sign in"),
        (_("If this was not you, tell your administrator now."),),
    )


def _asked_again(facts: dict[str, str]) -> Wording:
    return Wording(
        _("%(who)s asks for a new invitation") % facts,
        (
            _("Hello %(name)s,") % facts,
            _("The invitation of %(who)s (%(address)s) to %(place)s has expired.") % facts,
        ),
        _("Send it again"),
    )


def _digest(facts: dict[str, str]) -> Wording:
    count, more = int(facts["count"]), int(facts["more"])
    above = ngettext(
        "%(count)s matter at %(place)s needs you:",
        "%(count)s matters at %(place)s need you:",
        count,
    )
    below = ngettext("And %(more)s more.", "And %(more)s more.", more)
    subject = ngettext(
        "%(place)s: %(count)s matter needs you", "%(place)s: %(count)s matters need you", count
    )
    return Wording(
        subject % facts,
        (_("Hello %(name)s,") % facts, above % facts),
        _("Open the overview"),
        (
            *((below % facts,) if more else ()),
            _("This e-mail comes once a day while something needs you. Your account turns it off."),
        ),
    )


def _look(facts: dict[str, str]) -> Wording:
    count = int(facts["count"])
    said = {**facts, "month": dates.month(date.fromisoformat(facts["month"]))}
    subject = ngettext(
        "%(month)s is ready to check: %(count)s surprise",
        "%(month)s is ready to check: %(count)s surprises",
        count,
    )
    return Wording(
        subject % said,
        (
            _("Hello %(name)s,") % facts,
            _("%(month)s of %(place)s is due, and waits until somebody has looked at it.") % said,
        ),
        _("Check the month"),
        (_("The month closes automatically once everything in it is fine."),),
    )


def _question(facts: dict[str, str]) -> Wording:
    return Wording(
        _("%(who)s asks about an invoice") % facts,
        (
            _("Hello %(name)s,") % facts,
            _("%(who)s has written to %(place)s.") % facts,
        ),
        _("Read and answer"),
    )


def _answer(facts: dict[str, str]) -> Wording:
    return Wording(
        _("%(place)s has answered your question") % facts,
        (
            _("Hello %(name)s,") % facts,
            _("%(place)s has answered what you asked.") % facts,
        ),
        _("Read the answer"),
    )


def _statement(subject: str, told: str) -> Callable[[dict[str, str]], Wording]:
    """What a referral is told of a statement, with `number` and `month` in the sentences."""

    def say(facts: dict[str, str]) -> Wording:
        said = {**facts, "month": dates.month(date.fromisoformat(facts["month"]))}
        paragraphs = (_("Hello %(name)s,") % facts, told % said)
        return Wording(subject % said, paragraphs, _("Open the statement"))

    return say


def _webhook_off(facts: dict[str, str]) -> Wording:
    why = (
        _("It answered that it is gone (410): %(url)s")
        if facts["gone"]
        else _("Nothing has arrived there for 5 days: %(url)s")
    )
    return Wording(
        _("A webhook of %(place)s was switched off") % facts,
        (
            _("Hello %(name)s,") % facts,
            _("An address that is told what happens at %(place)s was switched off.") % facts,
            why % facts,
        ),
        _("Open the overview"),
        (_("Switch it on again once it answers; what was missed can be sent again."),),
    )


def _test(facts: dict[str, str]) -> Wording:
    return Wording(
        _("Test message of %(place)s") % facts,
        (
            _("Hello %(name)s,") % facts,
            _("Mail from Camledger reaches you. There is nothing to do."),
        ),
        _("Open Camledger"),
    )


_KINDS: Final[Mapping[str, Callable[[dict[str, str]], Wording]]] = {
    INVITATION: _invitation,
    RESET: _reset,
    EMAIL: _email,
    NEW_PLACE: _new_place,
    SECOND_FACTOR: _second_factor,
    PASSWORD_CHANGED: _password_changed,
    EMAIL_CHANGED: _email_changed,
    ASKED_AGAIN: _asked_again,
    TEST: _test,
    DIGEST: _digest,
    LOOK: _look,
    QUESTION: _question,
    ANSWER: _answer,
    STATEMENT_APPROVED: _statement(
        _("Your statement for %(month)s"),
        _("%(place)s has approved your statement %(number)s for %(month)s."),
    ),
    STATEMENT_PAID: _statement(
        _("Your statement for %(month)s is paid"),
        _("%(place)s has paid your statement %(number)s for %(month)s."),
    ),
    WEBHOOK_OFF: _webhook_off,
    cards.CARD_FAILED: cards.failed,
    cards.CARD_ASKS: cards.asks,
    documents.INVOICE: documents.invoice,
    documents.CREDIT_NOTE: documents.credit_note,
    documents.SAMPLE: documents.sample,
    **dunning.WORDINGS,
}
