"""One job an action. Jobs take ids, can run twice, and can be lost.

What they answer is whether something came of it that may have made other work due.
"""

from __future__ import annotations

from portal.accounts.actions import sending
from portal.books.actions import real_use, verification
from portal.books.actions.cards import events, refunding, working
from portal.books.actions.cards.events import Hands
from portal.books.actions.closing.work import work_on_close
from portal.books.actions.documents import render_waiting
from portal.books.actions.dunning import letters as reminders
from portal.books.actions.dunning import rounds
from portal.books.actions.estimates import estimate_cloud
from portal.books.actions.payouts.papers import render_statements
from portal.books.actions.sending import due, letters
from portal.kit.actions.mail import Post
from portal.kit.queries.clock import wall_clock
from portal.overview.actions import backups, tasks
from portal.overview.actions.webhooks.delivering import Tools, deliver
from portal.routes.api.webhooks.data import data_of
from portal.watcher.actions import differences
from portal.watcher.actions.mappings import follow_mappings as actions_follow
from portal.watcher.actions.provisioning.run import provision_cloud
from portal.watcher.actions.sync.fetch import fetch
from workers.context import Context


async def close_period(ctx: Context, period_id: int) -> bool:
    """Help to close a period."""
    return await work_on_close(period_id, clock=ctx["clock"], queue=ctx["queue"])


async def render_documents(ctx: Context) -> int:
    """Make the PDFs that issued documents and statements lack, and let the mails go that wait."""
    made = await render_waiting(renderer=ctx["renderer"], clock=ctx["clock"])
    made += await render_statements(renderer=ctx["renderer"], clock=ctx["clock"])
    await due.release(now=wall_clock(), queue=ctx["queue"])
    return made


async def prove_books(ctx: Context, verification_id: int) -> None:
    """Hold the books to what they were made of, by the machine's clock."""
    await verification.prove(verification_id, ctx["audit_key"], now=wall_clock())


async def take_backup(ctx: Context, backup_id: int) -> None:
    """Make the backup of a day, by the machine's clock, and remove those whose time is over."""
    folder = ctx["backups"]
    if folder is not None:
        await backups.make(backup_id, folder, now=wall_clock())


async def sum_real_use(_ctx: Context, period_id: int) -> None:
    """Sum what cameras cost in a month that was closed."""
    await real_use.keep(period_id)


async def read_connection(ctx: Context, reading_id: int) -> bool:
    """Fetch a Watcher; whether it came to an end, a good one or not."""
    ended = await fetch(reading_id, connect=ctx["connect"], vault=ctx["vault"], clock=ctx["clock"])
    return ended is not None


async def follow_mappings(ctx: Context, cloud_id: int) -> bool:
    """Make the subscriptions that mappings ask for."""
    await actions_follow(cloud_id, now=ctx["clock"]())
    return True


async def keep_differences(ctx: Context, cloud_id: int) -> None:
    """Keep where a cloud's Watchers and its books differ."""
    await differences.keep_cloud(cloud_id, now=ctx["clock"]())


async def provision(ctx: Context, cloud_id: int) -> None:
    """Write to a cloud's Watchers what the books say."""
    await provision_cloud(
        cloud_id,
        connect=ctx["connect"],
        vault=ctx["vault"],
        clock=ctx["clock"],
        queue=ctx["queue"],
    )


async def estimate(ctx: Context, cloud_id: int) -> None:
    """Estimate a cloud's running month."""
    await estimate_cloud(cloud_id, now=ctx["clock"]())


async def charge_card(ctx: Context, charge_id: int) -> bool:
    """Go on with the charge of a card."""
    return await working.work_on_charge(
        charge_id, cards=ctx["cards"], now=ctx["clock"](), wall=wall_clock()
    )


async def refund_card(ctx: Context, refund_id: int) -> bool:
    """Go on with a refund at a gateway."""
    return await refunding.work_on_refund(
        refund_id, cards=ctx["cards"], now=ctx["clock"](), wall=wall_clock()
    )


async def read_gateway(ctx: Context, event_id: int) -> bool:
    """Read what a gateway has told of."""
    return await events.work_on_event(event_id, _hands(ctx))


async def read_card_account(ctx: Context, cloud_id: int) -> bool:
    """Ask a cloud's gateway for what it may not have told, and for cards that were saved."""
    return await events.read_account(cloud_id, _hands(ctx))


async def read_card_page(ctx: Context, page_id: int) -> bool:
    """Look whether a card was saved on a page of the gateway's."""
    return await events.read_page(page_id, _hands(ctx))


def _hands(ctx: Context) -> Hands:
    return Hands(ctx["cards"], ctx["clock"](), wall_clock())


async def do_task(ctx: Context, task_id: int) -> bool:
    """Do what somebody asked for on a page."""
    return await tasks.do(task_id, reader=ctx["bank"])


async def remind(ctx: Context, cloud_id: int) -> bool:
    """Remind the customers of a cloud of what is due, and switch off and on what that asks for."""
    post = Post(is_set_up=ctx["mail"] is not None, queue=ctx["queue"])
    taken = await rounds.go_round(
        cloud_id, now=ctx["clock"](), wall=wall_clock(), post=post, queue=ctx["queue"]
    )
    return taken > 0


async def send_mail(ctx: Context, delivery_id: int) -> bool:
    """Hand a mail over that was claimed. Mail goes by the machine's clock, as sign-ins do."""
    server = ctx["mail"]
    assert server is not None, "without a server none is claimed"
    return await sending.send(
        delivery_id,
        server=server,
        now=wall_clock(),
        public_url=ctx["public_url"],
        others={**letters.COMPOSED, **reminders.COMPOSED},
        told=reminders.told(ctx["clock"]),
    )


async def send_webhook(ctx: Context, delivery_id: int) -> bool:
    """Tell an endpoint what was claimed, by the machine's clock."""
    tools = Tools(
        send=ctx["send_webhook"],
        vault=ctx["vault"],
        say=data_of,
        post=Post(is_set_up=ctx["mail"] is not None, queue=ctx["queue"]),
        clock=wall_clock,
    )
    return await deliver(delivery_id, tools)
