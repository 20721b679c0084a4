"""Named points in a service at which a replica kills or freezes itself, when a trap is set there.

They are put in from outside, in the forked process: the services have no hooks for it. A trap is a
file in a folder that the replicas of one service share; whoever comes to its point first takes it.
"""

import os
import signal
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import Any
from unittest.mock import patch

from messaging.decision import batch
from messaging.decision.inbox import store_replies
from messaging.outbox import relay
from messaging.replies.replies import Replies, Verdict
from services.ereferral_dispatch.delivery import worker
from services.ereferral_dispatch.delivery.point_of_no_return import pass_point_of_no_return
from services.ereferral_dispatch.delivery.recording import Recorder
from services.ereferral_dispatch.rules.outcomes import Delivered, Sent


class Point(StrEnum):
    """Where a replica can be struck, in the order of a message's way."""

    BEFORE_COMMIT = "before the commit of a batch"
    AFTER_COMMIT = "after the commit, before the replies"
    BEFORE_ACK = "after the replies, before the acknowledgement"
    AFTER_PUBLISH = "after the broker confirmed, before the outbox row is deleted"
    BEFORE_POINT_OF_NO_RETURN = "before the point of no return of an attempt"
    BEFORE_SEND = "after the point of no return, before the first byte"
    AFTER_SEND = "after the partner's answer, before it is recorded"


def set_trap(folder: Path, point: Point, strike: signal.Signals = signal.SIGKILL) -> Path:
    """Let the next replica that comes to `point` send itself `strike`.

    Returns the file in which it leaves its process number just before.
    """
    struck = folder / f"{point.name}.struck"
    struck.unlink(missing_ok=True)
    prepared = folder / f"{point.name}.prepared"
    prepared.write_text(str(int(strike)))
    prepared.rename(folder / point.name)
    return struck


def put_in(folder: Path) -> None:
    """Put the points into this process, for good."""

    def at(point: Point) -> None:
        trap = folder / point.name
        with suppress(FileNotFoundError):
            strike = int(trap.read_text())
            trap.unlink()  # Of two that come at once only one gets past here.
            prepared = folder / f"{point.name}.by"
            prepared.write_text(str(os.getpid()))
            prepared.rename(folder / f"{point.name}.struck")
            os.kill(os.getpid(), strike)

    send = Replies.send
    decide, mark = batch.Decider.decide, relay.Relay._mark
    record = Recorder.record

    async def before_commit(session: Any, replies: Any, *given: Any) -> None:
        await store_replies(session, replies, *given)
        if replies:
            at(Point.BEFORE_COMMIT)

    async def after_commit(self: Replies, verdicts: Sequence[Verdict], *given: Any) -> set[int]:
        if any(verdict.problem is None for verdict in verdicts):
            at(Point.AFTER_COMMIT)
        return await send(self, verdicts, *given)

    async def before_ack(self: Any, *given: Any) -> set[int]:
        to_be_rejected = await decide(self, *given)
        at(Point.BEFORE_ACK)
        return to_be_rejected

    async def after_publish(self: Any, database: Any, underway: Any) -> bool:
        if underway.confirmed:
            at(Point.AFTER_PUBLISH)
        return await mark(self, database, underway)

    async def around_point_of_no_return(*given: Any) -> None:
        at(Point.BEFORE_POINT_OF_NO_RETURN)
        await pass_point_of_no_return(*given)
        at(Point.BEFORE_SEND)

    async def after_send(self: Recorder, claimed: Any, outcome: Any) -> bool:
        if isinstance(outcome, (Delivered, Sent)):
            at(Point.AFTER_SEND)
        return await record(self, claimed, outcome)

    _replace(batch, "store_replies", before_commit)
    _replace(Replies, "send", after_commit)
    _replace(batch.Decider, "decide", before_ack)
    _replace(relay.Relay, "_mark", after_publish)
    _replace(worker, "pass_point_of_no_return", around_point_of_no_return)
    _replace(Recorder, "record", after_send)


def _replace(owner: Any, name: str, by: Callable[..., Awaitable[Any]]) -> None:
    patch.object(owner, name, by).start()
