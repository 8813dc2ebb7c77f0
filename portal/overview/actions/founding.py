"""Founding a cloud: master data, prices, manager and first administrator, all of it or nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from portal.access import Actor
from portal.accounts.actions import invitations
from portal.accounts.actions.sign_in_links import Link
from portal.billing.pricing import Pricing
from portal.catalog.actions import price_lists
from portal.customers.actions import clouds
from portal.customers.queries.clouds import Cloud
from portal.db import atomic
from portal.errors import Invalid
from portal.kit.actions.mail import NO_POST, Post
from portal.kit.queries import tenancy
from portal.kit.queries.tenancy import CloudFacts
from portal.overview.forms.founding import COPY, LIST, Founding
from portal.words import _


@dataclass(frozen=True, slots=True)
class Founded:
    """The cloud, its prices by service, and its first administrator's link; None uninvited."""

    cloud: Cloud
    prices: dict[str, Pricing]
    link: Link | None


async def found(actor: Actor, new: Founding, *, now: datetime, post: Post = NO_POST) -> Founded:
    """Make a cloud with all that it begins with.

    Raises `Invalid` by field and `Conflict` as each of its parts does; then nothing is there.
    """
    async with atomic(actor) as tx:
        cloud = await clouds.create(actor, new.cloud)
        facts = await tenancy.cloud_facts_by_id(tx, cloud.id)
        prices = await _beginning(actor, facts, new)
        for own in new.prices:
            prices.pop(own.service, None)
            if own.pricing is not None:
                prices[own.service] = own.pricing
        await price_lists.set_prices(actor, facts, prices, valid_from=new.valid_from)
        link = None
        if new.administrator_email:
            _person, link = await invitations.invite(
                actor,
                email=new.administrator_email,
                name=new.administrator_name or None,
                role="administrator",
                cloud=facts,
                now=now,
                post=post,
            )
        return Founded(cloud, prices, link)


async def _beginning(actor: Actor, cloud: CloudFacts, new: Founding) -> dict[str, Pricing]:
    """The prices that a cloud begins with, before its own."""
    if new.start_from == LIST:
        return await price_lists.list_prices(actor)
    if new.start_from != COPY:
        return {}
    if new.copy_of is None:
        raise Invalid({"copy_of": _("is required")})
    source = await tenancy.get(actor, new.copy_of)
    if source.currency != cloud.currency:
        raise Invalid(
            {
                "copy_of": _("%(source)s pays in %(theirs)s: its prices are none in %(ours)s")
                % {"source": source.slug, "theirs": source.currency, "ours": cloud.currency}
            }
        )
    return await price_lists.prices_of(actor, source, new.valid_from)
