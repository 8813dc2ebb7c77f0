"""A letter, written as text and as HTML in the language of whoever gets it."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Final

import jinja2

from portal.values import languages
from portal.values.mail import Letter
from portal.words import speaking, spoken

TEMPLATES: Final = Path(__file__).parents[2] / "templates" / "emails"
COLOUR: Final = "#206bc4"
"""Of the button, where the operator has none of its own."""


def written(letter: Letter) -> tuple[str, str]:
    """Its text and its HTML: the same sentences, and the same links."""
    with speaking(languages.catalogue(letter.language)):
        said = letter.wording
        text, html = (
            _environment()
            .get_template(f"message.{ending}")
            .render(
                said=said,
                reader=letter.reader,
                link=letter.link,
                items=letter.items,
                language=letter.language,
                direction=languages.direction(letter.reader.locale),
                colour=letter.reader.colour or COLOUR,
            )
            for ending in ("txt", "html")
        )
    return text, html


@lru_cache(maxsize=1)
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=jinja2.select_autoescape(["html"]),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        extensions=["jinja2.ext.i18n"],
    )
    environment.install_gettext_callables(  # type: ignore[attr-defined] # the extension's
        lambda text: spoken().gettext(text),
        lambda one, many, number: spoken().ngettext(one, many, number),
        newstyle=True,
    )
    return environment
