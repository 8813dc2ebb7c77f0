"""The names of the workers' jobs: who asks for one and who does it find the same name here."""

from typing import Final

SWEEP: Final = "sweep"
"""Look by the clock for everything that is due."""
CLOSE_PERIOD: Final = "close_period"
"""Help to close the period with a row id."""
RENDER_DOCUMENTS: Final = "render_documents"
"""Make the PDFs that issued documents lack."""
ESTIMATE: Final = "estimate"
"""Estimate the running month of the cloud with a row id."""
READ_CONNECTION: Final = "read_connection"
"""Go on with the reading that has a row id."""
FOLLOW_MAPPINGS: Final = "follow_mappings"
"""Make the subscriptions that the mappings of the cloud with a row id ask for."""
PROVISION: Final = "provision"
"""Write to the Watchers of the cloud with a row id."""
