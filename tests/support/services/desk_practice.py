"""A practice whose referrals get into every state that a desk has to know of."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import asyncpg

from tests.support.database.urls import plain_url
from tests.support.partners.relay import LOSE_AFTER_DATA
from tests.support.services.both import Both
from tests.support.services.desk import Visitor, at_the_desk
from tests.support.services.edge import RunningEdge
from tests.support.services.referrals import Org
from tests.support.waiting import until

CALLED = {"phone": "+12025550111", "preferred_contact_method": "phone"}


@dataclass
class Practice:
    """An org, what it sent, and whoever works there."""

    org: Org
    both: Both
    edge: RunningEdge
    _places: Iterator[int] = field(default_factory=count)

    async def visitor(self, **changed: Any) -> Visitor:
        """A person of the practice."""
        return await at_the_desk(self.edge, self.org.id, **changed)

    async def sent(self, name: str, partner: dict[str, Any], **fields: Any) -> dict[str, Any]:
        """A referral of a new patient to a new partner, sent."""
        patient = await self.org.patient(name=name)
        given = {"accepts_ereferral": True, "contact_type": "practice", **partner}
        made = await self.org.partner(**given)
        uuids = {"patient_uuid": patient["id"], "referral_partner_uuid": made["id"]}
        return await self.org.sent_referral(**uuids, **fields)

    async def to_call(self, name: str = "Carla Call", **fields: Any) -> dict[str, Any]:
        """One whose partner has to be called."""
        partner = {
            **CALLED,
            "practice_name": "Phone Perio",
            "ereferral_endpoint": "tel:+12025550111",
        }
        referral = await self.sent(name, partner, **fields)
        await self.both.ereferral(self.org, referral, "awaiting_call")
        return referral

    async def failed(self, name: str = "Fred Fail", **fields: Any) -> dict[str, Any]:
        """One that could not be delivered."""
        address = f"nobody.{self._place()}@lost.example.com"
        self.both.dispatch.mail.script(address, "550 no such mailbox")
        partner = {"practice_name": "Lost Lab", "ereferral_endpoint": f"mailto:{address}"}
        referral = await self.sent(name, partner, **fields)
        await self.both.ereferral(self.org, referral, "failed")
        return referral

    async def unknown(self, name: str = "Uma Unknown", **fields: Any) -> dict[str, Any]:
        """One of which nobody knows whether it arrived."""
        address = f"{self._place()}@vague.example.com"
        self.both.dispatch.mail.script(address, LOSE_AFTER_DATA, "250 ok")
        partner = {"practice_name": "Vague Ortho", "ereferral_endpoint": f"mailto:{address}"}
        referral = await self.sent(name, partner, **fields)
        await self.both.ereferral(self.org, referral, "outcome_unknown")
        return referral

    async def delivered(self, name: str = "Dora Done", **fields: Any) -> dict[str, Any]:
        """One that a portal took."""
        portal = self.both.dispatch.portal.endpoint(self._place())
        partner = {"practice_name": "Portal Endo", "ereferral_endpoint": portal}
        referral = await self.sent(name, partner, **fields)
        await self.both.ereferral(self.org, referral, "delivered")
        return referral

    async def held(self, name: str = "Hana Held") -> dict[str, Any]:
        """One that waits for a partner whose portal said that it is gone."""
        place = self._place()
        self.both.dispatch.portal.script(place, 410, 201)
        endpoint = self.both.dispatch.portal.endpoint(place)
        partner = {"practice_name": "Gone Endo", "ereferral_endpoint": endpoint}
        first = await self.sent("Petra Prior", partner)
        await self.both.ereferral(self.org, first, "failed")
        await self.both.dispatch.execute(
            "UPDATE lane SET probe_at = now() + interval '1 hour' WHERE org_id = $1", self.org.id
        )
        uuids = {"referral_partner_uuid": first["referral_partner"]["uuid"]}
        patient = await self.org.patient(name=name)
        second = await self.org.sent_referral(patient_uuid=patient["id"], **uuids)
        await self.both.ereferral(self.org, second, "held")
        return second

    async def locked(self, name: str = "Lena Locked") -> dict[str, Any]:
        """One whose answer link was given five wrong codes."""
        referral = await self.delivered(name)
        uuid = referral["ereferral_uuid"]
        renewed = await self._dispatch("answer_link.renew", ereferral_uuid=uuid)
        link, code = renewed["url"].rpartition("/")[2], renewed["code"]
        wrong = "000000" if code != "000000" else "111111"
        for _ in range(5):
            await self._dispatch("answer_link.verify", answer_link=link, code=wrong)
        return referral

    async def asked(self, name: str = "Quinn Question") -> dict[str, Any]:
        """One about which the partner wants to know more."""
        referral = await self.delivered(name)
        uuid, note = referral["ereferral_uuid"], "Which side hurts?"
        await self._dispatch("ereferral.request_information", ereferral_uuid=uuid, note=note)

        async def heard() -> bool:
            shown = await self.org.ask("referral.get", referral_uuid=referral["id"])
            return bool(shown.data["information_requested"])

        await until(heard, 20)
        return referral

    async def _dispatch(self, operation: str, **fields: Any) -> Any:
        answered = await self.both.ask_dispatch(self.org, operation, **fields)
        assert answered.problem is None, answered
        return answered.data

    async def set_back(self, statement: str, *arguments: Any) -> None:
        """Let time pass for rows of referrals: a statement as the superuser."""
        url = plain_url(self.both.referrals.database_url)
        database = await asyncpg.connect(url, server_settings={"search_path": "referrals"})
        try:
            await database.execute(statement, *arguments)
        finally:
            await database.close()

    async def answered(self, referral: dict[str, Any], response: str, **fields: Any) -> None:
        """What the partner said, written down."""
        answered = await self.org.ask(
            "referral.record_response", referral_uuid=referral["id"], response=response, **fields
        )
        assert answered.status == 200, answered

    def _place(self) -> str:
        """A partner's address that no other partner has."""
        return f"{self.org.id.replace('_', '-')}-{next(self._places)}"
