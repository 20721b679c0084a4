"""The edge in this process, on the real services, and those who ask it over HTTP."""

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp

from services.edge.app import Edge, build
from services.edge.settings import EdgeSettings
from services.edge.tokens.changes import create
from services.edge.tokens.file import changing
from services.edge.tokens.token import TokenKind
from tests.support.waiting import until

READY_WITHIN_SECONDS = 20.0


@dataclass(frozen=True)
class Answered:
    """An answer of HTTP. `headers` are by name in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def data(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    @property
    def refusal(self) -> tuple[int, str, list[list[Any]]]:
        """Status, code and locations of a problem, which has the one shape of all."""
        assert self.headers["content-type"] == "application/problem+json", self
        problem = self.data
        assert problem["status"] == self.status
        assert problem["type"] == f"urn:handoff:problem:{problem['code']}"
        assert problem["title"]
        assert problem["detail"], "detail is never empty"
        for one in problem["detail"]:
            assert one["loc"][0] in ("path", "query", "header", "body")
            assert one["type"] and one["msg"]
        return self.status, problem["code"], [one["loc"] for one in problem["detail"]]


@dataclass(frozen=True)
class Caller:
    """Whoever holds a token, and asks about one org."""

    session: aiohttp.ClientSession
    url: str
    token: str
    org_id: str

    async def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        headers: Mapping[str, str] | None = None,
        data: Any = None,
    ) -> Answered:
        """A request to a path below the org's; `body` is sent as JSON, `data` as it is."""
        said = {"Authorization": f"Bearer {self.token}", **(headers or {})}
        if body is not None:
            data = json.dumps(body).encode()
        if data is not None:
            said.setdefault("Content-Type", "application/json")
        async with self.session.request(
            method, f"{self.url}/api/v1/{self.org_id}{path}", headers=said, data=data
        ) as answer:
            body = await answer.read()
        found = {name.lower(): value for name, value in answer.headers.items()}
        return Answered(answer.status, found, body)

    async def made(self, path: str, body: Any) -> dict[str, Any]:
        """What a POST created."""
        answered = await self.ask("POST", path, body)
        assert answered.status == 201, answered
        made: dict[str, Any] = answered.data
        return made

    async def partner(self, **fields: Any) -> dict[str, Any]:
        """A new partner: Ann Archer unless `fields` say otherwise."""
        given = {"first_name": "Ann", "last_name": "Archer", **fields}
        return await self.made("/referral-partners", given)

    async def source(self, **fields: Any) -> dict[str, Any]:
        """A new source."""
        given = {"name": "Walk-in", "category": "walk_in", **fields}
        return await self.made("/referral-sources", given)


@dataclass(frozen=True)
class RunningEdge:
    """A replica that is ready, and its file of tokens."""

    edge: Edge
    tokens_file: Path
    session: aiohttp.ClientSession
    stop: asyncio.Event

    @property
    def url(self) -> str:
        """Where the interface is."""
        return f"http://127.0.0.1:{self.edge.port}"

    @property
    def ops_url(self) -> str:
        """Where health and metrics are."""
        return f"http://127.0.0.1:{self.edge.ops_port}"

    def token(self, org_id: str, **changed: Any) -> str:
        """A new token that may do everything in the org; it is in force at once."""
        written = new_token(self.tokens_file, **{"orgs": [org_id], **changed})
        self.edge.tokens.look()
        return written

    def caller(self, org_id: str | None = None, **changed: Any) -> Caller:
        """A caller of a new org, or the one of that id, with a new token."""
        org_id = org_id or f"org_{secrets.token_hex(6)}"
        return Caller(self.session, self.url, self.token(org_id, **changed), org_id)

    async def get(self, url: str, **headers: str) -> Answered:
        """A page, without a token."""
        async with self.session.get(url, headers=headers) as answer:
            body = await answer.read()
        found = {name.lower(): value for name, value in answer.headers.items()}
        return Answered(answer.status, found, body)


def new_token(path: Path, **changed: Any) -> str:
    """A new token in the file, which may do everything everywhere unless `changed` says so."""
    given: dict[str, Any] = {
        "client": f"test-{secrets.token_hex(4)}",
        "orgs": ["*"],
        "operations": ["*"],
        "kind": TokenKind.API,
        "actor": None,
        "expires_at": datetime.now(UTC) + timedelta(days=1),
    }
    with changing(path) as tokens:
        return create(tokens, **{**given, **changed})


@asynccontextmanager
async def running_edge(
    rabbitmq_url: str, folder: Path, *, wait_until_ready: bool = True, **settings: Any
) -> AsyncIterator[RunningEdge]:
    """One replica in this event loop, from ready until stopped."""
    tokens_file = folder / "tokens.toml"
    with changing(tokens_file):
        pass
    given = {
        "rabbitmq_url": rabbitmq_url,
        "http_port": 0,
        "ops_port": 0,
        "tokens_file": tokens_file,
        "rate_per_minute": 600_000,
        "rate_burst": 10_000,
        "cookie_key": secrets.token_urlsafe(32),
    }
    edge = build(EdgeSettings(**{**given, **settings}))
    stop = asyncio.Event()
    running = asyncio.create_task(edge.run(stop))
    connector = aiohttp.TCPConnector(limit=0)
    try:
        async with aiohttp.ClientSession(connector=connector, auto_decompress=False) as session:
            if wait_until_ready:
                await until(lambda: edge.health.ready or running.done(), READY_WITHIN_SECONDS)
            assert not running.done(), "the edge ended at its start"
            yield RunningEdge(edge, tokens_file, session, stop)
    finally:
        stop.set()
        await running
