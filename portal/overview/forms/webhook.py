"""An endpoint of webhooks, and what is told again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final

from portal.errors import Invalid
from portal.kit.forms.form import UNSET, Change, ListOf, change_of
from portal.values.clock import Moment
from portal.values.kinds import Choice, Flag, Text
from portal.values.webhooks import NAMES
from portal.words import _

URL: Final = Text(500, example="https://erp.example.net/camledger")
DESCRIPTION: Final = Text(200, minimum=0)
TYPES: Final = ListOf(Choice(NAMES), len(NAMES))
STATE: Final = Choice(("waiting", "sending", "delivered", "failed"))


@dataclass(frozen=True, slots=True, kw_only=True)
class NewWebhook:
    """Where a cloud's events are told, and which; "*" is all of them, those to come as well."""

    url: Annotated[str, URL]
    types: Annotated[tuple[str, ...], TYPES] = ("*",)
    description: Annotated[str, DESCRIPTION] = ""
    enabled: Annotated[bool, Flag()] = True

    def __post_init__(self) -> None:
        _refuse_none(self.types)


@change_of(NewWebhook)
class WebhookChange(Change):
    """What is to be different about an endpoint."""

    def __post_init__(self) -> None:
        if self.types is not UNSET:
            _refuse_none(self.types)


def _refuse_none(types: tuple[str, ...]) -> None:
    if not types:
        raise Invalid({"types": _("must name at least one type of event")})


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplaySince:
    """From when on what has failed is told again."""

    since: Annotated[datetime, Moment()]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryFilter:
    """Deliveries in a state, or all."""

    state: Annotated[str | None, STATE] = None
