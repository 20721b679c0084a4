"""The streams that are open: who hears which hint, and when a stream ends."""

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime

from messaging.pacing.waiting import pause
from messaging.telemetry import logs
from services.edge import metrics
from services.edge.events.hints import RESOURCES, Hint, Memory, read_hint
from services.edge.problems import EdgeCode, refusal
from services.edge.tokens.register import TokenRegister
from services.edge.tokens.token import Token

log = logs.get(__name__)

MOST_UNREAD = 256
MOST_OF_A_TOKEN = 4
RETRY_AFTER_SECONDS = 15
LOOK_EVERY_SECONDS = 1.0
"""How often each stream's token is looked at; a change in its file is in force 2 s later."""


class Reset:
    """In the place of a hint: some may be missing, so that all has to be read again."""


RESET = Reset()


class Stream:
    """What one page has yet to read. `replay` is what it missed while it was away."""

    def __init__(
        self,
        token: Token,
        org_id: str,
        resources: frozenset[str],
        replay: Sequence[Hint | Reset] = (),
    ) -> None:
        self.token = token
        self.org_id = org_id
        self.resources = resources
        self._replay = replay
        self._unread: deque[Hint | Reset] = deque()
        self._news = asyncio.Event()
        self._ended = False
        self.on_close: Callable[[], None] = lambda: None
        """Called when it ends; what waits for its reader then has to be given up."""

    def tell(self, said: Hint | Reset) -> None:
        """Let it be read. A stream whose reader does not keep up ends."""
        if len(self._unread) >= MOST_UNREAD:
            log.info("a stream is closed", org_id=self.org_id, detail="its reader is too slow")
            self.close()
            return
        self._unread.append(said)
        self._news.set()

    def close(self) -> None:
        """End it: nothing more is read."""
        if not self._ended:
            self._ended = True
            self._news.set()
            self.on_close()

    async def read(self) -> AsyncIterator[Hint | Reset]:
        """What it is told, as it comes, until it ends."""
        for said in self._replay:
            yield said
        while not self._ended:
            if self._unread:
                yield self._unread.popleft()
                continue
            self._news.clear()
            await self._news.wait()


class Streams:
    """All streams of this replica."""

    def __init__(self, tokens: TokenRegister) -> None:
        self._tokens = tokens
        self._memory = Memory()
        self._open: dict[str, set[Stream]] = {}
        self._of_token: Counter[str] = Counter()
        self._stopped = False

    @property
    def count(self) -> int:
        """How many there are."""
        return self._of_token.total()

    def open(self, token: Token, org_id: str, last_id: str | None) -> Stream:
        """A stream for a token's holder. Raises HttpProblem 429.

        `last_id`: the last hint that was read. What came since is told first, or a reset.
        """
        if self._of_token[token.id] >= MOST_OF_A_TOKEN:
            raise refusal(
                EdgeCode.TOO_MANY_REQUESTS,
                ("header", "Authorization"),
                f"A token has {MOST_OF_A_TOKEN} streams at most.",
                headers={"Retry-After": str(RETRY_AFTER_SECONDS)},
            )
        resources = readable(token, org_id)
        replay: list[Hint | Reset] = []
        if last_id is not None:
            missed = self._memory.since(last_id, org_id)
            replay += [RESET] if missed is None else (h for h in missed if h.resource in resources)
        stream = Stream(token, org_id, resources, replay)
        self._open.setdefault(org_id, set()).add(stream)
        self._of_token[token.id] += 1
        metrics.STREAMS.inc()
        if self._stopped:
            stream.close()
        return stream

    def leave(self, stream: Stream) -> None:
        """Nobody reads it any more."""
        of_org = self._open[stream.org_id]
        of_org.remove(stream)
        if not of_org:
            del self._open[stream.org_id]
        self._of_token[stream.token.id] -= 1
        if not self._of_token[stream.token.id]:
            del self._of_token[stream.token.id]
        metrics.STREAMS.dec()

    def reset(self) -> None:
        """Tell all that some may be missing."""
        self._memory.forget()
        for stream in self._all():
            stream.tell(RESET)

    def hear(self, body: bytes) -> None:
        """Tell an event, as it was published, to those who may hear of it."""
        try:
            hint = read_hint(body)
        except ValueError:
            log.warning("no event was published to an exchange of events")
            return
        self._memory.add(hint)
        for stream in tuple(self._open.get(hint.org_id, ())):
            if hint.resource in stream.resources:
                stream.tell(hint)

    async def watch(self, stop: asyncio.Event) -> None:
        """End the streams whose token is no longer in force, and all of them at the end."""
        while not stop.is_set():
            now = datetime.now(UTC)
            for stream in self._all():
                if not self._tokens.in_force(stream.token, now):
                    stream.close()
            await pause(stop, LOOK_EVERY_SECONDS)
        self._stopped = True
        for stream in self._all():
            stream.close()

    def _all(self) -> list[Stream]:
        return [stream for of_org in self._open.values() for stream in of_org]


def readable(token: Token, org_id: str) -> frozenset[str]:
    """The resources that its holder may `.get` in the org."""
    return frozenset(name for name in RESOURCES if token.may(org_id, f"{name}.get"))
