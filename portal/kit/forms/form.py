"""Forms: a dataclass says what is sent, `parse` reads it and collects every complaint.

    @dataclass(frozen=True, slots=True, kw_only=True)
    class NewCamera:
        external_id: Annotated[str, Text(255)]
        subscriber: Annotated[int | None, Whole(1)] = None

    @change_of(NewCamera, but=("external_id",))
    class CameraChange(Change):
        ...

A field without a default is required. `None` in its type lets null in. A field of a change is
`UNSET` when it was not sent, so that "not sent" and "set to null" are told apart.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import MISSING, dataclass, fields
from enum import Enum
from itertools import islice
from types import NoneType
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    Final,
    TypeVar,
    cast,
    get_args,
    get_origin,
    get_type_hints,
)

from portal.errors import Invalid
from portal.values.kinds import Kind
from portal.values.text import shown
from portal.words import _

PROBLEMS_MAX: Final = 100
BODY: Final = "body"


class Unset(Enum):
    """The type of `UNSET`."""

    UNSET = "not sent"


UNSET: Final = Unset.UNSET
T = TypeVar("T")


class Change:
    """What is to be different about something; `change_of` gives it its fields."""

    __slots__ = ()

    if TYPE_CHECKING:

        def __init__(self, **sent: Any) -> None: ...
        def __getattr__(self, field: str) -> Any: ...


C = TypeVar("C", bound=Change)


def change_of(form: type[Any], *, but: tuple[str, ...] = ()) -> Callable[[type[C]], type[C]]:
    """Make a form of a `Change`: the fields of `form` except `but`, none of which need be sent.

    A field that the change declares itself stays as it is there.
    """

    def fill(change: type[C]) -> type[C]:
        taken: dict[str, Any] = {}
        for name, hint in get_type_hints(form, include_extras=True).items():
            if name in but or name in change.__annotations__:
                continue
            plain_type, kind = get_args(hint)[:2]
            taken[name] = Annotated[plain_type | Unset, kind]
            setattr(change, name, UNSET)
        change.__annotations__ = {**taken, **change.__annotations__}
        return dataclass(frozen=True, slots=True, kw_only=True)(change)

    return fill


@dataclass(frozen=True, slots=True)
class Nested:
    """An object within the object."""

    form: type[Any]

    def read(self, value: object, at: str) -> Any:
        return parse(self.form, value, at)

    def read_text(self, text: object, at: str) -> Any:
        """Of the boxes of a page, as objects of texts."""
        return _parse(self.form, text, at, texts=True)

    def schema(self) -> dict[str, Any]:
        return {"$ref": f"#/components/schemas/{self.form.__name__}"}


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list of up to `maximum` members of one kind."""

    member: Kind
    maximum: int = 100

    def read(self, value: object, at: str) -> tuple[Any, ...]:
        return self._members(value, at, self.member.read)

    def read_text(self, text: Any, at: str) -> tuple[Any, ...]:
        """One member a line, or a row each of a page; a row in which nothing stands is none."""
        lines = text.splitlines() if isinstance(text, str) else text
        kept = [line for line in lines if line.strip()] if isinstance(text, str) else lines
        return self._members(kept, at, self.member.read_text)

    def _members(self, value: object, at: str, read: Callable[[Any, str], Any]) -> tuple[Any, ...]:
        if not isinstance(value, list | tuple):
            raise Invalid({at: _("must be a list")})
        if len(value) > self.maximum:
            raise Invalid(
                {at: _("must hold at most %(maximum)s members") % {"maximum": self.maximum}}
            )
        members, problems = [], {}
        for index, member in enumerate(value):
            if member is None and isinstance(self.member, Nested) and read == self.member.read_text:
                continue
            try:
                members.append(read(member, f"{at}[{index}]"))
            except Invalid as wrong:
                problems.update(wrong.fields)
        if problems:
            raise Invalid(problems)
        return tuple(members)

    def schema(self) -> dict[str, Any]:
        return {"type": "array", "items": self.member.schema(), "maxItems": self.maximum}


@dataclass(frozen=True, slots=True)
class Member:
    """One field of a form: `field` of the dataclass, `name` outside ("from_" is "from")."""

    field: str
    name: str
    kind: Kind
    nullable: bool
    required: bool
    default: Any


_members: dict[type[Any], tuple[Member, ...]] = {}


def members(form: type[Any]) -> tuple[Member, ...]:
    """The fields of a form, in order."""
    if form not in _members:
        _members[form] = tuple(_members_of(form))
    return _members[form]


def _members_of(form: type[Any]) -> Iterator[Member]:
    hints = get_type_hints(form, include_extras=True)
    for item in fields(form):
        hint = hints[item.name]
        if get_origin(hint) is not Annotated:
            raise TypeError(f"{form.__name__}.{item.name} does not say what kind of field it is")
        plain_type, kind = get_args(hint)[:2]
        required = item.default is MISSING and item.default_factory is MISSING
        default = None if required else item.default
        name = item.name.removesuffix("_")
        nullable = NoneType in get_args(plain_type)
        yield Member(item.name, name, kind, nullable, required, default)


def parse(form: type[T], data: object, at: str = "") -> T:
    """The form read from decoded JSON. Raises `Invalid` with every wrong field by its path."""
    return _parse(form, data, at, texts=False)


def parse_texts(form: type[T], data: Mapping[str, str]) -> T:
    """The form read from an HTML form or a query, where every value is text.

    An empty text stands for a field that was not sent.
    """
    sent = {name: value for name, value in data.items() if value != ""}
    return _parse(form, sent, "", texts=True)


def parse_typed(form: type[T], data: object) -> T:
    """As `parse_texts` where members may be objects and lists; see `portal.kit.forms.nested`."""
    return _parse(form, {} if data is None else data, "", texts=True)


def parse_whole(form: type[T], data: Mapping[str, Any]) -> T:
    """As `parse_texts`, where every text that is there counts: an empty one empties its field."""
    return _parse(form, data, "", texts=True)


def _parse(form: type[T], data: object, at: str, *, texts: bool) -> T:
    if not isinstance(data, Mapping):
        raise Invalid({at or BODY: _("must be an object")})
    prefix = f"{at}." if at else ""
    known = members(form)
    names = {member.name for member in known}
    unknown = islice((name for name in data if name not in names), PROBLEMS_MAX)
    problems = {f"{prefix}{shown(name)}": _("is not a field of this object") for name in unknown}
    values: dict[str, Any] = {}
    for member in known:
        path = f"{prefix}{member.name}"
        if member.name not in data:
            if member.required:
                problems[path] = _("is required")
            continue
        value = data[member.name]
        if value is None and member.nullable:
            values[member.field] = None
            continue
        if value is None:
            problems[path] = _("must not be null")
            continue
        try:
            read = member.kind.read_text if texts else member.kind.read
            values[member.field] = read(value, path)
        except Invalid as wrong:
            problems.update(wrong.fields)
    if problems:
        raise Invalid(dict(list(problems.items())[:PROBLEMS_MAX]))
    return form(**values)


def values_of(form: Any, *, but: Collection[str] = ()) -> dict[str, Any]:
    """The values of a form by field, except `but`; of a change, those that were sent."""
    return {
        item.name: getattr(form, item.name)
        for item in fields(form)
        if item.name not in but and getattr(form, item.name) is not UNSET
    }


def part_of(form: type[T], whole: Any) -> T:
    """The fields of `form` out of a form that has these and more: a referral without its people."""
    return form(**{item.name: getattr(whole, item.name) for item in fields(cast("Any", form))})


def differing(change: Any, before: Any) -> dict[str, Any]:
    """What a change makes different of a row: the fields that were sent and are not so already."""
    return {
        name: value for name, value in values_of(change).items() if value != getattr(before, name)
    }


def schema_of(form: type[Any]) -> dict[str, Any]:
    """The form as JSON Schema (an object)."""
    properties: dict[str, Any] = {}
    for member in members(form):
        schema = member.kind.schema()
        if member.nullable:
            schema = {"anyOf": [schema, {"type": "null"}]}
        if isinstance(member.default, str | int | bool) and not member.required:
            schema = {**schema, "default": member.default}
        properties[member.name] = schema
    return {
        "type": "object",
        "description": (form.__doc__ or "").strip().partition("\n")[0],
        "properties": properties,
        "required": [member.name for member in members(form) if member.required],
        "additionalProperties": False,
    }


def nested_forms(form: type[Any]) -> list[type[Any]]:
    """The form and those within it, each once."""
    found: list[type[Any]] = [form]
    for member in members(form):
        kind: Any = member.kind
        while isinstance(kind, ListOf):
            kind = kind.member
        if isinstance(kind, Nested):
            found += [inner for inner in nested_forms(kind.form) if inner not in found]
    return found
