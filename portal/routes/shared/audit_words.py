"""Entries of the audit log as people read them: the deed in words, what changed field by field."""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final

from portal.values.amounts import DASH
from portal.values.fields import label_of
from portal.words import _

FIELDS_MAX: Final = 200
TEXT_MAX: Final = 1_000
DEPTH_MAX: Final = 6

FAMILIES: Final[Mapping[str, str]] = {
    "api-key": _("API keys"),
    "bank-file": _("Bank files"),
    "bank-line": _("Lines of bank files"),
    "camera": _("Cameras"),
    "card": _("Cards"),
    "cloud": _("Clouds"),
    "commission": _("Commissions"),
    "connection": _("Connections"),
    "csv-mapping": _("CSV files of banks"),
    "dunning": _("Reminders"),
    "question": _("Questions of subscribers"),
    "demo": _("Demo"),
    "document": _("Documents"),
    "gateway": _("Card gateways"),
    "invitation": _("Invitations"),
    "mail": _("E-mails"),
    "mapping": _("Mappings"),
    "meter": _("Meters"),
    "password": _("Passwords"),
    "payment": _("Payments"),
    "platform": _("The platform"),
    "period": _("Months"),
    "preset": _("Presets"),
    "rate": _("Prices"),
    "referral": _("Referrals"),
    "refund": _("Refunds"),
    "refused": _("Refusals"),
    "second-factor": _("Second factors"),
    "service": _("Services"),
    "session": _("Sessions"),
    "sign-in": _("Sign-ins"),
    "sign-out": _("Sign-outs"),
    "statement": _("Statements"),
    "subscriber": _("Subscribers"),
    "subscription": _("Subscriptions"),
    "tariff": _("Tariffs"),
    "usage": _("Usage"),
    "user": _("People"),
    "view": _("Views as somebody"),
    "webhook": _("Webhooks"),
}
"""What the log may be narrowed to: the first word of an action, and its name in the list."""

WORDS: Final[Mapping[str, str]] = {
    "api-key.create": _("API key made"),
    "api-key.refused": _("API key refused"),
    "api-key.revoke": _("API key revoked"),
    "camera.accept-excess": _("Excess accepted"),
    "camera.ask-preset": _("Preset asked for"),
    "camera.change": _("Camera changed"),
    "camera.create": _("Camera added"),
    "camera.provision": _("Camera set in Watcher"),
    "camera.resume": _("Camera resumed"),
    "camera.suspend": _("Camera suspended"),
    "camera.withdraw-excess": _("Accepted excess withdrawn"),
    "cloud.change": _("Cloud changed"),
    "cloud.create": _("Cloud added"),
    "cloud.look": _("Look of the sign-in page changed"),
    "cloud.resume": _("Cloud resumed"),
    "cloud.suspend": _("Cloud suspended"),
    "commission.release": _("Commission released"),
    "card.invite": _("Page to save a card opened"),
    "card.prefer": _("Another card charged from now on"),
    "card.remove": _("Card removed"),
    "card.save": _("Card saved"),
    "connection.change": _("Connection changed"),
    "connection.create": _("Connection added"),
    "connection.end": _("Connection ended"),
    "connection.rekey": _("Credentials locked with a new key"),
    "demo.seed": _("Demo made"),
    "bank-file.import": _("Bank file taken in"),
    "bank-line.ignore": _("Line of a bank file ignored"),
    "bank-line.match": _("Line of a bank file matched"),
    "question.answer": _("Question answered"),
    "question.ask": _("Question asked"),
    "question.close": _("Question closed"),
    "question.write": _("Question gone on with"),
    "csv-mapping.change": _("How CSV files of a bank are read changed"),
    "csv-mapping.create": _("How CSV files of a bank are read said"),
    "document.charge": _("Invoice charged to a card"),
    "document.charge-failed": _("Charge of a card failed"),
    "document.credit": _("Credit note issued"),
    "document.dispute": _("Invoice disputed"),
    "document.settle": _("Dispute ended"),
    "document.write-off": _("Invoice written off"),
    "gateway.change": _("Card gateway changed"),
    "gateway.rekey": _("Credentials locked with a new key"),
    "payment.allocate": _("Payment put on invoices"),
    "payment.apply-credit": _("Credit put on invoices"),
    "payment.receive": _("Payment recorded"),
    "payment.return": _("Payment returned"),
    "payment.unallocate": _("Payment taken off an invoice"),
    "refund.create": _("Refund recorded"),
    "document.hand-over": _("Documents handed over"),
    "document.send": _("Documents sent"),
    "document.try-again": _("Documents tried again"),
    "invitation.accept": _("Invitation accepted"),
    "invitation.ask-again": _("New invitation asked for"),
    "mail.send-again": _("E-mail sent again"),
    "mail.test": _("Test message sent"),
    "mapping.create": _("Mapping made"),
    "meter.create": _("Meter added"),
    "password.change": _("Password changed"),
    "password.choose": _("Password chosen by link"),
    "password.wrong": _("Wrong current password"),
    "period.close": _("Close of the month started"),
    "period.closed": _("Month closed"),
    "period.fine": _("Surprise found fine"),
    "platform.change": _("Company changed"),
    "preset.change": _("Preset changed in Watcher"),
    "preset.make": _("Preset made in Watcher"),
    "rate.create": _("Price set"),
    "referral.change": _("Referral changed"),
    "referral.change-payout": _("Payout details changed"),
    "referral.check": _("Invited agent checked"),
    "referral.create": _("Referral added"),
    "referral.invite": _("Agent invited by another one"),
    "refused": _("Request refused"),
    "second-factor.failed": _("Wrong code"),
    "second-factor.new-codes": _("New recovery codes"),
    "second-factor.recovery": _("Recovery code used"),
    "second-factor.rekey": _("Second factors locked with a new key"),
    "second-factor.remove": _("Second factor turned off"),
    "second-factor.require": _("Requirement of a second factor changed"),
    "second-factor.reset": _("Second factor reset"),
    "second-factor.set-up": _("Second factor set up"),
    "service.change": _("Service changed"),
    "service.create": _("Service added"),
    "session.end": _("Session ended"),
    "session.end-others": _("Other sessions ended"),
    "sign-in": _("Signed in"),
    "sign-in.failed": _("Sign-in failed"),
    "sign-in.password": _("Password right, code awaited"),
    "sign-in.throttled": _("Too many tries"),
    "sign-out": _("Signed out"),
    "dunning.answer": _("Step of reminders answered"),
    "dunning.end": _("Nothing is overdue any more"),
    "dunning.lifted": _("Switched on again by hand"),
    "dunning.pause": _("Reminders paused"),
    "dunning.settings": _("Reminders changed"),
    "dunning.step": _("Step of reminders"),
    "dunning.write-again": _("Reminder sent again"),
    "statement.approve": _("Statement approved"),
    "statement.draft": _("Statement drafted"),
    "statement.pay": _("Statement paid"),
    "statement.void": _("Statement voided"),
    "subscriber.ask-details": _("Other details on documents asked for"),
    "subscriber.bring": _("Subscriber referred by a referral"),
    "subscriber.change": _("Subscriber changed"),
    "subscriber.change-mailing": _("Recipients of documents changed"),
    "subscriber.check": _("Referred subscriber checked"),
    "subscriber.confirm-details": _("Details on documents confirmed"),
    "subscriber.create": _("Subscriber added"),
    "subscriber.decline-details": _("Details on documents declined"),
    "subscriber.resume": _("Subscriber resumed"),
    "subscriber.suspend": _("Subscriber suspended"),
    "subscriber.withdraw-details": _("Request for other details withdrawn"),
    "subscription.change": _("Subscription set anew"),
    "subscription.create": _("Subscription started"),
    "subscription.end": _("Subscription ended"),
    "tariff.change": _("Tariff changed"),
    "tariff.create": _("Tariff added"),
    "tariff.version": _("Tariff version added"),
    "usage.correct": _("Usage corrected"),
    "usage.settle": _("Late usage settled"),
    "user.ask-email": _("Another e-mail address asked for"),
    "user.change": _("Person changed"),
    "user.change-email": _("E-mail address changed"),
    "user.create": _("Person added"),
    "user.end-sessions": _("Sessions ended"),
    "user.own-profile": _("Own profile changed"),
    "user.resend-invitation": _("New invitation made"),
    "user.reset-password": _("Password reset"),
    "user.set-up": _("Installation set up"),
    "view.start": _("Viewing as somebody begun"),
    "view.stop": _("Viewing as somebody ended"),
    "webhook.change": _("Webhook changed"),
    "webhook.create": _("Webhook added"),
    "webhook.off": _("Webhook switched off by itself"),
    "webhook.rekey": _("Credentials locked with a new key"),
    "webhook.remove": _("Webhook removed"),
    "webhook.replay": _("Events told again"),
    "webhook.rotate": _("Secret of a webhook rotated"),
    "webhook.test": _("Webhook tested"),
}


def in_words(action: str) -> str:
    """An action as people read it: "Person added" for "user.create"."""
    return WORDS.get(action, action.replace(".", " ").replace("-", " ").capitalize())


OBJECTS: Final[Sequence[tuple[re.Pattern[str], str]]] = tuple(
    (re.compile(pattern), words)
    for pattern, words in (
        (r"user (?P<name>[0-9]+)", _("person %(name)s")),
        (r"API key (?P<name>\S+)", _("API key %(name)s")),
        (
            r"camera (?P<name>.+) (?P<meter>[a-z_.-]+) (?P<day>[0-9-]{10})",
            _("camera %(name)s, %(meter)s, %(day)s"),
        ),
        (r"camera (?P<name>.+)", _("camera %(name)s")),
        (r"cameras of connection (?P<name>[0-9]+)", _("cameras of connection %(name)s")),
        (r"cloud (?P<name>\S+)", _("cloud %(name)s")),
        (r"connection (?P<name>[0-9]+)", _("connection %(name)s")),
        (r"document (?P<name>\S+)", _("document %(name)s")),
        (r"hand-over (?P<name>[0-9]+)", _("hand-over %(name)s")),
        (r"mapping of cloud (?P<name>\S+)", _("mapping of cloud %(name)s")),
        (r"meter (?P<name>\S+)", _("meter %(name)s")),
        (r"period (?P<name>\S+)", _("month %(name)s")),
        (
            r"preset (?P<name>[0-9]+) of connection (?P<connection>[0-9]+)",
            _("preset %(name)s of connection %(connection)s"),
        ),
        (r"rate (?P<name>\S+)", _("price of %(name)s")),
        (r"referral (?P<name>\S+)", _("referral %(name)s")),
        (r"service (?P<name>\S+)", _("service %(name)s")),
        (r"session (?P<name>\S+)", _("session %(name)s")),
        (r"subscriber (?P<name>[0-9]+)", _("subscriber %(name)s")),
        (
            r"subscription (?P<name>[0-9]+) of camera (?P<camera>.+)",
            _("subscription %(name)s of camera %(camera)s"),
        ),
        (r"tariff (?P<name>\S+)", _("tariff %(name)s")),
    )
)
"""How the log names what a deed was done to, and how people read it."""


def object_in_words(name: str) -> str:
    """What a deed was done to: "person 8" for "user 8"; an address, a request as it stands."""
    for pattern, words in OBJECTS:
        if found := pattern.fullmatch(name):
            return words % found.groupdict()
    return name


def choices() -> list[tuple[str, str]]:
    """What a list may be narrowed to, (value, label): a family, then each deed of it."""
    found = []
    for family, name in FAMILIES.items():
        deeds = [action for action in WORDS if action.startswith(f"{family}.")]
        found.append((family, _("%(family)s: all") % {"family": name} if deeds else name))
        found += [
            (action, _("%(family)s: %(deed)s") % {"family": name, "deed": in_words(action)})
            for action in deeds
        ]
    return found


def changed(before: Any, after: Any) -> list[tuple[str, str, str]]:
    """Field by field what was and what is: (field, before, after), a dash where there is nothing.

    Fields within fields have a path: "price.amount". At most FIELDS_MAX are listed.
    """
    was, now = (dict(islice(_flat("", one), FIELDS_MAX)) for one in (before, after))
    names = [*was, *(name for name in now if name not in was)][:FIELDS_MAX]
    return [(_field(name), was.get(name, DASH), now.get(name, DASH)) for name in names]


def _field(path: str) -> str:
    return label_of(path) if path else _("Value")


def _flat(path: str, value: Any, depth: int = 0) -> Iterator[tuple[str, str]]:
    """Each single value with its path."""
    nested = isinstance(value, Mapping) or (
        isinstance(value, list) and any(isinstance(one, Mapping | list) for one in value)
    )
    if value is None and not path:
        return
    if not nested or depth >= DEPTH_MAX:
        yield path, _text(value)
        return
    members: Sequence[tuple[str, Any]] = (
        list(value.items())
        if isinstance(value, Mapping)
        else [(str(number), one) for number, one in enumerate(value, 1)]
    )
    for name, member in members:
        yield from _flat(f"{path}.{name}" if path else str(name), member, depth + 1)


def _text(value: Any) -> str:
    if value is None or value in ("", [], {}):
        return DASH
    if isinstance(value, bool):
        return str(_("yes") if value else _("no"))
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return text if len(text) <= TEXT_MAX else f"{text[:TEXT_MAX]}…"
