"""Importing customers with their cameras from a file, one customer a transaction.

Each customer keeps the key of its lines: a file that is imported again, or an import that was
killed and is begun again, does what is left. Before it is done, everything is tried and taken back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from portal.access import Actor, Permission
from portal.customers.actions import camera_lines, subscribers
from portal.customers.forms.imports import Group
from portal.db import atomic, snapshot
from portal.errors import Conflict, Invalid
from portal.kit.actions.permit import require
from portal.kit.queries.tenancy import CloudFacts


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
