"""The letter of a referral's form as it is written. Nothing is saved and nothing is sent by it."""

import asyncio
from base64 import b64decode
from collections.abc import Mapping
from typing import Any, Final

from contracts.referral import RESPOND_WITHIN, FulfilmentStatus, ReferralStatus
from services.edge.desk.forms import fields_of
from services.edge.desk.page import Page, Shown
from services.edge.desk.sections.partners import name_of
from services.edge.desk.sections.writing import message_of
from services.edge.desk.visit import Visit
from services.edge.problems import Detail, invalid

PATIENT_FIELD: Final = "_patient"
"""The form's own field of whom it is about: a draft's message does not name the patient."""
REFERRAL_FIELD: Final = "_referral"
"""The form's own field of the referral's id, of which the letter's reference is made."""
_NEEDED: Final = ("referral_partner_uuid", "reason")
_SAID: Final = ("priority", "reason", "reason_codes", "teeth", "notes")


async def show(visit: Visit) -> Shown:
    """The letter. Raises HttpProblem, 422 where the form does not say enough for one."""
    form = visit.form
    assert form is not None
    fields = await message_of(visit, fields_of("referral.create", form, await visit.zone()))
    if missing := [name for name in _NEEDED if not fields.get(name)]:
        raise invalid([Detail(("body", name), "missing", "Is missing") for name in missing])
    provider_uuid = fields.get("referring_provider_uuid")
    patient, practice, partner, provider = await asyncio.gather(
        visit.read("patient.get", patient_uuid=form.get(PATIENT_FIELD)),
        visit.read("practice.get"),
        visit.read("referral_partner.get", referral_partner_uuid=fields["referral_partner_uuid"]),
        _provider(visit, provider_uuid),
    )
    now = visit.now.isoformat()
    referral = {
        "id": form.get(REFERRAL_FIELD),
        "patient": {"uuid": patient["id"], "name": patient["name"]},
        "referral_partner": {"uuid": partner["id"], "name": name_of(partner)},
        "referring_provider": provider and {"uuid": provider["id"], "name": provider["name"]},
        **{name: fields[name] for name in _SAID if fields.get(name)},
        "respond_by": fields.get("respond_by") or (visit.now + RESPOND_WITHIN).isoformat(),
        "status": ReferralStatus.ACTIVE,
        "fulfilment_status": FulfilmentStatus.REQUESTED,
        **dict.fromkeys(("sent_at", "created_at", "updated_at"), now),
        "version": 1,
    }
    letter = await visit.read(
        "ereferral.preview",
        referral=referral,
        patient=patient,
        practice=practice,
        partner=partner,
        referring_provider=provider,
    )
    return {"body": b64decode(letter["pdf"])}


async def _provider(visit: Visit, provider_uuid: str | None) -> Mapping[str, Any] | None:
    if provider_uuid is None:
        return None
    found: Mapping[str, Any] = await visit.read("provider.get", provider_uuid=provider_uuid)
    return found


PAGE = Page(
    "letter_as_written",
    "/referrals/new/letter",
    "not_yet.html",
    show,
    asks=("referral.preview", "patient.get", "practice.get", "referral_partner.get"),
    answers_as="application/pdf",
    reads_a_form=True,
)
