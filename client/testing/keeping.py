"""Rows of the fake: what it keeps of each resource, and how it shows it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from contracts.contact import Contact
from contracts.contact_referral import ContactReferral
from contracts.directory import Patient, Practice, Provider
from contracts.letter import letter_reference
from contracts.referral import Referral
from contracts.referral_partner import ContactType, ReferralPartner, display_name
from contracts.shapes import Resource
from contracts.values import format_time


class UnknownToTheFake(NotImplementedError):
    """An operation that the fake has no answer to: `FakeServices.answer` gives it one."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A resource that the fake keeps.

    `refers`: each field of a request that names something, with the field that shows it and the
    resource that it is of. `named_by`: the field of a request that names the row itself.
    `is_mirrored`: it is put by `observed_at`, not created and updated by version.
    """

    shape: type[Resource]
    named_by: str | None
    refers: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    is_mirrored: bool = False


KEPT: dict[str, Kept] = {
    "patient": Kept(Patient, "patient_uuid", is_mirrored=True),
    "provider": Kept(Provider, "provider_uuid", is_mirrored=True),
    "practice": Kept(Practice, None, is_mirrored=True),
    "contact": Kept(
        Contact,
        "contact_uuid",
        {
            "patient_uuid": ("patient", "patient"),
            "referral_partner_uuid": ("referral_partner", "referral_partner"),
            "provider_uuid": ("provider", "provider"),
        },
        is_mirrored=True,
    ),
    "referral_partner": Kept(ReferralPartner, "referral_partner_uuid"),
    "contact_referral": Kept(
        ContactReferral,
        "contact_referral_uuid",
        {
            "contact_uuid": ("referred_by", "contact"),
            "referred_by_uuid": ("referred_by", "contact"),
            "referred_to_uuid": ("referred_to", "contact"),
        },
    ),
    "referral": Kept(
        Referral,
        "referral_uuid",
        {
            "patient_uuid": ("patient", "patient"),
            "referral_partner_uuid": ("referral_partner", "referral_partner"),
            "referring_provider_uuid": ("referring_provider", "provider"),
        },
    ),
}


@dataclass
class Row:
    """One thing. `fields` is what its resource shows, as JSON has it."""

    fields: dict[str, Any]
    archived: bool = False

    @property
    def version(self) -> int:
        """Rises by one with every change."""
        return int(self.fields["version"])

    @property
    def observed_at(self) -> datetime:
        """Of what is mirrored: as of when it is known."""
        return datetime.fromisoformat(self.fields["observed_at"])

    @property
    def name(self) -> str | None:
        """How another thing shows it in a reference."""
        if "contact_type" in self.fields:
            names = (self.fields[name] for name in ("first_name", "last_name", "practice_name"))
            return display_name(ContactType(self.fields["contact_type"]), *names)
        return self.fields.get("name") or self.fields.get("reference")

    def change(self, changed: Mapping[str, Any], now: datetime) -> list[str]:
        """Make the change; the fields whose value it changed, sorted. None: nothing happened."""
        different = sorted(n for n, value in changed.items() if self.fields[n] != value)
        if different:
            self.fields.update(changed)
            self.touch(now)
        return different

    def touch(self, now: datetime) -> None:
        """A new version."""
        self.fields["version"] += 1
        if "updated_in_db_at" in self.fields:
            # In whole seconds, and later than before (docs/contract/wire.md#contact-referrals).
            last = datetime.fromisoformat(self.fields["updated_in_db_at"])
            now = max(now.replace(microsecond=0), last + timedelta(seconds=1))
            self.fields["updated_in_db_at"] = format_time(now)
        self.fields["updated_at"] = format_time(now)


def new_row(kept: Kept, id_: UUID, given: Mapping[str, Any], now: datetime) -> Row:
    """Version 1 of a thing: what was given, and each other field's default."""
    if kept.shape is ContactReferral:
        now = now.replace(microsecond=0)
    at = format_time(now)
    fields: dict[str, Any] = {
        name: None
        if one.is_required()
        else one.get_default(call_default_factory=True, validated_data={})
        for name, one in kept.shape.model_fields.items()
    }
    fields.update({name: value for name, value in given.items() if name in fields})
    fields.update(id=str(id_), version=1, created_at=at, updated_at=at)
    if kept.shape is ContactReferral:
        fields["updated_in_db_at"] = at
    if kept.shape is Referral:
        fields.update(reference=letter_reference(id_), status="draft")
    return Row(fields)
