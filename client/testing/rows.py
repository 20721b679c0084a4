"""Rows of all orgs, and what a decision asks of them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
from uuid_utils import compat as uuid_utils

from client.testing.keeping import Kept, Row
from contracts.catalogue import EVENTS
from contracts.events import CloudEvent
from contracts.problems import ProblemCode, Refusal, not_found
from contracts.shapes import Change, Command, Query
from contracts.values import format_time

Request = Any
"""A command or query of one of the operations: its fields are the operation's own."""


class Rows:
    """Each row by its org, its resource and its id; the practice by its org."""

    def __init__(self) -> None:
        self.by_key: dict[tuple[str, str, str], Row] = {}

    def named(self, resource: str, kept: Kept, request: Request) -> Row:
        """The row that a request is about, and what it is nested in before it."""
        if resource == "contact_referral":
            parent = self.find(request.org_id, "contact", request.contact_uuid, "contact_uuid")
            row = self.find(
                request.org_id, resource, request.contact_referral_uuid, "contact_referral_uuid"
            )
            if row.fields["referred_by"]["uuid"] != parent.fields["id"]:
                raise not_found(ProblemCode.CONTACT_REFERRAL_NOT_FOUND, ["contact_referral_uuid"])
            return row
        if kept.named_by is None:
            return self.find(request.org_id, resource, request.org_id)
        return self.find(request.org_id, resource, getattr(request, kept.named_by), kept.named_by)

    def find(self, org_id: str, resource: str, id_: UUID | str, named_by: str = "") -> Row:
        row = self.by_key.get((org_id, resource, str(id_)))
        if row is None or row.archived:
            code = ProblemCode(f"{resource}_not_found")
            archived = row is not None
            raise not_found(code, [named_by] if named_by else [], is_archived=archived)
        return row

    def shown(
        self, kept: Kept, request: Command | Query, given: Mapping[str, Any]
    ) -> dict[str, Any]:
        """What was given, each thing that it names as a reference. Raises Refusal."""
        shown = dict(orjson.loads(orjson.dumps(given, default=str)))
        for name, (out, resource) in kept.refers.items():
            if name in shown:
                id_ = shown.pop(name)
                named = None if id_ is None else self.find(request.org_id, resource, id_, name)
                shown[out] = named and {"uuid": id_, "name": named.name}
        return shown

    def check_version(self, row: Row, request: Request) -> None:
        if isinstance(request, Change) and row.fields.get("updated_in_db_at") is not None:
            seen = getattr(request, "updated_in_db_at", None)
            if getattr(request, "overwrite", None) or (
                seen and format_time(seen) == row.fields["updated_in_db_at"]
            ):
                return
        base = getattr(request, "base_version", None)
        if base != row.version and isinstance(request, Change):
            raise Refusal(
                ProblemCode.VERSION_CONFLICT,
                "base_version is not the current version.",
                current_version=row.version,
            )

    def event(
        self, name: str, org_id: str, row: Row, changed: list[str] | None = None
    ) -> CloudEvent:
        declared = EVENTS[name]
        tells = name.endswith((".updated", ".put"))
        return CloudEvent(
            id=uuid_utils.uuid7(),
            source=declared.source,
            type=name,
            subject=org_id if declared.resource == "practice" else row.fields["id"],
            time=now(),
            dataschema=declared.dataschema,
            orgid=org_id,
            aggregateversion=row.version,
            changed=",".join(changed) if tells and changed else None,
            overwrote=False if declared.says_overwrote else None,
            data=dict(row.fields),
        )


def now() -> datetime:
    """The fake's clock is this machine's."""
    return datetime.now(UTC)
