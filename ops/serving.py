"""`handoff serve`: one replica of a service, until it is told to stop."""

import asyncio

from messaging.running import serving
from messaging.telemetry import logs
from ops.catalogue import ServiceName, prepare
from ops.environment import check_database_url


def serve(name: ServiceName) -> bool:
    """Run a replica until SIGTERM or SIGINT; False where a fault of ours ended it.

    Raises SettingError, one line that names the variable, before anything was started.
    """
    settings, build = prepare(name)
    check_database_url(name, settings.database_url)
    logs.configure(name.service, settings.log_format)
    service = build()
    serving.collect_seldom()
    return asyncio.run(serving.serve(service))
