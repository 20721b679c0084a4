"""A right or a table that is missing: a fault of whoever migrated or granted, and no message's."""

import asyncio

import asyncpg
import pytest
from structlog.testing import capture_logs

from messaging.pacing import retry
from tests.support.database.urls import plain_url
from tests.support.services.referrals import Org, Referrals
from tests.support.waiting import until

DENIED = "it refuses: permission denied for table referral_partner"
WORK = ("work on referrals.commands", "work on referrals.queries")


async def test_a_missing_right_is_named_and_waited_for(
    org: Org, referrals: Referrals, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Log and health say in PostgreSQL's words what is missing; once it is there, all is done.
    However long that takes, nothing goes back to its queue, where that would be counted."""
    monkeypatch.setattr(retry, "GIVE_UP_AFTER_SECONDS", 0.1)
    health = referrals.service.health
    database = await asyncpg.connect(plain_url(referrals.database_url))
    rights = "SELECT, INSERT ON referrals.referral_partner"
    await database.execute(f"REVOKE {rights} FROM handoff_referrals")
    with capture_logs() as logged:
        made = asyncio.create_task(org.partner(last_name="Kanarienvogel"))
        listed = asyncio.create_task(org.ask("referral_partner.list"))
        await until(lambda: [health.report()[name] for name in WORK] == [DENIED, DENIED])
        assert not health.ready
        await asyncio.sleep(0.5)
        await database.execute(f"GRANT {rights} TO handoff_referrals")
        partner, answered = await asyncio.gather(made, listed)
    await database.close()
    assert partner["version"] == 1 and answered.status == 200
    assert [health.report()[name] for name in WORK] == ["ok", "ok"]
    told = [line for line in logged if line["event"] == "database refuses, trying again"]
    assert {(line["queue"], line["sqlstate"], line["detail"]) for line in told} == {
        ("referrals.commands", "42501", DENIED),
        ("referrals.queries", "42501", DENIED),
    }
    assert "not consuming" not in {line["event"] for line in logged}
    assert "Kanarienvogel" not in str(logged)
