"""The deadline of an attempt: one for the whole of it, whatever the libraries' own cover."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.dispatch_service import Dispatch, dispatching, new_partner
from tests.integration.dispatch.portals import RawPortal
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


@pytest.mark.parametrize(
    ("answer", "status", "outcome", "code"),
    [
        (b"HTTP/1.1 201 Created\r\n", "delivered", "delivered", "http_201"),
        (
            b"HTTP/1.1 409 Conflict\r\nContent-Length: 99999\r\n\r\n{",
            "failed",
            "permanent_failure",
            "http_409",
        ),
    ],
    ids=["headers hang", "body hangs"],
)
async def test_a_status_line_that_came_whole_decides_at_the_deadline(
    dispatch: Dispatch, answer: bytes, status: str, outcome: str, code: str
) -> None:
    """What follows it hangs: the attempt ends with its status, and is not made again."""

    async def script(
        portal: RawPortal, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await portal.take_request(reader)
        writer.write(answer)
        await portal.until_left(reader)

    org = dispatch.org()
    async with RawPortal(script) as portal:
        ereferral = await org.dispatch(new_partner(ereferral_endpoint=portal.url))
        shown = await org.until(ereferral, status)
    assert [(attempt["outcome"], attempt["code"]) for attempt in shown["attempts"]] == [
        (outcome, code)
    ]
    assert len(portal.requests) == 1
