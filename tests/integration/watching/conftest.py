"""All services as in production, each used once, a Prometheus that asks, and an Alertmanager that
tells."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from messaging.replies.client import open_client
from tests.support.alertmanager import Alertmanager, running_alertmanager, without_patience
from tests.support.partners.portal import Portal
from tests.support.prometheus import Prometheus, running_prometheus
from tests.support.services.command_line import handoff
from tests.support.services.edge import Caller, new_token
from tests.support.services.process import RunningService, running_service
from tests.support.services.referrals import Org, new_org_id
from tests.support.waiting import until

RULES = Path(__file__).parents[3] / "ops/observability/alerts.yml"
SETTLED_WITHIN_SECONDS = 30.0
NAMES = ("REFERRALS", "DISPATCH", "CONNECTORS", "EDGE")
NAME = "Kanarienvogel"


@dataclass(frozen=True)
class Watched:
    """Replicas in processes of their own, by the names of their jobs."""

    org_id: str
    services: Mapping[str, RunningService]
    prometheus: Prometheus
    alertmanager: Alertmanager
    rabbitmq_url: str

    def metrics(self) -> str:
        """All that the services expose."""
        return "\n".join(service.get("/metrics")[1] for service in self.services.values())

    def lines(self, event: str) -> list[dict[str, Any]]:
        """The lines of that event in all logs."""
        return [
            line
            for service in self.services.values()
            for line in service.log_lines()
            if line["event"] == event
        ]


@asynccontextmanager
async def started(name: str, env: dict[str, str]) -> AsyncIterator[RunningService]:
    """A replica; it starts in a thread, so that this loop's partners go on."""
    starting = running_service(name, env)
    service = await asyncio.to_thread(starting.__enter__)
    try:
        yield service
    finally:
        await asyncio.to_thread(starting.__exit__, *sys.exc_info())


async def use(org: Org, portal: Portal) -> None:
    """A referral that is sent and delivered, one that is refused, a partner to be called, and a row
    from a form."""
    row = {"first_name": "Paul", "surname": NAME, "org_type_id": 1}
    assert (await org.ask("intake.submit", rows=[row])).status == 202
    by_portal = {"accepts_ereferral": True, "ereferral_endpoint": portal.endpoint("watched")}
    by_phone = {"phone": "+12025550111", "preferred_contact_method": "phone"}
    partner = await org.partner(**by_portal)
    to_call = await org.partner(**by_portal, **by_phone)
    patient = await org.patient(name=f"Paul {NAME}")
    sent = []
    for receiver in (partner, to_call):
        sent.append(
            await org.sent_referral(
                patient_uuid=patient["id"], referral_partner_uuid=receiver["id"], reason=NAME
            )
        )
    assert (
        await org.ask("referral.send", referral_uuid=sent[0]["id"], base_version=1)
    ).status == 409

    async def are_settled() -> bool:
        shown = [await org.ask("referral.get", referral_uuid=one["id"]) for one in sent]
        return [one.data["dispatch_status"] for one in shown] == ["delivered", "awaiting_call"]

    await until(are_settled, SETTLED_WITHIN_SECONDS)


async def use_http(port: int, org_id: str, token: str) -> None:
    """A request that is answered, and one that is not found."""
    async with aiohttp.ClientSession() as session:
        caller = Caller(session, f"http://127.0.0.1:{port}", token, org_id)
        assert (await caller.ask("GET", "/referral-partners")).status == 200
        assert (await caller.ask("GET", "/nothing-there")).status == 404


@pytest_asyncio.fixture(scope="module")
async def watched(
    new_postgres_database: Callable[[], str],
    rabbitmq_vhost: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Watched]:
    """Everything was used once, and Prometheus has looked at it twice since."""
    folder, org_id = tmp_path_factory.mktemp("watched"), new_org_id()
    token = new_token(folder / "tokens.toml", orgs=[org_id])
    env = {
        "REFERRALS_DATABASE_URL": new_postgres_database(),
        "DISPATCH_DATABASE_URL": new_postgres_database(),
        "CONNECTORS_DATABASE_URL": new_postgres_database(),
        "CONNECTORS_SECRET_KEY": "0" * 64,
        **{f"{name}_RABBITMQ_URL": rabbitmq_vhost for name in NAMES},
        "DISPATCH_SIGNING_KEY": "test-signing-key",
        "DISPATCH_ALLOW_HTTP": "true",
        "DISPATCH_EGRESS_ALLOW": "127.0.0.0/8",
        "EDGE_TOKENS_FILE": str(folder / "tokens.toml"),
    }
    migrated = await asyncio.to_thread(handoff, "migrate", **env)
    assert migrated.exit_code == 0, migrated.output
    async with AsyncExitStack() as stack:
        portal = await stack.enter_async_context(Portal())
        names = ("referrals", "ereferral-dispatch", "connectors", "edge")
        services = dict(
            zip(
                [f"handoff-{name}" for name in names],
                await asyncio.gather(
                    *(stack.enter_async_context(started(name, env)) for name in names)
                ),
                strict=True,
            )
        )
        (edge,) = [
            line for line in services["handoff-edge"].log_lines() if line["event"] == "started"
        ]
        client = await stack.enter_async_context(open_client(rabbitmq_vhost))
        targets = {job: [service.port] for job, service in services.items()}
        alertmanager = await asyncio.to_thread(
            stack.enter_context, running_alertmanager(RULES.parent / "alertmanager.yml", folder)
        )
        hurried = [without_patience(RULES, folder)]
        watching = running_prometheus(targets, folder, hurried, alertmanager.port)
        prometheus = await asyncio.to_thread(stack.enter_context, watching)
        await until(lambda: len(prometheus.query("handoff_ready == 1")) == 4, 60)
        await use(Org(client, org_id), portal)
        await use_http(int(edge["detail"]), org_id, token)
        found = Watched(org_id, services, prometheus, alertmanager, rabbitmq_vhost)
        person = 'max(handoff_needs_person{status="awaiting_call"})'
        await until(lambda: bool(prometheus.query(f"{person} == 1")), 30)
        await until(lambda: bool(prometheus.query("max(handoff_intake_waiting) == 1")), 30)
        await asyncio.sleep(1.5)
        yield found
