"""The audit trail about one patient: who changed or saw their data. Ids alone.

Each service has a trail of its own, and shows it by a query of its own.
"""

from typing import Final

from contracts.operations import Service, query
from contracts.shapes import Query, Shape
from contracts.values import Time, Uuid

MOST_ENTRIES = 500


class PatientTrailGet(Query):
    """`patient_trail.get`, `ereferral_trail.get` → 200. To have asked is an entry too."""

    patient_uuid: Uuid


class TrailLine(Shape):
    """One thing that was done or read. `client` is an AMQP user, `actor` the person behind it.

    `operation`: the message's, or what was done past the services, at the command line. `status` is
    the reply's; `record_uuid` what was made or changed.
    """

    at: Time
    operation: str
    status: int
    client: str | None = None
    actor: str | None = None
    record_uuid: Uuid | None = None
    message_uuid: Uuid | None = None


class PatientTrail(Shape):
    """The newest entries about a patient, at most 500, the newest first; `total` counts all.

    Nobody checks that there is such a patient: what was done with one who is archived or erased
    stays in the trail.
    """

    entries: list[TrailLine]
    total: int


GET_PATIENT_TRAIL: Final = query(
    "patient_trail.get", Service.REFERRALS, PatientTrailGet, PatientTrail
)
GET_EREFERRAL_TRAIL: Final = query(
    "ereferral_trail.get", Service.EREFERRAL_DISPATCH, PatientTrailGet, PatientTrail
)
