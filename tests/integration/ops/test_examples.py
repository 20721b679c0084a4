"""Each operation's example, sent to both services as it stands."""

import asyncpg
import pytest

from contracts.catalogue import OPERATIONS
from contracts.documents.examples import EXAMPLES, Another, needed
from contracts.operations import Service
from contracts.replies import ReplyStatus
from messaging.replies.client import Reply
from tests.support.database.urls import plain_url
from tests.support.schemas import as_shipped
from tests.support.services.both import Both
from tests.support.services.referrals import Org
from tests.support.waiting import until

EREFERRAL = EXAMPLES["ereferral.dispatch"].body["dispatch_uuid"]
# A partner's answer that was lost, and a portal that is gone: made here, where they come about.
STATES = {
    "ereferral.resolve": (
        "UPDATE ereferral SET status = 'outcome_unknown', call_due_at = NULL WHERE org_id = $1"
    ),
    "partner_channel.release": (
        "UPDATE lane SET channel = 'portal', held_at = now() WHERE org_id = $1"
    ),
    **dict.fromkeys(
        ("answer_link.verify", "answer_link.open"),
        "UPDATE ereferral SET answer_token_hash = sha256('DEM00DEM00DEM00DEM00') WHERE org_id = $1",
    ),
}
# What referrals hears of a partner.
ANSWERS: dict[str, tuple[str, dict[str, str]]] = {
    "referral.reopen": ("referral.record_response", {"response": "rejected"}),
    "referral.provide_information": ("ereferral.request_information", {"note": "Which tooth?"}),
}


async def send(both: Both, org: Org, name: str | Another, **changed: object) -> Reply:
    """The example of an operation, or another body of it, for an org of the test's own."""
    sent = needed(name)
    body = {"org_id": org.id, **sent.body, **changed}
    if "intake_uuid" in body:
        # Whoever submits does not choose the id.
        submitted = await org.ask("intake.list")
        body["intake_uuid"] = submitted.data["items"][0]["id"]
    exchange = OPERATIONS[sent.operation].exchange
    answered = await both.referrals.client.call(exchange, sent.operation, body)
    return as_shipped(sent.operation, answered)


async def awaiting_call(both: Both, org: Org) -> int:
    """The version of the example's e-referral, once a person has to call."""

    async def due() -> bool:
        return bool((await send(both, org, "ereferral.get")).data["status"] == "awaiting_call")

    await until(due)
    return int((await send(both, org, "ereferral.get")).data["version"])


async def answered_by_partner(both: Both, org: Org, operation: str, said: dict[str, str]) -> int:
    """The version of the example's referral, once its partner was heard and dispatch too."""
    sent = (await send(both, org, "referral.get")).data

    async def called() -> bool:
        return bool(
            (await send(both, org, "referral.get")).data["dispatch_status"] == "awaiting_call"
        )

    await until(called)
    named = {"referral_uuid": sent["id"], "ereferral_uuid": sent["ereferral_uuid"]}
    field = f"{operation.partition('.')[0]}_uuid"
    answered = await both.referrals.client.call(
        OPERATIONS[operation].exchange, operation, {"org_id": org.id, field: named[field], **said}
    )
    assert answered.problem is None, answered

    async def heard() -> bool:
        shown = (await send(both, org, "referral.get")).data
        return bool(shown["information_requested"] or shown["fulfilment_status"] == "rejected")

    await until(heard)
    return int((await send(both, org, "referral.get")).data["version"])


async def brought_about(both: Both, org: Org, statement: str) -> None:
    """A state of dispatch that takes a partner's failure."""
    database = await asyncpg.connect(plain_url(both.dispatch.settings.database_url))
    try:
        await database.execute("SET search_path TO ereferral_dispatch")
        await database.execute(statement, org.id)
    finally:
        await database.close()


OF_BOTH = [n for n, one in OPERATIONS.items() if one.service is not Service.CONNECTORS]
"""Those of connectors: tests/integration/connectors/test_examples.py."""


@pytest.mark.parametrize("name", OF_BOTH)
async def test_an_example_works_in_an_org_that_holds_what_it_needs(
    both: Both, org: Org, name: str
) -> None:
    """It has the status of its operation's success, and the fields that its contract shows."""
    for need in EXAMPLES[name].needs:
        assert (await send(both, org, need)).problem is None, need
    changed: dict[str, object] = {}
    if name in {"partner_channel.release", "answer_link.verify", "answer_link.open"}:
        assert (await send(both, org, "ereferral.dispatch")).problem is None
    if name in {*STATES, "ereferral.retry", "ereferral.complete_call"}:
        version = await awaiting_call(both, org)
        if "base_version" in EXAMPLES[name].body:
            changed["base_version"] = version
    if name in ANSWERS:
        changed["base_version"] = await answered_by_partner(both, org, *ANSWERS[name])
    if name in STATES:
        await brought_about(both, org, STATES[name])
    answered = await send(both, org, name, **changed)
    # A cancel is carried out at once (200) or accepted for later (202), as the moment has it.
    wanted = {200, 202} if name == "ereferral.cancel" else {OPERATIONS[name].status}
    assert answered.problem is None
    assert answered.status in wanted
    shapes = OPERATIONS[name].replies[ReplyStatus(answered.status)]
    shown = None if answered.data is None else set(answered.data)
    assert shown in [None if shape is None else set(shape.model_fields) for shape in shapes]


async def test_the_demo_org_can_be_told_the_whole_story(both: Both, org: Org) -> None:
    """An example's needs are other examples: what one creates, another one names."""
    for need in EXAMPLES["referral.record_response"].needs:
        assert (await send(both, org, need)).problem is None
    shown = await send(both, org, "referral.get")
    assert shown.data["status"] == "active"
    assert shown.data["ereferral_uuid"] != EREFERRAL
