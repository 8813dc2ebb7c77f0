"""Choosing one of many: a list while it is short, else a field that takes number, code or name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from litestar import Response
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest

from portal.access import Permission, can
from portal.errors import Forbidden, Invalid, NotFound
from portal.overview.queries import choices, kinds
from portal.overview.queries.choices import Candidate
from portal.overview.queries.kinds import Kind
from portal.routes.listing import FILTER_LENGTH
from portal.routes.page import fragment
from portal.routes.reading import get
from portal.routes.shared.cloud_scope import CloudScope
from portal.words import _

LISTED_MAX: Final = 50
"""Up to so many stand in a list; of more some are proposed."""
PROPOSED_MAX: Final = 10


@dataclass(frozen=True, slots=True)
class Choosable:
    """One kind of thing: which it is, who may look for it, and what is said when nothing fits."""

    kind: Kind
    permission: Permission
    none: str


KINDS: Final[Mapping[str, Choosable]] = {
    "subscriber": Choosable(
        kinds.SUBSCRIBERS, Permission.SUBSCRIBERS_READ, _("No subscriber fits %(text)s.")
    ),
    "camera": Choosable(kinds.CAMERAS, Permission.CAMERAS_READ, _("No camera fits %(text)s.")),
    "tariff": Choosable(kinds.TARIFFS, Permission.TARIFFS_READ, _("No tariff fits %(text)s.")),
    "referral": Choosable(
        kinds.REFERRALS, Permission.REFERRALS_READ, _("No referral fits %(text)s.")
    ),
    "account-manager": Choosable(
        kinds.ACCOUNT_MANAGERS,
        Permission.SUBSCRIBERS_READ,
        _("No account manager fits %(text)s."),
    ),
}


@dataclass(frozen=True, slots=True)
class Choice:
    """What the field of a form offers; (value, label) each.

    `options` are all there are, None where they are too many. `candidates` are those that fit what
    was typed, where it fits several.
    """

    path: str
    options: tuple[tuple[str, str], ...] | None
    candidates: tuple[tuple[str, str], ...] = ()


class Ambiguous(Invalid):
    """What was typed fits several."""

    def __init__(self, field: str, candidates: Sequence[Candidate]) -> None:
        super().__init__({field: _("Several fit. Choose one.")})
        self.candidates = tuple((one.value, one.label) for one in candidates)


async def choice_of(scope: CloudScope, kind: str, wrong: Invalid | None = None) -> Choice:
    """What a field offers; `wrong` is why the form comes back, if it does for this field."""
    found = await choices.all_of(scope.actor, scope.cloud, KINDS[kind].kind, LISTED_MAX)
    return Choice(
        scope.at("choose", kind),
        None if found is None else tuple((one.value, one.label) for one in found),
        wrong.candidates if isinstance(wrong, Ambiguous) else (),
    )


async def _find(scope: CloudScope, kind: str, text: str, limit: int) -> Sequence[Candidate]:
    return await choices.find(scope.actor, scope.cloud, KINDS[kind].kind, text, limit)


async def chosen(scope: CloudScope, kind: str, text: str, field: str) -> str | None:
    """The number, code or id that a text means: its own, or that of the only name it fits.

    None for an empty text. Raises `Ambiguous`, or `Invalid` where nothing fits.
    """
    if not (text := text.strip()[:FILTER_LENGTH]):
        return None
    found = await _find(scope, kind, text, PROPOSED_MAX + 1)
    exact = [one for one in found if one.value == text]
    if len(exact or found) == 1:
        return (exact or found)[0].value
    if not found:
        raise Invalid({field: KINDS[kind].none % {"text": text}})
    raise Ambiguous(field, found[:PROPOSED_MAX])


@get("/choose/{kind:str}")
async def choose(request: HTMXRequest, kind: FromPath[str]) -> Response[str]:
    """What fits the text in "?field=", ten at most, as options."""
    scope = await CloudScope.of(request)
    if kind not in KINDS:
        raise NotFound(_("There is nothing at this address."))
    if not can(scope.actor, KINDS[kind].permission):
        raise Forbidden(_("You may not see these."), KINDS[kind].permission)
    text = request.query_params.get(request.query_params.get("field", ""), "").strip()
    found = await _find(scope, kind, text[:FILTER_LENGTH], PROPOSED_MAX) if text else ()
    return fragment(
        request,
        "shared/choices.html",
        "choices",
        choices=[(one.value, one.label) for one in found],
    )
