"""From what a letter is made of to its PDF."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

import typst

from letters.content import in_every_text, letter_content
from letters.fonts import FONT_DIRECTORIES, spelled_out
from letters.letter import Letter

TEMPLATE = Path(__file__).with_name("letter.typ")
_idle_compilers: SimpleQueue[typst.Compiler] = SimpleQueue()


def render_letter(letter: Letter) -> bytes:
    """The letter of the referral or of its cancellation, as `letter.message` says.

    PDF/UA-1 (ISO 14289-1); the same letter gives the same bytes.

    Takes about 15 ms of CPU without the interpreter's lock; any number of threads may call it.
    """
    content = letter_content(letter)
    written_at = int(letter.written_at.timestamp())
    try:
        return _pdf(content, written_at)
    except typst.TypstError:
        # PDF/UA-1 refuses a document in which a character has no glyph.
        return _pdf(in_every_text(content, spelled_out), written_at)


def _pdf(content: dict[str, Any], written_at: int) -> bytes:
    with _compiler() as compiler:
        pdf = compiler.compile(
            format="pdf",
            sys_inputs={"letter": json.dumps(content, ensure_ascii=False)},
            pdf_standards="ua-1",
            timestamp=max(written_at, 0),
        )
    if not isinstance(pdf, bytes):
        raise TypeError("typst gave no PDF")
    return pdf


@contextmanager
def _compiler() -> Iterator[typst.Compiler]:
    """A compiler that nobody else is using: one serves one thread at a time and keeps its fonts."""
    try:
        compiler = _idle_compilers.get_nowait()
    except Empty:
        compiler = typst.Compiler(
            str(TEMPLATE),
            font_paths=[str(directory) for directory in FONT_DIRECTORIES],
            ignore_system_fonts=True,
        )
    try:
        yield compiler
    finally:
        _idle_compilers.put(compiler)
