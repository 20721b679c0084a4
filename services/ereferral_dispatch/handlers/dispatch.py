"""Taking a frozen package in: which channels it will go by, and into which lane it comes."""

from collections.abc import Sequence
from dataclasses import dataclass

from contracts.ereferral import DISPATCH_EREFERRAL, EREFERRAL_QUEUED, EreferralDispatch
from contracts.ereferral import Ereferral as Resource
from contracts.problems import ProblemCode, Refusal
from contracts.referral import EreferralStatus
from contracts.referral_partner import NO_ADDRESS, ContactMethod, display_name
from contracts.replies import ReplyStatus
from letters.letter import Message
from messaging.handlers.handler import NamedHandler, handles
from messaging.handlers.workspace import Done, Need, Workspace, own_id
from services.ereferral_dispatch.delivery.transitions import announce, end
from services.ereferral_dispatch.handlers.lane import enter_lane, lane_at
from services.ereferral_dispatch.models import EarlyCancel, Ereferral, Lane, Package
from services.ereferral_dispatch.resources import ereferral_resource
from services.ereferral_dispatch.rules.package import check_package, with_named_offset
from services.ereferral_dispatch.rules.routing import ContactPoint, contact_plan, lane_id


@dataclass(frozen=True, slots=True)
class Planner:
    """Plans e-referrals. `fallback`: the channels tried after the preferred one."""

    fallback: Sequence[ContactMethod]

    def needs(self, command: EreferralDispatch) -> list[Need]:
        """The e-referral or its cancel, should they be there already, and its lanes."""
        plan = contact_plan(command.partner, self.fallback)
        lanes = [lane_id(command.org_id, command.partner.id, point) for point in plan]
        return [
            *own_id(Ereferral, command.dispatch_uuid),
            Need(EarlyCancel, (command.dispatch_uuid,)),
            *(Need(Lane, (lane,), writes=lane == lanes[0]) for lane in lanes),
        ]

    def dispatch(self, command: EreferralDispatch, workspace: Workspace) -> Done[Resource]:
        """Put it into its lane; it is tried as soon as there is room."""
        plan = contact_plan(command.partner, self.fallback)
        if not plan:
            raise Refusal(
                ProblemCode.NO_USABLE_CONTACT_POINT,
                NO_ADDRESS,
            )
        row = _planned(command, plan, workspace)
        workspace.add(Ereferral, row.id, row=row)
        package = with_named_offset(command)
        workspace.append(Package(org_id=row.org_id, ereferral_id=row.id, body=package.to_json()))
        enter_lane(row, workspace)
        for position in range(1, len(plan)):
            # A command that brings it there changes it before it could make the lane.
            lane_at(row, position, workspace)
        announce(row, workspace, EREFERRAL_QUEUED)
        cancel = workspace.find(EarlyCancel, command.dispatch_uuid)
        if cancel is not None:
            row.cancel_requested_at, row.cancel_reason = cancel.requested_at, cancel.reason
            end(row, EreferralStatus.CANCELLED, workspace)
        return Done(ReplyStatus.ACCEPTED, ereferral_resource(row), row.id)

    def handlers(self) -> list[NamedHandler]:
        """`ereferral.dispatch`, bound to this plan of fallbacks."""
        return [handles(DISPATCH_EREFERRAL, self.dispatch, needs=self.needs, check=check_package)]


def _planned(
    command: EreferralDispatch, plan: Sequence[ContactPoint], workspace: Workspace
) -> Ereferral:
    partner = command.partner
    return Ereferral(
        org_id=workspace.org_id,
        id=command.dispatch_uuid,
        referral_id=command.referral.id,
        referral_created_at=command.referral.created_at,
        patient_id=command.patient.id,
        referral_partner_id=partner.id,
        referral_partner_name=display_name(
            partner.contact_type, partner.first_name, partner.last_name, partner.practice_name
        ),
        status=EreferralStatus.QUEUED,
        plan=list(plan),
        position=0,
        lane_id=lane_id(workspace.org_id, partner.id, plan[0]),
        due_at=workspace.now,
        attempts_made=0,
        responses_taken=0,
        tries=0,
        received=[],
        told=[],
        not_told=[],
        possible_repeat=False,
        message=Message.REFERRAL,
        forced=False,
        traceparent=workspace.traceparent,
        version=0,
        created_at=workspace.now,
        updated_at=workspace.now,
    )
