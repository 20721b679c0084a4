"""A fault of our own: the guilty message is answered 500 and parked, the innocent ones succeed."""

import asyncio
import json
import re
from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy.ext.asyncio import AsyncSession
from structlog.testing import capture_logs

from contracts.directory import PracticeGet, PracticePut
from contracts.replies import ReplyStatus
from contracts.shapes import Shape
from messaging.handlers.handler import Handler
from messaging.handlers.reader import Reader
from messaging.handlers.workspace import Done, Need, Workspace
from services.referrals.handlers import COMMAND_HANDLERS
from services.referrals.handlers.partner import create as create_partner
from services.referrals.models.directory import Practice
from services.referrals.queries import READERS
from tests.support.broker.raw_messages import open_wire
from tests.support.refusals import problem
from tests.support.services.referrals import Org, Referrals

CANARY = "Kanarienvogel"
UUID7 = r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"


def new_row(workspace: Workspace, name: str, **changes: Any) -> Practice:
    fields: dict[str, Any] = {
        "org_id": workspace.org_id,
        "id": workspace.new_id(),
        "name": name,
        "country": "US",
        "observed_at": workspace.now,
        "version": 1,
        "created_at": workspace.now,
        "updated_at": workspace.now,
        **changes,
    }
    return Practice(**fields)


def raises(command: PracticePut, workspace: Workspace) -> Done[Any]:
    """Changes, publishes, and then falls over with the message's own words."""
    row = new_row(workspace, command.name)
    workspace.add(Practice, row=row)
    raise ValueError(f"cannot handle {command.name}")


def breaks_a_constraint(command: PracticePut, workspace: Workspace) -> Done[Any]:
    """Leaves out what no column allows."""
    row = new_row(workspace, command.name, updated_at=None)
    workspace.add(Practice, row=row)
    return Done(ReplyStatus.OK, None, row.id)


def breaks_a_type(command: PracticePut, workspace: Workspace) -> Done[Any]:
    """Writes a number that its column does not hold."""
    row = new_row(workspace, command.name, version=2**40)
    workspace.add(Practice, row=row)
    return Done(ReplyStatus.OK, None, row.id)


def asks_for_what_was_not_loaded(command: PracticePut, workspace: Workspace) -> Done[Any]:
    """Looks for a row that it did not say it needs."""
    workspace.find(Practice, "other", command.name)
    return Done(ReplyStatus.OK, None, None)


@pytest.mark.parametrize(
    "handle", [raises, breaks_a_constraint, breaks_a_type, asks_for_what_was_not_loaded]
)
async def test_the_innocent_of_a_batch_succeed_and_the_guilty_one_is_answered_and_parked(
    org: Org, referrals: Referrals, monkeypatch: pytest.MonkeyPatch, handle: Any
) -> None:
    """500 with an incident's id; the message is parked as it came; nothing of it was stored."""
    monkeypatch.setitem(
        COMMAND_HANDLERS,
        "practice.put",
        Handler(PracticePut, handle, needs=lambda _: [Need(Practice, writes=True)]),
    )
    guilty_id = uuid4()
    put = {"name": CANARY, "observed_at": "2026-01-05T08:00:00Z"}
    innocents = [org.ask("patient.put", patient_uuid=str(uuid4()), **put) for _ in range(15)]
    more = [org.ask("patient.put", patient_uuid=str(uuid4()), **put) for _ in range(15)]
    with capture_logs() as logged:
        first, guilty, *others = await asyncio.gather(
            innocents[0],
            org.ask("practice.put", message_id=guilty_id, **put),
            *innocents[1:],
            *more,
        )
    assert [answer.status for answer in (first, *others)] == [200] * 30
    refused = problem(guilty, 500, "internal_error")
    incident = re.fullmatch(f"Incident ({UUID7})\\.", refused["detail"])
    assert incident is not None
    assert refused["errors"] == []

    async with open_wire(referrals.rabbitmq_url) as wire:
        [parked] = await wire.parked("referrals.commands")
    assert json.loads(parked.body) == {"org_id": org.id, **put}
    headers = parked.header.properties.headers or {}
    assert headers["problem_code"] == "internal_error"
    assert headers["problem_detail"] == refused["detail"]
    assert parked.header.properties.message_id == str(guilty_id)

    problem(await org.ask("practice.get"), 404, "practice_not_found")
    assert set(await referrals.heard.event_types(org)) == {"patient.put"}
    assert len(await referrals.heard.events(org)) == 30

    assert incident[1] in str(logged)
    assert CANARY not in str(logged)

    monkeypatch.undo()
    repaired = await org.ask("practice.put", message_id=guilty_id, **put)
    assert (repaired.status, repaired.data["version"]) == (200, 1)


async def test_an_event_of_a_message_that_failed_is_not_published(
    org: Org, referrals: Referrals, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the handler had recorded before it fell over goes with its transaction."""

    def publishes_then_raises(command: Any, workspace: Workspace) -> Done[Any]:
        done = create_partner(command, workspace)
        assert workspace.outgoing
        raise KeyError(done.id)

    original = COMMAND_HANDLERS["referral_partner.create"]
    monkeypatch.setitem(
        COMMAND_HANDLERS,
        "referral_partner.create",
        Handler(original.message, publishes_then_raises, needs=original.needs),
    )
    answered = await org.ask("referral_partner.create", first_name="A", last_name="B")
    problem(answered, 500, "internal_error")
    assert await referrals.heard.event_types(org) == []
    assert (await org.ask("referral_partner.list")).data["total"] == 0
    async with open_wire(referrals.rabbitmq_url) as wire:
        await wire.parked("referrals.commands")


async def test_a_query_that_falls_over_is_answered_and_parked(
    org: Org, referrals: Referrals, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The queries around it are answered; the log has the incident, and nothing of the data."""

    async def fall_over(query: PracticeGet, session: AsyncSession, now: datetime) -> Shape:
        raise ValueError(f"cannot show {CANARY}")

    monkeypatch.setitem(READERS, "practice.get", Reader(PracticeGet, fall_over))
    with capture_logs() as logged:
        answers = await asyncio.gather(
            *(org.ask("referral_partner.list") for _ in range(8)),
            org.ask("practice.get"),
            *(org.ask("referral_partner.list") for _ in range(8)),
        )
    assert [answer.status for answer in answers] == [200] * 8 + [500] + [200] * 8
    incident = re.fullmatch(
        f"Incident ({UUID7})\\.", problem(answers[8], 500, "internal_error")["detail"]
    )
    assert incident is not None
    assert incident[1] in str(logged)
    assert CANARY not in str(logged)
    async with open_wire(referrals.rabbitmq_url) as wire:
        [parked] = await wire.parked("referrals.queries")
    assert (parked.header.properties.headers or {})["problem_code"] == "internal_error"


async def test_a_fault_without_reply_to_is_parked_once(
    org: Org, referrals: Referrals, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Parked is parked: it does not come back by itself."""
    monkeypatch.setitem(COMMAND_HANDLERS, "practice.put", Handler(PracticePut, raises))
    async with open_wire(referrals.rabbitmq_url) as wire:
        await wire.publish(
            json.dumps(
                {"org_id": org.id, "name": "P", "observed_at": "2026-01-05T08:00:00Z"}
            ).encode(),
            "practice.put",
            exchange="referrals.commands",
            content_type="application/json",
            message_id=str(uuid4()),
        )
        [parked] = await wire.parked("referrals.commands")
        assert (parked.header.properties.headers or {})["problem_code"] == "internal_error"
        assert (await org.ask("referral_partner.list")).status == 200
        assert await wire.parked("referrals.commands", 0) == []
