"""Searching: the text stands in an index, but for the few whose text is too long for it.

`%` and `_` are ordinary characters, and case counts in no script.
"""

import re
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Select,
    Text,
    cast,
    func,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import InstrumentedAttribute, aliased

from messaging.handlers.pages import contains
from services.referrals.models.directory import Patient
from services.referrals.models.partner import ReferralPartner
from services.referrals.models.referral import Referral

_LONG = aliased(Patient)
_PART = re.compile("[0-9A-Fa-f-]+")


def patient_holds(org_id: str, searched: str) -> ColumnElement[bool]:
    """Whether a patient's name, phone or e-mail holds the text."""
    long = _long_patients(org_id).where(contains(_LONG.search_text, searched))
    return or_(contains(Patient.search_key, searched), Patient.id.in_(long))


def referral_holds(org_id: str, searched: str) -> ColumnElement[bool]:
    """Whether the patient's name, the partner's display name or the reference holds the text.

    The names that are shown count, those of archived patients and partners too.
    """
    return or_(
        Referral.patient_id.in_(_patients_called(org_id, searched)),
        Referral.referral_partner_id.in_(_partners_called(org_id, searched)),
        # What has other characters is part of no reference.
        *([contains(_reference(), searched)] if _PART.fullmatch(searched) else []),
    )


def _patients_called(org_id: str, searched: str) -> CompoundSelect[UUID]:
    called = contains(_name(Patient.search_key), searched)
    return union_all(
        select(Patient.id).where(Patient.org_id == org_id, called),
        _long_patients(org_id).where(contains(_name(_LONG.search_text), searched)),
    )


def _partners_called(org_id: str, searched: str) -> CompoundSelect[UUID]:
    of_org = select(ReferralPartner.id).where(ReferralPartner.org_id == org_id)
    long = ReferralPartner.name_key.is_(None) & ReferralPartner.name_text.is_not(None)
    return union_all(
        of_org.where(contains(ReferralPartner.name_key, searched)),
        of_org.where(long, contains(ReferralPartner.name_text, searched)),
    )


def _long_patients(org_id: str) -> Select[UUID]:
    """The few that have no key."""
    return select(_LONG.id).where(
        _LONG.org_id == org_id, _LONG.search_key.is_(None), _LONG.search_text.is_not(None)
    )


def _name(text: InstrumentedAttribute[str | None]) -> ColumnElement[str]:
    """The first line of what a patient is found by."""
    return func.split_part(text, "\n", 1)


def _reference() -> ColumnElement[str]:
    """The reference, case-folded, as `contracts.letter` makes it of the id: its last group, in
    fours. It is computed, so that whatever index has the id has the reference."""
    digits = func.right(cast(Referral.id, Text), 12)
    return (
        func.left(digits, 4)
        .concat("-")
        .concat(func.substr(digits, 5, 4))
        .concat("-")
        .concat(func.right(digits, 4))
    )
