"""The head of an HTTP answer: its status line. Pure."""

import re

# RFC 9112, section 4; HTTP/1.0 servers are still about.
_STATUS_LINE = re.compile(rb"HTTP/1\.[01] (\d{3})(?: [^\r\n]*)?\r?\n")
# RFC 9110, section 15.2. After 101 Switching Protocols no more HTTP follows.
_INTERIM = re.compile(rb"HTTP/1\.[01] 1(?!01)\d\d(?: [^\r\n]*)?\r?\n(?:[^\r\n]+\r?\n)*\r?\n")


def past_interim(head: bytes) -> bytes:
    """What follows the interim answers (1xx) whose header blocks came whole."""
    start = 0
    while interim := _INTERIM.match(head, start):
        start = interim.end()
    return head[start:]


def status_of_line(head: bytes) -> int | None:
    """The final status that a first line says; None where it is not whole, malformed or interim."""
    match = _STATUS_LINE.match(head)
    status = int(match[1]) if match else 0
    return status if 200 <= status <= 599 else None
