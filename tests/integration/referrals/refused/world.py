"""The things that the table's messages name: one org with everything, what is archived included."""

import asyncio
from collections.abc import Iterable
from types import ModuleType
from typing import Any
from uuid import UUID, uuid4

from contracts.catalogue import OPERATIONS
from contracts.operations import Kind
from messaging.replies.client import Reply
from tests.integration.referrals.marketing import Marketing, marketing
from tests.integration.referrals.refused.table import LEFT_OUT, NOBODY, At, Row
from tests.support.services.referrals import Referrals

AT_A_TIME = 64


class World:
    """Ids by the names that `At` gives, and what was asked of them."""

    def __init__(self, referrals: Referrals) -> None:
        self.referrals = referrals
        self.org = marketing(referrals)
        self.bare = marketing(referrals)
        self.other = marketing(referrals)
        self.used_id = uuid4()
        self.ids: dict[str, str] = {"bare org": self.bare.id}

    async def ask(self, row: Row, good: dict[str, Any]) -> Reply:
        """Send the row's message: the good one with its change."""
        given = {"org_id": self.org.id, **good, **row.change}
        kinds = ("queries", "commands")
        is_query = OPERATIONS[row.operation].kind is Kind.QUERY
        return await self.referrals.client.call(
            f"referrals.{kinds[is_query == row.to_other_exchange]}",
            row.operation,
            {name: self._given(value) for name, value in given.items() if value is not LEFT_OUT},
            message_id=self.used_id if row.under_used_id else None,
        )

    def _given(self, value: Any) -> Any:
        """The value with the ids that are meant in it."""
        if isinstance(value, dict):
            return {name: self._given(inner) for name, inner in value.items()}
        return self._id(value) if isinstance(value, At) else value

    def _id(self, at: At) -> str:
        return str(uuid4()) if at == NOBODY else self.ids[at.name]

    async def ask_all(self, rows: list[Row], good: Any) -> dict[str, Reply]:
        """The answers by the rows' names: many at a time, because no row changes anything."""
        answers: dict[str, Reply] = {}
        for start in range(0, len(rows), AT_A_TIME):
            some = rows[start : start + AT_A_TIME]
            asked = (self.ask(row, good[row.operation]) for row in some)
            answers |= zip((row.name for row in some), await asyncio.gather(*asked), strict=True)
        assert len(answers) == len(rows), "two rows have one name"
        return answers


async def build(referrals: Referrals, tables: Iterable[ModuleType]) -> World:
    """All of it, made by the service's own commands; `tables` make what they alone name."""
    world = World(referrals)
    await _directory(world)
    await _partners(world)
    await _sources(world)
    await _attributions(world)
    await _referrals(world)
    for table in tables:
        if hasattr(table, "build"):
            await table.build(world)
    for org in (world.org, world.bare):
        await org.ask(
            "provider.put",
            message_id=world.used_id,
            provider_uuid=str(UUID(int=1)),
            name="Dr. Used",
            observed_at="2026-01-05T08:00:00Z",
        )
    return world


async def _directory(world: World) -> None:
    org, ids = world.org, world.ids
    await org.practice()
    for name in ("patient", "patient spare", "patient another", "patient gone"):
        ids[name] = (await org.patient())["id"]
    for name in ("provider", "provider spare"):
        ids[name] = (await org.provider())["id"]
    ids["patient elsewhere"] = (await world.other.patient())["id"]
    ids["provider elsewhere"] = (await world.other.provider())["id"]
    # A provider who was never put; the patient is archived behind what is nested in them.
    ids["provider gone"] = str(uuid4())
    await _gone(org, "provider.archive", provider_uuid=ids["provider gone"], **_LATER)


async def _partners(world: World) -> None:
    org, ids = world.org, world.ids
    a_practice = {"contact_type": "practice", "practice_name": "P", "first_name": None}
    for name, fields in (
        ("", {}),
        (" spare", {}),
        (" gone", {}),
        (" asleep", {"is_active": False, "accepts_ereferral": False, "ereferral_endpoint": None}),
        (" that accepts none", {"accepts_ereferral": False}),
        (" without an address", {"ereferral_endpoint": "tel:030901820"}),
        (" practice", {**a_practice, "last_name": None}),
    ):
        given: dict[str, Any] = fields
        ids[f"referral_partner{name}"] = (await org.ereferral_partner(**given))["id"]
    ids["referral_partner elsewhere"] = (await world.other.ereferral_partner())["id"]
    gone = ids["referral_partner gone"]
    await _gone(org, "referral_partner.archive", referral_partner_uuid=gone, base_version=1)


async def _sources(world: World) -> None:
    org, ids = world.org, world.ids
    linked: dict[str, dict[str, Any]] = {
        "referral_source of a patient": {"linked_patient_uuid": ids["patient"]},
        "referral_source of a partner": {"linked_referral_partner_uuid": ids["referral_partner"]},
        "referral_source asleep": {"is_active": False},
    }
    plain: list[str] = ["", " spare", " another", " gone"]
    unlinked: dict[str, dict[str, Any]] = {f"referral_source{name}": {} for name in plain}
    for name, fields in {**unlinked, **linked}.items():
        ids[name] = (await org.source(**fields))["id"]
    elsewhere = await world.other.source()
    ids["referral_source elsewhere"] = elsewhere["id"]
    ids["referral_source_cost elsewhere"] = (await world.other.cost(elsewhere))["id"]
    for name, source in (
        ("", ""),
        (" spare", ""),
        (" gone", ""),
        (" of another", " another"),
        (" of gone", " gone"),
    ):
        made = await org.cost({"id": ids[f"referral_source{source}"]})
        ids[f"referral_source_cost{name}"] = made["id"]
        if name == " gone":
            await org.archive("referral_source_cost", made)
    gone = ids["referral_source gone"]
    await _gone(org, "referral_source.archive", referral_source_uuid=gone, base_version=1)


async def _attributions(world: World) -> None:
    org, ids = world.org, world.ids
    to_source = {"referral_source_uuid": ids["referral_source"]}
    for name, patient, role in (
        ("", "", "primary"),
        (" second", "", "secondary"),
        (" spare", "", "assist"),
        (" gone", "", "assist"),
        (" of another", " another", "primary"),
        (" of gone", " gone", "primary"),
    ):
        made = await org.attribution(
            {"id": ids[f"patient{patient}"]}, **to_source, attribution_role=role
        )
        ids[f"referral_attribution{name}"] = made["id"]
        if name == " gone":
            await org.archive("referral_attribution", made)
    elsewhere = await world.other.attribution(
        {"id": ids["patient elsewhere"]}, referral_source_uuid=ids["referral_source elsewhere"]
    )
    ids["referral_attribution elsewhere"] = elsewhere["id"]
    await _gone(org, "patient.archive", patient_uuid=ids["patient gone"], **_LATER)


async def _referrals(world: World) -> None:
    org, ids = world.org, world.ids
    usual = {
        "patient_uuid": ids["patient"],
        "referral_partner_uuid": ids["referral_partner"],
    }
    for name in ("", " to send", " to cancel"):
        ids[f"referral{name}"] = (await org.referral(**usual))["id"]
    for name in ("asleep", "that accepts none", "without an address"):
        partner = ids[f"referral_partner {name}"]
        draft = await org.referral(**{**usual, "referral_partner_uuid": partner})
        ids[f"referral to one {name}"] = draft["id"]
    ids["referral sent"] = (await org.sent_referral(**usual))["id"]
    for response in ("accepted", "rejected", "in-progress", "completed", "failed"):
        sent = await org.sent_referral(**usual)
        ids[f"referral {response}"] = sent["id"]
        answered = await org.ask(
            "referral.record_response", referral_uuid=sent["id"], response=response
        )
        assert answered.status == 200
    revoked = await org.referral(**usual)
    ids["referral revoked"] = revoked["id"]
    cancelled = await org.ask(
        "referral.cancel", referral_uuid=revoked["id"], base_version=1, reason="r"
    )
    assert cancelled.status == 200
    await _referrals_of_what_is_gone(world)
    ids["referral of the bare org"] = (await world.bare.referral())["id"]
    ids["referral elsewhere"] = (await world.other.referral())["id"]


async def _referrals_of_what_is_gone(world: World) -> None:
    org, ids = world.org, world.ids
    of_one = await org.referral()
    await _gone(org, "patient.archive", patient_uuid=of_one["patient"]["uuid"], **_LATER)
    to_one = await org.referral()
    partner = to_one["referral_partner"]["uuid"]
    await _gone(org, "referral_partner.archive", referral_partner_uuid=partner, base_version=1)
    ids["referral of one gone"], ids["referral to one gone"] = of_one["id"], to_one["id"]


_LATER = {"observed_at": "2026-01-06T08:00:00Z"}


async def _gone(org: Marketing, operation: str, **fields: Any) -> None:
    assert (await org.ask(operation, **fields)).status == 204
