"""A patient whose data is told from everything else, and their erasure."""

import re
from typing import Any

from typer.testing import Result

from tests.support.samples.canary import BORN, NAME, PHONE
from tests.support.services.both import Both
from tests.support.services.referrals import Org

TRACES = (NAME, NAME.lower(), BORN, PHONE, "2025550187", "K04.01")


async def erase(both: Both, org: Org, patient: str, *options: str) -> Result:
    """Erase, or try to."""
    named = ("--org", org.id, "--patient", patient)
    return await both.handoff("erase-patient", *named, *options)


async def settled(both: Both) -> None:
    """Both outboxes are empty: all that was said has been published."""
    await both.referrals.heard.everything()
    await both.dispatch.heard.everything()


async def canary(org: Org, **fields: Any) -> dict[str, Any]:
    """A patient with every field."""
    given = {"name": f"Karla {NAME}", "phone": PHONE, "date_of_birth": BORN, **fields}
    return await org.patient(email=f"{NAME}@example.com", **given)


async def partner_at(both: Both, org: Org, path: str, **fields: Any) -> str:
    """A partner whose portal is at that path; its id."""
    portal = both.dispatch.portal.endpoint(path)
    return str((await org.ereferral_partner(ereferral_endpoint=portal, **fields))["id"])


async def sent(both: Both, org: Org, patient: str, partner: str) -> dict[str, Any]:
    """A referral about the patient with every text, sent to that partner."""
    return await org.sent_referral(
        patient_uuid=patient,
        referral_partner_uuid=partner,
        reason=f"Root canal of {NAME}",
        notes=f"{NAME} has waited long",
        reason_codes=[{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "K04.01"}],
        teeth=["30"],
    )


async def attribute(org: Org, patient: str) -> None:
    """Attributions that the patient has, and one in which they brought somebody; a source that is
    them, with a cost. One more attribution and cost are archived."""
    source = await org.ask(
        "referral_source.create",
        name=f"Friends of {NAME}",
        category="patient_referral",
        description=f"{NAME} tells everybody",
        linked_patient_uuid=patient,
    )
    assert source.status == 201, source
    uuid = source.data["id"]
    period = {"period_start": "2026-01-01", "period_end": "2026-01-31"}
    cost: dict[str, Any] = {
        "referral_source_uuid": uuid,
        "amount": "5.00",
        "notes": f"For {NAME}",
    }
    assert (await org.ask("referral_source_cost.create", **cost, **period)).status == 201
    wrong = await org.ask("referral_source_cost.create", **cost, **period)
    named = {"referral_source_uuid": uuid, "cost_uuid": wrong.data["id"], "base_version": 1}
    assert (await org.ask("referral_source_cost.archive", **named)).status == 204
    other = (await org.patient())["id"]
    attributed: list[str] = []
    for fields in (
        {"patient_uuid": patient, "referral_source_uuid": uuid},
        {"patient_uuid": other, "referring_patient_uuid": patient},
        {"patient_uuid": other, "referral_source_uuid": uuid, "attribution_role": "assist"},
        {"patient_uuid": other, "referral_source_uuid": uuid, "attribution_role": "secondary"},
    ):
        made = await org.ask("referral_attribution.create", source_note=f"Told by {NAME}", **fields)
        assert made.status == 201, made
        attributed.append(made.data["id"])
    named = {"patient_uuid": other, "attribution_uuid": attributed[-1], "base_version": 1}
    assert (await org.ask("referral_attribution.archive", **named)).status == 204


async def known_as(org: Org, patient: str) -> None:
    """Two contacts that are the patient, who refer and are referred; one of them is archived."""
    for archived in (False, True):
        contact = await org.contact(name=f"Household of {NAME}", patient_uuid=patient)
        await org.contact_referral(contact_uuid=contact["id"])
        await org.contact_referral(referred_to_uuid=contact["id"])
        if archived:
            gone = {"contact_uuid": contact["id"], "observed_at": "2026-01-06T08:00:00Z"}
            assert (await org.ask("contact.archive", **gone)).status == 204


async def hand_in(org: Org, patient: str) -> None:
    """A row from outside with every text, which was found to be the patient."""
    row = {
        "first_name": "Karla",
        "surname": NAME,
        "org_type_id": 1,
        "date_of_birth": BORN,
        "telephone": PHONE,
        "email": f"{NAME}@example.com",
        "mobile": f"Ask {NAME}",
        "description": f"{NAME} has a broken tooth",
        "ethnicity": NAME,
    }
    submitted = await org.ask("intake.submit", rows=[row], fingerprint=NAME)
    assert submitted.status == 202, submitted
    (intake,) = submitted.data["intake_uuids"]
    named = {"intake_uuid": intake, "base_version": 1, "patient_uuid": patient}
    assert (await org.ask("intake.link", **named, referral=None)).status == 200


async def fill(both: Both, org: Org) -> str:
    """The canary in every place that takes a text about a patient; their id."""
    patient = str((await canary(org))["id"])
    await attribute(org, patient)
    await known_as(org, patient)
    await hand_in(org, patient)
    phone = {"phone": "+12025550111", "preferred_contact_method": "phone"}
    called = await sent(both, org, patient, await partner_at(both, org, "unused", **phone))
    call = await both.ereferral(org, called, "awaiting_call")
    delivered = await sent(both, org, patient, await partner_at(both, org, "takes"))
    portal = await both.ereferral(org, delivered, "delivered")
    note = f"Spoke with {NAME}"
    named = {"ereferral_uuid": call["id"], "base_version": call["version"]}
    for operation, fields in (
        ("ereferral.complete_call", {**named, "outcome": "reached", "note": note}),
        (
            "ereferral.record_response",
            {"ereferral_uuid": portal["id"], "response": "accepted", "note": note},
        ),
    ):
        assert (await both.ask_dispatch(org, operation, **fields)).status == 200
    await both.ereferral(org, called, "delivered")
    version = (await org.ask("referral.get", referral_uuid=delivered["id"])).data["version"]
    revoked = {"referral_uuid": delivered["id"], "reason": f"{NAME} moved away"}
    assert (await org.ask("referral.cancel", base_version=version, **revoked)).status == 200
    answer = {"referral_uuid": delivered["id"], "response": "rejected", "note": note}
    assert (await org.ask("referral.record_response", **answer)).status == 200
    await both.ereferral(org, delivered, "cancelled")
    await org.referral(patient_uuid=patient, reason=f"Draft for {NAME}")
    await settled(both)
    return patient


def places(stored: dict[str, list[str]], org: Org) -> dict[str, int]:
    """In how many of the org's rows of each table a trace of the canary stands, also as bytes."""
    written = [trace for one in TRACES for trace in (one, one.encode().hex())]
    found = {
        table: sum(org.id in row and any(trace in row for trace in written) for row in rows)
        for table, rows in stored.items()
    }
    return {table: count for table, count in found.items() if count}


def counts(result: Result) -> dict[str, int]:
    """What was erased, by what it is called; of both services together."""
    assert result.exit_code == 0, result.output
    found: dict[str, int] = {}
    for line in result.stdout.splitlines():
        row = re.fullmatch(r"  (.+?) +(\d+)  (would be )?erased", line)
        if row is not None:
            found[row[1]] = found.get(row[1], 0) + int(row[2])
    return found
