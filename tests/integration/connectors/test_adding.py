"""`handoff connection add`: what it takes, keeps, refuses and notes."""

import json
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from contracts.connecting import System
from ops.stubs.opendental import served
from services.connectors.credentials import hash_of_key
from tests.integration.connectors.commands import SECRETS, added, connected_as, run
from tests.integration.connectors.practice import practice
from tests.support.connectors.running import Connectors
from tests.support.database.urls import plain_url
from tests.support.services.referrals import Org


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
