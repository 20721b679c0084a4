"""A connection that is lost while somebody waits on it: always an error that says so."""

import asyncio
from typing import Any
from unittest.mock import AsyncMock, Mock

import pytest
from aiormq.abc import AbstractConnection

from messaging.wire import connection as wire
from messaging.wire.connection import BROKER_ERRORS, connection

URL = "amqp://user@nowhere/"


async def given_up(*_: Any, **__: Any) -> None:
    """As aiormq ends what waits on a connection that it loses: nobody cancelled the task."""
    raise asyncio.CancelledError


async def test_a_block_on_a_connection_that_is_given_up_ends_in_an_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whatever it waited for; that closing is given up too hides nothing."""
    opened = Mock(spec=AbstractConnection, close=AsyncMock(side_effect=given_up))
    monkeypatch.setattr(wire, "connect", AsyncMock(return_value=opened))
    with pytest.raises(BROKER_ERRORS, match="the broker is lost"):
        async with connection(URL, "test"):
            await given_up()
    opened.close.assert_awaited_once()
    async with connection(URL, "test") as again:
        assert again is opened
