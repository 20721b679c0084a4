"""Replicas of referrals in processes of their own that start fast, to be killed.

They are forked from a process that has imported everything once; a `handoff serve` needs seconds
for that, which ten kills would pay ten times.
"""

import asyncio
import multiprocessing
import os
import signal
import sys
import threading
from multiprocessing.process import BaseProcess
from pathlib import Path

from messaging import logs
from services.referrals.app import build
from services.referrals.settings import ReferralsSettings

_forked = multiprocessing.get_context("forkserver")
_forked.set_forkserver_preload([__name__])


def start_replica(database_url: str, rabbitmq_url: str, log: Path) -> BaseProcess:
    """A replica that appends its log to a file; it ends by a signal, or with this process."""
    process = _forked.Process(target=_run, args=(database_url, rabbitmq_url, log), daemon=True)
    process.start()
    return process


def kill(process: BaseProcess) -> None:
    """SIGKILL, as when the machine loses power. Fails where it had ended by itself."""
    assert process.exitcode is None, f"it has ended with status {process.exitcode}"
    process.kill()
    process.join(10)
    assert process.exitcode == -signal.SIGKILL


def _run(database_url: str, rabbitmq_url: str, log: Path) -> None:
    with log.open("ab", buffering=0) as file:
        os.dup2(file.fileno(), sys.stderr.fileno())
        os.dup2(file.fileno(), sys.stdout.fileno())
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    logs.configure("referrals", logs.LogFormat.JSON)
    settings = ReferralsSettings(database_url=database_url, rabbitmq_url=rabbitmq_url, http_port=0)
    asyncio.run(build(settings).run(asyncio.Event()))


def _leave_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
    os._exit(1)
