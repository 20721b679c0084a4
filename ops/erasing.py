"""`handoff erase-patient`: one patient's data out of the services, once nothing is under way."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from messaging.trail.erasure import CannotErase, Erased
from ops.environment import CannotGoOn
from ops.system_role import Contended, Database
from ops.trail import read_trail
from services.ereferral_dispatch import erasing as dispatch
from services.referrals import erasing as referrals
from services.referrals.home import PUBLISHING

TRIES = 3

ResultT = TypeVar("ResultT")


@dataclass(frozen=True, slots=True)
class Patient:
    """Whose data it is."""

    org_id: str
    id: UUID


async def again_where_contended(work: Callable[[], Awaitable[ResultT]]) -> ResultT:
    """Do it, and again where a command got in its way. Raises as `work` does, at last Contended."""
    for _ in range(TRIES - 1):
        with suppress(Contended):
            return await work()
    return await work()


async def erase(
    of_referrals: Database,
    of_dispatch: Database,
    of_connectors: Database | None,
    patient: Patient,
    *,
    dry_run: bool,
    despite_missing_news: bool,
) -> tuple[Erased, ...]:
    """What was erased in referrals, dispatch and, where they run here, connectors; with `dry_run`
    all of it is rolled back.

    Connectors first: from then on no run brings the patient back.
    Each service in one transaction. They have none in common: where a later commit fails,
    running it again goes on. Raises Contended where a command about the patient is in the way, and
    CannotGoOn, which says what is under way, or that neither service ever knew the patient: whoever
    was to be erased is still there.
    """
    org_id, id_ = patient.org_id, patient.id
    fetched: tuple[Erased, ...] = ()
    if of_connectors is not None:
        fetched = (await _of_connectors(of_connectors, patient, dry_run=dry_run),)
    async with _session(of_dispatch) as dispatch_s, _session(of_referrals) as referrals_s:
        try:
            with of_referrals.telling_why():
                heard = await referrals.heard_versions(referrals_s, org_id, id_)
            sent = sorted(heard)
            with of_dispatch.telling_why():
                known = await dispatch.known(dispatch_s, org_id, id_, sent)
                _check_arrived(heard, known, despite_missing_news=despite_missing_news)
                there = await dispatch.erase(dispatch_s, org_id, id_, sent, of_dispatch.operator)
            with of_referrals.telling_why():
                here = await referrals.erase(
                    referrals_s, PUBLISHING, org_id, id_, of_referrals.operator
                )
        except CannotErase as refused:
            reasons = "; ".join(refused.reasons)
            raise CannotGoOn(f"Nothing is erased while something is under way: {reasons}") from None
        if not dry_run:
            with of_dispatch.telling_why():
                await dispatch_s.commit()
            with of_referrals.telling_why():
                await referrals_s.commit()
    # Whatever was done with a patient is in the trail for good, an erasure too.
    anything = here.total or there.total or any(one.total for one in fetched)
    if not (anything or await read_trail((of_referrals, of_dispatch), org_id, id_)):
        raise CannotGoOn(f"Nothing is known of patient {id_} of {org_id}: are both ids right?")
    return here, there, *fetched


async def _of_connectors(database: Database, patient: Patient, *, dry_run: bool) -> Erased:
    from services.connectors import erasing as connectors

    async with _session(database) as session:
        try:
            with database.telling_why():
                erased = await connectors.erase(
                    session, patient.org_id, patient.id, database.operator
                )
                if not dry_run:
                    await session.commit()
        except CannotErase as refused:
            raise CannotGoOn(f"Nothing is erased yet: {'; '.join(refused.reasons)}") from None
    return erased


def _check_arrived(
    heard: Mapping[UUID, int], known: dispatch.Known, *, despite_missing_news: bool
) -> None:
    """Nothing of the patient's may still be between the services.

    Raises CannotErase: a package or news that come after the erasure would bring data back.
    """
    reasons = [
        f"the package of e-referral {uuid} has not reached dispatch yet: wait, "
        "or cancel the referral"
        for uuid in heard
        if uuid not in known.versions and uuid not in known.cancelled_early
    ]
    if not despite_missing_news:
        reasons += [
            f"news of e-referral {uuid} has not reached referrals yet: wait; if it is among "
            "the dead letters of referrals.ereferral_events, replay it; if it was discarded, "
            "--despite-missing-news"
            for uuid, version in heard.items()
            if known.versions.get(uuid, 0) > version
        ]
    if reasons:
        raise CannotErase(reasons)


@asynccontextmanager
async def _session(database: Database) -> AsyncIterator[AsyncSession]:
    async with (
        database.engine("erase_patient") as engine,
        AsyncSession(engine, expire_on_commit=False, autoflush=False) as session,
    ):
        yield session
