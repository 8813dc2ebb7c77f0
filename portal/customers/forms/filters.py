"""What narrows a list: the query of its address."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from portal.billing.payouts.statement import Due
from portal.billing.period import Period
from portal.values.kinds import Choice, ExternalId, Flag, Month, code_like
from portal.values.numbers import NUMBER

SIDE = Choice(("retail", "wholesale"))
CAMERA = ExternalId()


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraFilter:
    """Of one subscriber."""

    subscriber: Annotated[int | None, NUMBER] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageFilter:
    """A month, and one camera of it."""

    period: Annotated[Period, Month()]
    camera: Annotated[str | None, CAMERA] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Partially:
    """Whether the good rows are taken although others are bad."""

    partial: Annotated[bool, Flag()] = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeFilter:
    """A month, one camera, one side."""

    period: Annotated[Period, Month()]
    camera: Annotated[str | None, CAMERA] = None
    side: Annotated[str | None, SIDE] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceFilter:
    """A month, one side, one subscriber."""

    period: Annotated[Period | None, Month()] = None
    side: Annotated[str | None, SIDE] = None
    subscriber: Annotated[int | None, NUMBER] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CommissionFilter:
    """A month, one referral, how far they are, the statement they are on (its row id)."""

    period: Annotated[Period | None, Month()] = None
    state: Annotated[str | None, Choice(tuple(Due))] = None
    statement: Annotated[int | None, NUMBER] = None
    referral: Annotated[str | None, code_like("rex")] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MarginFilter:
    """A month."""

    period: Annotated[Period, Month()]


@dataclass(frozen=True, slots=True, kw_only=True)
class MappingFilter:
    """What is mapped, or with `mapped=false` what is not yet."""

    mapped: Annotated[bool, Flag()] = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconciliationFilter:
    """A month."""

    period: Annotated[Period, Month()]
