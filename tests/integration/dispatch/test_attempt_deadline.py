"""The deadline of an attempt: one for the whole of it, whatever the libraries' own cover."""

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.dispatch_service import Dispatch, dispatching
from tests.partner_stubs import DUPLICATE, Cut


@pytest_asyncio.fixture(scope="module")
async def dispatch(postgres_database: str, rabbitmq_vhost: str) -> AsyncIterator[Dispatch]:
    async with dispatching(
        postgres_database, rabbitmq_vhost, attempt_timeout_seconds=0.7
    ) as running:
        yield running


async def test_an_attempt_that_hangs_is_ended_and_its_outcome_unknown(dispatch: Dispatch) -> None:
    """The partner has it and says nothing: the attempt ends, and is made again under its id."""
    org = dispatch.org()
    ereferral = await org.dispatch(dispatch.at_portal("silent", Cut.HANG, DUPLICATE))
    shown = await org.until(ereferral, "delivered")
    assert [(attempt["outcome"], attempt["code"]) for attempt in shown["attempts"]] == [
        ("outcome_unknown", "timed_out"),
        ("delivered", "http_409"),
    ]
    assert dispatch.portal.ids("silent") == [ereferral] * 2
