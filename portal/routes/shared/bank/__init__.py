"""Bank files on pages: sent, looked at and taken in; and their lines, which a person matches."""

from typing import Final

from portal.routes.shared.bank.columns import COLUMNS_OF_CSV
from portal.routes.shared.bank.files import FILES
from portal.routes.shared.bank.lines import LINES

BANK: Final = (*FILES, *COLUMNS_OF_CSV, *LINES)
