"""PostgreSQL and Redis for an installation that has no servers of its own."""

from portal.embedded.postgres import Postgres
from portal.embedded.process import ServiceError
from portal.embedded.redis import Redis
from portal.embedded.services import Services

__all__ = ["Postgres", "Redis", "ServiceError", "Services"]
