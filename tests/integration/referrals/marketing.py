"""An org with referral sources, costs and attributions."""

from typing import Any

from messaging.replies.client import Reply
from tests.support.services.referrals import Org, Referrals


class Marketing(Org):
    """One org's requests. Each method that makes a thing returns the reply's `data`."""

    async def ask(self, operation: str, **fields: Any) -> Reply:
        """Send the operation with these fields and await its reply."""
        return await super().ask(operation, **fields)

    async def source(self, **fields: Any) -> dict[str, Any]:
        """A new source: a billboard unless `fields` say otherwise."""
        given = {"name": "Billboard", "category": "signage", **fields}
        return await self._made("referral_source.create", 201, **given)

    async def cost(self, source: dict[str, Any], **fields: Any) -> dict[str, Any]:
        """A new cost of the source: 100.00 for March 2026 unless `fields` say otherwise."""
        given = {
            "referral_source_uuid": source["id"],
            "amount": "100.00",
            "period_start": "2026-03-01",
            "period_end": "2026-03-31",
            **fields,
        }
        return await self._made("referral_source_cost.create", 201, **given)

    async def attribution(self, patient: dict[str, Any], **fields: Any) -> dict[str, Any]:
        """A new primary attribution of the patient; `fields` name what it refers to."""
        given = {"patient_uuid": patient["id"], **fields}
        return await self._made("referral_attribution.create", 201, **given)

    async def source_now(self, source: dict[str, Any]) -> dict[str, Any]:
        """The source as `get` shows it."""
        return await self._made("referral_source.get", 200, referral_source_uuid=source["id"])

    async def figures(self, source: dict[str, Any]) -> tuple[int, float]:
        """The source's patient_count and total_cost as `get` shows them."""
        now = await self.source_now(source)
        return now["patient_count"], now["total_cost"]

    async def update(self, resource: str, thing: dict[str, Any], **fields: Any) -> Reply:
        """Update a source, cost or attribution as it was last seen."""
        given = {"base_version": thing["version"], **named(resource, thing), **fields}
        return await self.ask(f"{resource}.update", **given)

    async def archive(self, resource: str, thing: dict[str, Any]) -> None:
        """Archive a source, cost or attribution as it was last seen."""
        archived = await self.ask(
            f"{resource}.archive", base_version=thing["version"], **named(resource, thing)
        )
        assert archived == Reply(204, None, None)

    async def archive_patient(self, patient: dict[str, Any]) -> None:
        """The patient is gone from the directory."""
        gone = await self.ask(
            "patient.archive", patient_uuid=patient["id"], observed_at="2026-01-06T08:00:00Z"
        )
        assert gone.status == 204

    async def archive_partner(self, partner: dict[str, Any]) -> None:
        """The partner is archived as it was last seen."""
        gone = await self.ask(
            "referral_partner.archive",
            referral_partner_uuid=partner["id"],
            base_version=partner["version"],
        )
        assert gone.status == 204

    async def report(self, period_start: Any, period_end: Any, **fields: Any) -> Reply:
        """The report over a period."""
        asked = {"period_start": period_start, "period_end": period_end, **fields}
        return await self._client.call(
            "referrals.queries", "referral_source.report", {"org_id": self.id, **asked}
        )


def marketing(referrals: Referrals) -> Marketing:
    """A new org."""
    return Marketing(referrals.client)


def named(resource: str, thing: dict[str, Any]) -> dict[str, Any]:
    """The fields by which an operation names a source, cost or attribution."""
    if resource == "referral_source":
        return {"referral_source_uuid": thing["id"]}
    if resource == "referral_source_cost":
        source = thing["referral_source"]["uuid"]
        return {"referral_source_uuid": source, "cost_uuid": thing["id"]}
    return {"patient_uuid": thing["patient"]["uuid"], "attribution_uuid": thing["id"]}


def uuid_and_name(thing: dict[str, Any], name: str | None) -> dict[str, Any]:
    """The reference to a thing of this name."""
    return {"uuid": thing["id"], "name": name}
