"""E-referrals whose retries wait for hours, made by PostgreSQL itself: seconds for 20,000."""

from typing import Any

import asyncpg

from bench.packages import DispatchCommand
from bench.place import Place
from services.ereferral_dispatch.home import HOME


def admin(place: Place) -> str:
    """The URL of a place's database as asyncpg takes it. Its user passes row-level security."""
    return place.database_url.replace("postgresql+asyncpg://", "postgresql://")


async def seed_retries(
    place: Place, command: DispatchCommand, *, count: int, partners: int
) -> list[Any]:
    """`count` e-referrals that failed once and are due in one to eight hours, spread over the lanes
    of `partners` partners; all carry the package of `command`. Returns their `org_id` and `id`."""
    database = await asyncpg.connect(admin(place))
    try:
        await database.execute(f"SET search_path TO {HOME.schema}")
        async with database.transaction():
            await database.execute(_LANES, partners)
            await database.execute(_EREFERRALS, count, partners)
            await database.execute(_PACKAGES, command.body)
            await database.execute(_ATTEMPTS)
            await database.execute(_LOOK)
        await database.execute("ANALYZE")
        return list(await database.fetch("SELECT org_id, id FROM ereferral ORDER BY seq"))
    finally:
        await database.close()


def _id(kind: int, number: str) -> str:
    """The id of the n-th row of a kind, in SQL."""
    return f"('{kind:08x}-0000-7000-8000-' || lpad(to_hex({number}), 12, '0'))::uuid"


_ORG = "'org_' || (p % 20)"

_LANES = f"""
    INSERT INTO lane (org_id, id, referral_partner_id, referral_partner_name, channel, address,
        failures, failing_since, version, created_at, updated_at)
    SELECT {_ORG}, {_id(1, "p")}, {_id(2, "p")}, 'Bench Specialists', 'portal',
        'https://portal-' || p || '.example.com/', 1, now(), 0, now(), now()
    FROM generate_series(0, $1::int - 1) p
"""
_EREFERRALS = f"""
    INSERT INTO ereferral (org_id, id, referral_id, patient_id, referral_partner_id,
        referral_partner_name, status, plan, position, lane_id, due_at, attempts_made, tries,
        received, told, not_told, possible_repeat, message, forced, version, created_at, updated_at)
    SELECT {_ORG}, {_id(3, "n")}, {_id(4, "n")}, {_id(5, "n")}, {_id(2, "p")},
        'Bench Specialists', 'retry_scheduled',
        jsonb_build_array(jsonb_build_object(
            'channel', 'portal', 'address', 'https://portal-' || p || '.example.com/')),
        0, {_id(1, "p")}, now() + make_interval(secs => 3600 + n % 25200), 1, 1,
        '{{}}', '{{}}', '{{}}', false, 'referral', false, 3, now(), now()
    FROM generate_series(0, $1::int - 1) n, LATERAL (SELECT n % $2::int) AS partner (p)
"""
_PACKAGES = "INSERT INTO package SELECT org_id, id, $1 FROM ereferral"
_ATTEMPTS = """
    INSERT INTO attempt (org_id, ereferral_id, number, channel, address, token, lease_until,
        started_at, sending_at, finished_at, outcome, code)
    SELECT org_id, id, 1, 'portal', plan -> 0 ->> 'address', gen_random_uuid(), now(), now(),
        now(), now(), 'transient_failure', 'http_503'
    FROM ereferral
"""
_LOOK = """
    UPDATE lane SET due_at = (
        SELECT min(due_at) FROM ereferral
        WHERE ereferral.org_id = lane.org_id AND ereferral.lane_id = lane.id)
"""
