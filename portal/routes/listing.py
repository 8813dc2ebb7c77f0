"""The state of a list, kept in its URL: filters, sort and page. Pure; no request, no HTML."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypeVar
from urllib.parse import urlencode

PAGE_SIZE: Final = 50
PAGE_LIMIT: Final = 10_000
"""Beyond this nobody reads on; it keeps a made-up page number from becoming a huge offset."""
FILTER_LENGTH: Final = 200
Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Column:
    """A heading. `key` is what it sorts by, None where it does not.

    `end` puts figures to the right; `wide` columns are left out where the screen is narrow.
    """

    label: str
    key: str | None = None
    end: bool = False
    wide: bool = False


@dataclass(frozen=True, slots=True)
class Listing:
    """What the URL asks for, and, after `found`, how many rows there are.

    `sort` is a column's key, with "-" in front for downwards. `page` counts from 1.
    """

    path: str
    filters: Mapping[str, str] = field(default_factory=dict)
    sort: str = ""
    page: int = 1
    size: int = PAGE_SIZE
    total: int = 0
    default_sort: str = ""

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

    def found(self, total: int) -> Listing:
        """The same list, knowing how many rows match; a page beyond the last becomes the last."""
        counted = replace(self, total=total)
        return replace(counted, page=min(self.page, counted.pages))

    def in_order(self, rows: Iterable[Row], keys: Mapping[str, Callable[[Row], Any]]) -> list[Row]:
        """Rows that are all at hand, sorted by what `keys` has for the column's key."""
        return sorted(rows, key=keys[self.key], reverse=self.descending)

    def url(self, **changes: str | int | None) -> str:
        """This list's URL with `changes`: a filter, `sort`, `page` or another word; None removes.

        Anything but a new page starts at page 1 again.
        """
        words: dict[str, str | int | None] = {**self.filters}
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
    default_sort: str = "",
    size: int = PAGE_SIZE,
) -> Listing:
    """What a query string asks for; what it may not (an unknown sort, page "x") is left out.

    `filters` names the words that narrow the list; values are cut to 200 characters and stripped
    of NUL, which PostgreSQL does not take.
    """
    keys = {column.key for column in columns if column.key}
    sort = query.get("sort", "")
    if sort.removeprefix("-") not in keys:
        sort = default_sort
    number = query.get("page", "1")
    page = int(number) if number.isascii() and number.isdigit() and len(number) < 6 else 1
    chosen = {
        name: query.get(name, "").replace("\0", "").strip()[:FILTER_LENGTH] for name in filters
    }
    return Listing(
        path=path,
        filters=chosen,
        sort=sort,
        page=min(max(1, page), PAGE_LIMIT),
        size=size,
        default_sort=default_sort,
    )
