"""What the API is given by the application around it: clock, queue, the way to the outside."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, cast

from litestar.types import Scope

from portal.crypto.marks import Marks
from portal.kit.actions.mail import Post
from portal.ports import Cards, Queue, ReadBankFile
from portal.watcher.actions.connections import Integrations

_KEY: Final = "camledger_request_context"


@dataclass(frozen=True, slots=True)
class RequestContext:
    """`clock` says what time it is, in UTC; `public_url` is where people reach the portals.

    `machine_clock` goes on where a test clock stands: sign-ins and links are by it. `payer_marks`
    stand for the numbers of accounts that pay.
    """

    clock: Callable[[], datetime]
    queue: Queue
    integrations: Integrations
    public_url: str
    machine_clock: Callable[[], datetime]
    post: Post
    read_bank_file: ReadBankFile
    payer_marks: Marks
    cards: Cards

    def put(self, scope: Scope) -> None:
        """Leave them with a request."""
        scope["state"][_KEY] = self

    @classmethod
    def of(cls, scope: Scope) -> "RequestContext":
        """Those of a request."""
        return cast("RequestContext", scope["state"][_KEY])
