"""`handoff serve edge`: one replica of the edge, until it is told to stop."""

import asyncio

from messaging.running.serving import collect_seldom, stop_on_signals, tell_fault
from messaging.running.settings import load_settings
from messaging.telemetry import logs
from services.edge.app import Edge, build
from services.edge.settings import EdgeSettings


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
        tell_fault(fault)
        return False
    return True


async def _run(edge: Edge) -> None:
    stop = asyncio.Event()
    stop_on_signals(stop)
    await edge.run(stop)
