"""The QR code of a letter: what a telephone's camera opens."""

import io

import segno

QUIET_ZONE_MODULES = 4
"""Blank on each side: ISO/IEC 18004, "Quiet zone"."""


def qr_code(text: str) -> str:
    """The text as a QR code in SVG, that can lose 15 % of it (level M); the same text gives the
    same bytes."""
    out = io.BytesIO()
    # One size unit a module: the letter says how large it is.
    segno.make(text, error="m", boost_error=False, micro=False).save(
        out, kind="svg", border=QUIET_ZONE_MODULES, xmldecl=False, nl=False, omitsize=True
    )
    return out.getvalue().decode()
