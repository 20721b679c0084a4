"""The letter: the one page that a partner reads, whatever channel brings it."""

from services.ereferral_dispatch.letter.render import render_letter

__all__ = ["render_letter"]
