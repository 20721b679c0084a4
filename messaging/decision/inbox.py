"""The inbox: which messages were heard, and their replies.

Source: docs/contract/wire.md#idempotency.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import orjson
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from messaging.database.lookups import keys, rows_by_keys
from messaging.database.tables import inbox

MessageKey = tuple[str, UUID]

_FIND = rows_by_keys(select(inbox), (inbox.c.org_id, inbox.c.message_id))


@dataclass(frozen=True, slots=True)
class StoredReply:
    """The reply to a message. `reply` is its body; None once that was too old to keep."""

    body_hash: bytes
    status: int
    resource_id: UUID | None
    reply: bytes | None

    def body(self) -> bytes:
        """The reply's body: the first one, or what is left of it."""
        if self.reply is not None:
            return self.reply
        data = None if self.resource_id is None else {"id": str(self.resource_id)}
        return orjson.dumps({"status": self.status, "data": data})


async def find_replies(
    session: AsyncSession, messages: Iterable[MessageKey]
) -> dict[MessageKey, StoredReply]:
    """The stored replies to these messages, in one statement."""
    wanted = sorted(set(messages))
    if not wanted:
        return {}
    rows = await session.execute(_FIND, keys(wanted))
    return {
        (row.org_id, row.message_id): StoredReply(
            row.body_hash, row.status, row.resource_id, row.reply
        )
        for row in rows
    }


async def store_replies(
    session: AsyncSession, replies: dict[MessageKey, StoredReply], received_at: datetime
) -> None:
    """Write the replies, sorted: two replicas that insert the same ones must meet in one order."""
    if not replies:
        return
    await session.execute(
        insert(inbox),
        [
            {
                "org_id": org_id,
                "message_id": message_id,
                "body_hash": stored.body_hash,
                "status": stored.status,
                "resource_id": stored.resource_id,
                "reply": stored.reply,
                "received_at": received_at,
            }
            for (org_id, message_id), stored in sorted(replies.items(), key=lambda item: item[0])
        ],
    )
