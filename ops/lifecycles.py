"""The lifecycles of a referral and of an e-referral, found by asking the rules.

Each begins in its first state and lets everything happen to it that can happen; from where the
rules lead, the search goes on until nothing new is found. Only what SQL does is said here by hand:
which e-referrals are claimed, held and let go (`delivery.claiming`, `delivery.lane_holds`).
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import assert_never
from uuid import UUID

from contracts.ereferral import EreferralCancel, FailureCode
from contracts.ereferral_staff import (
    CallOutcome,
    EreferralCompleteCall,
    EreferralResolve,
    EreferralRetry,
    Resolution,
)
from contracts.problems import Refusal
from contracts.referral import EreferralStatus, FulfilmentStatus, ReferralStatus, Response
from contracts.referral_partner import ContactMethod, ContactType, ReferralPartner
from letters.letter import Message
from messaging.handlers.workspace import Rows, Workspace
from services.ereferral_dispatch.delivery import transitions
from services.ereferral_dispatch.handlers import cancel, staff
from services.ereferral_dispatch.home import PUBLISHING
from services.ereferral_dispatch.models import Ereferral
from services.ereferral_dispatch.rules.cancelling import CancelStep, cancel_step
from services.ereferral_dispatch.rules.outcome_codes import HttpCode, SmtpCode
from services.ereferral_dispatch.rules.outcomes import (
    CallRequested,
    Delivered,
    Outcome,
    OutcomeUnknown,
    PermanentFailure,
    RelayUnusable,
    Sent,
    TransientFailure,
    may_have_been_received,
)
from services.ereferral_dispatch.rules.routing import (
    AskPerson,
    AwaitCall,
    ContactPoint,
    CouldNotTell,
    Finish,
    GiveUp,
    NextChannel,
    Retry,
    Standing,
    Step,
    next_step,
)
from services.referrals.rules.referral import (
    Effect,
    check_can_be_cancelled,
    check_can_be_sent,
    fulfilment_after_cancel,
    response_effect,
    status_after,
)

_ADDRESS = "+12025550123"
"""Of every channel: the phone's has to be one that can be dialled."""
ORG, ID = "org", UUID("01930000-0000-7000-8000-000000000001")
NOW = datetime(2026, 1, 1, tzinfo=UTC)
_SCHEDULE_SECONDS = (5.0,)
"""One retry and then the next channel: more of them would show the same."""


@dataclass(frozen=True, slots=True)
class Transition:
    """What happens (`by`, of the kind `group`), from which state, and to which."""

    group: str
    by: str
    before: str
    after: str


# ---- a referral ----------------------------------------------------------------------------------

_PARTNER = ReferralPartner(
    id=ID,
    version=1,
    created_at=NOW,
    updated_at=NOW,
    contact_type=ContactType.PROVIDER,
    email="partner@example.com",
    is_active=True,
    accepts_ereferral=True,
)


@dataclass(frozen=True, slots=True)
class Standpoint:
    """Where a referral stands."""

    status: ReferralStatus
    fulfilment: FulfilmentStatus | None

    def __str__(self) -> str:
        return f"{self.status} · {self.fulfilment or 'null'}"


def referral_lifecycle() -> list[Transition]:
    """Every transition of a referral, from its draft on."""
    found: dict[Transition, None] = {}
    seen: set[Standpoint] = set()
    waiting = [Standpoint(ReferralStatus.DRAFT, None)]
    while waiting:
        here = waiting.pop(0)
        if here in seen:
            continue
        seen.add(here)
        for group, by, after in _referral_moves(here):
            found[Transition(group, by, str(here), str(after))] = None
            waiting.append(after)
    return list(found)


def _referral_moves(here: Standpoint) -> Iterator[tuple[str, str, Standpoint]]:
    with suppress(Refusal):
        check_can_be_sent(here.status, _PARTNER)
        yield "the practice", "send", Standpoint(ReferralStatus.ACTIVE, FulfilmentStatus.REQUESTED)
    with suppress(Refusal):
        check_can_be_cancelled(here.status)
        after = Standpoint(ReferralStatus.REVOKED, fulfilment_after_cancel(here.fulfilment))
        yield "the practice", "cancel", after
    for response in Response:
        if response_effect(here.status, here.fulfilment, response) is Effect.MOVES:
            after = Standpoint(status_after(response), FulfilmentStatus(response.value))
            yield "the partner answers", response.value, after


# ---- an e-referral -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Progress:
    """All of an e-referral that decides what may happen to it next."""

    status: EreferralStatus
    plan: tuple[ContactMethod, ...]
    position: int = 0
    tries: int = 0
    received: tuple[int, ...] = ()
    told: tuple[int, ...] = ()
    not_told: tuple[int, ...] = ()
    message: Message = Message.REFERRAL
    cancel_waits: bool = False
    """A cancel came during the attempt: its outcome decides, by the same rules as a cancel then."""
    purged: bool = False
    """Its package is not kept any more."""

    def row(self) -> Ereferral:
        """It as a row, which the service's own functions move."""
        return Ereferral(
            org_id=ORG,
            id=ID,
            referral_id=ID,
            patient_id=ID,
            referral_partner_id=ID,
            status=self.status,
            plan=[ContactPoint(channel, _ADDRESS) for channel in self.plan],
            position=self.position,
            tries=self.tries,
            received=list(self.received),
            told=list(self.told),
            not_told=list(self.not_told),
            message=self.message,
            attempts_made=0,
            responses_taken=0,
            possible_repeat=False,
            forced=False,
            purged_at=NOW if self.purged else None,
            version=1,
            created_at=NOW,
            updated_at=NOW,
        )

    def after(self, row: Ereferral) -> "Progress":
        """Where the row has come to."""
        return Progress(
            status=EreferralStatus(row.status),
            plan=tuple(point.channel for point in row.plan),
            position=row.position,
            tries=row.tries,
            received=tuple(row.received),
            told=tuple(row.told),
            not_told=tuple(row.not_told),
            message=Message(row.message),
            cancel_waits=row.cancel_requested_at is not None
            and row.status == EreferralStatus.IN_PROGRESS,
            purged=row.purged_at is not None,
        )


_PLANS = (
    (ContactMethod.PORTAL, ContactMethod.EMAIL, ContactMethod.PHONE),
    (ContactMethod.FAX, ContactMethod.EMAIL),
    (ContactMethod.PHONE, ContactMethod.EMAIL),
)
_FAILURES: tuple[Outcome, ...] = (
    TransientFailure(FailureCode.CONNECT_REFUSED),
    TransientFailure(FailureCode.WORKER_LOST),
    TransientFailure(FailureCode.FAX_FAILED, may_have_been_received=True),
    PermanentFailure(FailureCode.ADDRESS_BLOCKED),
    PermanentFailure(FailureCode.FAX_FAILED, may_have_been_received=True),
    OutcomeUnknown(FailureCode.TIMED_OUT),
)
_BY_MAIL: tuple[Outcome, ...] = (
    Sent(SmtpCode(250)),
    RelayUnusable(SmtpCode(535)),
    *_FAILURES,
)
_OUTCOMES: dict[ContactMethod, tuple[Outcome, ...]] = {
    ContactMethod.PORTAL: (Delivered(HttpCode(200)), *_FAILURES),
    ContactMethod.EMAIL: _BY_MAIL,
    ContactMethod.FAX: _BY_MAIL,
    ContactMethod.PHONE: (CallRequested("script", b"letter"),),
}
_ATTEMPT, _LANE, _PERSON, _CANCEL, _TELLING = (
    "attempts",
    "lanes",
    "people",
    "cancel",
    "telling of a cancel",
)
GROUPS = ("the practice", "the partner answers", _ATTEMPT, _LANE, _PERSON, _CANCEL, _TELLING)
"""Kinds of things that happen, in the order in which they are shown."""
_TOLD = {
    EreferralStatus.CANCELLED: "told, all of them",
    EreferralStatus.QUEUED: "told, the next one",
}
_NOT_TOLD = {
    EreferralStatus.QUEUED: "not told: another way",
    EreferralStatus.FAILED: "not told: no way left",
}
_CANCELLED = {
    CancelStep.CANCEL_NOW: "nothing has left",
    CancelStep.TELL_PARTNER: "the partner is told",
    CancelStep.DECIDE_AT_OUTCOME: "the outcome decides",
}


def ereferral_lifecycle() -> list[Transition]:
    """Every transition of an e-referral, from `queued` on."""
    found: dict[Transition, None] = {}
    seen: set[Progress] = set()
    waiting = [Progress(EreferralStatus.QUEUED, plan) for plan in _PLANS]
    while waiting:
        here = waiting.pop(0)
        if here in seen:
            continue
        seen.add(here)
        if here.status in transitions.FINAL:
            waiting.append(replace(here, purged=True))
        for group, by, after in _ereferral_moves(here):
            found[Transition(group, by, here.status.value, after.status.value)] = None
            if not after.cancel_waits:
                waiting.append(after)
    return list(found)


def _ereferral_moves(here: Progress) -> Iterator[tuple[str, str, Progress]]:
    waits = (EreferralStatus.QUEUED, EreferralStatus.RETRY_SCHEDULED)
    if here.status in (*waits, EreferralStatus.HELD):
        yield _ATTEMPT, "begins", replace(here, status=EreferralStatus.IN_PROGRESS)
    if here.status in waits:
        yield _LANE, "held", _moved(here, transitions.hold)
    if here.status is EreferralStatus.HELD:
        yield _LANE, "let go", _moved(here, _queue_again)
    if here.status is EreferralStatus.IN_PROGRESS:
        yield from _attempt_moves(here)
    yield from _people_moves(here)


def _attempt_moves(here: Progress) -> Iterator[tuple[str, str, Progress]]:
    for outcome in _OUTCOMES[here.plan[here.position]]:
        row, workspace = here.row(), _workspace()
        standing = Standing(
            channel=here.plan[here.position],
            tries=here.tries,
            channels_left=len(here.plan) - here.position - 1,
            maybe_received=bool(here.received),
            cancelling=here.message is Message.CANCELLATION,
        )
        step = next_step(standing, outcome, _SCHEDULE_SECONDS, chance=0.5)
        if here.message is Message.REFERRAL and may_have_been_received(outcome):
            transitions.note_receipt(row)
        transitions.follow(row, step, outcome, workspace)
        after = here.after(row)
        if here.message is Message.CANCELLATION and isinstance(step, Finish | CouldNotTell):
            words = _TOLD if isinstance(step, Finish) else _NOT_TOLD
            yield _TELLING, words[after.status], after
            continue
        yield _ATTEMPT, _words(step, outcome), after
        if isinstance(step, Retry):
            yield _ATTEMPT, f"{_words(step, outcome)}, held", _moved(here, transitions.hold)


def _words(step: Step, outcome: Outcome) -> str:
    match step:
        case Finish():
            return "sent" if isinstance(outcome, Sent) else "delivered"
        case Retry():
            return "may work later"
        case NextChannel():
            return "next channel"
        case AskPerson():
            return "nobody knows"
        case AwaitCall():
            return "by phone"
        case CouldNotTell():
            raise TypeError("only a cancellation is told of")
        case GiveUp():
            return "no channel left"
    assert_never(step)


def _people_moves(here: Progress) -> Iterator[tuple[str, str, Progress]]:
    telling = here.message is Message.CANCELLATION
    names = {"org_id": ORG, "ereferral_uuid": ID, "base_version": 1}
    with suppress(Refusal):
        row, workspace = here.row(), _workspace()
        staff.retry(EreferralRetry.model_validate(names), _holding(workspace, row))
        yield _PERSON, "retry", here.after(row)
    for call in CallOutcome:
        with suppress(Refusal):
            row, workspace = here.row(), _workspace()
            completed = EreferralCompleteCall.model_validate({**names, "outcome": call.value})
            staff.complete_call(completed, _holding(workspace, row))
            after = here.after(row)
            if telling and call is not CallOutcome.NO_ANSWER:
                told = _TOLD if call is CallOutcome.REACHED else _NOT_TOLD
                yield _TELLING, told[after.status], after
            else:
                yield _PERSON, f"call: {call.value}", after
    for resolution in Resolution:
        with suppress(Refusal):
            row, workspace = here.row(), _workspace()
            resolved = EreferralResolve.model_validate({**names, "outcome": resolution.value})
            staff.resolve(resolved, _holding(workspace, row))
            yield _PERSON, f"resolve: {resolution.value}", here.after(row)
    row, workspace = here.row(), _workspace()
    asked = EreferralCancel(org_id=ORG, ereferral_uuid=ID, reason="-")
    cancel.cancel(asked, _holding(workspace, row))
    if row.cancel_requested_at is not None:
        step = cancel_step(here.status, here.message, maybe_received=bool(here.received))
        words = _CANCELLED[step]
        if step is CancelStep.TELL_PARTNER and here.purged:
            words = "… by a person: it is purged"
        yield _CANCEL, words, here.after(row)


def _workspace() -> Workspace:
    """A workspace in which nothing else is there."""
    rows = Rows(found=defaultdict(lambda: None), lists=defaultdict(list))
    return Workspace(rows, PUBLISHING, org_id=ORG, now=NOW)


def _holding(workspace: Workspace, row: Ereferral) -> Workspace:
    workspace.add(Ereferral, ID, row=row)
    return workspace


def _moved(here: Progress, move: Callable[[Ereferral, Workspace], None]) -> Progress:
    row = here.row()
    move(row, _workspace())
    return here.after(row)


def _queue_again(row: Ereferral, workspace: Workspace) -> None:
    transitions.queue(row, row.position, workspace)


def states(found: Iterable[Transition]) -> list[str]:
    """Every state that the transitions name, in the order in which they are met."""
    return list(dict.fromkeys(state for one in found for state in (one.before, one.after)))
