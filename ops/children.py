"""Commands of ours that run as children of another command of ours, and never outlive it."""

import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from ops.environment import CHECKOUT
from ops.servers.processes import BoundProcess


class HandoffProcess(BoundProcess):
    """`handoff <arguments>` in a process of its own, its output appended to `log`.

    It is killed when this process is gone, kill -9 included: a service is made to bear that.
    """

    def __init__(
        self, arguments: Sequence[str], *, environment: Mapping[str, str], log: Path
    ) -> None:
        super().__init__(
            [sys.executable, "-m", "ops.cli", *arguments],
            environment=environment,
            folder=CHECKOUT,
            log=log,
            account=None,
            death_signal=signal.SIGKILL,
        )

    @property
    def exit_status(self) -> int | None:
        """Its exit status, minus the signal's number where one killed it; None while it runs."""
        return self._child.poll()
