"""Every form that an operator's pages show is sent by others: nothing of its cloud is touched.

The forms are found by walking the portal; they are sent with what stands in them, empty boxes
filled with something that would do.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from itertools import cycle
from pathlib import Path
from typing import Final

import pytest

from portal.access import Actor
from portal.routes import STOP_VIEWING_PATH
from portal.routes.accounts.auth import home_of
from tests.cast import ANN, CARL, MAX, NORA, REX, SAM, SUE
from tests.routes.conftest import Site
from tests.routes.security.test_odd_forms import Form, forms_of
from tests.routes.story import two_closed_months
from tests.services import TestServices

OTHERS: Final = (CARL, ANN, SAM, MAX, SUE, REX)
FOLLOWING: Final = ("draft_mark", "difference_mark", "subscriber_word")
"""What is written because something else was: that what is kept is stale, by which words one is found."""
CLAIMED: Final = ("write_off", "dispute", "posting", "entry", "invoice_sum", "entry_sum")
"""What follows an invoice that is given up or disputed: with the ledger, and the sums kept."""
OF_PERSON: Final = frozenset({"audit", "user_session", "kept_form", "view_as", "sent_form"})
"""What a request of anybody may leave behind of itself."""
FILLED: Final[Mapping[str, str]] = {
    "name": "Mallory", "email": "mallory@evil.test", "reason": "because", "percent": "1",
    "day": "2026-11-09", "starts_on": "2026-11-09", "ends_on": "2026-11-09", "agreed": "on",
    "valid_from": "2026-12-01", "confirmed": "on", "role": "administrator", "minutes": "15",
}  # fmt: skip


@pytest.fixture(scope="module")
async def site(
    services: TestServices, template: str, worker_id: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Site]:
    directory: Path = tmp_path_factory.mktemp("foreign")
    name = f"{template}_{worker_id}_foreign"
    async with two_closed_months(services, template, name, directory) as it:
        yield it


async def holdings(site: Site) -> dict[tuple[str, int | None], tuple[int, int]]:
    """A sum over the rows of each table, for each cloud (row id) that has some; None: nobody's."""
    tables = await site.rows(
        "select t.tablename, exists (select from information_schema.columns c where c.table_schema ="
        " 'public' and c.table_name = t.tablename and c.column_name = 'cloud') as of_cloud"
        " from pg_tables t where schemaname = 'public'"
    )
    summed = []
    for name, of_cloud in tables:
        whose = "cloud" if of_cloud else "id" if name == "cloud" else "null::bigint"
        if name not in OF_PERSON:
            summed.append(
                f"select '{name}' as name, {whose}, count(*), sum(hashtext(t::text))"
                f' from "{name}" t group by 2'
            )
    rows = await site.rows(" union all ".join(summed))
    return {(name, cloud): (count, total) for name, cloud, count, total in rows}


def may_change(who: Actor, table: str, cloud: int | None) -> bool:
    """Whether somebody's own forms change rows of a table, of a cloud or of nobody's (None).

    Ann's customer is in her care. Carl closes months, and none of the forms here closes one; what
    stands on documents is his to change, and so is what is found fine in a draft, and an
    invoice given up or disputed.
    """
    if who is ANN:
        return cloud == who.cloud and table in {"subscriber", *FOLLOWING}
    if who is CARL:
        return cloud == who.cloud and table in {"cloud", "seen", *CLAIMED, *FOLLOWING}
    return who is SAM and cloud == who.cloud


def sent(form: Form) -> dict[str, str]:
    values = {name: form.values.get(name) or FILLED.get(name, "") for name in form.kinds}
    values.pop("_csrf_token", None)
    return values


async def test_a_form_of_an_operator_changes_nothing_when_others_send_it(site: Site) -> None:
    found = await forms_of(await site.as_(NORA), ["/cloud"])
    forms = {one.action: one for one in found.values() if not one.action.startswith("/account")}
    assert len(forms) > 20
    outside = dict(zip(forms, cycle(OTHERS), strict=False))
    for who in OTHERS:
        visitor, before = await site.as_(who), await holdings(site)
        inside = home_of(who) == "/cloud"
        for action, form in forms.items():
            if not inside and outside[action] is not who:
                continue  # the guard of a portal asks for nothing but the path
            answer = await visitor.post(action, sent(form))
            assert answer.status_code < 500, (who.name, action, answer.text[-500:])
            assert inside or answer.status_code == 403, (who.name, action)
            if answer.status_code == 303 and "/view-as" in action:  # a form of before stops it, too
                assert (await visitor.post(STOP_VIEWING_PATH)).status_code == 303
        after = await holdings(site)
        changed = {one for one in before | after if before.get(one) != after.get(one)}
        assert {one for one in changed if not may_change(who, *one)} == set(), who.name
