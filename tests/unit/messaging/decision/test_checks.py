"""The order of the checks: the first failure wins, whatever else is wrong with the message."""

import tracemalloc
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from contracts.events import EventSource
from contracts.problems import ProblemCode, Refusal
from contracts.replies import ReplyStatus
from contracts.shapes import Update
from contracts.values import Uuid
from messaging.decision.checks import decide
from messaging.handlers.handler import Handler
from messaging.handlers.workspace import Done, Need, Publishing, Rows, Workspace, own_id
from messaging.intake.admission import Incoming, command_intake, event_intake
from messaging.intake.grants import AllowAll, Client, ClientGrants
from messaging.wire.envelope import Envelope
from tests.support.broker.deliveries import delivery

NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
PARENT, CHILD = UUID(int=1), UUID(int=2)


@dataclass
class Parent:
    """A row that another one hangs on."""

    deleted_at: datetime | None = None


@dataclass
class Child:
    """A row with a version."""

    parent: UUID = PARENT
    version: int = 4
    deleted_at: datetime | None = None


class ChildUpdate(Update):
    """Names a child and the parent that it hangs on."""

    parent_uuid: Uuid
    child_uuid: Uuid


def update(_: ChildUpdate, workspace: Workspace) -> Done[Any]:
    raise Refusal(ProblemCode.INVALID_TRANSITION, "The handler was reached.")


def named(command: ChildUpdate) -> list[Need]:
    return [
        Need(Parent, (command.parent_uuid,), missing=ProblemCode.REFERRAL_SOURCE_NOT_FOUND),
        Need(
            Child,
            (command.child_uuid,),
            writes=True,
            missing=ProblemCode.REFERRAL_SOURCE_COST_NOT_FOUND,
            versioned=True,
            belongs=lambda child: child.parent == command.parent_uuid,
        ),
    ]


HANDLER = Handler(ChildUpdate, update, needs=named)
HANDLERS = {"child.update": HANDLER}
GOOD: dict[str, Any] = {
    "org_id": "o",
    "parent_uuid": str(PARENT),
    "child_uuid": str(CHILD),
    "base_version": 4,
}


class NobodyMay(AllowAll):
    """Permits nothing."""

    def check(self, envelope: Envelope) -> None:
        raise Refusal(ProblemCode.FORBIDDEN, "Nobody may.")


@pytest.mark.parametrize(
    ("body", "operation", "properties", "code"),
    [
        (b"{", "no.such", {}, "malformed_message"),
        ({**GOOD, "org_id": ""}, "no.such", {}, "malformed_message"),
        (GOOD, "no.such", {"content_type": "text/plain"}, "malformed_message"),
        (GOOD, "child.update", {"message_id": None}, "malformed_message"),
        ({"org_id": "o", "x": 1}, "no.such", {}, "unknown_operation"),
        (GOOD, "", {}, "unknown_operation"),
        (GOOD, "child.update.", {}, "unknown_operation"),
        (GOOD, "CHILD.UPDATE", {}, "unknown_operation"),
        ({"org_id": "o", "x": 1}, "child.update", {}, "forbidden"),
    ],
)
def test_form_comes_before_operation_before_grant_before_the_fields(
    body: Any, operation: str, properties: dict[str, Any], code: str
) -> None:
    """400 before 400 before 403, and no field is judged for who may not ask."""
    message = delivery(body, operation, **properties)
    with pytest.raises(Refusal) as refused:
        command_intake(HANDLERS, NobodyMay())(message)
    assert refused.value.problem.code == code


def test_the_fields_are_judged_only_after_the_repeats() -> None:
    """What is wrong with them is held back until the message is known to be no repeat."""
    taken = command_intake(HANDLERS, AllowAll())(delivery({**GOOD, "x": 1}, "child.update"))
    assert isinstance(taken, Incoming)
    assert taken.message is None
    assert taken.refusal is not None
    assert taken.refusal.problem.code == "validation_error"
    assert [error.loc for error in taken.refusal.problem.errors] == [["x"]]


def test_all_wrong_fields_are_named_at_once_and_no_value_is_quoted() -> None:
    """A client repairs a message in one go; `msg` and `loc` hold nothing of what it sent."""
    body = {**GOOD, "child_uuid": "secret-1", "base_version": "secret-2", "ünknown": "secret-3"}
    taken = command_intake(HANDLERS, AllowAll())(delivery(body, "child.update"))
    assert isinstance(taken, Incoming) and taken.refusal is not None
    errors = taken.refusal.problem.errors
    assert sorted((str(error.loc[0]), error.type) for error in errors) == [
        ("\\xfcnknown", "extra_forbidden"),
        ("base_version", "int_type"),
        ("child_uuid", "uuid_parsing"),
    ]
    assert "secret" not in taken.refusal.problem.model_dump_json()


@pytest.mark.parametrize(
    ("parent", "child", "base_version", "code"),
    [
        (None, None, 1, "referral_source_not_found"),
        (Parent(deleted_at=NOW), None, 1, "referral_source_not_found"),
        (Parent(deleted_at=NOW), Child(), 4, "referral_source_not_found"),
        (Parent(), None, 1, "referral_source_cost_not_found"),
        (Parent(), Child(deleted_at=NOW), 1, "referral_source_cost_not_found"),
        (Parent(), Child(parent=UUID(int=9)), 1, "referral_source_cost_not_found"),
        (Parent(), Child(), 3, "version_conflict"),
        (Parent(), Child(), 5, "version_conflict"),
        (Parent(), Child(), 4, "invalid_transition"),
    ],
)
def test_rows_come_before_the_version_before_the_handler(
    parent: Parent | None, child: Child | None, base_version: int, code: str
) -> None:
    """404, parent before child, archived or of another parent as if not there; then 409."""
    command = ChildUpdate.model_validate({**GOOD, "base_version": base_version})
    rows = Rows({(Parent, ("o", PARENT)): parent, (Child, ("o", CHILD)): child})
    workspace = Workspace(rows, Publishing(EventSource.REFERRALS, "e"), org_id="o", now=NOW)
    with pytest.raises(Refusal) as refused:
        decide(HANDLER, command, named(command), workspace)
    assert refused.value.problem.code == code
    expected = 4 if code == "version_conflict" else None
    assert refused.value.problem.current_version == expected


@pytest.mark.parametrize(
    ("taken_by", "base_version", "code"),
    [
        (None, 4, "invalid_transition"),
        (Child(), 4, "already_exists"),
        (Child(deleted_at=NOW), 4, "already_exists"),
        (Child(deleted_at=NOW), 3, "version_conflict"),
    ],
)
def test_an_id_that_is_taken_comes_behind_the_version_and_before_the_handler(
    taken_by: Child | None, base_version: int, code: str
) -> None:
    """409; taken for good, by an archived row too."""
    own = UUID(int=3)
    command = ChildUpdate.model_validate({**GOOD, "base_version": base_version})
    rows = Rows(
        {
            (Parent, ("o", PARENT)): Parent(),
            (Child, ("o", CHILD)): Child(),
            (Child, ("o", own)): taken_by,
        }
    )
    workspace = Workspace(rows, Publishing(EventSource.REFERRALS, "e"), org_id="o", now=NOW)
    with pytest.raises(Refusal) as refused:
        decide(HANDLER, command, [*own_id(Child, own), *named(command)], workspace)
    assert refused.value.problem.code == code
    if code == "already_exists":
        by = "one that is archived" if taken_by == Child(deleted_at=NOW) else "one that exists"
        assert f"is taken in this org by {by}: " in refused.value.problem.detail
    assert own_id(Child, None) == []


@pytest.mark.parametrize(
    ("parent", "child", "detail"),
    [
        (
            None,
            Child(),
            "There is no such referral source in this org (parent_uuid): referral_source.list "
            "shows those that there are, referral_source.create makes one.",
        ),
        (
            Parent(deleted_at=NOW),
            Child(),
            "This referral source is archived (parent_uuid): referral_source.create makes another.",
        ),
        (
            Parent(),
            Child(parent=UUID(int=9), deleted_at=NOW),
            "There is no such referral source cost in this org (child_uuid): "
            "referral_source_cost.list shows those that there are, referral_source_cost.create "
            "makes one.",
        ),
        (
            Parent(),
            Child(version=5),
            "base_version is not the current version: read it again with referral_source_cost.get, "
            "decide anew, and send current_version as base_version.",
        ),
    ],
)
def test_a_refusal_names_the_field_and_what_mends_it(
    parent: Parent | None, child: Child, detail: str
) -> None:
    """The field by its name and never by its value. What is archived in the org is told as such;
    what hangs on another parent is as unknown as what never was."""
    command = ChildUpdate.model_validate(GOOD)
    rows = Rows({(Parent, ("o", PARENT)): parent, (Child, ("o", CHILD)): child})
    workspace = Workspace(rows, Publishing(EventSource.REFERRALS, "e"), org_id="o", now=NOW)
    with pytest.raises(Refusal) as refused:
        decide(HANDLER, command, named(command), workspace)
    assert refused.value.problem.detail == detail


@pytest.mark.parametrize(
    ("missing", "reads"),
    [
        (ProblemCode.CONTACT_NOT_FOUND, "contact.get"),
        (ProblemCode.IMPORT_ROW_NOT_FOUND, "import_row.list"),
    ],
)
def test_a_conflict_names_an_operation_that_there_is(missing: ProblemCode, reads: str) -> None:
    """What is read one by one is got, the rest is found in its list."""
    command = ChildUpdate.model_validate(GOOD)
    needs = [Need(Child, (CHILD,), writes=True, missing=missing, versioned=True)]
    rows = Rows({(Child, ("o", CHILD)): Child(version=5)})
    workspace = Workspace(rows, Publishing(EventSource.REFERRALS, "e"), org_id="o", now=NOW)
    with pytest.raises(Refusal) as refused:
        decide(HANDLER, command, needs, workspace)
    assert f": read it again with {reads}, decide anew" in str(refused.value.problem.detail)


def test_an_event_that_nobody_handles_is_left_alone_if_it_is_well_formed() -> None:
    """New event types may come; a broken message is refused all the same."""
    read = event_intake(HANDLERS, AllowAll())
    event = {"content_type": "application/cloudevents+json"}
    assert read(delivery({"orgid": "o"}, "partner_channel.held", **event)) is None
    for broken, properties in (
        ({"org_id": "o"}, event),
        ({"orgid": "o"}, {"content_type": "application/json"}),
        ({"orgid": "o"}, {**event, "message_id": None}),
    ):
        with pytest.raises(Refusal) as refused:
            read(delivery(broken, "partner_channel.held", **properties))
        assert refused.value.problem.code == "malformed_message"


def test_an_event_of_a_client_is_none() -> None:
    """Where grants are set, what carries a client's name was published by that client."""
    crm = Client(user="crm", orgs=["*"], operations=["*"])
    read = event_intake(HANDLERS, ClientGrants([crm]))
    event = {"content_type": "application/cloudevents+json"}
    for user_id in (None, "operator"):
        named = {**event, "user_id": user_id}
        assert read(delivery({**GOOD, "orgid": "o"}, "child.update", **named)) is not None
    with pytest.raises(Refusal) as refused:
        read(delivery({**GOOD, "orgid": "o"}, "child.update", **{**event, "user_id": "crm"}))
    assert refused.value.problem.code == "forbidden"


def test_what_waits_for_its_batch_holds_its_body_once() -> None:
    """1 MiB of JSON is 30 of Python's: the parsed body goes as soon as its contract was asked.

    Neither the envelope nor the refusal holds on to it.
    """
    message = delivery({**GOOD, "x": [[]] * 100_000}, "child.update")
    tracemalloc.start()
    try:
        incoming = command_intake(HANDLERS, AllowAll())(message)
        held_bytes, most_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert incoming is not None and incoming.refusal is not None
    assert most_bytes > 5_000_000
    assert held_bytes < 100_000


def test_a_success_reaches_the_handler() -> None:
    """With everything in order the handler's answer is the answer."""
    done = Done(ReplyStatus.OK, None, CHILD)
    handler = Handler(ChildUpdate, lambda *_: done, needs=named)
    command = ChildUpdate.model_validate(GOOD)
    rows = Rows({(Parent, ("o", PARENT)): Parent(), (Child, ("o", CHILD)): Child()})
    workspace = Workspace(rows, Publishing(EventSource.REFERRALS, "e"), org_id="o", now=NOW)
    assert decide(handler, command, named(command), workspace) is done
