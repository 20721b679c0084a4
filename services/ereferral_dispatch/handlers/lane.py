"""Lanes as commands see them: entering one, and letting a held one go."""

from contracts.ereferral_staff import RELEASE_PARTNER_CHANNEL, PartnerChannel, PartnerChannelRelease
from contracts.problems import ProblemCode, Refusal
from contracts.replies import ReplyStatus
from messaging.handlers.handler import handles
from messaging.handlers.workspace import Done, Need, Workspace
from services.ereferral_dispatch.delivery.transitions import point_at, release_lane
from services.ereferral_dispatch.models import Ereferral, Lane
from services.ereferral_dispatch.resources import channel_resource
from services.ereferral_dispatch.rules.knowing import never_dispatched
from services.ereferral_dispatch.rules.routing import lane_id

OF_PARTNER = ("referral_partner_id",)


def lanes_of(row: Ereferral) -> list[Need]:
    """Every lane that an e-referral's plan leads through."""
    return [
        Need(
            Lane,
            (lane_id(row.org_id, row.referral_partner_id, point_at(row, position)),),
            writes=True,
        )
        for position in range(len(row.plan))
    ]


def lane_at(row: Ereferral, position: int, workspace: Workspace) -> Lane:
    """The lane of a contact point of its plan; a new one where nothing went there before."""
    point = point_at(row, position)
    key = lane_id(row.org_id, row.referral_partner_id, point)
    lane = workspace.find(Lane, key)
    if lane is None:
        lane = Lane(
            org_id=row.org_id,
            id=key,
            referral_partner_id=row.referral_partner_id,
            referral_partner_name=row.referral_partner_name,
            channel=point.channel,
            address=point.address,
            failures=0,
            version=0,
            created_at=workspace.now,
            updated_at=workspace.now,
        )
        workspace.add(Lane, key, row=lane)
    return lane


def enter_lane(row: Ereferral, workspace: Workspace) -> None:
    """See to it that its lane is looked at now."""
    lane = lane_at(row, row.position, workspace)
    if lane.due_at is None or lane.due_at > workspace.now:
        lane.due_at = workspace.now


def release(command: PartnerChannelRelease, workspace: Workspace) -> Done[PartnerChannel]:
    """Let every held lane of a partner's channel go; what is held in them is queued again.

    A partner is known here by its lanes: to one that never had any, nothing was ever sent.
    """
    lanes = workspace.find_all(Lane, OF_PARTNER, command.referral_partner_uuid)
    if not lanes:
        raise never_dispatched(ProblemCode.REFERRAL_PARTNER_NOT_FOUND)
    held = [lane for lane in lanes if lane.channel is command.channel and lane.held_at is not None]
    if not held:
        raise Refusal(
            ProblemCode.INVALID_TRANSITION,
            "This channel of the partner is not held, so nothing waits to be released; "
            "ereferral.retry tries one e-referral now.",
        )
    for lane in held:
        release_lane(lane, workspace)
    return Done(ReplyStatus.OK, channel_resource(held[0]), held[0].id)


def _needs_of_release(command: PartnerChannelRelease) -> list[Need]:
    return [Need(Lane, (command.referral_partner_uuid,), writes=True, by=OF_PARTNER)]


HANDLERS = [
    handles(RELEASE_PARTNER_CHANNEL, release, needs=_needs_of_release),
]
