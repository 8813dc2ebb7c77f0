"""Mapping many at once: by equal names, as new subscribers, as new tariffs."""

from collections.abc import Sequence
from typing import Final

from msgspec import UNSET, Struct, UnsetType

from portal.access import Permission
from portal.overview.actions import mapping_many as actions
from portal.overview.actions.mapping_many import Outcome
from portal.overview.forms.mapping_many import ByName, NewSubscribersOf, NewTariffsOf
from portal.routes.api.answers import Page
from portal.routes.api.kit.endpoint import Call, Register
from portal.watcher.forms.connection import NewMapping
from portal.watcher.queries import waiting
from portal.watcher.queries.waiting import Match

many_mappings_register: Final = Register("Mappings")
MAPPINGS: Final = "/clouds/{cloud}/mappings"


class MatchedMapping(Struct, frozen=True, kw_only=True):
    """What waits, and the only subscriber or tariff that is called the same.

    `title` is what Watcher calls it, `cameras` how many are in it or under it.
    """

    connection: int | None
    organization: int | UnsetType = UNSET
    subscriber: int | UnsetType = UNSET
    preset: int | UnsetType = UNSET
    tariff: str | UnsetType = UNSET
    title: str
    cameras: int


class MadeMapping(Struct, frozen=True, kw_only=True):
    """What came of a row: whom or what it is mapped to, or `problem` says why it is not."""

    connection: int | None
    organization: int | UnsetType = UNSET
    subscriber: int | UnsetType | None = UNSET
    preset: int | UnsetType = UNSET
    tariff: str | UnsetType | None = UNSET
    problem: str


@many_mappings_register(
    "GET",
    MAPPINGS + "/by-name",
    Permission.CONNECTIONS_READ,
    summary="List what could be mapped by name",
    answer=Page[MatchedMapping],
)
async def list_matches(call: Call) -> Page[MatchedMapping]:
    """What waits and is called as exactly one subscriber or tariff is; all on one page."""
    found = await waiting.matches(call.actor, call.cloud)
    return Page([_match(one) for one in found], None)


@many_mappings_register(
    "POST",
    MAPPINGS + "/by-name",
    Permission.CONNECTIONS_WRITE,
    summary="Map by name",
    answer=Page[MadeMapping],
    form=ByName,
)
async def map_by_name(call: Call, form: ByName) -> Page[MadeMapping]:
    """`mappings` of those listed, or without them all; each by itself.

    What is mapped meanwhile stays as it is and says so.
    """
    wanted = form.mappings
    if wanted is None:
        found = await waiting.matches(call.actor, call.cloud)
        wanted = tuple(_mapping_of(one) for one in found)
    return _made(await actions.map_all(call.actor, call.cloud, wanted, queue=call.queue))


@many_mappings_register(
    "POST",
    MAPPINGS + "/new-subscribers",
    Permission.CONNECTIONS_WRITE,
    summary="Make subscribers of organizations",
    answer=Page[MadeMapping],
    form=NewSubscribersOf,
)
async def make_subscribers_of_organizations(
    call: Call, form: NewSubscribersOf
) -> Page[MadeMapping]:
    """Each with its mapping, and each by itself; sent again nothing is made twice.

    It takes `subscribers.write`, too.
    """
    made = await actions.make_subscribers(call.actor, call.cloud, form.rows, queue=call.queue)
    return _made(made)


@many_mappings_register(
    "POST",
    MAPPINGS + "/new-tariffs",
    Permission.CONNECTIONS_WRITE,
    summary="Make tariffs of presets",
    answer=Page[MadeMapping],
    form=NewTariffsOf,
)
async def make_tariffs_of_presets(call: Call, form: NewTariffsOf) -> Page[MadeMapping]:
    """Each with what the preset keeps and its mapping, offered to nobody yet, and each by itself.

    It takes `tariffs.write`, too. Sent again nothing is made twice.
    """
    made = await actions.make_tariffs(
        call.actor, call.cloud, form.rows, now=call.now, queue=call.queue
    )
    return _made(made)


def _mapping_of(one: Match) -> NewMapping:
    connection = one.connection or None
    if one.what == "organization":
        return NewMapping(connection=connection, organization=one.id, subscriber=int(one.target))
    return NewMapping(connection=connection, preset=one.id, tariff=one.target)


def _match(one: Match) -> MatchedMapping:
    new = _mapping_of(one)
    if new.organization is not None:
        return MatchedMapping(
            connection=new.connection,
            organization=new.organization,
            subscriber=int(one.target),
            title=one.title,
            cameras=one.cameras,
        )
    return MatchedMapping(
        connection=new.connection,
        preset=one.id,
        tariff=one.target,
        title=one.title,
        cameras=one.cameras,
    )


def _made(outcomes: Sequence[Outcome]) -> Page[MadeMapping]:
    return Page([_one(outcome) for outcome in outcomes], None)


def _one(outcome: Outcome) -> MadeMapping:
    new = outcome.new
    if new.organization is not None:
        return MadeMapping(
            connection=new.connection,
            organization=new.organization,
            subscriber=int(outcome.target) if outcome.target.isdecimal() else None,
            problem=outcome.problem,
        )
    return MadeMapping(
        connection=new.connection,
        preset=UNSET if new.preset is None else new.preset,
        tariff=outcome.target or None,
        problem=outcome.problem,
    )
