"""Which characters the installed fonts draw, and which package brings the ones they do not.

Fontconfig is asked, as Pango asks it. Every question reads its configuration anew, so that a font
installed a moment ago counts.
"""

from __future__ import annotations

import importlib
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

REPLACEMENT: Final = "\ufffd"
"""What is printed in place of a character that no font will ever draw."""

SYSTEM_LIBRARIES: Final = (
    "libpango-1.0-0",
    "libpangoft2-1.0-0",
    "libharfbuzz-subset0",
    "fonts-dejavu-core",
    "fonts-noto-core",
)
"""Debian's names of what WeasyPrint needs; scripts/system-packages installs the same."""

_OF_NO_PACKAGE: Final = frozenset({"Co", "Cn"})
_LIBRARY: Final = "libfontconfig.so.1"
_DECLARATIONS: Final = """
    typedef struct { int nfont; int sfont; void **fonts; } FcFontSet;
    void *FcInitLoadConfigAndFonts(void);
    void FcConfigDestroy(void *config);
    FcFontSet *FcConfigGetFonts(void *config, int set);
    int FcPatternGetCharSet(void *pattern, const char *object, int n, void **charset);
    int FcPatternGetString(void *pattern, const char *object, int n, unsigned char **text);
    int FcCharSetHasChar(void *charset, unsigned int code);
"""


@dataclass(frozen=True, slots=True)
class FontPackage:
    """A Debian package of fonts: a family by which it is known to be there, and what it is for."""

    name: str
    family: str
    scripts: str


BASE: Final = FontPackage(
    "fonts-noto-core",
    "Noto Sans",
    "Latin, Greek, Cyrillic, Arabic, Hebrew, Indic scripts, Thai and many more",
)
CJK: Final = FontPackage("fonts-noto-cjk", "Noto Sans CJK JP", "Chinese, Japanese and Korean")
RARE_IDEOGRAPHS: Final = FontPackage("fonts-hanazono", "HanaMinB", "rare ideographs")
EMOJI: Final = FontPackage("fonts-noto-color-emoji", "Noto Color Emoji", "emoji")
LARGE: Final = (CJK, EMOJI)
"""What installing does not bring by itself: 66 MB to fetch."""

_CJK_BLOCKS: Final = (
    (0x1100, 0x11FF),  # Hangul jamo
    (0x2E80, 0x303F),  # radicals, ideographic description and punctuation
    (0x3040, 0x9FFF),  # kana, bopomofo, compatibility, ideographs
    (0xA960, 0xA97F),
    (0xAC00, 0xD7FF),  # Hangul
    (0xF900, 0xFAFF),
    (0xFE30, 0xFE4F),
    (0xFF00, 0xFFEF),  # full and half width
    (0x1AFF0, 0x1B16F),
    (0x1F200, 0x1F2FF),
    (0x20000, 0x323AF),
)
_EMOJI_BLOCKS: Final = ((0x1F000, 0x1F1FF), (0x1F300, 0x1FAFF))
_SYMBOL_BLOCKS: Final = ((0x2300, 0x23FF), (0x2600, 0x27BF), (0x2B00, 0x2BFF))

SAMPLES: Final = (
    ("Latin", "AaÀžșếŁ", BASE),
    ("Greek", "ΑαΏώ", BASE),
    ("Cyrillic", "БбЁїЉ", BASE),
    ("Arabic", "سلامپچ", BASE),
    ("Hebrew", "שלום", BASE),
    ("Devanagari", "नमस्ते", BASE),
    ("Bengali", "বাংলা", BASE),
    ("Gurmukhi", "ਪੰਜਾਬੀ", BASE),
    ("Gujarati", "ગુજરાતી", BASE),
    ("Odia", "ଓଡ଼ିଆ", BASE),
    ("Tamil", "தமிழ்", BASE),
    ("Telugu", "తెలుగు", BASE),
    ("Kannada", "ಕನ್ನಡ", BASE),
    ("Malayalam", "മലയാളം", BASE),
    ("Sinhala", "සිංහල", BASE),
    ("Thai", "ภาษาไทย", BASE),
    ("Chinese", "中文國語", CJK),
    ("Japanese", "日本ひらカナ", CJK),
    ("Korean", "한국어", CJK),
    ("emoji", "😀📷🎥🥇", EMOJI),
)
"""A script, letters that stand for all of it, and the package that brings it."""


def install_command(packages: Iterable[FontPackage] = LARGE) -> str:
    """What brings packages of fonts to a Debian machine, run as root."""
    names = " ".join(package.name for package in packages)
    return f"apt-get install -y --no-install-recommends {names}"


def printing_command() -> str:
    """What brings everything that printing needs to a Debian machine, run as root."""
    return f"apt-get install -y --no-install-recommends {' '.join(SYSTEM_LIBRARIES)}"


class InstalledFonts:
    """The fonts of this machine as they are now. Raises OSError where fontconfig is missing."""

    def __init__(self) -> None:
        ffi, self._library = _fontconfig()
        self._ffi = ffi
        self._config = ffi.gc(
            self._library.FcInitLoadConfigAndFonts(), self._library.FcConfigDestroy
        )

    def undrawn(self, characters: Iterable[str]) -> set[str]:
        """Those of `characters` that no installed font has."""
        left = set(characters)
        for pattern in self._patterns():
            if not left:
                break
            found = self._ffi.new("void **")
            if self._library.FcPatternGetCharSet(pattern, b"charset", 0, found) == 0:
                left = {c for c in left if not self._library.FcCharSetHasChar(found[0], ord(c))}
        return left

    def families(self) -> set[str]:
        """The names of all families, each in every language it has a name in."""
        names = set()
        for pattern in self._patterns():
            place = 0
            found = self._ffi.new("unsigned char **")
            while self._library.FcPatternGetString(pattern, b"family", place, found) == 0:
                names.add(self._ffi.string(found[0]).decode(errors="replace"))
                place += 1
        return names

    def to_install(self, characters: Iterable[str]) -> tuple[FontPackage, ...]:
        """The packages not installed yet that may bring `characters`, each once.

        None for a character that only packages already here could have brought: waiting would be
        for ever.
        """
        families = self.families()
        wanted = {
            next((p for p in _packages(character) if p.family not in families), None)
            for character in characters
        }
        if wanted & set(LARGE):
            wanted.update(LARGE)  # one command for all that is large
        return tuple(p for p in (BASE, *LARGE, RARE_IDEOGRAPHS) if p in wanted)

    def _patterns(self) -> Iterable[Any]:
        fonts = self._library.FcConfigGetFonts(self._config, 0)
        return () if fonts == self._ffi.NULL else fonts.fonts[0 : fonts.nfont]


def _packages(character: str) -> tuple[FontPackage, ...]:
    """Where to look for a character: the first package that is not here yet is the one to get.

    None is known for private use, and for what Python's tables do not name yet, outside emoji.
    """
    for blocks, packages in (
        (_CJK_BLOCKS, (CJK, RARE_IDEOGRAPHS)),
        (_EMOJI_BLOCKS, (EMOJI, BASE)),
        (_SYMBOL_BLOCKS, (BASE, EMOJI)),
    ):
        if any(first <= ord(character) <= last for first, last in blocks):
            return packages
    return () if unicodedata.category(character) in _OF_NO_PACKAGE else (BASE,)


@lru_cache(maxsize=1)
def _fontconfig() -> tuple[Any, Any]:
    ffi = importlib.import_module("cffi").FFI()
    ffi.cdef(_DECLARATIONS)
    return ffi, ffi.dlopen(_LIBRARY)
