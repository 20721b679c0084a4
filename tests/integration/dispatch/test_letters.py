"""Letters as a partner is shown them, previews of them, and the script of a call."""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from contracts.ereferral import EreferralPackage
from letters.letter import Letter
from letters.render import render_letter
from messaging.trail.audit import Operator, about_patient
from services.ereferral_dispatch import purging
from services.ereferral_dispatch.home import HOME
from tests.support.refusals import errors
from tests.support.samples.letters import words_of
from tests.support.samples.packages import PATIENT_ID
from tests.support.services.dispatch import PHONE, Dispatch, Org, new_partner, refusal
from tests.support.services.org_blind import rows_of

REPEAT = "You may already have received this referral"


async def letter_of(org: Org, ereferral: str) -> tuple[str, bytes]:
    """Its reference and its PDF."""
    answered = await org.ask("ereferral.letter", ereferral_uuid=ereferral)
    assert answered.status == 200, answered
    return answered.data["reference"], base64.b64decode(answered.data["pdf"])


def letter_in_bundle(body: bytes) -> bytes:
    """The PDF in the DocumentReference that a portal got."""
    resources = [entry["resource"] for entry in json.loads(body)["entry"]]
    (document,) = [one for one in resources if one["resourceType"] == "DocumentReference"]
    return base64.b64decode(document["content"][0]["attachment"]["data"])


async def purge(dispatch: Dispatch) -> None:
    """Remove the packages of all that ended."""
    later = datetime.now(UTC) + timedelta(hours=1)
    operator = Operator(client="handoff", actor=None)
    await purging.purge(dispatch.service.system_engine, later, operator)


async def test_the_letter_is_the_one_that_the_partner_got(dispatch: Dispatch, org: Org) -> None:
    """Byte for byte, from a bundle and from a mail; its reference is on the e-referral."""
    by_portal = await org.dispatch(dispatch.at_portal("letters"))
    await org.reaches(by_portal, "delivered")
    posted = [r for r in dispatch.portal.requests if r.headers["webhook-id"] == by_portal]
    shown = await org.get(by_portal)
    reference, pdf = await letter_of(org, by_portal)
    assert pdf == letter_in_bundle(posted[0].body)
    last_digits = UUID(shown["referral_uuid"]).hex[-12:].upper()
    assert reference == shown["reference"]
    assert reference.replace("-", "") == last_digits and reference in words_of(pdf)
    by_mail = await org.dispatch(new_partner(email="letters@partner.example"))
    await org.reaches(by_mail, "sent")
    (mail,) = dispatch.mail.to("letters@partner.example")
    assert (await letter_of(org, by_mail))[1] == mail.letter


async def test_a_call_has_the_letter_and_the_script_of_its_event(
    dispatch: Dispatch, org: Org
) -> None:
    """While it is awaiting_call; when it is over there is no call, and the letter is the same."""
    ereferral = await org.awaiting_call()
    call = (await dispatch.heard.about(ereferral))[1].data["call"]
    shown = await org.get(ereferral)
    assert shown["call"] == {"number": call["number"], "script": call["script"]}
    assert (await letter_of(org, ereferral))[1] == base64.b64decode(call["letter"])
    done = await org.act("ereferral.complete_call", ereferral, outcome="reached")
    assert done.status == 200
    assert (await org.get(ereferral))["call"] is None
    assert (await letter_of(org, ereferral))[1] == base64.b64decode(call["letter"])


async def test_a_call_without_a_number_or_a_package_says_what_there_is(
    dispatch: Dispatch, org: Org
) -> None:
    """A cancelled e-referral whose package was purged: somebody has to find the number, and there
    is no script."""
    ereferral = await org.dispatch(dispatch.at_portal("letters"))
    await org.reaches(ereferral, "delivered")
    await purge(dispatch)
    assert (await org.cancel(ereferral)).status == 202
    shown = await org.until(ereferral, "awaiting_call")
    assert shown["call"] == {"number": None, "script": None}


async def test_the_last_letter_counts(dispatch: Dispatch, org: Org) -> None:
    """The declared repeat after the mail whose outcome nobody knows; then the cancellation."""
    ereferral = await dispatch.unknown(org, "last@partner.example", fax="+12025550112", phone=PHONE)
    first = (await letter_of(org, ereferral))[1]
    assert REPEAT not in words_of(first)
    again = await org.act("ereferral.retry", ereferral)
    assert again.status == 202
    await org.reaches(ereferral, "sent")
    second = (await letter_of(org, ereferral))[1]
    mails = dispatch.mail.to("last@partner.example")
    assert [mail.letter for mail in mails] == [first, second]
    assert second != first and REPEAT in words_of(second)
    assert (await org.cancel(ereferral)).status == 202
    await org.reaches(ereferral, "cancelled")
    assert "CANCELLED" in words_of((await letter_of(org, ereferral))[1]).upper()


async def test_what_was_never_composed_is_composed_as_it_would_be(
    dispatch: Dispatch, org: Org
) -> None:
    """An e-referral that waits in a held lane; nothing is kept of it."""
    partner = dispatch.at_portal("letters")
    await org.reaches(await org.dispatch(partner), "delivered")
    held = "UPDATE lane SET held_at = now(), probe_at = now() + interval '1 day' WHERE org_id = $1"
    await dispatch.execute(held, org.id)
    ereferral = await org.dispatch(partner)
    composed = "SELECT count(*) FROM ereferral_dispatch.composed WHERE ereferral_id = $1"
    reference, pdf = await letter_of(org, ereferral)
    assert reference in words_of(pdf) and "Sample Patient" in words_of(pdf)
    assert await dispatch.database.fetchval(composed, UUID(ereferral)) == 0


async def test_a_letter_goes_with_its_package(dispatch: Dispatch, org: Org) -> None:
    """404 `letter_not_found` after a purge; of what never was `ereferral_not_found`."""
    ereferral = await org.dispatch(dispatch.at_portal("letters"))
    await org.reaches(ereferral, "delivered")
    await purge(dispatch)
    for id_, code in ((ereferral, "letter_not_found"), (str(uuid4()), "ereferral_not_found")):
        answered = await org.ask("ereferral.letter", ereferral_uuid=id_)
        assert refusal(answered) == (404, code)


async def test_whoever_reads_a_letter_is_written_down(dispatch: Dispatch, org: Org) -> None:
    """With the patient that it names. A preview shows what whoever asks brought along."""
    ereferral = await org.dispatch(dispatch.at_portal("letters"))
    await org.reaches(ereferral, "delivered")
    await letter_of(org, ereferral)
    assert (await org.ask("ereferral.preview", **package(org))).status == 200
    trail = await about_patient(dispatch.service.system_engine, org.id, PATIENT_ID)
    operations = [one.operation for one in trail]
    assert operations == ["ereferral.dispatch", "ereferral.letter"]


def package(org: Org, **partner: Any) -> dict[str, Any]:
    """The fields of a preview."""
    fields = org.package(new_partner(**partner))
    del fields["dispatch_uuid"]
    return fields


async def test_a_preview_is_what_would_be_sent_and_leaves_nothing(
    dispatch: Dispatch, org: Org
) -> None:
    """The same bytes as the letter of that package, though the partner has no address yet."""
    fields = package(org)
    answered = await org.ask("ereferral.preview", **fields)
    assert answered.status == 200, answered
    kept = EreferralPackage.model_validate_json(json.dumps(fields))
    assert base64.b64decode(answered.data["pdf"]) == render_letter(Letter(package=kept))
    assert answered.data["reference"] == Letter(package=kept).reference
    stored = await rows_of(dispatch.database, HOME, org.id)
    assert {table for table, rows in stored.items() if rows} == set()


@pytest.mark.parametrize("given", ["dispatch_uuid", "the partner of another referral"])
async def test_a_preview_is_held_to_what_a_dispatch_is_held_to(org: Org, given: str) -> None:
    """But for its id, which it has not: 422."""
    if given == "dispatch_uuid":
        answered = await org.ask("ereferral.preview", **package(org), dispatch_uuid=str(uuid4()))
        assert errors(answered) == {("dispatch_uuid", "extra_forbidden")}
    else:
        fields = {**package(org), "partner": package(org)["partner"]}
        answered = await org.ask("ereferral.preview", **fields)
        assert errors(answered) == {("referral.referral_partner.uuid", "reference_mismatch")}
