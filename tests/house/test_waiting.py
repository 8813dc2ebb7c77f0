"""Whoever waits for something outside the database asks first whether a transaction is open.

`portal/waiting.py` has the question. Here nobody runs anything: the code is read, so that a gateway
that is added tomorrow and does not ask is found before it waits.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from tests.house.sources import CODE, name, text

OUTSIDE: Final = frozenset(
    {
        *("httpx", "aiohttp", "requests", "urllib.request", "http.client", "smtplib", "aiosmtplib"),
        *("socket", "ssl", "ftplib", "imaplib", "poplib", "websockets", "boto3", "aioboto3"),
        *("redis", "arq", "subprocess", "multiprocessing", "concurrent.futures"),
    }
)
"""Libraries that lead outside; a thread or a process is outside, too."""
WAITS: Final = frozenset(
    {
        *("send", "enqueue_job", "ping", "publish", "run_in_executor", "to_thread"),
        *("create_subprocess_exec", "create_subprocess_shell", "open_connection", "getaddrinfo"),
        *("open_unix_connection", "create_connection", "sock_connect", "create_pool", "sendmail"),
        *("urlopen", "send_message", "handle_async_request"),
    }
)
"""Methods and functions at which one waits, whatever they are called on."""
ASKS: Final = "refuse_in_transaction"
# Run beside the portal, not in it: commands, the demo and its simulator, measurements, servers.
APART: Final = (
    "portal/backup/",
    "portal/cli/",
    "portal/demo/",
    "portal/bench/",
    "portal/embedded/",
)
DOORS: Final = frozenset({"portal/supervisor.py", "portal/data_directory.py", "portal/server.py"})
# Functions that wait and do not ask, each for its reason.
EXEMPT: Final = {
    "portal/gateways/queue.py open_queue": "once, when a process starts",
    "portal/gateways/watcher/client.py _read": "reads an answer that is there, in a thread",
    "portal/gateways/watcher/address.py handle_async_request": "below client.py's, which asks",
    "portal/gateways/watcher/address.py refuse_address": "reads a numeric address, asks nobody",
    "portal/crypto/passwords.py _in_thread": "our own arithmetic, on threads of its own",
    "portal/overview/queries/browse.py __call__": "reads an answer that is there, in a thread",
    "portal/routes/list_files.py list_file": "writes a file of rows that are there, in a thread",
    "portal/routes/list_files.py _add": "writes a file of rows that are there, in a thread",
    "portal/routes/api/kit/handler.py _read": "reads a body that is there, in a thread",
}
IMPORTERS: Final = frozenset(
    {
        "portal/crypto/passwords.py",
        "portal/privileges.py",
        "portal/settings.py",
        "workers/settings.py",
    }
)
"""Beside the gateways, who may use such a library: threads, a child at the start, the queue."""
Function = ast.FunctionDef | ast.AsyncFunctionDef


def sources() -> dict[str, str]:
    """The code of the portal and its workers, by file."""
    return {
        file: text(path)
        for path in CODE
        if (file := name(path)) not in DOORS and not file.startswith(APART)
    }


def imports_outside(tree: ast.AST) -> bool:
    names = [
        name
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    ]
    return any(name == one or name.startswith(f"{one}.") for name in names for one in OUTSIDE)


def calls_of(function: Function) -> Iterator[tuple[str, str]]:
    """What a function calls: the name, and on what ("" where on nothing)."""
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield node.func.attr, ast.unparse(node.func.value)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            yield node.func.id, ""


@dataclass(frozen=True)
class Facts:
    """What a file imports; its functions: what each calls, which wait, which are its own."""

    leads_outside: bool
    calls: Mapping[str, Sequence[tuple[str, str]]]
    waiting: frozenset[str]
    private: frozenset[str]


@cache
def facts_of(source: str) -> Facts:
    """What one file's functions do. Those of a private class are called in their file alone."""
    tree = ast.parse(source)
    leads_outside = imports_outside(tree)
    functions = [node for node in ast.walk(tree) if isinstance(node, Function)]
    own = {function.name for function in functions}
    private = {name for name in own if name.startswith("_") and not name.startswith("__")}
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and node.name.startswith("_"):
            private |= {one.name for one in node.body if isinstance(one, Function)}
    calls: dict[str, list[tuple[str, str]]] = {}
    waiting = set()
    for function in functions:
        called = list(calls_of(function))
        calls.setdefault(function.name, []).extend(called)
        for what, on in called:
            # `send` of one of our own classes leads to one that is looked at itself.
            is_own = on == "self" and what in own
            if what in WAITS and not is_own and (leads_outside or what != "send"):
                waiting.add(function.name)
    return Facts(leads_outside, calls, frozenset(waiting), frozenset(private))


def unasked(code: Mapping[str, str], asks: str = ASKS) -> set[str]:
    """The functions that wait outside, do not ask, and are not called by askers alone."""
    facts = {file: facts_of(source) for file, source in code.items()}

    def is_asked(file: str, name: str, seen: frozenset[tuple[str, str]]) -> bool:
        if (asks, "") in facts[file].calls[name]:
            return True
        callers = [
            (other, caller)
            for other in ([file] if name in facts[file].private else facts)
            for caller, called in facts[other].calls.items()
            if (other, caller) not in seen and any(what == name for what, _ in called)
        ]
        return bool(callers) and all(is_asked(*one, seen | {(file, name), one}) for one in callers)

    return {
        f"{file} {name}"
        for file, found in facts.items()
        for name in found.waiting
        if not is_asked(file, name, frozenset({(file, name)}))
    }


def test_whoever_waits_outside_asks_first() -> None:
    found = unasked(sources())
    assert found - set(EXEMPT) == set(), "call refuse_in_transaction of portal/waiting.py"
    assert set(EXEMPT) - found == set(), "an exemption that nobody needs"


def test_what_leads_outside_is_behind_the_gateways() -> None:
    found = {
        file
        for file, source in sources().items()
        if not file.startswith("portal/gateways/") and facts_of(source).leads_outside
    }
    assert found <= IMPORTERS


MAIL: Final = """
import aiosmtplib
from portal.waiting import refuse_in_transaction

class Post:
    async def deliver(self, letter):
        {question}
        return await self._hand_over(letter)

    async def _hand_over(self, letter):
        await self.server.send_message(letter)
"""


def test_a_gateway_that_does_not_ask_is_found() -> None:
    """Also where the question stands one function above, and where a second way leads past it."""
    name = "portal/gateways/mail.py"
    asking = MAIL.format(question='refuse_in_transaction("The post")')
    assert unasked({name: asking}) == set()
    assert unasked({name: MAIL.format(question="pass")}) == {f"{name} _hand_over"}
    past = (
        f"{asking}\n    async def at_once(self, letter):\n        await self._hand_over(letter)\n"
    )
    assert unasked({name: past}) == {f"{name} _hand_over"}


def test_the_real_gateways_are_seen() -> None:
    """Without their questions each of them is found."""
    found = {key.partition(" ")[0] for key in unasked(sources(), asks="nobody_asks")}
    gateways = ("queue.py", "documents/pool.py", "watcher/client.py", "watcher/address.py")
    assert {f"portal/gateways/{one}" for one in gateways} <= found
