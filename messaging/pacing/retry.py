"""Asking the database until it answers: the one loop that a queue's messages wait in."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from messaging.database.errors import is_outage, sqlstate, why_refused
from messaging.telemetry import logs

log = logs.get(__name__)

AnswerT = TypeVar("AnswerT")

GIVE_UP_AFTER_SECONDS = 60.0
FIRST_PAUSE_SECONDS = 0.05
_NO_ANSWER = "database does not answer, trying again"
_REFUSED = "database refuses, trying again"


class DatabaseAway(Exception):
    """The database has not answered for a minute: what was taken goes back to its queue."""


async def until_it_answers(
    ask: Callable[[], Awaitable[AnswerT]],
    *,
    queue: str,
    messages: int,
    longest_pause_seconds: float,
    report: Callable[[str | None], None],
) -> AnswerT:
    """What `ask` returns, asked again while no message is to blame for that it fails.

    `report` is told what PostgreSQL refuses as such, and None once it does not. That waits for an
    operator, with what was taken in hand: given back each minute, it would be parked within the
    hour. Raises DatabaseAway, and what else `ask` raised.
    """
    deadline = time.monotonic() + GIVE_UP_AFTER_SECONDS
    pause_seconds = FIRST_PAUSE_SECONDS
    while True:
        try:
            answer = await ask()
        except Exception as error:
            refused = why_refused(error)
            report(refused)
            if not is_outage(error):
                raise
            if refused is None and time.monotonic() > deadline:
                raise DatabaseAway from error
            log.warning(
                _NO_ANSWER if refused is None else _REFUSED,
                queue=queue,
                error=type(error).__name__,
                sqlstate=sqlstate(error),
                batch=messages,
                detail=refused,
            )
        else:
            report(None)
            return answer
        await asyncio.sleep(pause_seconds)
        pause_seconds = min(pause_seconds * 2, longest_pause_seconds)
