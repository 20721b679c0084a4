"""Taking a row in: a patient, what brought them and a draft, or nothing of it; or a contact.

Every rule is that of the handler that makes the thing; each is asked before the first is made.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from contracts.contact import ContactPut
from contracts.directory import PatientPut
from contracts.intake import (
    ACCEPT_INTAKE,
    INTAKE_ACCEPTED,
    INTAKE_LINKED,
    LINK_INTAKE,
    AcceptedAs,
    IntakeAccept,
    IntakeAttribution,
    IntakeLink,
    IntakeReferral,
    IntakeStatus,
)
from contracts.intake import Intake as Resource
from contracts.intake_row import full_name
from contracts.problems import FieldError, ProblemCode, Refusal, invalid
from contracts.referral import ReferralCreate
from contracts.referral_attribution import AttributionRole, ReferralAttributionCreate
from contracts.replies import ReplyStatus
from messaging.handlers.handler import handles
from messaging.handlers.workspace import Done, Need, Workspace, own_id
from services.referrals.handlers import attribution, contact, directory, referral
from services.referrals.handlers.intake import row_to_decide
from services.referrals.handlers.intake_map import BY_KIND, mapped_partner, mapped_source
from services.referrals.handlers.intake_numbers import forget_given, read_again
from services.referrals.handlers.intake_resource import shown
from services.referrals.handlers.source_figures import moving
from services.referrals.handlers.versions import next_version
from services.referrals.models.attribution import ReferralAttribution
from services.referrals.models.contact import Contact
from services.referrals.models.directory import Patient, Practice, Provider
from services.referrals.models.intake import Intake, IntakeMapEntry, MapKind
from services.referrals.models.partner import ReferralPartner
from services.referrals.models.source import ReferralSource
from services.referrals.rules.attribution import REFERENCES, check_references
from services.referrals.rules.intake import (
    check_move,
    check_referral_is_said,
    draft_notes,
    draft_reason,
)

TakingIn = IntakeAccept | IntakeLink

_NOBODY_YET = UUID(int=0)
"""A patient who is still to be made, and so is nobody's referrer."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is made beside the patient; nothing in it can be refused any more."""

    attribution: ReferralAttributionCreate | None
    referral: ReferralCreate | None


def accept(command: IntakeAccept, workspace: Workspace) -> Done[Resource]:
    row = workspace.get(Intake, command.intake_uuid)
    check_move(row.status, IntakeStatus.ACCEPTED, row.emptied_at)
    if command.as_ is AcceptedAs.CONTACT:
        return _accept_as_contact(row, workspace)
    patient_id = command.patient_uuid or workspace.new_id()
    workspace.nothing_yet(Patient, patient_id)
    workspace.nothing_yet(ReferralAttribution, patient_id, by=attribution.BY_PATIENT)
    plan = _plan(command, row, patient_id, workspace)
    practice = workspace.find(Practice)
    read_again(row, None if practice is None else practice.country)
    directory.put_patient(_patient_of(row, patient_id, workspace), workspace)
    _carry_out(plan, row, workspace)
    row.status = IntakeStatus.ACCEPTED
    row.patient_id = patient_id
    return _decided(row, workspace)


def _accept_as_contact(row: Intake, workspace: Workspace) -> Done[Resource]:
    """A contact of that name, linked to nobody."""
    contact_id = workspace.new_id()
    workspace.nothing_yet(Contact, contact_id)
    contact.put(
        ContactPut(
            org_id=workspace.org_id,
            contact_uuid=contact_id,
            name=full_name(row.first_name, row.surname),
            observed_at=workspace.now,
        ),
        workspace,
    )
    row.status = IntakeStatus.ACCEPTED
    row.contact_id = contact_id
    return _decided(row, workspace)


def link(command: IntakeLink, workspace: Workspace) -> Done[Resource]:
    row = workspace.get(Intake, command.intake_uuid)
    check_move(row.status, IntakeStatus.LINKED, row.emptied_at)
    plan = _plan(command, row, command.patient_uuid, workspace)
    _carry_out(plan, row, workspace)
    row.status = IntakeStatus.LINKED
    row.patient_id = command.patient_uuid
    return _decided(row, workspace)


def _plan(command: TakingIn, row: Intake, patient_id: UUID, workspace: Workspace) -> Plan:
    """Raises the Refusal of whatever could not be made; nothing is changed."""
    brought = _attribution(command, row, patient_id, workspace)
    if brought is not None:
        with _within("attribution"):
            attribution.check_create(brought, workspace)
    check_referral_is_said(
        has_description=row.description is not None,
        is_said="referral" in command.model_fields_set,
    )
    if command.referral is None:
        return Plan(brought, None)
    return Plan(brought, _draft(command.referral, row, patient_id, workspace))


def _carry_out(plan: Plan, row: Intake, workspace: Workspace) -> None:
    if plan.attribution is not None:
        row.attribution_id = attribution.create(plan.attribution, workspace).id
    if plan.referral is not None:
        row.referral_id = referral.create(plan.referral, workspace).id


def _decided(row: Intake, workspace: Workspace) -> Done[Resource]:
    row.decided_at, row.decided_by = workspace.now, workspace.actor
    forget_given(row)
    next_version(row, workspace)
    resource = shown(row, workspace)
    event = INTAKE_ACCEPTED if row.status is IntakeStatus.ACCEPTED else INTAKE_LINKED
    workspace.publish(event, resource)
    return Done(ReplyStatus.OK, resource, row.id)


def _patient_of(row: Intake, patient_id: UUID, workspace: Workspace) -> PatientPut:
    """The row's person as observed now. A patient has one number: the mobile one, if there is."""
    return PatientPut(
        org_id=workspace.org_id,
        patient_uuid=patient_id,
        name=full_name(row.first_name, row.surname),
        date_of_birth=row.date_of_birth,
        phone=row.mobile or row.telephone,
        email=row.email,
        observed_at=workspace.now,
    )


def _attribution(
    command: TakingIn, row: Intake, patient_id: UUID, workspace: Workspace
) -> ReferralAttributionCreate | None:
    given = _given_attribution(command, row, workspace)
    if given is None:
        return None
    others = attribution.unarchived(patient_id, workspace)
    has_primary = any(one.attribution_role is AttributionRole.PRIMARY for one in others)
    role = AttributionRole.SECONDARY if has_primary else AttributionRole.PRIMARY
    return ReferralAttributionCreate(
        org_id=workspace.org_id,
        patient_uuid=patient_id,
        attribution_role=given.attribution_role or role,
        source_note=given.source_note,
        **{name: getattr(given, name) for name in REFERENCES},
    )


def _given_attribution(
    command: TakingIn, row: Intake, workspace: Workspace
) -> IntakeAttribution | None:
    """The command's own, else the source to which the row's form is mapped."""
    if "attribution" in command.model_fields_set:
        return command.attribution
    source = _source_of(row, workspace)
    return None if source is None else IntakeAttribution(referral_source_uuid=source)


def _draft(
    given: IntakeReferral, row: Intake, patient_id: UUID, workspace: Workspace
) -> ReferralCreate:
    forced = _partner_of(row, workspace)
    partner = given.referral_partner_uuid or forced
    reason = draft_reason(given.reason, row.description)
    errors = []
    if partner is None:
        errors.append(_wrong("referral_partner_uuid", "missing", "The row leads to no partner"))
    elif forced is not None and partner != forced:
        msg = "The row's project is mapped to another partner"
        errors.append(_wrong("referral_partner_uuid", "project_partner", msg))
    if reason is None:
        errors.append(_wrong("reason", "missing", "The row has no description to take it from"))
    if errors or partner is None or reason is None:
        raise invalid(errors)
    fields: dict[str, Any] = {
        name: getattr(given, name)
        for name in ("priority", "reason_codes", "teeth", "respond_by", "referring_provider_uuid")
    }
    return ReferralCreate.model_construct(
        org_id=workspace.org_id,
        patient_uuid=patient_id,
        referral_partner_uuid=partner,
        reason=reason,
        notes=draft_notes(given.notes, row.description),
        **fields,
    )


def _wrong(name: str, kind: str, msg: str) -> FieldError:
    return FieldError(loc=["referral", name], type=kind, msg=msg)


@contextmanager
def _within(field: str) -> Iterator[None]:
    """What is refused of a command that is put together here is told of the field that it is of."""
    try:
        yield
    except Refusal as refusal:
        problem = refusal.problem
        errors = [one.model_copy(update={"loc": [field, *one.loc]}) for one in problem.errors]
        raise Refusal(problem.code, problem.detail, errors=errors) from None


def _source_of(row: Intake, workspace: Workspace) -> UUID | None:
    entries = workspace.find_all(IntakeMapEntry, BY_KIND, MapKind.SOURCE)
    return mapped_source(entries, row.source, row.referral_role)


def _partner_of(row: Intake, workspace: Workspace) -> UUID | None:
    return mapped_partner(workspace.find_all(IntakeMapEntry, BY_KIND, MapKind.PROJECT), row.project)


def _check_accept(command: IntakeAccept) -> None:
    """A contact is nobody's patient, brought by nothing and sent nowhere."""
    of_patients = ("patient_uuid", "attribution", "referral")
    given = [name for name in of_patients if getattr(command, name) is not None]
    if command.as_ is AcceptedAs.CONTACT and given:
        msg = "It goes with a patient, not with a contact"
        raise invalid([FieldError(loc=[name], type="does_not_belong", msg=msg) for name in given])
    _check(command)


def _check(command: TakingIn) -> None:
    """What the attribution breaks by itself."""
    if command.attribution is None:
        return
    given = {name: getattr(command.attribution, name) for name in REFERENCES}
    with _within("attribution"):
        check_references(command.patient_uuid or _NOBODY_YET, given)


def _named(command: TakingIn) -> list[Need]:
    """The row, what forms are mapped to, and whatever the command names."""
    needs = [row_to_decide(command.intake_uuid), Need(Practice)]
    needs += [Need(IntakeMapEntry, (kind,), by=BY_KIND) for kind in MapKind]
    if command.attribution is not None:
        needs += attribution.referred_to(command.attribution)
    if (draft := command.referral) is not None:
        if (uuid := draft.referral_partner_uuid) is not None:
            missing = ProblemCode.REFERRAL_PARTNER_NOT_FOUND
            needs.append(Need(ReferralPartner, (uuid,), missing=missing))
        if (uuid := draft.referring_provider_uuid) is not None:
            needs.append(Need(Provider, (uuid,), missing=ProblemCode.PROVIDER_NOT_FOUND))
    return needs


def _needs_of_accept(command: IntakeAccept) -> list[Need]:
    return [*_named(command), *own_id(Patient, command.patient_uuid)]


def _needs_of_link(command: IntakeLink) -> list[Need]:
    row, *others = _named(command)
    return [row, *attribution.patient_to_attribute(command.patient_uuid), *others]


def _led_to(command: TakingIn, workspace: Workspace) -> Sequence[Need]:
    """The source and the partner to which the row is mapped, and the figures that move."""
    row = workspace.find(Intake, command.intake_uuid)
    if row is None or row.status is not IntakeStatus.RECEIVED:
        return ()
    if isinstance(command, IntakeAccept) and command.as_ is AcceptedAs.CONTACT:
        return ()
    needs: list[Need] = []
    if "attribution" not in command.model_fields_set:
        source = _source_of(row, workspace)
        if source is not None:
            missing = ProblemCode.REFERRAL_SOURCE_NOT_FOUND
            needs.append(Need(ReferralSource, (source,), missing=missing))
        needs += moving(source)
    elif command.attribution is not None:
        needs += moving(command.attribution.referral_source_uuid)
    if command.referral is not None:
        partner = _partner_of(row, workspace)
        if partner is not None:
            missing = ProblemCode.REFERRAL_PARTNER_NOT_FOUND
            needs.append(Need(ReferralPartner, (partner,), missing=missing))
    return needs


HANDLERS = [
    handles(ACCEPT_INTAKE, accept, needs=_needs_of_accept, then_needs=_led_to, check=_check_accept),
    handles(LINK_INTAKE, link, needs=_needs_of_link, then_needs=_led_to, check=_check),
]
