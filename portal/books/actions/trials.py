"""A version tried on many cameras: asked for, done by a worker, and read from what it kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any

from portal.access import Actor, Permission
from portal.billing.outlook.preview import Money, Outcome, total
from portal.billing.period import Period
from portal.billing.pricing import pricing_to
from portal.books.queries import preview
from portal.books.queries.preview import Preview, PreviewRow, Reach, Scope
from portal.catalog.forms.tariff import NewVersion, TriedVersion
from portal.kit.actions import task_progress, tasks
from portal.kit.actions.audit import as_json
from portal.kit.actions.permit import require
from portal.kit.forms.form import parse
from portal.kit.queries import tasks as reads
from portal.kit.queries.tasks import Task
from portal.kit.queries.tenancy import CloudFacts
from portal.ports import Queue


def wanted_of(version: NewVersion, period: Period, scope: Scope) -> dict[str, Any]:
    """What is tried, as a task keeps it: the same twice is the same text."""
    tried = {
        one.name: as_json(getattr(version, one.name))
        for one in fields(TriedVersion)
        if one.name not in {"items", "valid_from", "below_cost_reason"}
    }
    items = [
        {
            "service": item.service,
            "quantity": as_json(item.quantity),
            **({} if item.overage is None else {"overage": pricing_to(item.overage)}),
        }
        for item in version.items
    ]
    return {
        "version": {**tried, "items": items},
        "month": period.key,
        "reach": str(scope.reach),
        "code": scope.code,
    }


async def find(actor: Actor, cloud: CloudFacts, wanted: dict[str, Any]) -> Task | None:
    """The last time that the actor asked for this."""
    return await reads.latest(actor, cloud.id, tasks.digest_of("try", wanted))


async def ask(
    actor: Actor,
    cloud: CloudFacts,
    wanted: dict[str, Any],
    *,
    form: Mapping[str, Any],
    cameras: int,
    now: datetime,
    queue: Queue,
) -> int:
    """Ask the workers to try it on so many cameras; the task's row id.

    `form` is what the page sends to come back to it.
    """
    require(actor, Permission.TARIFFS_WRITE)
    return await tasks.ask(
        actor,
        cloud.id,
        "try",
        wanted,
        total=cameras,
        now=now,
        queue=queue,
        result={"form": form},
    )


async def do(actor: Actor, cloud: CloudFacts, task: Task) -> None:
    """Try it, telling how far it is; nothing of the books is touched."""
    require(actor, Permission.TARIFFS_WRITE)
    require(actor, Permission.MARGINS_READ)
    wanted = task.wanted

    async def tell(done: int) -> None:
        await task_progress.note(task, done=done, result=task.result)

    found = await preview.try_version(
        actor,
        cloud,
        Period.month(wanted["month"]),
        parse(TriedVersion, wanted["version"]),
        Scope(reach=Reach(wanted["reach"]), code=wanted["code"]),
        cameras_max=preview.CAMERAS_OF_TASK_MAX,
        tell=tell,
    )
    rows = [[row.subscriber, row.name, row.cameras, *_amounts(row.outcome)] for row in found.rows]
    await task_progress.finish(task, result={**task.result, "cameras": found.cameras, "rows": rows})


def _amounts(of: Outcome) -> list[int]:
    return [
        amount
        for money in (of.before, of.after)
        for amount in (money.revenue, money.cost, money.commission)
    ]


def result_of(task: Task, cloud: CloudFacts) -> Preview:
    """What a task that is done has found."""
    rows = [
        PreviewRow(
            subscriber,
            name,
            cameras,
            Outcome(Money(*amounts[:3]), Money(*amounts[3:])),
            cloud.currency,
        )
        for subscriber, name, cameras, *amounts in task.result["rows"]
    ]
    return Preview(
        period=Period.month(task.wanted["month"]),
        currency=cloud.currency,
        cameras=task.result["cameras"],
        rows=rows,
        total=total({row.subscriber: row.outcome for row in rows}),
    )
