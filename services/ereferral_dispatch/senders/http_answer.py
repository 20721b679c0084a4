"""The head of an HTTP answer: its status line, and when to ask again. Pure."""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

# Longer wishes are nonsense; how much of a wish is granted is the retry schedule's to say.
RETRY_AFTER_LIMIT_SECONDS = 30 * 24 * 3600
_SECONDS = re.compile(r"\d{1,9}", re.ASCII)
_MANY_SECONDS = re.compile(r"\d{10,}", re.ASCII)
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


def retry_after_seconds(value: str | None, now: datetime) -> float | None:
    """Retry-After (RFC 9110, section 10.2.3), 0 seconds to 30 days; None where it is malformed."""
    if value is None:
        return None
    text = value.strip()
    if _SECONDS.fullmatch(text):
        wish = float(text)
    elif _MANY_SECONDS.fullmatch(text):
        wish = float(RETRY_AFTER_LIMIT_SECONDS)
    else:
        try:
            at = parsedate_to_datetime(text)
        except (ValueError, OverflowError):
            return None
        wish = ((at if at.tzinfo else at.replace(tzinfo=UTC)) - now).total_seconds()
    return min(max(wish, 0.0), float(RETRY_AFTER_LIMIT_SECONDS))
