"""Entries of the audit log as people read them: the deed in words, what changed field by field."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final

from portal.routes.format import DASH

FIELDS_MAX: Final = 200
TEXT_MAX: Final = 1_000
DEPTH_MAX: Final = 6

FAMILIES: Final[Mapping[str, str]] = {
    "api-key": "API keys",
    "camera": "Cameras",
    "cloud": "Clouds",
    "connection": "Connections",
    "demo": "Demo",
    "mapping": "Mappings",
    "meter": "Meters",
    "password": "Passwords",
    "period": "Months",
    "preset": "Presets",
    "rate": "Prices",
    "referral": "Referrals",
    "refused": "Refusals",
    "second-factor": "Second factors",
    "service": "Services",
    "session": "Sessions",
    "sign-in": "Sign-ins",
    "sign-out": "Sign-outs",
    "subscriber": "Subscribers",
    "subscription": "Subscriptions",
    "tariff": "Tariffs",
    "usage": "Usage",
    "user": "People",
}
"""What the log may be narrowed to: the first word of an action, and its name in the list."""

WORDS: Final[Mapping[str, str]] = {
    "api-key.create": "API key made",
    "api-key.refused": "API key refused",
    "api-key.revoke": "API key revoked",
    "camera.change": "Camera changed",
    "camera.create": "Camera added",
    "camera.provision": "Camera set in Watcher",
    "camera.resume": "Camera resumed",
    "camera.suspend": "Camera suspended",
    "cloud.change": "Cloud changed",
    "cloud.create": "Cloud added",
    "connection.change": "Connection changed",
    "connection.create": "Connection added",
    "connection.end": "Connection ended",
    "connection.rekey": "Credentials locked with a new key",
    "demo.seed": "Demo made",
    "mapping.create": "Mapping made",
    "meter.create": "Meter added",
    "password.change": "Password changed",
    "password.choose": "Password chosen by link",
    "password.wrong": "Wrong current password",
    "period.close": "Close of the month started",
    "period.closed": "Month closed",
    "preset.change": "Preset changed in Watcher",
    "preset.make": "Preset made in Watcher",
    "rate.create": "Price set",
    "referral.change": "Referral changed",
    "referral.create": "Referral added",
    "refused": "Request refused",
    "second-factor.failed": "Wrong code",
    "second-factor.new-codes": "New recovery codes",
    "second-factor.recovery": "Recovery code used",
    "second-factor.rekey": "Second factors locked with a new key",
    "second-factor.remove": "Second factor turned off",
    "second-factor.require": "Requirement of a second factor changed",
    "second-factor.reset": "Second factor reset",
    "second-factor.set-up": "Second factor set up",
    "service.create": "Service added",
    "session.end": "Session ended",
    "session.end-others": "Other sessions ended",
    "sign-in": "Signed in",
    "sign-in.failed": "Sign-in failed",
    "sign-in.password": "Password right, code awaited",
    "sign-in.throttled": "Too many tries",
    "sign-out": "Signed out",
    "subscriber.change": "Subscriber changed",
    "subscriber.create": "Subscriber added",
    "subscriber.resume": "Subscriber resumed",
    "subscriber.suspend": "Subscriber suspended",
    "subscription.create": "Subscription started",
    "subscription.end": "Subscription ended",
    "tariff.create": "Tariff added",
    "tariff.version": "Tariff version added",
    "usage.correct": "Usage corrected",
    "user.change": "Person changed",
    "user.create": "Person added",
    "user.end-sessions": "Sessions ended",
    "user.resend-invitation": "New invitation made",
    "user.reset-password": "Password reset",
}


def in_words(action: str) -> str:
    """An action as people read it: "Person added" for "user.create"."""
    return WORDS.get(action, action.replace(".", " ").replace("-", " ").capitalize())


def choices() -> list[tuple[str, str]]:
    """What a list may be narrowed to, (value, label): a family, then each deed of it."""
    found = []
    for family, name in FAMILIES.items():
        deeds = [action for action in WORDS if action.startswith(f"{family}.")]
        found.append((family, f"{name}: all" if deeds else name))
        found += [(action, f"{name}: {in_words(action).lower()}") for action in deeds]
    return found


def changed(before: Any, after: Any) -> list[tuple[str, str, str]]:
    """Field by field what was and what is: (field, before, after), a dash where there is nothing.

    Fields within fields have a path: "price.amount". At most FIELDS_MAX are listed.
    """
    was, now = (dict(islice(_flat("", one), FIELDS_MAX)) for one in (before, after))
    names = [*was, *(name for name in now if name not in was)][:FIELDS_MAX]
    return [(_field(name), was.get(name, DASH), now.get(name, DASH)) for name in names]


def _field(path: str) -> str:
    return path.replace("_", " ").capitalize() if path else "Value"


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
        return "yes" if value else "no"
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return text if len(text) <= TEXT_MAX else f"{text[:TEXT_MAX]}…"
