"""What the installation is and how it does, for the platform's administrators: no secrets."""

import re
from importlib import metadata
from typing import Final

from litestar import Response, get
from litestar.plugins.htmx import HTMXRequest

from portal.access import Permission
from portal.books.queries.verify import kept
from portal.kit.queries import health
from portal.kit.queries.zones import compare
from portal.routes.format import number
from portal.routes.guards import person_of, requires
from portal.routes.middleware.now import books_now
from portal.routes.page import page
from portal.routes.shared.realm import Realm
from portal.words import _

READERS: Final = [requires(Permission.STAFF_READ)]
_COUNTS: Final = re.compile(r"j_(\w+)=(\d+)")
Line = tuple[str, bool | None, str]
"""What was looked at, whether it is well (None: it depends), and what there is to say."""


# Litestar's `get`: Redis, the disk and a mail server are waited for.
@get("/settings/system", guards=READERS)
async def installation(request: HTMXRequest) -> Response[str]:
    """The version, the database, the queue and its workers, and what the doctor finds."""
    realm, state = await Realm.of(request), request.app.state
    locale = person_of(request).locale
    answers = await state.heartbeat.answers()
    facts = await health.facts(realm.actor)
    queue = await state.queue.report()
    lines: list[Line] = [
        ("Camledger", True, metadata.version("camledger")),
        ("PostgreSQL", answers, facts.database),
        ("Redis", queue is not None, _("answers") if queue else _("does not answer")),
        (
            _("Workers"),
            bool(queue and queue.workers),
            _worked(queue.workers, locale)
            if queue and queue.workers
            else _("none has reported for a minute: nothing is closed, printed or sent"),
        ),
        (
            _("Jobs that wait"),
            None if queue is None else True,
            "–" if queue is None else number(queue.waiting, locale),
        ),
        (
            _("Documents that wait for their PDF"),
            None if facts.documents else True,
            number(facts.documents, locale),
        ),
        (
            _("E-mails that wait"),
            None if facts.mails else True,
            number(facts.mails, locale),
        ),
    ]
    zones = await compare(books_now(request), realm.actor)
    findings = [*await state.doctor(), state.time_zones(zones)]
    return page(
        request,
        "shared/settings/system.html",
        realm=realm,
        lines=lines,
        found=[(one.name, one.ok, one.message) for one in findings],
        proof=await kept.last(realm.actor),
        backup=facts.backup,
        backups_made=state.backups_made,
    )


def _worked(said: str, locale: str) -> str:
    """What the workers have done since they began: they say "… j_complete=12 j_failed=0 …"."""
    counts = {name: int(count) for name, count in _COUNTS.findall(said)}
    if not counts:
        return said
    told = {name: number(counts.get(name, 0), locale) for name in ("complete", "ongoing", "failed")}
    return _("%(complete)s jobs done, %(ongoing)s running, %(failed)s failed") % told


INSTALLATION: Final = (installation,)
