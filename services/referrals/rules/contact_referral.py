"""The rules of contact referrals: who may refer whom, what a change is based on, when it was made.

Source: docs/contract/wire.md#contact-referrals.
"""

from datetime import datetime, timedelta
from uuid import UUID

from contracts.problems import FieldError, ProblemCode, Refusal, invalid

ONE_SECOND = timedelta(seconds=1)


def check_pair(referred_by: UUID, referred_to: UUID) -> None:
    """Nobody refers themselves. Raises Refusal `validation_error`."""
    if referred_by == referred_to:
        raise invalid(
            [
                FieldError(
                    loc=["referred_to_uuid"],
                    type="own_referrer",
                    msg="A contact cannot refer itself",
                )
            ]
        )


def check_base(
    *,
    updated_in_db_at: datetime | None,
    base_version: int | None,
    held_at: datetime,
    version: int,
) -> None:
    """Whoever changes it has seen it as it is held: by its time, its version, or by both.

    Raises Refusal `version_conflict`.
    """
    is_said = updated_in_db_at is not None or base_version is not None
    if is_said and updated_in_db_at in (None, held_at) and base_version in (None, version):
        return
    detail = (
        "It was changed since it was read; read it again and decide anew."
        if is_said
        else "Say what the change is based on, with updated_in_db_at as it was read."
    )
    raise Refusal(ProblemCode.VERSION_CONFLICT, detail, current_version=version)


def whole_second(at: datetime) -> datetime:
    """The second that has begun."""
    return at.replace(microsecond=0)


def next_change(held_at: datetime, now: datetime) -> datetime:
    """When a change is said to be made: now in whole seconds, and a second later than the last.

    So two states never share their time, and comparing whole seconds is exact. Of many changes in
    one second the last are ahead of the clock.
    """
    return max(whole_second(now), held_at + ONE_SECOND)
