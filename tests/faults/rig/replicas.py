"""Replicas of the services in processes of their own that start fast, to be killed.

They are forked from a process that has imported everything once; a `handoff serve` needs seconds
for that, which ten kills would pay ten times.
"""

import asyncio
import json
import multiprocessing
import os
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, assert_never

from messaging.running import service
from messaging.running.service import Service
from messaging.running.serving import stop_on_signals
from messaging.telemetry import logs
from services.connectors import app as connectors
from services.connectors.settings import ConnectorsSettings
from services.edge import app as edge
from services.edge.settings import EdgeSettings
from services.ereferral_dispatch import app as dispatch
from services.ereferral_dispatch.delivery import worker
from services.ereferral_dispatch.settings import DispatchSettings
from services.referrals import app as referrals
from services.referrals.settings import ReferralsSettings
from tests.faults.rig import points

LEASE_SECONDS = 4.0
RENEW_EVERY_SECONDS = 1.0
SWEEP_EVERY_SECONDS = 1.0
"""A lost worker's attempt is settled after five seconds instead of after twenty-five."""
HANGS_AFTER_SECONDS = 15.0
"""So long after a signal a replica that still runs tells where each of its tasks stands."""

_forked = multiprocessing.get_context("forkserver")
_forked.set_forkserver_preload([__name__])


class ServiceName(StrEnum):
    """The services. The edge has no schema."""

    REFERRALS = "referrals"
    DISPATCH = "ereferral_dispatch"
    CONNECTORS = "connectors"
    EDGE = "edge"


RIGGED = (ServiceName.REFERRALS, ServiceName.DISPATCH)
"""Those that every rig runs, and whose points are known."""


@dataclass(frozen=True)
class Plan:
    """How a replica is to be started. `traps`: the folder of its points, shared by its service.

    `clock_ahead_days` is how wrong the replica's own clock is. `revision`: the schema that it is
    made for, where it stands for another version of the program.
    """

    service: ServiceName
    settings: Mapping[str, Any]
    traps: Path
    clock_ahead_days: float = 0.0
    name: str = field(default="")
    revision: str | None = None


def start_replica(plan: Plan, log_file: Path) -> BaseProcess:
    """A replica that appends its log to a file; it ends by a signal, or with this process."""
    process = _forked.Process(target=_run, args=(plan, log_file), daemon=True, name=plan.name)
    process.start()
    return process


def _log_to(log_file: Path, name: str) -> None:
    with log_file.open("ab", buffering=0) as file:
        os.dup2(file.fileno(), sys.stderr.fileno())
        os.dup2(file.fileno(), sys.stdout.fileno())
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    logs.configure(name, logs.LogFormat.JSON)


def _run(plan: Plan, log_file: Path) -> None:
    _log_to(log_file, plan.service)
    points.put_in(plan.traps)
    worker.LEASE_SECONDS, worker.RENEW_EVERY_SECONDS = LEASE_SECONDS, RENEW_EVERY_SECONDS
    worker.SWEEP_EVERY_SECONDS = SWEEP_EVERY_SECONDS
    if plan.clock_ahead_days:
        _set_clock(timedelta(days=plan.clock_ahead_days))
    # Past the log's list of what may be written.
    clock = {"event": "clock", "now": service.utc_now().isoformat(), "time": time.time()}
    print(json.dumps(clock), file=sys.stderr, flush=True)
    asyncio.run(_serve(_build(plan)))


async def _serve(built: Service | edge.Edge) -> None:
    stop = asyncio.Event()
    stop_on_signals(stop)
    late = asyncio.create_task(_tell_what_hangs(stop))
    await built.run(stop)
    late.cancel()


async def _tell_what_hangs(stop: asyncio.Event) -> None:
    """Where each task stands, in the log of a replica that takes too long to stop."""
    await stop.wait()
    await asyncio.sleep(HANGS_AFTER_SECONDS)
    for task in asyncio.all_tasks():
        task.print_stack(file=sys.stderr)


def _build(plan: Plan) -> Service | edge.Edge:
    if plan.revision is not None:
        # They look it up by this name when they are built.
        for module in (referrals, dispatch, connectors):
            setattr(module, "head", lambda _: plan.revision)  # noqa: B010  # mypy knows its type
    match plan.service:
        case ServiceName.REFERRALS:
            return referrals.build(ReferralsSettings(**plan.settings))
        case ServiceName.DISPATCH:
            return dispatch.build(DispatchSettings(**plan.settings))
        case ServiceName.CONNECTORS:
            return connectors.build(ConnectorsSettings(**plan.settings))
        case ServiceName.EDGE:
            return edge.build(EdgeSettings(**plan.settings))
        case _:
            assert_never(plan.service)


def _set_clock(ahead: timedelta) -> None:
    """Every clock that our own code reads in this process; the database's stays right.

    What reads it by right: the lines of the log, and `failed_at` of a dead letter.
    """
    real_time = time.time

    class AnyDatetime(type):
        def __instancecheck__(cls, instance: object) -> bool:
            return isinstance(instance, datetime)

    class Clock(datetime, metaclass=AnyDatetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]  # no Self: a plain one
            return datetime.now(tz) + ahead

    for name, module in list(sys.modules.items()):
        ours = name.partition(".")[0] in ("contracts", "letters", "messaging", "services")
        if ours and getattr(module, "datetime", None) is datetime:
            module.datetime = Clock  # type: ignore[attr-defined]  # their own global
    time.time = lambda: real_time() + ahead.total_seconds()
    time.time_ns = lambda: int(time.time() * 1e9)


def _leave_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
    os._exit(1)
