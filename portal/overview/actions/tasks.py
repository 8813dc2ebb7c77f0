"""What somebody asked for on a page, done by a worker: each kind by the action of its page."""

from __future__ import annotations

from dataclasses import replace

from portal.access import Actor
from portal.accounts.queries import users
from portal.books.actions import trials
from portal.books.actions.bank import uploads
from portal.db import advisory_lock, bound_by_policies
from portal.errors import PortalError
from portal.kit.actions import task_progress
from portal.kit.queries import tasks as reads
from portal.kit.queries import tenancy
from portal.kit.queries.tasks import Task
from portal.overview.actions import importing
from portal.words import _


async def do(task_id: int, *, reader: uploads.Reader) -> bool:
    """Do a task, or go on with it; whether this worker ended it.

    Of two at the same, the second leaves it to the first. What a task cannot do is told to whoever
    asked for it; anything else stops this worker's turn alone, and the sweep asks again.
    """
    async with advisory_lock(f"task {task_id}") as is_ours:
        task = await reads.open_one(task_id) if is_ours else None
        if task is None:
            return False
        actor = await users.acting_as(task.asked_by)
        if actor is None:
            await task_progress.fail(task, _("Whoever asked for this may not sign in any more."))
            return True
        try:
            as_asked = replace(actor, session=task.session, address=task.address)
            await _do(task, as_asked, reader)
        except PortalError as error:
            await task_progress.fail(task, error.message)
        return True


async def _do(task: Task, actor: Actor, reader: uploads.Reader) -> None:
    with bound_by_policies():
        cloud = None if task.cloud is None else await tenancy.get_by_id(actor, task.cloud)
        if task.kind in {uploads.LOOK, uploads.IMPORT}:
            await uploads.go_on(actor, cloud, task, reader=reader)
            return
        assert cloud is not None, "all other work is of a cloud"
        do = importing.go_on if task.kind == "import" else trials.do
        await do(actor, cloud, task)
