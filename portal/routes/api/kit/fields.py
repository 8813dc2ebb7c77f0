"""Answers without the fields that the key is not shown: `portal.access.FIELDS`, by noun."""

from collections.abc import Collection
from typing import Any, Final

import msgspec
from msgspec import UNSET, Struct

from portal.access import FIELDS, Actor, hidden
from portal.routes.api import answers

NOUNS: Final[dict[type[Struct], str]] = {
    answers.Cloud: "cloud",
    answers.FoundedCloud: "cloud",
    answers.Period: "period",
    answers.Service: "service",
    answers.Version: "version",
}
"""The answers that have such fields. They are answered by themselves or as items of a page."""


def shown(actor: Actor, answer: Any) -> Any:
    """The answer as `actor` may read it: a hidden field is left out, not emptied."""
    if isinstance(answer, answers.Page):
        return answers.Page([shown(actor, item) for item in answer.items], answer.next)
    noun = NOUNS.get(type(answer))
    if noun is None:
        return answer
    return without(answer, hidden(actor, noun))


def without(answer: Any, fields: Collection[str]) -> Any:
    """The answer, a Struct, with these fields left out; of a page of them, each."""
    if isinstance(answer, answers.Page):
        return answers.Page([without(item, fields) for item in answer.items], answer.next)
    return msgspec.structs.replace(answer, **dict.fromkeys(fields, UNSET)) if fields else answer


def describe(schemas: dict[str, Any]) -> None:
    """Say in the schemas of answers which fields take a permission, and that they may be absent."""
    for answer, noun in NOUNS.items():
        schema = schemas[answer.__name__]
        for field, permission in FIELDS[noun].items():
            schema["properties"][field]["description"] = f"Only with `{permission}`."
            schema["required"].remove(field)
