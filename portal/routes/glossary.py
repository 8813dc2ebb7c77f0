"""The words of the trade and what they mean: the page of help, and docs/glossary.md.

`TERMS` are for everybody; `INSIDE` are those that only the code and the documentation use.
"""

from __future__ import annotations

from typing import Final

from portal.words import _

TERMS: Final = {
    _("account manager"): _(
        "a person of a cloud who serves some of its subscribers and sees only those"
    ),
    _("charge"): _(
        "one rounded amount for one camera in one month, either to the subscriber or to the "
        "platform"
    ),
    _("close"): _("turning an ended month of a cloud into invoices; what is issued never changes"),
    _("cloud"): _("one operator, with its cameras, prices, currency, time zone and books"),
    _("commission"): _("what a referral earns on an invoice"),
    _("connection"): _("a Watcher whose cameras are a cloud's"),
    _("correction"): _(
        "a day's usage set by a person, with a reason; in a closed month it is charged by the"
        " next close"
    ),
    _("credit note"): _("a document that gives money back; its amounts are negative"),
    _("draft"): _(
        "what the close of a month would issue now, without numbers; it follows what changes"
    ),
    _("estimate"): _(
        "the days of the running month that are over, priced as the close will price them"
    ),
    _("external id"): _("a camera's name in the operator's own system"),
    _("gap"): _("a day of a month on which the usage of a camera on a tariff is not known"),
    _("key"): _(
        "what another system uses the API with; it has a role and may be narrowed to some "
        "permissions"
    ),
    _("level"): _("how far a referral is from the subscriber: 1 is its own, 2 is the sponsor of 1"),
    _("line"): _("charges of the same thing, added up on a document"),
    _("manager"): _(
        "a person of the platform who is responsible for some clouds and sees only those"
    ),
    _("mapping"): _("which subscriber an organization of Watcher is, and which tariff a preset is"),
    _("margin"): _("revenue less cost less commission"),
    _("measure"): _(
        "how the days of a month become a quantity: their average, their sum, or their highest"
    ),
    _("meter"): _("a fact about a camera, one whole number a day"),
    _("overage"): _("what a camera uses beyond what its tariff includes"),
    _("period"): _("a calendar month of a cloud: running, ended or closed"),
    _("pool"): _(
        "the quantity of a service of all cameras of a cloud together, where its price has "
        "tiers or packages"
    ),
    _("preset"): _(
        "settings for cameras in Watcher: how long recordings are kept, which analytics run"
    ),
    _("proration"): _(
        "a monthly price for the days of the month on which a camera was on the tariff: 16 of 31"
    ),
    _("provisioning"): _("telling Watcher what the tariffs say: presets, and which cameras are on"),
    _("rate"): _("the price of a service that a cloud pays to the platform, from a day on"),
    _("reading"): _("fetching all cameras of a connection from Watcher"),
    _("reconciliation"): _("the differences between Watcher and the books, and their value"),
    _("referral"): _("an agent of a cloud who brings subscribers for a percentage of sales"),
    _("statement"): _("what a referral is paid in one sum: all its commissions that are payable"),
    _("retail"): _("between the operator and its subscribers"),
    _("revenue"): _("sales after discount, before tax; charges are before discount"),
    _("service"): _("what the platform sells: a day of recording, analytics for a channel"),
    _("sponsor"): _("the referral above a referral"),
    _("subscriber"): _("a customer of one cloud"),
    _("subscription"): _("one camera on one tariff, from a day to a day"),
    _("suspended"): _("switched off by the operator; it stays in the books"),
    _("surprise"): _(
        "something in a draft that a person looks at before the month is closed, or finds fine"
    ),
    _("tariff"): _("services at a price, which an operator sells to its subscribers"),
    _("trial"): _("the first days of a subscription, which are free"),
    _("usage"): _("what a camera used of a service on a day"),
    _("Watcher"): _("the video management system whose cameras are billed"),
    _("wholesale"): _("between the platform and its clouds"),
}
INSIDE: Final = {
    "accountant": "keeps the books: of the platform, or as cloud accountant of one cloud",
    "actor": "who acts for the length of one request or job: a person, a key, or the system",
    "administrator": "may do everything: on the platform, or within one cloud",
    "allocation": "dividing an amount by largest remainder, so that the parts make the whole",
    "audit log": "who did what to which object, before and after; it is only added to",
    "batch": "a run of cameras that one worker rates while a period closes",
    "books": "what a close makes and nobody changes: charges, documents, commissions, margins",
    "camera": (
        "the unit that is billed; it belongs to one cloud and to at most one subscriber at a time"
    ),
    "completeness gate": "the check before a close that every day is known",
    "day": (
        "a date in the cloud's time zone; with a change of the clocks it has 23 or 25 hours "
        "and is one day"
    ),
    "document": "an invoice or a credit note",
    "doorkeeper": "the actor that checks sign-ins and keys before anyone is known",
    "history": (
        "a camera's intervals under one organization, preset and switch, as readings showed them"
    ),
    "invoice": (
        "a document that asks for money: retail from cloud to subscriber, wholesale from "
        "platform to cloud"
    ),
    "issue": "to number a document and store it for good",
    "item": "a service in a tariff: the included quantity, and perhaps a price beyond it",
    "job, queue": (
        "what a worker is asked to do, and the list in Redis through which it is asked; "
        "PostgreSQL knows what the work is"
    ),
    "minor unit": "the smallest unit of a currency: cents of EUR, whole JPY",
    "original period": "the month that a charge is about; older than its own for a correction",
    "platform": "who runs the installation and sells services to clouds",
    "pricing": "a model and its figures: per_unit, graduated, volume, package",
    "scope": "a permission that a key is narrowed to",
    "series": "the numbers of one issuer's documents in one year, without gaps",
    "sweep": "looks for work by the clock and the database, every ten seconds",
    "taxable": "subtotal less discount",
    "tenant": "whose rows are kept apart: a cloud, and within it subscribers and referrals",
    "worker": "a process that does the work of the background",
}
