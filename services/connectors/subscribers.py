"""The subscribers of connectors: the queues that it takes from."""

from messaging.intake.batch import Batch
from messaging.intake.subscriber import Broker, WorkByQueue
from services.connectors.home import COMMANDS, QUERIES, REFERRAL_EVENTS

NEWS_GATHERS_SECONDS = 0.1
"""An import has an event for each of its rows: many of them in one transaction."""


def subscribe(broker: Broker, work: WorkByQueue) -> None:
    """Put the subscribers of this service on a broker."""

    @broker.batch_subscriber(COMMANDS, work[COMMANDS])
    async def decide_commands(batch: Batch) -> None:
        """Runs are asked for, rows decided about, numbers mapped."""
        await work[COMMANDS].handle(batch)

    @broker.batch_subscriber(QUERIES, work[QUERIES])
    async def read_for_queries(batch: Batch) -> None:
        """What is known of connections and their rows is read."""
        await work[QUERIES].handle(batch)

    @broker.batch_subscriber(
        REFERRAL_EVENTS, work[REFERRAL_EVENTS], gather_seconds=NEWS_GATHERS_SECONDS
    )
    async def hear_of_referrals(batch: Batch) -> None:
        """Connectors follow how far referrals are, and file their letters."""
        await work[REFERRAL_EVENTS].handle(batch)
