"""A mail as a page shows it: who it is from and to, and its sentences in its reader's language."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from portal.books.queries.sending.letters import Said
from portal.values import languages
from portal.words import speaking

NOBODY: Final = "–"


@dataclass(frozen=True, slots=True)
class SaidMail:
    """The mail of a document, worded; `language` is the code of the one that it is in."""

    sender: str
    reply_to: str
    to: Sequence[str]
    subject: str
    paragraphs: Sequence[str]
    button: str
    after: Sequence[str]
    file: str
    language: str
    direction: str


def said_of(said: Said, public_url: str) -> SaidMail:
    """What the mail of a document would say now, in the document's language."""
    letter = said.letter("", said.recipients or (NOBODY,), public_url)
    with speaking(languages.catalogue(letter.language)):
        wording = letter.wording
        return SaidMail(
            sender=said.operator,
            reply_to=said.reply_to,
            to=said.recipients,
            subject=str(wording.subject),
            paragraphs=[str(one) for one in wording.paragraphs],
            button=str(wording.button),
            after=[str(one) for one in wording.after],
            file=f"{said.number}.pdf",
            language=letter.language,
            direction=languages.direction(said.locale),
        )
