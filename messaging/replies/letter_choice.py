"""Choosing among dead letters, and grouping them by what they asked for and why they lie there."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from messaging.replies.dead_letter import Summary
from messaging.replies.letter_box import letter_box
from messaging.wire.connection import connection
from messaging.wire.topology import ConsumedQueue

UNKNOWN = "-"
"""What stands for an operation or a cause that a letter does not say."""
_WAIT_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Choice:
    """Which letters are meant: those to which all that is set applies.

    `cause` is a problem's code, or the broker's reason. `since` and `until` are times that know
    their zone; a letter that does not say when it was parked is not within them.
    """

    message_id: str | None = None
    number: int | None = None
    operation: str | None = None
    cause: str | None = None
    client: str | None = None
    org_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    def __call__(self, letter: Summary) -> bool:
        """Whether it is one of them."""
        wanted = (
            (self.number, letter.position),
            (self.operation, letter.operation or UNKNOWN),
            (self.cause, letter.problem_code or UNKNOWN),
            (self.client, letter.user_id or UNKNOWN),
            (self.org_id, letter.org_id or UNKNOWN),
        )
        return (
            all(asked is None or asked == held for asked, held in wanted)
            and (self.message_id is None or _same_id(self.message_id, letter.message_id))
            and self._is_in_time(letter.failed_at)
        )

    def _is_in_time(self, failed_at: str | None) -> bool:
        if self.since is None and self.until is None:
            return True
        at = read_time(failed_at)
        if at is None:
            return False
        return (self.since is None or at >= self.since) and (self.until is None or at < self.until)


@dataclass(frozen=True, slots=True)
class Group:
    """Letters that asked for the same and were parked for the same cause. Times are as parked.

    `example` is the number of one of them.
    """

    operation: str
    cause: str
    count: int
    oldest: str | None
    newest: str | None
    example: int


def by_cause(letters: Iterable[Summary]) -> list[Group]:
    """The groups, the largest first. The letters come oldest first."""
    found: dict[tuple[str, str], list[Summary]] = {}
    for letter in letters:
        key = (letter.operation or UNKNOWN, letter.problem_code or UNKNOWN)
        found.setdefault(key, []).append(letter)
    groups = [
        Group(*key, len(of), of[0].failed_at, of[-1].failed_at, of[0].position)
        for key, of in found.items()
    ]
    return sorted(groups, key=lambda group: (-group.count, group.operation, group.cause))


async def dead_letters_by_cause(url: str, queue: ConsumedQueue) -> list[Group]:
    """The groups of a queue's dead letters now. The user of `url` must be allowed to read them.

    Operation and cause may be a client's own text, and are to be shown as such. Raises what
    `letter_box` does, after 5 s where somebody else has them open, and one of BROKER_ERRORS.
    """
    async with (
        connection(url, "handoff.dead_letters") as opened,
        letter_box(opened, queue, wait_seconds=_WAIT_SECONDS) as box,
    ):
        return by_cause(await box.summaries())


def read_time(text: str | None) -> datetime | None:
    """A time with its zone; None where the text is none."""
    try:
        at = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return at if at.tzinfo is not None else None


def _same_id(asked: str, held: str | None) -> bool:
    """A UUID is the same in upper case."""
    return held is not None and asked.lower() == held.lower()
