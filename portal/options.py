"""What each option and argument of the command line may be: the kinds of the forms, said of it.

Every parameter of a command has one of these types, or is a choice or a flag. A value that cannot
be meant is wrong usage: exit code 2 and one sentence that names the option, before anything is
begun. `--cloud NORTH` is refused in the words in which the form of a cloud refuses that slug.
"""

from __future__ import annotations

import os
import re
import stat
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Generic, TypeVar

import rich_click as click

from portal.billing.money import parse_decimal
from portal.billing.period import parse_day, parse_month
from portal.errors import Invalid
from portal.settings import SettingsError, parse_test_clock
from portal.values.clock import Moment
from portal.values.kinds import SLUG, WHOLE_MAX, Email, Pattern, Text, code_like
from portal.values.kinds import Whole as WholeNumber
from portal.values.mail.server import is_host
from portal.values.text import complaint, shown

T = TypeVar("T")
PATH_MAX: Final = 4_000
FILE_NAME_BYTES_MAX: Final = 255
KEY_MAX: Final = 100
VALUE_SHOWN_MAX: Final = 60
REASON_MAX: Final = 300
KEY_ID: Final = Pattern(
    re.compile(r"(?:clk_)?[0-9a-f]{12}(?:_[0-9a-f]{64})?"),
    KEY_MAX,
    "the id of a key, or a key,",
    "0123456789ab",
)


def refuse(
    kind: click.ParamType[Any],
    value: str,
    problem: str,
    parameter: click.Parameter | None,
    context: click.Context | None,
) -> Any:
    """Wrong usage: the value, made fit to be read, and what is wrong with it."""
    return kind.fail(f'"{shown(value, VALUE_SHOWN_MAX)}" {problem}.', parameter, context)


class Checked(click.ParamType[Any]):
    """A value that is read by what reads a form's field, in the form's words."""

    def __init__(self, read: Callable[[str, str], Any], name: str = "text") -> None:
        self.read, self.name = read, name

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if not isinstance(value, str):
            return value
        try:
            return self.read(value, self.name)
        except Invalid as wrong:
            return refuse(self, value, next(iter(wrong.fields.values())), param, ctx)


class Whole(click.IntRange):
    """A whole number from `min` to `max`, in plain digits as in the forms: no "1_000", no "+5"."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        least = 0 if self.min is None else int(self.min)
        most = WHOLE_MAX if self.max is None else int(self.max)
        return Checked(WholeNumber(least, most).read_text, self.name).convert(value, param, ctx)


class Seconds(click.FloatRange):
    """A number of seconds from `min` to `max` with up to six decimals; never "nan" or "1e3"."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if not isinstance(value, str):
            return value
        try:
            read = float(parse_decimal(value, self.name))
        except Invalid as wrong:
            return refuse(self, value, next(iter(wrong.fields.values())), param, ctx)
        if not (self.min or 0) <= read <= (self.max or read):
            return refuse(self, value, f"must be from {self.min} to {self.max}", param, ctx)
        return read


class Host(click.ParamType[Any]):
    """A host name or an IP address to listen on, without port and brackets."""

    name = "host"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if is_host(value):
            return value
        problem = "must be an IP address or a host name like 127.0.0.1, without a port"
        return refuse(self, value, problem, param, ctx)


class Time(click.ParamType[Any]):
    """A time like "2026-01-01T00:00:00Z"; with `of_day`, a day alone is its beginning in UTC."""

    name = "time"

    def __init__(self, *, of_day: bool = False) -> None:
        self.of_day = of_day

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if not isinstance(value, str):
            return value
        try:
            found = self._read(value)
        except (SettingsError, Invalid):
            found = None
        if found is None:
            day = ", or a day like 2027-01-31" if self.of_day else ""
            problem = f"must be a time of 2000 to 2200 like 2026-01-01T00:00:00Z{day}"
            return refuse(self, value, problem, param, ctx)
        return found.astimezone(UTC)

    def _read(self, text: str) -> datetime | None:
        if not self.of_day:
            return parse_test_clock(text)
        return Moment().read(text if "T" in text.upper() else f"{text}T00:00:00Z", self.name)


class Folder(click.Path):
    """A folder that is there or can be made; `exists`: that is there and can be written."""

    def __init__(self, *, exists: bool = False) -> None:
        # Parts that root starts as another user have it by name and may not look into it.
        super().__init__(
            exists=exists, file_okay=False, readable=False, writable=exists, path_type=Path
        )
        self.resolve_path = not exists

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        text = os.fspath(value)
        if problem := _complaint_of_path(text):
            return refuse(self, text, problem, param, ctx)
        found = super().convert(value, param, ctx)
        for above in Path(os.path.realpath(text)).parents:
            if above.is_file():
                return refuse(self, text, f"is below {shown(above)}, which is a file", param, ctx)
        return found


class PlainFile(click.Path):
    """A file that is there, whose content is read later."""

    def __init__(self) -> None:
        super().__init__(exists=True, dir_okay=False, path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        text = os.fspath(value)
        if problem := _complaint_of_path(text):
            return refuse(self, text, problem, param, ctx)
        found = super().convert(value, param, ctx)
        if not Path(text).is_file():
            return refuse(self, text, "is no plain file", param, ctx)
        return found


class NewFile(click.Path):
    """A file that is to be written, in a folder that is there."""

    def __init__(self) -> None:
        # Whether it can be read is asked of the real user, who may be allowed less than we are.
        super().__init__(dir_okay=False, readable=False, path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        text = os.fspath(value)
        if problem := _complaint_of_path(text):
            return refuse(self, text, problem, param, ctx)
        found = Path(os.path.realpath(text))
        super().convert(value, param, ctx)
        if not found.parent.is_dir():
            return refuse(self, text, f"is in no folder: {shown(found.parent)}", param, ctx)
        return found


class Contents(click.ParamType[Any], Generic[T]):
    """What a file holds, as `read` reads it; "-" is standard input where that is allowed.

    `read` raises ValueError or `Invalid` for what is not such a file. More than `maximum` bytes are
    refused, and so is everything that is no plain file.
    """

    name = "file"

    def __init__(self, read: Callable[[bytes], T], maximum: int, *, dash: bool = False) -> None:
        self.read, self.maximum, self.dash = read, maximum, dash

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if not isinstance(value, str):
            return value
        try:
            return self.read(self._bytes(value))
        except OSError as error:
            problem = f"cannot be read: {error.strerror}"
        except Invalid as wrong:
            problem = wrong.message.rstrip(".")
        except (ValueError, RecursionError) as wrong:
            problem = f"is not such a file: {shown(wrong, REASON_MAX)}"
        return refuse(self, value, problem, param, ctx)

    def _bytes(self, path: str) -> bytes:
        """All of the file. Raises OSError, and `Invalid` for a path that is none or too much."""
        if problem := _complaint_of_path(path):
            raise Invalid({"file": problem}, problem)
        content = self._begin(path)
        if len(content) > self.maximum:
            problem = f"is larger than {self.maximum // 1_000_000} MB"
            raise Invalid({"file": problem}, problem)
        return content

    def _begin(self, path: str) -> bytes:
        """At most one byte more than is allowed."""
        if path == "-" and self.dash:
            return sys.stdin.buffer.read(self.maximum + 1)
        # A pipe that nobody writes to would be waited for.
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        with os.fdopen(handle, "rb") as file:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise OSError(0, "it is no plain file")
            return file.read(self.maximum + 1)


def _complaint_of_path(text: str) -> str | None:
    # It is said in many lines that people read.
    if problem := complaint(text, minimum=1, maximum=PATH_MAX):
        return problem
    if any(len(part.encode()) > FILE_NAME_BYTES_MAX for part in text.split("/")):
        return f"holds a name of more than {FILE_NAME_BYTES_MAX} bytes"
    return None


EMAIL: Final = Checked(Email().read_text, "email")
NAME: Final = Checked(Text().read_text, "name")
CLOUD: Final = Checked(SLUG.read_text, "slug")
REFERRAL: Final = Checked(code_like("rex").read_text, "code")
PERIOD: Final = Checked(parse_month, "period")
DAY: Final = Checked(parse_day, "day")
KEY: Final = Checked(KEY_ID.read_text, "key")
