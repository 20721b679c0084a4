"""The demo's HTTP client, against an edge that says at first that nothing was taken."""

import shutil

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from ops.demo.http_client import ask


@pytest.mark.parametrize("by", ["curl", "aiohttp"])
async def test_it_asks_again_where_nothing_was_taken(
    by: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By either program: 503 with a Retry-After and a body, then 202."""
    if by == "aiohttp":
        monkeypatch.setattr(shutil, "which", lambda _: None)
    statuses = [503, 202]
    keys = []

    async def answer(request: web.Request) -> web.Response:
        keys.append(request.headers["Idempotency-Key"])
        return web.json_response({}, status=statuses.pop(0), headers={"Retry-After": "1"})

    app = web.Application()
    app.router.add_post("/", answer)
    async with TestServer(app) as server:
        told = await ask("POST", str(server.make_url("/")), "token", key="one")
    assert told == (202, by)
    assert keys == ["one", "one"]
