"""The page that asks before something is done that cannot be taken back."""

from collections.abc import Mapping, Sequence
from typing import Any

from litestar import Response
from litestar.plugins.htmx import HTMXRequest

from portal.routes.page import form_page


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
    first: tuple[str, str, str] | None = None,
    values: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
    template: str = "shared/confirm.html",
    **context: Any,
) -> Response[str]:
    """Title, question and facts, what to know of it, and two ways on: `action` and `cancel`.

    `submit` is the verb on the button, the title where it is "". `values` are sent with the answer.
    `first` is what is better done before: why, the label and its path. `errors` by field answer
    422. A `template` of its own extends the shared one and has `context`.
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
        **context,
    )
