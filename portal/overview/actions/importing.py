"""Importing customers with their cameras from a file, one customer a transaction.

Each customer keeps the key of its lines: a file that is imported again, or an import that was
killed and is begun again, does what is left. Before it is done, everything is tried and taken back.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from portal.access import Actor, Permission
from portal.customers.actions import camera_lines, subscribers
from portal.customers.forms.imports import PROBLEMS_MAX, Group, Read, parse
from portal.db import atomic, snapshot
from portal.errors import Conflict, Invalid
from portal.kit.actions import task_progress, tasks
from portal.kit.actions.permit import require
from portal.kit.queries.tasks import Task
from portal.kit.queries.tenancy import CloudFacts
from portal.ports import Queue
from portal.words import stored

PIECE: Final = 25
"""Customers between two looks at how far an import is; so many are imported at once."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of customers: how many and their cameras are new, or were there already.

    `problems` say by line why others are not; nothing of these is done.
    """

    customers: int
    cameras: int
    there: int
    wrong: int
    problems: Mapping[int, str]


class _TakenBackError(Exception):
    """Ends a trial: nothing of it stays."""


class _LineError(Exception):
    """What is wrong with a line."""

    def __init__(self, line: int, problem: str) -> None:
        super().__init__(problem)
        self.line = line
        self.problem = problem


async def rehearse(
    actor: Actor, cloud: CloudFacts, groups: Sequence[Group], *, now: datetime
) -> Outcome:
    """What an import would do, by the same rules; nothing is stored."""
    found: list[Outcome] = []
    with suppress(_TakenBackError):
        async with atomic(actor):
            found.append(await do(actor, cloud, groups, now=now))
            _take_back()
    return found[0]


def _take_back() -> None:
    raise _TakenBackError


async def do(actor: Actor, cloud: CloudFacts, groups: Sequence[Group], *, now: datetime) -> Outcome:
    """Import them, each whole or not at all."""
    require(actor, Permission.SUBSCRIBERS_WRITE)
    known = await _known(actor, cloud, groups)
    customers = cameras = wrong = 0
    problems: dict[int, str] = {}
    for group in groups:
        if group.key in known:
            continue
        try:
            await _store(actor, cloud, group, now)
        except _LineError as error:
            problems[error.line] = error.problem
            wrong += 1
        else:
            customers, cameras = customers + 1, cameras + group.count
    return Outcome(customers, cameras, len(known), wrong, problems)


async def ask(
    actor: Actor, cloud: CloudFacts, read: Read, content: str, *, now: datetime, queue: Queue
) -> int:
    """Ask the workers to import a file's good customers; the task's row id."""
    require(actor, Permission.SUBSCRIBERS_WRITE)
    known = await _known(actor, cloud, read.groups)
    before = [place for place, group in enumerate(read.groups) if group.key in known]
    return await tasks.ask(
        actor,
        cloud.id,
        "import",
        {"content": content},
        total=len(read.groups),
        now=now,
        queue=queue,
        result={"before": before, "customers": 0, "cameras": 0, "problems": []},
    )


async def go_on(actor: Actor, cloud: CloudFacts, task: Task) -> None:
    """Import what is left of a file, piece by piece, each told when it is done.

    What a worker that was killed has made of a piece is there already: it counts, and is not made
    again.
    """
    groups = parse(task.wanted["content"]).groups
    before, problems = set(task.result["before"]), list(task.result["problems"])
    for start in range(task.done, len(groups), PIECE):
        found = await do(actor, cloud, groups[start : start + PIECE], now=task.asked_at)
        problems += [[line, stored(problem)] for line, problem in found.problems.items()]
        reached = min(start + PIECE, len(groups))
        result = {
            "before": sorted(before),
            **await _made(actor, cloud, groups[:reached], before),
            "problems": problems[:PROBLEMS_MAX],
        }
        await task_progress.note(task, done=reached, result=result)
        task = replace(task, result=result)
    await task_progress.finish(task, result=task.result)


async def _made(
    actor: Actor, cloud: CloudFacts, groups: Sequence[Group], before: Collection[int]
) -> dict[str, int]:
    """How many of these customers are there that were not before, and their cameras."""
    known = await _known(actor, cloud, groups)
    made = [
        group for place, group in enumerate(groups) if place not in before and group.key in known
    ]
    return {"customers": len(made), "cameras": sum(group.count for group in made)}


async def _known(actor: Actor, cloud: CloudFacts, groups: Sequence[Group]) -> set[str]:
    """The keys of those that are there already."""
    async with snapshot(actor) as tx:
        rows = await tx.fetch(
            "select t.form_key from subscriber_terms t"
            " where t.cloud = $1 and t.form_key = any($2::text[])",
            cloud.id,
            [group.key for group in groups],
        )
    return {row["form_key"] for row in rows}


async def _store(actor: Actor, cloud: CloudFacts, group: Group, now: datetime) -> None:
    async with atomic(actor):
        try:
            made = await subscribers.create(actor, cloud, group.subscriber, key=group.key)
        except (Invalid, Conflict) as wrong:
            raise _LineError(group.line, wrong.message) from None
        for part, new in enumerate(group.cameras):
            try:
                await camera_lines.add(actor, cloud, made.number, new, now=now)
            except (Invalid, Conflict) as wrong:
                path = next(iter(wrong.fields), "")
                line = group.line_of(part, path)
                raise _LineError(line, wrong.fields.get(path, wrong.message)) from None
