"""E-referrals and attempts as they are shown."""

from contracts.ereferral import Attempt as AttemptResource
from contracts.ereferral import Ereferral as Resource
from contracts.referral import EreferralStatus
from contracts.shapes import Reference
from services.ereferral_dispatch.models import Attempt, Ereferral


def ereferral_resource(row: Ereferral) -> Resource:
    """An e-referral as a list and its events show it."""
    point = row.plan[row.position]
    waits = row.status == EreferralStatus.RETRY_SCHEDULED
    return Resource.model_construct(
        id=row.id,
        version=row.version,
        created_at=row.created_at,
        updated_at=row.updated_at,
        referral_uuid=row.referral_id,
        referral_partner=Reference(uuid=row.referral_partner_id, name=row.referral_partner_name),
        status=EreferralStatus(row.status),
        channel=point["channel"],
        address=point["address"],
        possible_repeat=row.possible_repeat,
        next_attempt_at=row.due_at if waits else None,
    )


def attempt_resource(row: Attempt) -> AttemptResource:
    """An attempt as `ereferral.get` shows it."""
    return AttemptResource.model_construct(
        **{name: getattr(row, name) for name in AttemptResource.model_fields}
    )
