"""Both services in this process, on databases of their own and one broker, and the command line."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg
from typer.testing import Result

from contracts.catalogue import OPERATIONS
from messaging.replies.client import Reply
from tests.support.database.urls import plain_url
from tests.support.services.command_line import handoff
from tests.support.services.dispatch import SETTLED_WITHIN_SECONDS, Dispatch, dispatching
from tests.support.services.referrals import Org, Referrals, referrals_with_client
from tests.support.waiting import until

_SCHEMAS = ("referrals", "ereferral_dispatch")


@dataclass(frozen=True)
class Both:
    """Referrals and dispatch, and what a person does there."""

    referrals: Referrals
    dispatch: Dispatch

    async def handoff(self, *arguments: str, **changed: str) -> Result:
        """A command that works with these services; `changed` are variables set otherwise."""
        variables = {
            "REFERRALS_DATABASE_URL": self.referrals.database_url,
            "DISPATCH_DATABASE_URL": self.dispatch.settings.database_url,
            "REFERRALS_RABBITMQ_URL": self.referrals.rabbitmq_url,
            "DISPATCH_RABBITMQ_URL": self.referrals.rabbitmq_url,
            **changed,
        }
        return await asyncio.to_thread(handoff, *arguments, **variables)

    async def ask_dispatch(self, org: Org, operation: str, **fields: Any) -> Reply:
        """An operation of dispatch for an org."""
        exchange = OPERATIONS[operation].exchange
        return await self.referrals.client.call(exchange, operation, {"org_id": org.id, **fields})

    async def ereferral(self, org: Org, referral: dict[str, Any], status: str) -> dict[str, Any]:
        """The e-referral of a sent referral, once referrals has heard that it is so."""

        async def heard() -> bool:
            shown = await org.ask("referral.get", referral_uuid=referral["id"])
            return bool(shown.data["dispatch_status"] == status)

        await until(heard, SETTLED_WITHIN_SECONDS)
        uuid = referral["ereferral_uuid"]
        shown = (await self.ask_dispatch(org, "ereferral.get", ereferral_uuid=uuid)).data
        assert isinstance(shown, dict)
        return shown

    async def everything_stored(self) -> dict[str, list[str]]:
        """Every row of every table of both databases as PostgreSQL writes it; bytes are hex."""
        found: dict[str, list[str]] = {}
        for schema, url in zip(
            _SCHEMAS,
            (self.referrals.database_url, self.dispatch.settings.database_url),
            strict=True,
        ):
            database = await asyncpg.connect(plain_url(url))
            tables = await database.fetch(
                "SELECT tablename FROM pg_tables WHERE schemaname = $1", schema
            )
            for (table,) in tables:
                rows = await database.fetch(f'SELECT t::text FROM {schema}."{table}" t')
                found[f"{schema}.{table}"] = [row[0] for row in rows]
            await database.close()
        return found


@asynccontextmanager
async def both_services(
    referrals_database: str, dispatch_database: str, rabbitmq_url: str, **settings: Any
) -> AsyncIterator[Both]:
    """One replica of each, with partners' stubs; `settings` are those of dispatch."""
    async with (
        referrals_with_client(referrals_database, rabbitmq_url) as referrals,
        dispatching(dispatch_database, rabbitmq_url, **settings) as dispatch,
    ):
        yield Both(referrals, dispatch)
