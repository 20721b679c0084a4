"""The ledger: all books, and beside them what the databases and the queues hold in the end."""

from dataclasses import dataclass, field

from tests.faults.parties.books import Answered, Asked, Received, Told

REFERRALS = "/referrals"
DISPATCH = "/ereferral_dispatch"


@dataclass(frozen=True, slots=True)
class HeldVersion:
    """The version of one row, under the source and subject that its events carry."""

    source: str
    subject: str
    version: int


@dataclass(frozen=True, slots=True)
class HeldEffect:
    """What referrals' database holds of one command.

    `status`: the inbox's, None where the inbox does not know it. `effects`: entries of the audit
    trail, which is written in the transaction of the effect.
    """

    message_id: str
    status: int | None
    effects: int


@dataclass(frozen=True, slots=True)
class HeldReferral:
    """What referrals knows of a referral that was sent."""

    id: str
    ereferral_id: str
    dispatch_status: str | None
    dispatch_version: int

    @property
    def reference(self) -> str:
        """What the partner is told to name it by: the id's last twelve digits."""
        return self.id[-12:]


@dataclass(frozen=True, slots=True)
class HeldEreferral:
    """What dispatch knows of an e-referral."""

    id: str
    referral_id: str
    status: str
    version: int
    possible_repeat: bool

    @property
    def reference(self) -> str:
        """What the partner is told to name it by: the referral id's last twelve digits."""
        return self.referral_id[-12:]


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A parked message. `reason`: our problem code, or the broker's own word for it."""

    queue: str
    reason: str | None


@dataclass(frozen=True)
class Ledger:
    """One round of the rig, ready to be judged.

    `queues`: messages by queue, those that a consumer holds included; `outboxes`: rows by service.
    `recovery_seconds`: from the end of the last fault until everything was quiet; None where it
    never was in time, and `unsettled` says why.
    """

    asked: list[Asked] = field(default_factory=list)
    answered: list[Answered] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
    received: list[Received] = field(default_factory=list)
    versions: list[HeldVersion] = field(default_factory=list)
    effects: list[HeldEffect] = field(default_factory=list)
    referrals: list[HeldReferral] = field(default_factory=list)
    ereferrals: list[HeldEreferral] = field(default_factory=list)
    queues: dict[str, int] = field(default_factory=dict)
    outboxes: dict[str, int] = field(default_factory=dict)
    dead_letters: list[DeadLetter] = field(default_factory=list)
    recovery_seconds: float | None = None
    unsettled: str | None = None
