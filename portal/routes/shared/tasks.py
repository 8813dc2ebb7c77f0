"""How far work is that workers do for somebody, and what came of it."""

from typing import Any, Final

from litestar import Response
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest

from portal.access import Permission
from portal.kit.queries import tasks
from portal.kit.queries.clock import wall_clock
from portal.kit.queries.tasks import Task
from portal.routes.guards import requires
from portal.routes.page import page
from portal.routes.reading import get
from portal.routes.shared.cloud_scope import CloudScope
from portal.routes.shared.progress import time_left
from portal.words import _, told

ASKERS: Final = [requires(Permission.SUBSCRIBERS_WRITE)]
"""Who imports; whoever tries tariffs does that, too. A task is shown to who asked for it alone."""
TITLES: Final = {"import": _("Import subscribers"), "try": _("Try a tariff")}
LABELS: Final = {"import": _("Importing subscribers"), "try": _("Rating cameras")}


@get("/tasks/{task:int}", guards=ASKERS)
async def task_page(request: HTMXRequest, task: FromPath[int]) -> Response[str]:
    """The page; it loads itself again where there is no script."""
    scope = await CloudScope.of(request)
    found = await tasks.get(scope.actor, scope.cloud.id, task)
    is_import = found.kind == "import"
    back = scope.at("subscribers") if is_import else scope.at("tariffs")
    above = _("Subscribers") if is_import else _("Tariffs")
    return page(
        request,
        "shared/task.html",
        block="progress",
        task=found,
        title=TITLES[found.kind],
        label=LABELS[found.kind],
        crumbs=(*scope.above, (above, back)),
        path=scope.at("tasks", str(found.id)),
        again=scope.at("subscribers", "import") if is_import else back,
        back=back,
        eta=time_left(found.started_at, found.done, found.total, wall_clock()),
        listed=_problems(found),
    )


def _problems(task: Task) -> list[tuple[Any, str]]:
    """What is wrong by line, of an import."""
    listed = (task.result or {}).get("problems", ())
    return [(line, told(problem)) for line, problem in listed]
