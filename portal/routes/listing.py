"""The state of a list, kept in its URL: filters, sort and page. Pure; no request, no HTML."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from operator import attrgetter
from typing import Any, Final, Literal, TypeVar, cast
from urllib.parse import urlencode

PAGE_SIZE: Final = 50
PAGE_LIMIT: Final = 10_000
"""Beyond this nobody reads on; it keeps a made-up page number from becoming a huge offset."""
FILTER_LENGTH: Final = 200
FILE_PAGE: Final = 2_000
"""A file is read page by page of this many rows, so that no list is ever held whole."""
FILE_ROWS: Final = 1_000_000
"""A file has no more rows: a sheet holds 1 048 576. Beyond it the filters narrow."""

Kind = Literal[
    "text",
    "state",
    "flag",
    "number",
    "quantity",
    "rough",
    "percent",
    "money",
    "price",
    "day",
    "month",
    "moment",
    "action",
]
FileFormat = Literal["", "csv", "xlsx"]
FIGURES: Final = frozenset({"number", "quantity", "rough", "percent", "money", "price", "action"})
DAYS: Final = frozenset({"day", "month"})
Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Column:
    """A heading, and the value below it: the table and both files are made from the same columns.

    `key` is what it sorts by, None where it does not. `of` finds a row's value: the path of an
    attribute ("entry.at") or a function; "" is for what only a page has, a button. `kind` says how
    the value is written; a rough quantity keeps one decimal place from 1 000 on, and in files all.
    Money is in minor units of what `currency` finds in the row. `wide` columns are left out where
    the screen is narrow, `only_file` on every screen; a wide one that is a `fact` stands there in
    the line below the name instead. `unit` is what a quantity is counted in: it says how exactly
    it is written. `says` finds what people call a value that is a code, as states and flags have
    words: a CSV has the code, everything else the word. `zone` finds whose clock a moment is told
    by, where that is not the whole list's.
    """

    label: str
    key: str | None = None
    of: str | Callable[[Any], Any] = ""
    kind: Kind = "text"
    currency: str | Callable[[Any], str] = "currency"
    wide: bool = False
    only_file: bool = False
    fact: bool = False
    unit: str = ""
    says: str | Callable[[Any], Any] = ""
    zone: str | Callable[[Any], Any] = ""

    @property
    def end(self) -> bool:
        """Whether it stands to the right, as figures do."""
        return self.kind in FIGURES

    @property
    def is_day(self) -> bool:
        """Whether it is never broken over two lines, as days and months are."""
        return self.kind in DAYS

    def value(self, row: Any) -> Any:
        """The row's value; None where nothing is known."""
        return _find(row, self.of)

    def word(self, row: Any) -> str:
        """What people call the row's value, where that is a code."""
        return str(_find(row, self.says))

    def zone_of(self, row: Any, default: str) -> str:
        """The zone of the row's moment."""
        return str(_find(row, self.zone)) if self.zone else default

    def currency_of(self, row: Any) -> str:
        """The currency of the row's money."""
        return str(_find(row, self.currency))


def in_currency(columns: Sequence[Column], currency: str) -> tuple[Column, ...]:
    """The columns where all rows are of one currency and do not say which."""
    return tuple(replace(column, currency=lambda _: currency) for column in columns)


def _find(row: Any, of: str | Callable[[Any], Any]) -> Any:
    return attrgetter(of)(row) if isinstance(of, str) else of(row)


@dataclass(frozen=True, slots=True)
class Listing:
    """What the URL asks for, and, after `found`, how many rows there are.

    `sort` is a column's key, with "-" in front for downwards. `page` counts from 1. Where a file is
    asked for, `file` is its format, and the pages are those that it is read by; `part` is which
    list of the page it is of, "" where there is one. With `is_more` there are more than `total`
    rows: so many are counted, and reached by pages.
    `kept` are words that say which list this is, as a tab does: every link keeps them, and clearing
    the filters, too.
    """

    path: str
    filters: Mapping[str, str] = field(default_factory=dict)
    kept: Mapping[str, str] = field(default_factory=dict)
    sort: str = ""
    page: int = 1
    size: int = PAGE_SIZE
    total: int = 0
    default_sort: str = ""
    file: FileFormat = ""
    part: str = ""
    is_more: bool = False

    def wants(self, part: str = "") -> bool:
        """Whether a file is asked for, of this list of the page."""
        return bool(self.file) and self.part == part

    @property
    def is_further(self) -> bool:
        """Whether it is a page of a file after the first: what is said of all is known by then."""
        return bool(self.file) and self.page > 1

    @property
    def counted(self) -> int | None:
        """How many rows are counted at most: a file has all; None as the list says."""
        return FILE_ROWS + 1 if self.file else None

    def of_page(self, rows: Sequence[Row]) -> Sequence[Row]:
        """Of rows that are all at hand those of the page; a file has all."""
        return rows if self.file else rows[self.offset : self.offset + self.size]

    @property
    def offset(self) -> int:
        """Rows before this page."""
        return (self.page - 1) * self.size

    @property
    def key(self) -> str:
        """The key sorted by, without its direction."""
        return self.sort.removeprefix("-")

    @property
    def descending(self) -> bool:
        """Whether it is sorted downwards."""
        return self.sort.startswith("-")

    @property
    def pages(self) -> int:
        """How many pages there are, at least one."""
        return max(1, -(-self.total // self.size))

    @property
    def first(self) -> int:
        """Number of the first row shown, 0 when there is none."""
        return min(self.offset + 1, self.total)

    @property
    def last(self) -> int:
        """Number of the last row shown."""
        return min(self.offset + self.size, self.total)

    @property
    def filtered(self) -> bool:
        """Whether a filter is set, so that an empty list may only be a narrow one."""
        return any(self.filters.values())

    def found(self, total: int, *, is_more: bool = False) -> Listing:
        """The same list, knowing how many rows match; a page beyond the last becomes the last."""
        counted = replace(self, total=total, is_more=is_more)
        return replace(counted, page=min(self.page, counted.pages))

    def in_order(self, rows: Iterable[Row], keys: Mapping[str, Callable[[Row], Any]]) -> list[Row]:
        """Rows that are all at hand, sorted by what `keys` has for the column's key."""
        return sorted(rows, key=keys[self.key], reverse=self.descending)

    def url(self, **changes: str | int | None) -> str:
        """This list's URL with `changes`: a filter, `sort`, `page` or another word; None removes.

        Anything but a new page starts at page 1 again.
        """
        words: dict[str, str | int | None] = {**self.kept, **self.filters}
        words["sort"] = self.sort if self.sort != self.default_sort else None
        words.update(changes)
        if words.get("page") == 1:
            words["page"] = None
        query = urlencode({k: v for k, v in words.items() if v not in (None, "")})
        return f"{self.path}?{query}" if query else self.path

    def sort_url(self, key: str) -> str:
        """The URL that a heading leads to: by `key` upwards, turned round if it is so already."""
        return self.url(sort=f"-{key}" if self.sort == key else key)

    def page_url(self, page: int) -> str:
        """The URL of another page of the same list."""
        return self.url(page=page)

    @property
    def clear_url(self) -> str:
        """The same list without its filters."""
        query = urlencode({name: value for name, value in self.kept.items() if value})
        return f"{self.path}?{query}" if query else self.path

    @property
    def words(self) -> str:
        """What an address of one of its rows takes along to lead back: "?state=open", or ""."""
        url = self.url(page=None, **dict.fromkeys(self.kept))
        return url.removeprefix(self.path)

    def near(self) -> tuple[int | None, ...]:
        """Page numbers for a pager: first, last and those around; None stands for a gap."""
        shown = sorted(
            {1, self.pages, *range(max(1, self.page - 1), min(self.pages, self.page + 1) + 1)}
        )
        row: list[int | None] = []
        for number in shown:
            if row and row[-1] is not None and number - row[-1] > 1:
                row.append(row[-1] + 1 if number - row[-1] == 2 else None)
            row.append(number)
        return tuple(row)


def read_listing(
    path: str,
    query: Mapping[str, str],
    columns: Sequence[Column],
    *,
    filters: Iterable[str] = (),
    kept: Iterable[str] = (),
    default_sort: str = "",
    size: int = PAGE_SIZE,
) -> Listing:
    """What a query string asks for; what it may not (an unknown sort, page "x") is left out.

    `filters` names the words that narrow the list, `kept` those that say which list it is; values
    are cut to 200 characters and stripped of NUL, which PostgreSQL does not take.
    """
    keys = {column.key for column in columns if column.key}
    sort = query.get("sort", "")
    if sort.removeprefix("-") not in keys:
        sort = default_sort
    number = query.get("page", "1")
    page = int(number) if number.isascii() and number.isdigit() and len(number) < 6 else 1
    chosen, words = (
        {name: query.get(name, "").replace("\0", "").strip()[:FILTER_LENGTH] for name in names}
        for names in (filters, kept)
    )
    file = (
        cast("FileFormat", asked) if (asked := query.get("format", "")) in {"csv", "xlsx"} else ""
    )
    return Listing(
        path=path,
        filters=chosen,
        kept=words,
        sort=sort,
        page=1 if file else min(max(1, page), PAGE_LIMIT),
        size=FILE_PAGE if file else size,
        default_sort=default_sort,
        file=file,
        part=query.get("list", "")[:FILTER_LENGTH] if file else "",
    )
