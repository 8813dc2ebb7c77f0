"""An operation of the API: one method of one path. Handler and documentation are made of it."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from http import HTTPStatus
from typing import Any, Final, Literal, TypeVar

from portal.access import Actor, Permission
from portal.billing.period import Period, parse_month
from portal.errors import NotFound
from portal.kit.queries.tenancy import CloudFacts
from portal.ports import Queue
from portal.routes.api.kit import paging
from portal.routes.api.kit.request_context import RequestContext
from portal.values.kinds import WHOLE_MAX
from portal.watcher.actions.connections import Integrations

JSON: Final = "application/json"
PDF: Final = "application/pdf"
IDEMPOTENCY_KEY: Final = "Idempotency-Key"
PREFIX: Final = "/api/v1"
ACTOR: Final = "camledger_actor"
"""Under this the guard leaves whom the key stands for, in the request's state."""

BODY_MAX: Final = 1024 * 1024
"""Bytes of a body, where an operation does not say otherwise: forms are far smaller."""

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
Key = TypeVar("Key")


@dataclass(frozen=True)
class Call:
    """One request: who asks, for what, when.

    `found` is the cloud in the path, once the door has read it.
    """

    actor: Actor
    path: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes
    content_type: str
    known: str
    """What the caller says it has already: the tags of its `If-None-Match`."""
    context: RequestContext
    found: CloudFacts | None = None

    @property
    def now(self) -> datetime:
        """The installation's time, in UTC."""
        return self.context.clock()

    @property
    def queue(self) -> Queue:
        """The queue of the workers."""
        return self.context.queue

    @property
    def integrations(self) -> Integrations:
        """The installation's way to the outside."""
        return self.context.integrations

    @property
    def cloud(self) -> CloudFacts:
        """The cloud in the path, for operations that have one."""
        assert self.found is not None, "the door reads it before it runs an operation"
        return self.found

    @cached_property
    def limit(self) -> int:
        """Rows on a page."""
        return paging.read_limit(self.query.get("limit"))

    def after(self, key: type[Key]) -> Key | None:
        """Where the page begins: the last key of the page before, None for the first."""
        return paging.read_cursor(self.query.get("cursor"), key)

    @property
    def period(self) -> Period:
        """The month in the path. Raises `Invalid`."""
        return parse_month(self.path["period"])

    def number(self, name: str) -> int:
        """A whole number in the path. What is none is not there: `NotFound`."""
        text = self.path[name]
        if not (text.isascii() and text.isdigit() and len(text) <= len(str(WHOLE_MAX))):
            raise NotFound(f"There is no {text[:80]!r} here.")
        number = int(text)
        if number > WHOLE_MAX:
            raise NotFound(f"There is no {text!r} here.")
        return number


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer; `kept` is what may be stored of it to be given again, where that is less.

    `pieces` are the content of one that is sent while it is made: a file that may be long.
    """

    content: bytes
    media_type: str
    status: int = HTTPStatus.OK
    headers: Mapping[str, str] = field(default_factory=dict)
    kept: bytes | None = None
    pieces: AsyncIterator[bytes] | Iterator[bytes] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """What one method of one path does, asks and answers.

    `permissions`: the key needs one of them. `form` is the body's dataclass, or for GET that of the
    query; `answer` the type of what comes back, None for nothing. `types` are the bodies taken,
    when not JSON alone, and `read` makes of them what `run` takes in a form's place, or `prepare`
    of that, what takes a while: before a transaction is open. `body_max` is in bytes. `conflicts`
    says when it is 409. `waits_outside`: it waits for something that is not the database, and
    changes nothing there. A GET reads in one transaction; one that opens its `own_transactions`
    says why in a comment. An operation that is not `routed` is answered by another's handler and
    documented by itself. `secrets` are fields of the answer that are given once: an answer that is
    replayed is without them.
    """

    method: Method
    path: str
    permissions: tuple[Permission, ...]
    summary: str
    tag: str
    run: Callable[..., Awaitable[Any]]
    answer: Any
    form: type[Any] | None = None
    query: type[Any] | None = None
    status: int = HTTPStatus.OK
    description: str = ""
    conflicts: str = ""
    paged: bool = False
    read: Callable[[bytes, str], Any] | None = None
    prepare: Callable[..., Awaitable[Any]] | None = None
    types: tuple[str, ...] = (JSON,)
    body_max: int = BODY_MAX
    waits_outside: bool = False
    own_transactions: bool = False
    media_type: str = JSON
    routed: bool = True
    secrets: tuple[str, ...] = ()
    example: Any = None

    @property
    def name(self) -> str:
        """Its identifier: the handler's name."""
        return self.run.__name__

    @property
    def reads_at_once(self) -> bool:
        """Whether all that it reads is read in one transaction."""
        return self.method == "GET" and not self.own_transactions

    @property
    def has_body(self) -> bool:
        """Whether something is sent."""
        return self.read is not None or (self.method != "GET" and self.form is not None)


Run = TypeVar("Run", bound=Callable[..., Awaitable[Any]])


class Register:
    """The operations of one subject, in order."""

    def __init__(self, tag: str) -> None:
        self.tag = tag
        self.operations: list[Operation] = []

    def __call__(
        self,
        method: Method,
        path: str,
        *permissions: Permission,
        summary: str,
        answer: Any,
        **more: Any,
    ) -> Callable[[Run], Run]:
        """Decorate the coroutine that does it: `run(call)`, `run(call, form)` if one is sent."""

        def register(run: Run) -> Run:
            self.operations.append(
                Operation(
                    method=method,
                    path=path,
                    permissions=permissions,
                    summary=summary,
                    tag=self.tag,
                    run=run,
                    answer=answer,
                    **more,
                )
            )
            return run

        return register
