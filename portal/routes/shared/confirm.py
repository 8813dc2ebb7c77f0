"""The page that asks before something is done that cannot be taken back."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from secrets import token_hex
from typing import Any, Final

from litestar import Response
from litestar.plugins.htmx import HTMXRequest

from portal.access import Actor
from portal.kit.actions import sent_once
from portal.routes.page import form_page

KEY: Final = "idempotency_key"
"""The box of a form that tells it from another: what was sent twice is done once."""


async def done_once(
    actor: Actor, sent: Mapping[str, str], act: Callable[[], Awaitable[object]]
) -> bool:
    """Do what was confirmed, unless the very page was sent before; whether it was done now."""
    return await sent_once.once(actor, sent.get(KEY, ""), act)


async def was_done(actor: Actor, sent: Mapping[str, str]) -> bool:
    """Whether the very page was sent before, and what it says is done."""
    return await sent_once.was_sent(actor, sent.get(KEY, ""))


def confirm(
    request: HTMXRequest,
    *,
    title: str,
    question: str,
    action: str,
    cancel: str,
    crumbs: Sequence[tuple[str, str]],
    submit: str = "",
    lead: str = "",
    facts: Sequence[tuple[str, str]] = (),
    warnings: Sequence[str] = (),
    danger: bool = False,
    first: tuple[str, str] | None = None,
    values: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
    template: str = "shared/confirm.html",
    **context: Any,
) -> Response[str]:
    """Title, question and facts, what to know of it, and two ways on: `action` and `cancel`.

    `submit` is the verb on the button, the title where it is "". `values` are sent with the answer.
    `first` is what is better done before, (label, path). `errors` by field answer 422. A `template`
    of its own extends the shared one and has `context`.
    The form has a key, by which `done_once` knows it again.
    """
    return form_page(
        request,
        template,
        title=title,
        question=question,
        action=action,
        cancel=cancel,
        crumbs=crumbs,
        submit=submit or title,
        lead=lead,
        facts=facts,
        warnings=warnings,
        danger=danger,
        first=first,
        values=values or {},
        errors=errors,
        key=token_hex(16),
        **context,
    )
