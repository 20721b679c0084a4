"""Whoever reads e-referrals by cursor misses nothing, whatever becomes of them meanwhile."""

from typing import Any
from uuid import UUID

import pytest

from messaging.replies.client import open_client
from tests.support.services.dispatch import PHONE, Dispatch, Org, new_partner
from tests.support.services.reading_all import (
    Writes,
    for_every_way,
    read_all,
    read_while_written,
)

EXAMPLES = 8
FIRST = UUID(int=2**127)
CALLED = new_partner(phone=PHONE, preferred_contact_method="phone")


class Calls:
    """A partner's e-referrals that wait for their call, or all of them."""

    def __init__(self, org: Org, *, is_filtered: bool) -> None:
        self.org = org
        self.filters: dict[str, Any] = {}
        if is_filtered:
            partner = str(CALLED["id"])
            self.filters = {"status": "awaiting_call", "referral_partner_uuid": partner}

    async def create(self, id_: UUID) -> None:
        await self.org.dispatch(CALLED, dispatch_uuid=str(id_))
        await self.org.reaches(str(id_), "awaiting_call")

    async def change(self, id_: UUID, n: int) -> None:
        """Nobody was reached: it waits for its next call, in its next version."""
        told = await self.org.act("ereferral.complete_call", str(id_), outcome="no_answer")
        assert told.status == 200, told
        assert told.data["status"] == "awaiting_call"

    async def end(self, id_: UUID, n: int) -> None:
        assert (await self.org.cancel(str(id_))).status in (200, 202)


@pytest.mark.parametrize("is_filtered", [True, False], ids=["those waiting", "all"])
async def test_an_ereferral_that_is_there_throughout_is_read_exactly_once(
    dispatch: Dispatch, is_filtered: bool
) -> None:
    """While another client dispatches and cancels, and nobody answers the telephone."""
    async with open_client(dispatch.settings.rabbitmq_url) as another:

        async def check(page_size: int, there: list[UUID], meanwhile: list[Writes]) -> None:
            org = Org(another, dispatch.database)
            reading = Org(dispatch.client, dispatch.database)
            reading.id = org.id
            writer = Calls(org, is_filtered=is_filtered)
            await read_while_written(
                reading.ask,
                "ereferral.list",
                writer.filters,
                writer,
                page_size=page_size,
                # An org without any e-referral to a partner does not know it.
                there=[FIRST, *(id_ for id_ in there if id_ != FIRST)],
                meanwhile=meanwhile,
            )

        await for_every_way(check, EXAMPLES)


async def test_a_cursor_reads_by_id_whatever_order_the_pages_have(
    dispatch: Dispatch, org: Org
) -> None:
    """What needs a person too, whose pages come oldest first."""
    ids = [str(UUID(int=n)) for n in (5, 1, 3)]
    for id_ in ids:
        await org.dispatch(CALLED, dispatch_uuid=id_)
        await org.reaches(id_, "awaiting_call")
    await dispatch.execute("UPDATE ereferral SET call_due_at = now() WHERE org_id = $1", org.id)
    for filters in ({}, {"needs_person": True}, {"referral_partner_uuid": str(CALLED["id"])}):
        assert await read_all(org.ask, "ereferral.list", 2, **filters) == sorted(ids)
    pages = await org.ask("ereferral.list", needs_person=True)
    assert [item["id"] for item in pages.data["items"]] == ids
