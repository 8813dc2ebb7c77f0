"""An external id can be seen, typed and sent in an address; a Watcher's name always gives one."""

from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from portal.errors import Invalid
from portal.usage.forms.usage import NDJSON, parse_usage
from portal.values.external_id import EXTERNAL_ID_MAX, complaint_of_id, id_for
from portal.values.kinds import ExternalId

PLAIN = [
    "gate",
    "site-1/gate",
    "50 %",
    "a?b#c",
    "Käfer",
    "مرحبا",
    "می\u200cخواهم",
    "👨\u200d👩",
    '"x"',
    "...",
    ".x.",
]
UNSEEN = [
    *("\0", "\t", "\n", "\x85", "\u2028", "\u2029", "\ud800", "\udfff"),
    *("\u200b", "\u200e", "\u202e", "\u2066", "\ufeff", "\u00ad", "\u3164", "\u2800", "\ufe0f"),
    *("\U000e0041", "\U000e0100", "\u0378", "\ue000", "\U0010ffff", "\u200d", "\u200c"),
]
HARD = "".join([*UNSEEN, *". /%?#a~@", "ب", "\u0301", "\u0d4d", "👨", "漢", "ക"])
names = st.text(st.one_of(st.characters(), st.sampled_from(HARD)), min_size=1, max_size=20)


@pytest.mark.parametrize("name", PLAIN)
def test_what_may_be_an_id_stays_what_it_is(name: str) -> None:
    assert complaint_of_id(name) is None
    assert id_for(name) == name
    assert ExternalId().read(name, "camera") == name


@pytest.mark.parametrize("hidden", UNSEEN, ids=ascii)
def test_what_nobody_sees_is_refused_and_escaped(hidden: str) -> None:
    """So that no two ids look the same, and none reads otherwise than it is stored."""
    name = f"a{hidden}b"
    assert complaint_of_id(name) is not None
    with pytest.raises(Invalid):
        ExternalId().read(name, "camera")
    octets = hidden.encode("utf-8", "surrogatepass")
    assert id_for(name) == "a" + "".join(f"%{one:02X}" for one in octets) + "b"


@pytest.mark.parametrize("name", ["", " ", "\u3000", ".", "..", "x" * 256, "\u0301"], ids=ascii)
def test_what_no_address_holds_is_refused(name: str) -> None:
    assert complaint_of_id(name) is not None
    if name:
        assert complaint_of_id(id_for(name)) is None


@settings(max_examples=300)
@given(
    name=names,
    times=st.integers(1, 60),
    suffix=st.sampled_from(["", "@7", "@9223372036854775807"]),
    marked=st.booleans(),
)
@example(name="\U0001fae8", times=1, suffix="", marked=False)
@example(name="ب\u200c", times=140, suffix="", marked=False)  # cut behind a joiner
@example(name="👨\u200d", times=140, suffix="@7", marked=True)
def test_every_name_gives_an_id_that_is_accepted(
    name: str, times: int, suffix: str, marked: bool
) -> None:
    name *= times
    found = id_for(name, suffix, marked=marked)
    assert complaint_of_id(found) is None, found
    assert len(found) <= EXTERNAL_ID_MAX
    assert found.endswith(suffix)
    # Pictures may be newer than Python's tables.
    known = [one for one in found if not "\U0001f300" <= one <= "\U0001faff"]
    assert not any(unicodedata.category(one) in {"Cc", "Cs", "Cn", "Co"} for one in known)
    assert id_for(name, suffix, marked=marked) == found, "the same at any time"


@settings(max_examples=200)
@given(one=names, other=names, length=st.integers(0, 300))
@example(one="a\tb", other="a%09b", length=0)
def test_marked_ids_of_two_names_differ(one: str, other: str, length: int) -> None:
    """Names may be escaped or cut to the same; their marks tell them apart."""
    one, other = "x" * length + one, "x" * length + other
    assert (id_for(one, marked=True) == id_for(other, marked=True)) == (one == other)
    if len(one) > EXTERNAL_ID_MAX and len(other) > EXTERNAL_ID_MAX:
        assert (id_for(one) == id_for(other)) == (one == other)


@pytest.mark.parametrize("kind", ["application/json", NDJSON])
def test_rows_of_usage_follow_the_same_rule_line_by_line(kind: str) -> None:
    """Good rows keep their lines; a row of a wrong shape is told with the others."""
    cameras: list[object] = ["gate", "..", "a\u202eb", 7, "", "yard/north", "x" * 256, "a\0b"]
    rows = [{"camera": one, "day": "2026-10-01", "meter": "m", "quantity": 1} for one in cameras]
    lines = [json.dumps(row) for row in rows]
    body = "\n".join(lines) if kind == NDJSON else f"[{','.join(lines)}]"
    sheet = parse_usage(body.encode(), kind)
    assert [row.camera for row in sheet.rows] == ["gate", "yard/north"]
    assert list(sheet.lines) == [1, 6]
    told = dict(sheet.rejected)
    assert list(told) == [2, 3, 4, 5, 7, 8]
    for line, name in ((2, ".."), (3, "a\u202eb"), (5, ""), (7, "x" * 256), (8, "a\0b")):
        assert told[line] == f"camera: {complaint_of_id(name)}"
