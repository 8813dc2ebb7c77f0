"""What a mail is made of, whatever it is about: its sentences, and the files that go with it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Wording:
    """A mail's sentences; `button` is the label of its link, `after` stands below it."""

    subject: str
    paragraphs: tuple[str, ...]
    button: str
    after: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file of a mail; `media_type` as "application/pdf"."""

    name: str
    media_type: str
    content: bytes
