"""The commit of an attempt before the first byte of its body: from then on something may leave.

Its statements are built once: an attempt waits for them with its connection open.
"""

from typing import Any

from sqlalchemy import (
    Boolean,
    LargeBinary,
    Text,
    bindparam,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncEngine

from letters.letter import Message
from services.ereferral_dispatch.delivery.claiming import Claimed
from services.ereferral_dispatch.models import Attempt, Composed, Ereferral
from services.ereferral_dispatch.senders.base import AttemptWithdrawn

_PASS = (
    update(Attempt)
    .where(
        Attempt.org_id == bindparam("for_org"),
        Attempt.ereferral_id == bindparam("ereferral"),
        Attempt.number == bindparam("attempt"),
        Attempt.token == bindparam("held_token"),
        Attempt.finished_at.is_(None),
        Attempt.sending_at.is_(None),
        Attempt.lease_until > func.now(),
        select(Ereferral.id)
        .where(
            Ereferral.org_id == Attempt.org_id,
            Ereferral.id == Attempt.ereferral_id,
            Ereferral.cancel_requested_at.is_(None) | (Ereferral.message == Message.CANCELLATION),
        )
        .exists(),
    )
    .values(sending_at=func.now())
)
_passed = _PASS.returning(Attempt.org_id, Attempt.ereferral_id).cte("passed")
_PASS_AND_KEEP = insert(Composed).from_select(
    ["org_id", "ereferral_id", "channel", "message", "possible_repeat", "content"],
    select(
        _passed.c.org_id,
        _passed.c.ereferral_id,
        bindparam("by_channel", type_=Text()),
        bindparam("its_message", type_=Text()),
        bindparam("declared_repeat", type_=Boolean()),
        bindparam("what_was_composed", type_=LargeBinary()),
    ),
)


async def pass_point_of_no_return(engine: AsyncEngine, claimed: Claimed, content: bytes) -> None:
    """From now on something may leave. Keeps what was composed, for every retry to send.

    Raises AttemptWithdrawn where the attempt is over or cancelled, or its lease has ended.
    """
    holder: dict[str, Any] = {
        "for_org": claimed.org_id,
        "ereferral": claimed.ereferral_id,
        "attempt": claimed.number,
        "held_token": claimed.token,
    }
    kept = {
        "by_channel": claimed.channel,
        "its_message": claimed.message,
        "declared_repeat": claimed.possible_repeat,
        "what_was_composed": content,
    }
    # In a transaction, though it is one statement: what waits for a lock when its worker is lost
    # must not take effect after all.
    async with engine.begin() as connection:
        passed = await (
            connection.execute(_PASS_AND_KEEP, {**holder, **kept})
            if claimed.content is None
            else connection.execute(_PASS, holder)
        )
        if passed.rowcount != 1:
            raise AttemptWithdrawn
