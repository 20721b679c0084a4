"""`handoff events`, with one replica of referrals running."""

import asyncio
import contextlib
from uuid import uuid4

import pytest

from messaging.replies.client import open_client
from ops.tail import tail
from tests.support.broker.raw_messages import open_wire
from tests.support.services.process import RunningService


async def test_events_are_shown_as_they_happen(
    replica: RunningService, rabbitmq_vhost: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of the org and types that were asked for, and no other; what is no event ends nothing."""
    tailing = asyncio.create_task(tail("provider.*", "org_told", as_json=False))
    while "Listening" not in capsys.readouterr().err:
        assert not tailing.done()
        await asyncio.sleep(0.02)
    provider = str(uuid4())
    at = "2026-01-05T08:00:00Z"
    async with open_wire(rabbitmq_vhost) as wire:
        for odd in (b"{", b"[]", b"{}", b'{"orgid": "org_told", "time": 7}'):
            await wire.publish(odd, "provider.odd", exchange="referrals.events")
    async with open_client(rabbitmq_vhost) as client:
        for org in ("org_other", "org_told"):
            for kind, uuid in (("patient", str(uuid4())), ("provider", provider)):
                body = {"org_id": org, f"{kind}_uuid": uuid, "name": "Sample", "observed_at": at}
                assert (await client.call("referrals.commands", f"{kind}.put", body)).status == 200
    shown = said = ""
    while not shown:
        written = capsys.readouterr()
        shown, said = written.out, said + written.err
        await asyncio.sleep(0.02)
    tailing.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await tailing
    assert shown.splitlines()[1:] == []
    assert said.splitlines() == ["no event, but published as one: 'provider.odd'"] * 4
    assert shown.split()[1:5] == ["provider.put", "org_told", provider, "v1"]
