"""The subscribers of referrals: the queues that it takes from."""

from messaging.intake.batch import Batch
from messaging.intake.subscriber import Broker, WorkByQueue
from services.referrals.home import COMMANDS, EREFERRAL_EVENTS, QUERIES


def subscribe(broker: Broker, work: WorkByQueue) -> None:
    """Put the subscribers of this service on a broker."""

    @broker.batch_subscriber(COMMANDS, work[COMMANDS])
    async def decide_commands(batch: Batch) -> None:
        """Partners, sources, costs, attributions, the directory and referrals are changed."""
        await work[COMMANDS].handle(batch)

    @broker.batch_subscriber(QUERIES, work[QUERIES])
    async def read_for_queries(batch: Batch) -> None:
        """What is stored about them is read."""
        await work[QUERIES].handle(batch)

    @broker.batch_subscriber(EREFERRAL_EVENTS, work[EREFERRAL_EVENTS])
    async def hear_of_ereferrals(batch: Batch) -> None:
        """Referrals follow what dispatch tells of their e-referrals."""
        await work[EREFERRAL_EVENTS].handle(batch)
