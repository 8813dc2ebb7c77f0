"""The kinds of things that are looked for by name: where each is, as SQL, and what tells one.

For fields that choose one of many, and for the search: which rows there are, the database decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from portal.access import Role
from portal.kit.queries import words
from portal.kit.queries.words import Words


@dataclass(frozen=True, slots=True)
class Kind:
    """A table under its alias, and of its rows the `key` that addresses one, the name, the cloud.

    The key is text: a number, a code, an id or an address. `only` narrows to rows of the kind.
    Names and keys of many are kept by `words`.
    """

    table: str
    key: str
    name: str
    cloud: str
    only: str = "true"
    words: Words | None = None

    @property
    def alias(self) -> str:
        """What the table's row is called in a query."""
        return self.table.split()[1]

    @property
    def shown(self) -> str:
        """What a row is called: its name, or its key where it has none."""
        return f"coalesce(nullif({self.name}, ''), {self.key})"


SUBSCRIBERS: Final = Kind("subscriber s", "s.number::text", "s.name", "s.cloud", words=words.CHOSEN)
CAMERAS: Final = Kind("camera c", "c.external_id", "c.name", "c.cloud", words=words.CAMERAS)
TARIFFS: Final = Kind("tariff t", "t.code", "t.name", "t.cloud")
REFERRALS: Final = Kind("referral r", "r.code", "r.name", "r.cloud")
ACCOUNT_MANAGERS: Final = Kind(
    "colleague a", "a.email", "a.name", "a.cloud", f"a.role = '{Role.ACCOUNT_MANAGER}'"
)
CLOUDS: Final = Kind("cloud o", "o.slug", "o.name", "o.id")
PEOPLE: Final = Kind(
    "portal_user u", "u.id::text", "coalesce(nullif(u.name, ''), u.email)", "u.cloud"
)
