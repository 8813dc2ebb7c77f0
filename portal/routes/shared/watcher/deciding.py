"""Which of two systems decides at a connection, and what that leads to, in words."""

from datetime import datetime
from typing import Final

from portal.access import Actor
from portal.kit.queries.tenancy import CloudFacts
from portal.watcher.queries import provisioning_plan
from portal.watcher.queries.provisioning_plan import NOT_MADE, Planned
from portal.words import _, joined, ngettext

Option = tuple[str, str, str]
"""A choice: its value, its label, and what it leads to."""

LABELS: Final = {
    "compare": _("Neither: they are only compared"),
    "watcher": _("Watcher: its presets set tariffs"),
    "camledger": _("Camledger: tariffs set presets"),
}
COMPARED: Final = _("Nothing is written to either. Reconciliation shows the differences.")
FOLLOWED: Final = _(
    "A camera with a mapped preset gets its tariff, from the day on which a reading first shows it."
)


async def options(
    actor: Actor, cloud: CloudFacts, connection: int = NOT_MADE, *, now: datetime
) -> list[Option]:
    """The three choices, the last with what would be written, counted."""
    planned = await provisioning_plan.get(actor, cloud, connection, now=now)
    hints = {"compare": COMPARED, "watcher": FOLLOWED, "camledger": _written(planned)}
    return [(value, label, hints[value]) for value, label in LABELS.items()]


def _written(plan: Planned) -> str:
    """What would be written: "Watcher is written to: 3 presets are made."."""
    counted = (
        (plan.made, ngettext("%(count)s preset is made", "%(count)s presets are made", plan.made)),
        (
            plan.changed,
            ngettext("%(count)s preset is changed", "%(count)s presets are changed", plan.changed),
        ),
        (
            plan.moved,
            ngettext(
                "%(count)s camera gets the preset of its tariff",
                "%(count)s cameras get the preset of their tariff",
                plan.moved,
            ),
        ),
        (
            plan.switched_off,
            ngettext(
                "%(count)s suspended camera is switched off",
                "%(count)s suspended cameras are switched off",
                plan.switched_off,
            ),
        ),
    )
    told = joined([said % {"count": count} for count, said in counted if count], ", ")
    if not any(count for count, _said in counted):
        said = [_("As of today nothing would be written.")]
    elif plan.is_read:
        said = [_("Watcher is written to: %(what)s.") % {"what": told}]
    else:
        known = _("Watcher is written to: %(what)s; its cameras are known after the first reading.")
        said = [known % {"what": told}]
    if plan.unclear:
        unclear = ngettext(
            "%(count)s tariff fits no preset, so its cameras stay as they are.",
            "%(count)s tariffs fit no preset, so their cameras stay as they are.",
            plan.unclear,
        )
        said.append(unclear % {"count": plan.unclear})
    return joined(said)
