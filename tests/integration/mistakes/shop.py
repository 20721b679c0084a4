"""An org for each mistake: what it holds comes from the shipped examples of operations."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import uuid4

import orjson
from aiormq import spec

from contracts.catalogue import OPERATIONS
from contracts.documents.examples import EXAMPLES, Another, needed
from messaging.replies.client import Client, Reply
from tests.support.broker.raw_messages import Wire
from tests.support.services.command_line import handoff
from tests.support.services.referrals import new_org_id
from tests.support.waiting import until

LEFT_OUT = object()
Change = Mapping[str, Any]


def shown(answered: Reply, note: str = "") -> str:
    """An answer as the page shows it."""
    problem = answered.problem
    if problem is None:
        return f"{answered.status}{': ' if note else ''}{note}"
    version = problem.get("current_version")
    told = "" if version is None else f" (`current_version` {version})"
    return f"{answered.status} `{problem['code']}`: {problem['detail']}{told}"


@dataclass
class Shop:
    """Both services, of whose events nobody is told, and an org in which nothing happened yet.

    `variables`: the settings by which the command line finds them.
    """

    client: Client
    wire: Wire
    rabbitmq_url: str
    variables: Mapping[str, str]
    org_id: str = field(default_factory=new_org_id)

    def another(self) -> "Shop":
        """The same services, and an org that nobody used."""
        return replace(self, org_id=new_org_id())

    async def handoff(self, *arguments: str) -> str:
        """What a command says that works with these services."""
        ended = await asyncio.to_thread(handoff, *arguments, **self.variables)
        assert ended.exit_code == 0, ended.output
        return ended.stdout

    def body(self, operation: str, change: Change | None = None) -> dict[str, Any]:
        """The operation's example in this org, with what is changed in it."""
        whole = {"org_id": self.org_id, **EXAMPLES[operation].body, **(change or {})}
        return {name: value for name, value in whole.items() if value is not LEFT_OUT}

    async def ask(self, operation: str, change: Change | None = None, **properties: Any) -> Reply:
        """Send an operation where it belongs, and await the answer."""
        exchange = OPERATIONS[operation].exchange
        body = self.body(operation, change)
        return await self.client.call(exchange, operation, body, **properties)

    async def done(self, operation: str, change: Change | None = None) -> Any:
        """What is answered to an operation that is no mistake."""
        answered = await self.ask(operation, change)
        assert answered.problem is None, answered
        return answered.data

    async def hold(self, needs: Sequence[str | Another], **changes: Change) -> None:
        """Have the org hold what these operations make; `changes`: by resource."""
        for need in map(needed, needs):
            change = changes.get(need.operation.partition(".")[0])
            await self.done(need.operation, {**need.body, **(change or {})})

    async def say(
        self,
        body: bytes,
        operation: str = "referral_partner.create",
        *,
        exchange: str = "referrals.commands",
        **properties: Any,
    ) -> tuple[spec.Basic.Properties, Reply]:
        """Publish anything at all; the reply's properties, and what it says."""
        given = {
            "content_type": "application/json",
            "message_id": str(uuid4()),
            "correlation_id": "7",
            "reply_to": self.wire.reply_queue,
            **properties,
        }
        await self.wire.publish(body, operation, exchange=exchange, **given)
        reply = await self.wire.reply()
        said = orjson.loads(reply.body)
        answered = Reply(said["status"], said.get("data"), said.get("problem"))
        return reply.header.properties, answered

    async def sent(self) -> dict[str, Any]:
        """A referral of this org whose partner waits to be called, as it is by then."""

        async def awaits_call() -> bool:
            referral = await self.done("referral.get")
            return bool(referral["dispatch_status"] == "awaiting_call")

        await self.hold([*EXAMPLES["referral.send"].needs, "referral.send"])
        await until(awaits_call, 20)
        referral: dict[str, Any] = await self.done("referral.get")
        return referral


def check(holds: Callable[[Any], bool] | None, answered: Reply) -> None:
    """What the page's words say of an answer holds of its data."""
    assert (holds is None) == (answered.problem is not None or answered.data is None), answered
    if holds is not None:
        assert holds(answered.data), answered
