"""The home of referrals: its schema, its exchanges and queues, and where it publishes."""

from pathlib import Path

from contracts.events import EventSource
from messaging.database.engine import Home
from messaging.handlers.workspace import Publishing
from messaging.wire.topology import ConsumedQueue, Topology

HOME = Home("referrals")
MIGRATIONS = Path(__file__).parent / "migrations"

COMMANDS = ConsumedQueue("referrals.commands", exchange="referrals.commands")
QUERIES = ConsumedQueue("referrals.queries", exchange="referrals.queries")
EREFERRAL_EVENTS = ConsumedQueue("referrals.ereferral_events", exchange="ereferral_dispatch.events")
DISPATCH_COMMANDS = ConsumedQueue(
    "ereferral_dispatch.commands", exchange="ereferral_dispatch.commands"
)

TOPOLOGY = Topology(
    # Dispatch's commands are declared here too: what is sent before dispatch ever ran must wait.
    queues=(COMMANDS, QUERIES, EREFERRAL_EVENTS, DISPATCH_COMMANDS),
    exchanges=(
        "referrals.commands",
        "referrals.queries",
        "referrals.events",
        "ereferral_dispatch.events",
        "ereferral_dispatch.commands",
    ),
)
PUBLISHING = Publishing(EventSource.REFERRALS, "referrals.events")
