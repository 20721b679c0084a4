"""The handlers of a decline that is taken back, and of a partner's question that is answered."""

from collections.abc import Sequence

from contracts.ereferral_information import (
    PROVIDE_EREFERRAL_INFORMATION,
    REOPEN_EREFERRAL,
    EreferralProvideInformation,
    EreferralReopen,
)
from contracts.problems import ProblemCode
from contracts.referral import FulfilmentStatus
from contracts.referral import Referral as Resource
from contracts.referral_follow_up import (
    PROVIDE_REFERRAL_INFORMATION,
    REFERRAL_INFORMATION_PROVIDED,
    REFERRAL_REOPENED,
    REOPEN_REFERRAL,
    ReferralProvideInformation,
    ReferralReopen,
)
from contracts.replies import ReplyStatus
from messaging.handlers.handler import handles
from messaging.handlers.workspace import Done, Need, Workspace, row_to_change
from services.referrals.handlers.referral_resource import pointed_to, shown
from services.referrals.handlers.sending_on import check_has_no_follower, follower_of
from services.referrals.handlers.timeline import add_entry, entries_of, find_entries
from services.referrals.handlers.versions import next_version
from services.referrals.models.referral import Referral
from services.referrals.rules.follow_up import check_can_be_informed, check_can_be_reopened


def reopen(command: ReferralReopen, workspace: Workspace) -> Done[Resource]:
    """Ask the same partner again; dispatch is told, so that its link takes any answer."""
    row = workspace.get(Referral, command.referral_uuid)
    entries = find_entries(row, REFERRAL_REOPENED.name, workspace)
    check_can_be_reopened(row.status, row.fulfilment_status, len(entries))
    check_has_no_follower(row, workspace)
    row.fulfilment_status = FulfilmentStatus.REQUESTED
    row.reopened_at = workspace.now
    next_version(row, workspace)
    resource = shown(row, workspace)
    actor, note = workspace.actor, command.note
    entries.append(add_entry(row, workspace, REFERRAL_REOPENED.name, actor=actor, detail=note))
    workspace.publish(REFERRAL_REOPENED, resource)
    if row.ereferral_id is not None:
        told = EreferralReopen(org_id=workspace.org_id, ereferral_uuid=row.ereferral_id)
        workspace.send(REOPEN_EREFERRAL, told, subject=row.id)
    return Done(ReplyStatus.OK, resource, row.id)


def provide_information(
    command: ReferralProvideInformation, workspace: Workspace
) -> Done[Resource]:
    """Answer the partner's question; dispatch is told, whose link shows it."""
    row = workspace.get(Referral, command.referral_uuid)
    check_can_be_informed(row.information_requested)
    row.information_requested = None
    next_version(row, workspace)
    resource = shown(row, workspace)
    actor, note = workspace.actor, command.note
    add_entry(row, workspace, REFERRAL_INFORMATION_PROVIDED.name, actor=actor, detail=note)
    workspace.publish(REFERRAL_INFORMATION_PROVIDED, resource)
    if row.ereferral_id is not None:
        told = EreferralProvideInformation(
            org_id=workspace.org_id, ereferral_uuid=row.ereferral_id, note=note
        )
        workspace.send(PROVIDE_EREFERRAL_INFORMATION, told, subject=row.id)
    return Done(ReplyStatus.OK, resource, row.id)


def _needs(command: ReferralReopen | ReferralProvideInformation) -> list[Need]:
    return [row_to_change(Referral, command.referral_uuid, ProblemCode.REFERRAL_NOT_FOUND)]


def _around_reopened(command: ReferralReopen, workspace: Workspace) -> Sequence[Need]:
    row = workspace.find(Referral, command.referral_uuid)
    if row is None:
        return ()
    return [*pointed_to(row), *follower_of(row), entries_of(row.id, REFERRAL_REOPENED.name)]


def _names_to_show(command: ReferralProvideInformation, workspace: Workspace) -> Sequence[Need]:
    row = workspace.find(Referral, command.referral_uuid)
    return () if row is None else pointed_to(row)


HANDLERS = [
    handles(REOPEN_REFERRAL, reopen, needs=_needs, then_needs=_around_reopened),
    handles(
        PROVIDE_REFERRAL_INFORMATION,
        provide_information,
        needs=_needs,
        then_needs=_names_to_show,
    ),
]
