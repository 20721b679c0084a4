"""Look-ups find alike in PostgreSQL and in memory, where handlers are tested."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from sqlalchemy import inspect
from sqlalchemy.ext.asyncio import AsyncSession

from messaging.database.engine import limit_to_orgs, open_engine
from messaging.decision.loading import load
from messaging.handlers.workspace import Need, Rows
from messaging.testing import look_up
from services.referrals.home import HOME
from services.referrals.models.attribution import ReferralAttribution
from services.referrals.models.directory import Patient, Practice
from services.referrals.models.source import OrgCounter
from tests.support.services.referrals import migrated, new_org_id
from tests.unit.services.referrals.handlers import rows as sample

ORG, ANOTHER = new_org_id(), new_org_id()
BY_PATIENT = ("patient_id",)


def two_orgs() -> list[Any]:
    """Two patients with attributions, one of them archived; another org has a patient too."""
    brought: dict[str, Any] = {
        "referral_source_id": None,
        "referring_patient_id": sample.OTHER_PATIENT,
    }
    ours: list[Any] = [
        sample.patient(),
        sample.patient(sample.OTHER_PATIENT, deleted_at=sample.EARLIER),
        sample.practice(),
        sample.attribution(**brought),
        sample.attribution(sample.NEW, attribution_role="assist", **brought),
        OrgCounter(org_id=ORG, last_sort_order=2),
    ]
    for row in ours:
        row.org_id = ORG
    return [*ours, sample.patient(sample.NOBODY, org_id=ANOTHER)]


def keys(found: list[Any]) -> set[UUID]:
    return {row.id for row in found}


@dataclass
class Places:
    """The same rows twice: in a session, and in memory."""

    session: AsyncSession
    memory: list[Any]

    async def loaded(self, needs: list[Need]) -> Rows:
        """From PostgreSQL."""
        rows = Rows()
        await load(self.session, rows, ((ORG, need) for need in needs))
        return rows

    async def looked_up(self, needs: list[Need]) -> Rows:
        """From memory."""
        rows = Rows()
        look_up(rows, self.memory, ORG, needs)
        return rows


Way = Callable[[Places, list[Need]], Any]
BOTH = pytest.mark.parametrize("way", [Places.loaded, Places.looked_up], ids=["real", "memory"])


@pytest_asyncio.fixture(scope="module")
async def places(postgres_database: str) -> AsyncIterator[Places]:
    """A migrated database with the rows of both orgs, and a session that sees one of them."""
    url = await migrated(postgres_database)
    engine = open_engine(url, HOME, role=HOME.service_role, name="looking_up")
    async with AsyncSession(engine) as session, session.begin():
        await limit_to_orgs(session, [ORG, ANOTHER])
        for row in two_orgs():  # Whoever is named comes first.
            session.add(row)
            await session.flush()
    async with AsyncSession(engine) as session, session.begin():
        await limit_to_orgs(session, [ORG])
        yield Places(session, two_orgs())
    await engine.dispose()


@BOTH
async def test_a_row_is_found_by_its_key_archived_or_not(places: Places, way: Way) -> None:
    """With each of its columns; one without an id of its own by its org."""
    needs = [
        Need(Patient, (sample.PATIENT,), writes=True),
        Need(Patient, (sample.OTHER_PATIENT,)),
        Need(Practice),
        Need(OrgCounter, writes=True),
    ]
    found = (await way(places, needs)).found
    patient = found[Patient, (ORG, sample.PATIENT)]
    columns = [c.key for c in inspect(Patient).column_attrs if not c.deferred]
    assert {column: getattr(patient, column) for column in columns} == {
        "org_id": ORG,
        "id": sample.PATIENT,
        "name": "Paula Pace",
        "date_of_birth": sample.patient().date_of_birth,
        "phone": "+12025550143",
        "phone_given": None,
        "phone_country": None,
        "email": None,
        "sort_name": "paula pace",
        "search_text": "paula pace\n+12025550143",
        "observed_at": sample.EARLIER,
        "version": 3,
        "created_at": sample.EARLIER,
        "updated_at": sample.EARLIER,
        "deleted_at": None,
    }
    assert found[Patient, (ORG, sample.OTHER_PATIENT)].deleted_at == sample.EARLIER
    assert found[Practice, (ORG,)].name == "Sample Dental"
    assert found[OrgCounter, (ORG,)].last_sort_order == 2
    assert len(found) == 4


@BOTH
async def test_what_is_not_there_or_is_anothers_is_known_not_to_be(
    places: Places, way: Way
) -> None:
    """None, which is not the same as never asked for."""
    nobody = uuid4()
    found = (await way(places, [Need(Patient, (nobody,)), Need(Patient, (sample.NOBODY,))])).found
    assert found == {(Patient, (ORG, nobody)): None, (Patient, (ORG, sample.NOBODY)): None}


@BOTH
async def test_rows_are_found_by_other_columns(places: Places, way: Way) -> None:
    """All of them, and an empty list where there are none."""
    needs = [
        Need(ReferralAttribution, (sample.PATIENT,), by=BY_PATIENT),
        Need(ReferralAttribution, (sample.OTHER_PATIENT,), by=BY_PATIENT, writes=True),
    ]
    lists = (await way(places, needs)).lists
    of_patient = lists[ReferralAttribution, BY_PATIENT, (ORG, sample.PATIENT)]
    assert keys(of_patient) == {sample.ATTRIBUTION, sample.NEW}
    assert lists[ReferralAttribution, BY_PATIENT, (ORG, sample.OTHER_PATIENT)] == []
    assert len(lists) == 2
