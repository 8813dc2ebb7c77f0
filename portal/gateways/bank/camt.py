"""camt.052, .053 and .054: reports, statements and notifications of banks, of any version.

Entities, other files and the network are out of reach: a file with a document type is refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import Final

from lxml import etree

from portal.billing.bank.line import BankLine
from portal.errors import Invalid, TooLarge
from portal.gateways.bank.camt_entry import lines_of
from portal.gateways.bank.elements import Element, Fields, name_of, namespace_of
from portal.gateways.bank.fields import Lines, said, unreadable
from portal.words import _

NAMESPACE: Final = "urn:iso:std:iso:20022:tech:xsd:camt.05"
MESSAGES: Final = frozenset({"BkToCstmrAcctRpt", "BkToCstmrStmt", "BkToCstmrDbtCdtNtfctn"})
ELEMENTS_MAX: Final = 1_500_000
"""Elements of one file: twice as many as 20 MB of a bank's have, with names and texts."""
STATEMENT_DEPTH: Final = 3
"""How deep a statement is: within its message, and that within the document."""


def read_camt(content: bytes) -> list[BankLine]:
    """The lines of a file. Raises `Invalid`, `InvalidLines` (422) and `TooLarge` (413)."""
    lines = Lines()
    try:
        for entry, statement in _entries(content):
            with lines.at_next():
                lines.extend(lines_of(entry, lines.next, statement))
    except etree.XMLSyntaxError as error:
        told = _("is not XML that can be read: %(error)s")
        raise unreadable(told % {"error": said(str(error))}) from None
    return lines.done()


def _entries(content: bytes) -> Iterator[tuple[Element, Fields]]:
    """Every entry with what its statement says before it; what was read is let go afterwards."""
    events = etree.iterparse(
        BytesIO(content),
        events=("start", "end"),
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    depth, statement, count = 0, None, 0
    for event, element in events:
        if event == "start":
            count += 1
            if count > ELEMENTS_MAX:
                raise TooLarge(_("The file has more elements than any statement of a bank has."))
            depth += 1
            if depth <= len(_OUTER):
                _OUTER[depth - 1](element)
            elif depth == STATEMENT_DEPTH:
                statement = None
            continue
        depth -= 1
        if depth != STATEMENT_DEPTH or name_of(element) != "Ntry":
            continue
        if statement is None:
            statement = Fields(element.getparent(), apart=frozenset({"Ntry"}))
        yield element, statement
        element.clear()


def _check_root(root: Element) -> None:
    if root.getroottree().docinfo.doctype:
        raise unreadable(_("must not have a document type (DOCTYPE)"))
    if name_of(root) != "Document" or not namespace_of(root).startswith(NAMESPACE):
        raise _no_camt()


def _check_message(element: Element) -> None:
    if name_of(element) not in MESSAGES:
        raise _no_camt()


_OUTER: Final = (_check_root, _check_message)
"""What the outermost elements have to be, from the root on."""


def _no_camt() -> Invalid:
    return unreadable(_("is no camt.052, camt.053 or camt.054 of a bank"))
