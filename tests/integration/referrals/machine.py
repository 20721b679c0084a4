"""Driving the real service step by step beside a plain model of what must be so."""

import asyncio
from collections.abc import Coroutine
from typing import Any, ClassVar, TypeVar
from uuid import UUID, uuid4

from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

from messaging.replies.client import Reply
from tests.integration.referrals.marketing import Marketing, marketing
from tests.support.services.referrals import Referrals

# 16 runs of at most 25 steps: a few seconds, on a busy machine some times that.
EXAMPLES = 16
STEPS = 25

ResultT = TypeVar("ResultT")
Request = tuple[str, dict[str, Any], UUID]


class OrgMachine(RuleBasedStateMachine):
    """An org of each run's own, and what it was answered by message id."""

    referrals: ClassVar[Referrals]
    loop: ClassVar[asyncio.AbstractEventLoop]

    def __init__(self) -> None:
        super().__init__()
        self.org: Marketing = marketing(self.referrals)
        self.answers: dict[UUID, Reply] = {}

    def wait(self, coroutine: Coroutine[Any, Any, ResultT]) -> ResultT:
        """Hypothesis is synchronous and has a thread of its own; the client lives in the loop."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result()

    def ask(self, operation: str, **fields: Any) -> tuple[Reply, Request]:
        """A command under a message id of its own, and what to send to repeat it."""
        message_id = uuid4()
        answered = self.wait(self.org.ask(operation, message_id=message_id, **fields))
        self.answers[message_id] = answered
        return answered, (operation, fields, message_id)

    def repeat(self, request: Request) -> None:
        """The same message again has no effect and the same answer."""
        operation, fields, message_id = request
        again = self.wait(self.org.ask(operation, message_id=message_id, **fields))
        assert again == self.answers[message_id]


async def drive(machine: type[OrgMachine], referrals: Referrals) -> None:
    """Run it against the service. Raises what a step found to be otherwise."""
    machine.referrals = referrals
    machine.loop = asyncio.get_running_loop()
    await asyncio.to_thread(
        run_state_machine_as_test,
        machine,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
