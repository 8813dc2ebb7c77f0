"""Who asks API v2, what it may see, and which page it asked for."""

import secrets
from dataclasses import dataclass
from typing import TypeVar

from portal.demo.simulator.entities import RefusedError, User
from portal.demo.simulator.failures import Failure
from portal.demo.simulator.simulation import AnyRequest, Simulation, simulation_of

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks. Without a user it is the system key, which may do everything."""

    simulation: Simulation
    user: User | None

    @property
    def may_write(self) -> bool:
        """Whether it may change anything."""
        return self.user is None or self.user.is_admin

    def sees(self, organization_id: int) -> bool:
        """Whether an organization is visible to it."""
        return self.may_write or (
            self.user is not None and organization_id in self.user.organizations
        )


def caller_of(request: AnyRequest) -> Caller:
    """Who asks, by key or by session. Raises `Failure` 403."""
    simulation = simulation_of(request)
    world = simulation.present()
    login = request.headers.get("x-vsaas-user")
    key = request.headers.get("x-vsaas-api-key")
    if key is not None:
        if key in simulation.habits.expired_keys:
            raise Failure(403, "the key has expired", "ApikeyExpired")
        named = world.find_user(login) if login is not None else None
        if login is not None and named is None:
            raise Failure(403, "there is no such user", "Forbidden")
        if secrets.compare_digest(key.encode(), world.system_key.encode()):
            return Caller(simulation, named)
        if named is not None and named.enabled and secrets.compare_digest(key, named.apikey):
            return Caller(simulation, named)
        raise Failure(403, "the key is wrong", "WrongApikey")
    user = world.users.get(simulation.sessions.get(request.headers.get("x-vsaas-session", ""), 0))
    if user is None or not user.enabled:
        raise Failure(403, "sign in first", "Forbidden")
    return Caller(simulation, user)


def writer_of(request: AnyRequest) -> Caller:
    """Who asks, if it may change things. Raises `Failure` 403."""
    caller = caller_of(request)
    if not caller.may_write:
        raise Failure(403, "this user may not do that", "Forbidden")
    return caller


def page_of(request: AnyRequest, simulation: Simulation, items: list[T]) -> list[T]:
    """The part of a list that was asked for, by query or by headers."""
    limit = _whole(request, "limit", "x-page-limit", simulation.habits.page_default)
    offset = _whole(request, "offset", "x-page-offset", 0)
    if simulation.habits.page_max is not None:
        limit = min(limit, simulation.habits.page_max)
    return items[offset : offset + limit]


def _whole(request: AnyRequest, name: str, header: str, default: int) -> int:
    given = request.query_params.get(name, request.headers.get(header))
    if given is None:
        return default
    if not given.isdecimal():
        raise RefusedError(f"{name} must be a whole number")
    return int(given)


def found(text: str | None, *values: str) -> bool:
    """Whether a search text is in one of the values, or there is none."""
    return not text or any(text.lower() in value.lower() for value in values)
