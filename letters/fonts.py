"""The fonts that every letter is set in, on every machine alike, and what they can show.

They come as dependencies (all under the SIL Open Font License 1.1); fonts of the machine are never
used. Arabic is set in IBM Plex Sans Arabic rather than Noto Sans Arabic: Noto builds its letters
from parts, and text copied or searched in such a PDF comes out with letters doubled.
"""

import re
from functools import cache
from importlib.resources import files
from pathlib import Path

from fontTools.ttLib import TTFont

from contracts.text import DEFAULT_IGNORABLE

FONT_DIRECTORIES = tuple(
    Path(str(files(package)))
    for package in ("manimgx_fonts", "manimgx_fonts_cjk", "fontpkg_ibm_plex_sans_arabic")
)

_SIMPLIFIED_CHINESE = "Noto Sans CJK SC"
_HAN_OF_COUNTRY = {
    "JP": "Noto Sans CJK JP",
    "KR": "Noto Sans CJK KR",
    "TW": "Noto Sans CJK TC",
    "HK": "Noto Sans CJK HK",
    "MO": "Noto Sans CJK HK",
}
_NO_GLYPH_NEEDED = re.compile(f"[\n{DEFAULT_IGNORABLE}]")


def han_font(text: str, country: str) -> str:
    """The CJK family for a letter: one Han character is drawn otherwise from country to country.

    Kana or Hangul in the text tell; else the practice's country; else simplified Chinese.
    """
    if any("\u3040" <= c <= "\u30ff" for c in text):
        return _HAN_OF_COUNTRY["JP"]
    if any("\uac00" <= c <= "\ud7a3" for c in text):
        return _HAN_OF_COUNTRY["KR"]
    return _HAN_OF_COUNTRY.get(country, _SIMPLIFIED_CHINESE)


def spelled_out(text: str) -> str:
    """The text with each character that no shipped font has as its code: `[U+1403]`.

    What stands in the letter instead of a box that looks like any other.
    """
    covered = covered_characters()
    return "".join(
        c if ord(c) in covered or _NO_GLYPH_NEEDED.match(c) else f"[U+{ord(c):04X}]" for c in text
    )


@cache
def covered_characters() -> frozenset[int]:
    """The code points that the shipped fonts have upright glyphs for. Takes half a second, once."""
    covered: set[int] = set()
    for directory in FONT_DIRECTORIES:
        for path in sorted(directory.rglob("*.tt[fc]")):
            if "Italic" not in path.name:
                # One face speaks for a collection: those of Noto Sans CJK have the same characters.
                with TTFont(path, fontNumber=0, lazy=True) as font:
                    covered.update(font.getBestCmap())
    return frozenset(covered)
