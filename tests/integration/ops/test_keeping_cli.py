"""`handoff audit`, `handoff purge`, and the trail of dead letters, as a person uses them."""

import json
import re
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from aiormq import spec
from typer.testing import Result

from messaging.wire.connection import connection
from ops.broker import queue_state
from tests.support.database.urls import plain_url
from tests.support.services.both import Both
from tests.support.services.referrals import Org
from tests.support.waiting import until

QUEUE = "referrals.commands"


async def audit(both: Both, org: Org, patient: str) -> list[dict[str, Any]]:
    """What the command shows of a patient's trail."""
    shown = await both.handoff("audit", "--org", org.id, "--patient", patient, "--json")
    assert shown.exit_code == 0, shown.output
    return [json.loads(line) for line in shown.stdout.splitlines()]


async def delivered(both: Both, org: Org) -> dict[str, Any]:
    """A sent referral whose portal took it."""
    portal = both.dispatch.portal.endpoint("takes")
    partner = await org.ereferral_partner(ereferral_endpoint=portal)
    referral = await org.sent_referral(referral_partner_uuid=partner["id"])
    await both.ereferral(org, referral, "delivered")
    return referral


async def test_the_trail_of_a_patient_over_both_services(both: Both, org: Org) -> None:
    """Oldest first, what each service knows in one list; a line and an object say the same."""
    referral = await delivered(both, org)
    patient = referral["patient"]["uuid"]
    message_id = uuid4()
    await org.ask(
        "patient.get", message_id=message_id, headers={"actor": "staff-7"}, patient_uuid=patient
    )
    entries = await audit(both, org, patient)
    assert [one["at"] for one in entries] == sorted(one["at"] for one in entries)
    done = [(one["service"], one["operation"]) for one in entries]
    for deed in (
        ("referrals", "patient.put"),
        ("referrals", "referral.send"),
        ("ereferral_dispatch", "ereferral.dispatch"),
        ("referrals", "ereferral.delivered"),
        ("ereferral_dispatch", "ereferral.get"),
    ):
        assert deed in done
    last = {name: entries[-1][name] for name in ("operation", "status", "actor", "record_id")}
    assert last == {
        "operation": "patient.get", "status": 200, "actor": "staff-7", "record_id": patient,
    }  # fmt: skip
    assert entries[-1]["message_id"] == str(message_id)
    for_a_person = await both.handoff("audit", "--org", org.id, "--patient", patient)
    heading, *lines = for_a_person.stdout.splitlines()
    assert heading.split()[:2] == ["when", "what"]
    assert [line.split()[:2] for line in lines] == [[e["at"], e["operation"]] for e in entries]
    assert "staff-7" in lines[-1] and str(message_id) in lines[-1]
    assert "Paul Pace" not in for_a_person.stdout


async def test_of_a_patient_that_nobody_knows_nothing_is_there(both: Both, org: Org) -> None:
    """And it says so. The same id in another org is another patient."""
    patient = str((await org.patient())["id"])
    for other_org, other_patient in ((org.id, str(uuid4())), ("org_other", patient)):
        named = ("--org", other_org, "--patient", other_patient)
        shown = await both.handoff("audit", *named)
        assert (shown.exit_code, shown.stdout.splitlines()) == (
            0,
            [f"Nothing is there about patient {other_patient} of {other_org}."],
        )
        assert (await both.handoff("audit", *named, "--json")).stdout == ""


def lines_of(purged: Result) -> dict[tuple[str, str], tuple[int, str]]:
    """By service and kind: how many, and whether they go, are gone or stay."""
    assert purged.exit_code == 0, purged.output
    found, service = {}, ""
    for line in purged.stdout.splitlines():
        row = re.fullmatch(r"  (\S.*?) +(\d+)  (would go|gone|stay),.*", line)
        if row is None:
            service = line.split()[0]
        else:
            found[service, row[1]] = (int(row[2]), row[3])
    return found


async def age(both: Both, org: Org, days: int) -> None:
    """Let all that an org did have happened so many days earlier, as retention sees it."""
    for schema, url, changes in (
        (
            "referrals",
            both.referrals.database_url,
            [
                "inbox SET received_at = received_at",
                "intake SET decided_at = decided_at",
                "intake_fingerprint SET received_at = received_at",
            ],
        ),
        (
            "ereferral_dispatch",
            both.dispatch.settings.database_url,
            [
                "inbox SET received_at = received_at",
                "ereferral SET updated_at = updated_at",
                "early_cancel SET requested_at = requested_at",
            ],
        ),
    ):
        database = await asyncpg.connect(plain_url(url))
        for change in changes:
            await database.execute(
                f"UPDATE {schema}.{change} - make_interval(days => $1) WHERE org_id = $2",
                days,
                org.id,
            )
        await database.close()


@pytest.mark.parametrize(
    ("days", "forgotten", "emptied"), [(3, 0, 0), (8, 0, 1), (31, 1, 0)], ids=["3", "8", "31"]
)
async def test_a_purge_never_breaks_what_clients_were_promised(
    both: Both, org: Org, days: int, forgotten: int, emptied: int
) -> None:
    """Message ids are known for 30 days and replies whole for 7, however young a purge may go."""
    message_id = uuid4()
    given = {"patient_uuid": str(uuid4()), "name": "Paul", "observed_at": "2026-01-05T08:00:00Z"}
    await org.ask("patient.put", message_id=message_id, **given)
    await age(both, org, days)
    purging = ("purge", "--older-than", "1d", "--service", "referrals")
    dry = lines_of(await both.handoff(*purging, "--dry-run"))
    done = lines_of(await both.handoff(*purging))
    assert done == {
        ("referrals", "intake rows"): (0, "gone"),
        ("referrals", "intake fingerprints"): (0, "gone"),
        ("referrals", "message ids"): (forgotten, "gone"),
        ("referrals", "stored replies"): (emptied, "gone"),
        ("referrals", "outbox"): (0, "stay"),
    }
    assert {what: count for what, (count, _) in dry.items()} == {
        what: count for what, (count, _) in done.items()
    }
    repeated = await org.ask("patient.put", message_id=message_id, **given)
    assert repeated.status == 200
    assert (len(repeated.data) == 1) is bool(emptied)


@pytest.mark.parametrize(("days", "taken"), [(8, 0), (31, 1)], ids=["8", "31"])
async def test_a_reason_of_an_early_cancel_goes_when_its_message_id_does(
    both: Both, org: Org, days: int, taken: int
) -> None:
    """However young a purge may go. A dry run counts it."""
    await both.ask_dispatch(
        org, "ereferral.cancel", ereferral_uuid=str(uuid4()), reason="The patient moved away"
    )
    await age(both, org, days)
    purging = ("purge", "--older-than", "1d", "--service", "ereferral-dispatch")
    of = ("ereferral-dispatch", "early cancel reasons")
    assert lines_of(await both.handoff(*purging, "--dry-run"))[of] == (taken, "would go")
    assert lines_of(await both.handoff(*purging))[of] == (taken, "gone")
    assert lines_of(await both.handoff(*purging))[of] == (0, "gone")


async def test_a_dry_run_counts_what_the_purge_then_removes(both: Both, org: Org) -> None:
    """Of both services, beside them; again there is nothing. The trail knows who did it."""
    referral = await delivered(both, org)
    await both.referrals.heard.everything()
    await age(both, org, 40)
    dry = lines_of(await both.handoff("purge", "--older-than", "30d", "--dry-run"))
    done = lines_of(await both.handoff("purge", "--older-than", "30d"))
    assert {what: count for what, (count, _) in dry.items()} == {
        what: count for what, (count, _) in done.items()
    }
    assert done["ereferral-dispatch", "packages"] == (1, "gone")
    assert done["ereferral-dispatch", "letters and bundles"] == (1, "gone")
    assert done["ereferral-dispatch", "message ids"] == (1, "gone")
    # patient, practice, partner, create, send, and the news: queued and delivered.
    assert done["referrals", "message ids"] == (7, "gone")
    again = lines_of(await both.handoff("purge", "--older-than", "30d"))
    assert not any(count for count, verb in again.values() if verb == "gone")
    entries = await audit(both, org, referral["patient"]["uuid"])
    (purged,) = [one for one in entries if one["operation"] == "ereferral.purge"]
    assert purged["record_id"] == referral["ereferral_uuid"]
    assert purged["actor"] and purged["client"]
    database = await asyncpg.connect(plain_url(both.referrals.database_url))
    of_org = "SELECT operation FROM referrals.audit WHERE org_id = $1 AND operation LIKE '%.purge'"
    assert [row[0] for row in await database.fetch(of_org, org.id)] == ["inbox.purge"]
    await database.close()


@pytest.mark.parametrize("wrong", ["90", "0d", "-1d", "1.5d", "d", "90 d", "٩d"])
async def test_an_age_is_a_number_of_days(both: Both, wrong: str) -> None:
    """Anything else is one line and changes nothing."""
    refused = await both.handoff("purge", "--older-than", wrong)
    assert (refused.exit_code, len(refused.stderr.splitlines())) == (2, 1)
    assert "such as 90d" in refused.stderr


async def park(both: Both, org: Org, patient: UUID) -> str:
    """A command about a patient that is refused and asks for no reply; its message id."""
    message_id = str(uuid4())
    body = {
        "org_id": org.id,
        "patient_uuid": str(patient),
        "referral_partner_uuid": str(uuid4()),
        "reason": "Sample",
    }
    async with connection(both.referrals.rabbitmq_url, "test") as opened:
        channel = await opened.channel(publisher_confirms=True)
        await channel.basic_publish(
            json.dumps(body).encode(),
            exchange=QUEUE,
            routing_key="referral.create",
            properties=spec.Basic.Properties(
                content_type="application/json", message_id=message_id
            ),
        )
        await until(lambda: _letters(opened, 1))
    return message_id


async def _letters(opened: Any, count: int) -> bool:
    state = await queue_state(opened, f"{QUEUE}.dead_letters")
    return state is not None and state.depth == count


async def test_who_handled_a_dead_letter_is_in_the_patients_trail(both: Both, org: Org) -> None:
    """Its body shown, replayed, discarded; a list and the headers show no patient data."""
    patient = uuid4()
    parked = await park(both, org, patient)
    for arguments in (
        ("list", QUEUE),
        ("show", QUEUE, "1"),
        ("show", QUEUE, "1", "--body"),
        ("replay", QUEUE),
    ):
        done = await both.handoff("dead-letters", *arguments)
        assert done.exit_code == 0, done.output
    async with connection(both.referrals.rabbitmq_url, "test") as opened:
        await until(lambda: _letters(opened, 1))
    assert (await both.handoff("dead-letters", "discard", QUEUE, "--yes")).exit_code == 0
    entries = await audit(both, org, str(patient))
    assert [(one["operation"], one["status"]) for one in entries] == [
        ("dead_letter.show", 200),
        ("dead_letter.replay", 202),
        ("dead_letter.discard", 204),
    ]
    assert [one["message_id"] for one in entries[:2]] == [parked, parked]
    assert entries[2]["message_id"] != parked
    assert {(one["service"], one["client"]) for one in entries} == {("referrals", "handoff")}
    assert all(one["actor"] for one in entries)


async def test_what_cannot_be_written_down_is_not_done(
    both: Both, org: Org, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a database URL set: one line, and the letter stays. Without one, stderr alone has it."""
    await park(both, org, uuid4())
    discard = ("dead-letters", "discard", QUEUE, "--yes")
    away = {"REFERRALS_DATABASE_URL": "postgresql+asyncpg://nobody:secret@127.0.0.1:9/x"}
    for act in (discard, ("dead-letters", "show", QUEUE, "1", "--body")):
        refused = await both.handoff(*act, **away)
        assert refused.exit_code == 1
        assert "REFERRALS_DATABASE_URL: no PostgreSQL to be used" in refused.stderr
        assert "Sample" not in refused.output
    async with connection(both.referrals.rabbitmq_url, "test") as opened:
        assert await _letters(opened, 1)
    done = await both.handoff(*discard, REFERRALS_DATABASE_URL="")
    assert done.exit_code == 0
    assert "in no audit trail" in done.stderr
