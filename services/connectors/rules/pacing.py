"""Times: to ask, to ask again, and to begin the next run."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from contracts.connecting import ConnectionFailureCode as Code

RETRY_WAITS_SECONDS = (2.0, 8.0, 32.0)
SPREAD = 0.2
RETRY_AFTER_LIMIT_SECONDS = 15 * 60.0
FAILED_RUN_WAITS_MINUTES = (1, 5, 15, 60)
PERSON_PROBE_MINUTES = 60
RESUMED_WITHIN = timedelta(hours=1)
"""A cursor older than this is not resumed: the phase begins anew."""
SWEEP_EVERY = timedelta(hours=24)
STALE_INTERVALS = 3
NEEDS_PERSON = frozenset(
    {
        Code.UNAUTHORIZED,
        Code.PERMISSION_MISSING,
        Code.NEEDS_REAUTHORIZATION,
        Code.WRONG_ARCHIVE,
        Code.IDENTITY_CHANGED,
        Code.ADDRESS_BLOCKED,
        Code.SECRET_UNAVAILABLE,
    }
)
"""Failures that no waiting mends."""


@dataclass(frozen=True, slots=True)
class Spacing:
    """The least time from the end of one request to the start of the next, over all replicas."""

    seconds: float


OPENDENTAL_READ_ALL = Spacing(5.0)
OPENDENTAL_REMOTE = Spacing(1.0)
UNTHROTTLED = Spacing(0.0)
ALFADOCS = Spacing(0.150)


def retry_wait_seconds(
    tries: int,
    retry_after_seconds: float | None,
    chance: float,
    waits_seconds: tuple[float, ...] = RETRY_WAITS_SECONDS,
) -> float | None:
    """How long to wait after the `tries`-th failure of one request; None: the run fails.

    2, 8 and 32 s, each up to 20 % more or less by `chance` (0 to 1); or what the other side asked
    for, at most 15 minutes, where that is longer.
    """
    if tries > len(waits_seconds):
        return None
    wait = waits_seconds[tries - 1] * (1 - SPREAD + 2 * SPREAD * chance)
    return max(wait, min(retry_after_seconds or 0.0, RETRY_AFTER_LIMIT_SECONDS))


def next_run_at(now: datetime, interval: timedelta, failures: int, code: Code | None) -> datetime:
    """When the next run begins. `failures`: failed runs in a row, this one included."""
    if code is None:
        return now + interval
    if code in NEEDS_PERSON:
        return now + timedelta(minutes=PERSON_PROBE_MINUTES)
    step = min(failures, len(FAILED_RUN_WAITS_MINUTES)) - 1
    return now + timedelta(minutes=FAILED_RUN_WAITS_MINUTES[step])


def is_resumed(cursor_moved_at: datetime, now: datetime) -> bool:
    """Whether a phase that was broken off goes on where it was."""
    return now - cursor_moved_at < RESUMED_WITHIN


def is_stale(
    last_success_at: datetime | None, added_at: datetime, now: datetime, interval: timedelta
) -> bool:
    """Whether a connection has brought nothing for more than 3 intervals."""
    return now - (last_success_at or added_at) > STALE_INTERVALS * interval


def is_sweep_due(last_sweep_at: datetime | None, now: datetime) -> bool:
    """Whether whole lists are to be read, not only what changed."""
    return last_sweep_at is None or now - last_sweep_at >= SWEEP_EVERY
