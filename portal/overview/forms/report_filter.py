"""What a report is asked for: the query of its address in the API."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from portal.billing.period import Period
from portal.values.kinds import Choice, Month, code_like
from portal.values.numbers import NUMBER

BY = Choice(("subscriber", "camera", "tariff", "referral"))


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFilter:
    """A month and the level.

    Cameras may be those of one subscriber or tariff, subscribers those of one referral.
    """

    period: Annotated[Period, Month()]
    by: Annotated[str, BY] = "subscriber"
    subscriber: Annotated[int | None, NUMBER] = None
    tariff: Annotated[str | None, code_like("home-7")] = None
    referral: Annotated[str | None, code_like("rex")] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceReportFilter:
    """A month."""

    period: Annotated[Period, Month()]
