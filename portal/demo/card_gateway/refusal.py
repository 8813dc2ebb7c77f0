"""What is answered when something is refused, in Stripe's shape."""

from __future__ import annotations

from typing import Any


class Refused(Exception):
    """A refusal: its sentence, its HTTP status, and what Stripe says of an error beside it."""

    def __init__(
        self, message: str, *, status: int = 400, kind: str = "invalid_request_error", **more: Any
    ) -> None:
        super().__init__(message)
        self.message, self.status, self.kind, self.more = message, status, kind, more

    @property
    def body(self) -> dict[str, Any]:
        """As it is sent."""
        return {"error": {"type": self.kind, "message": self.message, **self.more}}


def no_such(what: str, name: str) -> Refused:
    """What is said of an object that is not there, or another account's."""
    message = f"No such {what}: '{name[:80]}'"
    return Refused(message, status=404, code="resource_missing", param="id")
