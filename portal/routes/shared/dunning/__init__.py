"""Reminders and graded suspension: the settings of a cloud, who is at which step, one customer."""

from typing import Final

from portal.routes.shared.dunning.customer import OF_CUSTOMER
from portal.routes.shared.dunning.listed import LISTED
from portal.routes.shared.dunning.settings import SETTINGS

DUNNING: Final = (*SETTINGS, *LISTED, *OF_CUSTOMER)
