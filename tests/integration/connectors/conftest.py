"""Connectors beside referrals on real servers, for each test module."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.support.connectors.running import Connectors, connectors_beside
from tests.support.services.referrals import Referrals


@pytest_asyncio.fixture(scope="module")
async def connectors(referrals: Referrals, another_database: str) -> AsyncIterator[Connectors]:
    """A running replica of connectors."""
    async with connectors_beside(referrals, another_database) as running:
        yield running


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the references of a connection's secrets lead, for the service in this process and the
    command."""
    monkeypatch.setenv("OD_DEVELOPER", "developer")
    monkeypatch.setenv("OD_CUSTOMER", "customer")
