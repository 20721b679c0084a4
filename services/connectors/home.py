"""The home of connectors: its schema, its exchanges and queues, and where it publishes."""

from pathlib import Path

from contracts.events import EventSource
from messaging.database.engine import Home
from messaging.handlers.workspace import Publishing
from messaging.wire.topology import ConsumedQueue, Topology

HOME = Home("connectors")
MIGRATIONS = Path(__file__).parent / "migrations"

COMMANDS = ConsumedQueue("connectors.commands", exchange="connectors.commands")
QUERIES = ConsumedQueue("connectors.queries", exchange="connectors.queries")
REFERRAL_EVENTS = ConsumedQueue("connectors.referral_events", exchange="referrals.events")

TOPOLOGY = Topology(
    queues=(COMMANDS, QUERIES, REFERRAL_EVENTS),
    exchanges=(
        "connectors.commands",
        "connectors.queries",
        "connectors.events",
        "referrals.events",
        "referrals.commands",
        "referrals.queries",
    ),
)
PUBLISHING = Publishing(EventSource.CONNECTORS, "connectors.events")
