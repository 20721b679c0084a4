"""`handoff serve edge`: one replica of the edge, until it is told to stop."""

import asyncio
import traceback

from messaging.running.service import stop_on_signals
from messaging.running.settings import load_settings
from messaging.telemetry import logs
from ops.serving import collect_seldom
from services.edge.app import Edge, build
from services.edge.settings import EdgeSettings

log = logs.get(__name__)


def serve_edge() -> bool:
    """Run a replica until SIGTERM or SIGINT; False where a fault of ours ended it.

    Raises SettingError, one line that names the variable, before anything was started.
    """
    settings = load_settings(EdgeSettings)
    logs.configure("edge", settings.log_format)
    edge = build(settings)
    collect_seldom()
    try:
        asyncio.run(_run(edge))
    except Exception as fault:
        first: BaseException = fault
        while isinstance(first, BaseExceptionGroup):
            first = first.exceptions[0]
        # The place alone: an exception's text may quote what a request held.
        last = traceback.extract_tb(first.__traceback__)[-1]
        where = f"{last.filename}:{last.lineno}"
        log.error("ended by a fault", error=type(first).__name__, where=where)
        return False
    return True


async def _run(edge: Edge) -> None:
    stop = asyncio.Event()
    stop_on_signals(stop)
    await edge.run(stop)
