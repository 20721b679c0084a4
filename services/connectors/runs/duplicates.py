"""Partners and sources that are here already without belonging to a row of this connection.

A first row of equal name is a person's to decide: linked, it changes what is here; created, there
are two. One that came over another connection counts as well: two systems of one org know the same
specialist.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import select

from contracts.connecting import ImportKind
from contracts.referral_partner import ContactType, display_name
from services.connectors.models import ExternalId
from services.connectors.runs.commands import Calls, NoReply, ask
from services.connectors.runs.context import RunContext
from services.connectors.runs.leases import leased

PAGE_SIZE = 200


@dataclass(slots=True)
class Ours:
    """The org's partners and sources that no row of this connection is linked to, by name without
    regard to case."""

    partners: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    sources: dict[str, list[UUID]] = field(default_factory=lambda: defaultdict(list))
    ids: set[str] = field(default_factory=set)

    def duplicate(self, kind: ImportKind, fields: Mapping[str, Any]) -> UUID | None:
        """One that may be the same as what is about to be created."""
        if str(fields["id"]) in self.ids:
            return None
        if kind is ImportKind.SOURCE:
            return next(iter(self.sources.get(str(fields["name"]).casefold(), ())), None)
        for one in self.partners.get(_partner_name(fields).casefold(), ()):
            same_phone = one["phone"] is not None and one["phone"] == fields.get("phone")
            email = (fields.get("email") or "").casefold()
            if same_phone or (email and (one["email"] or "").casefold() == email):
                return UUID(one["id"])
        return None


async def read_ours(context: RunContext, client: Calls) -> Ours:
    """Read the org's partners and sources. Raises NoReply."""
    async with leased(context.engine, context.claimed) as (work, _):
        linked = {
            str(uuid)
            for uuid in await work.session.scalars(
                select(ExternalId.uuid).where(
                    ExternalId.org_id == context.org_id,
                    ExternalId.connection_id == context.claimed.id,
                    ExternalId.kind.in_((ImportKind.PARTNER, ImportKind.SOURCE)),
                    ExternalId.version.is_not(None),
                )
            )
        }
    ours = Ours()
    for operation in ("referral_partner.list", "referral_source.list"):
        cursor: str | None = ""
        while cursor is not None:
            query = {"org_id": context.org_id, "cursor": cursor, "page_size": PAGE_SIZE}
            answered = await ask(client, operation, query)
            if answered.status != 200:
                raise NoReply
            for one in answered.data["items"]:
                _enter(ours, one, linked, is_partner="contact_type" in one)
            cursor = answered.data["next_cursor"]
    return ours


def _enter(ours: Ours, one: dict[str, Any], linked: set[str], *, is_partner: bool) -> None:
    ours.ids.add(one["id"])
    if one["id"] in linked:
        return
    if is_partner:
        ours.partners[_partner_name(one).casefold()].append(one)
    else:
        ours.sources[one["name"].casefold()].append(UUID(one["id"]))


def _partner_name(fields: Mapping[str, Any]) -> str:
    return display_name(
        ContactType(fields["contact_type"]),
        fields.get("first_name"),
        fields.get("last_name"),
        fields.get("practice_name"),
    )
