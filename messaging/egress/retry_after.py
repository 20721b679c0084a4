"""The wish of another system when to be asked again. Pure."""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

# Longer wishes are nonsense; how much of a wish is granted is the retry schedule's to say.
RETRY_AFTER_LIMIT_SECONDS = 30 * 24 * 3600
_SECONDS = re.compile(r"\d{1,9}", re.ASCII)
_MANY_SECONDS = re.compile(r"\d{10,}", re.ASCII)


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
