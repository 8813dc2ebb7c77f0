"""The filter of clouds by who looks after them."""

from collections.abc import Iterable
from typing import Final

from portal.words import _

MINE: Final = "mine"


def manager_choices(managers: Iterable[str | None]) -> list[tuple[str, str]]:
    """What may be chosen, (value, label): one's own clouds, then each manager that has any."""
    known = sorted({manager for manager in managers if manager})
    return [(MINE, _("Mine")), *((one, one) for one in known)]


def fits_manager(chosen: str, manager: str | None, *, is_mine: bool) -> bool:
    """Whether a cloud of `manager` is among what was chosen; "" is all."""
    return is_mine if chosen == MINE else chosen in {"", manager}
