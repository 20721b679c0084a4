"""Lanes as commands see them: entering one, and letting a held one go."""

from contracts.ereferral_staff import PartnerChannelRelease
from contracts.problems import ProblemCode, Refusal
from contracts.replies import ReplyStatus
from messaging.handling import Handler, Handlers
from messaging.workspace import Done, Need, Workspace
from services.ereferral_dispatch.models import Ereferral, Lane
from services.ereferral_dispatch.progress import contact_point, point_at, release_lane
from services.ereferral_dispatch.rules.routing import lane_id
from services.ereferral_dispatch.shapes import channel_resource

PARTNER_AND_CHANNEL = ("referral_partner_id", "channel")


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


def enter_lane(row: Ereferral, workspace: Workspace) -> None:
    """See to it that its lane is there, and is looked at now."""
    lane = workspace.find(Lane, row.lane_id)
    if lane is None:
        point = contact_point(row)
        lane = Lane(
            org_id=row.org_id,
            id=row.lane_id,
            referral_partner_id=row.referral_partner_id,
            channel=point.channel,
            address=point.address,
            failures=0,
            version=0,
            created_at=workspace.now,
            updated_at=workspace.now,
        )
        workspace.add(Lane, row.lane_id, row=lane)
    if lane.due_at is None or lane.due_at > workspace.now:
        lane.due_at = workspace.now


def release(command: PartnerChannelRelease, workspace: Workspace) -> Done:
    """Let every held lane of a partner's channel go; what is held in them is queued again."""
    key = (command.referral_partner_uuid, str(command.channel))
    lanes = workspace.find_all(Lane, PARTNER_AND_CHANNEL, *key)
    held = [lane for lane in lanes if lane.held_at is not None]
    if not held:
        raise Refusal(ProblemCode.INVALID_TRANSITION, "This channel of the partner is not held.")
    for lane in held:
        release_lane(lane, workspace, None)
    return Done(ReplyStatus.OK, channel_resource(held[0]), held[0].id)


def _named(command: PartnerChannelRelease) -> list[Need]:
    key = (command.referral_partner_uuid, str(command.channel))
    return [Need(Lane, key, writes=True, by=PARTNER_AND_CHANNEL)]


HANDLERS: Handlers = {
    "partner_channel.release": Handler(PartnerChannelRelease, release, needs=_named),
}
