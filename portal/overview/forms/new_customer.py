"""A subscriber with its cameras and its first person, as one thing that is sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated

from portal.customers.forms.camera_lines import LINES_MAX, CameraLine
from portal.customers.forms.referral import NewReferral
from portal.customers.forms.subscriber import NewSubscriber
from portal.kit.forms.form import ListOf, Nested
from portal.values.kinds import WHOLE_MAX, Day, Flag, Whole, code_like
from portal.values.numbers import NUMBER


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeSubscriber(NewSubscriber):
    """A customer of a cloud with what it begins with. Without a `number` the server gives one.

    Its `cameras` are on the `tariff` from `starts_on`, today without it. An `organization` of
    Watcher, of a `connection` where there are several, is mapped to it. With `invite` its address
    is sent an invitation.
    """

    cameras: Annotated[tuple[CameraLine, ...], ListOf(Nested(CameraLine), LINES_MAX)] = ()
    tariff: Annotated[str | None, code_like("home-7")] = None
    starts_on: Annotated[date | None, Day()] = None
    organization: Annotated[int | None, Whole(0, WHOLE_MAX)] = None
    connection: Annotated[int | None, NUMBER] = None
    invite: Annotated[bool, Flag()] = False


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeReferral(NewReferral):
    """An agent who refers subscribers; with `invite` its address is sent an invitation."""

    invite: Annotated[bool, Flag()] = False
