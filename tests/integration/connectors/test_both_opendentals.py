"""Laws that hold for the stand-in and, where keys are in the environment, for the real Open Dental.

HANDOFF_TEST_OPENDENTAL_URL, _DEVELOPER_KEY and _CUSTOMER_KEY name the real one. Nothing is written.
"""

import os
from collections.abc import AsyncIterator

import pytest

from contracts.connecting import ConnectionFailureCode as Code
from messaging.egress.policy import EgressPolicy
from ops.stubs.opendental import OpenDentalStub, served
from services.connectors import addresses
from services.connectors.asking.answers import RunFailed
from services.connectors.asking.asker import Asker, NoBudget, credential_hash
from services.connectors.asking.http import Http
from services.connectors.opendental.client import OpenDental
from services.connectors.opendental.rows import (
    read_definition,
    read_patient,
    read_provider,
    read_refattach,
    read_referral,
)
from services.connectors.rules.pacing import OPENDENTAL_REMOTE, UNTHROTTLED
from services.connectors.rules.paging import Asked
from tests.support.connectors.asking import LOOPBACK

_KEYS = ("HANDOFF_TEST_OPENDENTAL_DEVELOPER_KEY", "HANDOFF_TEST_OPENDENTAL_CUSTOMER_KEY")
WHICH = ["stub", *(["real"] if all(os.environ.get(name) for name in _KEYS) else [])]


def example() -> OpenDentalStub:
    """The rows of the API Referrals page, and around them one of each other table."""
    stub = OpenDentalStub()
    stub.specialty(465, "Endodontics")
    stub.provider(1, Abbr="DOC1", LName="Albert", FName="Brian", NationalProvID="1679608723")
    stub.patient(435, LName="Beringer", FName="Debbie", SSN="111111111")
    stub.referral(
        1, LName="Davidson", FName="Norm", SSN="123456789", UsingTIN="true", Specialty=465
    )
    stub.referral(2, LName="Facebook Ad", BusinessName="Facebook Ad", NotPerson="true")
    stub.referral(3, LName="Beringer", FName="Debbie", PatNum=435, isPatient="true")
    for number in range(4, 205):
        stub.referral(number, LName=f"Row {number}", NotPerson="true")
    stub.refattach(1, ReferralNum=2, PatNum=435, RefDate="2022-01-05")
    return stub


@pytest.fixture(params=WHICH)
async def client(request: pytest.FixtureRequest) -> AsyncIterator[OpenDental]:
    """A client of the one or the other."""
    if request.param == "stub":
        async with served(example()) as stub, Http(LOOPBACK) as http:
            asks = Asker(http, NoBudget(), credential_hash("test"), UNTHROTTLED)
            yield OpenDental(asks, (stub.url,), stub.developer_key, stub.customer_key)
        return
    async with Http(EgressPolicy()) as http:
        developer, customer = (os.environ[name] for name in _KEYS)
        asks = Asker(http, NoBudget(), credential_hash(developer, customer), OPENDENTAL_REMOTE)
        url = os.environ.get("HANDOFF_TEST_OPENDENTAL_URL", addresses.OPENDENTAL)
        yield OpenDental(asks, (url,), developer, customer)


@pytest.mark.parametrize(
    ("resource", "filters", "read"),
    [
        ("definitions", {"Category": "35"}, read_definition),
        ("providers", {}, read_provider),
        ("referrals", {}, read_referral),
        ("refattaches", {}, read_refattach),
        ("patients/Simple", {}, read_patient),
    ],
)
async def test_each_list_is_read_without_a_refused_field(
    client: OpenDental, resource: str, filters: dict[str, str], read: object
) -> None:
    """Every row has its number, and each field that is kept has the type that we expect."""
    assert callable(read)
    page = await client.page(resource, Asked(0, 100), filters)
    assert page.filtered and page.rows
    read_rows = [read(row) for row in page.rows]
    assert all(one.row is not None and one.refused == () for one in read_rows)


async def test_a_page_has_at_most_100_rows_whatever_is_asked(client: OpenDental) -> None:
    """A longer page is never waited for."""
    page = await client.page("referrals", Asked(0, 500))
    assert len(page.rows) <= 100


async def test_pages_follow_each_other_in_one_order(client: OpenDental) -> None:
    """The row asked back is the last one of the page before."""
    first = await client.page("referrals", Asked(0, 10))
    second = await client.page("referrals", Asked(9, 10))
    if len(first.rows) == 10:
        assert second.rows[0]["ReferralNum"] == first.rows[-1]["ReferralNum"]


async def test_a_number_that_nobody_has_is_none(client: OpenDental) -> None:
    """404 is an answer and no outage."""
    assert await client.single("referrals", 2_000_000_000) is None


async def test_a_wrong_key_is_refused_at_once(client: OpenDental) -> None:
    """401: a person has to do something, and nothing is tried again."""
    wrong = OpenDental(client._asker, client._bases, "nobody", "nothing")
    with pytest.raises(RunFailed) as failed:
        await wrong.page("referrals", Asked(0, 1))
    assert failed.value.code is Code.UNAUTHORIZED
