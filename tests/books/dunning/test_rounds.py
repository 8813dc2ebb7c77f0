"""Sue of North does not pay for half a year, and Tim of South neither: who is told what, when."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from portal import jobs
from portal.accounts.actions import sending
from portal.books.actions.dunning import answers, rounds
from portal.books.actions.money import claims
from portal.books.forms.dunning import AnswerForm, PauseForm
from portal.books.forms.payments import DisputeForm
from portal.books.queries.dunning import standing
from portal.db import bound_by_policies, snapshot
from portal.errors import Conflict, Forbidden, NotFound
from portal.kit.actions.mail import NO_POST
from tests.books.dunning.conftest import DUE, SUES, TIMS, Clouds, at, north, pay, rows, run_sql
from tests.cast import ANN, CARL, NORA, NORTH, SAM, SOUTH, SUE


async def test_half_a_year_by_the_usual_steps_and_all_is_on_again_once_paid(
    clouds: Clouds,
) -> None:
    number = await clouds.owes(NORTH, SUES, 1648)
    await clouds.owes(SOUTH, TIMS, 2000)
    for days in range(-10, 50):
        await clouds.go(at(days))
    assert await clouds.steps() == [
        (-3, "remind", "sent"),
        (3, "remind", "sent"),
        (10, "warn", "sent"),
        (17, "suspend_analytics", "done"),
        (24, "suspend_recording", "done"),
        (45, "close", "task"),
    ]
    assert await clouds.is_off() == (True, True)
    assert clouds.queue.asked_for(jobs.PROVISION)
    assert [str(one["To"]) for one in clouds.mailbox.letters] == ["sue@home.test"] * 3
    soon, reminder, warning = clouds.mailbox.letters
    assert soon["Subject"] == f"Invoice {number} is due on 14 November 2026"
    assert reminder["Subject"] == f"Reminder: invoice {number} is overdue"
    body = warning.get_body(("plain",))
    assert body is not None
    said = body.get_content()
    assert "Analytics of your cameras are switched off from 1 December 2026 on." in said
    assert "Your cameras are switched off from 8 December 2026 on." in said
    assert "16.48" in said
    assert number in said
    assert len({one["Message-ID"] for one in clouds.mailbox.letters}) == 3
    # Tim's cloud had no round: nothing of his was touched.
    assert await clouds.steps(TIMS) == []
    await pay(number, "16.48", DUE)
    await clouds.go(at(50))
    assert await clouds.is_off() == (False, False)
    # What waited for a person waits no more, and the next debt begins from the beginning.
    assert (await clouds.steps())[-1] == (45, "close", "missed")
    await clouds.owes(NORTH, SUES, 900, DUE + timedelta(days=60))
    for days in (57, 63, 70):
        await clouds.go(at(days))
    assert [one[:2] for one in (await clouds.steps())[6:]] == [
        (-3, "remind"),
        (3, "remind"),
        (10, "warn"),
    ]


async def test_two_rounds_at_once_and_again_send_one_mail(clouds: Clouds) -> None:
    await clouds.owes(NORTH, SUES, 1648)
    now = at(3)
    await asyncio.gather(*(clouds.go(now) for _ in range(4)))
    await clouds.go(now)
    assert await clouds.steps() == [(-3, "remind", "missed"), (3, "remind", "sent")]
    assert len(clouds.mailbox.letters) == 1


async def test_a_worker_killed_between_the_step_and_its_mail_sends_it_once(clouds: Clouds) -> None:
    await clouds.owes(NORTH, SUES, 1648)
    await rounds.go_round(
        NORTH, now=at(3), wall=at(3), post=clouds.post, queue=clouds.queue, early=True
    )
    claimed = await sending.claim_next(at(3))
    assert claimed is not None
    # The worker that had it is gone: another takes over, under the same Message-ID.
    await clouds.go(at(3, 10))
    await clouds.go(at(3, 11))
    assert len(clouds.mailbox.letters) == 1
    step = (await rows("select id from dunning_step where outcome = 'sent'"))[0][0]
    assert str(clouds.mailbox.letters[0]["Message-ID"]).startswith(f"<dunning.{step}@")


async def test_a_warning_counts_from_when_the_server_took_it(clouds: Clouds) -> None:
    await clouds.owes(NORTH, SUES, 1648)
    clouds.mailbox.answers = ["451 come back later"] * 2
    await clouds.go(at(10))
    assert (await clouds.steps())[-1] == (10, "warn", "retrying")
    await clouds.go(at(17, 8))
    assert (await clouds.steps())[2:] == [
        (10, "warn", "retrying"),
        (17, "suspend_analytics", "waiting"),
    ]
    await clouds.go(at(17, 20))
    assert (await clouds.steps())[2] == (10, "warn", "sent")
    sent = (await rows("select at from dunning_step where action = 'warn'"))[0][0]
    await clouds.go(sent + timedelta(days=7) - timedelta(minutes=1))
    assert await clouds.is_off() == (False, False)
    await clouds.go(sent + timedelta(days=7))
    assert await clouds.is_off() == (True, True)


async def test_a_refused_address_is_a_task_until_it_is_corrected(clouds: Clouds) -> None:
    await clouds.owes(NORTH, SUES, 1648)
    clouds.mailbox.answers = ["550 no such user"]
    await clouds.go(at(10))
    assert (await clouds.steps())[-1] == (10, "warn", "failed")
    await clouds.go(at(30))
    assert await clouds.is_off() == (False, False)
    await run_sql("update subscriber set email = 'sue@new.test' where id = 1", clouds.url)
    form = AnswerForm(action="warn")
    with bound_by_policies():
        await answers.write_again(CARL, await north(), SUES, form, now=at(30), post=clouds.post)
    await clouds.send(at(30))
    assert [str(one["To"]) for one in clouds.mailbox.letters] == ["sue@new.test"]
    await clouds.go(at(37))
    assert await clouds.is_off() == (True, True)


async def test_who_has_paid_before_the_mail_goes_is_not_reminded(clouds: Clouds) -> None:
    number = await clouds.owes(NORTH, SUES, 1648)
    await rounds.go_round(
        NORTH, now=at(3), wall=at(3), post=clouds.post, queue=clouds.queue, early=True
    )
    await pay(number, "16.48", DUE)
    await clouds.send(at(3))
    assert clouds.mailbox.letters == []
    assert (await clouds.steps())[-1] == (3, "remind", "missed")


async def test_what_is_small_disputed_asked_about_or_paused_is_left_alone(clouds: Clouds) -> None:
    small = await clouds.owes(NORTH, SUES, 499)
    await clouds.go(at(30))
    assert await clouds.steps() == []
    disputed = await clouds.owes(NORTH, SUES, 1648)
    with bound_by_policies():
        await claims.dispute(
            CARL, await north(), disputed, DisputeForm(reason="never seen"), now=at(2)
        )
    asked = await clouds.owes(NORTH, SUES, 5000)
    question = (
        "insert into question (cloud, subscriber, invoice, subject, asked_by, asked_at, changed_at)"
        f" select {NORTH}, 1, id, 'Why?', 'Sue', now(), now() from invoice where number = '{asked}'"
    )
    await run_sql(question, clouds.url)
    await clouds.go(at(30))
    assert await clouds.steps() == []
    await run_sql("update question set state = 'answered'", clouds.url)
    with bound_by_policies():
        await answers.pause(
            CARL,
            await north(),
            SUES,
            PauseForm(until=at(33).date(), reason="will pay on Friday"),
            now=at(30),
        )
    await clouds.go(at(32))
    assert await clouds.steps() == []
    await clouds.go(at(33))
    assert (await clouds.steps())[-1] == (17, "suspend_analytics", "waiting")
    body = clouds.mailbox.letters[0].get_body(("plain",))
    assert body is not None
    assert asked in body.get_content()
    assert disputed not in body.get_content()
    assert small not in body.get_content()


async def test_without_mail_or_watcher_everything_is_a_persons(clouds: Clouds) -> None:
    number = await clouds.owes(NORTH, SUES, 1648)
    await run_sql("update connection set provision = false", clouds.url)
    await clouds.go(at(10), post=NO_POST)
    assert (await clouds.steps())[-1] == (10, "warn", "task")
    with bound_by_policies():
        with pytest.raises(Forbidden):
            await answers.answer(ANN, await north(), SUES, AnswerForm(action="warn"), now=at(10))
        with pytest.raises(NotFound):
            await answers.answer(SAM, await north(), SUES, AnswerForm(action="warn"), now=at(10))
        form = AnswerForm(action="warn", note="called her")
        await answers.answer(CARL, await north(), SUES, form, now=at(10))
        with pytest.raises(Conflict):
            await answers.answer(CARL, await north(), SUES, form, now=at(10))
    await clouds.go(at(17), post=NO_POST)
    assert (await clouds.steps())[-1] == (17, "suspend_analytics", "task")
    with bound_by_policies():
        done = AnswerForm(action="suspend_analytics")
        await answers.answer(CARL, await north(), SUES, done, now=at(17))
    await pay(number, "16.48", DUE)
    await clouds.go(at(18), post=NO_POST)
    lift = "select count(*) from dunning_episode where lift_by_hand"
    assert await rows(lift) == [(1,)]
    with bound_by_policies():
        await answers.lifted(CARL, await north(), SUES, queue=clouds.queue)
    assert await rows(lift) == [(0,)]


async def test_a_yes_to_closing_ends_the_subscriptions_today(clouds: Clouds) -> None:
    await clouds.owes(NORTH, SUES, 1648)
    for days in (10, 24, 45):
        await clouds.go(at(days))
    assert (await clouds.steps())[-1] == (45, "close", "task")
    with bound_by_policies():
        await answers.answer(NORA, await north(), SUES, AnswerForm(action="close"), now=at(45))
    running = "select count(*) from subscription where subscriber = 1 and ends_on is null"
    assert await rows(running) == [(0,)]
    theirs = "select count(*) from subscription where subscriber <> 1 and ends_on is null"
    assert (await rows(theirs))[0][0] > 0


async def test_nobody_reads_how_far_others_are(clouds: Clouds) -> None:
    await clouds.owes(NORTH, SUES, 1648)
    await clouds.go(at(10))
    with bound_by_policies():
        for actor, seen in ((SUE, 3), (CARL, 3), (SAM, 0)):
            async with snapshot(actor) as tx:
                assert await tx.fetchval("select count(*) from dunning_step") == seen
                found = await standing.episode(tx, NORTH, SUES)
                assert (found is not None) == (seen > 0)
