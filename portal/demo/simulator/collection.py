"""A list in API v3: `limit`, `cursor`, `sort`, `select`, filters by suffix, and its envelope."""

import base64
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from portal.demo.simulator.entities import RefusedError
from portal.demo.simulator.simulation import AnyRequest, Simulation

PARAMETERS = frozenset({"limit", "cursor", "sort", "select", "zone"})
_TESTS: dict[str, Callable[[Any, Any], bool]] = {
    "gt": lambda value, bound: value > bound,
    "gte": lambda value, bound: value >= bound,
    "lt": lambda value, bound: value < bound,
    "lte": lambda value, bound: value <= bound,
    "ne": lambda value, bound: bool(value != bound),
    "eq": lambda value, bound: bool(value == bound),
}


def collection(
    request: AnyRequest,
    simulation: Simulation,
    plural: str,
    ids: Sequence[Any],
    show: Callable[[Any], dict[str, Any]],
    *,
    is_ordered: bool = True,
    skip: frozenset[str] = frozenset(),
) -> dict[str, Any]:
    """One page of a list, in its envelope.

    `ids` are ordered and `show` makes the object of one, so a page of a long list costs no more
    than itself; only a filter or another order has to look at every object. `is_ordered` false
    means a list in no order, in which a cursor can be nothing but a position. `skip` are parameters
    already applied.
    """
    chosen = _filtered(request, ids, show, skip)
    order = request.query_params.get("sort", "")
    is_natural = order in {"", "name", "id"}
    if not is_natural:
        chosen = sorted(chosen, key=lambda one: _rank(show(one), order))
    limit = _limit(request, simulation)
    by_key = is_natural and is_ordered and simulation.habits.cursor == "keyset"
    start, end = _bounds(request.query_params.get("cursor"), chosen, limit)
    shown = [_selected(show(one), request) for one in chosen[start:end]]
    return {
        plural: [simulation.with_unknown(one) for one in shown],
        "estimated_count": _count(simulation, len(chosen)),
        "next": None if end >= len(chosen) else _cursor("n", chosen, end, by_key=by_key),
        "prev": None if start <= 0 else _cursor("p", chosen, start, by_key=by_key),
        "timing": {},
    }


def _count(simulation: Simulation, exact: int) -> int | None:
    habit = simulation.habits.estimated_count
    if habit == "none":
        return None
    return exact if habit == "exact" else exact + exact // 10 + 1


def _limit(request: AnyRequest, simulation: Simulation) -> int:
    given = request.query_params.get("limit", str(simulation.habits.page_default))
    if not given.isdecimal() or int(given) == 0:
        raise RefusedError("limit must be a whole number from 1")
    return min(int(given), simulation.habits.page_max or int(given))


def _cursor(direction: str, keys: Sequence[Any], position: int, *, by_key: bool) -> str:
    """Where the next page begins, or the one before ends: by the item there, or by its position."""
    if by_key:
        last = keys[position - 1] if direction == "n" else keys[position]
        content: list[Any] = [direction, "k", last]
    else:
        content = [direction, "o", position]
    return base64.urlsafe_b64encode(msgspec.json.encode(content)).decode()


def _bounds(cursor: str | None, keys: Sequence[Any], limit: int) -> tuple[int, int]:
    if cursor is None:
        return 0, limit
    try:
        direction, kind, where = msgspec.json.decode(base64.urlsafe_b64decode(cursor))
    except (ValueError, TypeError) as error:
        raise RefusedError("cursor is not one of this list") from error
    if kind == "k":
        position = bisect_right(keys, where) if direction == "n" else bisect_left(keys, where)
    else:
        position = int(where)
    if direction == "n":
        return position, position + limit
    return max(0, position - limit), position


def _at(shown: Any, path: str) -> Any:
    for part in path.split("."):
        shown = shown.get(part) if isinstance(shown, dict) else None
    return shown


class _Falling:
    """A value in the other direction, also for texts, which have no minus."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Falling) and bool(self.value == other.value)

    def __lt__(self, other: "_Falling") -> bool:
        return bool(other.value < self.value)

    __hash__ = None  # type: ignore[assignment]


def _rank(shown: dict[str, Any], order: str) -> tuple[Any, ...]:
    rank: list[Any] = []
    for path in order.split(","):
        value = _at(shown, path.removeprefix("-"))
        # What has no value comes last either way.
        rank.append(value is None)
        rank.append(_Falling(value) if path.startswith("-") and value is not None else value or 0)
    return tuple(rank)


def _filtered(
    request: AnyRequest,
    ids: Sequence[Any],
    show: Callable[[Any], dict[str, Any]],
    skip: frozenset[str],
) -> Sequence[Any]:
    tests: list[tuple[str, str, str]] = []
    for name, wanted in request.query_params.items():
        if name in PARAMETERS or name in skip:
            continue
        path, _, suffix = name.rpartition("_")
        tests.append((path, suffix, wanted) if suffix in _TESTS else (name, "eq", wanted))
    if not tests:
        return ids
    return [one for one in ids if all(_passes(show(one), *test) for test in tests)]


def _passes(shown: dict[str, Any], path: str, suffix: str, wanted: str) -> bool:
    value = _at(shown, path)
    if value is None:
        return suffix == "ne" and wanted != "null"
    bound: Any = wanted
    try:
        if isinstance(value, bool):
            bound = wanted == "true"
        elif isinstance(value, int | float):
            bound = float(wanted)
    except ValueError as error:
        raise RefusedError(f"{path} must be a number") from error
    return _TESTS[suffix](value, bound)


def _selected(shown: dict[str, Any], request: AnyRequest) -> dict[str, Any]:
    """Only the fields that were asked for; the key always."""
    wanted = request.query_params.get("select")
    if wanted is None:
        return shown
    answer: dict[str, Any] = {name: shown[name] for name in ("name", "id") if name in shown}
    for path in wanted.split(","):
        _copy(shown, answer, path.split("."))
    return answer


def _copy(whole: dict[str, Any], into: dict[str, Any], parts: list[str]) -> None:
    head, rest = parts[0], parts[1:]
    if head not in whole:
        return
    if rest and isinstance(whole[head], dict):
        _copy(whole[head], into.setdefault(head, {}), rest)
    else:
        into[head] = whole[head]
