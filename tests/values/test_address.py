"""One normal form of e-mail addresses: what reaches one mailbox is one person."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from portal.errors import Invalid
from portal.values.address import LENGTH_MAX, misleading, normal
from portal.values.kinds import Email

LOCAL = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30)
HOSTS = st.sampled_from(["home.test", "Home.Test.", "b\u00fccher.example", "xn--bcher-kva.example"])


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("sue@home.test", "sue@home.test"),
        (" Sue@Home.TEST. ", "sue@home.test"),
        ("\u017fue@home.test", "sue@home.test"),
        ("\uff53\uff55\uff45\uff20\uff48\uff4f\uff4d\uff45\uff0etest", "sue@home.test"),
        ("s\u200bu\u200d\ufeffe@home.test", "sue@home.test"),
        ("sue@ho\u00adme\u3002test", "sue@home.test"),
        ("adm\u0130n@home.test", "admin@home.test"),
        ("adm\u0131n@home.test", "admin@home.test"),
        ("ADMI\u0307N@home.test", "admin@home.test"),
        ("x@B\u00dcCHER.example", "x@xn--bcher-kva.example"),
        ("x@bu\u0308cher.example", "x@xn--bcher-kva.example"),
        ("\u039f\u0394\u039f\u03a3@home.test", "\u03bf\u03b4\u03bf\u03c3@home.test"),
        ("stra\u00dfe@home.test", "stra\u00dfe@home.test"),
        ("root@localhost", "root@localhost"),
    ],
)
def test_spellings_of_one_address(typed: str, address: str) -> None:
    assert normal(typed) == address


@pytest.mark.parametrize(
    "typed",
    ["", "sue", "@home.test", "sue@", "a@b@c", "sue @home.test", "sue@home..test", "sue@home.test..",
     ".sue@home.test", "sue.@home.test", "s..ue@home.test", "sue@-home.test", "sue\0@home.test",
     "sue@home.test\nx", "<sue@home.test>", "a" * 250 + "@home.test", "x" * 5000, "\u200b@\u200b"],
)  # fmt: skip
def test_what_is_no_address(typed: str) -> None:
    assert normal(typed) is None


# Most of what is tried is no address.
MANY_ARE_NONE = settings(suppress_health_check=[HealthCheck.filter_too_much])


@MANY_ARE_NONE
@given(LOCAL, HOSTS)
@example("\u0345\u0130", "home.test")
@example("\u1e9b\u0323\u0307", "home.test")
def test_a_normal_form_is_its_own(local: str, host: str) -> None:
    found = normal(f"{local}@{host}")
    assume(found is not None)
    assert found is not None
    assert normal(found) == found
    assert len(found) <= LENGTH_MAX
    assert not any(unicodedata.category(letter) in {"Cf", "Zs", "Lu"} for letter in found)


@MANY_ARE_NONE
@given(LOCAL, HOSTS, st.sampled_from(["\u200b", "\u2060", "\u00ad", "\u180e", "\ufe0f", "\u034f"]))
def test_what_nobody_sees_tells_nobody_apart(local: str, host: str, unseen: str) -> None:
    assume("@" not in local)
    plain = normal(f"{local}@{host}")
    assume(plain is not None)
    assert normal(f"{local}{unseen}@{host}") == plain
    assert normal(f"{local}@{unseen}{host}") == plain
    assert normal(f"{local}@{host}".upper()) == normal(f"{local}@{host}".upper().lower())


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("\u0430dmin@home.test", "several scripts"),
        ("admin@h\u043eme.test", "several scripts"),
        ("admin@xn--hme-8cd.test", "several scripts"),
        ("adm\u0130n@home.test", 'plain "i"'),
        ("adm\u0131n@home.test", 'plain "i"'),
    ],
)
def test_a_look_alike_is_refused_to_a_new_person(typed: str, message: str) -> None:
    with pytest.raises(Invalid, match=message):
        Email().read(typed, "email")


@pytest.mark.parametrize(
    "typed", ["\u0430\u043d\u043d\u0430@home.test", "\u7530\u4e2dtaro@home.test", "ann-2@home.test"]
)
def test_one_script_throughout_is_taken(typed: str) -> None:
    assert misleading(typed) is None
    assert Email().read(typed, "email") == normal(typed)
