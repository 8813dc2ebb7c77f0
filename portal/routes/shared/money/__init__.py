"""Money: what came in, went back and is owed, in a cloud's book and in the platform's own."""

from typing import Final

from portal.routes.shared.bank import BANK
from portal.routes.shared.money.giving_back import GIVING_BACK
from portal.routes.shared.money.ledger import LEDGER
from portal.routes.shared.money.owed import OWED, OWED_OF_PLATFORM
from portal.routes.shared.money.payment import PAYMENT
from portal.routes.shared.money.payments import PAYMENTS
from portal.routes.shared.money.placing import PLACING

_OF_BOTH: Final = (*PAYMENTS, *PAYMENT, *PLACING, *GIVING_BACK, *BANK, *LEDGER)
MONEY: Final = (*_OF_BOTH, *OWED)
"""Below a cloud's pages."""
MONEY_OF_PLATFORM: Final = (*_OF_BOTH, *OWED_OF_PLATFORM)
"""Below /system: of the platform's own book."""
