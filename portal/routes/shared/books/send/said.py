"""A mail as a page shows it: who it is from and to, and its sentences in its reader's language."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from portal.books.queries.dunning.letters import Said as Reminder
from portal.books.queries.sending.letters import Said
from portal.values import languages
from portal.values.mail import Letter
from portal.words import speaking

NOBODY: Final = "–"


@dataclass(frozen=True, slots=True)
class SaidMail:
    """A mail, worded; `file` goes with it, "" where none does.

    `language` is the code of the one that it is in.
    """

    sender: str
    reply_to: str
    to: Sequence[str]
    subject: str
    paragraphs: Sequence[str]
    items: Sequence[str]
    button: str
    after: Sequence[str]
    file: str
    language: str
    direction: str


def said_of(said: Said, public_url: str) -> SaidMail:
    """What the mail of a document would say now, in the document's language."""
    letter = said.letter("", said.recipients or (NOBODY,), public_url)
    return _worded(letter, said.recipients, f"{said.number}.pdf")


def reminder_of(said: Reminder, kind: str, public_url: str) -> SaidMail:
    """The same of a reminder of a kind."""
    return _worded(said.letter("", kind, (said.customer,), public_url), (said.customer,), "")


def _worded(letter: Letter, to: Sequence[str], file: str) -> SaidMail:
    with speaking(languages.catalogue(letter.language)):
        wording = letter.wording
        return SaidMail(
            sender=letter.reader.place,
            reply_to=letter.reader.reply_to,
            to=to,
            subject=str(wording.subject),
            paragraphs=[str(one) for one in wording.paragraphs],
            items=[text for text, _link in letter.items],
            button=str(wording.button),
            after=[str(one) for one in wording.after],
            file=file,
            language=letter.language,
            direction=languages.direction(letter.reader.locale),
        )
