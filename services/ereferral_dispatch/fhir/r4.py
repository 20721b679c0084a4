"""As much of FHIR R4 (4.0.1, https://hl7.org/fhir/R4/) as a referral needs, as plain dictionaries.

Every status and code that a resource takes from a required value set is a Literal, so that the type
checker knows the closed list. What is absent is left out: FHIR's JSON has no nulls.
"""

from typing import Literal, NotRequired, TypedDict

URI = "urn:ietf:rfc:3986"  # the system of identifiers that are URIs themselves, such as urn:uuid:…
NPI = "http://hl7.org/fhir/sid/us-npi"
SNOMED_CT = "http://snomed.info/sct"
LOINC = "http://loinc.org"
TASK_CODE = "http://hl7.org/fhir/CodeSystem/task-code"
# HL7 Terminology names the ADA's universal numbering: 1 to 32 permanent, A to T primary teeth.
UNIVERSAL_TOOTH = "http://terminology.hl7.org/CodeSystem/ADAUniversalToothDesignationSystem"

ServiceRequestStatus = Literal["active", "revoked"]
TaskStatus = Literal["requested", "cancelled"]
RequestPriority = Literal["routine", "urgent", "asap", "stat"]


class Coding(TypedDict, total=False):
    """A code of a code system; without a system it is only a text."""

    system: str
    code: str
    display: str


class CodeableConcept(TypedDict, total=False):
    """One concept; its codings all mean the same."""

    coding: list[Coding]
    text: str


class Identifier(TypedDict):
    """A business identifier."""

    system: str
    value: str


class Reference(TypedDict):
    """Another resource of the bundle, by its fullUrl."""

    reference: str


class Annotation(TypedDict):
    """A note in markdown."""

    text: str


class HumanName(TypedDict):
    """A person's name as it is written; it is never split."""

    text: str


class ContactPoint(TypedDict):
    """A number (E.164) or an e-mail address."""

    system: Literal["phone", "fax", "email"]
    value: str
    use: NotRequired[Literal["work"]]


class Address(TypedDict, total=False):
    """A postal address; `country` is ISO 3166-1 alpha-2."""

    line: list[str]
    city: str
    state: str
    postalCode: str
    country: str


class Period(TypedDict):
    """Until when; FHIR dateTime."""

    end: str


class Restriction(TypedDict):
    """What limits a Task's fulfilment."""

    period: Period


class Attachment(TypedDict):
    """A document inline, `data` in base64."""

    contentType: str
    data: str
    title: str


class Content(TypedDict):
    """One rendering of a document."""

    attachment: Attachment


class OrganizationContact(TypedDict):
    """A person to ask for at an organization."""

    name: HumanName


class Patient(TypedDict):
    """https://hl7.org/fhir/R4/patient.html"""

    resourceType: Literal["Patient"]
    identifier: list[Identifier]
    name: list[HumanName]
    telecom: NotRequired[list[ContactPoint]]
    birthDate: NotRequired[str]


class Practitioner(TypedDict):
    """https://hl7.org/fhir/R4/practitioner.html"""

    resourceType: Literal["Practitioner"]
    identifier: list[Identifier]
    name: list[HumanName]
    telecom: NotRequired[list[ContactPoint]]
    address: NotRequired[list[Address]]


class Organization(TypedDict):
    """https://hl7.org/fhir/R4/organization.html"""

    resourceType: Literal["Organization"]
    identifier: list[Identifier]
    name: str
    telecom: NotRequired[list[ContactPoint]]
    address: NotRequired[list[Address]]
    contact: NotRequired[list[OrganizationContact]]


class ServiceRequest(TypedDict):
    """https://hl7.org/fhir/R4/servicerequest.html"""

    resourceType: Literal["ServiceRequest"]
    identifier: list[Identifier]
    status: ServiceRequestStatus
    intent: Literal["order"]
    priority: RequestPriority
    code: CodeableConcept
    subject: Reference
    authoredOn: str
    requester: Reference
    performer: list[Reference]
    reasonCode: list[CodeableConcept]
    supportingInfo: NotRequired[list[Reference]]
    bodySite: NotRequired[list[CodeableConcept]]
    note: NotRequired[list[Annotation]]


# `for` is a keyword of Python.
Task = TypedDict(
    "Task",
    {
        "resourceType": Literal["Task"],
        "identifier": list[Identifier],
        "status": TaskStatus,
        "statusReason": NotRequired[CodeableConcept],
        "intent": Literal["order"],
        "priority": RequestPriority,
        "code": CodeableConcept,
        "description": str,
        "focus": Reference,
        "for": Reference,
        "authoredOn": str,
        "requester": Reference,
        "owner": Reference,
        "note": NotRequired[list[Annotation]],
        "restriction": NotRequired[Restriction],
    },
)
"""https://hl7.org/fhir/R4/task.html"""


class DocumentReference(TypedDict):
    """https://hl7.org/fhir/R4/documentreference.html"""

    resourceType: Literal["DocumentReference"]
    identifier: list[Identifier]
    status: Literal["current"]
    type: CodeableConcept
    subject: Reference
    date: str
    author: list[Reference]
    content: list[Content]


Resource = Patient | Practitioner | Organization | ServiceRequest | Task | DocumentReference


class Request(TypedDict):
    """What the partner's server does with an entry."""

    method: Literal["POST", "PUT"]
    url: str
    ifNoneExist: NotRequired[str]


class Entry(TypedDict):
    """One resource of a transaction."""

    fullUrl: str
    resource: Resource
    request: Request


class Bundle(TypedDict):
    """https://hl7.org/fhir/R4/bundle.html, as a transaction: all of it is taken, or nothing."""

    resourceType: Literal["Bundle"]
    identifier: Identifier
    type: Literal["transaction"]
    timestamp: str
    entry: list[Entry]
