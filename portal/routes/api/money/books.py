"""Operations on both kinds of books, declared once: of a cloud's, and of the platform's."""

from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar

import msgspec

from portal.access import Permission
from portal.kit.queries.tenancy import CloudFacts
from portal.routes.api.kit.endpoint import JSON, Call, Method, Register, Reply
from portal.words import english

CLOUD: Final = "/clouds/{cloud}"
PLATFORM: Final = "/platform"
OF_PLATFORM: Final = "The same in the platform's own book, whose customers are clouds."
Run = TypeVar("Run", bound=Callable[..., Awaitable[Any]])


def book(call: Call) -> CloudFacts | None:
    """The cloud whose book a request is about; None for the platform's."""
    return call.found


def in_both_books(
    register: Register,
    method: Method,
    path: str,
    permission: Permission,
    *,
    summary: str,
    answer: Any,
    platform: dict[str, Any] | None = None,
    platform_path: str = "",
    **more: Any,
) -> Callable[[Run], Run]:
    """Register an operation below a cloud and, with what `platform` says otherwise, below it.

    A path of the platform's that names a customer differs: a cloud's slug stands in it.
    """

    def declare(run: Run) -> Run:
        register(method, CLOUD + path, permission, summary=summary, answer=answer, **more)(run)

        async def of_platform(*arguments: Any) -> Any:
            return await run(*arguments)

        of_platform.__name__ = f"{run.__name__}_of_platform"
        of_platform.__doc__ = f"{OF_PLATFORM} {run.__doc__}"
        where = PLATFORM + (platform_path or path)
        told = {**more, **(platform or {})}
        told_of = f"{summary} (platform)"
        register(method, where, permission, summary=told_of, answer=answer, **told)(of_platform)
        return run

    return declare


def again(answer: msgspec.Struct) -> Reply:
    """The answer to what was done before: 200 in place of 201."""
    return Reply(msgspec.json.encode(answer, enc_hook=english), JSON)
