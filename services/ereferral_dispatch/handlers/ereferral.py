"""What is done with the commands about e-referrals."""

from collections.abc import Sequence
from dataclasses import dataclass

from contracts.ereferral import EreferralDispatch
from contracts.events import EventType
from contracts.problems import ProblemCode, Refusal
from contracts.referral import EreferralStatus
from contracts.referral_partner import ContactMethod, display_name
from contracts.replies import ReplyStatus
from messaging.handling import Handler, Handlers
from messaging.workspace import Done, Need, Workspace
from services.ereferral_dispatch.models import Ereferral, Lane, Package
from services.ereferral_dispatch.rules.routing import ContactPoint, contact_plan, lane_id
from services.ereferral_dispatch.shapes import ereferral_resource


@dataclass(frozen=True, slots=True)
class Planner:
    """Takes frozen packages in: which channels they will go by, and into which lane they come."""

    fallback: Sequence[ContactMethod]

    def needs(self, command: EreferralDispatch) -> list[Need]:
        """The e-referral, should it be there already, and its lane."""
        plan = contact_plan(command.partner, self.fallback)
        found = [Need(Ereferral, (command.dispatch_uuid,))]
        if plan:
            lane = lane_id(command.org_id, command.partner.id, plan[0])
            found.append(Need(Lane, (lane,), writes=True))
        return found

    def dispatch(self, command: EreferralDispatch, workspace: Workspace) -> Done:
        """Plan an e-referral and put it into its lane. It is tried as soon as there is room."""
        if workspace.find(Ereferral, command.dispatch_uuid) is not None:
            raise Refusal(ProblemCode.ALREADY_EXISTS, "There is an e-referral with this id.")
        plan = contact_plan(command.partner, self.fallback)
        if not plan:
            raise Refusal(
                ProblemCode.NO_USABLE_CONTACT_POINT,
                "The partner has no address that an e-referral can be sent to.",
            )
        lane = _lane_of(command, plan[0], workspace)
        row = _queued(command, plan, lane, workspace)
        workspace.add(Ereferral, row.id, row=row)
        workspace.append(Package(org_id=row.org_id, ereferral_id=row.id, body=command.to_json()))
        resource = ereferral_resource(row)
        workspace.publish(EventType.EREFERRAL_QUEUED, resource)
        return Done(ReplyStatus.ACCEPTED, resource, row.id)

    def handlers(self) -> Handlers:
        """Every command of dispatch."""
        return {"ereferral.dispatch": Handler(EreferralDispatch, self.dispatch, needs=self.needs)}


def _lane_of(command: EreferralDispatch, point: ContactPoint, workspace: Workspace) -> Lane:
    """The lane of a contact point, made where it is the first time, to be looked at now."""
    partner_id = command.partner.id
    uuid = lane_id(workspace.org_id, partner_id, point)
    lane = workspace.find(Lane, uuid)
    if lane is None:
        lane = Lane(
            org_id=workspace.org_id,
            id=uuid,
            referral_partner_id=partner_id,
            channel=point.channel,
            address=point.address,
        )
        workspace.add(Lane, uuid, row=lane)
    if lane.due_at is None or lane.due_at > workspace.now:
        lane.due_at = workspace.now
    return lane


def _queued(
    command: EreferralDispatch, plan: Sequence[ContactPoint], lane: Lane, workspace: Workspace
) -> Ereferral:
    partner = command.partner
    return Ereferral(
        org_id=workspace.org_id,
        id=command.dispatch_uuid,
        referral_id=command.referral.id,
        referral_partner_id=partner.id,
        referral_partner_name=display_name(
            partner.contact_type, partner.first_name, partner.last_name, partner.practice_name
        ),
        status=EreferralStatus.QUEUED,
        plan=[{"channel": point.channel, "address": point.address} for point in plan],
        position=0,
        lane_id=lane.id,
        due_at=workspace.now,
        attempts_made=0,
        tries=0,
        maybe_received=False,
        possible_repeat=False,
        traceparent=workspace.traceparent,
        version=1,
        created_at=workspace.now,
        updated_at=workspace.now,
    )
