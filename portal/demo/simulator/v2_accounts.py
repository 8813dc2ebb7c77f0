"""Signing in, organizations, presets and users in API v2."""

import secrets
from typing import Any, cast

from litestar import delete, get, post, put
from litestar.params import FromPath

from portal.demo.simulator import v2_shapes as shapes
from portal.demo.simulator.body import Body
from portal.demo.simulator.entities import OrganizationFields, User
from portal.demo.simulator.failures import Failure
from portal.demo.simulator.simulation import AnyRequest, simulation_of
from portal.demo.simulator.v2_access import caller_of, found, page_of, writer_of

# -- signing in ----------------------------------------------------------------------------------


@post("/auth/login", status_code=200)
async def login(request: AnyRequest) -> Any:
    """POST /auth/login."""
    simulation, body = simulation_of(request), await Body.of(request)
    user = simulation.present().find_user(body.text("login") or "")
    if user is None or not user.enabled or user.password != body.text("password"):
        raise Failure(403, "wrong login or password", "Forbidden")
    session = secrets.token_hex(16)
    simulation.sessions[session] = user.id
    return simulation.with_unknown({"session": session, **_who(user)})


@get("/auth/whoami")
async def whoami(request: AnyRequest) -> Any:
    """GET /auth/whoami."""
    caller = caller_of(request)
    who = {"login": None, "is_admin": True} if caller.user is None else _who(caller.user)
    return caller.simulation.with_unknown(who)


def _who(user: User) -> dict[str, Any]:
    return {
        "id": user.id,
        "login": user.login,
        "is_admin": user.is_admin,
        "domain_id": 1,
        "is_domain_admin": user.is_admin,
        "is_organization_admin": False,
        "organizations": list(user.organizations),
        "can_edit_organizations": user.is_admin,
    }


# -- organizations -------------------------------------------------------------------------------


@get("/organizations")
async def organizations(request: AnyRequest) -> Any:
    """GET /organizations."""
    caller = caller_of(request)
    world, search = caller.simulation.world, request.query_params.get("search")
    visible = [
        one
        for number, one in sorted(world.organizations.items())
        if caller.sees(number) and found(search, one.title)
    ]
    shown = [
        shapes.organization(world, one) for one in page_of(request, caller.simulation, visible)
    ]
    return caller.simulation.with_unknown(shown)


@post("/organizations", status_code=200)
async def add_organization(request: AnyRequest) -> Any:
    """POST /organizations."""
    world = writer_of(request).simulation.world
    made = world.add_organization(await _organization_fields(request))
    return shapes.organization(world, made)


@get("/organizations/{number:int}")
async def organization(request: AnyRequest, number: FromPath[int]) -> Any:
    """GET /organizations/{number:int}."""
    caller = caller_of(request)
    one = caller.simulation.world.organization(number)
    if not caller.sees(number):
        raise Failure(403, "not yours", "Forbidden")
    return caller.simulation.with_unknown(shapes.organization(caller.simulation.world, one))


@put("/organizations/{number:int}")
async def edit_organization(request: AnyRequest, number: FromPath[int]) -> Any:
    """PUT /organizations/{number:int}."""
    world = writer_of(request).simulation.world
    return shapes.organization(
        world, world.edit_organization(number, await _organization_fields(request))
    )


@delete("/organizations/{number:int}", status_code=200)
async def delete_organization(request: AnyRequest, number: FromPath[int]) -> Any:
    """DELETE /organizations/{number:int}."""
    force = request.headers.get("force") == "1"
    writer_of(request).simulation.world.delete_organization(number, force=force)
    return {"success": True}


async def _organization_fields(request: AnyRequest) -> OrganizationFields:
    body = await Body.of(request)
    given = body.texts(title="title")
    for name in ("owner_id", "camera_limit", "user_limit", "dvr_limit"):
        if name in body:
            given[name] = body.integer(name)
    return cast("OrganizationFields", given)


@get("/organizations/{number:int}/presets")
async def organization_presets(request: AnyRequest, number: FromPath[int]) -> Any:
    """GET /organizations/{number:int}/presets."""
    simulation = caller_of(request).simulation
    linked = sorted(simulation.world.organization(number).presets)
    return simulation.with_unknown(
        [
            shapes.preset_link(simulation.world.preset(preset_id), number)
            for preset_id in page_of(request, simulation, linked)
        ]
    )


@post("/organizations/{number:int}/presets", status_code=200)
async def link_preset(request: AnyRequest, number: FromPath[int]) -> Any:
    """POST /organizations/{number:int}/presets."""
    world = writer_of(request).simulation.world
    one = world.preset((await Body.of(request)).integer("preset_id") or 0)
    world.organization(number).presets.add(one.id)
    return shapes.preset_link(one, number)


@delete("/organizations/{number:int}/presets/{preset_id:int}", status_code=200)
async def unlink_preset(
    request: AnyRequest, number: FromPath[int], preset_id: FromPath[int]
) -> Any:
    """DELETE /organizations/{number:int}/presets/{preset_id:int}."""
    writer_of(request).simulation.world.organization(number).presets.discard(preset_id)
    return {"success": True}


@post("/organizations/{number:int}/users", status_code=200)
async def add_member(request: AnyRequest, number: FromPath[int]) -> Any:
    """POST /organizations/{number:int}/users."""
    world = writer_of(request).simulation.world
    user = world.user((await Body.of(request)).integer("user_id") or 0)
    if world.organization(number).id not in user.organizations:
        user.organizations.append(number)
    return shapes.user(user)


# -- presets -------------------------------------------------------------------------------------


@get("/presets")
async def presets(request: AnyRequest) -> Any:
    """GET /presets."""
    simulation = caller_of(request).simulation
    ordered = [one for _, one in sorted(simulation.world.presets.items())]
    return simulation.with_unknown(
        [shapes.preset(one) for one in page_of(request, simulation, ordered)]
    )


@post("/presets", status_code=200)
async def add_preset(request: AnyRequest) -> Any:
    """POST /presets."""
    world = writer_of(request).simulation.world
    return shapes.preset(world.add_preset(shapes.preset_fields(await Body.of(request))))


@get("/presets/{number:int}")
async def preset(request: AnyRequest, number: FromPath[int]) -> Any:
    """GET /presets/{number:int}."""
    simulation = caller_of(request).simulation
    return simulation.with_unknown(shapes.preset(simulation.world.preset(number)))


@put("/presets/{number:int}")
async def edit_preset(request: AnyRequest, number: FromPath[int]) -> Any:
    """PUT /presets/{number:int}."""
    world = writer_of(request).simulation.world
    return shapes.preset(world.edit_preset(number, shapes.preset_fields(await Body.of(request))))


@delete("/presets/{number:int}", status_code=200)
async def delete_preset(request: AnyRequest, number: FromPath[int]) -> Any:
    """DELETE /presets/{number:int}."""
    writer_of(request).simulation.world.delete_preset(number)
    return {"success": True}


# -- users ---------------------------------------------------------------------------------------


@get("/users")
async def users(request: AnyRequest) -> Any:
    """GET /users."""
    simulation = writer_of(request).simulation
    ordered = [one for _, one in sorted(simulation.world.users.items())]
    return simulation.with_unknown(
        [shapes.user(one) for one in page_of(request, simulation, ordered)]
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


@delete("/users/{number:int}", status_code=200)
async def delete_user(request: AnyRequest, number: FromPath[int]) -> Any:
    """DELETE /users/{number:int}."""
    writer_of(request).simulation.world.delete_user(number)
    return {"success": True}


HANDLERS = [
    *(login, whoami),
    *(organizations, add_organization, organization, edit_organization, delete_organization),
    *(organization_presets, link_preset, unlink_preset, add_member),
    *(presets, add_preset, preset, edit_preset, delete_preset),
    *(users, add_user, user, edit_user, delete_user),
]
