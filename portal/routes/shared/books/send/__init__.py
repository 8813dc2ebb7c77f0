"""Pages on which documents leave the house: by e-mail, and handed over as files."""

from typing import Final

from portal.routes.shared.books.send.document import DOCUMENT
from portal.routes.shared.books.send.hand_over import HAND_OVERS
from portal.routes.shared.books.send.month import MONTH
from portal.routes.shared.books.send.selected import SELECTED

SENDING: Final = (*MONTH, *DOCUMENT, *HAND_OVERS, *SELECTED)
