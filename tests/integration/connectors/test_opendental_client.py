"""Open Dental's client against the stand-in: outages, refusals, pauses, and what it writes."""

import pytest

from contracts.connecting import ConnectionFailureCode as Code
from messaging.egress.policy import EgressPolicy
from ops.servers.ports import free_ports
from ops.stubs.faults import Fault, Wrong
from ops.stubs.opendental import OpenDentalStub, served
from services.connectors.asking.answers import Answered, RunFailed, Stopped, Unanswered
from services.connectors.asking.http import Http, is_success
from services.connectors.opendental.client import is_refused, may_have_been_done
from services.connectors.rules.paging import Asked
from tests.support.connectors.asking import Waits, asker, client_of


def two_referrals() -> OpenDentalStub:
    stub = OpenDentalStub()
    stub.referral(1, LName="Davidson")
    stub.referral(2, LName="Facebook Ad")
    return stub


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (Fault(Wrong.STATUS, times=9), Code.OTHER_SIDE_DOWN),
        (Fault(Wrong.STATUS, times=9, status=503), Code.OTHER_SIDE_DOWN),
        (Fault(Wrong.STATUS, times=9, status=408), Code.OTHER_SIDE_DOWN),
        (Fault(Wrong.STATUS, times=9, status=429), Code.RATE_LIMITED),
        (Fault(Wrong.HTML, times=9), Code.BAD_ANSWER),
        (Fault(Wrong.CUT, times=9), Code.BAD_ANSWER),
        (Fault(Wrong.HANG, times=9), Code.TIMED_OUT),
    ],
)
async def test_a_request_is_made_four_times_and_then_the_run_fails(
    fault: Fault, code: Code
) -> None:
    """After 2, 8 and 32 s. HTML and cut JSON, though with 200, are no answer (laws 11 and 12)."""
    waits = Waits()
    async with served(two_referrals()) as stub, asker(sleep=waits, timeout_seconds=0.5) as asks:
        stub.faults.add(fault)
        with pytest.raises(RunFailed) as failed:
            await client_of(stub, asks).page("referrals", Asked(0))
    assert failed.value.code is code
    assert waits.seconds == [2.0, 8.0, 32.0] and len(stub.faults.asked) == 4


async def test_an_outage_that_ends_in_time_is_none() -> None:
    """Three failures, and the fourth try gives the page."""
    async with served(two_referrals()) as stub, asker() as asks:
        stub.faults.add(Fault(Wrong.STATUS, times=2), Fault(Wrong.CUT))
        page = await client_of(stub, asks).page("referrals", Asked(0))
    assert [row["LName"] for row in page.rows] == ["Davidson", "Facebook Ad"]


async def test_a_list_that_answers_400_is_an_outage() -> None:
    """Law 13: so the API answers while the practice's eConnector is off."""
    async with served(two_referrals()) as stub, asker() as asks:
        stub.connector_off = True
        with pytest.raises(RunFailed) as failed:
            await client_of(stub, asks).page("referrals", Asked(0))
    assert failed.value.code is Code.OTHER_SIDE_DOWN


async def test_a_list_that_refuses_its_filter_is_asked_without_it() -> None:
    """An old version does not know the filter: the list comes whole, and says so."""
    async with served(two_referrals()) as stub, asker() as asks:
        stub.faults.add(Fault(Wrong.STATUS, status=400))
        filters = {"DateTStamp": "2026-01-01 00:00:00"}
        page = await client_of(stub, asks).page("referrals", Asked(0), filters)
    assert not page.filtered and len(page.rows) == 2
    assert [asked.query.get("DateTStamp") for asked in stub.faults.asked] == [
        "2026-01-01 00:00:00",
        None,
    ]


async def test_a_wish_to_wait_longer_is_granted() -> None:
    """Law 10, in one process: Retry-After 20 where our own wait were 2 s."""
    waits = Waits()
    async with served(two_referrals()) as stub, asker(sleep=waits) as asks:
        stub.faults.add(Fault(Wrong.STATUS, status=429, headers={"Retry-After": "20"}))
        await client_of(stub, asks).page("referrals", Asked(0))
    assert waits.seconds == [20.0]


async def test_of_several_bases_the_first_that_answers_serves() -> None:
    """The practice's own server first, then the remote one."""
    async with served(two_referrals()) as stub, asker() as asks:
        client = client_of(stub, asks, f"http://127.0.0.1:{free_ports(1)[0]}/api/v1")
        await client.choose()
        page = await client.page("referrals", Asked(0))
    assert len(page.rows) == 2


async def test_a_private_address_is_blocked() -> None:
    """Without CONNECTORS_EGRESS_ALLOW nothing is asked of it."""
    async with served(two_referrals()) as stub, Http(EgressPolicy(allow_http=True)) as http:
        outcome = await http.ask("GET", f"{stub.url}/referrals", headers={})
        assert outcome == Stopped(Code.ADDRESS_BLOCKED)
        assert await http.ask("GET", "http://localhost:9/x", headers={}) == outcome
        assert stub.faults.asked == []


async def test_a_request_without_content_type_is_refused_there() -> None:
    """So the real one does: ours has one always."""
    async with served(two_referrals()) as stub, asker() as asks:
        headers = {"Authorization": "ODFHIR developer/customer"}
        refused = await asks.once("GET", f"{stub.url}/referrals", headers=headers)
        assert refused == Answered(400, None)
        page = await client_of(stub, asks).page("referrals", Asked(0))
        assert len(page.rows) == 2


async def test_requests_that_follow_too_soon_are_refused_there() -> None:
    """429 with Retry-After: the throttle of remote mode."""
    stub = two_referrals()
    stub.spacing_seconds = 5.0
    async with served(stub), asker() as asks:
        url = f"{stub.url}/referrals"
        headers = {"Authorization": "ODFHIR developer/customer", "Content-Type": "application/json"}
        assert is_success(await asks.once("GET", url, headers=headers))
        second = await asks.once("GET", url, headers=headers)
    assert second == Unanswered(Code.RATE_LIMITED, 1.0, unknown=False)


async def test_only_the_status_of_a_refattach_is_written() -> None:
    """Never its Note, which is a person's there."""
    stub = two_referrals()
    stub.patient(7, LName="Pace")
    stub.refattach(5, ReferralNum=1, PatNum=7, ReferralType="RefTo", Note="call first")
    async with served(stub), asker() as asks:
        fields = {"RefToStatus": "Complete", "DateProcComplete": "2026-07-01", "Note": "ours"}
        assert is_success(await client_of(stub, asks).put_refattach(5, fields))
    assert stub.faults.asked[-1].body == {
        "RefToStatus": "Complete",
        "DateProcComplete": "2026-07-01",
    }
    assert stub.refattaches[5]["Note"] == "call first"


async def test_a_write_is_refused_stopped_or_unknown() -> None:
    """What is refused for what it says is told from a key that may not, and from an unknown end."""
    stub = two_referrals()
    stub.patient(7, LName="Pace")
    async with served(stub), asker(timeout_seconds=0.5) as asks:
        client = client_of(stub, asks)
        attached = {"PatNum": 7, "ReferralNum": 1, "ReferralType": "RefTo"}
        assert is_success(await client.post_refattach(attached))
        assert is_refused(await client.post_refattach(attached))
        assert is_refused(await client.put_refattach(99, {"RefToStatus": "Complete"}))
        stub.faults.add(Fault(Wrong.DONE_UNANSWERED, "documents/Upload"))
        assert may_have_been_done(await client.upload_letter(7, "Referral letter 1", "JVBERg=="))
        held = await client.documents_of(7)
        stub.may_file_documents = False
        stopped = await client.upload_letter(7, "Referral letter 2", "JVBERg==")
    assert [row["Description"] for row in held] == ["Referral letter 1"]
    assert stopped == Stopped(Code.PERMISSION_MISSING)
