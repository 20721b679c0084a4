"""The deadline of an attempt: one for the whole of it, whatever the libraries' own cover."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime

import pytest
import pytest_asyncio

from tests.support.partners.portal import DUPLICATE, Cut, Portal
from tests.support.partners.relay import HANG_AFTER_DATA, HANG_AT_RCPT
from tests.support.services.dispatch import Dispatch, dispatching, eventually, new_partner

ATTEMPT_SECONDS = 0.7


@pytest_asyncio.fixture(scope="module")
async def dispatch(postgres_database: str, rabbitmq_vhost: str) -> AsyncIterator[Dispatch]:
    async with dispatching(
        postgres_database, rabbitmq_vhost, attempt_timeout_seconds=ATTEMPT_SECONDS
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
        portal: Portal, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await portal.take_request(reader)
        writer.write(answer)
        await portal.until_left(reader)

    org = dispatch.org()
    async with Portal(script) as portal:
        ereferral = await org.dispatch(new_partner(ereferral_endpoint=portal.url))
        shown = await org.until(ereferral, status)
    assert [(attempt["outcome"], attempt["code"]) for attempt in shown["attempts"]] == [
        (outcome, code)
    ]
    assert len(portal.requests) == 1


async def test_a_mail_has_until_data_what_any_attempt_has(dispatch: Dispatch) -> None:
    """A relay that is silent before DATA: nothing left, and the attempt ends at its deadline."""
    org = dispatch.org()
    dispatch.mail.script("slow@partner.example", HANG_AT_RCPT, "250 ok")
    ereferral = await org.dispatch(new_partner(email="slow@partner.example"))
    shown = await org.until(ereferral, "sent")
    assert [(attempt["outcome"], attempt["code"]) for attempt in shown["attempts"]] == [
        ("transient_failure", "timed_out"),
        ("sent", "smtp_250"),
    ]
    first = shown["attempts"][0]
    begun, ended = (datetime.fromisoformat(first[at]) for at in ("started_at", "finished_at"))
    assert (ended - begun).total_seconds() < 10, "a relay's every reply is waited for 20 s"


async def test_the_reply_to_a_mail_is_waited_for_beyond_that(dispatch: Dispatch) -> None:
    """After DATA it may take a minute more: giving up would leave an outcome that nobody knows."""
    org = dispatch.org()
    dispatch.mail.script("thinks@partner.example", HANG_AFTER_DATA)
    ereferral = await org.dispatch(new_partner(email="thinks@partner.example"))
    await eventually(lambda: dispatch.mail.to("thinks@partner.example"))
    await asyncio.sleep(3 * ATTEMPT_SECONDS)
    dispatch.mail.let_go("thinks@partner.example")
    shown = await org.until(ereferral, "sent")
    assert [attempt["code"] for attempt in shown["attempts"]] == ["smtp_250"]
