"""The Jinja environment of every page, and how a page or a named block of it is rendered.

Macros live in `templates/macros/*.html`. A page calls them as `ui.money(…)`, `ui.table(…)`, without
an import: a block that is rendered alone never runs the imports at its template's top. `ui` is
made for each rendering, so that macros see its locale, zone and CSRF token.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import cache, lru_cache, partial
from pathlib import Path
from secrets import token_hex
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context, Macro
from jinja2_fragments import render_block
from litestar.plugins.jinja import JinjaTemplateEngine
from litestar.template import TemplateConfig
from markupsafe import Markup

from portal.billing.money import Money
from portal.kit.forms.boxes import marks_of
from portal.kit.forms.nested import count_rows
from portal.routes import assets
from portal.routes import format as fmt
from portal.routes.cells import shown
from portal.routes.listing import Column
from portal.values import amounts
from portal.values.fields import label_of
from portal.values.roles import permission_label
from portal.values.states import state_tone, state_word
from portal.words import spoken

TEMPLATES: Final = Path(__file__).resolve().parents[1] / "templates"
MACROS: Final = "macros"


class Ui:
    """Every macro of `templates/macros`, by name, bound to one rendering's context.

    A file is run when the first of its macros is called; names are unique over all the files.
    """

    def __init__(self, environment: Environment, context: Mapping[str, Any]) -> None:
        self._environment = environment
        self._context = {**context, "ui": self}
        self._files = macro_files(environment)
        self._found: dict[str, Macro] = {}

    def __getattr__(self, name: str) -> Macro:
        if name.startswith("_"):
            raise AttributeError(name)
        if name not in self._found:
            try:
                file = self._files[name]
            except KeyError:
                raise AttributeError(f"no macro is called {name!r} in templates/macros") from None
            module = self._environment.get_template(file).make_module(self._context)
            for macro, of in self._files.items():
                if of == file:
                    self._found[macro] = getattr(module, macro)
        return self._found[name]


@lru_cache(maxsize=8)
def macro_files(environment: Environment) -> dict[str, str]:
    """Name of a macro → its file. Raises ValueError when two files define one name."""
    found: dict[str, str] = {}
    for file in environment.list_templates(filter_func=lambda name: name.startswith(f"{MACROS}/")):
        module = environment.get_template(file).make_module({})
        for name in vars(module):
            if name.startswith("_") or not isinstance(getattr(module, name), Macro):
                continue
            if name in found:
                raise ValueError(f"macro {name} is in both {found[name]} and {file}")
            found[name] = file
    return found


def render(
    environment: Environment, template: str, context: Mapping[str, Any], block: str | None = None
) -> str:
    """A whole template, or one block of it, as text. `context` needs `locale` and `zone`."""
    values = {**context, "ui": Ui(environment, context)}
    if block is None:
        return environment.get_template(template).render(values)
    text: str = render_block(environment, template, block, values)
    return text


def make_environment(templates: Path = TEMPLATES) -> Environment:
    """Escaped, strict about what is missing, with the filters and globals of docs/screens.md."""
    environment = Environment(
        loader=FileSystemLoader(templates),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.do", "jinja2.ext.i18n"],
    )
    environment.install_gettext_callables(  # type: ignore[attr-defined] # the extension's
        lambda text: spoken().gettext(text),
        lambda one, many, number: spoken().ngettext(one, many, number),
        newstyle=True,
    )
    environment.filters.update(
        money=_money,
        price=_price,
        number=_number,
        quantity=_quantity,
        percent=_percent,
        bytes_=_bytes,
        day=_day,
        month=_month,
        moment=_moment,
        initials=initials,
        rows=count_rows,
        cell=_cell,
        permission=permission_label,
        label=label_of,
        marks=marks_of,
    )
    environment.globals.update(
        asset=assets.asset,
        integrity=assets.integrity,
        icon=icon,
        form_key=partial(token_hex, 16),
        state_word=state_word,
        state_tone=state_tone,
    )
    return environment


@cache
def environment_of_pages() -> Environment:
    """The one of this process: every template is compiled once, whoever renders it."""
    return make_environment()


def make_template_config() -> TemplateConfig[JinjaTemplateEngine]:
    """For `Litestar(template_config=…)`."""
    return TemplateConfig(engine=JinjaTemplateEngine.from_environment(environment_of_pages()))


def icon(name: str, label: str = "", extra: str = "") -> Markup:
    """An icon of the sprite (scripts/icons.txt), unspoken unless it has a `label`."""
    if not label:
        return _unspoken_icon(name, extra)
    return _drawn(name, extra, Markup('role="img" aria-label="{}"').format(label))


@lru_cache(maxsize=500)
def _unspoken_icon(name: str, extra: str) -> Markup:
    """A page shows twenty, always the same: templates name them."""
    return _drawn(name, extra, Markup('aria-hidden="true"'))


def _drawn(name: str, extra: str, spoken: Markup) -> Markup:
    return Markup(
        '<svg class="icon {}" width="20" height="20" {}><use href="{}#{}"></use></svg>'
    ).format(extra, spoken, assets.asset("icons.svg"), name)


def initials(name: str) -> str:
    """Of the first and the last word of a name, for the round badge: "Nora North" is NN."""
    words = name.split()
    return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper()


def _locale(context: Context) -> str:
    locale: str = context["locale"]
    return locale


@pass_context
def _money(context: Context, value: Money | int | None, currency: str = "") -> str:
    """`Money`, or minor units with their currency."""
    if isinstance(value, Money):
        return amounts.money(value.minor, value.currency, _locale(context))
    return amounts.money(value, currency, _locale(context))


@pass_context
def _price(context: Context, value: Decimal | None, currency: str) -> str:
    return amounts.price(value, currency, _locale(context))


@pass_context
def _number(context: Context, value: fmt.Number | None) -> str:
    return fmt.number(value, _locale(context))


@pass_context
def _quantity(context: Context, value: fmt.Number | None, unit: str = "") -> str:
    return fmt.quantity(value, unit, _locale(context))


@pass_context
def _percent(context: Context, value: fmt.Number | None, digits: int = 6) -> str:
    return fmt.percent(value, _locale(context), digits)


@pass_context
def _bytes(context: Context, value: int | None) -> str:
    return fmt.bytes_(value, _locale(context))


@pass_context
def _day(context: Context, value: date | None) -> str:
    return fmt.day(value, _locale(context))


@pass_context
def _month(context: Context, value: date | None) -> str:
    return fmt.month(value, _locale(context))


@pass_context
def _moment(context: Context, value: datetime | None) -> str:
    return fmt.moment(value, _locale(context), context["zone"])


@pass_context
def _cell(context: Context, row: Any, column: Column) -> str:
    return shown(column, row, _locale(context), context["zone"])
