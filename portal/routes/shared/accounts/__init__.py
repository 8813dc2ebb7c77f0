"""People, keys, mail, settings and the log: of the platform, and of a cloud in either portal."""

from typing import Final

from portal.routes.shared.accounts.audit import AUDIT
from portal.routes.shared.accounts.deeds import DONE
from portal.routes.shared.accounts.deliveries import DELIVERIES
from portal.routes.shared.accounts.email import EMAIL
from portal.routes.shared.accounts.hand_over import HAND_OVER
from portal.routes.shared.accounts.keys import KEYS
from portal.routes.shared.accounts.look import LOOK
from portal.routes.shared.accounts.people import PEOPLE
from portal.routes.shared.accounts.sample_pdf import SAMPLE_PDF
from portal.routes.shared.accounts.security import SECURITY
from portal.routes.shared.accounts.settings import COMPANY_AND_CLOSING

ACCOUNTS: Final = (
    *AUDIT,
    *COMPANY_AND_CLOSING,
    *DELIVERIES,
    *DONE,
    *EMAIL,
    *HAND_OVER,
    *KEYS,
    *LOOK,
    *PEOPLE,
    *SAMPLE_PDF,
    *SECURITY,
)
