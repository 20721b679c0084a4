"""The demo's practice-management system: a draft comes from there, and goes back as it went on."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson

from contracts.catalogue import OPERATIONS
from contracts.connecting import System
from messaging.replies.client import Client, open_client
from messaging.running.settings import load_settings
from messaging.wire.connection import user_of
from ops.connections import finding, keeping
from ops.demo.sample import ORG_ID
from ops.demo.showing import Show
from ops.demo.stage import Stage
from ops.environment import CannotGoOn
from ops.stubs.opendental import OpenDentalStub
from services.connectors.credentials import stored_secrets
from services.connectors.rules.identity import connection_id
from services.connectors.settings import ConnectorsSettings, sealer_of

NAME = "front-desk"
PAT_NUM, REFERRAL_NUM, REF_ATTACH_NUM, ADVERTISEMENT_NUM = 15, 1, 5, 2
MAILBOX = "referrals@demo-implantology.example.com"
WITHIN_SECONDS = 60.0
LOOK_EVERY_SECONDS = 0.25
REPLY_WITHIN_SECONDS = 10.0


def demo_opendental() -> OpenDentalStub:
    """An Open Dental of the demo's practice: a patient whom an advertisement brought, and whom a
    dentist there wants to be seen by an implantologist."""
    stub = OpenDentalStub()
    today = datetime.now(UTC).astimezone(stub.zone).date().isoformat()
    stub.specialty(301, "Implantology")
    stub.patient(PAT_NUM, LName="Eve", FName="Demo Patient", WirelessPhone="2025550121")
    stub.referral(
        REFERRAL_NUM,
        LName="Demo Implantology",
        BusinessName="Demo Implantology",
        Specialty=301,
        specialty="Implantology",
        IsDoctor="true",
        EMail=MAILBOX,
    )
    stub.referral(ADVERTISEMENT_NUM, LName="Demo Radio Advertisement", NotPerson="true")
    stub.refattach(1, ReferralNum=ADVERTISEMENT_NUM, PatNum=PAT_NUM, RefDate=today)
    stub.refattach(
        REF_ATTACH_NUM,
        ReferralNum=REFERRAL_NUM,
        PatNum=PAT_NUM,
        ItemOrder=1,
        RefDate=today,
        ReferralType="RefTo",
        Note="Implant in the region of tooth 30; please assess.",
    )
    return stub


async def import_and_send(stage: Stage, show: Show) -> list[str]:
    """Connect to the stage's Open Dental, send the draft that comes from there, and look at what
    is written back; what is not as it should be. Raises CannotGoOn where a command is refused."""
    there = stage.opendental
    if there is None:
        return []
    show.say("The practice's Open Dental (a stand-in) is connected:")
    connection_uuid = await _connect(there)
    async with open_client(stage.rabbitmq_url, "handoff.demo.import") as client:
        story = _Story(stage, client, show, there, connection_uuid)
        try:
            await story.tell()
        except TimeoutError:
            return [f"the import from Open Dental: {story.awaited} never came"]
    return []


async def _connect(there: OpenDentalStub) -> UUID:
    """Add the connection as `handoff connection add` does."""
    settings = load_settings(ConnectorsSettings)
    id_, sealer = connection_id(ORG_ID, System.OPENDENTAL, NAME), sealer_of(settings)
    keys = {"developer_key": there.developer_key, "customer_key": there.customer_key}
    secrets = stored_secrets(keys, sealer, ORG_ID, id_)
    options = {
        "bases": (there.url,),
        "throttle": "none",
        "time_zone": str(there.zone),
        "write_back": True,
        "upload_letters": True,
    }
    database = await asyncio.to_thread(finding.connectors_database)
    added = await keeping.add(database, ORG_ID, System.OPENDENTAL, NAME, options, secrets)
    return added.id


class _Story:
    """The story of the import. `awaited` is the next thing that has to come."""

    def __init__(
        self,
        stage: Stage,
        client: Client,
        show: Show,
        there: OpenDentalStub,
        connection_uuid: UUID,
    ) -> None:
        self._stage, self._client, self._show = stage, client, show
        self._there, self._connection_uuid = there, connection_uuid
        self._began = time.monotonic()
        self.awaited = ""

    async def tell(self) -> None:
        """Tell it. Raises TimeoutError, and CannotGoOn where a command is refused."""
        counts = await self._until("its first run", self._imported)
        brought = (f"{of['created']} {kind}" for kind, of in counts.items() if of and of["created"])
        self._say(f"imported: {', '.join(brought)}")
        referral_uuid = await self._uuid("referral", REF_ATTACH_NUM)
        await self._reachable(await self._uuid("partner", REFERRAL_NUM))
        draft = await self._do("referral.get", referral_uuid=referral_uuid)
        self._say(f"a draft for {draft['referral_partner']['name']}: {draft['reason']}")
        await self._do("referral.send", referral_uuid=referral_uuid, base_version=draft["version"])
        await self._until("the mail with the letter", self._arrived)
        self._say("sent by e-mail: the mail relay has it")
        await self._until("the letter in Open Dental", self._filed)
        document = self._there.documents[0]["Description"]
        self._say(f"filed with the patient's documents in Open Dental: {document}")
        await self._do("referral.record_response", referral_uuid=referral_uuid, response="accepted")
        await self._until("the status in Open Dental", self._written_back)
        self._say("the partner accepted: Open Dental's refattach says Scheduled")

    async def _imported(self) -> Any:
        shown = await self._do("connection.get", connection_uuid=self._connection_uuid)
        return shown["counts"]

    async def _reachable(self, partner_uuid: str) -> None:
        """What Open Dental does not know of a partner is said here: how it takes referrals."""
        partner = await self._do("referral_partner.get", referral_partner_uuid=partner_uuid)
        await self._do(
            "referral_partner.update",
            referral_partner_uuid=partner_uuid,
            base_version=partner["version"],
            accepts_ereferral=True,
            ereferral_endpoint=f"mailto:{MAILBOX}",
        )

    async def _arrived(self) -> bool:
        return bool(self._stage.mail.letters_for(MAILBOX))

    async def _filed(self) -> bool:
        return bool(self._there.documents)

    async def _written_back(self) -> bool:
        return bool(self._there.refattaches[REF_ATTACH_NUM]["RefToStatus"] == "Scheduled")

    async def _uuid(self, kind: str, number: int) -> str:
        found = await self._do(
            "external_id.list",
            connection_uuid=self._connection_uuid,
            kind=kind,
            external_id=str(number),
        )
        if not found["items"]:
            raise CannotGoOn(f"Open Dental's {kind} {number} was not imported")
        return str(found["items"][0]["uuid"])

    async def _until(self, awaited: str, look: Callable[[], Awaitable[Any]]) -> Any:
        """Wait for what `look` gives to be something. Raises TimeoutError."""
        self.awaited = awaited
        async with asyncio.timeout(WITHIN_SECONDS):
            while True:
                if found := await look():
                    return found
                await asyncio.sleep(LOOK_EVERY_SECONDS)

    async def _do(self, operation: str, **fields: Any) -> Any:
        """Send a command or query of the demo's org. Raises CannotGoOn where it is refused."""
        answered = await self._client.call(
            OPERATIONS[operation].exchange,
            operation,
            orjson.dumps({"org_id": ORG_ID, **fields}),
            user_id=user_of(self._stage.rabbitmq_url),
            timeout_seconds=REPLY_WITHIN_SECONDS,
        )
        if answered.problem is not None:
            problem = answered.problem
            raise CannotGoOn(f"{operation} was refused: {problem['code']}: {problem['detail']}")
        return answered.data

    def _say(self, line: str) -> None:
        self._show.say(f"  {time.monotonic() - self._began:5.1f} s  {line}")
