"""Open Dental's client against the stand-in: outages, refusals, pauses, and what it writes."""

import asyncio
import socket

import pytest

from contracts.connecting import ConnectionFailureCode as Code
from messaging.egress.policy import EgressPolicy
from ops.servers.ports import free_ports
from ops.stubs.faults import Fault, Wrong
from ops.stubs.opendental import OpenDentalStub, served
from services.connectors.asking.answers import Answered, RunFailed, Stopped, Unanswered
from services.connectors.asking.http import Http, is_success
from services.connectors.opendental.client import OpenDental, is_refused, may_have_been_done
from services.connectors.rules.paging import Asked
from tests.support.connectors.asking import LOOPBACK, Waits, asker, client_of


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
        (Fault(Wrong.HTML, times=4), Code.BAD_ANSWER),
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


def closed() -> str:
    """An address where nobody listens."""
    return f"http://127.0.0.1:{free_ports(1)[0]}/api/v1"


async def test_of_several_bases_the_first_that_answers_serves() -> None:
    """The practice's own server first, then the remote one: nobody waits for one that is closed,
    or that may not be asked, while another one is left."""
    waits = Waits()
    blocked = ("http://127.0.0.1:1/api/v1", "http://10.1.2.3:30223/api/v1")
    async with served(two_referrals()) as stub, asker(sleep=waits) as asks:
        client = client_of(stub, asks, closed(), *blocked)
        await client.choose()
        page = await client.page("referrals", Asked(0))
    assert len(page.rows) == 2 and client.base == stub.url and waits.seconds == []


async def test_a_write_goes_where_the_read_before_it_went() -> None:
    """Whoever writes back looks at the row first, and so chooses a base."""
    stub = two_referrals()
    stub.patient(7, LName="Pace")
    stub.refattach(5, ReferralNum=1, PatNum=7, ReferralType="RefTo")
    async with served(stub), asker() as asks:
        client = client_of(stub, asks, closed())
        assert len(await client.refattaches_of(7)) == 1
        assert is_success(await client.put_refattach(5, {"RefToStatus": "Complete"}))


async def test_a_base_that_answers_nonsense_is_passed_over() -> None:
    """HTML and cut JSON are no answer; a wrong key and a throttle are, and no other base is
    asked with them."""
    async with served(two_referrals()) as first, served(two_referrals()) as second:
        for fault in (Fault(Wrong.HTML), Fault(Wrong.CUT), Fault(Wrong.STATUS, status=400)):
            first.faults.add(fault)
            async with asker() as asks:
                client = client_of(second, asks, first.url)
                await client.choose()
            assert client.base == second.url
        asked = len(second.faults.asked)
        first.faults.add(Fault(Wrong.STATUS, status=429))
        async with asker() as asks:
            client = client_of(second, asks, first.url)
            await client.choose()
        assert client.base == first.url
        first.customer_key = "another"
        async with asker() as asks:
            with pytest.raises(RunFailed) as failed:
                await client_of(second, asks, first.url).choose()
        assert failed.value.code is Code.UNAUTHORIZED and len(second.faults.asked) == asked


async def test_where_no_base_answers_all_are_asked_again() -> None:
    """After 2, 8 and 32 s, each once a time; the one that may come back says why it failed. Where
    no waiting mends any of them, none is asked again."""
    waits = Waits()
    async with served(two_referrals()) as stub, asker(sleep=waits) as asks:
        stub.faults.add(Fault(Wrong.STATUS, times=2))
        client = client_of(stub, asks, "http://10.1.2.3:30223/api/v1", closed())
        await client.choose()
        assert client.base == stub.url and waits.seconds == [2.0, 8.0]
        stub.faults.add(Fault(Wrong.STATUS, times=4))
        with pytest.raises(RunFailed) as failed:
            await client_of(stub, asks, "http://10.1.2.3:30223/api/v1").choose()
        assert failed.value.code is Code.OTHER_SIDE_DOWN
        assert waits.seconds[2:] == [2.0, 8.0, 32.0]
        stub.faults.add(Fault(Wrong.HTML, times=9))
        with pytest.raises(RunFailed) as failed:
            await client_of(stub, asks, closed()).choose()
        assert failed.value.code is Code.BAD_ANSWER
        assert waits.seconds[5:] == [2.0, 8.0, 32.0]
        blocked = OpenDental(asks, ("http://127.0.0.1:1/v1", "http://10.1.2.3:9/v1"), "d", "c")
        with pytest.raises(RunFailed) as failed:
            await blocked.choose()
        assert failed.value.code is Code.ADDRESS_BLOCKED and len(waits.seconds) == 8


async def test_an_address_that_swallows_what_is_sent_is_given_up_soon(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Long before a request that is under way; nothing can have been done there."""
    monkeypatch.setattr("services.connectors.asking.http.CONNECT_TIMEOUT_SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        place = full.getsockname()
        with socket.create_connection(place):
            async with asyncio.timeout(5.0), Http(LOOPBACK) as http:
                url = f"http://127.0.0.1:{place[1]}/api/v1"
                outcome = await http.ask("GET", url, headers={})
    assert outcome == Unanswered(Code.TIMED_OUT, unknown=False)


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
