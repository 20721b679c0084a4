"""Asking the services: calls of the routes and of the pages take this one way to the broker."""

from collections.abc import Iterable

from messaging.replies.standing_client import NoReply, NothingTaken, Replied, StandingClient
from services.edge import metrics
from services.edge.calls import answering
from services.edge.calls.reading import Call
from services.edge.routes import Route
from services.edge.settings import EdgeSettings


class Asking:
    """Sends calls and awaits their replies. Counts those under way in this replica."""

    def __init__(self, settings: EdgeSettings, client: StandingClient) -> None:
        self._settings = settings
        self._client = client
        self._in_flight = 0

    async def ask(self, call: Call) -> Replied:
        """The reply. Raises HttpProblem 503 where nothing was taken, 504 where none came."""
        if self._in_flight >= self._settings.max_in_flight:
            raise answering.overloaded()
        self._in_flight += 1
        metrics.IN_FLIGHT.set(self._in_flight)
        try:
            return await self._client.ask(
                call.route.operation.exchange,
                call.route.name,
                call.body,
                message_id=call.message_id,
                headers=call.message_headers,
                timeout_seconds=self._settings.reply_timeout_seconds,
            )
        except NothingTaken:
            raise answering.nothing_taken() from None
        except NoReply:
            raise answering.no_reply(call) from None
        finally:
            self._in_flight -= 1
            metrics.IN_FLIGHT.set(self._in_flight)

    def can_be_asked(self, route: Route) -> bool:
        """Whether the route's service is run here, as far as is known."""
        return self._client.is_run(route.operation.exchange)

    async def depths(self, queues: Iterable[str]) -> dict[str, int]:
        """How many messages these queues have. Raises HttpProblem 503."""
        try:
            return await self._client.depths(queues, self._settings.reply_timeout_seconds)
        except NothingTaken:
            raise answering.nothing_taken() from None
