"""Sending a referral on: the draft that follows one, and what that one shows of it."""

from collections.abc import Sequence

from contracts.letter import letter_reference
from contracts.problems import FieldError, ProblemCode, invalid
from contracts.referral import ReferralCreate
from contracts.referral_follow_up import REFERRAL_SENT_ON
from messaging.handlers.workspace import Need, Workspace
from services.referrals.handlers.referral_resource import pointed_to, shown
from services.referrals.handlers.timeline import add_entry
from services.referrals.handlers.versions import next_version
from services.referrals.models.referral import Referral
from services.referrals.rules.follow_up import check_can_be_sent_on, check_is_not_followed


def sent_on(command: ReferralCreate) -> list[Need]:
    """The referral that the new one follows, where it follows one."""
    if command.follows_uuid is None:
        return []
    missing = ProblemCode.REFERRAL_NOT_FOUND
    return [Need(Referral, (command.follows_uuid,), writes=True, missing=missing)]


def around_sent_on(command: ReferralCreate, workspace: Workspace) -> Sequence[Need]:
    """What that one shows, and by which it was sent on before."""
    if command.follows_uuid is None:
        return ()
    row = workspace.find(Referral, command.follows_uuid)
    return () if row is None else [*pointed_to(row), *follower_of(row)]


def follower_of(row: Referral) -> list[Need]:
    """The referral by which it was sent on."""
    return [] if row.followed_by_id is None else [Need(Referral, (row.followed_by_id,))]


def check_sent_on(command: ReferralCreate, workspace: Workspace) -> None:
    """Raises Refusal where the referral that the new one would follow is not to be sent on."""
    if command.follows_uuid is None:
        return
    row = workspace.get(Referral, command.follows_uuid)
    check_can_be_sent_on(
        row.status, row.fulfilment_status, row.dispatch_status, overdue=row.overdue
    )
    check_has_no_follower(row, workspace)
    if row.patient_id != command.patient_uuid:
        msg = "Must be the patient of the referral that it follows"
        raise invalid([FieldError(loc=["patient_uuid"], type="another_patient", msg=msg)])


def check_has_no_follower(row: Referral, workspace: Workspace) -> None:
    """Raises Refusal where it was sent on, by one that is not cancelled."""
    if row.followed_by_id is not None:
        check_is_not_followed(workspace.get(Referral, row.followed_by_id).status)


def note_sent_on(follower: Referral, workspace: Workspace) -> None:
    """Let the referral that it follows show it, with an event of its own."""
    if follower.follows_id is None:
        return
    row = workspace.get(Referral, follower.follows_id)
    row.followed_by_id = follower.id
    next_version(row, workspace)
    detail = letter_reference(follower.id)
    add_entry(row, workspace, REFERRAL_SENT_ON.name, actor=workspace.actor, detail=detail)
    workspace.publish(REFERRAL_SENT_ON, shown(row, workspace))
