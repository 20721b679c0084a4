"""The deadline of an attempt: one for the whole of it, whatever the libraries' own cover."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import pytest
import pytest_asyncio

from tests.support.partners.portal import DUPLICATE, Cut, Portal
from tests.support.partners.relay import HANG_AFTER_DATA, HANG_AT_RCPT
from tests.support.services.dispatch import Dispatch, dispatching, eventually, new_partner

ATTEMPT_SECONDS = 0.7
REPLY_SECONDS = 2.5
END_OF_DATA_SECONDS = 5.0


@pytest_asyncio.fixture(scope="module")
async def dispatch(postgres_database: str, rabbitmq_vhost: str) -> AsyncIterator[Dispatch]:
    async with dispatching(
        postgres_database,
        rabbitmq_vhost,
        attempt_timeout_seconds=ATTEMPT_SECONDS,
        smtp_reply_seconds=REPLY_SECONDS,
        smtp_end_of_data_seconds=END_OF_DATA_SECONDS,
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


def seconds_of(attempt: dict[str, Any]) -> float:
    """How long an attempt took."""
    begun, ended = (datetime.fromisoformat(attempt[at]) for at in ("started_at", "finished_at"))
    return (ended - begun).total_seconds()


async def test_a_relays_reply_is_waited_for_and_not_for_ever(dispatch: Dispatch) -> None:
    """Before DATA each reply has its own time (RFC 5321, section 4.5.3.2), whatever an attempt of
    a portal has; when it is over nothing has left, and the attempt ends."""
    org = dispatch.org()
    dispatch.mail.script("slow@partner.example", HANG_AT_RCPT, "250 ok")
    ereferral = await org.dispatch(new_partner(email="slow@partner.example"))
    shown = await org.until(ereferral, "sent")
    assert [(attempt["outcome"], attempt["code"]) for attempt in shown["attempts"]] == [
        ("transient_failure", "timed_out"),
        ("sent", "smtp_250"),
    ]
    assert REPLY_SECONDS <= seconds_of(shown["attempts"][0]) < REPLY_SECONDS + 2


async def test_a_reply_before_data_that_comes_late_is_in_time(dispatch: Dispatch) -> None:
    """The attempt's own deadline, which is a portal's, does not cut it off."""
    org = dispatch.org()
    dispatch.mail.script("late@partner.example", HANG_AT_RCPT)
    ereferral = await org.dispatch(new_partner(email="late@partner.example"))
    await eventually(lambda: "late@partner.example" in dispatch.mail.asked)
    await asyncio.sleep(2 * ATTEMPT_SECONDS)
    dispatch.mail.let_go("late@partner.example")
    shown = await org.until(ereferral, "sent")
    assert [attempt["code"] for attempt in shown["attempts"]] == ["smtp_250"]


async def test_the_reply_to_a_mails_end_is_waited_for_longest(dispatch: Dispatch) -> None:
    """Giving up would leave an outcome that nobody knows, of a mail that the relay may have."""
    org = dispatch.org()
    dispatch.mail.script("thinks@partner.example", HANG_AFTER_DATA)
    ereferral = await org.dispatch(new_partner(email="thinks@partner.example"))
    await eventually(lambda: dispatch.mail.to("thinks@partner.example"))
    await asyncio.sleep(REPLY_SECONDS + ATTEMPT_SECONDS)
    dispatch.mail.let_go("thinks@partner.example")
    shown = await org.until(ereferral, "sent")
    assert [attempt["code"] for attempt in shown["attempts"]] == ["smtp_250"]


async def test_without_a_reply_to_a_mails_end_its_outcome_is_unknown(dispatch: Dispatch) -> None:
    """After the setting's time, and a person resolves it."""
    org = dispatch.org()
    dispatch.mail.script("never@partner.example", HANG_AFTER_DATA)
    ereferral = await org.dispatch(new_partner(email="never@partner.example"))
    shown = await org.until(ereferral, "outcome_unknown")
    (attempt,) = shown["attempts"]
    assert attempt["code"] == "no_answer"
    assert END_OF_DATA_SECONDS <= seconds_of(attempt) < END_OF_DATA_SECONDS + 2
