"""When a referral earns, in words."""

from typing import Final

from portal.words import _

BASIS: Final = {"invoiced": _("when invoiced"), "collected": _("as paid")}
MEANS: Final = (
    (
        "invoiced",
        _("When invoiced"),
        _("Each invoice earns its commission when a month is closed, whether it is paid or not."),
    ),
    (
        "collected",
        _("As paid"),
        _("Each payment earns its share: half of an invoice paid is half of the commission."),
    ),
)
"""Value, label and a sentence each."""
COUNTS: Final = _(
    "Percent, basis and sponsor count as they are when a month is closed, for that whole month."
    " What was earned before stays as it is."
)
