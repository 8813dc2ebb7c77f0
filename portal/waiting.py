"""No transaction is open while anything outside the database is waited for.

An open transaction holds a connection and its locks. The Watcher that somebody tests may take half
a minute to answer, a browser minutes to take a page; eleven of them would keep everybody else out.
So the database says here that a transaction is open, and whatever waits for something outside
(a Watcher, a name, Redis, the printing processes, the other end of a request) asks first.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_transactions: ContextVar[int] = ContextVar("camledger_transactions", default=0)


@contextmanager
def transaction_open() -> Iterator[None]:
    """Inside, a transaction is open: also for the tasks that are begun there."""
    token = _transactions.set(_transactions.get() + 1)
    try:
        yield
    finally:
        _transactions.reset(token)


def refuse_in_transaction(what: str) -> None:
    """Raise RuntimeError when `what` would be waited for with a transaction open."""
    if _transactions.get():
        message = f"{what} is waited for while a transaction is open"
        raise RuntimeError(message)
