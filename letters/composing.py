"""Composing a letter for whoever asks to see it, beside what else a service does.

A letter takes a core for as long as it takes, and the interpreter is not held meanwhile: it is
composed in threads, no more at a time than there are cores.
"""

import asyncio
import base64
import os
from concurrent.futures import ThreadPoolExecutor
from functools import cache

from contracts.letter import ComposedLetter
from letters.letter import Letter
from letters.render import render_letter

LONGEST_SECONDS = 4.0
"""Less than a transaction may be idle (5 s): whoever reads a letter has one open."""


class TooSlow(Exception):
    """A letter took too long. Not a TimeoutError, which says that the database is away."""


async def compose(letter: Letter) -> ComposedLetter:
    """The letter as it would be sent now. Raises TooSlow after four seconds."""
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(LONGEST_SECONDS):
            pdf = await loop.run_in_executor(_threads(), render_letter, letter)
    except TimeoutError:
        raise TooSlow from None
    return as_shown(letter.reference, pdf)


def as_shown(reference: str, pdf: bytes) -> ComposedLetter:
    """A PDF as it travels."""
    return ComposedLetter(reference=reference, pdf=base64.b64encode(pdf).decode())


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="letters")
