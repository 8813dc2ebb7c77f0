"""Tariffs in both portals: what sells and what it leaves, one by one, and how they are made."""

from typing import Final

from portal.routes.shared.tariffs.changes import CHANGES
from portal.routes.shared.tariffs.composer import COMPOSER
from portal.routes.shared.tariffs.pages import tariff, tariffs

TARIFFS: Final = (tariffs, tariff, *CHANGES, *COMPOSER)
