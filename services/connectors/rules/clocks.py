"""Their clock and ours: local stamps, cursors that lose no update, times that never fall."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

STAMP_FORMAT = "%Y-%m-%d %H:%M:%S"
OVERLAP = timedelta(hours=2)
"""How far behind their own clock a cursor stays: a clock that is set back by an hour, at the end of
summer time or by hand, hides nothing; what is read twice is recognised."""
AHEAD_TOLERATED = timedelta(minutes=5)
"""Our services refuse an `observed_at` that is further ahead (docs/contract/wire.md#directory)."""


def cursor(server_time: str | None, highest_stamp: str | None) -> str | None:
    """From when on to ask next time, in their local time; None: everything.

    `server_time` is their clock where they say it, else the highest stamp seen stands for it.
    """
    said = server_time or highest_stamp
    if said is None:
        return None
    return (parse_stamp(said) - OVERLAP).strftime(STAMP_FORMAT)


def parse_stamp(stamp: str) -> datetime:
    """A local time without its zone. Raises ValueError."""
    return datetime.strptime(stamp, STAMP_FORMAT)  # noqa: DTZ007 (the zone is the connection's)


def in_utc(stamp: str, zone: ZoneInfo) -> datetime:
    """A local stamp in UTC. Of the two times that a repeated hour stands for, the later one: an
    update of the second hour must not look older than one of the first. Raises ValueError."""
    return parse_stamp(stamp).replace(tzinfo=zone, fold=1).astimezone(UTC)


def observed_at(
    stamp: str | None, zone: ZoneInfo, now: datetime, held: datetime | None
) -> tuple[datetime, int]:
    """When a row was as it is, and by how many seconds its stamp was ahead of `now`, 0 for none.

    A stamp more than 5 minutes ahead counts as `now`. It is never before `held`, what was told of
    the row the last time: else our own services would take the news for old.
    """
    at, skew_seconds = now, 0
    if stamp is not None:
        at = in_utc(stamp, zone)
        if at > now + AHEAD_TOLERATED:
            at, skew_seconds = now, int((at - now).total_seconds())
    return (at if held is None else max(at, held)), skew_seconds
