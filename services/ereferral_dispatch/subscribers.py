"""The subscribers of dispatch: the queues that it takes from."""

from messaging.intake.batch import Batch
from messaging.intake.subscriber import Broker, WorkByQueue
from services.ereferral_dispatch.home import COMMANDS, QUERIES


def subscribe(broker: Broker, work: WorkByQueue) -> None:
    """Put the subscribers of this service on a broker."""

    @broker.batch_subscriber(COMMANDS, work[COMMANDS])
    async def decide_commands(batch: Batch) -> None:
        """E-referrals are planned, cancelled and resolved, and channels released."""
        await work[COMMANDS].handle(batch)

    @broker.batch_subscriber(QUERIES, work[QUERIES])
    async def read_for_queries(batch: Batch) -> None:
        """E-referrals and their attempts are read."""
        await work[QUERIES].handle(batch)
