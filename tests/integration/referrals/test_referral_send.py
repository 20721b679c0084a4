"""Sending a referral: the order of its checks, what it changes, and the package that leaves."""

import asyncio
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from contracts.ereferral import EreferralDispatch
from messaging.replies.client import Reply
from tests.support.refusals import errors, problem
from tests.support.services.referrals import Org, Referrals

TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


async def send(org: Org, referral_uuid: str, base_version: int = 1, **sent: Any) -> Reply:
    return await org.ask(
        "referral.send", referral_uuid=referral_uuid, base_version=base_version, **sent
    )


async def test_a_draft_becomes_active_and_requested(org: Org) -> None:
    """202 with the referral as it is now: an e-referral of its own, and 14 days to respond."""
    await org.practice()
    draft = await org.referral()
    sent = await send(org, draft["id"])
    assert sent.status == 202
    data = sent.data
    assert UUID(data["ereferral_uuid"]).version == 7
    assert data["sent_at"] == data["updated_at"] > draft["created_at"]
    due = datetime.fromisoformat(data["sent_at"]) + timedelta(days=14)
    assert datetime.fromisoformat(data["respond_by"]) == due
    changed = {"ereferral_uuid", "sent_at", "updated_at", "respond_by"}
    assert {name: value for name, value in data.items() if name not in changed} == {
        **{name: value for name, value in draft.items() if name not in changed},
        "status": "active",
        "fulfilment_status": "requested",
        "version": 2,
    }
    read = await org.ask("referral.get", referral_uuid=draft["id"])
    timeline = read.data.pop("timeline")
    assert read.data == data
    assert [entry["event"] for entry in timeline] == ["referral.created", "referral.sent"]
    assert timeline[1]["at"] == data["sent_at"]


async def test_a_wish_to_respond_by_stays(org: Org) -> None:
    """14 days are only the default."""
    sent = await org.sent_referral(respond_by="2027-01-31T12:00:00Z")
    assert sent["respond_by"] == "2027-01-31T12:00:00Z"


@pytest.mark.parametrize("by_update", [False, True])
async def test_the_package_says_in_which_offset_the_time_to_respond_by_was_named(
    org: Org, referrals: Referrals, by_update: bool
) -> None:
    """Out it is UTC; the day is the one that was said, or that of the practice's time zone."""
    await org.practice(time_zone="America/Los_Angeles")
    said = {"respond_by": "2026-12-18T17:00:00-08:00"}
    draft = await org.referral(
        **({"respond_by": "2026-12-18T00:00:00+05:45"} if by_update else said)
    )
    if by_update:
        changed = await org.ask(
            "referral.update", referral_uuid=draft["id"], base_version=1, **said
        )
        assert changed.status == 200
    sent = await send(org, draft["id"], 2 if by_update else 1)
    assert sent.data["respond_by"] == "2026-12-19T01:00:00Z"
    (package,) = await referrals.heard.dispatches(org)
    assert package.body["referral"]["respond_by"] == "2026-12-19T01:00:00Z"
    assert package.body["respond_by_offset_minutes"] == -480
    assert package.body["practice"]["time_zone"] == "America/Los_Angeles"


async def test_without_a_wish_to_respond_by_no_offset_was_named(
    org: Org, referrals: Referrals
) -> None:
    """14 days on is nobody's word; one that was cleared is not either."""
    await org.practice()
    draft = await org.referral(respond_by="2026-12-18T17:00:00-08:00")
    await org.ask("referral.update", referral_uuid=draft["id"], base_version=1, respond_by=None)
    await send(org, draft["id"], 2)
    (package,) = await referrals.heard.dispatches(org)
    assert "respond_by_offset_minutes" not in package.body
    assert package.body["practice"]["time_zone"] is None


async def test_the_package_is_everything_as_it_was_at_sending(
    org: Org, referrals: Referrals
) -> None:
    """One `ereferral.dispatch`, in the contract's own shape, equal to what the resources show."""
    practice = await org.practice(npi="1234567893", city="Springfield")
    patient = await org.patient(date_of_birth="1984-03-09", phone="+12025550143")
    provider = await org.provider(npi="1000000004")
    partner = await org.ereferral_partner(preferred_contact_method="portal")
    draft = await org.referral(
        patient_uuid=patient["id"],
        referral_partner_uuid=partner["id"],
        referring_provider_uuid=provider["id"],
        teeth=["14"],
        reason_codes=[{"system": "s", "code": "c"}],
    )
    headers = {"actor": "user-17", "traceparent": TRACEPARENT}
    sent = await send(org, draft["id"], headers=headers)
    [dispatched] = await referrals.heard.dispatches(org)
    assert dispatched.body == {
        "org_id": org.id,
        "dispatch_uuid": sent.data["ereferral_uuid"],
        "referral": sent.data,
        "patient": patient,
        "practice": practice,
        "referring_provider": provider,
        "partner": partner,
    }
    package = EreferralDispatch.model_validate(dispatched.body)
    assert str(package.dispatch_uuid) == sent.data["ereferral_uuid"]
    message = dispatched.message
    properties = dispatched.properties
    assert message.exchange == "ereferral_dispatch.commands"
    assert message.routing_key == properties.message_type == "ereferral.dispatch"
    assert properties.content_type == "application/json"
    assert properties.delivery_mode == 2
    assert properties.message_id is not None and UUID(properties.message_id).version == 7
    assert properties.headers == {"actor": "user-17", "traceparent": TRACEPARENT}
    assert properties.reply_to is None


async def test_a_package_without_a_provider_says_null(org: Org, referrals: Referrals) -> None:
    """And carries no header that nobody gave."""
    await org.sent_referral()
    [dispatched] = await referrals.heard.dispatches(org)
    assert dispatched.body["referring_provider"] is None
    assert EreferralDispatch.model_validate(dispatched.body).referring_provider is None
    assert not dispatched.properties.headers


async def test_a_provider_that_was_archived_since_still_goes_along(
    org: Org, referrals: Referrals
) -> None:
    """`send` asks for patient, partner and practice; the provider is who has referred."""
    await org.practice()
    provider = await org.provider()
    draft = await org.referral(referring_provider_uuid=provider["id"])
    await org.ask(
        "provider.archive", provider_uuid=provider["id"], observed_at="2026-03-01T00:00:00Z"
    )
    assert (await send(org, draft["id"])).status == 202
    [dispatched] = await referrals.heard.dispatches(org)
    assert dispatched.body["referring_provider"]["name"] == "Dr. Rose Rand"


async def test_the_checks_of_send_come_in_their_order(org: Org, referrals: Referrals) -> None:
    """Everything is wrong at first; each repair shows the next failure, until it is sent."""
    partner = await org.partner(is_active=False, accepts_ereferral=False)
    patient = await org.patient(observed_at="2026-01-01T00:00:00Z")
    draft = await org.referral(patient_uuid=patient["id"], referral_partner_uuid=partner["id"])
    await org.ask("patient.archive", patient_uuid=patient["id"], observed_at="2026-01-02T00:00:00Z")

    async def refused(status: int, code: str, base_version: int = 7) -> dict[str, Any]:
        return problem(await send(org, draft["id"], base_version), status, code)

    async def repair(version: int, **fields: Any) -> None:
        answered = await org.ask(
            "referral_partner.update",
            referral_partner_uuid=partner["id"],
            base_version=version,
            **fields,
        )
        assert answered.status == 200, answered

    assert errors(await send(org, draft["id"], 0)) == {("base_version", "greater_than_equal")}
    problem(await send(org, str(uuid4()), 7), 404, "referral_not_found")
    await refused(404, "patient_not_found")
    await org.patient(patient_uuid=patient["id"], observed_at="2026-01-03T00:00:00Z")
    await refused(404, "practice_not_found")
    await org.practice()
    assert (await refused(409, "version_conflict"))["current_version"] == 1
    await refused(422, "partner_inactive", base_version=1)
    await repair(1, is_active=True)
    await refused(422, "partner_does_not_accept_ereferrals", base_version=1)
    # An endpoint, but no number of the country where it is (Berlin's), and no other address.
    await repair(2, accepts_ereferral=True, ereferral_endpoint="tel:030901820")
    await refused(422, "no_usable_contact_point", base_version=1)
    assert await referrals.heard.dispatches(org) == []
    await repair(3, ereferral_endpoint="tel:+12025550143")
    assert (await send(org, draft["id"])).status == 202


async def test_an_archived_partner_comes_before_a_missing_practice(org: Org) -> None:
    """404 patient, referral_partner, practice, in this order, before the version."""
    draft = await org.referral()
    partner = draft["referral_partner"]["uuid"]
    await org.ask("referral_partner.archive", referral_partner_uuid=partner, base_version=1)
    problem(await send(org, draft["id"], 7), 404, "referral_partner_not_found")
    patient = draft["patient"]["uuid"]
    await org.ask("patient.archive", patient_uuid=patient, observed_at="2026-03-01T00:00:00Z")
    problem(await send(org, draft["id"], 7), 404, "patient_not_found")


async def test_only_a_draft_is_sent(org: Org, referrals: Referrals) -> None:
    """Again: 409, before anything about the partner; with the old version: version_conflict."""
    sent = await org.sent_referral()
    partner = sent["referral_partner"]["uuid"]
    await org.ask(
        "referral_partner.update", referral_partner_uuid=partner, base_version=1, is_active=False
    )
    problem(await send(org, sent["id"], 2), 409, "invalid_transition")
    assert problem(await send(org, sent["id"], 1), 409, "version_conflict")["current_version"] == 2
    assert len(await referrals.heard.dispatches(org)) == 1


@pytest.mark.parametrize(
    ("fields", "usable"),
    [
        ({"ereferral_endpoint": "https://portal.example/"}, True),
        ({"ereferral_endpoint": "mailto:desk@example.com"}, True),
        ({"ereferral_endpoint": "fax:+12025550143"}, True),
        ({"ereferral_endpoint": "tel:(202)555-0143"}, True),
        ({"ereferral_endpoint": "tel:+1-202-555-0143;ext=12"}, True),
        ({"ereferral_endpoint": "fax:+1-202-555-0143"}, True),
        ({"ereferral_endpoint": "tel:030901820"}, False),
        ({"ereferral_endpoint": "fax:030-901821"}, False),
        ({"ereferral_endpoint": "tel:030901820", "email": "desk@example.com"}, True),
        ({"ereferral_endpoint": "tel:030901820", "fax": "+12025550143"}, True),
        ({"ereferral_endpoint": "tel:030901820", "phone": "+12025550143"}, True),
    ],
)
async def test_a_contact_point_is_an_address_that_some_channel_has(
    org: Org, fields: dict[str, Any], usable: bool
) -> None:
    """The endpoint where its scheme fits, else the partner's e-mail, fax or phone."""
    await org.practice()
    partner = await org.partner(accepts_ereferral=True, **fields)
    draft = await org.referral(referral_partner_uuid=partner["id"])
    answered = await send(org, draft["id"])
    if usable:
        assert answered.status == 202
    else:
        problem(answered, 422, "no_usable_contact_point")


async def test_of_many_that_send_one_draft_at_once_one_does(org: Org, referrals: Referrals) -> None:
    """One package; the others meet the version that the first one made."""
    await org.practice()
    draft = await org.referral()
    answers = await asyncio.gather(*(send(org, draft["id"]) for _ in range(20)))
    assert sorted(answer.status for answer in answers) == [202] + [409] * 19
    for answer in answers:
        if answer.status == 409:
            assert problem(answer, 409, "version_conflict")["current_version"] == 2
    assert len(await referrals.heard.dispatches(org)) == 1
    assert (await referrals.heard.event_types(org)).count("referral.sent") == 1


async def test_a_frozen_package_does_not_follow_later_changes(
    org: Org, referrals: Referrals
) -> None:
    """What is sent is frozen at that moment."""
    sent = await org.sent_referral()
    await org.patient(
        patient_uuid=sent["patient"]["uuid"], name="Renamed", observed_at="2026-05-01T00:00:00Z"
    )
    await org.practice(name="Renamed", observed_at="2026-05-01T00:00:00Z")
    [dispatched] = await referrals.heard.dispatches(org)
    assert dispatched.body["patient"]["name"] == "Paul Pace"
    assert dispatched.body["practice"]["name"] == "Main Street Dental"
