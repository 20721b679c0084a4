"""Attributions of patients: what each operation does, and its events."""

from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from messaging.replies.client import Reply
from tests.integration.referrals.marketing import Marketing, named, uuid_and_name
from tests.support.database.urls import plain_url
from tests.support.refusals import errors, problem
from tests.support.services.referrals import Referrals

IDENTITY = {"id", "version", "created_at", "updated_at", "attributed_at"}
NOBODY = str(uuid4())
NO_REFERENCE = {
    "referral_source": None,
    "referral_partner": None,
    "provider": None,
    "referring_patient": None,
}
FIELDS = {
    "referral_source": "referral_source_uuid",
    "referral_partner": "referral_partner_uuid",
    "provider": "provider_uuid",
    "referring_patient": "referring_patient_uuid",
}
NAMES = {
    "referral_source": "Billboard",
    "referral_partner": "Ann Archer",
    "provider": "Dr. Rose Rand",
    "referring_patient": "Rita Roe",
}


async def referred_to(org: Marketing, reference: str, **fields: Any) -> dict[str, Any]:
    """A new thing of the kind that the reference leads to."""
    match reference:
        case "referral_source":
            return await org.source(**fields)
        case "referral_partner":
            return await org.partner(**fields)
        case "provider":
            return await org.provider(**fields)
        case _:
            return await org.patient(name="Rita Roe", **fields)


async def archive_referred(org: Marketing, reference: str, thing: dict[str, Any]) -> None:
    match reference:
        case "referral_source":
            await org.archive("referral_source", thing)
        case "referral_partner":
            await org.archive_partner(thing)
        case "provider":
            gone = await org.ask(
                "provider.archive", provider_uuid=thing["id"], observed_at="2026-01-06T08:00:00Z"
            )
            assert gone.status == 204
        case _:
            await org.archive_patient(thing)


async def created(org: Marketing, patient: dict[str, Any], **fields: Any) -> Reply:
    return await org.ask("referral_attribution.create", patient_uuid=patient["id"], **fields)


@pytest.mark.parametrize("reference", FIELDS)
async def test_a_new_attribution_shows_every_field(org: Marketing, reference: str) -> None:
    """The one reference with its name, the other three null; primary unless it says otherwise."""
    patient, thing = await org.patient(), await referred_to(org, reference)
    data = await org.attribution(
        patient, **{FIELDS[reference]: thing["id"]}, source_note=" Told us\r\nat intake "
    )
    assert {name: value for name, value in data.items() if name not in IDENTITY} == {
        **NO_REFERENCE,
        "patient": uuid_and_name(patient, "Paul Pace"),
        "attribution_role": "primary",
        "source_note": "Told us\nat intake",
        reference: uuid_and_name(thing, NAMES[reference]),
    }
    assert data["version"] == 1
    assert UUID(data["id"]).version == 7
    assert data["attributed_at"] == data["created_at"] == data["updated_at"]
    read = await org.ask("referral_attribution.get", **named("referral_attribution", data))
    assert (read.status, read.data) == (200, data)
    (item,) = (await org.ask("referral_attribution.list", patient_uuid=patient["id"])).data["items"]
    assert item == data


async def test_a_patient_is_not_their_own_referrer(org: Marketing) -> None:
    """422, even of a patient that nobody knows."""
    for uuid in ((await org.patient())["id"], NOBODY):
        answered = await org.ask(
            "referral_attribution.create", patient_uuid=uuid, referring_patient_uuid=uuid
        )
        assert errors(answered) == {("referring_patient_uuid", "own_referrer")}


@pytest.mark.parametrize("reference", ["referral_source", "referral_partner"])
async def test_what_is_not_active_gets_no_new_attribution(org: Marketing, reference: str) -> None:
    """422 `inactive` on the field, after every 409; what it already has stays and can change."""
    patient = await org.patient()
    thing = await referred_to(org, reference)
    held = await org.attribution(patient, **{FIELDS[reference]: thing["id"]})
    resource = f"{reference}.update"
    await org.ask(resource, **{f"{reference}_uuid": thing["id"]}, base_version=1, is_active=False)
    assist = {FIELDS[reference]: thing["id"], "attribution_role": "assist"}
    assert errors(await created(org, patient, **assist)) == {(FIELDS[reference], "inactive")}
    second = await created(org, patient, **{FIELDS[reference]: thing["id"]})
    problem(second, 409, "primary_attribution_exists")
    taken = await created(org, patient, **assist, id=held["id"])
    problem(taken, 409, "already_exists")
    assert (
        await org.update("referral_attribution", held, attribution_role="secondary")
    ).status == 200


async def test_a_patient_has_one_primary_attribution(org: Marketing) -> None:
    """In create and in update; any number of others; archiving or changing it frees the place."""
    patient, source = await org.patient(), await org.source()
    to_source = {"referral_source_uuid": source["id"]}
    first = await org.attribution(patient, **to_source)
    problem(await created(org, patient, **to_source), 409, "primary_attribution_exists")
    others = [
        await org.attribution(patient, **to_source, attribution_role=role)
        for role in ("secondary", "secondary", "assist")
    ]
    taken = await org.update("referral_attribution", others[0], attribution_role="primary")
    problem(taken, 409, "primary_attribution_exists")
    stale = await org.update(
        "referral_attribution", others[0], attribution_role="primary", base_version=7
    )
    problem(stale, 409, "version_conflict")
    same = await org.update("referral_attribution", first, attribution_role="primary")
    assert (same.status, same.data) == (200, first)
    assert (
        await org.update("referral_attribution", first, attribution_role="assist")
    ).status == 200
    risen = await org.update("referral_attribution", others[0], attribution_role="primary")
    assert (risen.status, risen.data["attribution_role"]) == (200, "primary")
    problem(await created(org, patient, **to_source), 409, "primary_attribution_exists")
    await org.archive("referral_attribution", risen.data)
    assert (await created(org, patient, **to_source)).status == 201
    # Another patient's primary is nobody else's business.
    assert (await created(org, await org.patient(), **to_source)).status == 201


async def test_an_update_changes_what_it_names_and_says_so(
    org: Marketing, referrals: Referrals
) -> None:
    """Null clears the note; nothing changed is no version and no event."""
    source = await org.source()
    made = await org.attribution(
        await org.patient(), referral_source_uuid=source["id"], source_note="by phone"
    )
    for fields in ({}, {"source_note": "by phone "}, {"attribution_role": "primary"}):
        same = await org.update("referral_attribution", made, **fields)
        assert (same.status, same.data) == (200, made)
    answered = await org.update(
        "referral_attribution", made, attribution_role="assist", source_note=None
    )
    after = {
        **made,
        "attribution_role": "assist",
        "source_note": None,
        "version": 2,
        "updated_at": answered.data["updated_at"],
    }
    assert (answered.status, answered.data) == (200, after)
    assert (
        await org.ask("referral_attribution.get", **named("referral_attribution", made))
    ).data == after
    (event,) = [
        said.body
        for said in await referrals.heard.events(org)
        if said.body["type"] == "referral_attribution.updated"
    ]
    assert event["changed"] == "attribution_role,source_note"
    assert event["data"] == after


async def test_a_create_may_bring_its_own_id_once(org: Marketing, referrals: Referrals) -> None:
    """For good, and for every patient of the org."""
    own = str(uuid4())
    source = await org.source()
    to_source = {"referral_source_uuid": source["id"], "attribution_role": "assist"}
    patient, other = await org.patient(), await org.patient()
    held = await org.attribution(patient, **to_source, id=own)
    assert held["id"] == own
    for one in (patient, other):
        problem(await created(org, one, **to_source, id=own), 409, "already_exists")
    await org.archive("referral_attribution", held)
    problem(await created(org, patient, **to_source, id=own), 409, "already_exists")
    assert await org.figures(source) == (0, 0)


@pytest.mark.parametrize("reference", FIELDS)
async def test_a_reference_stays_when_what_it_leads_to_is_archived(
    org: Marketing, reference: str
) -> None:
    """With its name, in get, list and the reply to an update; and it can still be archived."""
    patient, thing = await org.patient(), await referred_to(org, reference)
    made = await org.attribution(patient, **{FIELDS[reference]: thing["id"]})
    await archive_referred(org, reference, thing)
    assert (
        await org.ask("referral_attribution.get", **named("referral_attribution", made))
    ).data == made
    listed = await org.ask("referral_attribution.list", patient_uuid=patient["id"])
    assert listed.data["items"] == [made]
    changed = await org.update("referral_attribution", made, source_note="left since")
    assert changed.data[reference] == made[reference]
    await org.archive("referral_attribution", changed.data)


async def test_a_list_goes_newest_first(org: Marketing) -> None:
    """Of one patient, without the archived, with every reference's name."""
    patient = await org.patient()
    made = []
    for reference, field in FIELDS.items():
        thing = await referred_to(org, reference)
        made.append(
            await org.attribution(patient, **{field: thing["id"]}, attribution_role="assist")
        )
    source = await org.source()
    gone = await org.attribution(patient, referral_source_uuid=source["id"])
    await org.archive("referral_attribution", gone)
    await org.attribution(await org.patient(), referral_source_uuid=source["id"])
    listed = await org.ask("referral_attribution.list", patient_uuid=patient["id"])
    assert listed.data == {"items": made[::-1], "page": 1, "page_size": 50, "total": 4}
    second = await org.ask(
        "referral_attribution.list", patient_uuid=patient["id"], page=2, page_size=3
    )
    assert second.data == {"items": made[:1], "page": 2, "page_size": 3, "total": 4}


async def test_the_events_tell_of_every_change(org: Marketing, referrals: Referrals) -> None:
    """Created, updated, archived: one subject, versions 1, 2, 3; the last with the last state."""
    provider = await org.provider()
    made = await org.attribution(await org.patient(), provider_uuid=provider["id"])
    changed = await org.update("referral_attribution", made, source_note="colleague")
    await org.archive("referral_attribution", changed.data)
    events = [
        said.body
        for said in await referrals.heard.events(org)
        if said.body["type"].startswith("referral_attribution.")
    ]
    assert [
        (e["type"], e["aggregateversion"], e["data"]["version"], e["data"]["source_note"])
        for e in events
    ] == [
        ("referral_attribution.created", 1, 1, None),
        ("referral_attribution.updated", 2, 2, "colleague"),
        ("referral_attribution.archived", 3, 3, "colleague"),
    ]
    assert {(e["source"], e["subject"], e["dataschema"], e["orgid"]) for e in events} == {
        ("/referrals", made["id"], "urn:handoff:schema:referral_attribution:v1", org.id)
    }
    assert events[0]["data"] == made
    assert [e.get("changed") for e in events] == [None, "source_note", None]


async def test_the_database_itself_refuses_a_second_primary(
    org: Marketing, referrals: Referrals
) -> None:
    """The net beneath the patient's lock, for whoever else writes there."""
    source = await org.source()
    held = await org.attribution(await org.patient(), referral_source_uuid=source["id"])
    database = await asyncpg.connect(plain_url(referrals.database_url))
    try:
        with pytest.raises(asyncpg.UniqueViolationError) as refused:
            await database.execute(
                """
                INSERT INTO referrals.referral_attribution
                SELECT (a).* FROM (
                    SELECT json_populate_record(a, json_build_object('id', gen_random_uuid())) AS a
                    FROM referrals.referral_attribution a WHERE id = $1
                ) copied
                """,
                held["id"],
            )
        assert refused.value.constraint_name == "referral_attribution_one_primary"
    finally:
        await database.close()


async def test_a_patient_is_not_changed_by_their_attributions(
    org: Marketing, referrals: Referrals
) -> None:
    """Their row is locked and nothing else: no version, no event."""
    patient = await org.patient()
    await org.attribution(patient, referral_source_uuid=(await org.source())["id"])
    assert (await org.ask("patient.get", patient_uuid=patient["id"])).data == patient
    assert (await referrals.heard.event_types(org)).count("patient.put") == 1


async def test_imported_history_is_not_this_months(org: Marketing) -> None:
    """Sorted and reported by the time that was given; a time after now is refused."""
    patient, source = await org.patient(), await org.source()
    given = {"referral_source_uuid": source["id"], "attributed_at": "2019-05-06T10:00:00+02:00"}
    old = await org.attribution(patient, **given)
    assert old["attributed_at"] == "2019-05-06T08:00:00Z"
    refused = await org.ask(
        "referral_attribution.create",
        patient_uuid=patient["id"],
        attribution_role="assist",
        **{**given, "attributed_at": "2999-01-01T00:00:00Z"},
    )
    assert errors(refused) == {("attributed_at", "time_in_future")}
    for period, patients in (("2019-05", 1), ("2019-06", 0)):
        reported = await org.report(period_start=f"{period}-01", period_end=f"{period}-30")
        assert reported.data["total"]["new_patients"] == patients
