"""Partly received e-referrals: repeats say so, and a cancel tells the partner."""

from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import pytest
import pytest_asyncio
from pydantic import SecretStr

from services.ereferral_dispatch import app
from services.ereferral_dispatch.senders.fax import SinchFaxSender
from services.ereferral_dispatch.settings import FaxProvider
from tests.support.partners.portal import Answer
from tests.support.partners.sinch import KEY_ID, KEY_SECRET, PROJECT, SinchStub, failure, fax
from tests.support.samples.letters import words_of
from tests.support.services.dispatch import PHONE, Dispatch, Org, dispatching, new_partner

FAX_NUMBER = "+12025550112"
ONE_PAGE = {"numberOfPages": 2, "pagesSentSuccessfully": 1}
BROKEN_OFF = {**failure("CALL_ERROR", 13), **ONE_PAGE}
BUSY = {**failure("CALL_ERROR", 17), "numberOfPages": 2, "pagesSentSuccessfully": 0}


@pytest_asyncio.fixture
async def provider() -> AsyncIterator[SinchStub]:
    """A fax provider that shows what a test tells it to."""
    stub = SinchStub(BUSY)
    async with stub.server:
        yield stub


@pytest_asyncio.fixture
async def faxing(
    new_postgres_database: Any,
    new_rabbitmq_vhost: Any,
    provider: SinchStub,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Dispatch]:
    """A replica that faxes through the provider."""
    monkeypatch.setattr(app, "SinchFaxSender", partial(SinchFaxSender, poll_seconds=0.02))
    async with dispatching(
        new_postgres_database(),
        new_rabbitmq_vhost(),
        fax_provider=FaxProvider.SINCH,
        sinch_url=provider.url,
        sinch_project_id=PROJECT,
        sinch_key_id=KEY_ID,
        sinch_key_secret=SecretStr(KEY_SECRET),
    ) as running:
        yield running


async def test_a_fax_of_which_a_page_was_received_is_repeated_as_one(
    faxing: Dispatch, provider: SinchStub
) -> None:
    """The first fax says nothing of a repeat; each retry and the call do: where a repeat cannot be
    ruled out, the repeat says that it may be one (docs/contract/dispatch.md#promise)."""
    provider.show(fax("IN_PROGRESS"), BROKEN_OFF)
    org = faxing.org()
    ereferral = await org.dispatch(new_partner(fax=FAX_NUMBER, phone=PHONE))
    shown = await org.until(ereferral, "awaiting_call")
    assert shown["possible_repeat"] is True
    assert [(a["channel"], a["code"]) for a in shown["attempts"]] == [
        *[("fax", "fax_failed")] * 3,
        ("phone", None),
    ]
    first, *retries = (provider.letter(number) for number in range(3))
    assert "may already have received this" not in first
    assert all("may already have received this" in retry for retry in retries)
    events = await faxing.heard.about(ereferral)
    assert [(e.type, e.data["possible_repeat"]) for e in events[:4]] == [
        ("queued", False),
        ("attempt_failed", False),
        ("retry_scheduled", True),
        ("attempt_failed", True),
    ]
    assert "ASK FIRST" in events[-1].data["call"]["script"]


async def test_a_cancel_tells_who_may_have_a_page(faxing: Dispatch, provider: SinchStub) -> None:
    """A cancellation letter goes to the number that took a page, before its retry is due."""
    provider.show(BROKEN_OFF)
    org = faxing.org()
    ereferral = await org.dispatch(new_partner(fax=FAX_NUMBER, phone=PHONE))
    await org.until(ereferral, "awaiting_call")
    provider.show(fax("COMPLETED"))
    assert (await org.cancel(ereferral)).status == 202
    await org.until(ereferral, "cancelled")
    assert provider.asked[-1]["labels"] == {"ereferral": f"{ereferral}.cancel"}


async def test_a_fax_that_nobody_has_is_no_repeat(faxing: Dispatch, provider: SinchStub) -> None:
    """Busy, no page received: the same bytes again, nothing declared, a cancel tells nobody."""
    provider.show(BUSY)
    org = faxing.org()
    ereferral = await org.dispatch(new_partner(fax=FAX_NUMBER, phone=PHONE))
    shown = await org.until(ereferral, "awaiting_call")
    assert shown["possible_repeat"] is False
    assert len({file["files"][0]["file"] for file in provider.asked}) == 1
    answered = await org.cancel(ereferral)
    assert (answered.status, answered.data["status"]) == (200, "cancelled")


CONFLICTS: list[tuple[str, Answer, bool]] = [
    ("text", Answer(409, {"Content-Type": "text/plain"}, b"already exists"), True),
    ("empty", Answer(409), True),
    (
        "conflict",
        Answer(409, {}, b'{"resourceType": "OperationOutcome", "issue": [{"code": "conflict"}]}'),
        False,
    ),
]


@pytest.mark.parametrize(("path", "answer", "maybe"), CONFLICTS)
async def test_a_409_that_cannot_be_read_declares_the_fallback(
    dispatch: Dispatch, org: Org, path: str, answer: Answer, maybe: bool
) -> None:
    """It may be a duplicate that says so in its own way; one that says `conflict` is none."""
    address = f"{path}@partner.example"
    ereferral = await org.dispatch(dispatch.at_portal(path, answer, 200, email=address))
    shown = await org.until(ereferral, "sent")
    assert shown["attempts"][0]["code"] == "http_409"
    assert shown["possible_repeat"] is maybe
    (mail,) = dispatch.mail.to(address)
    assert ("may be a repeat" in mail.text.lower()) is maybe
    assert ("may be a repeat" in words_of(mail.letter).lower()) is maybe
    await org.cancel(ereferral)
    await org.until(ereferral, "cancelled")
    told = [f"{ereferral}.cancel"] if maybe else []
    assert dispatch.portal.ids(path) == [ereferral, *told]
