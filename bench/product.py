"""One replica of a service as a process under test: all of it, as it runs in production.

`python -m bench.product SERVICE`, the service as `handoff serve` names it.
"""

import sys

from bench import under_test
from messaging.running.serving import collect_seldom
from messaging.telemetry import logs
from messaging.telemetry.logs import LogFormat
from ops.catalogue import ServiceName, prepare


def main() -> None:
    name = ServiceName(sys.argv[1])
    logs.configure(name, LogFormat.JSON)
    _, build = prepare(name)
    service = build()
    collect_seldom()
    under_test.obey(service.run)


if __name__ == "__main__":
    main()
