"""The transaction Bundles that a portal is sent.

The same consignment and letter always give the same bytes.
"""

import base64
from typing import Literal
from uuid import UUID

import orjson

from contracts.referral import ReasonCode, Referral
from contracts.values import format_time
from services.ereferral_dispatch.consignment import Consignment
from services.ereferral_dispatch.fhir.parties import (
    Identity,
    Parties,
    identify,
    parties_of,
    uuid_identifier,
)
from services.ereferral_dispatch.fhir.r4 import (
    LOINC,
    SNOMED_CT,
    TASK_CODE,
    UNIVERSAL_TOOTH,
    Annotation,
    Bundle,
    CodeableConcept,
    Coding,
    DocumentReference,
    Entry,
    Identifier,
    RequestPriority,
    Resource,
    ServiceRequest,
    Task,
)
from services.ereferral_dispatch.fhir.systems import absolute_system

FHIR_JSON = "application/fhir+json"
PDF = "application/pdf"


def referral_bundle(consignment: Consignment, letter_pdf: bytes) -> bytes:
    """The referral: what is asked (ServiceRequest, Task), who takes part, and the letter as PDF.

    Each entry is created unless the partner has it already, so that a repeat changes nothing.
    """
    parties = parties_of(consignment)
    letter = identify(consignment.org_id, "letter", consignment.ereferral_id)
    request = _service_request(consignment, parties, "active")
    request["supportingInfo"] = [letter.reference]
    return _serialised(
        consignment,
        consignment.ereferral_id,
        [
            _created(_request_identity(consignment), request),
            _created(_task_identity(consignment), _task(consignment, parties, "requested")),
            *_parties(parties),
            _created(letter, _document(consignment, letter, parties, letter_pdf)),
        ],
    )


def cancellation_bundle(consignment: Consignment, reason: str | None = None) -> bytes:
    """The same ServiceRequest `revoked` and the same Task `cancelled`, without the letter.

    They are conditional updates: a partner who never got the referral learns that it is off.
    """
    parties = parties_of(consignment)
    task = _task(consignment, parties, "cancelled")
    if reason:
        task["statusReason"] = {"text": reason}
    return _serialised(
        consignment,
        identify(consignment.org_id, "cancellation", consignment.ereferral_id).uuid,
        [
            _updated(
                _request_identity(consignment), _service_request(consignment, parties, "revoked")
            ),
            _updated(_task_identity(consignment), task),
            *_parties(parties),
        ],
    )


def _serialised(consignment: Consignment, bundle_uuid: UUID, entries: list[Entry]) -> bytes:
    bundle: Bundle = {
        "resourceType": "Bundle",
        "identifier": uuid_identifier(bundle_uuid),
        "type": "transaction",
        "timestamp": _authored_on(consignment.package.referral),
        "entry": entries,
    }
    return orjson.dumps(bundle)


def _condition(identifier: Identifier) -> str:
    # Neither a UUID nor an NPI holds a character that a search would have to escape.
    return f"identifier={identifier['system']}|{identifier['value']}"


def _created(identity: Identity, resource: Resource) -> Entry:
    return {
        "fullUrl": identity.full_url,
        "resource": resource,
        "request": {
            "method": "POST",
            "url": resource["resourceType"],
            "ifNoneExist": _condition(identity.known_by),
        },
    }


def _updated(identity: Identity, resource: Resource) -> Entry:
    return {
        "fullUrl": identity.full_url,
        "resource": resource,
        "request": {
            "method": "PUT",
            "url": f"{resource['resourceType']}?{_condition(identity.known_by)}",
        },
    }


def _parties(parties: Parties) -> list[Entry]:
    everyone = [parties.patient, *parties.requesters, *parties.performers]
    return [_created(party.identity, party.resource) for party in everyone]


def _request_identity(consignment: Consignment) -> Identity:
    return identify(consignment.org_id, "referral", consignment.package.referral.id)


def _task_identity(consignment: Consignment) -> Identity:
    return identify(consignment.org_id, "ereferral", consignment.ereferral_id)


def _authored_on(referral: Referral) -> str:
    return format_time(referral.sent_at or referral.updated_at)


def _service_request(
    consignment: Consignment, parties: Parties, status: Literal["active", "revoked"]
) -> ServiceRequest:
    referral = consignment.package.referral
    specialty = consignment.package.partner.specialty
    request: ServiceRequest = {
        "resourceType": "ServiceRequest",
        "identifier": [
            uuid_identifier(referral.id),
            *_request_identity(consignment).identifiers,
        ],
        "status": status,
        "intent": "order",
        "priority": _priority(referral),
        "code": {
            "coding": [
                {"system": SNOMED_CT, "code": "3457005", "display": "Patient referral"},
            ],
            "text": f"Referral to {specialty}" if specialty else "Referral",
        },
        "subject": parties.patient.identity.reference,
        "authoredOn": _authored_on(referral),
        "requester": parties.requesters[0].identity.reference,
        "performer": [party.identity.reference for party in parties.performers],
        "reasonCode": _reasons(referral),
    }
    if referral.teeth:
        request["bodySite"] = [_tooth(tooth) for tooth in referral.teeth]
    notes = _repeat_note(consignment)
    if referral.notes:
        notes.append({"text": referral.notes})
    if notes:
        request["note"] = notes
    return request


def _task(
    consignment: Consignment, parties: Parties, status: Literal["requested", "cancelled"]
) -> Task:
    referral = consignment.package.referral
    identity = _task_identity(consignment)
    task: Task = {
        "resourceType": "Task",
        "identifier": identity.identifiers,
        "status": status,
        "intent": "order",
        "priority": _priority(referral),
        "code": {
            "coding": [
                {"system": TASK_CODE, "code": "fulfill", "display": "Fulfill the focal request"}
            ]
        },
        "description": f"Referral {consignment.reference}",
        "focus": _request_identity(consignment).reference,
        "for": parties.patient.identity.reference,
        "authoredOn": _authored_on(referral),
        "requester": parties.practice.identity.reference,
        "owner": parties.performers[0].identity.reference,
    }
    if notes := _repeat_note(consignment):
        task["note"] = notes
    if referral.respond_by is not None:
        task["restriction"] = {"period": {"end": format_time(referral.respond_by)}}
    return task


def _document(
    consignment: Consignment, identity: Identity, parties: Parties, letter_pdf: bytes
) -> DocumentReference:
    return {
        "resourceType": "DocumentReference",
        "identifier": identity.identifiers,
        "status": "current",
        "type": {"coding": [{"system": LOINC, "code": "57133-1", "display": "Referral note"}]},
        "subject": parties.patient.identity.reference,
        "date": _authored_on(consignment.package.referral),
        "author": [parties.requesters[0].identity.reference],
        "content": [
            {
                "attachment": {
                    "contentType": PDF,
                    "data": base64.b64encode(letter_pdf).decode("ascii"),
                    "title": f"Referral {consignment.reference}",
                }
            }
        ],
    }


def _priority(referral: Referral) -> RequestPriority:
    return referral.priority.value


def _reasons(referral: Referral) -> list[CodeableConcept]:
    """The reason in words, then each code as a concept of its own: they are not translations."""
    concepts: list[CodeableConcept] = [{"text": referral.reason}]
    for code in referral.reason_codes or ():
        concepts.append({"coding": [_reason_coding(code)]})
    return concepts


def _reason_coding(code: ReasonCode) -> Coding:
    """A Coding, or a text of what FHIR's types do not take: its `system` is an absolute URI, its
    `code` has only single spaces."""
    system = absolute_system(code.system)
    if system is None or " ".join(code.code.split()) != code.code:
        named = f"{code.system}: {code.code}"
        return {"display": f"{named} {code.display}" if code.display else named}
    coding: Coding = {"system": system, "code": code.code}
    if code.display:
        coding["display"] = code.display
    return coding


def _tooth(tooth: str) -> CodeableConcept:
    return {"coding": [{"system": UNIVERSAL_TOOTH, "code": tooth}], "text": f"Tooth {tooth}"}


def _repeat_note(consignment: Consignment) -> list[Annotation]:
    if not consignment.possible_repeat:
        return []
    return [
        {
            "text": "This may be a repeat of a referral that you already have. "
            f"Its reference is {consignment.reference}."
        }
    ]
