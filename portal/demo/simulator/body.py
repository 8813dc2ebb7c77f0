"""Reading what a client sent, field by field, with a message that names the field."""

from typing import Any

import msgspec

from portal.demo.simulator.entities import RefusedError
from portal.demo.simulator.simulation import AnyRequest


class Body:
    """The object a client sent. A getter gives None for a field that is absent or null."""

    def __init__(self, fields: dict[str, Any]) -> None:
        self.fields = fields

    @classmethod
    async def of(cls, request: AnyRequest) -> "Body":
        """The object of a request. Raises `RefusedError` for anything else."""
        try:
            decoded = msgspec.json.decode(await request.body() or b"{}")
        except msgspec.DecodeError as error:
            raise RefusedError("the body is not JSON") from error
        if not isinstance(decoded, dict):
            raise RefusedError("the body is not an object")
        return cls(decoded)

    def __contains__(self, name: str) -> bool:
        return name in self.fields

    def is_null(self, name: str) -> bool:
        """Whether a field is there and null."""
        return name in self.fields and self.fields[name] is None

    def text(self, name: str) -> str | None:
        """A string."""
        value: str | None = self._typed(name, str, "a string")
        return value

    def integer(self, name: str) -> int | None:
        """A whole number."""
        value: int | None = self._typed(name, int, "a whole number")
        return value

    def number(self, name: str) -> float | None:
        """A number that is not negative."""
        value = self._typed(name, (int, float), "a number")
        if value is not None and value < 0:
            raise RefusedError(f"{name} is negative")
        return None if value is None else float(value)

    def flag(self, name: str) -> bool | None:
        """True or false."""
        value = self.fields.get(name)
        if value is not None and not isinstance(value, bool):
            raise RefusedError(f"{name} must be true or false")
        return value

    def texts(self, **names: str) -> dict[str, Any]:
        """The strings that are there, under our names for theirs."""
        return {ours: self.text(its) for ours, its in names.items() if self.text(its) is not None}

    def flags(self, **names: str) -> dict[str, Any]:
        """The flags that are there, under our names for theirs."""
        return {ours: self.flag(its) for ours, its in names.items() if self.flag(its) is not None}

    def anything(self, *names: str) -> dict[str, object]:
        """The fields that are there, whatever they hold."""
        return {name: self.fields[name] for name in names if name in self.fields}

    def inner(self, name: str) -> "Body":
        """An object within; an empty one when absent."""
        return Body(self._typed(name, dict, "an object") or {})

    def items(self, name: str) -> list["Body"]:
        """A list of objects; an empty one when absent."""
        found = self._typed(name, list, "a list") or []
        if not all(isinstance(one, dict) for one in found):
            raise RefusedError(f"{name} must be a list of objects")
        return [Body(one) for one in found]

    def _typed(self, name: str, kind: Any, words: str) -> Any:
        value = self.fields.get(name)
        if value is not None and (isinstance(value, bool) or not isinstance(value, kind)):
            raise RefusedError(f"{name} must be {words}")
        return value
