"""The referrals service on real servers: one replica, database and vhost for each test module; and
a real browser, one for the session.
"""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.support.browser.running import Pages, running_browser
from tests.support.services.referrals import Org, Referrals, referrals_with_client


@pytest_asyncio.fixture(scope="module")
async def referrals(postgres_database: str, rabbitmq_vhost: str) -> AsyncIterator[Referrals]:
    """A running replica with a client and a listener."""
    async with referrals_with_client(postgres_database, rabbitmq_vhost) as running:
        yield running


@pytest.fixture
def org(referrals: Referrals) -> Org:
    """An org of this test's own."""
    return referrals.org()


@pytest_asyncio.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Chromium, started for the first test that opens a page in it. Fails where there is none."""
    async with running_browser() as running:
        yield running


@pytest_asyncio.fixture
async def pages(browser: Browser) -> AsyncIterator[Pages]:
    """Opens pages, which are closed after the test."""
    opened = Pages(browser)
    yield opened
    await opened.close()
