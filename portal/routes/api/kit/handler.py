"""The Litestar handler that is made of an operation: what it reads, how it answers, once."""

import asyncio
import hashlib
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from http import HTTPStatus
from typing import Any, Final

import msgspec
from litestar import Request, Response
from litestar.handlers import HTTPRouteHandler
from litestar.response import Stream

from portal.access import Actor
from portal.accounts.actions import refusals
from portal.billing.period import Period
from portal.errors import Forbidden, Invalid
from portal.kit.actions import idempotency
from portal.kit.forms.form import members, parse, parse_texts
from portal.kit.queries import tenancy
from portal.kit.queries.clock import wall_clock
from portal.kit.queries.picture import in_one_snapshot
from portal.routes.api.kit.body import read_json
from portal.routes.api.kit.crowd import DESKS, places_of
from portal.routes.api.kit.endpoint import (
    ACTOR,
    IDEMPOTENCY_KEY,
    JSON,
    PREFIX,
    Call,
    Operation,
    Reply,
)
from portal.routes.api.kit.fields import shown, without
from portal.routes.api.kit.path import path_of
from portal.routes.api.kit.request_context import RequestContext
from portal.routes.failures import facts_of
from portal.routes.files import KNOWN
from portal.routes.guards import WebConnection
from portal.routes.middleware.sent import refuse_encoded
from portal.usage.queries import months
from portal.values.text import complaint_of_words
from portal.words import english

REPLAYED: Final = "Idempotent-Replayed"
AT_ONCE_MAX: Final = 32 * 1024
"""Bytes that are read on the event loop; larger bodies are read in a thread."""
SENDING: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})

AnyRequest = Request[Any, Any, Any]


def handler_of(operation: Operation) -> HTTPRouteHandler:
    """The Litestar handler of an operation; its guard finds the operation in `opt`."""

    async def handle(request: AnyRequest) -> Response[bytes] | Stream:
        try:
            return await answer(request)
        except Forbidden as error:
            await tell_refusal(request, error)
            raise

    async def answer(request: AnyRequest) -> Response[bytes] | Stream:
        async with places_of(request, operation.body_max):
            return await answer_one(request)

    async def answer_one(request: AnyRequest) -> Response[bytes] | Stream:
        call = await _call_of(request, operation)
        if operation.reads_at_once:
            return await in_one_snapshot(call.actor, partial(reply, call))
        key = request.headers.get(IDEMPOTENCY_KEY)
        if operation.method != "POST" or key is None:
            return await reply(call)
        return await _once(operation, call, _named(request, call, key))

    async def reply(call: Call) -> Response[bytes] | Stream:
        call = await _at_its_cloud(call)
        return _response(await _run(operation, call, await _read(operation, call)))

    handle.__name__ = operation.name
    return HTTPRouteHandler(
        _litestar_path(operation.path),
        http_method=operation.method,
        name=operation.name,
        # The answer says its own: Litestar believes that one to DELETE is never a response.
        status_code=HTTPStatus.OK if operation.answer is None else operation.status,
        opt={"operation": operation},
        request_max_body_size=operation.body_max,
    )(handle)


async def _once(
    operation: Operation, call: Call, named: idempotency.Request
) -> Response[bytes] | Stream:
    answer = await idempotency.find(call.actor, named)
    if answer is None:
        call = await _at_its_cloud(call)
        forms = await _read(operation, call)

        async def act() -> idempotency.Answer:
            reply = await _run(operation, call, forms)
            return idempotency.Answer(reply.status, reply.content, kept=reply.kept)

        once = idempotency.run_once_outside if operation.waits_outside else idempotency.run_once
        answer = await once(call.actor, named, act)
    headers = {REPLAYED: "true"} if answer.replayed else {}
    return _response(Reply(answer.body, JSON, answer.status, headers))


async def _call_of(request: AnyRequest, operation: Operation) -> Call:
    refuse_encoded(request)
    return Call(
        actor=request.scope["state"][ACTOR],
        path=path_of(request.path_params),
        query={name: value for name, value in request.query_params.items() if value},
        body=await request.body() if operation.method in SENDING else b"",
        content_type=request.headers.get("content-type", ""),
        known=request.headers.get(KNOWN, ""),
        context=RequestContext.of(request.scope),
    )


async def _at_its_cloud(call: Call) -> Call:
    """The request with the cloud that its path names. Raises `NotFound`.

    Before the rest is looked at: what is wrong with a request about a cloud that is not this key's
    is not told either.
    """
    if "cloud" not in call.path:
        return call
    return replace(call, found=await tenancy.get(call.actor, call.path["cloud"]))


async def _read(operation: Operation, call: Call) -> list[Any]:
    """What `run` takes beside the call: query and form. No transaction is open meanwhile."""
    async with nullcontext() if (small := len(call.body) <= AT_ONCE_MAX) else DESKS.place():
        look = partial(_forms, operation, call)
        forms = look() if small else await asyncio.to_thread(look)
    if operation.prepare is not None:
        forms[-1] = await operation.prepare(call, *forms)
    return forms


async def tell_refusal(connection: WebConnection, error: Forbidden) -> None:
    """Write down what a key was refused."""
    actor: Actor = connection.scope["state"][ACTOR]
    await refusals.note(
        actor,
        "refused",
        f"{connection.scope.get('method', '')} {connection.url.path}",
        cloud=actor.cloud,
        now=wall_clock(),
        **facts_of(error),
    )


def _forms(operation: Operation, call: Call) -> list[Any]:
    forms = []
    if operation.query is not None:
        names = {member.name for member in members(operation.query)}
        asked = {name: value for name, value in call.query.items() if name in names}
        forms.append(parse_texts(operation.query, asked))
    if operation.read is not None:
        forms.append(operation.read(call.body, call.content_type))
    if operation.form is not None:
        forms.append(parse(operation.form, _sent(operation.form, operation, call)))
    return forms


def _sent(form: type[Any], operation: Operation, call: Call) -> Any:
    """The decoded body; one that requires nothing ("close this month") may be left out."""
    if (
        operation.method in {"POST", "DELETE"}
        and not call.body
        and not any(m.required for m in members(form))
    ):
        return {}
    return read_json(call.body, call.content_type)


async def _run(operation: Operation, call: Call, forms: Sequence[Any]) -> Reply:
    await _check_month(operation, call, forms)
    result = await operation.run(call, *forms)
    if isinstance(result, Reply):
        return result
    if operation.answer is None:
        return Reply(b"", JSON, HTTPStatus.NO_CONTENT)
    answer = shown(call.actor, result)
    kept = without(answer, operation.secrets) if operation.secrets else None
    return Reply(
        msgspec.json.encode(answer, enc_hook=english),
        JSON,
        operation.status,
        kept=None if kept is None else msgspec.json.encode(kept, enc_hook=english),
    )


async def _check_month(operation: Operation, call: Call, forms: Sequence[Any]) -> None:
    """Whatever is narrowed to a month, `?period=2026-10`, has only months that pages have too."""
    month: Period | None = None
    if operation.query is not None:
        month = getattr(forms[0], "period", None)
    if month is not None:
        await months.of_cloud(call.actor, call.cloud, month, now=call.now)


def _response(reply: Reply) -> Response[bytes] | Stream:
    if reply.pieces is not None:
        return Stream(
            reply.pieces,
            status_code=reply.status,
            media_type=reply.media_type,
            headers=dict(reply.headers),
        )
    return Response(
        reply.content,
        status_code=reply.status,
        media_type=reply.media_type,
        headers=dict(reply.headers),
    )


def _named(request: AnyRequest, call: Call, key: str) -> idempotency.Request:
    problem = complaint_of_words(key, minimum=1, maximum=idempotency.KEY_MAX)
    if problem:
        raise Invalid({IDEMPOTENCY_KEY: problem})
    query = request.scope["query_string"]
    digest = hashlib.sha256(query + b"\n" + call.body).hexdigest()
    return idempotency.Request(request.scope["path"], key, digest)


def _litestar_path(path: str) -> str:
    return PREFIX + path.replace("}", ":str}")
