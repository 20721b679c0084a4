"""One replica of a service or of the edge as a process under test, as it runs in production.

`python -m bench.product SERVICE`, the service as `handoff serve` names it.
"""

import sys

from bench import under_test
from messaging.running.service import Service
from messaging.running.serving import collect_seldom
from messaging.running.settings import load_settings
from messaging.telemetry import logs
from messaging.telemetry.logs import LogFormat
from ops.catalogue import Served, ServiceName, prepare
from services.edge.app import Edge
from services.edge.app import build as build_edge
from services.edge.settings import EdgeSettings


def main() -> None:
    name = Served(sys.argv[1])
    logs.configure(name, LogFormat.JSON)
    if name is Served.EDGE:
        service: Service | Edge = build_edge(load_settings(EdgeSettings))
    else:
        _, build = prepare(ServiceName(name))
        service = build()
    collect_seldom()
    under_test.obey(service.run)


if __name__ == "__main__":
    main()
