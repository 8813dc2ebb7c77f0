"""`make words`: bring the catalogues up to the sentences that stand in the code.

Sentences that are new come into every `portal/locale/*/LC_MESSAGES/camledger.po`, in English as
they are and elsewhere without a translation, which a test misses until somebody puts it in; those
that are gone leave. `words.py fr` begins a catalogue for French.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from babel.core import Locale
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po, write_po

ROOT: Final = Path(__file__).resolve().parents[1]
CATALOGUES: Final = ROOT / "portal" / "locale"
DOMAIN: Final = "camledger"
ENGLISH: Final = "en"
KEYWORDS: Final[dict[str, Any]] = {"_": None, "Sentence": None, "ngettext": (1, 2)}
TEMPLATES: Final = {
    "extensions": "jinja2.ext.do",
    "trimmed": "true",
    "trim_blocks": "true",
    "lstrip_blocks": "true",
    "newstyle_gettext": "true",
    "silent": "false",
}
# Lines of a file's head that would differ from day to day, or that nobody fills in.
UNTOLD: Final = (
    b'"Report-Msgid-Bugs-To:',
    b'"POT-Creation-Date:',
    b'"PO-Revision-Date:',
    b'"Last-Translator:',
    b'"Language-Team:',
    b'"Generated-By:',
)


def sentences() -> Catalog:
    """Every sentence that the code and its templates mark."""
    found = Catalog(domain=DOMAIN)
    sources: Iterable[tuple[str, str, dict[str, str]]] = (
        ("portal", "python", {}),
        ("workers", "python", {}),
        ("portal/templates", "jinja2", TEMPLATES),
    )
    for folder, method, options in sources:
        pattern = "*.py" if method == "python" else "*.html"
        for path in sorted((ROOT / folder).rglob(pattern)):
            for _, text, _, _ in extract_from_file(
                method, path, keywords=KEYWORDS, options=options, strip_comment_tags=True
            ):
                if text:
                    found.add(text)
    return found


def catalogue_file(code: str) -> Path:
    """Where the catalogue of a language is."""
    return CATALOGUES / code / "LC_MESSAGES" / f"{DOMAIN}.po"


def read(code: str) -> Catalog:
    """The catalogue of a language; an empty one where there is none yet."""
    path = catalogue_file(code)
    if not path.exists():
        return Catalog(locale=code)
    return read_po(io.BytesIO(path.read_bytes()), locale=code)


def updated(code: str, wanted: Catalog) -> Catalog:
    """The catalogue with exactly the sentences wanted, each with the translation it had."""
    before = read(code)
    locale = Locale.parse(code)
    made = Catalog(
        locale=locale,
        domain=DOMAIN,
        project="Camledger",
        version="1",
        copyright_holder="The Camledger authors",
        header_comment=f"# {locale.english_name}, one sentence after another.\n#",
        fuzzy=False,
    )
    for message in wanted:
        if message.id:
            made.add(message.id, _translated(code, message, before, made.num_plurals))
    return made


def _translated(code: str, message: Message, before: Catalog, plurals: int) -> Any:
    if code == ENGLISH:
        return message.id
    had = before.get(message.id)
    if had is not None and isinstance(had.string, str) == isinstance(message.id, str):
        return had.string
    return "" if isinstance(message.id, str) else ("",) * plurals


def strings_of(message: Message) -> tuple[str, ...]:
    """The translations of a sentence: one, or one for each plural of the language."""
    string = message.string
    return (string,) if isinstance(string, str) else tuple(string or ("",))


def text_of(catalogue: Catalog) -> bytes:
    """A catalogue as its file: sorted, without the places of the sentences, which change."""
    file = io.BytesIO()
    write_po(file, catalogue, width=100, no_location=True, sort_output=True)
    lines = file.getvalue().splitlines(keepends=True)
    return b"".join(line for line in lines if not line.startswith(UNTOLD))


def codes() -> list[str]:
    """The languages that have a catalogue."""
    return sorted(path.parents[1].name for path in CATALOGUES.glob(f"*/LC_MESSAGES/{DOMAIN}.po"))


def main(more: list[str]) -> None:
    """Write every catalogue, and say what each still misses."""
    wanted = sentences()
    for code in sorted({ENGLISH, *codes(), *more}):
        made = updated(code, wanted)
        path = catalogue_file(code)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text_of(made))
        missing = sum(not all(strings_of(one)) for one in made if one.id)
        print(f"{code}: {len(made)} sentences, {missing} without a translation")


if __name__ == "__main__":
    main(sys.argv[1:])
