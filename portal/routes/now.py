"""What time it is for a page: the books' time."""

from datetime import datetime
from typing import Any

from litestar.connection import ASGIConnection


def books_now(connection: ASGIConnection[Any, Any, Any, Any]) -> datetime:
    """Now, in UTC, also where a test clock stands. Sessions go by the machine's clock: `Door`."""
    now: datetime = connection.app.state.clock()
    return now
