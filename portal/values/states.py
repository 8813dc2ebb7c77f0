"""The states of the trade: each a word for people and a tone, for pages and for workbooks alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from portal.words import _

KNOWN: Final[Mapping[str, tuple[str, str]]] = {
    "open": (_("Open"), "note"),
    "closing": (_("Closing"), "wait"),
    "closed": (_("Closed"), "ok"),
    "draft": (_("Draft"), "off"),
    "issued": (_("Issued"), "note"),
    "paid": (_("Paid"), "ok"),
    "written_off": (_("Written off"), "off"),
    "disputed": (_("Disputed"), "wait"),
    "received": (_("Received"), "ok"),
    "returned": (_("Returned by the bank"), "stop"),
    "unidentified": (_("Of nobody yet"), "wait"),
    "part_paid": (_("Partly paid"), "wait"),
    "partly_paid": (_("Partly paid"), "wait"),
    "overdue": (_("Overdue"), "stop"),
    "credited": (_("Credited"), "off"),
    "settled": (_("Settled"), "ok"),
    "invoice": (_("Invoice"), "note"),
    "credit_note": (_("Credit note"), "wait"),
    "active": (_("Active"), "ok"),
    "enabled": (_("Enabled"), "ok"),
    "disabled": (_("Disabled"), "off"),
    "ended": (_("Ended"), "off"),
    "trial": (_("Trial"), "note"),
    "planned": (_("Planned"), "note"),
    "running": (_("Running"), "wait"),
    "complete": (_("Complete"), "ok"),
    "failed": (_("Failed"), "stop"),
    "pending": (_("Pending"), "wait"),
    "payable": (_("Payable"), "note"),
    "held": (_("Held"), "wait"),
    "stated": (_("On a statement"), "note"),
    "approved": (_("Approved"), "wait"),
    "void": (_("Void"), "off"),
    "earned": (_("Earned"), "note"),
    "paid_out": (_("Paid out"), "ok"),
    "clawed_back": (_("Clawed back"), "stop"),
    "missing": (_("Missing"), "stop"),
    "gaps": (_("Gaps"), "stop"),
    "suspended": (_("Suspended"), "wait"),
    "attention": (_("Needs someone"), "stop"),
    "waits_usage": (_("Waits for usage"), "wait"),
    "needs_look": (_("Needs a look"), "stop"),
    "setting_up": (_("Setting up"), "note"),
    "unsubscribed": (_("Without tariff"), "stop"),
    "no_cameras": (_("No cameras"), "off"),
    "signed_in": (_("Signed in"), "ok"),
    "none": (_("None"), "off"),
    "unread": (_("Not read yet"), "note"),
    "unconnected": (_("Not connected"), "off"),
    "blocked": (_("Deactivated"), "stop"),
    "invited": (_("Invited"), "wait"),
    "revoked": (_("Revoked"), "off"),
    "expired": (_("Expired"), "off"),
    "offered": (_("Offered"), "ok"),
    "default": (_("Default"), "note"),
    "not_offered": (_("Not offered"), "off"),
    "waiting": (_("Waiting"), "wait"),
    "confirmed": (_("Confirmed"), "ok"),
    "declined": (_("Declined"), "stop"),
    "withdrawn": (_("Withdrawn"), "off"),
    "with_operator": (_("With the operator"), "wait"),
    "left": (_("Left"), "off"),
    "sending": (_("Sending"), "wait"),
    "sent": (_("Sent"), "ok"),
    "not_sent": (_("Not sent"), "off"),
    "dropped": (_("Not sent any more"), "off"),
    "matched": (_("Matched"), "ok"),
    "ignored": (_("Not ours"), "off"),
    "reversal": (_("Reversed"), "stop"),
    "known": (_("Known already"), "off"),
    "refused": (_("Refused"), "stop"),
    "unfinished": (_("Not finished"), "stop"),
    "answered": (_("Answered"), "ok"),
    "mapped": (_("Mapped"), "ok"),
}


def state_word(name: object) -> str:
    """What people call a state; one that is not here is called by its own name."""
    code = str(name)
    known = KNOWN.get(code)
    return known[0] if known else code.replace("_", " ").capitalize()


def state_tone(name: object) -> str:
    """Its tone: ok, wait, stop, note or off."""
    known = KNOWN.get(str(name))
    return known[1] if known else "off"
