"""`handoff purge`: what is older than a person says goes, as far as no promise needs it.

A message id and a reply are never forgotten sooner than the service's own settings say, and what
waits to be published is never removed.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from contracts.values import format_time
from messaging.trail.retention import Horizon, forget, forgettable, unpublished
from ops.catalogue import ServiceName
from ops.environment import WrongArgument, one_setting
from ops.system_role import Database

_DAYS = re.compile(r"([1-9][0-9]{0,4})d", re.ASCII)


@dataclass(frozen=True, slots=True)
class Line:
    """One kind of thing: how many go, or (`stays`) how many there are and stay."""

    what: str
    count: int
    note: str
    stays: bool = False


def read_age(text: str) -> timedelta:
    """`90d` as 90 days. Raises WrongArgument."""
    days = _DAYS.fullmatch(text)
    if days is None:
        raise WrongArgument("--older-than is a number of days, 1d to 99999d, such as 90d")
    return timedelta(days=int(days[1]))


async def purge(database: Database, age: timedelta, *, dry_run: bool) -> list[Line]:
    """Remove what is older, in small transactions, beside running services; or only count it.

    Raises SettingError for a retention setting. What broke off is gone on with by running it again.
    """
    messages_known = _promised(database.name, "inbox_retention_days", age)
    replies_kept = _promised(database.name, "reply_retention_days", age)
    async with database.engine("purge") as engine:
        async with engine.connect() as connection:
            now: datetime = (await connection.execute(select(func.now()))).scalar_one()
        lines = []
        if database.name is ServiceName.EREFERRAL_DISPATCH:
            lines += await _packages(engine, database, now - age, dry_run=dry_run)
            lines += await _early_reasons(engine, database, now - messages_known, dry_run=dry_run)
        elif database.name is ServiceName.CONNECTORS:
            lines += await _imported(engine, now - age, dry_run=dry_run)
        else:
            intake_kept = _promised(database.name, "intake_retention_days", age)
            lines += await _intake(engine, database, now - intake_kept, dry_run=dry_run)
        horizon = Horizon(replies=now - replies_kept, messages=now - messages_known)
        forgotten = (
            await forgettable(engine, horizon)
            if dry_run
            else await forget(engine, horizon, database.operator)
        )
        lines += [
            Line("message ids", forgotten.message_ids, f"from before {_day(horizon.messages)}"),
            Line("stored replies", forgotten.replies, f"from before {_day(horizon.replies)}"),
            Line("outbox", await unpublished(engine), "to be published", stays=True),
        ]
    return lines


async def _packages(
    engine: AsyncEngine, database: Database, before: datetime, *, dry_run: bool
) -> list[Line]:
    from services.ereferral_dispatch import purging

    purged = (
        await purging.purgeable(engine, before)
        if dry_run
        else await purging.purge(engine, before, database.operator)
    )
    note = f"of e-referrals that ended before {_day(before)}"
    return [
        Line("packages", purged.packages, note),
        Line("letters and bundles", purged.composed, "composed of them"),
    ]


async def _early_reasons(
    engine: AsyncEngine, database: Database, before: datetime, *, dry_run: bool
) -> list[Line]:
    from services.ereferral_dispatch import purging

    taken = (
        await purging.early_reasons(engine, before)
        if dry_run
        else await purging.purge_early_reasons(engine, before, database.operator)
    )
    return [Line("early cancel reasons", taken, f"from before {_day(before)}")]


async def _imported(engine: AsyncEngine, before: datetime, *, dry_run: bool) -> list[Line]:
    from services.connectors import purging

    look = purging.purgeable if dry_run else purging.purge
    purged = await look(engine, before)
    note = f"from before {_day(before)}"
    return [Line("refused rows emptied", purged.rows, note), Line("runs", purged.runs, note)]


async def _intake(
    engine: AsyncEngine, database: Database, before: datetime, *, dry_run: bool
) -> list[Line]:
    from services.referrals import intake_keeping
    from services.referrals.home import PUBLISHING

    emptied = (
        await intake_keeping.emptyable(engine, before)
        if dry_run
        else await intake_keeping.purge(engine, PUBLISHING, before, database.operator)
    )
    note = f"decided before {_day(before)}"
    return [
        Line("intake rows", emptied.rows, note),
        Line("intake fingerprints", emptied.fingerprints, f"from before {_day(before)}"),
    ]


def _promised(name: ServiceName, setting: str, age: timedelta) -> timedelta:
    """The age, or what the service's clients were promised where that is more."""
    return max(age, timedelta(days=int(one_setting(name, setting))))


def _day(moment: datetime) -> str:
    return format_time(moment)
