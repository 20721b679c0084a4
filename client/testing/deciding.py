"""Decisions of the fake: what each operation that it knows does to its rows."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
from pydantic import ValidationError
from uuid_utils import compat as uuid_utils

from client.testing.keeping import KEPT, Kept, Row, UnknownToTheFake, new_row
from client.testing.rows import Request, Rows, now
from contracts.catalogue import OPERATIONS, AnyOperation
from contracts.events import CloudEvent
from contracts.operations import Kind
from contracts.problems import FieldError, ProblemCode, Refusal, invalid, not_found
from contracts.replies import Reply
from contracts.shapes import Command, ListQuery
from contracts.values import format_time

RESPOND_WITHIN = timedelta(days=14)
FIRST_REFUSAL = 400
_STORED = (404, 409, 422)


@dataclass
class Done:
    """The reply to a request, and the events that it leads to."""

    reply: Reply
    events: list[CloudEvent] = field(default_factory=list)


class Decider:
    """The rows of all orgs, and the first reply to each command."""

    def __init__(self) -> None:
        self._rows = Rows()
        self._first: dict[tuple[str, str, UUID], tuple[bytes, Reply]] = {}
        self._moves: dict[str, Callable[[Request], Done]] = {
            "referral.send": self._send,
            "referral.cancel": self._cancel,
            "referral.record_response": self._respond,
        }

    def decide(self, name: str, body: bytes, message_id: UUID) -> Done:
        """The reply to one message (docs/contract/wire.md#check-order). Raises Refusal where
        nothing of it is kept, and UnknownToTheFake."""
        given = orjson.loads(body)
        operation = OPERATIONS.get(name)
        if operation is None:
            raise Refusal(ProblemCode.UNKNOWN_OPERATION, f"There is no operation {name}.")
        if not isinstance(given, dict) or not isinstance(given.get("org_id"), str):
            raise Refusal(ProblemCode.MALFORMED_MESSAGE, "org_id must be in the body.")
        if operation.kind is Kind.QUERY:
            return self._decided(operation, body)
        seen = (operation.service, given["org_id"], message_id)
        sent = hashlib.sha256(name.encode() + b"\0" + body).digest()
        if seen in self._first:
            first, reply = self._first[seen]
            if first != sent:
                raise Refusal(ProblemCode.MESSAGE_ID_REUSED, "message_id was used for another one.")
            return Done(reply)
        done = self._decided(operation, body)
        if done.reply.status < FIRST_REFUSAL or done.reply.status in _STORED:
            self._first[seen] = (sent, done.reply)
        return done

    def heard(self, org_id: str, referral_uuid: UUID, status: str) -> Done:
        """What dispatch tells of a sent referral. Raises KeyError where there is none."""
        row = self._rows.by_key[org_id, "referral", str(referral_uuid)]
        changed = row.change({"dispatch_status": status}, now())
        events = [self._rows.event("referral.dispatch_changed", org_id, row)] if changed else []
        return Done(Reply(status=200), events)

    def _decided(self, operation: AnyOperation, body: bytes) -> Done:
        resource, _, verb = operation.name.partition(".")
        kept = KEPT.get(resource)
        try:
            request = operation.request.model_validate_json(body)
            if operation.name in self._moves:
                return self._moves[operation.name](request)
            if kept is None or verb not in {"create", "put", "update", "archive", "get", "list"}:
                raise UnknownToTheFake(
                    f"client.testing has no answer to {operation.name}: give it one by "
                    "FakeServices.answer"
                )
            return self._usual(operation, resource, verb, kept, request)
        except ValidationError as error:
            refusal = invalid(
                [
                    FieldError(loc=list(one["loc"]), type=one["type"], msg=one["msg"])
                    for one in error.errors(include_input=False, include_url=False)
                ]
            )
        except Refusal as refused:
            refusal = refused
        return Done(Reply(status=refusal.problem.code.status, problem=refusal.problem))

    def _usual(
        self, operation: AnyOperation, resource: str, verb: str, kept: Kept, request: Request
    ) -> Done:
        if isinstance(request, ListQuery):
            return self._list(resource, kept, request)
        if verb == "get":
            row = self._rows.named(resource, kept, request)
            shown = row.fields | ({"timeline": []} if resource == "referral" else {})
            return _reply(operation, shown)
        if kept.is_mirrored:
            return self._mirrored(resource, verb, kept, request)
        if verb == "create":
            return self._create(operation, resource, kept, request)
        row = self._rows.named(resource, kept, request)
        self._rows.check_version(row, request)
        if verb == "archive":
            row.archived = True
            row.touch(now())
            event = self._rows.event(f"{resource}.archived", request.org_id, row)
            return Done(Reply(status=204), [event])
        changed = row.change(self._rows.shown(kept, request, request.changes()), now())
        events = [self._rows.event(f"{resource}.updated", request.org_id, row, changed)]
        return Done(Reply(status=200, data=dict(row.fields)), events if changed else [])

    def _create(self, operation: AnyOperation, resource: str, kept: Kept, request: Request) -> Done:
        given = self._rows.shown(kept, request, _given(request))
        id_ = request.id or uuid_utils.uuid7()
        if (request.org_id, resource, str(id_)) in self._rows.by_key:
            raise Refusal(ProblemCode.ALREADY_EXISTS, "id is taken in this org.")
        row = self._rows.by_key[request.org_id, resource, str(id_)] = new_row(
            kept, id_, given, now()
        )
        event = self._rows.event(f"{resource}.created", request.org_id, row)
        return Done(_reply(operation, row.fields).reply, [event])

    def _mirrored(self, resource: str, verb: str, kept: Kept, request: Request) -> Done:
        """docs/contract/wire.md#directory: what was observed last counts."""
        id_ = getattr(request, kept.named_by) if kept.named_by else uuid_utils.uuid7()
        key = (request.org_id, resource, str(id_) if kept.named_by else request.org_id)
        row, at = self._rows.by_key.get(key), format_time(request.observed_at)
        if row is not None and request.observed_at < row.observed_at:
            return Done(Reply(status=200, data=None if row.archived else dict(row.fields)))
        if verb == "archive":
            known = row is not None and not row.archived
            row = row or self._rows.by_key.setdefault(
                key, new_row(kept, id_, {"observed_at": at, "name": "-"}, now())
            )
            row.archived = True
            row.fields["observed_at"] = at
            if known:
                row.touch(now())
            events = (
                [self._rows.event(f"{resource}.archived", request.org_id, row)] if known else []
            )
            return Done(Reply(status=204), events)
        given = self._rows.shown(kept, request, request.model_dump(mode="json"))
        given = {name: value for name, value in given.items() if name in kept.shape.model_fields}
        changed = sorted(given)
        if row is None:
            row = self._rows.by_key[key] = new_row(kept, id_, given, now())
        else:
            revived, row.archived = row.archived, False
            changed = row.change(given, now())
            if revived and not changed:
                row.touch(now())
            if not changed and not revived:
                return Done(Reply(status=200, data=dict(row.fields)))
        event = self._rows.event(f"{resource}.put", request.org_id, row, changed)
        return Done(Reply(status=200, data=dict(row.fields)), [event])

    def _list(self, resource: str, kept: Kept, request: Request) -> Done:
        """docs/contract/wire.md#lists. Whole fields are compared; `search` looks at the name."""
        asked = request.model_dump(
            mode="json",
            exclude_none=True,
            exclude={"org_id", "page", "page_size", "cursor", "search"},
        )
        for name in asked.keys() & kept.refers.keys():
            self._rows.find(request.org_id, kept.refers[name][1], getattr(request, name), name)
        rows = [
            row
            for (org_id, of, _), row in self._rows.by_key.items()
            if (org_id, of) == (request.org_id, resource)
            and not row.archived
            and all(_matches(kept, row, name, value) for name, value in asked.items())
            and _found(getattr(request, "search", None), row)
        ]
        if request.cursor is not None:
            rows = sorted(rows, key=lambda row: row.fields["id"])
            rows = [row for row in rows if row.fields["id"] > request.cursor]
            some, more = rows[: request.page_size], len(rows) > request.page_size
            shown: dict[str, Any] = {"next_cursor": some[-1].fields["id"] if more else None}
        else:
            rows = sorted(rows, key=lambda row: ((row.name or "").lower(), row.fields["id"]))
            start = (request.page - 1) * request.page_size
            some = rows[start : start + request.page_size]
            shown = {"page": request.page, "total": len(rows)}
        items = [dict(row.fields) for row in some]
        return Done(
            Reply(status=200, data={"items": items, "page_size": request.page_size, **shown})
        )

    def _send(self, request: Request) -> Done:
        """docs/contract/wire.md#referrals, without the channels: the fake has none."""
        row = self._rows.named("referral", KEPT["referral"], request)
        patient, partner = (row.fields[name]["uuid"] for name in ("patient", "referral_partner"))
        self._rows.find(request.org_id, "patient", patient)
        to = self._rows.find(request.org_id, "referral_partner", partner)
        if (request.org_id, "practice", request.org_id) not in self._rows.by_key:
            raise not_found(ProblemCode.PRACTICE_NOT_FOUND)
        self._rows.check_version(row, request)
        _check_status(row, "draft")
        if not to.fields["is_active"]:
            raise Refusal(ProblemCode.PARTNER_INACTIVE, "The partner is not active.")
        if not to.fields["accepts_ereferral"]:
            code = ProblemCode.PARTNER_DOES_NOT_ACCEPT_EREFERRALS
            raise Refusal(code, "The partner does not accept e-referrals.")
        at = now()
        return self._moved(
            "referral.sent",
            202,
            request,
            row,
            status="active",
            fulfilment_status="requested",
            dispatch_status="queued",
            ereferral_uuid=str(uuid_utils.uuid7()),
            sent_at=format_time(at),
            respond_by=row.fields["respond_by"] or format_time(at + RESPOND_WITHIN),
        )

    def _cancel(self, request: Request) -> Done:
        row = self._rows.named("referral", KEPT["referral"], request)
        self._rows.check_version(row, request)
        _check_status(row, "draft", "active")
        asked = None if row.fields["fulfilment_status"] is None else "cancelled"
        changed = {"status": "revoked", "fulfilment_status": asked}
        return self._moved(
            "referral.cancelled", 200, request, row, cancel_reason=request.reason, **changed
        )

    def _respond(self, request: Request) -> Done:
        row = self._rows.named("referral", KEPT["referral"], request)
        _check_status(row, "active")
        status = "completed" if request.response == "completed" else "active"
        changed = {"status": status, "fulfilment_status": str(request.response)}
        return self._moved("referral.response_recorded", 200, request, row, **changed)

    def _moved(self, event: str, replied: int, request: Request, row: Row, **changed: Any) -> Done:
        row.change(changed, now())
        events = [self._rows.event(event, request.org_id, row)]
        return Done(Reply(status=replied, data=dict(row.fields)), events)


def _reply(operation: AnyOperation, fields: Mapping[str, Any]) -> Done:
    return Done(Reply(status=operation.status, data=dict(fields)))


def _check_status(row: Row, *allowed: str) -> None:
    if row.fields["status"] not in allowed:
        said = f"The status of this one is {row.fields['status']}."
        raise Refusal(ProblemCode.INVALID_TRANSITION, said)


def _given(request: Command) -> dict[str, Any]:
    return request.model_dump(mode="json", exclude={"id", "org_id"})


def _matches(kept: Kept, row: Row, name: str, value: Any) -> bool:
    if name in kept.refers:
        shown = row.fields[kept.refers[name][0]]
        return shown is not None and bool(shown["uuid"] == value)
    return bool(row.fields[name] == value)


def _found(search: str | None, row: Row) -> bool:
    return search is None or search.lower() in (row.name or "").lower()
