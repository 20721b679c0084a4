"""The parties of a referral: the patient, who refers, and who is asked."""

from dataclasses import dataclass
from uuid import UUID, uuid5

from contracts.directory import Practice
from contracts.referral_partner import ContactType, ReferralPartner
from services.ereferral_dispatch.consignment import Consignment
from services.ereferral_dispatch.fhir.r4 import (
    NPI,
    URI,
    Address,
    ContactPoint,
    Identifier,
    Organization,
    Patient,
    Practitioner,
    Reference,
)

# Ours alone, drawn once at random. Changing it would make every resource a new one to the partners.
NAMESPACE = UUID("6f0b6c5e-3d0a-4f0e-9f5c-2b7a1d94c3e8")

PartyResource = Patient | Practitioner | Organization


@dataclass(frozen=True, slots=True)
class Identity:
    """What a resource is called: in the bundle by `uuid`, at the partner's by `known_by`."""

    uuid: UUID
    known_by: Identifier

    @property
    def full_url(self) -> str:
        """The entry's fullUrl, which other entries refer to."""
        return f"urn:uuid:{self.uuid}"

    @property
    def reference(self) -> Reference:
        """A reference to it."""
        return {"reference": self.full_url}

    @property
    def identifiers(self) -> list[Identifier]:
        """Every identifier of the resource, the one it is known by first."""
        own = uuid_identifier(self.uuid)
        return [self.known_by] if self.known_by == own else [self.known_by, own]


@dataclass(frozen=True, slots=True)
class Party:
    """A resource that takes part."""

    identity: Identity
    resource: PartyResource


@dataclass(frozen=True, slots=True)
class Parties:
    """Everyone. `requesters` and `performers` hold a practitioner before their organization."""

    patient: Party
    requesters: list[Party]
    performers: list[Party]

    @property
    def practice(self) -> Party:
        """The organization that refers."""
        return self.requesters[-1]


def uuid_identifier(uuid: UUID) -> Identifier:
    """A UUID as an identifier: FHIR gives those the URI system and the value `urn:uuid:…`."""
    return {"system": URI, "value": f"urn:uuid:{uuid}"}


def identify(org_id: str, kind: str, uuid: UUID) -> Identity:
    """The identity of what an org calls `uuid`.

    Ids are taken per org, and clients may choose them: the org is part of the name, or one org's
    patient could be taken for another's at a partner of both.
    """
    named = uuid5(NAMESPACE, f"{org_id}/{kind}/{uuid}")
    return Identity(named, uuid_identifier(named))


def parties_of(consignment: Consignment) -> Parties:
    """The parties; an NPI of the requesting side never names the partner too."""
    package = consignment.package
    practice = _practice(consignment.org_id, package.practice)
    requesters = [practice]
    if package.referring_provider is not None:
        provider = package.referring_provider
        identity = _with_npi(identify(consignment.org_id, "provider", provider.id), provider.npi)
        requesters.insert(0, _practitioner(identity, provider.name))
    taken = [party.identity.known_by for party in requesters]
    return Parties(
        patient=_patient(consignment),
        requesters=requesters,
        performers=_partner(consignment.org_id, package.partner, taken),
    )


def _with_npi(
    identity: Identity, npi: str | None, taken: list[Identifier] | None = None
) -> Identity:
    # Two entries with one ifNoneExist are one resource to some servers and a refusal to others. It
    # happens where a group refers within itself.
    known_by: Identifier = {"system": NPI, "value": npi or ""}
    if npi is None or (taken is not None and known_by in taken):
        return identity
    return Identity(identity.uuid, known_by)


def _patient(consignment: Consignment) -> Party:
    patient = consignment.package.patient
    identity = identify(consignment.org_id, "patient", patient.id)
    resource: Patient = {
        "resourceType": "Patient",
        "identifier": identity.identifiers,
        "name": [{"text": patient.name}],
    }
    telecom = _telecom(patient.phone, None, patient.email, at_work=False)
    if telecom:
        resource["telecom"] = telecom
    if patient.date_of_birth is not None:
        resource["birthDate"] = patient.date_of_birth.isoformat()
    return Party(identity, resource)


def _practitioner(identity: Identity, name: str) -> Party:
    resource: Practitioner = {
        "resourceType": "Practitioner",
        "identifier": identity.identifiers,
        "name": [{"text": name}],
    }
    return Party(identity, resource)


def _practice(org_id: str, practice: Practice) -> Party:
    identity = _with_npi(identify(org_id, "practice", practice.id), practice.npi)
    resource: Organization = {
        "resourceType": "Organization",
        "identifier": identity.identifiers,
        "name": practice.name,
    }
    _locate(resource, practice)
    return Party(identity, resource)


def _partner(org_id: str, partner: ReferralPartner, taken: list[Identifier]) -> list[Party]:
    """A provider with their practice, if it is named; any other partner as an organization."""
    person = " ".join(part for part in (partner.first_name, partner.last_name) if part)
    if partner.contact_type is not ContactType.PROVIDER or not person:
        return [_partner_organization(org_id, partner, person, taken)]
    identity = identify(org_id, "partner", partner.id)
    provider = _practitioner(_with_npi(identity, partner.npi, taken), person)
    if partner.practice_name is None:
        assert provider.resource["resourceType"] == "Practitioner"
        _locate(provider.resource, partner)
        return [provider]
    own = identify(org_id, "partner_practice", partner.id)
    practice: Organization = {
        "resourceType": "Organization",
        "identifier": own.identifiers,
        "name": partner.practice_name,
    }
    _locate(practice, partner)
    return [provider, Party(own, practice)]


def _partner_organization(
    org_id: str, partner: ReferralPartner, person: str, taken: list[Identifier]
) -> Party:
    identity = _with_npi(identify(org_id, "partner", partner.id), partner.npi, taken)
    resource: Organization = {
        "resourceType": "Organization",
        "identifier": identity.identifiers,
        "name": partner.practice_name or person or f"Partner {partner.id}",
    }
    if partner.practice_name and person:
        resource["contact"] = [{"name": {"text": person}}]
    _locate(resource, partner)
    return Party(identity, resource)


def _locate(resource: Practitioner | Organization, source: Practice | ReferralPartner) -> None:
    telecom = _telecom(source.phone, source.fax, source.email, at_work=True)
    if telecom:
        resource["telecom"] = telecom
    address: Address = {}
    lines = [line for line in (source.address_line1, source.address_line2) if line]
    if lines:
        address["line"] = lines
    if source.city:
        address["city"] = source.city
    if source.state:
        address["state"] = source.state
    if source.postal_code:
        address["postalCode"] = source.postal_code
    if address:
        if source.country:
            address["country"] = source.country
        resource["address"] = [address]


def _telecom(
    phone: str | None, fax: str | None, email: str | None, *, at_work: bool
) -> list[ContactPoint]:
    points: list[ContactPoint] = []
    if phone:
        points.append({"system": "phone", "value": phone})
    if fax:
        points.append({"system": "fax", "value": fax})
    if email:
        points.append({"system": "email", "value": email})
    if at_work:
        for point in points:
            point["use"] = "work"
    return points
