"""A key does what its scopes name and nothing else, at every address of the API; and it opens no page."""

from __future__ import annotations

import re
from collections.abc import Collection
from itertools import cycle

from portal.access import MATRIX, SYSTEM, Permission, Role
from portal.accounts.actions import api_keys
from portal.kit.queries import tenancy
from portal.routes import INTERFACES
from portal.routes.api import OPERATIONS
from portal.routes.api.kit.endpoint import Operation
from tests.routes.conftest import Site
from tests.routes.security.test_methods import addresses

NEEDED = sorted({one for operation in OPERATIONS for one in operation.permissions})
NOWHERE = {"cloud": "north", "period": "2031-01", "number": "4711", "id": "4711"}
"""Places of a path: in a cloud that is there nothing is found, so that nothing happens."""


def path_of(operation: Operation) -> str:
    path = re.sub(
        r"\{(\w+)\}", lambda found: NOWHERE.get(found[1], "nothing-there"), operation.path
    )
    return f"/api/v1{path}"


async def key_with(site: Site, scopes: Collection[str] | None, cloud: str | None = None) -> str:
    async with site.database.as_worker():
        return await api_keys.create(
            SYSTEM,
            name="Scoped",
            role="administrator",
            scopes=scopes,
            cloud=await tenancy.get_if_named(SYSTEM, cloud),
        )


async def test_each_operation_is_for_the_scopes_that_it_names_and_no_others(site: Site) -> None:
    """With one of them alone it is let in; with all others together it is not."""
    visitor = await site.visitor()
    alone = {one: await key_with(site, [one]) for one in NEEDED}
    without: dict[tuple[Permission, ...], str] = {}
    astray = []
    for operation in OPERATIONS:
        wanted = operation.permissions
        if wanted not in without:
            others = sorted(MATRIX[Role.ADMINISTRATOR] - set(wanted))
            without[wanted] = await key_with(site, others)
        asked = [(alone[one], True) for one in wanted] + [(without[wanted], False)]
        for key, let_in in asked:
            headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
            answer = await visitor.client.request(
                operation.method,
                path_of(operation),
                headers=headers,
                content=b"{" if operation.has_body else None,
            )
            assert answer.status_code not in {401, 500}, (operation.name, answer.text)
            if (answer.status_code != 403) is not let_in:
                astray.append((operation.name, wanted, let_in, answer.text[:200]))
    assert not astray, astray
    assert {one for operation in OPERATIONS for one in operation.permissions} <= MATRIX[
        Role.ADMINISTRATOR
    ]


async def test_a_key_without_a_scope_is_let_in_nowhere(site: Site) -> None:
    visitor = await site.visitor()
    for cloud in (None, "north"):
        headers = {"Authorization": f"Bearer {await key_with(site, [], cloud)}"}
        for operation in OPERATIONS:
            answer = await visitor.client.request(
                operation.method, path_of(operation), headers=headers
            )
            assert answer.status_code == 403, (operation.name, answer.text)


async def test_no_key_opens_a_page(site: Site) -> None:
    """Whatever it may do, to pages its holder is nobody: as header, and as a cookie."""
    outsider = await site.visitor()
    prefixes = tuple(f"{interface.prefix}/" for interface in INTERFACES)
    pages = [path for path in addresses(site.app) if f"{path}/".startswith(prefixes)]
    assert len(pages) > 150
    keys = [await key_with(site, None, cloud) for cloud in (None, "north")]
    tokens = [{"Authorization": f"Bearer {key}"} for key in keys]
    turn = cycle([*tokens, *({"Cookie": f"__Host-session={key}"} for key in keys), {}])
    for path in pages:  # two of five at each page, so that all come to many pages with each method
        for method in ("GET", "POST"):
            answer = await outsider.client.request(method, path, headers=next(turn))
            assert answer.status_code in {303, 403, 405}, (method, path)
            assert answer.headers.get("location", "/login").startswith("/login"), path
            assert "Nora" not in answer.text
