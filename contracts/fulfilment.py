"""The way of a request through a partner's responses: forward, and never back.

Source: docs/contract/wire.md#referrals, after FHIR R4 Task.
"""

from collections.abc import Mapping

from contracts.referral import FulfilmentStatus, Response

FORWARD: Mapping[FulfilmentStatus, frozenset[Response]] = {
    FulfilmentStatus.REQUESTED: frozenset(Response),
    # Which of the two it was is settled; a partner who declined may still take the work up.
    FulfilmentStatus.ACCEPTED: frozenset(
        {Response.IN_PROGRESS, Response.COMPLETED, Response.FAILED}
    ),
    FulfilmentStatus.REJECTED: frozenset(
        {Response.IN_PROGRESS, Response.COMPLETED, Response.FAILED}
    ),
    FulfilmentStatus.IN_PROGRESS: frozenset({Response.COMPLETED, Response.FAILED}),
    FulfilmentStatus.COMPLETED: frozenset(),
    FulfilmentStatus.FAILED: frozenset(),
    FulfilmentStatus.CANCELLED: frozenset(),
}
"""Which responses move a request on from where it stands.

The order is requested, then accepted or rejected, then in progress, then completed or failed.
"""


def fulfilment_after(response: Response) -> FulfilmentStatus:
    """How far the partner is after a response: each names the FHIR TaskStatus that it leads to."""
    return FulfilmentStatus(response.value)
