"""The handlers that stage rows from outside, reject them and bring them back."""

from collections.abc import Sequence
from uuid import UUID

from contracts.intake import (
    INTAKE_RECEIVED,
    INTAKE_REJECTED,
    INTAKE_REOPENED,
    REJECT_INTAKE,
    REOPEN_INTAKE,
    SUBMIT_INTAKE,
    IntakeReject,
    IntakeReopen,
    IntakeStatus,
    IntakeSubmit,
    IntakeSubmitted,
)
from contracts.intake import Intake as Resource
from contracts.intake_row import IntakeRow, full_name
from contracts.problems import ProblemCode
from contracts.replies import ReplyStatus
from messaging.handlers.handler import handles
from messaging.handlers.workspace import Done, Need, Workspace, row_to_change
from services.referrals.handlers.intake_numbers import READ_BY
from services.referrals.handlers.intake_resource import shown
from services.referrals.handlers.versions import next_version
from services.referrals.models.directory import Practice
from services.referrals.models.intake import NO_COUNTRY, Intake, IntakeFingerprint
from services.referrals.rules.intake import (
    check_move,
    is_same_submission,
    national_numbers,
    read_row,
    row_search_text,
)

BY_GROUP = ("group_id",)
_AS_GIVEN = (
    "first_name",
    "surname",
    "org_type_id",
    "source",
    "referral_role",
    "project",
    "description",
)
_AS_READ = (
    "date_of_birth",
    "telephone",
    "mobile",
    "email",
    "extra",
    "warnings",
    "numbers_given",
)


def submit(command: IntakeSubmit, workspace: Workspace) -> Done[IntakeSubmitted]:
    """Stage the rows as one group; what was submitted already today is answered as it was then."""
    before = _with_same_fingerprint(command, workspace)
    if before is not None:
        rows = workspace.find_all(Intake, BY_GROUP, before.group_id)
        statuses = [row.status for row in rows]
        if is_same_submission(before.received_at, workspace.now, statuses):
            return _submitted(before.group_id, rows)
    group_id = workspace.new_id()
    repeats = None if before is None else before.group_id
    rows = [
        _stage(given, number, group_id, repeats, command, workspace)
        for number, given in enumerate(command.rows, 1)
    ]
    _remember_fingerprint(command, before, group_id, workspace)
    workspace.nothing_yet(Intake, group_id, by=BY_GROUP)
    for row in rows:
        workspace.list_too(row, BY_GROUP)
    return _submitted(group_id, rows)


def _with_same_fingerprint(command: IntakeSubmit, workspace: Workspace) -> IntakeFingerprint | None:
    if command.fingerprint is None:
        return None
    return workspace.find(IntakeFingerprint, command.fingerprint)


def _stage(
    given: IntakeRow,
    number: int,
    group_id: UUID,
    repeats: UUID | None,
    command: IntakeSubmit,
    workspace: Workspace,
) -> Intake:
    practice = workspace.find(Practice)
    country = None if practice is None else practice.country
    read = read_row(given, country, workspace.now)
    row = Intake(
        org_id=workspace.org_id,
        id=workspace.new_id(),
        group_id=group_id,
        row_number=number,
        status=IntakeStatus.RECEIVED,
        suspected_spam=command.suspected_spam,
        possible_repeat_of=repeats,
        version=1,
        created_at=workspace.now,
        updated_at=workspace.now,
        numbers_country=(country or NO_COUNTRY) if read.numbers_given else None,
        **{name: getattr(given, name) for name in _AS_GIVEN},
        **{name: getattr(read, name) for name in _AS_READ},
    )
    name = full_name(row.first_name, row.surname)
    row.search_text = row_search_text(name, row.email, row.telephone, row.mobile)
    workspace.add(Intake, row.id, row=row)
    workspace.list_too(row, READ_BY)
    workspace.publish(INTAKE_RECEIVED, shown(row, workspace))
    return row


def _remember_fingerprint(
    command: IntakeSubmit,
    before: IntakeFingerprint | None,
    group_id: UUID,
    workspace: Workspace,
) -> None:
    """Two replicas may both make its row: one insert is refused, and that message is decided once
    more."""
    if before is not None:
        before.group_id, before.received_at = group_id, workspace.now
    elif command.fingerprint is not None:
        row = IntakeFingerprint(
            org_id=workspace.org_id,
            fingerprint=command.fingerprint,
            group_id=group_id,
            received_at=workspace.now,
        )
        workspace.add(IntakeFingerprint, command.fingerprint, row=row)


def _submitted(group_id: UUID, rows: Sequence[Intake]) -> Done[IntakeSubmitted]:
    in_order = sorted(rows, key=lambda row: row.row_number)
    said = IntakeSubmitted.model_construct(
        group_uuid=group_id, intake_uuids=[row.id for row in in_order]
    )
    return Done(ReplyStatus.ACCEPTED, said, group_id)


def reject(command: IntakeReject, workspace: Workspace) -> Done[Resource]:
    row = workspace.get(Intake, command.intake_uuid)
    check_move(row.status, IntakeStatus.REJECTED, row.emptied_at)
    row.status = IntakeStatus.REJECTED
    row.reason, row.note = command.reason, command.note
    row.decided_at, row.decided_by = workspace.now, workspace.actor
    next_version(row, workspace)
    resource = shown(row, workspace)
    workspace.publish(INTAKE_REJECTED, resource)
    return Done(ReplyStatus.OK, resource, row.id)


def reopen(command: IntakeReopen, workspace: Workspace) -> Done[Resource]:
    row = workspace.get(Intake, command.intake_uuid)
    check_move(row.status, IntakeStatus.RECEIVED, row.emptied_at)
    row.status = IntakeStatus.RECEIVED
    row.reason = row.note = row.decided_at = row.decided_by = None
    next_version(row, workspace)
    resource = shown(row, workspace)
    workspace.publish(INTAKE_REOPENED, resource)
    return Done(ReplyStatus.OK, resource, row.id)


def _needs_of_submit(command: IntakeSubmit) -> list[Need]:
    """The practice is locked while a number is read by its country, which might be changing."""
    needs = [Need(Practice, writes=any(national_numbers(row) for row in command.rows))]
    if command.fingerprint is not None:
        needs.append(Need(IntakeFingerprint, (command.fingerprint,), writes=True))
    return needs


def _group_before(command: IntakeSubmit, workspace: Workspace) -> Sequence[Need]:
    before = _with_same_fingerprint(command, workspace)
    return () if before is None else [Need(Intake, (before.group_id,), by=BY_GROUP)]


def row_to_decide(uuid: UUID) -> Need:
    """The row that a person decides about, at the version that they have seen."""
    return row_to_change(Intake, uuid, ProblemCode.INTAKE_NOT_FOUND)


HANDLERS = [
    handles(SUBMIT_INTAKE, submit, needs=_needs_of_submit, then_needs=_group_before),
    handles(REJECT_INTAKE, reject, needs=lambda c: [row_to_decide(c.intake_uuid)]),
    handles(REOPEN_INTAKE, reopen, needs=lambda c: [row_to_decide(c.intake_uuid)]),
]
