"""Dispatch's audit trail: whose e-referral was moved, shown or listed, by whom."""

from uuid import UUID, uuid4

from messaging.trail.audit import about_patient
from tests.support.samples.packages import PATIENT_ID
from tests.support.services.dispatch import Dispatch, Org


async def test_whoever_moves_shows_or_lists_an_ereferral_is_written_down(
    dispatch: Dispatch, org: Org
) -> None:
    """With the patient, whom an e-referral does not name itself; an empty list shows nobody."""
    ereferral = await org.dispatch(dispatch.at_portal("takes"))
    await org.reaches(ereferral, "delivered")
    message_id = uuid4()
    who = {"actor": "staff-7"}
    await org.ask("ereferral.get", headers=who, message_id=message_id, ereferral_uuid=ereferral)
    await org.ask("ereferral.list", headers=who)
    await org.ask("ereferral.list", headers=who, status="failed")
    assert (await org.cancel(ereferral)).status == 202
    # Asked once more while the partner is told, or after: nothing changes, and yet it is theirs.
    await org.cancel(ereferral)
    trail = await about_patient(dispatch.service.system_engine, org.id, PATIENT_ID)
    assert [(one.operation, one.actor, one.record_id) for one in trail] == [
        ("ereferral.dispatch", None, UUID(ereferral)),
        ("ereferral.get", "staff-7", UUID(ereferral)),
        ("ereferral.list", "staff-7", None),
        ("ereferral.cancel", None, UUID(ereferral)),
        ("ereferral.cancel", None, UUID(ereferral)),
    ]
    assert trail[1].message_id == message_id
    assert {one.patient_ids for one in trail} == {(PATIENT_ID,)}
