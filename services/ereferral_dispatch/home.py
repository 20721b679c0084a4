"""The home of dispatch: its schema, its exchanges and queues, and where it publishes."""

from pathlib import Path

from contracts.events import EventSource
from messaging.database.engine import Home
from messaging.handlers.workspace import Publishing
from messaging.wire.topology import ConsumedQueue, Topology

HOME = Home("ereferral_dispatch")
MIGRATIONS = Path(__file__).parent / "migrations"

COMMANDS = ConsumedQueue("ereferral_dispatch.commands", exchange="ereferral_dispatch.commands")
QUERIES = ConsumedQueue("ereferral_dispatch.queries", exchange="ereferral_dispatch.queries")
REFERRALS_HEARS = ConsumedQueue("referrals.ereferral_events", exchange="ereferral_dispatch.events")

TOPOLOGY = Topology(
    # What referrals hears is declared here too: news from before it ever ran must wait for it.
    queues=(COMMANDS, QUERIES, REFERRALS_HEARS),
    exchanges=(
        "ereferral_dispatch.commands",
        "ereferral_dispatch.queries",
        "ereferral_dispatch.events",
    ),
)
PUBLISHING = Publishing(EventSource.EREFERRAL_DISPATCH, "ereferral_dispatch.events")
