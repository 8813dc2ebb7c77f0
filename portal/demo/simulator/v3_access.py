"""Who asks API v3: sign-in by password or refresh token, and bearer tokens."""

import base64
import binascii
from dataclasses import dataclass
from typing import Any

from portal.demo.simulator.entities import User
from portal.demo.simulator.failures import Failure
from portal.demo.simulator.simulation import AnyRequest, Simulation, simulation_of


@dataclass(frozen=True, slots=True)
class Bearer:
    """A user with a good access token, and which of the two APIs was asked."""

    simulation: Simulation
    user: User
    api: str

    def sees(self, organization_id: int) -> bool:
        """Whether an organization is visible: through the admin API all are."""
        return self.user.is_admin or organization_id in self.user.organizations


def api_of(request: AnyRequest) -> str:
    """The API of a path: "admin" or "client"."""
    return "admin" if "/admin-api/" in request.url.path else "client"


def bearer_of(request: AnyRequest) -> Bearer:
    """Who asks. Raises `Failure` 401 for a token that is not good (any more), 403 for no right."""
    simulation, api = simulation_of(request), api_of(request)
    world = simulation.present()
    claims = _claims(simulation, request, "access", api)
    uses = simulation.habits.access_token_uses
    if claims is not None and uses is not None:
        used = simulation.tokens.uses.get(claims["jti"], 0) + 1
        simulation.tokens.uses[claims["jti"]] = used
        claims = None if used > uses else claims
    user = None if claims is None else world.users.get(claims["sub"])
    if user is None or not user.enabled:
        raise Failure(401, "the token is missing, wrong or expired")
    if api == "admin" and not user.is_admin:
        raise Failure(403, "only administrators may do that")
    return Bearer(simulation, user, api)


def writer_of(request: AnyRequest) -> Bearer:
    """Who asks, if it may change things. Raises `Failure` 401 or 403."""
    bearer = bearer_of(request)
    if not bearer.user.is_admin:
        raise Failure(403, "this user may not do that")
    return bearer


def tokens_for(request: AnyRequest) -> dict[str, Any]:
    """A new pair of tokens, by password or by refresh token, which is used up by it.

    Raises `Failure` 401 for neither, 403 for a user who may not use this API.
    """
    simulation, api = simulation_of(request), api_of(request)
    world = simulation.present()
    claims = _claims(simulation, request, "refresh", api)
    if claims is not None:
        simulation.tokens.revoked.add(claims["jti"])
        user = world.users.get(claims["sub"])
    else:
        user = by_password(request)
    if user is None or not user.enabled:
        raise Failure(401, "wrong login, password or token")
    if api == "admin" and not user.is_admin:
        raise Failure(403, "only administrators may sign in here")
    habits = simulation.habits
    access_ms = world.now_ms + habits.access_token_seconds * 1000
    refresh_ms = world.now_ms + habits.refresh_token_seconds * 1000
    return {
        "access_token": simulation.tokens.issue(user, api, "access", access_ms),
        "refresh_token": simulation.tokens.issue(user, api, "refresh", refresh_ms),
    }


def by_password(request: AnyRequest) -> User | None:
    """The enabled user of an HTTP Basic header, None when it is not right."""
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        login, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    user = simulation_of(request).present().find_user(login)
    if user is None or user.password != password or not user.enabled:
        return None
    return user


def _claims(
    simulation: Simulation, request: AnyRequest, kind: str, api: str
) -> dict[str, Any] | None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        return None
    claims = simulation.tokens.read(token, simulation.world.now_ms)
    if claims is None or claims["kind"] != kind or claims["api"] != api:
        return None
    return claims
