"""The commands of a person about connections, run beside the connectors of a test."""

import asyncio

from typer.testing import Result

from contracts.connecting import System
from ops.stubs.opendental import OpenDentalStub
from services.connectors.rules.identity import connection_id
from tests.support.connectors.running import KEY, Connected, Connectors
from tests.support.services.command_line import handoff
from tests.support.services.referrals import Org

SECRETS = ("--secret", "developer_key=env:OD_DEVELOPER", "--secret", "customer_key=env:OD_CUSTOMER")


async def run(connectors: Connectors, *arguments: str, typed: str | None = None) -> Result:
    """A command that works with these connectors."""
    variables = {
        "CONNECTORS_DATABASE_URL": connectors.config.database_url,
        "CONNECTORS_RABBITMQ_URL": connectors.config.rabbitmq_url,
        "CONNECTORS_SECRET_KEY": KEY,
        "CONNECTORS_EGRESS_ALLOW": "127.0.0.0/8",
        "CONNECTORS_ALLOW_HTTP": "true",
    }
    return await asyncio.to_thread(handoff, *arguments, typed=typed, **variables)


def added(org: Org, stub: OpenDentalStub, *more: str) -> tuple[str, ...]:
    """The words that add a connection to a stand-in."""
    options = (f"bases={stub.url}", "throttle=none", f"time_zone={stub.zone}")
    sets = [word for option in options for word in ("--set", option)]
    return ("connection", "add", "opendental", "--org", org.id, *SECRETS, *sets, *more)


def connected_as(connectors: Connectors, org: Org, system: System) -> Connected:
    """The org's connection called main, as a test sees it."""
    return Connected(connectors, org, connection_id(org.id, system, "main"), "main")
