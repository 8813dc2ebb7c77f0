"""What is told to operators' own systems: types of events, and when it is tried again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final


class EventType(StrEnum):
    """What may have happened."""

    INVOICE_ISSUED = "invoice.issued"
    INVOICE_CREDITED = "invoice.credited"
    INVOICE_PAID = "invoice.paid"
    INVOICE_OVERDUE = "invoice.overdue"
    INVOICE_WRITTEN_OFF = "invoice.written_off"
    INVOICE_DISPUTED = "invoice.disputed"
    PAYMENT_RECEIVED = "payment.received"
    PAYMENT_RETURNED = "payment.returned"
    PAYMENT_UNIDENTIFIED = "payment.unidentified"
    REFUND_SUCCEEDED = "refund.succeeded"
    CHARGE_SUCCEEDED = "charge.succeeded"
    CHARGE_FAILED = "charge.failed"
    MANDATE_CREATED = "mandate.created"
    MANDATE_REVOKED = "mandate.revoked"
    DEBIT_BATCH_CREATED = "debit_batch.created"
    BANK_IMPORT_FINISHED = "bank_import.finished"
    PERIOD_CLOSED = "period.closed"
    SUBSCRIBER_CREATED = "subscriber.created"
    SUBSCRIBER_SUSPENDED = "subscriber.suspended"
    SUBSCRIBER_RESUMED = "subscriber.resumed"
    STATEMENT_APPROVED = "statement.approved"
    STATEMENT_PAID = "statement.paid"
    DUNNING_STEP = "dunning.step"
    WEBHOOK_TEST = "webhook.test"


EVERY: Final = "*"
"""All types, those to come as well."""
NAMES: Final = (EVERY, *(str(one) for one in EventType))

_MINUTE: Final = 60.0
_HOUR: Final = 60 * _MINUTE
WAITS: Final = (
    *(5.0, 5 * _MINUTE, 30 * _MINUTE),
    *(2 * _HOUR, 5 * _HOUR, 10 * _HOUR, 14 * _HOUR, 20 * _HOUR, 24 * _HOUR),
)
"""Seconds from each failed try to the next one."""
SPREAD: Final = 0.1
"""So much of a wait is left to chance: what failed together does not come back together."""
WAIT_MAX: Final = 24 * _HOUR
GIVEN_UP_AFTER: Final = timedelta(days=5)
"""An endpoint without one success for so long is switched off."""
GONE: Final = 410
"""The status with which an endpoint asks not to be told any more."""
OLD_SECRET_FOR: Final = timedelta(hours=24)
KEPT: Final = timedelta(days=30)
SECONDS_MAX: Final = 15
ANSWER_BYTES_MAX: Final = 1024


def wait_after(tries: int, chance: float, retry_after: float | None = None) -> float | None:
    """Seconds to wait after so many failed tries; None where there is no further one.

    `chance` is 0 to 1. What an answer asks for (`retry_after`, seconds) is kept, up to a day: it
    makes a wait longer, never shorter.

    >>> wait_after(1, 0.5)
    5.0
    """
    if not 0 < tries <= len(WAITS):
        return None
    wait = WAITS[tries - 1] * (1 - SPREAD + 2 * SPREAD * chance)
    return max(wait, min(retry_after or 0.0, WAIT_MAX))


@dataclass(frozen=True, slots=True)
class Outgoing:
    """An event to be sent; the newest of `secrets` first. `cloud` is a slug."""

    cloud: str
    url: str
    event: str
    body: bytes
    secrets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Answered:
    """What came of a try: a status and the begin of an answer, or an `error` in its place."""

    status: int | None
    error: str = ""
    answer: str = ""
    retry_after: float | None = None

    @property
    def is_success(self) -> bool:
        """Whether the event has arrived: redirects are not followed, so they are none."""
        return self.status is not None and 200 <= self.status < 300
