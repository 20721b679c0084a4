"""Header fields of a mail, written out by hand.

The library's own folding loses spaces between encoded words, and differs by Python's version.
Sources: RFC 5322, sections 2.1.1 (lines of 78 characters), 2.2.3 (folding), 3.2.3 and 3.2.4 (atoms,
quoted strings) and 3.4 (addresses); RFC 2047, sections 2 (words of 75 characters, lines of 76), 5
(where words may stand, and that none cuts a character) and 6.2 (white space between two words is
not shown: it belongs into one of them).
"""

import base64
import re
from collections.abc import Iterator, Sequence

_LINE = 78
_LINE_WITH_WORDS = 76
_WORD_BEGINS, _WORD_ENDS = "=?utf-8?b?", "?="
_PLAIN = re.compile(r"[ -~]*")
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]+")


def text_header(name: str, text: str) -> bytes:
    """A field whose value is text, such as Subject. `text` is one line with single spaces."""
    pieces = text.split(" ")
    if _fits(name, text, pieces):
        return _folded(name, pieces, _LINE)
    return _folded(name, list(_encoded_words(text, len(name) + 2)), _LINE_WITH_WORDS)


def mailbox_header(name: str, address: str, display_name: str = "") -> bytes:
    """A field of one mailbox, such as From. `display_name` is one line with single spaces.

    An address outside ASCII is written as it is: its message is one for SMTPUTF8 (RFC 6532).
    """
    if not display_name:
        return _folded(name, [address], _LINE)
    pieces, line = _phrase(name, display_name)
    return _folded(name, [*pieces, f"<{address}>"], line)


def unanswerable_header(name: str, address: str) -> bytes:
    """A field that shows an address outside ASCII to whoever reads it, in ASCII.

    A group of no mailboxes that is called so (RFC 6857; RFC 5322, section 3.4): a
    reader's answer does not go elsewhere unnoticed.
    """
    return _folded(name, [*_encoded_words(address, len(name) + 2), ":;"], _LINE_WITH_WORDS)


def _phrase(name: str, text: str) -> tuple[Sequence[str], int]:
    """A display name in pieces that may stand on lines of their own, and how long those may be."""
    quoted = text
    if not _ATOMS.fullmatch(text):
        quoted = '"' + re.sub(r'([\\"])', r"\\\1", text) + '"'
    pieces = quoted.split(" ")
    if _fits(name, text, pieces):
        return pieces, _LINE
    return list(_encoded_words(text, len(name) + 2)), _LINE_WITH_WORDS


def _fits(name: str, text: str, pieces: Sequence[str]) -> bool:
    """Whether it can be written as it is: in ASCII, nothing in it reads as an encoded word, and its
    longest piece fits beside the field's name."""
    return (
        _PLAIN.fullmatch(text) is not None
        and "=?" not in text
        and max(map(len, pieces)) <= _LINE - len(name) - 2
    )


def _encoded_words(text: str, column: int) -> Iterator[str]:
    """The text as encoded words, spaces included, each for a line; the first begins at a column."""
    room, word = _octets(_LINE_WITH_WORDS - column), b""
    for character in text:
        octets = character.encode()
        if len(word) + len(octets) > room:
            yield _encoded_word(word)
            room, word = _octets(_LINE_WITH_WORDS - 1), b""
        word += octets
    yield _encoded_word(word)


def _octets(room: int) -> int:
    """How many octets of text fit into an encoded word of so many characters."""
    return (room - len(_WORD_BEGINS) - len(_WORD_ENDS)) // 4 * 3


def _encoded_word(octets: bytes) -> str:
    return f"{_WORD_BEGINS}{base64.b64encode(octets).decode()}{_WORD_ENDS}"


def _folded(name: str, pieces: Sequence[str], line_length: int) -> bytes:
    """The field, its pieces with a space between them and a new line before one that does not fit
    any more; the first stands beside the name."""
    first, *others = pieces
    lines = [f"{name}: {first}"]
    for piece in others:
        if len(lines[-1]) + 1 + len(piece) <= line_length:
            lines[-1] += f" {piece}"
        else:
            lines.append(f" {piece}")
    return "\r\n".join([*lines, ""]).encode()
