"""A document is never stored with boxes for letters: it waits for a font, and only while one can come."""

import asyncio
from dataclasses import replace

import pytest

from portal.doctor import scripts
from portal.gateways.documents import render as documents
from portal.gateways.documents.fonts import (
    BASE,
    CJK,
    EMOJI,
    LARGE,
    SAMPLES,
    InstalledFonts,
    install_command,
)
from portal.gateways.documents.pool import DocumentPool
from portal.values.rendering import GlyphsMissing, reason_of
from tests.gateways.documents.specimens import (
    SUE,
    font_configuration,
    install_font,
    need_printing,
    text_of,
)


@pytest.fixture(autouse=True, scope="module")
def _printing():
    need_printing()


@pytest.fixture
def fonts(tmp_path, monkeypatch):
    """Only DejaVu is installed, and whatever the test puts into this directory."""
    monkeypatch.setenv("FONTCONFIG_FILE", str(font_configuration(tmp_path)))
    documents._fonts.cache_clear()
    documents._stylesheets.cache_clear()
    yield tmp_path
    documents._fonts.cache_clear()
    documents._stylesheets.cache_clear()


def to(name: str):
    return replace(SUE, buyer=replace(SUE.buyer, name=name))


WAITING = {
    "日本カメラ": LARGE,
    "한국 카메라": LARGE,
    "Sue 🎥": LARGE,
    "Sue \U0001fae8": LARGE,  # emoji that Python's tables may not know yet
    "Sue \U0001fadf": LARGE,
    "บริษัท": (BASE,),
    "नमस्ते": (BASE,),
    "สวัสดี 東京": (BASE, *LARGE),
}
UNKNOWN = (
    "\U000e1234",  # not assigned
    "\uffff",  # no character at all
    "\ue000",  # private use
    "\U000f0000",
    "\u0378",
)
LATER = "\U0001fae8\U0001fadf\U000e1234\ue000\u0378"
"""Emoji of a newer Unicode, letters without a name and marks of private use."""
UNSEEN = (
    "\u200b",  # zero-width space
    "\u200d",
    "\u200c",
    "\ufe0f",  # variation selectors
    "\U000e0100",
    "\U000e0067",  # of a flag
    "\u2060",
    "\ufeff",
    "\u00ad",
    "\u0301",  # a combining acute
    "\u200f",
)


def test_a_document_waits_for_its_script_and_names_the_command(fonts):
    for name, packages in WAITING.items():
        with pytest.raises(GlyphsMissing) as waits:
            documents.render(to(name))
        assert set(waits.value.characters) <= set(name)
        assert waits.value.command == install_command(packages), name
        assert waits.value.characters[0] in waits.value.message
        assert waits.value.command in waits.value.message


def test_it_is_made_in_the_same_process_once_the_font_is_there(fonts):
    with pytest.raises(GlyphsMissing):
        documents.render(to("日本"))
    wait = "日本", install_command(LARGE)
    assert documents.still_waiting([wait]) == [True]
    install_font(fonts, "Two Ideographs", "日本")
    assert documents.still_waiting([wait]) == [False]
    made = documents.render(to("日本"))
    assert made.replaced == ""
    assert "日本" in text_of(made.pdf)
    with pytest.raises(GlyphsMissing) as waits:
        documents.render(to("日本語"))
    assert waits.value.characters == "語"


def test_nothing_waits_for_a_command_that_was_run_in_vain(fonts):
    """With the named packages here, another is named, or the letter is printed as a sign."""
    wait = "日", install_command(LARGE)
    assert documents.still_waiting([wait]) == [True]
    install_font(fonts, CJK.family, "本")
    assert documents.still_waiting([wait]) == [False]
    with pytest.raises(GlyphsMissing) as waits:
        documents.render(to("日"))
    assert waits.value.command != wait[1]
    emoji = "\U0001f3a5", waits.value.command
    install_font(fonts, EMOJI.family, "a")
    install_font(fonts, BASE.family, "a")
    assert documents.still_waiting([emoji]) == [False]
    assert documents.render(to("Sue \U0001f3a5")).replaced == "\U0001f3a5"


async def test_a_pool_says_the_same_and_sees_a_new_font(fonts):
    async with DocumentPool(1) as pool:
        with pytest.raises(GlyphsMissing) as waits:
            await pool.render(to("日本"))
        assert waits.value.characters == "日本"
        wait = waits.value.characters, waits.value.command
        assert await pool.still_waiting([wait]) == [True]
        assert (await pool.render(SUE)).pages == 2
        install_font(fonts, "Two Ideographs", "日本")
        assert await pool.still_waiting([wait]) == [False]
        made, plain_one = await asyncio.gather(pool.render(to("日本")), pool.render(SUE))
        assert made.replaced == plain_one.replaced == ""


def test_what_no_font_can_have_is_replaced_and_does_not_wait(fonts):
    made = documents.render(to("Sue " + "! Sue ".join(UNKNOWN) + "!"))
    assert text_of(made.pdf).count("\ufffd!") >= len(UNKNOWN)


def test_a_font_that_has_it_is_asked_before_any_table(fonts):
    assert InstalledFonts().undrawn(LATER) == set(LATER)
    install_font(fonts, "Five Letters", LATER)
    made = documents.render(to(f"Sue {LATER}"))
    assert made.replaced == ""
    assert "\ufffd" not in text_of(made.pdf)


def test_what_is_not_seen_does_not_wait(fonts):
    made = documents.render(to(" ".join(f"Su{one}e" for one in UNSEEN)))
    assert made.replaced == ""


def test_what_the_fonts_that_are_there_should_have_is_replaced(fonts):
    """With all packages for a character installed nobody can name what would bring it."""
    install_font(fonts, BASE.family, "ก")
    install_font(fonts, CJK.family, "日")
    install_font(fonts, EMOJI.family, "😀")
    made = documents.render(to("Sue \U00012000"))  # cuneiform, which that Noto Sans lacks
    assert made.replaced == "\U00012000"
    assert "Sue \ufffd" in text_of(made.pdf)
    # A rare ideograph has one more package to come from.
    with pytest.raises(GlyphsMissing, match="fonts-hanazono"):
        documents.render(to("\U00020bb7"))


def test_combining_marks_over_drawn_letters_are_drawn(fonts):
    assert "Zoé" in text_of(documents.render(to("Zoe\u0301")).pdf).replace("e\u0301", "é")


def test_installed_fonts_are_those_of_this_moment(fonts):
    assert InstalledFonts().undrawn("aж日") == {"日"}
    assert "DejaVu Sans" in InstalledFonts().families()
    install_font(fonts, CJK.family, "日")
    assert CJK.family in InstalledFonts().families()


def test_the_doctor_tries_letters_of_each_script(fonts):
    (base_ok, base), (large_ok, large) = scripts()
    assert base_ok is None
    assert base.startswith("none draws Devanagari, ")
    assert "Thai" in base
    assert "Greek" not in base
    assert base.endswith(install_command((BASE,)))
    assert large_ok is None
    assert "Chinese, Japanese, Korean, emoji" in large
    assert large.endswith(install_command(LARGE))
    letters = {letter for _, text, package in SAMPLES if package is BASE for letter in text}
    install_font(fonts, "All of them", "".join(sorted(letters)))
    assert next(scripts()) == (True, "draw " + ", ".join(s for s, _, p in SAMPLES if p is BASE))


def test_without_a_font_for_latin_the_doctor_fails(tmp_path, monkeypatch):
    (tmp_path / "none.conf").write_text("<fontconfig></fontconfig>")
    monkeypatch.setenv("FONTCONFIG_FILE", str(tmp_path / "none.conf"))
    assert next(scripts())[0] is False


def test_a_reason_names_few_characters_and_counts_the_others():
    assert reason_of("日") == "No installed font draws “日” (U+65E5)."
    many = "".join(chr(0x4E00 + n) for n in range(50))
    assert "and 30 more" in reason_of(many)
    assert len(reason_of(many)) < 120
