"""Mails that wait for minutes keep no other channel from its partners."""

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.support.partners.portal import Cut
from tests.support.partners.relay import HANG_AT_RCPT
from tests.support.services.dispatch import Dispatch, dispatching, eventually, new_partner


@pytest_asyncio.fixture(scope="module")
async def dispatch(postgres_database: str, rabbitmq_vhost: str) -> AsyncIterator[Dispatch]:
    """A replica that makes four attempts at a time."""
    async with dispatching(postgres_database, rabbitmq_vhost, concurrency=4) as running:
        yield running


async def test_mails_that_hang_leave_half_of_a_worker_to_the_others(dispatch: Dispatch) -> None:
    """However many mails hang, portals are reached and calls are asked for; and what waited behind
    them is sent once there is room."""
    org, mail = dispatch.org(), dispatch.mail
    addresses = [f"desk{number}@slow.example" for number in range(5)]
    mails = []
    for address in addresses:
        mail.script(address, HANG_AT_RCPT)
        mails.append(await org.dispatch(new_partner(email=address)))
    await eventually(lambda: len(mail.asked) == 2)
    posted = [await org.dispatch(dispatch.at_portal(f"quick{number}")) for number in range(8)]
    for ereferral in posted:
        await org.until(ereferral, "delivered")
    await org.awaiting_call()
    assert len(mail.asked) == 2
    for address in addresses:
        mail.let_go(address)
    for ereferral in mails:
        await org.until(ereferral, "sent")


async def test_portals_that_hang_let_a_mail_through_in_its_turn(dispatch: Dispatch) -> None:
    """Where everything is taken, what is let go is given to both in turn."""
    org = dispatch.org()
    partners = [dispatch.at_portal(f"hangs{number}", Cut.HANG, 201) for number in range(12)]
    posted = [await org.dispatch(partner) for partner in partners]
    await eventually(lambda: sum(dispatch.portal.running.values()) == 4)
    ereferral = await org.dispatch(new_partner(email="patient@quick.example"))
    for _ in range(3):
        running = [path for path, count in dispatch.portal.running.items() if count]
        dispatch.portal.let_go(running[0])
    shown = await org.until(ereferral, "sent")
    assert len(shown["attempts"]) == 1
    for number in range(12):
        dispatch.portal.let_go(f"hangs{number}")
    for one in posted:
        await org.until(one, "delivered")
