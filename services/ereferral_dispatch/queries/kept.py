"""An e-referral as it is kept, in the form that a sender is given."""

from sqlalchemy.ext.asyncio import AsyncSession

from contracts.ereferral import EreferralDispatch
from contracts.text import KEPT
from services.ereferral_dispatch.consignment import Consignment
from services.ereferral_dispatch.delivery.transitions import contact_point
from services.ereferral_dispatch.models import Ereferral, Package


async def find_consignment(row: Ereferral, session: AsyncSession) -> Consignment | None:
    """As it is now, by its present contact point; None where its package is not kept any more."""
    package = await session.get(Package, (row.org_id, row.id))
    if package is None:
        return None
    point = contact_point(row)
    return Consignment(
        org_id=row.org_id,
        ereferral_id=row.id,
        channel=point.channel,
        address=point.address,
        package=EreferralDispatch.model_validate_json(package.body, context=KEPT),
        attempted_at=row.updated_at,
        possible_repeat=row.possible_repeat,
        message=row.message,
        cancel_reason=row.cancel_reason,
        cancelled_at=row.cancel_requested_at,
    )
