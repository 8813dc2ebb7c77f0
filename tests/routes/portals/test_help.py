"""Help says in everybody's words what an amount is made of and who may do what."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from portal.access import MATRIX, Permission, Role
from portal.routes.glossary import TERMS
from portal.routes.shared.help import anchor
from portal.routes.shared.matrix import NOUNS, ROLES, VERBS, matrix_for
from tests.cast import ADA, NORA, REX, SUE
from tests.routes.conftest import Site
from tests.routes.worked_example import read, worked
from tests.services import TestServices


@pytest.fixture(scope="module")
async def site(
    services: TestServices, template: str, worker_id: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Site]:
    directory: Path = tmp_path_factory.mktemp("help")
    async with worked(services, template, f"{template}_{worker_id}_help", directory) as it:
        yield it


async def test_everybody_signed_in_has_help_and_nobody_else(site: Site) -> None:
    for who in (ADA, NORA, SUE, REX):
        text = await read(await site.as_(who), "/help")
        assert "= €5.11" in text, who.name
        assert "an agent of a cloud who brings subscribers" in text
    outside = await site.visitor()
    assert (await outside.get("/help")).status_code == 303


async def test_roles_are_told_as_far_as_they_concern_whoever_reads(site: Site) -> None:
    assert "Cloud accountant" in await read(await site.as_(ADA), "/help")
    nora = await read(await site.as_(NORA), "/help")
    assert "Account manager" in nora
    assert "People and keys of the platform" not in nora
    assert "Accountant Cloud" not in await read(await site.as_(SUE), "/help")


def test_the_table_is_the_matrix() -> None:
    table = matrix_for(ROLES)
    told = dict(table.rows)
    for permission in Permission:
        noun, verb = permission.value.split(".")
        if noun == "clock":
            continue
        for place, role in enumerate(ROLES):
            may = permission in MATRIX[role]
            says = str(VERBS[verb]) in told[str(NOUNS[noun])][place].split(", ")
            assert may == says or verb == "browse", (permission, role)
    assert len(table.roles) == len(ROLES) == len(MATRIX) - 2  # without system and doorkeeper
    assert Role.SYSTEM not in ROLES


def test_words_have_addresses_of_their_own() -> None:
    anchors = [anchor(word) for word in TERMS]
    assert len(set(anchors)) == len(anchors)
    assert all(one.isascii() and " " not in one for one in anchors)


async def test_errors_of_people_who_are_signed_in_stand_in_their_portal(site: Site) -> None:
    nora = await site.as_(NORA)
    for path in ("/cloud/subscribers/999", "/system", "/cloud/reports?month=2030-01"):
        answer = await nora.get(path)
        assert answer.status_code in {403, 404}
        assert "Back to overview" in answer.text
        assert 'aria-label="Main"' in answer.text, path
        assert 'href="/cloud"' in answer.text
