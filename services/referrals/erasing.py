"""Erasing a patient from referrals: the directory record, and what was written about them.

Ids, codes of status and times stay. What is changed in a resource is a version of its own, with its
event: so subscribers learn of it as of any other change, and with the erased text.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, delete, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.contact import CONTACT_ARCHIVED, CONTACT_PUT
from contracts.directory import PATIENT_ARCHIVED
from contracts.events import DataT, Event
from contracts.referral import REFERRAL_UPDATED
from contracts.referral_attribution import (
    REFERRAL_ATTRIBUTION_ARCHIVED,
    REFERRAL_ATTRIBUTION_UPDATED,
)
from contracts.referral_source import REFERRAL_SOURCE_ARCHIVED, REFERRAL_SOURCE_UPDATED
from contracts.referral_source_cost import (
    REFERRAL_SOURCE_COST_ARCHIVED,
    REFERRAL_SOURCE_COST_UPDATED,
)
from contracts.text import ERASED
from messaging.decision.loading import load
from messaging.handlers.workspace import Need, Publishing, Workspace, changed_fields
from messaging.outbox.system_work import SystemWork, begin_work
from messaging.trail import audit
from messaging.trail.erasure import (
    CannotErase,
    Erased,
    clear,
    empty_replies,
    waiting_messages,
    write_down,
)
from services.referrals.handlers import (
    attribution,
    contact,
    directory,
    intake_resource,
    referral_resource,
    source,
    source_cost,
    timeline,
)
from services.referrals.handlers.versions import next_version
from services.referrals.intake_keeping import empty
from services.referrals.models.attribution import ReferralAttribution
from services.referrals.models.contact import Contact, ContactReferral
from services.referrals.models.directory import Patient
from services.referrals.models.intake import Intake, IntakeFingerprint
from services.referrals.models.referral import Referral, TimelineEntry
from services.referrals.models.source import ReferralSource, ReferralSourceCost

Told = ReferralAttribution | ReferralSource | ReferralSourceCost | Contact


@dataclass(frozen=True, slots=True)
class PatientRows:
    """The rows about a patient, locked: no command changes them meanwhile."""

    patient: Patient | None
    referrals: Sequence[Referral]
    attributions: Sequence[ReferralAttribution]
    sources: Sequence[ReferralSource]
    costs: Sequence[ReferralSourceCost]
    contacts: Sequence[Contact]
    contact_referrals: Sequence[ContactReferral]
    intake: Sequence[Intake]

    def ids(self) -> list[UUID]:
        """The subject of everything that is published about them."""
        found = [] if self.patient is None else [self.patient.id]
        found += [row.id for row in self.referrals]
        found += [row.id for row in self.attributions]
        found += [row.id for row in self.sources]
        found += [row.id for row in self.contacts]
        found += [row.id for row in self.contact_referrals]
        found += [row.id for row in self.costs]
        return found + [row.id for row in self.intake]


async def heard_versions(session: AsyncSession, org_id: str, patient_id: UUID) -> dict[UUID, int]:
    """Which version of each of the patient's e-referrals was heard of last; 0: none.

    `session` works as the system role.
    """
    rows = await session.execute(
        select(Referral.ereferral_id, Referral.dispatch_version).where(
            Referral.org_id == org_id,
            Referral.patient_id == patient_id,
            Referral.ereferral_id.is_not(None),
        )
    )
    return {row.ereferral_id: row.dispatch_version for row in rows}


async def erase(
    session: AsyncSession,
    publishing: Publishing,
    org_id: str,
    patient_id: UUID,
    operator: audit.Operator,
) -> Erased:
    """Erase what is held about a patient; the caller commits, or rolls back to have only looked.

    `session` works as the system role. Raises CannotErase where messages about the patient wait to
    be published: they hold what is to be erased.
    """
    about = await _lock(session, org_id, patient_id)
    waiting = await waiting_messages(session, org_id, about.ids())
    if waiting:
        raise CannotErase([f"referrals has {waiting} messages about the patient to publish: wait"])
    emptied = await empty_replies(session, org_id, patient_id, about.ids())
    work = await begin_work(session, publishing)
    await _load_shown(work, org_id, about)
    counts = _erase_rows(about, work.workspace(org_id))
    counts["stored replies"] = emptied
    counts["timeline entries"] = await clear(
        session,
        TimelineEntry,
        TimelineEntry.org_id == org_id,
        TimelineEntry.referral_id.in_([row.id for row in about.referrals]),
        detail=None,
    )
    await _forget_fingerprints(session, org_id, about)
    await work.write()
    erased = Erased(counts)
    if erased.total:
        await write_down(session, org_id, patient_id, operator)
    return erased


def _erase_rows(about: PatientRows, workspace: Workspace) -> dict[str, int]:
    """Whose names others show come first: no event of an erasure may show a name."""
    return {
        "directory record": _erase_patient(about.patient, workspace),
        "contacts": sum(_erase_contact(row, workspace) for row in about.contacts),
        "sources linked to them": sum(_erase_source(row, workspace) for row in about.sources),
        "costs of those sources": sum(_erase_cost(row, workspace) for row in about.costs),
        "attributions": sum(_erase_attribution(row, workspace) for row in about.attributions),
        "referrals": sum(_erase_referral(row, workspace) for row in about.referrals),
        "intake rows": sum(empty(row, workspace) for row in about.intake),
    }


async def _forget_fingerprints(session: AsyncSession, org_id: str, about: PatientRows) -> None:
    """A digest of what a form said tells whether somebody said the same."""
    await session.execute(
        delete(IntakeFingerprint)
        .where(
            IntakeFingerprint.org_id == org_id,
            IntakeFingerprint.group_id.in_([row.group_id for row in about.intake]),
        )
        .execution_options(synchronize_session=False)
    )


async def _lock(session: AsyncSession, org_id: str, patient_id: UUID) -> PatientRows:
    """In the order in which commands lock what they change. A source that is linked to the patient
    is the patient: whom it brought and what it cost is written about them. So is a contact,
    whom contact referrals show: these do not change, but what was said of them may wait or be kept.

    The patient's row is locked so that nothing new can refer to it: an insert that does waits. A
    command that has changed something of theirs before that insert ends in a deadlock with this:
    PostgreSQL breaks it, and whoever lost tries again.
    """

    async def rows(model: Any, which: ColumnElement[bool]) -> Sequence[Any]:
        statement = select(model).where(model.org_id == org_id, which).order_by(model.id)
        return (await session.scalars(statement.with_for_update(key_share=True))).all()

    patient = await session.get(Patient, (org_id, patient_id), with_for_update=True)
    of = ReferralAttribution
    linked = select(ReferralSource.id).where(
        ReferralSource.org_id == org_id, ReferralSource.linked_patient_id == patient_id
    )
    contacts = await rows(Contact, Contact.patient_id == patient_id)
    known_as = [row.id for row in contacts]
    shown_by = or_(
        ContactReferral.referred_by_id.in_(known_as), ContactReferral.referred_to_id.in_(known_as)
    )
    named = or_(
        of.patient_id == patient_id,
        of.referring_patient_id == patient_id,
        of.referral_source_id.in_(linked),
    )
    return PatientRows(
        patient,
        await rows(Referral, Referral.patient_id == patient_id),
        await rows(of, named),
        await rows(ReferralSource, ReferralSource.linked_patient_id == patient_id),
        await rows(ReferralSourceCost, ReferralSourceCost.referral_source_id.in_(linked)),
        contacts,
        await rows(ContactReferral, shown_by),
        await rows(Intake, or_(Intake.patient_id == patient_id, Intake.contact_id.in_(known_as))),
    )


async def _load_shown(work: SystemWork, org_id: str, about: PatientRows) -> None:
    """All that the events show."""
    needs: list[Need] = []
    for referral in about.referrals:
        needs += referral_resource.pointed_to(referral)
    for attributed in about.attributions:
        needs += [Need(Patient, (attributed.patient_id,)), *attribution.pointed_to(attributed)]
    for linked in about.sources:
        needs += source.pointed_to(linked)
    needs += [Need(ReferralSource, (cost.referral_source_id,)) for cost in about.costs]
    needs += [Need(Patient, (one.patient_id,)) for one in about.contacts]
    for row in about.intake:
        needs += intake_resource.pointed_to(row)
    await load(work.session, work.rows, ((org_id, need) for need in needs))


def _erase_patient(row: Patient | None, workspace: Workspace) -> bool:
    """Archived, as of now: what was observed before does not bring it back."""
    if row is None or not row.version:
        return False
    fields = (row.name, row.date_of_birth, row.phone, row.phone_given, row.email)
    if fields == (ERASED, None, None, None, None):
        return False
    row.name, row.date_of_birth, row.phone, row.email = ERASED, None, None, None
    row.phone_given = row.phone_country = None
    directory.note_how_found(row)
    row.observed_at = max(row.observed_at, workspace.now)
    next_version(row, workspace)
    row.deleted_at = row.deleted_at or workspace.now
    workspace.publish(PATIENT_ARCHIVED, directory.patient_resource(row))
    return True


def _erase_contact(row: Contact, workspace: Workspace) -> bool:
    """As of now: what was observed before does not bring the name back."""
    if row.name == ERASED:
        return False
    before = contact.shown(row, workspace)
    for column, value in contact.named(ERASED).items():
        setattr(row, column, value)
    row.observed_at = max(row.observed_at, workspace.now)
    next_version(row, workspace)
    after = contact.shown(row, workspace)
    changed = changed_fields(before, after)
    _tell(row, (CONTACT_PUT, CONTACT_ARCHIVED), after, changed, workspace)
    return True


def _erase_referral(row: Referral, workspace: Workspace) -> bool:
    before = referral_resource.shown(row, workspace)
    row.reason = ERASED
    row.notes = row.reason_codes = row.teeth = None
    row.cancel_reason = None if row.cancel_reason is None else ERASED
    changed = changed_fields(before, referral_resource.shown(row, workspace))
    if not changed:
        return False
    next_version(row, workspace)
    timeline.add_entry(row, workspace, REFERRAL_UPDATED.name)
    after = referral_resource.shown(row, workspace)
    workspace.publish(REFERRAL_UPDATED, after, changed=changed)
    return True


def _erase_attribution(row: ReferralAttribution, workspace: Workspace) -> bool:
    if row.source_note is None:
        return False
    row.source_note = None
    next_version(row, workspace)
    events = (REFERRAL_ATTRIBUTION_UPDATED, REFERRAL_ATTRIBUTION_ARCHIVED)
    _tell(row, events, attribution.shown(row, workspace), ["source_note"], workspace)
    return True


def _erase_cost(row: ReferralSourceCost, workspace: Workspace) -> bool:
    if row.notes is None:
        return False
    row.notes = None
    next_version(row, workspace)
    shown = source_cost.cost_resource(row, workspace.get(ReferralSource, row.referral_source_id))
    events = (REFERRAL_SOURCE_COST_UPDATED, REFERRAL_SOURCE_COST_ARCHIVED)
    _tell(row, events, shown, ["notes"], workspace)
    return True


def _erase_source(row: ReferralSource, workspace: Workspace) -> bool:
    """A source that is the patient is called by their name."""
    before = source.shown(row, workspace)
    row.name, row.description = ERASED, None
    row.search_text = row.name.casefold()
    changed = changed_fields(before, source.shown(row, workspace))
    if not changed:
        return False
    next_version(row, workspace)
    events = (REFERRAL_SOURCE_UPDATED, REFERRAL_SOURCE_ARCHIVED)
    _tell(row, events, source.shown(row, workspace), changed, workspace)
    return True


def _tell(
    row: Told,
    events: tuple[Event[DataT], Event[DataT]],
    resource: DataT,
    changed: Iterable[str],
    workspace: Workspace,
) -> None:
    """`events`: the one of a change, and its `.archived`. That comes once more where it is
    archived: no event may say that it is there again."""
    changing, archived = events
    if row.deleted_at is None:
        workspace.publish(changing, resource, changed=changed)
    else:
        workspace.publish(archived, resource)
