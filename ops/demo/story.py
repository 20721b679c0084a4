"""The story of the demo, as a client of the two services lives it: commands, then events."""

import asyncio
import base64
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

import aiohttp
import orjson
from aiormq.abc import DeliveredMessage
from uuid_utils.compat import uuid7

from contracts import ereferral as e
from contracts.catalogue import OPERATIONS
from contracts.ereferral_staff import CallOutcome
from contracts.referral import REFERRAL_DISPATCH_CHANGED, EreferralStatus
from contracts.referral_partner import ContactMethod, ContactType
from messaging.replies.client import Client, listen, open_client
from messaging.wire.connection import user_of
from ops.demo.portal import PortalPartner, letter_in
from ops.demo.sample import NOTES, ORG_ID, PRACTICE, PROVIDER_NAME, SCENES
from ops.demo.showing import Progress, Show
from ops.demo.stage import Stage
from ops.environment import CannotGoOn

ENDS_WITHIN_SECONDS = 90.0
REPLY_WITHIN_SECONDS = 10.0
CALL_SECONDS = 1.5  # how long the demo's member of staff is on the phone
HEARD = {"ereferral_dispatch.events": "ereferral.#", "referrals.events": "referral.#"}


class Storyteller:
    """Sends the demo's referrals and follows them. `rows` is where each stands."""

    def __init__(self, stage: Stage, client: Client, show: Show) -> None:
        self._stage = stage
        self._client = client
        self._show = show
        self._provider_uuid = uuid7()
        self._portals: dict[str, PortalPartner] = {}
        self._calls: dict[str, bytes] = {}
        self._staff = asyncio.TaskGroup()
        self.rows = [Progress(scene, uuid7(), uuid7(), uuid7()) for scene in SCENES]

    async def set_up(self) -> None:
        """Put the practice, its provider, the patients and the partners."""
        await self._do("practice.put", **PRACTICE, observed_at=_now())
        await self._do(
            "provider.put",
            provider_uuid=self._provider_uuid,
            name=PROVIDER_NAME,
            observed_at=_now(),
        )
        for row in self.rows:
            await self._do(
                "patient.put",
                patient_uuid=row.patient_uuid,
                name=row.scene.patient,
                date_of_birth=row.scene.date_of_birth,
                observed_at=_now(),
            )
            await self._do("referral_partner.create", **self._partner(row))
            self._show.say(f"  {row.scene.partner['practice_name']:18} {row.scene.way}")

    async def send(self) -> None:
        """Create each referral and send it."""
        for row in self.rows:
            await self._do(
                "referral.create",
                id=row.referral_uuid,
                patient_uuid=row.patient_uuid,
                referral_partner_uuid=row.partner_uuid,
                referring_provider_uuid=self._provider_uuid,
                notes=NOTES,
                **row.scene.referral,
            )
            row.began_at = time.monotonic()
            if row is self.rows[0]:
                said = await self._send_by_http(row)
            else:
                await self._do("referral.send", referral_uuid=row.referral_uuid, base_version=1)
                said = "referral.send was answered 202"
            if row.status is None:
                row.last = said
                self._show.told(row)

    async def _send_by_http(self, row: Progress) -> str:
        """Send a referral as a program does that speaks no AMQP; what was said of it.

        Raises CannotGoOn where it is refused.
        """
        url = f"{self._stage.edge_url}/referrals/{row.referral_uuid}/send?base_version=1"
        headers = {"Authorization": f"Bearer {self._stage.token}"}
        async with (
            aiohttp.ClientSession() as session,
            session.post(url, headers=headers) as answer,
        ):
            if answer.status != HTTPStatus.ACCEPTED:
                raise CannotGoOn(f"POST …/send was answered {answer.status}")
        return "POST …/send was answered 202 by the edge"

    async def follow(self, heard: "asyncio.Queue[DeliveredMessage]") -> None:
        """Take in events until every referral is where the story ends, or time is up."""
        with suppress(TimeoutError):
            async with asyncio.timeout(ENDS_WITHIN_SECONDS), asyncio.TaskGroup() as self._staff:
                while not all(_ended(row) for row in self.rows):
                    message = await heard.get()
                    await self._hear(orjson.loads(message.body))

    async def judge(self) -> None:
        """Compare with what the story promises; what is otherwise becomes a row's `faults`."""
        for row in self.rows:
            await self._judge_ereferral(row)
            referral = await self._do("referral.get", referral_uuid=row.referral_uuid)
            if referral["dispatch_status"] != row.scene.ends:
                row.faults.append(f"referrals shows {referral['dispatch_status']}")
            received = self._received(row)
            if len(received) != 1:
                row.faults.append(f"the partner was given it {len(received)} times")
            if not received or received[0] is None:
                row.faults.append("the partner has no letter")
            else:
                path = self._stage.folder / f"letter-{row.scene.slug}.pdf"
                path.write_bytes(received[0])
                row.letter = str(path)

    async def _judge_ereferral(self, row: Progress) -> None:
        if row.status is not row.scene.ends:
            row.faults.append(f"stands at {row.status}, and should at {row.scene.ends}")
        if row.ereferral_uuid is None:
            return
        ereferral = await self._do("ereferral.get", ereferral_uuid=row.ereferral_uuid)
        outcomes = tuple(attempt["outcome"] for attempt in ereferral["attempts"])
        row.attempts = len(outcomes)
        if outcomes != row.scene.outcomes:
            row.faults.append(f"its attempts ended {', '.join(map(str, outcomes))}")

    async def _do(self, operation: str, **fields: Any) -> Any:
        """Send a command or query of the demo's org. Raises CannotGoOn where it is refused."""
        known = OPERATIONS[operation]
        answered = await self._client.call(
            known.exchange,
            operation,
            orjson.dumps({"org_id": ORG_ID, **fields}),
            user_id=user_of(self._stage.rabbitmq_url),
            timeout_seconds=REPLY_WITHIN_SECONDS,
        )
        if answered.problem is not None:
            problem = answered.problem
            raise CannotGoOn(f"{operation} was refused: {problem['code']}: {problem['detail']}")
        return answered.data

    async def _hear(self, event: dict[str, Any]) -> None:
        data = event["data"]
        if event["type"] == REFERRAL_DISPATCH_CHANGED.name:
            for row in self.rows:
                if event["subject"] == str(row.referral_uuid):
                    row.known_to_referrals = EreferralStatus(data["dispatch_status"])
        elif event["type"] in _WORDS:
            for row in self.rows:
                if data["referral_uuid"] == str(row.referral_uuid):
                    await self._move(row, event)

    async def _move(self, row: Progress, event: dict[str, Any]) -> None:
        kind, data = event["type"], event["data"]
        row.ereferral_uuid = event["subject"]
        if kind == e.EREFERRAL_ATTEMPT_FAILED.name:
            row.attempts += 1
            detail = await self._do("ereferral.get", ereferral_uuid=row.ereferral_uuid)
            attempt = detail["attempts"][row.attempts - 1]
            row.last = f"attempt {row.attempts}: {attempt['code']}"
            return  # The event of the state that it leads to follows.
        row.status, row.channel = EreferralStatus(data["status"]), ContactMethod(data["channel"])
        if kind == e.EREFERRAL_RETRY_SCHEDULED.name:
            due = datetime.fromisoformat(data["next_attempt_at"])
            wait_seconds = (due - datetime.fromisoformat(event["time"])).total_seconds()
            row.last = f"{row.last}; again in {wait_seconds:.1f} s"
        elif kind == e.EREFERRAL_QUEUED.name and row.attempts:
            row.last = f"{row.last}; now by {row.channel}"
        else:
            row.last = _WORDS[kind]
        if row.status in (EreferralStatus.DELIVERED, EreferralStatus.SENT):
            row.attempts += 1
            row.last = row.scene.news
            row.last += f", attempt {row.attempts}" if row.attempts > 1 else ""
        if row.status is row.scene.ends:
            row.ended_at = time.monotonic()
        self._show.told(row)
        if kind == e.EREFERRAL_CALL_REQUESTED.name:
            self._staff.create_task(self._call(row, data))

    async def _call(self, row: Progress, data: dict[str, Any]) -> None:
        """Be the member of staff who reads the script, calls, and reports."""
        self._calls[row.scene.slug] = base64.b64decode(data["call"]["letter"])
        await asyncio.sleep(CALL_SECONDS)
        row.last = f"staff has called {data['call']['number']}"
        self._show.told(row)
        await self._do(
            "ereferral.complete_call",
            ereferral_uuid=row.ereferral_uuid,
            base_version=data["version"],
            outcome=CallOutcome.REACHED,
        )

    def _partner(self, row: Progress) -> dict[str, Any]:
        """The partner as it is created, with the address of its channel."""
        scene = row.scene
        if scene.channel is ContactMethod.PORTAL:
            secret = self._stage.partner_secret(ORG_ID, row.partner_uuid)
            portal = PortalPartner(scene.slug, secret, fails=[503] * scene.portal_fails)
            self._portals[scene.slug] = portal
            endpoint = self._stage.portal.add(portal)
        else:
            endpoint = scene.endpoint or ""
        return {
            "id": row.partner_uuid,
            "contact_type": ContactType.PRACTICE,
            "accepts_ereferral": True,
            "ereferral_endpoint": endpoint,
            "preferred_contact_method": scene.channel,
            **scene.partner,
        }

    def _received(self, row: Progress) -> list[bytes | None]:
        """The letter of each time that the partner was given it: once is right."""
        scene = row.scene
        received = self._stage.mail.letters_for(scene.mailbox or "")
        if scene.slug in self._portals:
            bundles = self._portals[scene.slug].bundles
            received += [letter_in(bundle) for bundle in bundles.values()]
        if scene.slug in self._calls:
            received.append(self._calls[scene.slug])
        return received


async def tell(stage: Stage, show: Show) -> Sequence[Progress]:
    """Tell the story on a stage that is ready. Raises CannotGoOn where a command is refused."""
    async with (
        open_client(stage.rabbitmq_url, "handoff.demo") as client,
        listen(stage.rabbitmq_url, HEARD, "handoff.demo.events") as heard,
    ):
        teller = Storyteller(stage, client, show)
        show.say(f"{PRACTICE['name']} refers {len(SCENES)} patients; its partners take them by:")
        await teller.set_up()
        show.say("Sending (each command and each event goes through RabbitMQ):")
        with show.table(teller.rows):
            following = asyncio.create_task(teller.follow(heard))
            try:
                await teller.send()
                await following
            finally:
                following.cancel()
        await teller.judge()
    return teller.rows


_WORDS = {
    e.EREFERRAL_QUEUED.name: "accepted for delivery",
    e.EREFERRAL_ATTEMPT_FAILED.name: "",
    e.EREFERRAL_RETRY_SCHEDULED.name: "",
    e.EREFERRAL_HELD.name: "the partner's channel is off",
    e.EREFERRAL_CALL_REQUESTED.name: "a person has to call",
    e.EREFERRAL_SENT.name: "",
    e.EREFERRAL_DELIVERED.name: "",
    e.EREFERRAL_OUTCOME_UNKNOWN.name: "nobody knows whether it arrived",
    e.EREFERRAL_FAILED.name: "no way is left",
    e.EREFERRAL_CANCELLED.name: "cancelled",
}


def _ended(row: Progress) -> bool:
    return row.status is row.scene.ends and row.known_to_referrals is row.scene.ends


def _now() -> str:
    return datetime.now(UTC).isoformat()
