"""Every field of every writing operation, with values that nobody means: refused by name, no fault.

Of many odd values each field gets some, in turn, so that all are tried somewhere.
"""

from __future__ import annotations

import json
from itertools import cycle
from typing import Any, Final

from portal.kit.forms.form import members
from portal.routes.api import OPERATIONS
from portal.routes.api.kit.endpoint import JSON, Operation
from portal.routes.api.kit.examples import EXAMPLES
from tests.routes.api.conftest import House

DEEP: Any = []
for _ in range(60):
    DEEP = [{"a": DEEP}]
VALUES: Final = [
    json.dumps(value)
    for value in (
        *(None, True, 0, -1, 1.5, 2**31, 2**63, 10**400, [], {}, [None], {"": ""}, DEEP),
        *("", " ", "\0", "\ud800", "\u202eevil", "x" * 100_000, "NaN", "Infinity", "-0", "1e9"),
        *("9" * 400, "0001-01-01", "9999-12-31", "9999-12-31T23:59:59-23:59", "0001-01-01T00:00Z"),
        *("0000-00", "9999-12", "2026-02-30", "Mars/Base", "a@b", "..", "'; drop table cloud; --"),
    )
] + ["1e999999", "-1e999999", "NaN", "1" + "0" * 5000]
BODIES: Final = (b"", b"null", b"[]", b"{", b"\xff", b'{"a":1,"a":2}', b'"x"', b"1e999999")
A_FIELD: Final = 3
PLACES: Final = {
    "{cloud}": "north", "{number}": "1", "{period}": "2026-12", "{external_id}": "gate",
    "{code}": "home-7", "{id}": "1",
}  # fmt: skip
WRITES: Final = [
    one
    for one in OPERATIONS
    if one.method != "GET" and one.routed and one.form is not None and JSON in one.types
]


def path_of(operation: Operation) -> str:
    path = operation.path
    for place, value in PLACES.items():
        path = path.replace(place, value)
    return path


async def test_no_value_of_a_field_is_a_fault(house: House) -> None:
    """North's administrator and the platform's ask; a fault would answer 500 or above."""
    turn, wholes = cycle(VALUES), cycle(BODIES)
    tried = refused = 0
    for operation in WRITES:
        example = EXAMPLES[operation.run.__name__].request
        assert isinstance(example, dict)
        assert operation.form is not None
        path = path_of(operation)
        who = "nora" if path.startswith("/clouds/north/") and "rates" not in path else "ada"
        for name in [member.name for member in members(operation.form)]:
            others = json.dumps({key: value for key, value in example.items() if key != name})
            start = others[:-1] + (", " if len(others) > 2 else "")
            for value in [next(turn) for _ in range(A_FIELD)]:
                body = f"{start}{json.dumps(name)}: {value}}}".encode()
                answer = await house.ask(who, operation.method, path, body)
                told = (operation.name, name, value[:80], answer.text[:500])
                assert answer.status_code < 500, told
                tried += 1
                if answer.status_code == 422:
                    refused += 1
                    assert answer.json().get("errors"), told
        for whole in [next(wholes) for _ in range(2)]:
            answer = await house.ask(who, operation.method, path, whole)
            assert answer.status_code < 500, (operation.name, whole, answer.text)
    assert tried >= len(VALUES) * 10
    assert refused > tried / 4
