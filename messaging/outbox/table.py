"""The outbox: what is to be said, first in, first out. A row is deleted once the broker has it."""

from collections.abc import Sequence

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from messaging.database.tables import outbox
from messaging.handlers.workspace import Outgoing

# Inline: nothing is read back, which the service would not be allowed to.
_PUT = insert(outbox).inline()


async def put(session: AsyncSession | AsyncConnection, outgoing: Sequence[Outgoing]) -> None:
    """Write messages in their order. The caller holds the lock of each subject's row: this makes
    the rows of one subject stand in the order of its versions."""
    if not outgoing:
        return
    await session.execute(
        _PUT,
        [
            {
                "org_id": message.org_id,
                "subject": message.subject,
                "exchange": message.exchange,
                "routing_key": message.routing_key,
                "message_id": message.message_id,
                "content_type": message.content_type,
                "headers": message.headers,
                "body": message.body,
            }
            for message in outgoing
        ],
    )
