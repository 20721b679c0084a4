"""Our own Open Dental interface over HTTP: each example of its documentation, laws 37 to 39.

Source: opendental.com/site/apireferrals.html.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import aiohttp
import asyncpg
import pytest_asyncio
from sqlalchemy import func, make_url, select
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.connecting import System
from ops.servers.ports import free_ports
from ops.stubs.alfadocs import AlfaDocsStub
from ops.stubs.alfadocs import served as alfadocs_served
from ops.stubs.opendental import OpenDentalStub, served
from services.connectors.erasing import erase
from services.connectors.models import OdReferral
from services.connectors.opendental.server import FIELDS, NUMBERS_BEGIN
from tests.support.connectors.interface import Program
from tests.support.connectors.running import OPERATOR, Connectors, connectors_beside
from tests.support.database.commit_proxy import CommitProxy, commit_proxy
from tests.support.database.urls import plain_url
from tests.support.samples.open_dental import BERINGER, DAVIDSON, EMPTY, FACEBOOK, SMITHERS
from tests.support.services.referrals import Org, Referrals
from tests.support.waiting import until

WITHIN_SECONDS = 20.0


@pytest_asyncio.fixture(scope="module")
async def proxy(another_database: str) -> AsyncIterator[CommitProxy]:
    """Between the replica and its database."""
    async with commit_proxy(make_url(another_database).port or 5432) as opened:
        yield opened


@pytest_asyncio.fixture(scope="module")
async def connectors(
    referrals: Referrals, another_database: str, proxy: CommitProxy
) -> AsyncIterator[Connectors]:
    """A replica that listens as an Open Dental, too."""
    (port,) = free_ports(1)
    through = make_url(another_database).set(host="127.0.0.1", port=proxy.port)
    url = through.render_as_string(hide_password=False)
    async with connectors_beside(referrals, url, opendental_port=port) as running:
        yield running


@pytest_asyncio.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as opened:
        yield opened


async def program(
    connectors: Connectors, session: aiohttp.ClientSession, org: Org, **options: Any
) -> Program:
    """A program with the key of the org's new interface."""
    key = await connectors.interface(org, **options)
    url = f"http://127.0.0.1:{connectors.config.opendental_port}/api/v1"
    return Program(session, url, org, key)


def documented() -> OpenDentalStub:
    """The practice of the documentation."""
    stub = OpenDentalStub()
    stub.specialty(465, "Endodontics")
    stub.specialty(272, "Surgery")
    stub.patient(435, LName="Beringer", FName="Debbie", WirelessPhone="5033635432")
    for row in (DAVIDSON, FACEBOOK, BERINGER, SMITHERS):
        stub.referral(int(row["ReferralNum"]), **row)
    return stub


async def numbers_sealed(connectors: Connectors, org: Org) -> int:
    """How many SSN and TIN of an org are stored, sealed."""
    async with AsyncSession(connectors.engine) as opened:
        of_org = select(func.count(OdReferral.tax_number)).where(OdReferral.org_id == org.id)
        return int(await opened.scalar(of_org) or 0)


def without_stamp(row: dict[str, Any]) -> dict[str, Any]:
    """All but DateTStamp, which is when it changed here."""
    return {name: value for name, value in row.items() if name != "DateTStamp"}


async def test_38_each_example_is_answered_as_it_is_documented(
    connectors: Connectors, org: Org, session: aiohttp.ClientSession
) -> None:
    """GET of one and of many with their filters, and both PUTs: all 27 fields, each of its type. Of
    a patient's row the address is empty, the rest is the example's."""
    async with served(documented()) as stub:
        connected = await connectors.opendental(org, stub, keep="ssn")
        await connected.finished()
        asking = await program(connectors, session, org, keep="ssn")
        one = await asking.get(1)
        assert list(one) == list(FIELDS)
        assert {name: type(value) for name, value in one.items()} == {
            name: type(value) for name, value in DAVIDSON.items()
        }
        assert without_stamp(one) == without_stamp(DAVIDSON)
        beringer = {**BERINGER, "City": "", "ST": ""}
        shown = [without_stamp(row) for row in (DAVIDSON, FACEBOOK, beringer, SMITHERS)]
        for query, expected in (
            ({}, shown),
            ({"IsPreferred": "true"}, shown[:2]),
            ({"IsPreferred": "false", "isPatient": "true"}, [shown[2]]),
            ({"IsPreferred": "true", "isPatient": "true"}, []),
            ({"BusinessName": "facebook"}, [shown[1]]),
            ({"Limit": "1", "Offset": "1"}, [shown[1]]),
        ):
            status, listed = await asking.ask("GET", "/referrals", **query)
            assert (status, [without_stamp(row) for row in listed]) == (200, expected)
        note = "Referral credit added to account on 08/21/2022"
        assert (await asking.change(325, Note=note))["Note"] == note
        changed = await asking.change(
            325,
            LName="Smithers",
            FName="Jonathan",
            MName="C",
            Title="DDS",
            Specialty=272,
            Note="Out on Thursdays",
        )
        assert without_stamp(changed) == without_stamp(
            {
                **SMITHERS,
                "LName": "Smithers",
                "FName": "Jonathan",
                "MName": "C",
                "Title": "DDS",
                "Specialty": 272,
                "specialty": "Surgery",
                "Note": "Out on Thursdays",
            }
        )
        assert await asking.get(325) == changed
        partner = await connected.partner(325)
        assert (partner["last_name"], partner["specialty"]) == ("Smithers", "Surgery")


async def test_38_and_39_each_kind_is_created_and_there_at_once(
    connectors: Connectors, org: Org, session: aiohttp.ClientSession
) -> None:
    """The documented POSTs: a non-person, a patient, a doctor. Beside an Open Dental our numbers
    begin at a thousand million, and each GET that follows shows what was answered."""
    async with served(documented()) as stub:
        connected = await connectors.opendental(org, stub, patients="all")
        await connected.finished()
        asking = await program(connectors, session, org)
        pages = await asking.create(LName="Yellow Pages")
        patient = await asking.create(LName="Beringer", PatNum=435, Note="Brings friends")
        surgeon = await asking.create(LName="Smith", FName="John", specialty="Surgery")
        expected = [
            {**EMPTY, "LName": "Yellow Pages", "NotPerson": "true", "IsDoctor": "false"},
            {
                **EMPTY,
                "LName": "Beringer",
                "FName": "Debbie",
                "Telephone": "5033635432",
                "Note": "Brings friends",
                "PatNum": 435,
                "NotPerson": "false",
                "IsDoctor": "false",
            },
            {
                **EMPTY,
                "LName": "Smith",
                "FName": "John",
                "Specialty": 272,
                "specialty": "Surgery",
                "NotPerson": "false",
                "IsDoctor": "true",
            },
        ]
        for made, wanted in zip((pages, patient, surgeon), expected, strict=True):
            flags = {"UsingTIN": "false", "IsHidden": "false", "IsPreferred": "false"}
            whole = {**wanted, **flags, "ReferralNum": made["ReferralNum"]}
            whole["isPatient"] = "true" if wanted["PatNum"] else "false"
            assert without_stamp(made) == without_stamp(whole)
            assert await asking.get(made["ReferralNum"]) == made
        numbers = [made["ReferralNum"] for made in (pages, patient, surgeon)]
        assert numbers[0] >= NUMBERS_BEGIN and numbers == sorted(set(numbers))
        sources = (await org.ask("referral_source.list")).data["items"]
        friend = next(one for one in sources if one["description"] == "Brings friends")
        assert friend["category"] == "patient_referral"
        assert friend["linked_patient"]["uuid"] == await connected.uuid("patient", 435)


async def test_39_a_number_is_never_given_again(
    connectors: Connectors, org: Org, session: aiohttp.ClientSession
) -> None:
    """Neither that of a partner who was archived, which is not found any more, nor after the
    interface was removed and added again. What was there before is numbered by age."""
    first = await org.partner(first_name="Zoe", last_name="Adams")
    second = await org.partner(first_name="Ann", last_name="Zimmer")
    asking = await program(connectors, session, org)
    assert [(await asking.get(n))["LName"] for n in (1, 2)] == ["Adams", "Zimmer"]
    third = await asking.create(LName="Radio")
    assert third["ReferralNum"] == 3
    archived = await org.ask(
        "referral_partner.archive",
        referral_partner_uuid=second["id"],
        base_version=second["version"],
    )
    assert archived.status == 204

    async def gone() -> bool:
        return (await asking.ask("GET", "/referrals/2"))[0] == 404

    await until(gone, WITHIN_SECONDS)
    again = await program(connectors, session, org)
    assert (await asking.ask("GET", "/referrals/1"))[0] == 401
    assert (await again.create(LName="Signs"))["ReferralNum"] == 4
    assert (await again.ask("GET", "/referrals/2")) == (404, "Referral not found.")
    assert (await again.get(1))["LName"] == first["last_name"]


async def test_39_a_high_number_of_theirs_is_not_given_too(
    connectors: Connectors, org: Org, session: aiohttp.ClientSession
) -> None:
    """An Open Dental whose keys are random has numbers above 1,000,000,000, where ours begin: of
    patients as well."""
    asking = await program(connectors, session, org)
    stub = OpenDentalStub()
    stub.referral(1_000_000_000, LName="Radio", NotPerson="true")
    stub.patient(1_000_000_002, LName="Beringer", FName="Debbie")
    stub.referral(5, LName="Beringer", FName="Debbie", PatNum=1_000_000_002, isPatient="true")
    async with served(stub):
        connected = await connectors.opendental(org, stub)
        assert (await connected.finished())["code"] is None
    assert (await asking.get(1_000_000_000))["LName"] == "Radio"
    assert (await asking.create(LName="Signs"))["ReferralNum"] == 1_000_000_003
    elsewhere = await org.partner(first_name="Zoe", last_name="Adams")
    assert elsewhere["last_name"] == "Adams"

    async def shown() -> bool:
        return (await asking.ask("GET", "/referrals/1000000004"))[0] == 200

    await until(shown, WITHIN_SECONDS)
    assert (await asking.get(1_000_000_004))["LName"] == "Adams"


async def test_numbers_of_another_system_do_not_move_ours(
    connectors: Connectors, org: Org, session: aiohttp.ClientSession
) -> None:
    """Ours begin at 1 as long as no Open Dental is connected: AlfaDocs' patient has one of them,
    and the referral the other."""
    asking = await program(connectors, session, org)
    stub = AlfaDocsStub()
    stub.patient(700, firstName="Mario", lastName="Rossi")
    async with alfadocs_served(stub):
        options = {"base": stub.url, "practice": stub.practice, "archive": stub.archive}
        connected = await connectors.add(
            org,
            System.ALFADOCS,
            "archive",
            {**options, "patients": "all"},
            {"api_key": stub.api_key},
        )
        assert (await connected.finished())["counts"]["patient"]["created"] == 1
    assert (await asking.create(LName="Signs"))["ReferralNum"] in (1, 2)


async def test_what_is_changed_elsewhere_is_shown(
    connectors: Connectors, org: Org, session: aiohttp.ClientSession
) -> None:
    """A partner made and changed over our own interfaces, with a specialty that no Open Dental has
    numbered; what only this interface knows stays."""
    asking = await program(connectors, session, org)
    partner = await org.partner(
        specialty="Implantology", phone="+15033635432", notes="Closed on Mondays"
    )

    async def there() -> bool:
        return (await asking.ask("GET", "/referrals/1"))[0] == 200

    await until(there, WITHIN_SECONDS)
    shown = await asking.get(1)
    assert (shown["LName"], shown["Specialty"], shown["specialty"]) == (
        "Archer",
        100000,
        "Implantology",
    )
    assert (shown["Telephone"], shown["Note"]) == ("5033635432", "Closed on Mondays")
    titled = await asking.change(1, Title="DMD", Phone2="ask for Eve", DisplayNote="VIP")
    assert titled["Title"] == "DMD"
    held = await org.ask("referral_partner.get", referral_partner_uuid=partner["id"])
    await org.ask(
        "referral_partner.update",
        referral_partner_uuid=partner["id"],
        base_version=held.data["version"],
        city="Salem",
        is_active=False,
    )

    async def moved() -> bool:
        return bool((await asking.get(1))["City"] == "Salem")

    await until(moved, WITHIN_SECONDS)
    after = await asking.get(1)
    assert (after["Title"], after["Phone2"], after["DisplayNote"]) == ("DMD", "ask for Eve", "VIP")
    assert after["IsHidden"] == "true"


async def test_news_of_an_org_without_an_interface_leave_nothing(
    connectors: Connectors, org: Org, referrals: Referrals, session: aiohttp.ClientSession
) -> None:
    """Neither remembered nor in the trail, while what comes after them in another org is shown."""
    other = Org(referrals.client)
    asking = await program(connectors, session, other)
    await org.partner(last_name="Unheard")
    await other.partner(last_name="Heard")

    async def is_shown() -> bool:
        return bool((await asking.ask("GET", "/referrals"))[1])

    await until(is_shown, WITHIN_SECONDS)
    stored = await connectors.stored()
    for table in ("inbox", "audit", "od_referral"):
        assert any(other.id in row for row in stored[table])
        assert not any(org.id in row for row in stored[table])


async def test_a_referral_that_becomes_another_kind_of_thing_keeps_its_number(
    connectors: Connectors, org: Org, session: aiohttp.ClientSession
) -> None:
    """The source that it was is inactive, the partner that it is now is new. The source is listed
    as hidden, under the next number."""
    asking = await program(connectors, session, org)
    made = await asking.create(LName="Smile", FName="Sue")
    changed = await asking.change(made["ReferralNum"], IsDoctor="true", NotPerson="false")
    assert (changed["ReferralNum"], changed["IsDoctor"]) == (made["ReferralNum"], "true")
    (source,) = (await org.ask("referral_source.list")).data["items"]
    assert (source["name"], source["is_active"]) == ("Sue Smile", False)
    (partner,) = (await org.ask("referral_partner.list")).data["items"]
    assert (partner["last_name"], partner["is_active"]) == ("Smile", True)

    async def listed_as_hidden() -> bool:
        _, rows = await asking.ask("GET", "/referrals", IsHidden="true")
        return [row["ReferralNum"] for row in rows] == [made["ReferralNum"] + 1]

    await until(listed_as_hidden, WITHIN_SECONDS)


async def test_37_a_key_names_one_org_alone(
    connectors: Connectors, org: Org, referrals: Referrals, session: aiohttp.ClientSession
) -> None:
    """Another org's number is not found, its patients are nobody; without a key nothing is said."""
    other = Org(referrals.client)
    await other.partner(last_name="Foreign")
    theirs = await program(connectors, session, other)
    asking = await program(connectors, session, org)
    await theirs.create(LName="Second")
    assert await asking.ask("GET", "/referrals/1") == (404, "Referral not found.")
    assert await asking.ask("PUT", "/referrals/1", {"Note": "x"}) == (404, "Referral not found.")
    assert await asking.ask("GET", "/referrals") == (200, [])
    body = {"LName": "Pace", "PatNum": 1}
    assert await asking.ask("POST", "/referrals", body) == (404, "Patient not found.")
    wrong = Program(session, asking.url, org, "wrong")
    assert await wrong.ask("GET", "/referrals") == (401, "Invalid Credentials")
    async with session.get(f"{asking.url}/referrals") as bare:
        assert (bare.status, await bare.json()) == (401, "Invalid Credentials")


async def test_what_is_wrong_is_told_in_one_text(
    connectors: Connectors, org: Org, session: aiohttp.ClientSession
) -> None:
    """What no rule of the body alone can say: numbers, verbs, our own refusals; nothing is made."""
    asking = await program(connectors, session, org)
    for method, path, body, expected in (
        ("GET", "/referrals/one", None, (404, "Referral not found.")),
        ("GET", "/referrals/99999999999999999999", None, (404, "Referral not found.")),
        ("DELETE", "/referrals/1", None, (405, "Method not allowed.")),
        ("POST", "/referrals", [], (400, "Body is invalid.")),
        ("POST", "/referrals", {"LName": ""}, (400, "LName is required.")),
        ("POST", "/referrals", {"LName": "A", "EMail": "none"}, None),
        (
            "POST",
            "/referrals",
            {"LName": "A", "IsDoctor": "true", "EMail": "none"},
            (400, "EMail is invalid."),
        ),
    ):
        answered = await asking.ask(method, path, body)
        if expected is None:
            assert answered[0] == 201
        else:
            assert answered == expected
    assert (await org.ask("referral_partner.list")).data["items"] == []


async def test_while_the_database_is_away_every_answer_says_so(
    connectors: Connectors,
    org: Org,
    session: aiohttp.ClientSession,
    proxy: CommitProxy,
    another_database: str,
) -> None:
    """503 as one text with what to do, and when to come again; the service recovers by itself."""
    asking = await program(connectors, session, org)
    made = await asking.create(LName="Smith", FName="John", IsDoctor="true")
    path = f"/referrals/{made['ReferralNum']}"
    database = await asyncpg.connect(plain_url(another_database))
    proxy.away = True
    try:
        await database.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND application_name LIKE 'connectors%'"
        )
        for method, where, body, told in (
            ("GET", path, None, "The database is away. Ask again."),
            ("GET", "/referrals", None, "The database is away. Ask again."),
            (
                *("PUT", path, {"City": "Salem"}),
                "The database is away. Look for it before you send it again.",
            ),
        ):
            status, said, headers = await asking.once(method, where, body)
            assert (status, said, headers["Retry-After"]) == (503, told, "1")
    finally:
        proxy.away = False
        await database.close()

    async def answers() -> bool:
        return (await asking.ask("GET", path))[0] == 200

    await until(answers, WITHIN_SECONDS)
    assert (await asking.change(made["ReferralNum"], City="Salem"))["City"] == "Salem"


async def test_more_than_ten_requests_a_second_are_too_many(
    connectors: Connectors, org: Org, session: aiohttp.ClientSession
) -> None:
    """Of one key: 429, and when to come again; another key is answered."""
    asking = await program(connectors, session, org)
    answers = await asyncio.gather(*(asking.once("GET", "/referrals") for _ in range(25)))
    refused = [headers for status, _, headers in answers if status == 429]
    assert refused and all(headers["Retry-After"] == "1" for headers in refused)


async def test_33_what_a_program_says_of_an_ssn_is_kept_nowhere(
    connectors: Connectors, org: Org, session: aiohttp.ClientSession
) -> None:
    """Unless the interface was added with `keep`: then a TIN comes back, and is stored sealed."""
    asking = await program(connectors, session, org)
    made = await asking.create(LName="Smith", FName="J", IsDoctor="true", SSN="918273645")
    assert made["SSN"] == ""
    tin = await program(connectors, session, org, keep="tin")
    kept = await tin.create(LName="Lab", IsDoctor="true", SSN="546372819", UsingTIN="true")
    assert (await tin.get(kept["ReferralNum"]))["SSN"] == "546372819"
    assert await numbers_sealed(connectors, org) == 1
    stored = "\n".join(row for rows in (await connectors.stored()).values() for row in rows)
    for number in ("918273645", "546372819"):
        assert number not in stored and number.encode().hex() not in stored


async def test_33_what_is_kept_no_longer_goes(
    connectors: Connectors, org: Org, session: aiohttp.ClientSession
) -> None:
    """With TINs alone an SSN, with nothing both; kept again, they do not come back."""
    asking = await program(connectors, session, org, keep="ssn")
    bodies = (
        {"LName": "Smith", "IsDoctor": "true", "SSN": "918273645"},
        {"LName": "Lab", "IsDoctor": "true", "SSN": "546372819", "UsingTIN": "true"},
    )
    for body in bodies:
        await asking.create(**body)
    for keep, shown in (
        ("ssn", ["918273645", "546372819"]),
        ("tin", ["", "546372819"]),
        ("ssn", ["", "546372819"]),
        ("nothing", ["", ""]),
        ("ssn", ["", ""]),
    ):
        asking = await program(connectors, session, org, keep=keep)
        assert [(await asking.get(n))["SSN"] for n in (1, 2)] == shown
        assert await numbers_sealed(connectors, org) == sum(map(bool, shown))


async def test_36_a_patients_row_shows_the_directory_until_they_are_erased(
    connectors: Connectors, org: Org, session: aiohttp.ClientSession
) -> None:
    """A patient has a number of ours where no Open Dental gave one; a row that was made elsewhere
    shows their phone too. Erased, they and their rows are found no more."""
    patient = await org.patient(name="Paul Pace", phone="+15033635432")
    asking = await program(connectors, session, org)
    row = await asking.create(LName="Pace", PatNum=1)
    assert (row["FName"], row["Telephone"], row["isPatient"]) == ("Paul", "5033635432", "true")
    await org.ask(
        "patient.put",
        patient_uuid=patient["id"],
        name="Paula Pace",
        phone="+15033635432",
        observed_at="2026-02-05T08:00:00Z",
    )

    async def renamed() -> bool:
        return bool((await asking.get(row["ReferralNum"]))["FName"] == "Paula")

    await until(renamed, WITHIN_SECONDS)
    made = await org.ask(
        "referral_source.create",
        name="Paula, who sends friends",
        category="patient_referral",
        linked_patient_uuid=patient["id"],
    )
    assert made.status == 201
    number = row["ReferralNum"] + 1

    async def shown_whole() -> bool:
        status, said = await asking.ask("GET", f"/referrals/{number}")
        return status == 200 and said["Telephone"] == "5033635432"

    await until(shown_whole, WITHIN_SECONDS)
    work = connectors.engine
    async with AsyncSession(work) as opened, opened.begin():
        erased = await erase(opened, org.id, UUID(patient["id"]), OPERATOR)
    assert erased.counts["rows shown"] == 2
    for gone in (row["ReferralNum"], number):
        assert (await asking.ask("GET", f"/referrals/{gone}"))[0] == 404
    body = {"LName": "Pace", "PatNum": 1}
    assert await asking.ask("POST", "/referrals", body) == (404, "Patient not found.")
