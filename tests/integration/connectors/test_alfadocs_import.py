"""The import from AlfaDocs, and its tokens: laws 14 to 16."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest_asyncio
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.connecting import System
from ops.stubs.alfadocs import AlfaDocsStub, served
from services.connectors.alfadocs.oauth import Tokens
from services.connectors.alfadocs.tokens import sealed_tokens
from services.connectors.models import Token
from services.connectors.rules.identity import connection_id
from services.connectors.sealing import Sealer
from tests.support.connectors.running import KEY, Connected, Connectors
from tests.support.connectors.workshop import Workshop, workshop
from tests.support.services.referrals import Org, Referrals


def archive() -> AlfaDocsStub:
    """An operator, a patient brought by source 283, and one whom nobody brought."""
    stub = AlfaDocsStub()
    stub.operator(33963, "Giulia Bianchi")
    stub.patient(1, firstName="Mario", lastName="Rossi", sourceId=283, dateOfBirth="1989-10-11")
    stub.patient(2, firstName="Luca", lastName="Verdi")
    return stub


def options(stub: AlfaDocsStub, **more: Any) -> dict[str, Any]:
    """Of a connection to the stand-in."""
    given = {"base": stub.url, "practice": stub.practice, "archive": stub.archive}
    addresses = {
        "token_url": f"{stub.root}/oauth2/token",
        "redirect_uri": "https://handoff.example/callback",
    }
    return {**given, **addresses, **more}


async def connect(connectors: Connectors, org: Org, stub: AlfaDocsStub) -> Connected:
    secrets = {"api_key": stub.api_key}
    return await connectors.add(org, System.ALFADOCS, "main", options(stub), secrets)


async def test_a_number_that_means_nothing_here_is_asked_again(
    connectors: Connectors, org: Org
) -> None:
    """What brought the patients is not lost by a wrong answer: they are asked for once, wait
    unseen, and come with the right one."""
    stub = archive()
    stub.patient(3, firstName="Anna", lastName="Neri", sourceId=283)
    async with served(stub):
        connected = await connect(connectors, org, stub)
        await connected.finished()

        async def say(source: str | None) -> None:
            mapped = await connected.ask(
                "source_map.set",
                connection_uuid=str(connected.id),
                external_id="283",
                referral_source_uuid=source,
            )
            assert mapped.status == 200

        async def asked() -> list[tuple[str, str, str]]:
            rows = await connected.rows(resolved=False)
            return [(row["kind"], row["external_id"], row["code"]) for row in rows]

        counts = (await connected.shown())["counts"]
        assert (counts["patient"]["waiting"], counts["attribution"]["waiting"]) == (2, 2)
        question = [("source", "283", "unmapped_source")]
        assert await asked() == question
        await say("01930000-0000-7000-8000-00000000dead")
        await connected.finished(1)
        assert await connected.attributions(1) == [] and await asked() == question
        source = await org.ask("referral_source.create", name="Google", category="organic_search")
        await say(source.data["id"])
        await connected.finished(2)
        assert await asked() == []
        for patient in (1, 3):
            (attribution,) = await connected.attributions(patient)
            assert attribution["referral_source"]["name"] == "Google"
        told = [one["code"] for one in await connectors.row_events(org)]
        assert told == ["unmapped_source", "unmapped_source"]


async def test_a_source_number_waits_until_a_person_says_what_it_means(
    connectors: Connectors, org: Org
) -> None:
    """Asked once; then its patients come, each with the attribution and its date."""
    async with served(archive()) as stub:
        stub.patient(3, firstName="Anna", lastName="Neri", sourceId=283)
        connected = await connect(connectors, org, stub)
        run = await connected.finished()
        assert run["code"] is None
        (row,) = await connected.rows(resolved=False, code="unmapped_source", kind="source")
        assert (row["external_id"], row["fields"]) == ("283", ["sourceId"])
        assert (await org.ask("patient.list")).data["items"] == []
        source = await org.ask("referral_source.create", name="Google", category="organic_search")
        mapped = await connected.ask(
            "source_map.set",
            connection_uuid=str(connected.id),
            external_id="283",
            referral_source_uuid=source.data["id"],
        )
        assert mapped.status == 200
        await connected.finished(1)
        names = [one["name"] for one in (await org.ask("patient.list")).data["items"]]
        assert sorted(names) == ["Anna Neri", "Mario Rossi"]
        (attribution,) = await connected.attributions(1)
        assert attribution["referral_source"]["name"] == "Google"
        assert attribution["attributed_at"] == "2018-03-31T22:00:00Z"
        providers = (await org.ask("provider.list")).data["items"]
        assert [one["name"] for one in providers] == ["Giulia Bianchi"]
        stub.patient(1, sourceId=300)
        await connected.ask(
            "source_map.set",
            connection_uuid=str(connected.id),
            external_id="300",
            referral_source_uuid=source.data["id"],
        )
        await connected.finished(2)
        await connected.run()
        roles = [one["attribution_role"] for one in await connected.attributions(1)]
        assert sorted(roles) == ["primary", "secondary"]


async def test_what_a_patient_came_in_without_is_told_though_they_waited(
    connectors: Connectors, org: Org
) -> None:
    """Their source was not known, and mail, phone and the day of their entry are none: they are
    in, brought when their row was last changed, which is no time of this month."""
    stub = archive()
    stub.patient(
        1,
        email="nobody",
        phoneNumbers=[{"number": "12", "prefix": "+39"}],
        createdAt="rubbish",
        lastModifiedAt="2020-01-01 00:00:00",
    )
    async with served(stub):
        connected = await connect(connectors, org, stub)
        await connected.finished()
        source = await org.ask("referral_source.create", name="Google", category="organic_search")
        await connected.ask(
            "source_map.set",
            connection_uuid=str(connected.id),
            external_id="283",
            referral_source_uuid=source.data["id"],
        )
        await connected.finished(1)
        (row,) = await connected.rows(resolved=False)
        assert (row["code"], row["kind"], row["external_id"]) == ("field_refused", "patient", "1")
        assert row["fields"] == ["createdAt", "email", "phoneNumbers"]
        assert row["uuid"] == await connected.uuid("patient", 1)
        (attribution,) = await connected.attributions(1)
        assert attribution["attributed_at"] == "2019-12-31T23:00:00Z"


async def test_a_key_of_another_archive_brings_nothing(connectors: Connectors, org: Org) -> None:
    """wrong_archive, and a person is needed."""
    async with served(archive()) as stub:
        given = {**options(stub), "archive": stub.archive + 1}
        connected = await connectors.add(
            org, System.ALFADOCS, "main", given, {"api_key": stub.api_key}
        )
        assert (await connected.finished())["code"] == "wrong_archive"
        assert (await connected.shown())["needs_person"] is True
        assert (await org.ask("patient.list")).data["items"] == []


@pytest_asyncio.fixture(scope="module")
async def shop(referrals: Referrals, new_postgres_database: Any) -> AsyncIterator[Workshop]:
    """Two replicas that run what a test tells them."""
    async with workshop(referrals, new_postgres_database(), 2) as opened:
        yield opened


async def authorized(
    shop: Workshop, org: Org, stub: AlfaDocsStub, *, lives_seconds: int, good: bool = True
) -> None:
    """A connection with OAuth2, whose tokens end in so many seconds."""
    access, refresh = stub.grant() if good else ("dead", "dead")
    secrets = {"client_id": stub.client_id, "client_secret": stub.client_secret}
    back = "https://handoff.example/callback"
    given = options(stub, oauth=True, redirect_uri=back, patients="all")
    await shop.add(org.id, System.ALFADOCS, given, secrets)
    id_ = connection_id(org.id, System.ALFADOCS, "main")
    tokens = Tokens(access, refresh, lives_seconds)
    columns = sealed_tokens(Sealer(KEY), org.id, id_, tokens)
    async with AsyncSession(shop.replicas[0].engine) as session, session.begin():
        session.add(Token(org_id=org.id, connection_id=id_, **columns))


async def test_14_a_token_that_ends_in_the_middle_is_refreshed_once(
    shop: Workshop, org: Org
) -> None:
    """Its access is revoked after the first page: one refresh, and no patient is lost."""
    stub = archive()
    for number in range(10, 160):
        stub.patient(number, firstName="Nobody", lastName=str(number))
    async with served(stub):
        await authorized(shop, org, stub, lives_seconds=3600)

        def revoke(path: str, offset: int) -> None:
            if path.endswith("/patients") and offset == 99 and not stub.refreshes:
                stub.access_tokens.clear()

        stub.faults.before = revoke
        (claimed,) = await shop.replicas[0].claim()
        await shop.replicas[0].run(claimed)
        assert stub.refreshes == 1
        known = await shop.sql(
            "SELECT count(*) FROM connectors.external_id "
            "WHERE org_id = $1 AND kind = 'patient' AND version IS NOT NULL",
            org.id,
        )
        assert known[0][0] == 151


async def test_15_two_replicas_refresh_an_expired_token_once(shop: Workshop, org: Org) -> None:
    """Both need it at the same moment: one refreshes, and the other waits for what it stores."""
    stub = archive()
    async with served(stub):
        await authorized(shop, org, stub, lives_seconds=1)
        (row,) = await shop.sql("SELECT id FROM connectors.connection WHERE org_id = $1", org.id)
        clients = [await alfadocs_of(replica, org, row["id"]) for replica in shop.replicas]
        lists = await asyncio.gather(*(client.operators() for client in clients))
        assert [len(one) for one in lists] == [1, 1]
        assert stub.refreshes == 1


async def alfadocs_of(replica: Any, org: Org, id_: Any) -> Any:
    from services.connectors.config import AlfaDocsOptions
    from services.connectors.models import Connection

    async with AsyncSession(replica.engine, expire_on_commit=False) as session:
        row = await session.get(Connection, (org.id, id_))
    assert row is not None
    return replica.opener.alfadocs_client(row, AlfaDocsOptions(**row.config))


async def test_16_a_dead_refresh_token_is_told_once_and_not_tried_again(
    shop: Workshop, org: Org
) -> None:
    """One event, one call; until a person authorizes, no run asks the token endpoint again."""
    stub = archive()
    async with served(stub):
        await authorized(shop, org, stub, lives_seconds=1, good=False)
        for _ in range(3):
            await shop.due(org.id)
            claims = await shop.replicas[0].claim()
            (claimed,) = [one for one in claims if one.org_id == org.id]
            await shop.replicas[0].run(claimed)
        assert stub.refreshes == 1
        events = await shop.sql(
            "SELECT routing_key FROM connectors.outbox WHERE org_id = $1 ORDER BY seq", org.id
        )
        assert [one["routing_key"] for one in events] == ["connection.failed"]
        (row,) = await shop.sql(
            "SELECT code, needs_person, next_run_at FROM connectors.connection WHERE org_id = $1",
            org.id,
        )
        assert (row["code"], row["needs_person"]) == ("needs_reauthorization", True)
        assert row["next_run_at"] > datetime.now(UTC) + timedelta(minutes=55)
