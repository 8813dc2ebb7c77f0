"""Signing in, organizations, presets and users in API v3."""

from typing import Any

from litestar import delete, get, post, put
from litestar.params import FromPath

from portal.demo.simulator import v3_shapes as shapes
from portal.demo.simulator.body import Body
from portal.demo.simulator.collection import collection
from portal.demo.simulator.entities import OrganizationFields
from portal.demo.simulator.failures import Failure
from portal.demo.simulator.simulation import AnyRequest, simulation_of
from portal.demo.simulator.v3_access import bearer_of, tokens_for, writer_of


@post("/login", status_code=200)
async def login(request: AnyRequest) -> Any:
    """POST /login."""
    return simulation_of(request).with_unknown(tokens_for(request))


# -- organizations -------------------------------------------------------------------------------


@get("/organizations")
async def organizations(request: AnyRequest) -> Any:
    """GET /organizations."""
    bearer = bearer_of(request)
    world = bearer.simulation.world
    return collection(
        request,
        bearer.simulation,
        "organizations",
        [number for number in sorted(world.organizations) if bearer.sees(number)],
        lambda number: shapes.organization(world, world.organizations[number]),
    )


@post("/organizations", status_code=200)
async def add_organization(request: AnyRequest) -> Any:
    """POST /organizations."""
    world = writer_of(request).simulation.world
    made = world.add_organization(await _organization_fields(request))
    return shapes.organization(world, made)


@get("/organizations/{number:int}")
async def organization(request: AnyRequest, number: FromPath[int]) -> Any:
    """GET /organizations/{number:int}."""
    bearer = bearer_of(request)
    one = bearer.simulation.world.organization(number)
    if not bearer.sees(number):
        raise Failure(403, "not yours")
    return bearer.simulation.with_unknown(shapes.organization(bearer.simulation.world, one))


@put("/organizations/{number:int}")
async def edit_organization(request: AnyRequest, number: FromPath[int]) -> Any:
    """PUT /organizations/{number:int}."""
    world = writer_of(request).simulation.world
    return shapes.organization(
        world, world.edit_organization(number, await _organization_fields(request))
    )


@delete("/organizations/{number:int}")
async def delete_organization(request: AnyRequest, number: FromPath[int]) -> None:
    """DELETE /organizations/{number:int}."""
    writer_of(request).simulation.world.delete_organization(number)


async def _organization_fields(request: AnyRequest) -> OrganizationFields:
    body = await Body.of(request)
    fields = OrganizationFields()
    if (title := body.text("title")) is not None:
        fields["title"] = title
    limits = body.inner("limits")
    if "streams" in limits:
        fields["camera_limit"] = limits.integer("streams")
    if "users" in limits:
        fields["user_limit"] = limits.integer("users")
    if "owner_id" in body:
        fields["owner_id"] = body.integer("owner_id")
    return fields


@put("/organizations/{number:int}/presets")
async def link_preset(request: AnyRequest, number: FromPath[int]) -> Any:
    """PUT /organizations/{number:int}/presets."""
    world = writer_of(request).simulation.world
    one = world.preset((await Body.of(request)).integer("preset_id") or 0)
    world.organization(number).presets.add(one.id)
    return shapes.preset(world, one)


@delete("/organizations/{number:int}/presets/{preset_id:int}")
async def unlink_preset(
    request: AnyRequest, number: FromPath[int], preset_id: FromPath[int]
) -> None:
    """DELETE /organizations/{number:int}/presets/{preset_id:int}."""
    writer_of(request).simulation.world.organization(number).presets.discard(preset_id)


# -- presets -------------------------------------------------------------------------------------


@get("/presets")
async def presets(request: AnyRequest) -> Any:
    """GET /presets."""
    bearer = bearer_of(request)
    world = bearer.simulation.world
    wanted = request.query_params.get("organization_id", "")
    known: set[int] = set(world.presets)
    if wanted.isdecimal():
        known &= world.organization(int(wanted)).presets
    return collection(
        request,
        bearer.simulation,
        "presets",
        sorted(known),
        lambda number: shapes.preset(world, world.presets[number]),
        skip=frozenset({"organization_id"}),
    )


@post("/presets", status_code=200)
async def add_preset(request: AnyRequest) -> Any:
    """POST /presets."""
    world = writer_of(request).simulation.world
    made = world.add_preset(shapes.preset_fields(await Body.of(request)))
    return shapes.preset(world, made)


@get("/presets/{number:int}")
async def preset(request: AnyRequest, number: FromPath[int]) -> Any:
    """GET /presets/{number:int}."""
    simulation = bearer_of(request).simulation
    return simulation.with_unknown(shapes.preset(simulation.world, simulation.world.preset(number)))


@put("/presets/{number:int}")
async def edit_preset(request: AnyRequest, number: FromPath[int]) -> Any:
    """PUT /presets/{number:int}."""
    world = writer_of(request).simulation.world
    one = world.edit_preset(number, shapes.preset_fields(await Body.of(request)))
    return shapes.preset(world, one)


# -- users ---------------------------------------------------------------------------------------


@get("/users")
async def users(request: AnyRequest) -> Any:
    """GET /users."""
    simulation = writer_of(request).simulation
    return collection(
        request,
        simulation,
        "users",
        sorted(simulation.world.users),
        lambda number: shapes.user(simulation.world.users[number]),
    )


@post("/users", status_code=200)
async def add_user(request: AnyRequest) -> Any:
    """POST /users."""
    world = writer_of(request).simulation.world
    return shapes.user(world.add_user(shapes.user_fields(await Body.of(request))))


@get("/users/{number:int}")
async def user(request: AnyRequest, number: FromPath[int]) -> Any:
    """GET /users/{number:int}."""
    return shapes.user(writer_of(request).simulation.world.user(number))


@put("/users/{number:int}")
async def edit_user(request: AnyRequest, number: FromPath[int]) -> Any:
    """PUT /users/{number:int}."""
    world = writer_of(request).simulation.world
    return shapes.user(world.edit_user(number, shapes.user_fields(await Body.of(request))))


@delete("/users/{number:int}")
async def delete_user(request: AnyRequest, number: FromPath[int]) -> None:
    """DELETE /users/{number:int}."""
    writer_of(request).simulation.world.delete_user(number)


@get("/users/{number:int}/apikey")
async def user_key(request: AnyRequest, number: FromPath[int]) -> Any:
    """GET /users/{number:int}/apikey."""
    return {"apikey": writer_of(request).simulation.world.user(number).apikey}


HANDLERS = [
    login,
    *(organizations, add_organization, organization, edit_organization, delete_organization),
    *(link_preset, unlink_preset),
    *(presets, add_preset, preset, edit_preset),
    *(users, add_user, user, edit_user, delete_user, user_key),
]
