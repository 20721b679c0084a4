"""`referral.preview`: the letter of a draft, before it is sent."""

import base64
import json
from typing import Any
from uuid import UUID

import asyncpg

from contracts.ereferral import EreferralDispatch
from letters.letter import Letter
from letters.render import render_letter
from messaging.trail.audit import about_patient
from services.referrals.home import HOME
from tests.support.database.urls import plain_url
from tests.support.samples.letters import words_of
from tests.support.services.org_blind import rows_of
from tests.support.services.referrals import Org, Referrals


async def preview(org: Org, referral: dict[str, Any]) -> tuple[str, bytes]:
    """Its reference and its PDF."""
    answered = await org.ask("referral.preview", referral_uuid=referral["id"])
    assert answered.status == 200, answered
    return answered.data["reference"], base64.b64decode(answered.data["pdf"])


async def test_a_draft_is_shown_as_it_would_be_sent(org: Org, referrals: Referrals) -> None:
    """With the names of now, the day of now, and an answer asked for in fourteen days."""
    await org.practice(name="Main Street Dental", country="US")
    draft = await org.referral(reason="Root canal of tooth 14", priority="urgent")
    reference, pdf = await preview(org, draft)
    assert reference == draft["reference"]
    assert reference.replace("-", "") == UUID(draft["id"]).hex[-12:].upper()
    words = words_of(pdf)
    for told in ("Main Street Dental", "Root canal of tooth 14", reference, "URGENT"):
        assert told in words
    patient = await org.ask("patient.get", patient_uuid=draft["patient"]["uuid"])
    assert patient.data["name"] in words


async def test_it_differs_from_what_is_sent_by_its_time_alone(
    org: Org, referrals: Referrals
) -> None:
    """The package that dispatch gets gives the letter that was previewed, but for when."""
    await org.practice()
    partner = await org.ereferral_partner()
    fields = {"referral_partner_uuid": partner["id"], "respond_by": "2027-01-11T09:00:00+01:00"}
    draft = await org.referral(**fields)
    shown = words_of((await preview(org, draft))[1])
    sent = await org.ask("referral.send", referral_uuid=draft["id"], base_version=1)
    assert sent.status == 202, sent
    (said,) = await referrals.heard.dispatches(org)
    letter = Letter(package=EreferralDispatch.model_validate_json(json.dumps(said.body)))
    assert words_of(render_letter(letter)) == shown


async def test_a_preview_leaves_nothing_but_who_saw_it(org: Org, referrals: Referrals) -> None:
    """No row of the org changes but the audit trail, which names the patient."""
    await org.practice()
    draft = await org.referral()
    await referrals.heard.everything()
    database = await asyncpg.connect(plain_url(referrals.database_url))
    before = await rows_of(database, HOME, org.id)
    await preview(org, draft)
    after = await rows_of(database, HOME, org.id)
    await database.close()
    changed = {table for table in after if after[table] != before[table]}
    assert changed == {"referrals.audit"}
    patient = UUID(draft["patient"]["uuid"])
    trail = await about_patient(referrals.service.system_engine, org.id, patient)
    assert trail[-1].operation == "referral.preview"


async def test_what_could_not_be_sent_to_is_previewed_all_the_same(org: Org) -> None:
    """A partner without an address: the letter is written before that is settled."""
    await org.practice()
    draft = await org.referral(referral_partner_uuid=(await org.partner())["id"])
    assert (await preview(org, draft))[1].startswith(b"%PDF-")
