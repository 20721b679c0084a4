"""`handoff serve`: one replica of a service, until it is told to stop."""

import asyncio
import gc
import traceback

from messaging.running.routes import PortTaken
from messaging.running.service import Service, stop_on_signals
from messaging.running.settings import SettingError
from messaging.telemetry import logs
from ops.catalogue import ServiceName, prepare
from ops.environment import check_database_url

log = logs.get(__name__)

COLLECT_AFTER = 20_000
"""New objects until the youngest are collected; Python's own 700 is for a small heap. Measured: a
replica of dispatch takes a tenth less CPU, and no more memory."""


def serve(name: ServiceName) -> bool:
    """Run a replica until SIGTERM or SIGINT; False where a fault of ours ended it.

    Raises SettingError, one line that names the variable, before anything was started.
    """
    settings, build = prepare(name)
    check_database_url(name, settings.database_url)
    logs.configure(name.service, settings.log_format)
    service = build()
    collect_seldom()
    try:
        asyncio.run(_run(service))
    except PortTaken:
        raise SettingError(
            f"{name.prefix}HTTP_PORT: something listens on port {settings.http_port} of "
            f"{settings.http_host} already; stop it or choose another port"
        ) from None
    except Exception as fault:
        if _was_listening(fault):
            raise SettingError(
                f"{name.prefix}HTTP_HOST, {name.prefix}HTTP_PORT: cannot listen on port "
                f"{settings.http_port} of {settings.http_host}"
            ) from None
        # The place alone: an exception's text may quote what a message held.
        last = traceback.extract_tb(fault.__traceback__)[-1]
        where = f"{last.filename}:{last.lineno}"
        log.error("ended by a fault", error=type(fault).__name__, where=where)
        return False
    return True


def collect_seldom() -> None:
    """Let the garbage collector come less often, and never look again at what is there by now:
    modules, contracts and statements, which stay for as long as the process."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER)


async def _run(service: Service) -> None:
    stop = asyncio.Event()
    stop_on_signals(stop)
    await service.run(stop)


def _was_listening(fault: Exception) -> bool:
    """Whether it is the system's refusal to open the HTTP port: no such address, no such right."""
    frames = traceback.extract_tb(fault.__traceback__)
    return isinstance(fault, OSError) and any(frame.name == "serve_http" for frame in frames)
