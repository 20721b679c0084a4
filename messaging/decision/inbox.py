"""The inbox: which messages were heard, and what was replied to them.

Source: the wire contract's section 2, "Idempotency".
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import orjson
from sqlalchemy import Text, Uuid, and_, bindparam, column, func, insert, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from messaging.database.tables import inbox

MessageKey = tuple[str, UUID]

_asked = (
    func.unnest(bindparam("orgs", type_=ARRAY(Text)), bindparam("ids", type_=ARRAY(Uuid)))
    .table_valued(column("org_id", Text), column("message_id", Uuid), name="asked")
    .render_derived()
)
_FIND = select(inbox).join(
    _asked, and_(inbox.c.org_id == _asked.c.org_id, inbox.c.message_id == _asked.c.message_id)
)


@dataclass(frozen=True, slots=True)
class StoredReply:
    """What was replied to a message. `reply` is the body; None once that was too old to keep."""

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
    session: AsyncSession, keys: Iterable[MessageKey]
) -> dict[MessageKey, StoredReply]:
    """The stored replies to these messages, in one statement."""
    wanted = sorted(set(keys))
    if not wanted:
        return {}
    rows = await session.execute(
        _FIND, {"orgs": [org for org, _ in wanted], "ids": [mid for _, mid in wanted]}
    )
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
                "body_hash": reply.body_hash,
                "status": reply.status,
                "resource_id": reply.resource_id,
                "reply": reply.reply,
                "received_at": received_at,
            }
            for (org_id, message_id), reply in sorted(replies.items(), key=lambda item: item[0])
        ],
    )
