"""Putting a camera on a tariff, and moving the end of that."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated

from portal.values.kinds import Day, code_like


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSubscription:
    """A camera on a tariff for `[starts_on, ends_on)`; without an end when that is null."""

    tariff: Annotated[str, code_like("home-7")]
    starts_on: Annotated[date, Day()]
    ends_on: Annotated[date | None, Day()] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionChange:
    """Another end: the first day that is no longer served, or null for none."""

    ends_on: Annotated[date | None, Day()]
