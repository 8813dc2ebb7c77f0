"""Lines of an address, as many forms take them."""

from __future__ import annotations

from typing import Final

from portal.kit.forms.form import ListOf
from portal.values.kinds import Text

LINES: Final = ListOf(Text(200), 12)
