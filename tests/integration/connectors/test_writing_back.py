"""Writing back how far a referral is: laws 30 and 31."""

from typing import Any

from ops.stubs.faults import Fault, Wrong
from ops.stubs.opendental import OpenDentalStub, served
from tests.integration.connectors.practice import practice
from tests.support.connectors.running import Connected, Connectors
from tests.support.services.referrals import Org
from tests.support.waiting import until

WITHIN_SECONDS = 30.0


def referred() -> OpenDentalStub:
    """A patient referred to the partner, whom nobody has answered for."""
    stub = practice()
    stub.refattach(
        5, ReferralNum=1, PatNum=15, RefDate="2026-05-01", ReferralType="RefTo", Note="Tooth 14"
    )
    return stub


async def sent(org: Org, connected: Connected) -> dict[str, Any]:
    """The draft that came from there, sent."""
    await org.practice()
    partner = await connected.partner(1)
    await org.ask(
        "referral_partner.update",
        referral_partner_uuid=partner["id"],
        base_version=partner["version"],
        accepts_ereferral=True,
        ereferral_endpoint="https://portal.example/fhir",
    )
    uuid = await connected.uuid("referral", 5)
    draft = (await org.ask("referral.get", referral_uuid=uuid)).data
    answered = await org.ask("referral.send", referral_uuid=uuid, base_version=draft["version"])
    assert answered.status == 202, answered
    return dict(answered.data)


async def answer(org: Org, referral: dict[str, Any], response: str) -> None:
    """The partner's answer, as somebody here writes it down."""
    recorded = await org.ask(
        "referral.record_response", referral_uuid=referral["id"], response=response
    )
    assert recorded.status == 200, recorded


async def there(stub: OpenDentalStub, status: str) -> None:
    """Wait until the row there says so."""
    await until(lambda: stub.refattaches[5]["RefToStatus"] == status, WITHIN_SECONDS)


async def partner_with_portal(org: Org, connected: Connected) -> dict[str, Any]:
    """The partner 1 there, who takes e-referrals now; the practice can send them."""
    await org.practice()
    partner = await connected.partner(1)
    await org.ask(
        "referral_partner.update",
        referral_partner_uuid=partner["id"],
        base_version=partner["version"],
        accepts_ereferral=True,
        ereferral_endpoint="https://portal.example/fhir",
    )
    return partner


async def test_31_what_we_wrote_comes_back_as_no_change(connectors: Connectors, org: Org) -> None:
    """Accepted here is Scheduled there, the note untouched; read again, also whole, it is nothing
    new, and no response is recorded twice."""
    async with served(referred()) as stub:
        connected = await connectors.opendental(org, stub, write_back=True)
        await connected.finished()
        referral = await sent(org, connected)
        await answer(org, referral, "accepted")
        await there(stub, "Scheduled")
        written = [one for one in stub.faults.asked if one.method == "PUT"]
        assert [one.body for one in written] == [{"RefToStatus": "Scheduled"}]
        assert stub.refattaches[5]["Note"] == "Tooth 14"
        for full in (False, True):
            counts = (await connected.run(full=full))["counts"]["referral"]
            assert not counts["updated"] and not counts["created"]
        shown = (await org.ask("referral.get", referral_uuid=referral["id"])).data
        events = [entry["event"] for entry in shown["timeline"]]
        assert events.count("referral.response_recorded") == 1
        await answer(org, referral, "completed")
        await there(stub, "Complete")
        assert stub.refattaches[5]["DateProcComplete"] != "0001-01-01"


async def test_30_their_status_is_taken_in_before_ours_is_written(
    connectors: Connectors, org: Org
) -> None:
    """There somebody set it to InTreatment while it became accepted here: it ends in-progress on
    both sides, and Scheduled is never written over it."""
    async with served(referred()) as stub:
        connected = await connectors.opendental(org, stub, write_back=True)
        await connected.finished()
        referral = await sent(org, connected)
        stub.refattach(5, RefToStatus="InTreatment")
        await answer(org, referral, "accepted")

        async def in_progress() -> bool:
            shown = await org.ask("referral.get", referral_uuid=referral["id"])
            return bool(shown.data["fulfilment_status"] == "in-progress")

        await until(in_progress, WITHIN_SECONDS)
        assert stub.refattaches[5]["RefToStatus"] == "InTreatment"
        bodies = [one.body for one in stub.faults.asked if one.method == "PUT"]
        assert {"RefToStatus": "Scheduled"} not in bodies


async def decide(connected: Connected, resolution: str) -> None:
    """Decide about the one row that waits."""
    (row,) = await connected.rows(resolved=False)
    resolved = await connected.resolve(row, resolution)
    assert resolved.status == 200, resolved


async def test_a_contradiction_stays_until_both_sides_agree(
    connectors: Connectors, org: Org
) -> None:
    """In treatment here and written there, then declined there: told, and told again where nothing
    has changed at a retry. Completed here meanwhile is not written over it, and is once somebody
    there takes the refusal back."""
    async with served(referred()) as stub:
        connected = await connectors.opendental(org, stub, write_back=True)
        await connected.finished()
        referral = await sent(org, connected)
        await answer(org, referral, "in-progress")
        await there(stub, "InTreatment")
        stub.refattach(5, RefToStatus="Declined")
        await connected.run()
        (row,) = await connected.rows(resolved=False)
        assert (row["code"], row["fields"]) == ("status_contradicts", ["RefToStatus"])
        await answer(org, referral, "completed")
        runs = len(await connected.runs())
        await decide(connected, "retry")
        await connected.finished(runs)
        (row,) = await connected.rows(resolved=False)
        assert (row["code"], row["resolution"]) == ("status_contradicts", None)
        told = [one["code"] for one in await connectors.row_events(org)]
        assert told == ["status_contradicts"] * 2
        assert stub.refattaches[5]["RefToStatus"] == "Declined"
        stub.refattach(5, RefToStatus="InTreatment")
        await connected.run()
        assert await connected.rows(resolved=False) == []
        await there(stub, "Complete")


async def test_a_contradiction_ends_where_ours_comes_to_agree(
    connectors: Connectors, org: Org
) -> None:
    """Scheduled there while it was a draft here: once it is sent here it is accepted."""
    async with served(referred()) as stub:
        connected = await connectors.opendental(org, stub)
        await connected.finished()
        stub.refattach(5, RefToStatus="Scheduled")
        await connected.run()
        (row,) = await connected.rows(resolved=False)
        assert row["code"] == "status_contradicts"
        referral = await sent(org, connected)

        async def heard() -> bool:
            asked = await connected.ask("connection.sync", connection_uuid=str(connected.id))
            assert asked.status == 202
            return await connected.rows(resolved=False) == []

        await until(heard, WITHIN_SECONDS)
        shown = (await org.ask("referral.get", referral_uuid=referral["id"])).data
        assert shown["fulfilment_status"] == "accepted"


async def test_a_write_that_timed_out_is_looked_for_before_it_is_made_again(
    connectors: Connectors, org: Org
) -> None:
    """It was done though nobody answered: one PUT and no second one."""
    async with served(referred()) as stub:
        connected = await connectors.opendental(org, stub, write_back=True)
        await connected.finished()
        referral = await sent(org, connected)
        stub.faults.add(Fault(Wrong.DONE_UNANSWERED, "/refattaches/5"))
        await answer(org, referral, "accepted")
        await there(stub, "Scheduled")

        async def settled() -> bool:
            stored = await connectors.stored()
            return not any(org.id in row for row in stored["outgoing"])

        await until(settled, WITHIN_SECONDS)
        assert len([one for one in stub.faults.asked if one.method == "PUT"]) == 1


async def test_without_write_back_nothing_is_written(connectors: Connectors, org: Org) -> None:
    """And what they say comes all the same."""
    async with served(referred()) as stub:
        connected = await connectors.opendental(org, stub)
        await connected.finished()
        referral = await sent(org, connected)
        stub.refattach(5, RefToStatus="Complete")
        await connected.run()
        shown = (await org.ask("referral.get", referral_uuid=referral["id"])).data
        assert (shown["status"], shown["fulfilment_status"]) == ("completed", "completed")
        assert {one.method for one in stub.faults.asked} == {"GET"}


async def test_a_write_that_is_refused_there_is_made_again_when_a_person_says_so(
    connectors: Connectors, org: Org
) -> None:
    """Refused twice, and open again after the first retry; the second one attaches it, once."""
    async with served(practice()) as stub:
        connected = await connectors.opendental(org, stub, write_back=True)
        await connected.finished()
        partner = await partner_with_portal(org, connected)
        stub.faults.add(Fault(Wrong.STATUS, "/refattaches", method="POST", status=400, times=2))
        await org.sent_referral(
            patient_uuid=await connected.uuid("patient", 15), referral_partner_uuid=partner["id"]
        )
        for tries in (1, 2):

            async def refused(times: int = tries) -> bool:
                posted = [one for one in stub.faults.asked if one.method == "POST"]
                waiting = await connected.rows(resolved=False, code="refused_there")
                return len(posted) == times and len(waiting) == 1

            await until(refused, WITHIN_SECONDS)
            await decide(connected, "retry")
        await until(lambda: len(stub.refattaches) == 2, WITHIN_SECONDS)
        assert await connected.rows(resolved=False) == []
        assert [one["code"] for one in await connectors.row_events(org)] == ["refused_there"] * 2


async def test_a_referral_that_was_made_here_is_attached_there_once(
    connectors: Connectors, org: Org
) -> None:
    """As RefTo of today; although the first try's answer is lost it is attached once, and then its
    status follows. It comes back as no second referral."""
    async with served(practice()) as stub:
        connected = await connectors.opendental(org, stub, write_back=True)
        await connected.finished()
        partner = await partner_with_portal(org, connected)
        patient = await connected.uuid("patient", 15)
        stub.faults.add(Fault(Wrong.DONE_UNANSWERED, "/refattaches", method="POST"))
        referral = await org.sent_referral(
            patient_uuid=patient, referral_partner_uuid=partner["id"]
        )
        await until(lambda: len(stub.refattaches) == 2, WITHIN_SECONDS)
        (number,) = [one for one in stub.refattaches if one != 1]
        made = stub.refattaches[number]
        assert (made["ReferralNum"], made["ReferralType"]) == (1, "RefTo")

        async def known() -> bool:
            asked = await connected.ask("external_id.list", uuid=referral["id"])
            return bool(asked.data["items"])

        await until(known, WITHIN_SECONDS)
        await answer(org, referral, "accepted")
        await until(lambda: stub.refattaches[number]["RefToStatus"] == "Scheduled", WITHIN_SECONDS)
        await connected.run(full=True)
        listed = (await org.ask("referral.list")).data["items"]
        assert [one["id"] for one in listed] == [referral["id"]]
        assert len([one for one in stub.faults.asked if one.method == "POST"]) == 1
