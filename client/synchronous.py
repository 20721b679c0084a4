"""`SynchronousClient`: the same questions from a script that has no event loop."""

import asyncio
import threading
from collections.abc import Coroutine, Iterator, Mapping
from types import TracebackType
from typing import Any, Self, TypeVar
from uuid import UUID

from client.asking import DEADLINE_SECONDS, LARGEST_STRETCH, ItemT, ListQueryT, ReferralsClient
from client.reading import ReplyT, RequestT
from client.wire import Wire
from contracts.operations import Operation
from contracts.shapes import Listed

ResultT = TypeVar("ResultT")


class SynchronousClient:
    """A `ReferralsClient` on an event loop in a thread of its own. Any thread may ask.

    Opened by `with`; what it takes and raises is the other's.
    """

    def __init__(
        self,
        url: str | Wire,
        *,
        name: str = "handoff.script",
        actor: str | None = None,
        deadline_seconds: float = DEADLINE_SECONDS,
    ) -> None:
        self._given = (url, name, actor, deadline_seconds)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=name, daemon=True)
        self._client: ReferralsClient | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        self._client = self._run(self._made())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._run(self._asking.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def call(
        self,
        operation: Operation[RequestT, ReplyT],
        request: RequestT | Mapping[str, Any],
        *,
        message_id: UUID | None = None,
        deadline_seconds: float | None = None,
        actor: str | None = None,
        traceparent: str | None = None,
    ) -> ReplyT:
        """As `ReferralsClient.call`."""
        return self._run(
            self._asking.call(
                operation,
                request,
                message_id=message_id,
                deadline_seconds=deadline_seconds,
                actor=actor,
                traceparent=traceparent,
            )
        )

    def read_all(
        self,
        operation: Operation[ListQueryT, Listed[ItemT]],
        request: ListQueryT,
        *,
        page_size: int = LARGEST_STRETCH,
    ) -> Iterator[ItemT]:
        """As `ReferralsClient.read_all`."""
        items = self._asking.read_all(operation, request, page_size=page_size)
        while (item := self._run(_next(items))) is not None:
            yield item

    @property
    def _asking(self) -> ReferralsClient:
        if self._client is None:
            raise RuntimeError("a SynchronousClient is opened by `with`")
        return self._client

    async def _made(self) -> ReferralsClient:
        url, name, actor, deadline_seconds = self._given
        return ReferralsClient(url, name=name, actor=actor, deadline_seconds=deadline_seconds)

    def _run(self, asking: Coroutine[Any, Any, ResultT]) -> ResultT:
        return asyncio.run_coroutine_threadsafe(asking, self._loop).result()


async def _next(items: Any) -> Any:
    return await anext(items, None)
