"""Requests over a wire that fails as it is told: what is sent again, and what a caller is told."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest

from client import NoReply, NotPermitted, NotTaken, ReferralsClient
from client.wire import Lost, Undelivered
from contracts.contact import GET_CONTACT, ContactGet
from contracts.referral import UPDATE_REFERRAL, ReferralUpdate
from contracts.referral_partner import UPDATE_REFERRAL_PARTNER, ReferralPartnerUpdate

GONE = orjson.dumps(
    {
        "status": 404,
        "problem": {"code": "contact_not_found", "title": "", "detail": "-", "errors": []},
    }
)
REQUEST = ContactGet(org_id="demo", contact_uuid=uuid4())
AWAY = Undelivered("no broker", may_pass=True)


class Scripted:
    """A wire that raises what it was given, one for each request, and replies then."""

    def __init__(self, *faults: Exception) -> None:
        self.faults = list(faults)
        self.sent: list[tuple[UUID, bytes, Mapping[str, Any]]] = []

    async def ask(
        self,
        exchange: str,
        operation: str,
        body: bytes,
        *,
        message_id: UUID,
        headers: Mapping[str, Any],
    ) -> bytes:
        """One request."""
        self.sent.append((message_id, body, headers))
        if self.faults:
            raise self.faults.pop(0)
        return GONE

    async def close(self) -> None:
        """Nothing to end."""


async def ask(wire: Scripted, deadline_seconds: float = 5.0, **given: Any) -> Exception:
    """What a caller is told."""
    client = ReferralsClient(wire, deadline_seconds=deadline_seconds, actor="ann")
    with pytest.raises(Exception) as raised:
        await client.call(GET_CONTACT, REQUEST, **given)
    return raised.value


async def test_what_was_lost_is_sent_again_under_its_message_id() -> None:
    """The same bytes and headers, until a reply comes."""
    wire, message_id = Scripted(Lost(), AWAY, Lost()), uuid4()
    told = await ask(wire, message_id=message_id, traceparent="00-a-b-01")
    assert getattr(told, "code", None) == "contact_not_found"
    assert len(wire.sent) == 4
    assert {one[0] for one in wire.sent} == {message_id}
    assert len({one[1] for one in wire.sent}) == 1
    assert wire.sent[3][2] == {"actor": "ann", "traceparent": "00-a-b-01"}


async def test_past_the_deadline_it_may_be_done_where_anything_was_sent() -> None:
    """The message id comes with it, to ask again."""
    message_id = uuid4()
    wire = Scripted(Lost(), *[AWAY] * 99)
    told = await ask(wire, 0.3, message_id=message_id)
    assert isinstance(told, NoReply)
    assert (told.operation, told.message_id) == ("contact.get", message_id)


async def test_past_the_deadline_nothing_is_done_where_the_broker_was_away_throughout() -> None:
    """It may be asked again under any message id."""
    told = await ask(Scripted(*[AWAY] * 99), 0.3)
    assert isinstance(told, NotTaken)
    assert str(told) == "contact.get: no broker"


@pytest.mark.parametrize(
    ("fault", "told"),
    [(Undelivered("no exchange"), NotTaken), (Undelivered("no right", refused=True), NotPermitted)],
)
async def test_what_cannot_pass_is_told_at_once(fault: Exception, told: type[Exception]) -> None:
    """It is asked once: nothing changes by waiting."""
    wire = Scripted(fault)
    assert type(await ask(wire)) is told
    assert len(wire.sent) == 1


async def test_an_update_says_what_was_given_and_no_more() -> None:
    """Null clears; what is left out stays."""
    wire, id_ = Scripted(), UUID("01930000-0000-7000-8000-00000000b001")
    request = ReferralPartnerUpdate(
        org_id="demo", referral_partner_uuid=id_, base_version=1, notes=None
    )
    with pytest.raises(Exception, match="contact_not_found"):
        await ReferralsClient(wire).call(UPDATE_REFERRAL_PARTNER, request)
    assert orjson.loads(wire.sent[0][1]) == {
        "org_id": "demo",
        "referral_partner_uuid": str(id_),
        "base_version": 1,
        "notes": None,
    }


async def test_a_time_keeps_the_offset_in_which_it_was_named() -> None:
    """Its day there is the one in the letter (docs/contract/wire.md#directory)."""
    wire = Scripted()
    request = ReferralUpdate(
        org_id="demo",
        referral_uuid=uuid4(),
        base_version=1,
        respond_by=datetime.fromisoformat("2026-01-05T23:30:00-06:00"),
    )
    with pytest.raises(Exception, match="contact_not_found"):
        await ReferralsClient(wire).call(UPDATE_REFERRAL, request)
    assert orjson.loads(wire.sent[0][1])["respond_by"] == "2026-01-05T23:30:00-06:00"
