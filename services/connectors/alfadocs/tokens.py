"""The tokens of a connection: refreshed by one replica at a time, and stored before they are used.

AlfaDocs rotates both tokens at each refresh. Two refreshes at once, or one whose answer is lost
after it was used, would end the connection until a person authorizes it again.
"""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from uuid_utils import compat as uuid_utils

from contracts.connecting import ConnectionFailureCode as Code
from services.connectors.alfadocs.oauth import OAuthApp, Tokens, refresh
from services.connectors.asking.answers import RunFailed
from services.connectors.asking.asker import Asker
from services.connectors.models import Token
from services.connectors.sealing import Place, Sealer

EARLY = timedelta(minutes=5)
LEASE = timedelta(minutes=2)
LOOK_EVERY_SECONDS = 0.1


class StoredTokens:
    """The Authorization of a connection with OAuth2. `engine` works as the system role."""

    def __init__(
        self,
        engine: AsyncEngine,
        sealer: Sealer,
        asker: Asker,
        app: OAuthApp,
        org_id: str,
        connection_id: UUID,
    ) -> None:
        self._engine, self._sealer, self._asker, self._app = engine, sealer, asker, app
        self._org_id, self._connection_id = org_id, connection_id

    async def headers(self) -> Mapping[str, str]:
        """A token that is good for five minutes more. Raises RunFailed `needs_reauthorization`."""
        return {"Authorization": f"Bearer {await self._valid(None)}"}

    async def refused(self, headers: Mapping[str, str]) -> bool:
        """Get another token than the one that was refused."""
        used = headers["Authorization"].removeprefix("Bearer ")
        await self._valid(used)
        return True

    async def _valid(self, refused: str | None) -> str:
        while True:
            taken = await self._take(refused)
            if isinstance(taken, str):
                return taken
            if taken is None:
                await asyncio.sleep(LOOK_EVERY_SECONDS)
                continue
            lease, old = taken
            try:
                tokens = await refresh(self._asker, self._app, old)
            except RunFailed as why:
                dead = why.code is Code.NEEDS_REAUTHORIZATION
                await asyncio.shield(self._release(lease, dead=dead))
                raise
            await asyncio.shield(self._store(lease, tokens))
            return tokens.access_token

    async def _take(self, refused: str | None) -> str | tuple[UUID, str] | None:
        """A good token; or the lease to refresh, with the refresh token; None: another one does."""
        async with AsyncSession(self._engine) as session, session.begin():
            row = await session.scalar(select(Token).where(*self._key()).with_for_update())
            now = await session.scalar(select(func.now()))
            if row is None or row.dead or now is None:
                raise RunFailed(Code.NEEDS_REAUTHORIZATION)
            access = str(self._sealer.open(row.access, self._place("access")))
            if access != refused and row.expires_at > now + EARLY:
                return access
            if row.lease_until is not None and row.lease_until > now:
                return None
            row.lease_token, row.lease_until = uuid_utils.uuid7(), now + LEASE
            return row.lease_token, str(self._sealer.open(row.refresh, self._place("refresh")))

    async def _store(self, lease: UUID, tokens: Tokens) -> None:
        async with AsyncSession(self._engine) as session, session.begin():
            await session.execute(
                update(Token)
                .where(*self._key(), or_(Token.lease_token == lease, Token.lease_token.is_(None)))
                .values(**sealed_tokens(self._sealer, self._org_id, self._connection_id, tokens))
            )

    async def _release(self, lease: UUID, *, dead: bool) -> None:
        async with AsyncSession(self._engine) as session, session.begin():
            await session.execute(
                update(Token)
                .where(*self._key(), Token.lease_token == lease)
                .values(lease_token=None, lease_until=None, dead=dead)
            )

    def _key(self) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
        return Token.org_id == self._org_id, Token.connection_id == self._connection_id

    def _place(self, field: str) -> Place:
        return Place(self._org_id, self._connection_id, field)


def sealed_tokens(
    sealer: Sealer, org_id: str, connection_id: UUID, tokens: Tokens
) -> dict[str, object]:
    """The columns of tokens that were just given out, by the database's clock."""
    return {
        "access": sealer.seal(tokens.access_token, Place(org_id, connection_id, "access")),
        "refresh": sealer.seal(tokens.refresh_token, Place(org_id, connection_id, "refresh")),
        "expires_at": func.now() + timedelta(seconds=tokens.expires_in_seconds),
        "lease_token": None,
        "lease_until": None,
        "dead": False,
    }
