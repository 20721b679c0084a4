"""An example of each operation: what it does, a body that works, and what has to come before.

In an org that holds nothing, the examples in `needs`, sent in their order, make an example succeed.
All of it is made up: numbers are of the 555-01XX block, addresses of example.com.
"""

from dataclasses import dataclass
from typing import Any

ORG_ID = "demo"


@dataclass(frozen=True, slots=True, eq=False)
class Another:
    """An operation with another body than its example's."""

    operation: str
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Example:
    """What an operation does, in a sentence, and a body that works.

    `needs`: the operations whose examples have to be sent before it, in this order; or which other
    body of one. `when`: a state that no command alone brings about, in words.
    """

    does: str
    body: dict[str, Any]
    needs: tuple[str | Another, ...] = ()
    when: str | None = None


def _id(number: int) -> str:
    return f"01930000-0000-7000-8000-{number:012x}"


_PATIENT_UUID, _PROVIDER_UUID, _PRACTICE_UUID = _id(0xA001), _id(0xA101), _id(0xA201)
_PARTNER_UUID = _id(0xB001)
_SOURCE_UUID, _COST_UUID, _ATTRIBUTION_UUID = _id(0xC001), _id(0xC101), _id(0xC201)
_REFERRAL_UUID, _EREFERRAL_UUID = _id(0xD001), _id(0xE001)
_ANSWER_LINK = "DEM00-DEM00-DEM00-DEM00"
_CONNECTION_UUID, _ROW_UUID = _id(0xF201), _id(0xF301)
_ADDED = "The connection was added at the command line (handoff connection add)."
_ALFADOCS_ADDED = "A connection to AlfaDocs was added (handoff connection add alfadocs)."
_CONTACT_UUID, _OTHER_CONTACT_UUID, _CONTACT_REFERRAL_UUID = _id(0xF001), _id(0xF002), _id(0xF101)
_INTAKE_UUID = _id(0xF001)
_OBSERVED_AT, _LATER = "2026-01-05T09:30:00Z", "2026-01-06T09:30:00Z"

_PRACTICE: dict[str, Any] = {
    "name": "Demo Family Dental",
    "npi": "1234567893",
    "phone": "+1 202-555-0101",
    "fax": "+1 202-555-0102",
    "email": "office@demo-family-dental.example.com",
    "address_line1": "100 Example Street",
    "city": "Springfield",
    "state": "IL",
    "postal_code": "62701",
    "country": "US",
}
_PATIENT: dict[str, Any] = {
    "name": "Demo Patient Eve",
    "date_of_birth": "1988-04-12",
    "phone": "+1 202-555-0120",
    "email": "eve@patients.example.com",
}
_PARTNER: dict[str, Any] = {
    "contact_type": "practice",
    "practice_name": "Demo Oral Surgery West",
    "specialty": "Oral surgery",
    "phone": "+1 202-555-0113",
    "country": "US",
    "accepts_ereferral": True,
    "ereferral_endpoint": "tel:+12025550113",
    "preferred_contact_method": "phone",
}
_REASON = "Impacted lower right third molar; please assess for removal."
_CODES = [
    {
        "system": "http://hl7.org/fhir/sid/icd-10-cm",
        "code": "K01.1",
        "display": "Impacted teeth",
    }
]

_PARTNER_MADE = ("referral_partner.create",)
_SOURCE_MADE = ("referral_source.create",)
_COST_MADE = (*_SOURCE_MADE, "referral_source_cost.create")
_PATIENT_PUT = ("patient.put",)
_ATTRIBUTED = (*_PATIENT_PUT, *_SOURCE_MADE, "referral_attribution.create")
_DRAFTED = (*_PATIENT_PUT, "provider.put", *_PARTNER_MADE, "referral.create")
_READY = ("practice.put", *_DRAFTED)
_SENT = (*_READY, "referral.send")
_DISPATCHED = ("ereferral.dispatch",)
_CONTACT_PUT = (*_PATIENT_PUT, "contact.put")
_OTHER_CONTACT = Another(
    "contact.put",
    {
        "contact_uuid": _OTHER_CONTACT_UUID,
        "name": "Demo Neighbour Nora",
        "observed_at": _OBSERVED_AT,
    },
)
_CONTACTS_PUT = (*_CONTACT_PUT, _OTHER_CONTACT)
_CONTACT_REFERRED = (*_CONTACTS_PUT, "contact_referral.create")
_VERSION = "base_version is its version by then: see ereferral.get"
_SUBMITTED = ("intake.submit",)
_ITS_ID = "intake_uuid is that of a row that was submitted: see intake.list."


def _shown(id_: str) -> dict[str, Any]:
    return {"id": id_, "version": 1, "created_at": _OBSERVED_AT, "updated_at": _OBSERVED_AT}


_PACKAGE: dict[str, Any] = {
    "dispatch_uuid": _EREFERRAL_UUID,
    "referral": {
        **_shown(_REFERRAL_UUID),
        "patient": {"uuid": _PATIENT_UUID, "name": _PATIENT["name"]},
        "referral_partner": {"uuid": _PARTNER_UUID, "name": _PARTNER["practice_name"]},
        "priority": "routine",
        "reason": _REASON,
        "reason_codes": _CODES,
        "teeth": ["32"],
        "status": "active",
        "fulfilment_status": "requested",
        "sent_at": _OBSERVED_AT,
    },
    "patient": {**_shown(_PATIENT_UUID), **_PATIENT, "observed_at": _OBSERVED_AT},
    "practice": {**_shown(_PRACTICE_UUID), **_PRACTICE, "observed_at": _OBSERVED_AT},
    "referring_provider": None,
    "partner": {**_shown(_PARTNER_UUID), **_PARTNER},
}
"""What `referral.send` freezes, for a partner that takes e-referrals by phone."""

EXAMPLES: dict[str, Example] = {
    "referral_partner.create": Example(
        "Add a partner that patients are referred to.", {"id": _PARTNER_UUID, **_PARTNER}
    ),
    "referral_partner.update": Example(
        "Change fields of a partner; null clears one.",
        {"referral_partner_uuid": _PARTNER_UUID, "base_version": 1, "notes": "Closed on Fridays."},
        _PARTNER_MADE,
    ),
    "referral_partner.archive": Example(
        "Take a partner out of use; what was sent stays.",
        {"referral_partner_uuid": _PARTNER_UUID, "base_version": 1},
        _PARTNER_MADE,
    ),
    "referral_partner.get": Example(
        "Read one partner.", {"referral_partner_uuid": _PARTNER_UUID}, _PARTNER_MADE
    ),
    "referral_partner.list": Example(
        "Read partners, filtered and searched, by name.",
        {"is_active": True, "search": "oral", "page_size": 20},
    ),
    "referral_source.create": Example(
        "Add a source that new patients come from.",
        {
            "id": _SOURCE_UUID,
            "name": "Spring newspaper campaign",
            "category": "print_media",
            "description": "Quarter page, every second Saturday.",
        },
    ),
    "referral_source.update": Example(
        "Change fields of a source.",
        {"referral_source_uuid": _SOURCE_UUID, "base_version": 1, "is_active": False},
        _SOURCE_MADE,
    ),
    "referral_source.archive": Example(
        "Take a source out of use.",
        {"referral_source_uuid": _SOURCE_UUID, "base_version": 1},
        _SOURCE_MADE,
    ),
    "referral_source.get": Example(
        "Read one source with its patients and costs.",
        {"referral_source_uuid": _SOURCE_UUID},
        _SOURCE_MADE,
    ),
    "referral_source.list": Example("Read sources in their order.", {"is_active": True}),
    "referral_source.report": Example(
        "Reckon what each source cost and brought in a period.",
        {"period_start": "2026-01-01", "period_end": "2026-03-31"},
    ),
    "referral_source_cost.create": Example(
        "Record what a source cost over a period.",
        {
            "referral_source_uuid": _SOURCE_UUID,
            "id": _COST_UUID,
            "amount": "1250.00",
            "period_start": "2026-01-01",
            "period_end": "2026-03-31",
        },
        _SOURCE_MADE,
    ),
    "referral_source_cost.update": Example(
        "Change a cost.",
        {
            "referral_source_uuid": _SOURCE_UUID,
            "cost_uuid": _COST_UUID,
            "base_version": 1,
            "amount": "1187.50",
        },
        _COST_MADE,
    ),
    "referral_source_cost.archive": Example(
        "Take a cost back.",
        {"referral_source_uuid": _SOURCE_UUID, "cost_uuid": _COST_UUID, "base_version": 1},
        _COST_MADE,
    ),
    "referral_source_cost.get": Example(
        "Read one cost of a source.",
        {"referral_source_uuid": _SOURCE_UUID, "cost_uuid": _COST_UUID},
        _COST_MADE,
    ),
    "referral_source_cost.list": Example(
        "Read a source's costs by their period.",
        {"referral_source_uuid": _SOURCE_UUID},
        _SOURCE_MADE,
    ),
    "referral_attribution.create": Example(
        "Record who or what brought a patient.",
        {
            "patient_uuid": _PATIENT_UUID,
            "id": _ATTRIBUTION_UUID,
            "referral_source_uuid": _SOURCE_UUID,
            "attribution_role": "primary",
            "source_note": "Brought the cutting along.",
            "attributed_at": _OBSERVED_AT,
        },
        (*_PATIENT_PUT, *_SOURCE_MADE),
    ),
    "referral_attribution.update": Example(
        "Change an attribution's role or note.",
        {
            "patient_uuid": _PATIENT_UUID,
            "attribution_uuid": _ATTRIBUTION_UUID,
            "base_version": 1,
            "attribution_role": "secondary",
        },
        _ATTRIBUTED,
    ),
    "referral_attribution.archive": Example(
        "Take an attribution back.",
        {
            "patient_uuid": _PATIENT_UUID,
            "attribution_uuid": _ATTRIBUTION_UUID,
            "base_version": 1,
        },
        _ATTRIBUTED,
    ),
    "referral_attribution.get": Example(
        "Read one attribution of a patient.",
        {"patient_uuid": _PATIENT_UUID, "attribution_uuid": _ATTRIBUTION_UUID},
        _ATTRIBUTED,
    ),
    "referral_attribution.list": Example(
        "Read a patient's attributions, newest first.",
        {"patient_uuid": _PATIENT_UUID},
        _PATIENT_PUT,
    ),
    "patient.put": Example(
        "Tell what is known of a patient; replaces the whole record.",
        {"patient_uuid": _PATIENT_UUID, **_PATIENT, "observed_at": _OBSERVED_AT},
    ),
    "patient.archive": Example(
        "Tell that a patient is no longer kept.",
        {"patient_uuid": _PATIENT_UUID, "observed_at": _LATER},
        _PATIENT_PUT,
    ),
    "patient.get": Example("Read one patient.", {"patient_uuid": _PATIENT_UUID}, _PATIENT_PUT),
    "patient_trail.get": Example(
        "Read who changed or saw a patient's data.", {"patient_uuid": _PATIENT_UUID}, _PATIENT_PUT
    ),
    "ereferral_trail.get": Example(
        "Read who changed or saw a patient's e-referrals.", {"patient_uuid": _PATIENT_UUID}
    ),
    "patient.list": Example(
        "Read patients, searched by name, phone and e-mail, by name.",
        {"search": "eve", "page_size": 20},
    ),
    "provider.put": Example(
        "Tell what is known of a provider of the practice.",
        {
            "provider_uuid": _PROVIDER_UUID,
            "name": "Dr. Demo Dentist",
            "npi": "1245319599",
            "observed_at": _OBSERVED_AT,
        },
    ),
    "provider.archive": Example(
        "Tell that a provider has left.",
        {"provider_uuid": _PROVIDER_UUID, "observed_at": _LATER},
        ("provider.put",),
    ),
    "provider.get": Example(
        "Read one provider.", {"provider_uuid": _PROVIDER_UUID}, ("provider.put",)
    ),
    "provider.list": Example("Read the practice's providers by name.", {"search": "demo"}),
    "practice.put": Example(
        "Tell what is known of the practice itself, once for each org.",
        {**_PRACTICE, "observed_at": _OBSERVED_AT},
    ),
    "practice.get": Example("Read the practice.", {}, ("practice.put",)),
    "referral.create": Example(
        "Draft a referral of a patient to a partner.",
        {
            "id": _REFERRAL_UUID,
            "patient_uuid": _PATIENT_UUID,
            "referral_partner_uuid": _PARTNER_UUID,
            "referring_provider_uuid": _PROVIDER_UUID,
            "priority": "routine",
            "reason": _REASON,
            "reason_codes": _CODES,
            "teeth": ["32"],
        },
        _DRAFTED[:-1],
    ),
    "referral.update": Example(
        "Change a draft.",
        {"referral_uuid": _REFERRAL_UUID, "base_version": 1, "priority": "urgent"},
        _DRAFTED,
    ),
    "referral.send": Example(
        "Send a draft: it is frozen and handed to dispatch.",
        {"referral_uuid": _REFERRAL_UUID, "base_version": 1},
        _READY,
    ),
    "referral.cancel": Example(
        "Cancel a draft or a referral under way, with a reason.",
        {
            "referral_uuid": _REFERRAL_UUID,
            "base_version": 1,
            "reason": "The patient chose another practice.",
        },
        _DRAFTED,
    ),
    "referral.record_response": Example(
        "Record what the partner said about a referral.",
        {
            "referral_uuid": _REFERRAL_UUID,
            "response": "accepted",
            "note": "Booked for Tuesday morning.",
            "scheduled_at": "2026-01-13T14:30:00Z",
        },
        _SENT,
    ),
    "referral.reopen": Example(
        "Take back a decline that was a mistake.",
        {"referral_uuid": _REFERRAL_UUID, "base_version": 3, "note": "They meant another patient."},
        _SENT,
        "The partner declined it; base_version is its version by then: see referral.get.",
    ),
    "referral.provide_information": Example(
        "Answer what the partner asked.",
        {
            "referral_uuid": _REFERRAL_UUID,
            "base_version": 3,
            "note": "Yes, of January 3; it is on its way.",
        },
        _SENT,
        "The partner asked something; base_version is its version by then: see referral.get.",
    ),
    "referral.get": Example(
        "Read one referral with its timeline.", {"referral_uuid": _REFERRAL_UUID}, _DRAFTED
    ),
    "referral.preview": Example(
        "Read the letter that a draft would be sent with.",
        {"referral_uuid": _REFERRAL_UUID},
        _READY,
    ),
    "referral.list": Example(
        "Read referrals, filtered and searched, newest first.",
        {"status": "active", "search": "eve", "page_size": 20},
    ),
    "contact.put": Example(
        "Tell what is known of a contact; replaces the whole record.",
        {
            "contact_uuid": _CONTACT_UUID,
            "name": "Household of Demo Patient Eve",
            "patient_uuid": _PATIENT_UUID,
            "observed_at": _OBSERVED_AT,
        },
        _PATIENT_PUT,
    ),
    "contact.archive": Example(
        "Tell that a contact is no longer kept.",
        {"contact_uuid": _CONTACT_UUID, "observed_at": _LATER},
        _CONTACT_PUT,
    ),
    "contact.get": Example("Read one contact.", {"contact_uuid": _CONTACT_UUID}, _CONTACT_PUT),
    "contact.list": Example(
        "Read contacts, searched, by name.", {"search": "household", "page_size": 20}
    ),
    "contact_referral.create": Example(
        "Record that a contact referred another one.",
        {
            "id": _CONTACT_REFERRAL_UUID,
            "contact_uuid": _CONTACT_UUID,
            "referred_to_uuid": _OTHER_CONTACT_UUID,
        },
        _CONTACTS_PUT,
    ),
    "contact_referral.update": Example(
        "Change who referred whom.",
        {
            "contact_uuid": _CONTACT_UUID,
            "contact_referral_uuid": _CONTACT_REFERRAL_UUID,
            "base_version": 1,
            "referred_by_uuid": _OTHER_CONTACT_UUID,
            "referred_to_uuid": _CONTACT_UUID,
        },
        _CONTACT_REFERRED,
    ),
    "contact_referral.archive": Example(
        "Take a contact referral back.",
        {"contact_uuid": _CONTACT_UUID, "contact_referral_uuid": _CONTACT_REFERRAL_UUID},
        _CONTACT_REFERRED,
    ),
    "contact_referral.get": Example(
        "Read one referral by a contact.",
        {"contact_uuid": _CONTACT_UUID, "contact_referral_uuid": _CONTACT_REFERRAL_UUID},
        _CONTACT_REFERRED,
    ),
    "contact_referral.list": Example(
        "Read whom a contact referred, oldest first.",
        {"contact_uuid": _CONTACT_UUID},
        _CONTACT_PUT,
    ),
    "intake.submit": Example(
        "Stage people whom a form outside refers, for a person to decide.",
        {
            "rows": [
                {
                    "source": "1",
                    "referral_role": "1",
                    "first_name": "Demo",
                    "surname": "Person",
                    "org_type_id": 1,
                    "telephone": "+1 202-555-0121",
                    "description": "Has a broken tooth and no dentist.",
                    "preferred_day": "Tuesday",
                }
            ]
        },
    ),
    "intake.accept": Example(
        "Take a staged person in as a new patient, with a draft if wanted.",
        {
            "intake_uuid": _INTAKE_UUID,
            "base_version": 1,
            "attribution": {"referral_source_uuid": _SOURCE_UUID},
            "referral": {"referral_partner_uuid": _PARTNER_UUID},
        },
        (*_SOURCE_MADE, *_PARTNER_MADE, *_SUBMITTED),
        _ITS_ID,
    ),
    "intake.link": Example(
        "Take a staged person in as a patient who is there already.",
        {
            "intake_uuid": _INTAKE_UUID,
            "base_version": 1,
            "patient_uuid": _PATIENT_UUID,
            "referral": None,
        },
        (*_PATIENT_PUT, *_SUBMITTED),
        _ITS_ID,
    ),
    "intake.reject": Example(
        "Decide that a staged person is not taken in.",
        {
            "intake_uuid": _INTAKE_UUID,
            "base_version": 1,
            "reason": "not_reached",
            "note": "Called three times.",
        },
        _SUBMITTED,
        _ITS_ID,
    ),
    "intake.reopen": Example(
        "Let a rejected person wait again.",
        {"intake_uuid": _INTAKE_UUID, "base_version": 2},
        (*_SUBMITTED, "intake.reject"),
        _ITS_ID,
    ),
    "intake.get": Example(
        "Read a staged person, the group, and the patients it may be.",
        {"intake_uuid": _INTAKE_UUID},
        _SUBMITTED,
        _ITS_ID,
    ),
    "intake.list": Example(
        "Read staged people, those who wait longest first.",
        {"status": "received", "suspected_spam": False, "page_size": 20},
    ),
    "intake_map.put": Example(
        "Say which referral source a form outside is, or whose a project.",
        {"source": "1", "referral_role": "1", "referral_source_uuid": _SOURCE_UUID},
        _SOURCE_MADE,
    ),
    "intake_map.list": Example("Read what the forms and projects outside are mapped to.", {}),
    "ereferral.dispatch": Example(
        "Deliver a frozen referral; referral.send sends it for you.", _PACKAGE
    ),
    "ereferral.cancel": Example(
        "Stop an e-referral, or tell its partner that it is withdrawn.",
        {"ereferral_uuid": _EREFERRAL_UUID, "reason": "The patient chose another practice."},
        _DISPATCHED,
    ),
    "ereferral.retry": Example(
        "Make one attempt now, by another channel if wanted.",
        {"ereferral_uuid": _EREFERRAL_UUID, "base_version": 3, "channel": "phone"},
        _DISPATCHED,
        f"It is awaiting_call, a moment after its dispatch; {_VERSION}.",
    ),
    "ereferral.complete_call": Example(
        "Report how a phone call to the partner went.",
        {
            "ereferral_uuid": _EREFERRAL_UUID,
            "base_version": 3,
            "outcome": "reached",
            "note": "They will call the patient today.",
        },
        _DISPATCHED,
        f"It is awaiting_call, a moment after its dispatch; {_VERSION}.",
    ),
    "ereferral.resolve": Example(
        "Say whether an e-referral of unknown outcome arrived.",
        {
            "ereferral_uuid": _EREFERRAL_UUID,
            "base_version": 3,
            "outcome": "delivered",
            "note": "They have it in their inbox.",
        },
        _DISPATCHED,
        f"It is outcome_unknown: ereferral.list with that status shows which are; {_VERSION}.",
    ),
    "ereferral.record_response": Example(
        "Record what the partner said about an e-referral.",
        {"ereferral_uuid": _EREFERRAL_UUID, "response": "rejected", "reason_code": "no_capacity"},
        _DISPATCHED,
        "It was handed to its partner.",
    ),
    "ereferral.request_information": Example(
        "Ask the practice something before answering.",
        {"ereferral_uuid": _EREFERRAL_UUID, "note": "Is there a recent radiograph?"},
        _DISPATCHED,
    ),
    "ereferral.provide_information": Example(
        "Tell the partner what it asked; referral.provide_information does.",
        {"ereferral_uuid": _EREFERRAL_UUID, "note": "Yes, of January 3; it is on its way."},
        _DISPATCHED,
    ),
    "ereferral.reopen": Example(
        "Let the partner answer anew; referral.reopen sends it for you.",
        {"ereferral_uuid": _EREFERRAL_UUID},
        _DISPATCHED,
    ),
    "answer_link.verify": Example(
        "Check the code of a letter's answer link.",
        {"answer_link": _ANSWER_LINK, "code": "123 456"},
        when="The link is of a letter, or was given by answer_link.renew.",
    ),
    "answer_link.open": Example(
        "Read what an answer link shows.",
        {"answer_link": _ANSWER_LINK},
        when="The link is of a letter, or was given by answer_link.renew.",
    ),
    "answer_link.renew": Example(
        "Make another answer link to read out; the one before is void.",
        {"ereferral_uuid": _EREFERRAL_UUID},
        _DISPATCHED,
        "DISPATCH_PUBLIC_URL is set.",
    ),
    "answer_link.list": Example(
        "Read answer links, such as those that are locked.", {"locked": True}
    ),
    "partner_channel.release": Example(
        "Let a held channel of a partner go again.",
        {"referral_partner_uuid": _PARTNER_UUID, "channel": "portal"},
        when="The partner's channel is held: ereferral.list with needs_person shows who waits.",
    ),
    "ereferral.get": Example(
        "Read one e-referral with its attempts.", {"ereferral_uuid": _EREFERRAL_UUID}, _DISPATCHED
    ),
    "ereferral.letter": Example(
        "Read the letter that an e-referral brings.",
        {"ereferral_uuid": _EREFERRAL_UUID},
        _DISPATCHED,
    ),
    "ereferral.preview": Example(
        "Read the letter that a package would be sent with.",
        {name: part for name, part in _PACKAGE.items() if name != "dispatch_uuid"},
    ),
    "ereferral.list": Example(
        "Read e-referrals, such as those that need a person.", {"needs_person": True}
    ),
    "connection.sync": Example(
        "Let a connection read the other system now.",
        {"connection_uuid": _CONNECTION_UUID, "full": True},
        when=_ADDED,
    ),
    "connection.get": Example(
        "Read one connection.", {"connection_uuid": _CONNECTION_UUID}, when=_ADDED
    ),
    "connection.list": Example("Read the connections by name.", {}),
    "connection.runs": Example(
        "Read a connection's runs.", {"connection_uuid": _CONNECTION_UUID}, when=_ADDED
    ),
    "import_row.list": Example("Read the rows that wait for a person.", {"resolved": False}),
    "import_row.resolve": Example(
        "Decide about a row that waits.",
        {"import_row_uuid": _ROW_UUID, "base_version": 1, "resolution": "create"},
        when="The row waits as possible_duplicate: import_row.list shows which do.",
    ),
    "external_id.list": Example(
        "Read which row there is which resource here.", {"kind": "partner", "external_id": "17"}
    ),
    "external_id.link": Example(
        "Say that a row there is a partner who is here already.",
        {
            "connection_uuid": _CONNECTION_UUID,
            "kind": "partner",
            "external_id": "17",
            "uuid": _PARTNER_UUID,
        },
        when=_ADDED,
    ),
    "source_map.set": Example(
        "Say which referral source a source number there means.",
        {
            "connection_uuid": _CONNECTION_UUID,
            "external_id": "283",
            "referral_source_uuid": _SOURCE_UUID,
        },
        when=_ALFADOCS_ADDED,
    ),
    "operator_map.set": Example(
        "Say which partner an operator is who visits the practice.",
        {
            "connection_uuid": _CONNECTION_UUID,
            "external_id": "33963",
            "referral_partner_uuid": _PARTNER_UUID,
        },
        when=_ALFADOCS_ADDED,
    ),
}


def body_of(operation: str) -> dict[str, Any]:
    """The whole body of an operation's example, with its org."""
    return {"org_id": ORG_ID, **EXAMPLES[operation].body}


def needed(need: str | Another) -> Another:
    """What has to be sent before an example: an operation and its body, without the org."""
    return need if isinstance(need, Another) else Another(need, EXAMPLES[need].body)
