"""The pages of the stand-in, as plain as can be: a card is typed, a bank asks."""

from __future__ import annotations

from html import escape
from typing import Final

from litestar import MediaType, Response

from portal.demo.card_gateway.account import Obj
from portal.demo.card_gateway.cards import CARDS

_SHEET: Final = (
    "body{font:16px/1.5 system-ui,sans-serif;margin:0;background:#f4f5f7;color:#1c2430}"
    "main{max-width:34rem;margin:2rem auto;padding:1.5rem;background:#fff;border-radius:12px}"
    "label{display:block;margin:.75rem 0 .25rem;font-weight:600}"
    "input{font:inherit;width:100%;box-sizing:border-box;padding:.5rem;border:1px solid #8a94a6;"
    "border-radius:6px}button{font:inherit;margin:1rem .5rem 0 0;padding:.6rem 1.2rem;border:0;"
    "border-radius:6px;background:#3449c9;color:#fff}button.no{background:#5b6475}"
    ".wrong{color:#a3132b}table{border-collapse:collapse;font-size:.85rem;margin-top:1.5rem}"
    "td{padding:.15rem .75rem .15rem 0}small{color:#5b6475}"
    "@media(prefers-color-scheme:dark){body{background:#11151c;color:#e6e9ef}main{background:#1b212b}"
    "input{background:#11151c;color:inherit}.wrong{color:#ff9aa8}small{color:#a7b0c0}}"
)


def card_page(session: Obj, wrong: str) -> Response[str]:
    """The page of Checkout: a form for a card, and the numbers that do something."""
    problem = f'<p class="wrong" role="alert">{escape(wrong)}</p>' if wrong else ""
    rows = "".join(
        f"<tr><td>{_grouped(number)}</td><td>{escape(card.about)}</td></tr>"
        for number, card in CARDS.items()
    )
    back = escape(session["cancel_url"], quote=True)
    cancel = f'<p><a href="{back}">Back without saving a card</a></p>' if back else ""
    return _page(
        "Save a card",
        f"{problem}<form method=post>"
        "<label for=number>Card number</label><input id=number name=number inputmode=numeric"
        ' autocomplete=cc-number placeholder="4242 4242 4242 4242" required>'
        '<label for=expires>Expires</label><input id=expires name=expires placeholder="12/34"'
        " required><label for=cvc>Security code</label><input id=cvc name=cvc placeholder=123"
        " required><button>Save card</button></form>"
        f"{cancel}<table>{rows}</table>",
        status=422 if wrong else 200,
    )


def ask_page(_name: str) -> Response[str]:
    """The page of a bank that asks the holder of a card."""
    return _page(
        "Your bank asks: is this you?",
        "<form method=post><button name=says value=yes>Yes, it is me</button>"
        "<button name=says value=no class=no>No</button></form>",
    )


def closed_page() -> Response[str]:
    """What was here is over, or never was."""
    return _page("This page is over", "<p>Go back and begin anew.</p>", status=404)


def _grouped(number: str) -> str:
    return " ".join(number[place : place + 4] for place in range(0, len(number), 4))


def _page(title: str, inner: str, *, status: int = 200) -> Response[str]:
    return Response(
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{escape(title)}</title>"
        '<meta name=viewport content="width=device-width"><style>'
        f"{_SHEET}</style><main><small>A stand-in for a card gateway: nothing here is money."
        f" Never type a card that is real.</small><h1>{escape(title)}</h1>{inner}</main></html>",
        media_type=MediaType.HTML,
        status_code=status,
    )
