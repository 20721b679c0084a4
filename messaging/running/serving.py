"""One replica as a process of its own, until it is told to stop."""

import asyncio
import gc
import logging
import signal
import sys
import traceback
from collections.abc import Callable
from typing import Any

from faststream.asgi import AsgiFastStream

from messaging.running.contract import Contract
from messaging.running.routes import NoSuchPlace, PortTaken
from messaging.running.service import Service
from messaging.running.settings import ServiceSettings, SettingError, load_settings, variable
from messaging.telemetry import logs

log = logs.get(__name__)

COLLECT_AFTER = 20_000
"""New objects until the youngest are collected; Python's own 700 is for a small heap. Measured: a
replica of dispatch takes a tenth less CPU, and no more memory."""
COLLECT_OLDER_AFTER = (10, 50)
"""Collections of one generation until the next older is collected. With Python's 10 for the oldest,
a replica under load looks through all that it holds twice a second: 4 % of its CPU."""


async def serve(service: Service) -> bool:
    """Run a replica until SIGTERM or SIGINT; False where a fault of ours ended it.

    Raises SettingError, one line that names the variable, where it cannot listen.
    """
    settings, stop = service.settings, asyncio.Event()
    host, port = (variable(type(settings), name) for name in ("http_host", "http_port"))
    stop_on_signals(stop)
    try:
        await service.run(stop)
    except PortTaken:
        raise SettingError(
            f"{port}: something listens on port {settings.http_port} of {settings.http_host} "
            "already; stop it or choose another port"
        ) from None
    except NoSuchPlace:
        raise SettingError(
            f"{host}, {port}: cannot listen on port {settings.http_port} of {settings.http_host}"
        ) from None
    except Exception as fault:
        tell_fault(fault)
        return False
    return True


def tell_fault(fault: BaseException) -> None:
    """Write down what ended the process: its kind and place alone. A text may quote a message."""
    while isinstance(fault, BaseExceptionGroup):
        fault = fault.exceptions[0]
    last = traceback.extract_tb(fault.__traceback__)[-1]
    where = f"{last.filename}:{last.lineno}"
    log.error("ended by a fault", error=type(fault).__name__, where=where)


def collect_seldom() -> None:
    """Let the garbage collector come less often, and never look again at what is there by now:
    modules, contracts and statements, which stay for as long as the process."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER, *COLLECT_OLDER_AFTER)


def stop_on_signals(stop: asyncio.Event) -> None:
    """Set `stop` on SIGTERM and SIGINT; a second one ends the process at once."""
    loop = asyncio.get_running_loop()

    def told(number: signal.Signals) -> None:
        loop.remove_signal_handler(number)
        log.info("stopping", signal=number.name)
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told, number)


class FromEnvironment(AsgiFastStream):
    """A service's application for `faststream run` and `faststream docs`.

    It has its document at once, and is built by the settings of the environment when it is run.
    """

    def __init__(
        self,
        contract: Contract,
        settings: type[ServiceSettings],
        build: Callable[[Any], Service],
    ) -> None:
        super().__init__(specification=contract, logger=None)
        self._settings, self._build = settings, build

    async def run(self, log_level: int = logging.INFO, run_extra_options: Any = None) -> None:
        """As `handoff serve`: the port is by the settings, and so are the logs.

        Ends the process with status 1 by a fault of ours, 2 by a setting, told in one line.
        """
        try:
            settings = load_settings(self._settings)
            service = self._build(settings)
            logs.configure(service.definition.name, settings.log_format)
            collect_seldom()
            well = await serve(service)
        except SettingError as wrong:
            print(wrong, file=sys.stderr)  # noqa: T201  # a command's last line
            raise SystemExit(2) from None
        if not well:
            raise SystemExit(1)

    async def __call__(self, *_: Any) -> None:
        """Another server cannot run it: its host, port and end are this application's own."""
        raise RuntimeError("run it by faststream run, with one worker, or by handoff serve")
