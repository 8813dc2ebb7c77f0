"""What “Needs you” says of each kind: its sentence, its button and where that leads."""

from collections.abc import Mapping
from typing import Final

from portal.overview.queries.attention import Need
from portal.routes.format import percent
from portal.routes.shared.attention_saying import Wording, counted, monthly, plain
from portal.values.amounts import money
from portal.words import _, ngettext


def _without_tariff(need: Need, locale: str) -> str:
    def text(count: int) -> str:
        if not need.amount:
            return ngettext(
                "%(count)s camera of a subscriber has no tariff.",
                "%(count)s cameras of subscribers have no tariff.",
                count,
            )
        return ngettext(
            "%(count)s camera of a subscriber has no tariff and costs %(amount)s so far.",
            "%(count)s cameras of subscribers have no tariff and cost %(amount)s so far.",
            count,
        )

    return counted(text)(need, locale)


def _referred(need: Need, locale: str) -> str:
    def text(count: int) -> str:
        if not count:
            return _("%(about)s referred %(subject)s.")
        return ngettext(
            "%(about)s referred %(subject)s: %(count)s camera.",
            "%(about)s referred %(subject)s: %(count)s cameras.",
            count,
        )

    return counted(text)(need, locale)


def _bill(need: Need, locale: str) -> str:
    """By how much a subscriber's bill changes: `count` is in percent."""
    words = {
        "name": need.subject,
        "percent": percent(abs(need.count), locale),
        "amount": money(abs(need.amount or 0), need.currency, locale),
    }
    if need.count > 0:
        return (
            _("The next bill of %(name)s is %(amount)s higher than its last (%(percent)s).") % words
        )
    return _("The next bill of %(name)s is %(amount)s lower than its last (%(percent)s).") % words


_EXPIRED: Final = counted(
    lambda count: ngettext(
        "%(count)s invitation has expired.", "%(count)s invitations have expired.", count
    )
)
_UNMATCHED: Final = counted(
    lambda count: ngettext(
        "%(count)s line of a bank file is not matched.",
        "%(count)s lines of bank files are not matched.",
        count,
    )
)
_BACKUPS: Final = _("See backups"), "/system/settings/system"
WORDS: Final[Mapping[str, Wording]] = {
    "reading_fails": Wording(
        plain(_("Watcher at %(subject)s cannot be read.")),
        _("Open"),
        "watcher",
        "watcher/{place}",
    ),
    "reading_late": Wording(
        plain(_("Watcher at %(subject)s has not been read completely for a while.")),
        _("Open"),
        "watcher",
        "watcher/{place}",
    ),
    "close_stuck": Wording(
        monthly(_("The close of %(month)s has stopped.")), _("Open"), "periods/{month}"
    ),
    "month_look": Wording(
        counted(
            lambda count: ngettext(
                "%(month)s waits for a look: %(count)s surprise.",
                "%(month)s waits for a look: %(count)s surprises.",
                count,
            ),
            of_month=True,
        ),
        _("Check"),
        "periods/{month}",
    ),
    "month_ended": Wording(
        monthly(_("%(month)s has ended and is not closed.")), _("Open month"), "periods/{month}"
    ),
    "days_missing": Wording(
        counted(
            lambda count: ngettext(
                "%(month)s: usage of %(count)s day is missing.",
                "%(month)s: usage of %(count)s days is missing.",
                count,
            ),
            of_month=True,
        ),
        _("Open month"),
        "periods/{month}",
    ),
    "bill_changes": Wording(_bill, _("See subscriber"), "subscribers/{place}"),
    "wholesale_overdue": Wording(
        counted(
            lambda count: ngettext(
                "%(count)s invoice to this cloud is overdue: %(amount)s.",
                "%(count)s invoices to this cloud are overdue: %(amount)s.",
                count,
            )
        ),
        _("See invoices"),
        "/system/invoices?state=overdue&cloud={cloud}",
    ),
    "overdue": Wording(
        counted(
            lambda count: ngettext(
                "%(count)s invoice is overdue: %(amount)s.",
                "%(count)s invoices are overdue: %(amount)s.",
                count,
            )
        ),
        _("See invoices"),
        "invoices?side=retail&state=overdue",
    ),
    "unmapped": Wording(
        counted(
            lambda count: ngettext(
                "%(count)s organization or preset is not mapped: its cameras are not billed.",
                "%(count)s organizations or presets are not mapped: their cameras are not billed.",
                count,
            )
        ),
        _("Map"),
        "watcher/mappings?state=waiting",
    ),
    "without_tariff": Wording(
        _without_tariff,
        _("See cameras"),
        "cameras?state=without",
    ),
    "below_cost": Wording(
        counted(
            lambda count: ngettext(
                "%(count)s tariff lost %(amount)s in the last closed month.",
                "%(count)s tariffs lost %(amount)s in the last closed month.",
                count,
            )
        ),
        _("See tariffs"),
        "tariffs",
        "tariffs/{place}",
    ),
    "unpriced": Wording(
        counted(
            lambda count: ngettext(
                "%(subject)s has no price and is used by %(count)s camera.",
                "%(subject)s has no price and is used by %(count)s cameras.",
                count,
            )
        ),
        _("See prices"),
        "prices",
        "prices#{place}",
    ),
    "doubtful": Wording(
        plain(
            _(
                "%(about)s referred %(subject)s, whose details somebody else has, too:"
                " commissions are held until you check it."
            )
        ),
        _("Check"),
        "subscribers?state=to_check",
        "subscribers/{place}",
    ),
    "referred": Wording(
        _referred,
        _("Check"),
        "subscribers?state=to_check",
        "subscribers/{place}",
    ),
    "held": Wording(
        counted(
            lambda count: ngettext(
                "%(subject)s seems to have referred itself: %(count)s commission is held.",
                "%(subject)s seems to have referred itself: %(count)s commissions are held.",
                count,
            )
        ),
        _("Check"),
        "referrals",
        "referrals/{place}?state=held",
    ),
    "to_approve": Wording(
        counted(
            lambda count: ngettext(
                "%(count)s statement of a referral waits for your approval: %(amount)s.",
                "%(count)s statements of referrals wait for your approval: %(amount)s.",
                count,
            )
        ),
        _("See statements"),
        "statements?state=draft",
    ),
    "dunning": Wording(
        counted(
            lambda count: ngettext(
                "%(count)s step of reminders waits for a person.",
                "%(count)s steps of reminders wait for a person.",
                count,
            )
        ),
        _("Look at it"),
        "payments/reminders?step=waits",
        one="subscribers/{place}/reminders",
    ),
    "questions": Wording(
        counted(
            lambda count: ngettext(
                "%(count)s question of a subscriber waits for an answer.",
                "%(count)s questions of subscribers wait for an answer.",
                count,
            )
        ),
        _("Answer"),
        "questions?state=open",
        one="questions/{place}",
    ),
    "late_usage": Wording(
        counted(
            lambda count: ngettext(
                "%(count)s camera has late usage that no close corrects by itself.",
                "%(count)s cameras have late usage that no close corrects by itself.",
                count,
            )
        ),
        _("Settle it"),
        "periods/late-usage",
    ),
    "overdrawn": Wording(
        counted(
            lambda count: ngettext(
                "%(count)s subscriber owes %(amount)s: a payment came back after it had been"
                " refunded.",
                "%(count)s subscribers owe %(amount)s: payments came back after they had been"
                " refunded.",
                count,
            )
        ),
        _("See who owes"),
        "payments/receivables",
        one="subscribers/{place}/account",
    ),
    "unmatched": Wording(_UNMATCHED, _("Match them"), "payments/unmatched"),
    "own_unmatched": Wording(_UNMATCHED, _("Match them"), "/system/payments/unmatched"),
    "not_printed": Wording(
        counted(
            lambda count: ngettext(
                "%(count)s document waits for a font.",
                "%(count)s documents wait for a font.",
                count,
            )
        ),
        _("See invoices"),
        "invoices",
    ),
    "no_administrator": Wording(
        plain(_("No administrator of this cloud can sign in yet.")),
        _("See people"),
        "/system/clouds/{cloud}/people",
    ),
    "no_bank": Wording(
        plain(_("The platform's invoices do not say where to pay.")),
        _("Add bank details"),
        "/system/settings",
    ),
    "books_differ": Wording(
        counted(
            lambda count: ngettext(
                "The proof of the books found %(count)s difference.",
                "The proof of the books found %(count)s differences.",
                count,
            )
        ),
        _("See them"),
        "/system/settings/system",
    ),
    "backup_failed": Wording(plain(_("The last backup failed: %(about)s")), *_BACKUPS),
    "backup_old": Wording(plain(_("No backup has been made for more than a day.")), *_BACKUPS),
    "undelivered": Wording(
        counted(
            lambda count: ngettext(
                "%(month)s: %(count)s invoice could not be sent.",
                "%(month)s: %(count)s invoices could not be sent.",
                count,
            ),
            of_month=True,
        ),
        _("Correct"),
        "periods/{month}/send",
    ),
    "unsent": Wording(
        counted(
            lambda count: ngettext(
                "%(month)s: %(count)s invoice is not sent.",
                "%(month)s: %(count)s invoices are not sent.",
                count,
            ),
            of_month=True,
        ),
        _("Send"),
        "periods/{month}/send",
    ),
    "not_sent": Wording(
        counted(
            lambda count: ngettext(
                "%(count)s e-mail could not be sent.", "%(count)s e-mails could not be sent.", count
            )
        ),
        _("See e-mails"),
        "/{portal}/settings/mail",
    ),
    "details_asked": Wording(
        counted(
            lambda count: ngettext(
                "%(count)s subscriber asks for other details on its documents.",
                "%(count)s subscribers ask for other details on their documents.",
                count,
            )
        ),
        _("Open"),
        "subscribers/{place}",
    ),
    "agents_invited": Wording(
        counted(
            lambda count: ngettext(
                "%(count)s agent was invited by another one.",
                "%(count)s agents were invited by others.",
                count,
            )
        ),
        _("Open"),
        "referrals/{place}",
    ),
    "unreachable": Wording(
        counted(
            lambda count: ngettext(
                "%(count)s subscriber with cameras has no e-mail or no postal address.",
                "%(count)s subscribers with cameras have no e-mail or no postal address.",
                count,
            )
        ),
        _("See subscribers"),
        "subscribers?state=unreachable",
        "subscribers/{place}",
    ),
    "expired": Wording(_EXPIRED, _("See people"), "people?state=invited", "people/{place}"),
    "staff_expired": Wording(
        _EXPIRED, _("See people"), "/system/people?state=invited", "/system/people/{place}"
    ),
}
