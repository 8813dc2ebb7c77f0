"""Pages of lists that are reached by their number."""

from __future__ import annotations


def last_page(offset: int, limit: int, total: int) -> int:
    """Where the page asked for begins; one beyond the last is the last."""
    return min(offset, max(0, total - 1) // limit * limit)
