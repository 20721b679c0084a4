"""`handoff connection`, `doctor` and `purge`, as a person uses them."""

import asyncio
import json
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
import pytest
from typer.testing import Result

from contracts.connecting import System
from ops.stubs.alfadocs import AlfaDocsStub
from ops.stubs.alfadocs import served as alfadocs_served
from ops.stubs.faults import Fault, Wrong
from ops.stubs.opendental import OpenDentalStub, served
from services.connectors.credentials import hash_of_key
from services.connectors.rules.identity import connection_id
from tests.integration.connectors.practice import practice
from tests.support.connectors.running import KEY, Connected, Connectors
from tests.support.database.urls import plain_url
from tests.support.services.command_line import handoff
from tests.support.services.referrals import Org
from tests.support.waiting import until

SECRETS = ("--secret", "developer_key=env:OD_DEVELOPER", "--secret", "customer_key=env:OD_CUSTOMER")


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the references lead, for the service in this process and the command."""
    monkeypatch.setenv("OD_DEVELOPER", "developer")
    monkeypatch.setenv("OD_CUSTOMER", "customer")


async def run(connectors: Connectors, *arguments: str, typed: str | None = None) -> Result:
    """A command that works with these connectors."""
    variables = {
        "CONNECTORS_DATABASE_URL": connectors.config.database_url,
        "CONNECTORS_RABBITMQ_URL": connectors.config.rabbitmq_url,
        "CONNECTORS_SECRET_KEY": KEY,
        "CONNECTORS_EGRESS_ALLOW": "127.0.0.0/8",
        "CONNECTORS_ALLOW_HTTP": "true",
    }
    return await asyncio.to_thread(handoff, *arguments, typed=typed, **variables)


def added(org: Org, stub: OpenDentalStub, *more: str) -> tuple[str, ...]:
    """The words that add a connection to a stand-in."""
    options = (f"bases={stub.url}", "throttle=none", f"time_zone={stub.zone}")
    sets = [word for option in options for word in ("--set", option)]
    return ("connection", "add", "opendental", "--org", org.id, *SECRETS, *sets, *more)


def connected_as(connectors: Connectors, org: Org, system: System) -> Connected:
    return Connected(connectors, org, connection_id(org.id, system, "main"), "main")


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


async def test_a_secret_is_a_reference_or_typed_and_never_an_argument(
    connectors: Connectors, org: Org
) -> None:
    """What stands in a command stays in the shell's history; typed it is sealed (law 40)."""
    async with served(practice(customer_key="typed-8f2a")) as stub:
        words = ("connection", "add", "opendental", "--org", org.id)
        told = await run(connectors, *words, "--secret", "customer_key=plain-8f2a")
        assert told.exit_code == 2 and "plain-8f2a" not in told.output
        given = ("--secret", "developer_key=env:OD_DEVELOPER", "--secret", "customer_key=-")
        sets = added(org, stub)[5 + len(SECRETS) :]
        done = await run(
            connectors,
            *("connection", "add", "opendental", "--org", org.id, *given, *sets),
            typed="typed-8f2a\n",
        )
        assert done.exit_code == 0, done.output
        stored = str(await connectors.stored())
        assert "typed-8f2a" not in stored and "env:OD_DEVELOPER" in stored


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--set", "time_zone=America/Springfield"), "--set"),
        (("--set", "interval_minutes=1", "--set", "time_zone=America/Chicago"), "interval_minutes"),
        (("--set", "time_zone=america/chicago"), "--set time_zone: Must be a name of the IANA"),
        (("--set", "nothing=1"), "opendental has no option 'nothing'"),
        (("--secret", "password=env:X"), "opendental has no secret 'password'"),
        (("--set", "throttle=none"), "--set time_zone=… is needed"),
        (("--set", "time_zone=UTC"), "Secrets are lacking: developer_key, customer_key"),
        (("--set", "time_zone=UTC", *SECRETS[:2]), "Secrets are lacking: customer_key"),
        (("--set", "time_zone=UTC", *SECRETS, "--name", "bad name/!"), "The name must be 1 to 64"),
        (("--set", "time_zone=UTC", *SECRETS, "--name", ""), "The name must be 1 to 64"),
        (("--set", "time_zone=UTC", *SECRETS, "--new-key"), "--new-key is for opendental-server"),
        (("--set", "time_zone=UTC", *SECRETS, "--apply-hints"), "no option 'apply_hints'"),
        (("--patients", "named", "--set", "patients=all"), "--set patients is given twice"),
    ],
)
async def test_what_does_not_fit_is_told_in_one_line(
    connectors: Connectors, org: Org, words: tuple[str, ...], told: str
) -> None:
    """With 2, as of every argument that is wrong."""
    done = await run(connectors, "connection", "add", "opendental", "--org", org.id, *words)
    # The service in this process logs to stdout meanwhile, which the command's output may catch.
    assert done.exit_code == 2 and told in done.stderr and done.stderr.count("\n") == 1
    assert (await run(connectors, "connection", "list", "--org", org.id)).stdout.endswith(
        f"{org.id} has no connections.\n"
    )


async def test_alfadocs_takes_a_key_or_oauth_and_never_both(
    connectors: Connectors, org: Org, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each with what it needs; one that goes over to the other leaves the first one's secrets."""
    for name in ("AD_KEY", "AD_CLIENT", "AD_SECRET"):
        monkeypatch.setenv(name, "x")
    add = ("connection", "add", "alfadocs", "--org", org.id)
    place = ("--set", "practice=7", "--set", "archive=3", "--set", "base=http://127.0.0.1:9/v1")
    key = ("--secret", "api_key=env:AD_KEY")
    allowed = ("--set", "oauth=true", "--set", "redirect_uri=https://handoff.example/callback")
    app = ("--secret", "client_id=env:AD_CLIENT", "--secret", "client_secret=env:AD_SECRET")
    for words, told in (
        ((*place, *allowed), "Secrets are lacking: client_id, client_secret"),
        ((*place, *allowed, *app, *key), "Secrets are not used with these options: api_key"),
        ((*place, *app), "Secrets are lacking: api_key"),
        ((*place, *app, "--set", "oauth=true"), "--set oauth needs redirect_uri as well"),
    ):
        done = await run(connectors, *add, *words)
        assert done.exit_code == 2 and told in done.stderr, done.output
    assert (await run(connectors, *add, *place, *key)).exit_code == 0
    refused = await run(connectors, "connection", "authorize", "--org", org.id)
    assert refused.exit_code == 1 and "main uses its API key" in refused.stderr
    assert (await run(connectors, *add, *allowed, *app)).exit_code == 0
    stored = str(await connectors.stored())
    assert "env:AD_CLIENT" in stored and "env:AD_KEY" not in stored


async def test_one_that_is_changed_keeps_what_is_not_given(
    connectors: Connectors, org: Org, keys: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new key needs no more words than itself; removed and added again it begins anew."""
    monkeypatch.setenv("OD_OTHER", "another")
    stub = practice(customer_key="another")
    async with served(stub):
        first = await run(connectors, *added(org, stub), "--keep-tin", "--patients", "all")
        assert first.exit_code == 0 and f"main of {org.id} is added, as " in first.stdout
        connected = connected_as(connectors, org, System.OPENDENTAL)
        assert (await connected.finished())["code"] == "unauthorized"
        words = ("connection", "add", "opendental", "--org", org.id)
        mended = await run(connectors, *words, "--secret", "customer_key=env:OD_OTHER")
        assert mended.exit_code == 0 and f"main of {org.id} is changed, as " in mended.stdout
        assert (await connected.finished(1))["code"] is None
        config = await connected_config(connectors, org)
        assert (config["keep"], config["patients"]) == ("tin", "all")
        assert config["bases"] == [stub.url]
        told = [one["type"] for one in await connectors.events_of(org)]
        news = [one for one in told if one.startswith("connection.")]
        assert news == ["connection.failed", "connection.synced", "connection.recovered"]
        await run(connectors, "connection", "remove", "--org", org.id)
        lacking = await run(connectors, *words, *SECRETS)
        assert lacking.exit_code == 2 and "--set time_zone=… is needed" in lacking.stderr
        again = await run(connectors, *added(org, stub))
        assert again.exit_code == 0 and f"main of {org.id} is added again, as " in again.stdout


async def connected_config(connectors: Connectors, org: Org) -> dict[str, Any]:
    """The options of an org's only connection."""
    database = await asyncpg.connect(plain_url(connectors.config.database_url))
    held = await database.fetchval(
        "SELECT config FROM connectors.connection WHERE org_id = $1", org.id
    )
    await database.close()
    return dict(json.loads(held))


async def test_a_name_is_one_connection(connectors: Connectors, org: Org, keys: None) -> None:
    """Of whichever system: the other commands take a name alone."""
    async with served(practice()) as stub:
        assert (await run(connectors, *added(org, stub))).exit_code == 0
        words = ("connection", "add", "opendental-server", "--org", org.id)
        taken = await run(connectors, *words)
        assert taken.exit_code == 2
        assert f"{org.id} has a connection 'main' already, of opendental" in taken.stderr
        assert (await run(connectors, *words, "--name", "ours")).exit_code == 0
        second = await run(connectors, *words, "--name", "second")
        assert second.exit_code == 2
        assert f"{org.id} has an opendental-server already: ours" in second.stderr
        other = await run(connectors, "connection", "test", "--org", org.id, "--name", "other")
        assert f"{org.id} has no connection 'other': there is main, ours" in other.stderr
        await run(connectors, "connection", "remove", "--org", org.id)
        assert (await run(connectors, *words, "--name", "ours")).exit_code == 0


async def test_a_customer_key_of_ours_stays_until_another_is_asked_for(
    connectors: Connectors, org: Org, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Adding again changes options; a program that works with the key is not shut out by it."""
    words = ("connection", "add", "opendental-server", "--org", org.id)
    first = await run(connectors, *words)
    key = first.stdout.strip().splitlines()[-1]
    assert "Note: CONNECTORS_OPENDENTAL_PORT is not set here: " in first.stderr
    assert hash_of_key(key) in str(await connectors.stored()) and len(key) == 32
    monkeypatch.setenv("CONNECTORS_OPENDENTAL_PORT", "8005")
    kept = await run(connectors, *words, "--set", "time_zone=America/Chicago")
    assert kept.exit_code == 0 and "Its customer key is the one that it had" in kept.stdout
    assert "Programs ask http://127.0.0.1:8005/api/v1/referrals, on " in kept.stdout
    assert "Note: " not in kept.stderr
    assert hash_of_key(key) in str(await connectors.stored())
    renewed = await run(connectors, *words, "--new-key")
    assert "shown this once; the one before is refused now:" in renewed.stdout
    stored = str(await connectors.stored())
    assert hash_of_key(key) not in stored
    assert hash_of_key(renewed.stdout.strip().splitlines()[-1]) in stored
    assert (await connected_config(connectors, org))["time_zone"] == "America/Chicago"
    tested = await run(connectors, "connection", "test", "--org", org.id)
    assert tested.exit_code == 0, tested.output
    assert "programs ask http://127.0.0.1:8005/api/v1/referrals" in tested.stdout
    assert "rows that it shows: 0" in tested.stdout


async def test_what_only_the_service_can_see_is_noted(
    connectors: Connectors, org: Org, tmp_path: Path
) -> None:
    """It may run elsewhere, with other variables and files: nothing is refused, all is said. The
    test, which reads here, names the field and where it was looked for."""
    words = ("connection", "add", "opendental", "--org", org.id, "--set", "time_zone=UTC")
    nowhere = f"file:{tmp_path}/key"
    done = await run(
        *(
            connectors,
            *words,
            "--set",
            "bases=https://127.0.0.1:9443/api/v1,https://10.1.2.3/api/v1,https://127.0.0.1:81/api",
        ),
        *("--secret", "developer_key=env:NOBODY_SET_IT", "--secret", f"customer_key={nowhere}"),
    )
    assert done.exit_code == 0, done.output
    notes = {line for line in done.stderr.splitlines() if line.startswith("Note: ")}
    where = "here: handoff serve connectors reads it where it runs."
    assert notes == {
        f"Note: developer_key: env:NOBODY_SET_IT is empty or not set {where}",
        f"Note: customer_key: {nowhere} cannot be read (No such file or directory) {where}",
        "Note: https://10.1.2.3/api/v1: The address is not globally routable. handoff serve "
        "connectors asks it where its CONNECTORS_EGRESS_ALLOW lets it.",
        "Note: https://127.0.0.1:81/api: Only port 443 and ports from 1024 up are allowed. No "
        "setting lets it: give another address.",
    }
    tested = await run(connectors, "connection", "test", "--org", org.id)
    assert tested.exit_code == 1
    assert "main: secret_unavailable: " in tested.stderr
    assert "developer_key: env:NOBODY_SET_IT is empty or not set" in tested.stderr
    assert f"customer_key: {nowhere} cannot be read" in tested.stderr


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
