"""Fields that choose one of many propose what fits, each of them only what its person may see."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from portal.access import Actor
from tests.cast import ADA, ANN, MAX, NORA, SAM
from tests.routes.conftest import Site
from tests.routes.worked_example import worked
from tests.services import TestServices


@pytest.fixture(scope="module")
async def month(
    services: TestServices, template: str, worker_id: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Site]:
    directory: Path = tmp_path_factory.mktemp("choosing")
    async with worked(services, template, f"{template}_{worker_id}_choosing", directory) as it:
        yield it


async def proposed(site: Site, who: Actor, path: str) -> list[str]:
    answer = await (await site.as_(who)).get(path)
    assert answer.status_code == 200, answer.text
    return [part.split('"')[0] for part in answer.text.split('value="')[1:]]


async def test_numbers_codes_and_names_fit(month: Site) -> None:
    assert await proposed(month, NORA, "/cloud/choose/subscriber?field=s&s=sue") == ["1"]
    assert await proposed(month, NORA, "/cloud/choose/subscriber?field=s&s=1") == ["1"]
    assert await proposed(month, NORA, "/cloud/choose/subscriber?field=s&s=nobody") == []
    assert await proposed(month, NORA, "/cloud/choose/subscriber?field=s&s=") == []
    by_platform = "/system/clouds/north/choose/subscriber?field=s&s=SUE"
    assert await proposed(month, ADA, by_platform) == ["1"]


async def test_nobody_is_proposed_what_is_not_theirs(month: Site) -> None:
    assert await proposed(month, SAM, "/cloud/choose/subscriber?field=s&s=sue") == []
    ann, max_ = await month.as_(ANN), await month.as_(MAX)
    assert (await ann.get("/cloud/choose/referral?field=r&r=rex")).status_code == 403
    assert (await ann.get("/cloud/choose/secret?field=r&r=rex")).status_code == 404
    away = "/system/clouds/south/choose/subscriber?field=s&s=a"
    assert (await max_.get(away)).status_code == 404


@pytest.mark.parametrize("text", ["%", "_", "'", "\\", "a" * 5000, "\u202e"])
async def test_odd_texts_fit_nothing(month: Site, text: str) -> None:
    visitor = await month.as_(NORA)
    answer = await visitor.get("/cloud/choose/subscriber", params={"field": "s", "s": text})
    assert answer.status_code == 200
    assert "<option" not in answer.text
