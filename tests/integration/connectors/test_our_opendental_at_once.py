"""Our own Open Dental interface while others write: programs, another replica, news of events."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import aiohttp
import pytest
import pytest_asyncio
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from messaging.replies.client import Reply
from ops.servers.ports import free_ports
from ops.stubs.opendental import OpenDentalStub, served
from services.connectors.models import OdReferral
from services.connectors.opendental.server import NUMBERS_BEGIN, Refused
from services.connectors.runs.commands import Calls
from services.connectors.sealing import Sealer
from services.connectors.serving.changes import Changes, Turns
from services.connectors.serving.store import Store
from tests.support.connectors.interface import Program
from tests.support.connectors.running import KEY, Connectors, connectors_beside
from tests.support.services.referrals import Org, Referrals
from tests.support.waiting import until

WITHIN_SECONDS = 20.0


@pytest_asyncio.fixture(scope="module")
async def connectors(referrals: Referrals, another_database: str) -> AsyncIterator[Connectors]:
    """A replica that listens as an Open Dental, too."""
    (port,) = free_ports(1)
    async with connectors_beside(referrals, another_database, opendental_port=port) as running:
        yield running


@pytest_asyncio.fixture
async def asking(connectors: Connectors, org: Org) -> AsyncIterator[Program]:
    """A program with the key of the org's new interface."""
    key = await connectors.interface(org)
    url = f"http://127.0.0.1:{connectors.config.opendental_port}/api/v1"
    async with aiohttp.ClientSession() as session:
        yield Program(session, url, org, key)


@dataclass
class Meanwhile:
    """A client of referrals' queues: once an operation is replied, or before it is sent, something
    else happens first. `sent` are the operations."""

    client: Calls
    operation: str
    after: Callable[[], Awaitable[Any]] | None = None
    before: Callable[[], Awaitable[Any]] | None = None
    sent: list[str] = field(default_factory=list)

    async def call(
        self,
        exchange: str,
        operation: str,
        body: Mapping[str, Any] | bytes,
        *,
        message_id: UUID | None = None,
    ) -> Reply:
        """As `Client.call`."""
        self.sent.append(operation)
        if self.before is not None and operation == self.operation:
            await self.before()
        replied = await self.client.call(exchange, operation, body, message_id=message_id)
        if self.after is not None and operation == self.operation:
            happen, self.after = self.after, None
            await happen()
        return replied


async def other_replica(connectors: Connectors, asking: Program, calls: Meanwhile) -> Changes:
    """What another replica does with a request: it has turns of its own."""
    store = Store(connectors.engine, Sealer(KEY))
    interface = await store.interface_of(asking.key)
    assert interface is not None
    return Changes(store, calls, interface, Turns())


async def doctor(asking: Program) -> int:
    """A new partner's number."""
    made = await asking.create(LName="Smith", FName="John", IsDoctor="true")
    return int(made["ReferralNum"])


async def numbers(asking: Program) -> list[int]:
    """All that is listed."""
    status, listed = await asking.ask("GET", "/referrals")
    assert status == 200
    return [row["ReferralNum"] for row in listed]


async def test_each_field_that_is_put_at_once_is_there_afterwards(asking: Program) -> None:
    """Whoever has the field, our partner or this interface alone; each is answered 200, at once."""
    number = await doctor(asking)
    fields = {
        "FName": "Jonathan",
        "Address": "1 Main St",
        "Address2": "Suite 2",
        "City": "Salem",
        "ST": "OR",
        "Zip": "97304",
        "EMail": "john@example.com",
        "MName": "C",
        "Title": "DDS",
    }
    answers = await asyncio.gather(
        *(asking.once("PUT", f"/referrals/{number}", {n: v}) for n, v in fields.items())
    )
    assert [(status, said[n]) for (status, said, _), n in zip(answers, fields, strict=True)] == [
        (200, value) for value in fields.values()
    ]
    after = await asking.get(number)
    assert {name: after[name] for name in fields} == fields


async def test_what_another_replica_writes_meanwhile_stays(
    connectors: Connectors, asking: Program
) -> None:
    """Beside a change of the partner, and beside one of what this interface alone has."""
    number = await doctor(asking)

    async def meanwhile() -> None:
        await asking.change(number, Title="DDS", Zip="97304")

    calls = Meanwhile(connectors.referrals.client, "referral_partner.update", after=meanwhile)
    other = await other_replica(connectors, asking, calls)
    held = await other.update(number, {"MName": "C", "City": "Salem"})
    wanted = {"Title": "DDS", "Zip": "97304", "MName": "C", "City": "Salem"}
    assert {name: held.shown[name] for name in wanted} == wanted
    after = await asking.get(number)
    assert {name: after[name] for name in wanted} == wanted


async def test_a_version_conflict_is_retried_three_times(
    connectors: Connectors, asking: Program
) -> None:
    """Then it is said that nothing was written, which is so; a conflict less, and it is written."""
    number = await doctor(asking)
    (partner,) = (await asking.org.ask("referral_partner.list")).data["items"]
    changes = 0
    at_most = 4

    async def changed_elsewhere() -> None:
        nonlocal changes
        if changes < at_most:
            changes += 1
            held = await asking.org.ask("referral_partner.get", referral_partner_uuid=partner["id"])
            await asking.org.ask(
                "referral_partner.update",
                referral_partner_uuid=partner["id"],
                base_version=held.data["version"],
                specialty=f"Kind {changes}",
            )

    calls = Meanwhile(
        connectors.referrals.client, "referral_partner.update", before=changed_elsewhere
    )
    other = await other_replica(connectors, asking, calls)
    with pytest.raises(Refused) as why:
        await other.update(number, {"City": "Salem", "MName": "C"})
    text = "Others change this referral. Nothing was written: send it again."
    assert (why.value.status, why.value.text) == (503, text)
    assert calls.sent.count("referral_partner.update") == 4
    after = await asking.get(number)
    assert (after["City"], after["MName"]) == ("", "")
    changes, at_most = 0, 3
    held = await other.update(number, {"City": "Salem", "MName": "C"})
    assert (held.shown["City"], held.shown["MName"], held.shown["specialty"]) == (
        "Salem",
        "C",
        "Kind 3",
    )
    names = {"Kind 1": 100000, "Kind 2": 100001, "Kind 3": 100002, "Kind 4": 100003}
    after = await asking.get(number)
    assert (after["City"], after["Specialty"]) == ("Salem", names["Kind 3"])


async def test_a_row_that_news_show_first_keeps_what_is_put_before_its_post_ends(
    connectors: Connectors, asking: Program
) -> None:
    """A program that lists finds it there already."""

    async def listed_and_put() -> None:
        async def listed() -> bool:
            return await numbers(asking) == [1]

        await until(listed, WITHIN_SECONDS)
        await asking.change(1, Title="DDS", City="Salem")

    calls = Meanwhile(connectors.referrals.client, "referral_partner.create", after=listed_and_put)
    other = await other_replica(connectors, asking, calls)
    held = await other.create({"LName": "Smith", "FName": "John", "IsDoctor": "true", "MName": "C"})
    for shown in (held.shown, await asking.get(1)):
        assert (shown["Title"], shown["City"], shown["MName"]) == ("DDS", "Salem", "C")


async def test_news_of_what_a_row_becomes_leave_it_its_number(
    connectors: Connectors, asking: Program
) -> None:
    """They come before the change of kind has ended, and number it: that number is gone again."""
    made = await asking.create(LName="Smile", FName="Sue", NotPerson="false")
    number = made["ReferralNum"]

    async def numbered_anew() -> None:
        async def listed() -> bool:
            return await numbers(asking) == [number, number + 1]

        await until(listed, WITHIN_SECONDS)

    calls = Meanwhile(connectors.referrals.client, "referral_partner.create", after=numbered_anew)
    other = await other_replica(connectors, asking, calls)
    held = await other.update(number, {"IsDoctor": "true", "Title": "DDS"})
    assert (held.number, held.shown["Title"]) == (number, "DDS")
    shown = await asking.get(number)
    assert (shown["LName"], shown["IsDoctor"], shown["Title"]) == ("Smile", "true", "DDS")
    assert number + 1 not in await numbers(asking)


async def test_two_who_change_the_kind_at_once_leave_one_that_is_active(
    connectors: Connectors, asking: Program
) -> None:
    """The partner that came too late is inactive; what was put with it is put on the other."""
    made = await asking.create(LName="Smile", FName="Sue", NotPerson="false")
    number = made["ReferralNum"]

    async def meanwhile() -> None:
        await asking.change(number, IsDoctor="true", Title="DDS")

    calls = Meanwhile(connectors.referrals.client, "referral_partner.create", after=meanwhile)
    other = await other_replica(connectors, asking, calls)
    held = await other.update(number, {"IsDoctor": "true", "City": "Salem"})
    assert (held.shown["Title"], held.shown["City"]) == ("DDS", "Salem")
    partners = (await asking.org.ask("referral_partner.list")).data["items"]
    cities = sorted((one["is_active"], one["city"]) for one in partners)
    assert cities == [(False, "Salem"), (True, "Salem")]
    (source,) = (await asking.org.ask("referral_source.list")).data["items"]
    assert source["is_active"] is False


async def test_39_an_open_dental_that_comes_later_keeps_its_numbers(
    connectors: Connectors, asking: Program
) -> None:
    """But for those that are given already; ours go on at a thousand million. A TIN that only the
    connection keeps is not held for the interface."""
    first = await asking.create(LName="Radio")
    assert first["ReferralNum"] == 1
    stub = OpenDentalStub()
    for number, name in ((1, "Signs"), (2, "Papers")):
        stub.referral(number, LName=name, NotPerson="true", SSN="546372819", UsingTIN="true")
    async with served(stub) as there:
        connected = await connectors.opendental(asking.org, there, keep="tin")
        await connected.finished()
    second = await asking.create(LName="Posters")
    assert second["ReferralNum"] >= NUMBERS_BEGIN
    assert [(await asking.get(n))["LName"] for n in (1, 2)] == ["Radio", "Papers"]
    async with AsyncSession(connectors.engine) as opened:
        of_org = select(func.count(OdReferral.tax_number)).where(OdReferral.org_id == asking.org.id)
        assert await opened.scalar(of_org) == 0
