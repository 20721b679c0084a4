"""`handoff connection`, `doctor` and `purge`, as a person uses them."""

import asyncio
from typing import Any

import aiohttp
import asyncpg
import pytest

from contracts.connecting import System
from ops.stubs.alfadocs import AlfaDocsStub
from ops.stubs.alfadocs import served as alfadocs_served
from ops.stubs.faults import Fault, Wrong
from ops.stubs.opendental import OpenDentalStub, served
from tests.integration.connectors.commands import added, connected_as, run
from tests.integration.connectors.practice import practice
from tests.support.connectors.running import Connectors
from tests.support.database.urls import plain_url
from tests.support.services.referrals import Org
from tests.support.waiting import until


async def test_a_connection_is_added_tested_listed_and_removed(
    connectors: Connectors, org: Org, keys: None
) -> None:
    """Its first run begins at once; what was imported stays when it is removed."""
    stub = practice()
    stub.provider(8, LName="Albert", FName="Brian")
    async with served(stub):
        done = await run(connectors, *added(org, stub))
        assert done.exit_code == 0, done.output
        connected = connected_as(connectors, org, System.OPENDENTAL)
        assert (await connected.finished())["code"] is None
        tested = await run(connectors, "connection", "test", "--org", org.id)
        assert tested.exit_code == 0, tested.output
        assert "the key may read refattaches" in tested.output
        assert "s from ours in America/Los_Angeles" in tested.output
        listed = await run(connectors, "connection", "list", "--org", org.id)
        assert "main" in listed.output and "fine" in listed.output
        assert "customer" not in listed.output
        removed = await run(connectors, "connection", "remove", "--org", org.id)
        assert removed.exit_code == 0
        asked = len(stub.faults.asked)
        nothing = await run(connectors, "connection", "list", "--org", org.id)
        assert nothing.output.endswith(f"{org.id} has no connections.\n")
        await asyncio.sleep(1.0)
        assert len(stub.faults.asked) == asked
        partners = (await org.ask("referral_partner.list")).data["items"]
        assert [one["last_name"] for one in partners] == ["Davidson"]
        again = await run(connectors, "connection", "remove", "--org", org.id)
        assert again.exit_code == 1
        assert again.output.endswith(f"{org.id} has no connection 'main', nor any other\n")


async def test_a_run_is_watched_until_it_has_ended(
    connectors: Connectors, org: Org, keys: None
) -> None:
    """`list` tells of a run that goes on; `watch` and `add --wait` tell what came of it."""
    stub = practice()
    stub.faults.add(Fault(Wrong.SLOW, path="/patients/Simple", seconds=4.0))
    async with served(stub):
        await run(connectors, *added(org, stub))
        lines: list[str] = []

        async def is_reading() -> bool:
            nonlocal lines
            listed = await run(connectors, "connection", "list", "--org", org.id)
            lines = [line for line in listed.stdout.splitlines() if "reading patients" in line]
            return bool(lines)

        await until(is_reading, 20.0)
        assert lines[0].startswith(
            "  reading patients: 4 rows read, 0 made or changed, 4 to be applied, since 20"
        )
        watched = await run(connectors, "connection", "watch", "--org", org.id)
        assert watched.exit_code == 0, watched.output
        assert "\nreading patients: 4 rows read" in f"\n{watched.stdout}"
        told = "main is done: {} made or changed, 0 refused, 0 waiting; its next run: 20"
        assert told.format("6 rows read, 6") in watched.stdout
        again = await run(connectors, *added(org, stub, "--wait"))
        assert again.exit_code == 0 and told.format("6 rows read, 0") in again.stdout
        other = await run(connectors, "connection", "watch", "--org", org.id, "--name", "other")
        assert other.exit_code == 1 and f"{org.id} has no connection 'other'" in other.stderr


async def test_runs_that_break_off_are_told_by_list_and_doctor(
    connectors: Connectors, org: Org, keys: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a fault of ours: the other side is fine, and nobody else would tell."""
    async with served(practice()) as stub:
        await run(connectors, *added(org, stub))
        connected = connected_as(connectors, org, System.OPENDENTAL)
        await connected.finished()
        database = await asyncpg.connect(plain_url(connectors.config.database_url))
        for number in range(3):
            listed = await run(connectors, "connection", "list", "--org", org.id)
            assert "broke off" not in listed.stdout, number
            await database.execute(
                "INSERT INTO connectors.run (org_id, id, connection_id, is_full, started_at, "
                "counts, version, created_at, updated_at) "
                "VALUES ($1, gen_random_uuid(), $2, false, now(), '{}', 1, now(), now())",
                org.id,
                connected.id,
            )
        await database.close()
        told = "3 runs broke off within an hour: the log of handoff serve connectors says where"
        listed = await run(connectors, "connection", "list", "--org", org.id)
        assert f"  {told}\n" in listed.stdout
        examined = await run(connectors, "doctor")
        assert f"main of {org.id}: {told}" in examined.output


async def test_a_secret_that_only_the_terminal_has_is_told_by_the_test(
    connectors: Connectors, org: Org, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The service could not read it where it runs: that the key is good here is half the truth."""
    async with served(practice()) as stub:
        await run(connectors, *added(org, stub))
        connected = connected_as(connectors, org, System.OPENDENTAL)
        assert (await connected.finished())["code"] == "secret_unavailable"
        monkeypatch.setenv("OD_DEVELOPER", "developer")
        monkeypatch.setenv("OD_CUSTOMER", "customer")
        tested = await run(connectors, "connection", "test", "--org", org.id)
        assert tested.exit_code == 0, tested.output
        assert "its last run could not read a secret: env:OD_CUSTOMER, env:OD_DEVELOPER" in (
            tested.stdout
        )


async def test_the_test_says_what_no_read_can_show(
    connectors: Connectors, org: Org, keys: None
) -> None:
    """Whether the key may write, and its clock where no row told it; and a clock that is off."""
    stub = OpenDentalStub()
    async with served(stub):
        sets = ("--set", "write_back=true", "--set", "upload_letters=true")
        await run(connectors, *added(org, stub, *sets))
        tested = await run(connectors, "connection", "test", "--org", org.id)
        assert f"no row told its clock; its stamps are read as times of {stub.zone}" in (
            tested.stdout
        )
        assert "write_back is on: no read shows" in tested.stdout
        assert "upload_letters is on: no read shows" in tested.stdout
        stub.provider(8, LName="Albert", FName="Brian")
        words = ("connection", "add", "opendental", "--org", org.id)
        never = "http://127.0.0.1:1/api/v1"
        bases = ("--set", f"bases={never},{stub.url}")
        await run(connectors, *words, "--set", "time_zone=Asia/Tokyo", *bases)
        tested = await run(connectors, "connection", "test", "--org", org.id)
        assert f"{stub.url} is the first that answers" in tested.stdout
        assert f"{never}: Only port 443 and ports from 1024 up are allowed. No" in tested.stdout
        assert "s from ours in Asia/Tokyo: look whether --set time_zone is" in tested.stdout
        await run(connectors, *words, "--set", f"bases={never}")
        tested = await run(connectors, "connection", "test", "--org", org.id)
        told = f"main: address_blocked: {never}: Only port 443 and ports from 1024 up are allowed. "
        assert tested.exit_code == 1 and told in tested.stderr
        assert "CONNECTORS_" not in tested.stderr


async def test_a_key_that_is_refused_is_told_what_to_do(
    connectors: Connectors, org: Org, keys: None
) -> None:
    """By the test, and by the doctor once a run met it."""
    async with served(practice(customer_key="another")) as stub:
        await run(connectors, *added(org, stub))
        connected = connected_as(connectors, org, System.OPENDENTAL)
        assert (await connected.finished())["code"] == "unauthorized"
        tested = await run(connectors, "connection", "test", "--org", org.id)
        assert tested.exit_code == 1 and "main: unauthorized: the key is refused" in tested.output
        watched = await run(connectors, "connection", "watch", "--org", org.id)
        assert watched.exit_code == 1 and "main failed: unauthorized; its next run: 20" in (
            watched.stderr
        )
        examined = await run(connectors, "doctor")
        told = f"main of {org.id} needs a person: unauthorized: handoff connection test --org "
        assert f"{told}{org.id} --name main" in " ".join(examined.output.split())


async def test_alfadocs_is_authorized_by_the_address_that_a_page_leads_to(
    connectors: Connectors, org: Org, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next run uses the tokens; an address of something else is refused."""
    stub = AlfaDocsStub()
    stub.operator(33963, "Giulia Bianchi")
    monkeypatch.setenv("AD_CLIENT", stub.client_id)
    monkeypatch.setenv("AD_SECRET", stub.client_secret)
    async with alfadocs_served(stub):
        options = {
            "base": stub.url,
            "practice": stub.practice,
            "archive": stub.archive,
            "oauth": "true",
            "upload_letters": "true",
            "redirect_uri": "https://handoff.example/callback",
            "authorize_url": f"{stub.root}/oauth2/authorize",
            "token_url": f"{stub.root}/oauth2/token",
        }
        sets = [word for name, value in options.items() for word in ("--set", f"{name}={value}")]
        given = ("--secret", "client_id=env:AD_CLIENT", "--secret", "client_secret=env:AD_SECRET")
        done = await run(
            connectors, "connection", "add", "alfadocs", "--org", org.id, *given, *sets
        )
        assert done.exit_code == 0, done.output
        authorize = f"handoff connection authorize --org {org.id} --name main"
        assert f"; now allow the access: {authorize}." in done.stdout
        assert "Note: upload_letters is on: OAuth2 has no scope for documents" in done.stderr
        connected = connected_as(connectors, org, System.ALFADOCS)
        assert (await connected.finished())["code"] == "needs_reauthorization"
        wrong = await run(
            *(connectors, "connection", "authorize", "--org", org.id),
            typed="https://handoff.example/callback?code=1&state=2\n",
        )
        assert wrong.exit_code == 1 and "holds no code" in wrong.output
        nothing = await run(connectors, "connection", "authorize", "--org", org.id, typed="\n")
        assert nothing.exit_code == 2 and "No address was given: run this" in nothing.stderr
        listed = await run(connectors, "connection", "list", "--org", org.id)
        assert f"\n  {authorize}\n" in listed.stdout
        place = "ops.connections.authorizing.typed_address"
        monkeypatch.setattr(place, allowed_by_a_person(stub))
        right = await run(connectors, "connection", "authorize", "--org", org.id)
        assert right.exit_code == 0, right.output
        assert (await connected.finished(1))["code"] is None
        providers = (await org.ask("provider.list")).data["items"]
        assert [one["name"] for one in providers] == ["Giulia Bianchi"]
        words = ("connection", "add", "alfadocs", "--org", org.id)
        again = await run(connectors, *words, "--set", "upload_letters=false")
        assert "; a run begins now." in again.stdout and "Note: " not in again.stderr


def allowed_by_a_person(stub: AlfaDocsStub) -> Any:
    """In place of a prompt: the page is opened, and the address that it leads to is given."""
    from services.connectors.alfadocs import oauth

    begun: list[oauth.Begun] = []
    original = oauth.begin

    def begin(app: oauth.OAuthApp) -> oauth.Begun:
        begun.append(original(app))
        return begun[-1]

    oauth.begin = begin

    def typed_address() -> str:
        oauth.begin = original
        return asyncio.run(_led_to(begun[-1].url))

    return typed_address


async def _led_to(url: str) -> str:
    async with aiohttp.ClientSession() as browser, browser.get(url, allow_redirects=False) as page:
        return page.headers["Location"]


async def test_purge_empties_what_was_refused_long_ago(connectors: Connectors, org: Org) -> None:
    """That the row waits, and why, stays; what it says goes."""
    stub = practice()
    stub.referral(20, LName="", FName="", IsDoctor="true", Note="told long ago")
    async with served(stub):
        connected = await connectors.opendental(org, stub)
        await connected.finished()
        database = await asyncpg.connect(plain_url(connectors.config.database_url))
        await database.execute(
            "UPDATE connectors.staged_row SET updated_at = now() - interval '91 days' "
            "WHERE org_id = $1",
            org.id,
        )
        words = ("purge", "--older-than", "90d", "--service", "connectors")
        looked = await run(connectors, *words, "--dry-run")
        assert looked.exit_code == 0 and "refused rows emptied" in looked.output, looked.output
        assert (await run(connectors, *words)).exit_code == 0
        left = await database.fetchval(
            "SELECT count(*) FROM connectors.staged_row WHERE org_id = $1 AND body IS NOT NULL",
            org.id,
        )
        await database.close()
        assert left == 0
        listed = await run(connectors, "connection", "list", "--org", org.id)
        assert "\n  1 row waits for a person: the desk's page Imports" in listed.stdout
        assert "\n    1 field_refused: mend the fields that it names there" in listed.stdout
        examined = await run(connectors, "doctor")
        assert f"main of {org.id}: 1 row waits for a person (1 field_refused): " in (
            " ".join(examined.stdout.split())
        )
        (row,) = [one for one in await connected.rows() if one["external_id"] == "20"]
        assert (row["code"], row["resolved_at"]) == ("field_refused", None)
