"""A visit: one request of a person to a page, and how the page asks the services for it.

A page asks by the same table of routes, the same grants and the same message ids as the HTTP
interface: no rule stands here a second time.
"""

import asyncio
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import orjson

from messaging.wire.topology import ConsumedQueue
from services.edge.asking import Asking
from services.edge.calls.answering import refused
from services.edge.calls.reading import call_of_page
from services.edge.desk.forms import Form
from services.edge.http.answering import forbidden
from services.edge.http.record import Record
from services.edge.problems import Detail, HttpProblem
from services.edge.routes import EXCHANGES, FIELD_ROUTES, OF_PAGES_ALONE, ORG_FIELD, Route
from services.edge.tokens.token import Token
from services.edge.watching import Watching

_ROUTES: Mapping[str, Route] = {
    **{name: Route("GET", "/desk", name) for name in OF_PAGES_ALONE},
    **{route.name: route for route in FIELD_ROUTES},
}
_EREFERRAL_EVENTS = "referrals.ereferral_events"
"""The one queue that is not called like what is published to it."""
_DEAD_LETTERS = sorted(
    ConsumedQueue(name, "").dead_letters for name in (*EXCHANGES, _EREFERRAL_EVENTS)
)


MAY_HAVE_BEEN_DONE = (503, 504)
"""Of a form that was refused so the key stays the same: it is then done once."""


def can_be_asked(operation: str) -> bool:
    """Whether there is a route for it: a page asks for nothing that a program could not."""
    return operation in _ROUTES


@dataclass(frozen=True, slots=True)
class RefusedForm:
    """A form that was not done, as it has to be shown again.

    `form_id`: which of the page's forms. `key`: the form's own one where it may have been done, to
    be sent with it again; else another.
    """

    operation: str
    form_id: str
    form: Form
    problem: HttpProblem
    key: str

    def details(self, name: str) -> list[Detail]:
        """What is wrong with a field."""
        return [one for one in self.problem.detail if name in one.loc[1:2]]

    @property
    def elsewhere(self) -> list[Detail]:
        """What is wrong with no field that the form has."""
        names = set(self.form.names)
        return [one for one in self.problem.detail if not names & set(map(str, one.loc[1:2]))]


@dataclass
class Visit:
    """One request. `path` are the values of the page's path, `query` those of its query.

    `here`: the page with its query. `refreshes`: the page reads itself again, and stays at what is
    open. `form`: what a page was sent that shows something of it and does nothing. `reply`: what
    was just done replied, where the page shows it.
    """

    token: Token
    org_id: str
    asking: Asking
    record: Record
    watching: Watching
    csrf: str
    path: Mapping[str, str]
    query: Mapping[str, str]
    here: str
    refreshes: bool = False
    refused: RefusedForm | None = None
    form: Form | None = None
    reply: Any = None
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    _practice: "asyncio.Task[dict[str, Any] | None] | None" = None

    @property
    def person(self) -> str:
        """Who it is: the actor of whatever they do."""
        return self.token.actor or self.token.client

    @property
    def home(self) -> str:
        """The path of the org's first page; all others are below it."""
        return f"/desk/{self.org_id}"

    def may(self, *operations: str) -> bool:
        """Whether the person may do all of these in this org."""
        return all(self.token.may(self.org_id, operation) for operation in operations)

    def reaches(self, *operations: str) -> bool:
        """Whether the services that do all of these are run here; what no service does counts as
        done here."""
        routes = [_ROUTES[operation] for operation in operations if operation in _ROUTES]
        return all(map(self.asking.can_be_asked, routes))

    async def read(self, operation: str, **fields: Any) -> Any:
        """A query's data. None is left out. Raises HttpProblem."""
        return await self._ask(operation, fields, None)

    async def read_if_allowed(self, operation: str, **fields: Any) -> Any:
        """A query's data; None where the person may not ask it, or it is not there."""
        if not self.may(operation):
            return None
        try:
            return await self.read(operation, **fields)
        except HttpProblem as problem:
            if problem.status == 404:
                return None
            raise

    async def send(self, operation: str, fields: Mapping[str, Any], key: str) -> Any:
        """A command's data, done once for its key. Raises HttpProblem."""
        return await self._ask(operation, fields, key)

    async def count(self, operation: str, **fields: Any) -> int:
        """How many a list has."""
        found = await self.read(operation, page_size=1, **fields)
        return int(found["total"])

    async def oldest_first(
        self, operation: str, page: int, page_size: int, oldest: int | None = None, **filters: Any
    ) -> dict[str, Any]:
        """A page of a list whose order is newest first, turned round.

        `oldest`: how many of its end alone are meant.
        """
        everything = await self.count(operation, **filters)
        total = everything if oldest is None else min(oldest, everything)
        end = everything - (page - 1) * page_size
        start = max(everything - total, end - page_size, 0)
        items: list[Any] = []
        if end > start:
            first, last = start // page_size, (end - 1) // page_size
            asked = (
                self.read(operation, page=number + 1, page_size=page_size, **filters)
                for number in range(first, last + 1)
            )
            listed = [one for found in await asyncio.gather(*asked) for one in found["items"]]
            items = listed[start - first * page_size : end - first * page_size][::-1]
        return {"items": items, "page": page, "page_size": page_size, "total": total}

    async def practice(self) -> dict[str, Any] | None:
        """The practice; None where there is none yet, or the person may not see it. Asked once."""
        if self._practice is None:
            self._practice = asyncio.create_task(self.read_if_allowed("practice.get"))
        return await self._practice

    @property
    def practice_name(self) -> str | None:
        """The practice's name, once the practice was asked for."""
        asked = self._practice
        known = asked is not None and asked.done() and asked.exception() is None
        practice = asked.result() if asked is not None and known else None
        return None if practice is None else str(practice["name"])

    async def zone(self) -> ZoneInfo:
        """The practice's time zone, UTC where it has none."""
        practice = await self.practice()
        try:
            return ZoneInfo((practice or {}).get("time_zone") or "UTC")
        except (ZoneInfoNotFoundError, ValueError):
            return ZoneInfo("UTC")

    async def dead_letters(self) -> int | None:
        """How many messages the services have parked, of all orgs; None where nobody says it."""
        try:
            return sum((await self.asking.depths(_DEAD_LETTERS)).values())
        except HttpProblem:
            return None

    def new_key(self) -> str:
        """The idempotency key of one form."""
        return secrets.token_urlsafe(16)

    def refused_form(self, form_id: str) -> RefusedForm | None:
        """What became of this form, where it was refused."""
        known = self.refused is not None and self.refused.form_id == form_id
        return self.refused if known else None

    async def _ask(self, operation: str, fields: Mapping[str, Any], key: str | None) -> Any:
        route = _ROUTES[operation]
        if not self.may(OF_PAGES_ALONE.get(operation, operation)):
            raise forbidden(route)
        said = {name: value for name, value in fields.items() if key or value is not None}
        call = call_of_page(
            route,
            {**said, ORG_FIELD: self.org_id},
            key,
            self.record.headers,
            client=self.token.client,
            person=self.token.actor,
        )
        if call.message_id is not None:
            self.record.message_id = call.message_id
        replied = await self.asking.ask(call)
        if replied.status >= 400:
            raise refused(call, replied)
        return orjson.loads(replied.data)
