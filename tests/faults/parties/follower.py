"""A program with the client library that keeps up with referrals while things break."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

from client import Change, EventSubscriber, MemoryPositions, ReferralsClient
from contracts.referral import LIST_REFERRALS, ReferralList


class Follower:
    """Version by referral as the program knows it, and how often each version was told."""

    def __init__(self, url: str, orgs: Sequence[str]) -> None:
        self._orgs = orgs
        self._client = ReferralsClient(url)
        self._task: asyncio.Task[None] | None = None
        self.known: dict[str, int] = {}
        self.told: Counter[tuple[str, int]] = Counter()
        self.subscriber = EventSubscriber(
            url,
            self._client,
            name="follower",
            resources=["referral"],
            orgs=orgs,
            positions=MemoryPositions(),
            apply=self._apply,
        )

    def _apply(self, change: Change) -> None:
        self.known[change.subject.id] = change.version
        self.told[change.subject.id, change.version] += 1

    async def is_current(self) -> bool:
        """Whether it knows what the lists show. Raises what ended it."""
        assert self._task is not None
        if self._task.done():
            self._task.result()
        shown = {
            str(one.id): one.version
            for org_id in self._orgs
            async for one in self._client.read_all(LIST_REFERRALS, ReferralList(org_id=org_id))
        }
        return bool(shown) and shown == self.known

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Follower"]:
        """It runs, and is current when the block begins."""
        self._task = asyncio.create_task(self.subscriber.run())
        try:
            await asyncio.wait_for(self.subscriber.current.wait(), 30)
            yield self
        finally:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
            await self._client.close()
