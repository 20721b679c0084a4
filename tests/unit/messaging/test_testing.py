"""The store that handlers are tested on: it sees what a batch would see, and what it would not."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from contracts.directory import (
    ARCHIVE_PROVIDER,
    GET_PROVIDER,
    PROVIDER_PUT,
    PUT_PROVIDER,
    Provider,
    ProviderPut,
)
from contracts.events import EventSource
from contracts.problems import ProblemCode, Refusal
from contracts.replies import ReplyStatus
from messaging.handlers.handler import Handler
from messaging.handlers.workspace import Done, Need, Publishing, Workspace
from messaging.testing import Store
from services.ereferral_dispatch.models import Ereferral
from services.referrals.models import directory as models
from tests.support.samples.packages import sample_provider

NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
THIS, OTHER = UUID(int=1), UUID(int=2)
PUT = {"provider_uuid": THIS, "name": "Dr. Rose", "observed_at": NOW}
PUBLISHING = Publishing(EventSource.REFERRALS, "referrals.events")
SHOWN: Provider = sample_provider()


def provider(id_: UUID = THIS, org_id: str = "o", name: str = "Rose") -> models.Provider:
    return models.Provider(org_id=org_id, id=id_, name=name, npi=None, version=1, deleted_at=None)


def put(handle: Any, *rows: Any, needs: Any = None, **parts: Any) -> Store:
    """A store whose one handler of `provider.put` is this one."""
    needs = needs or (lambda command: [Need(models.Provider, (command.provider_uuid,))])
    handler = Handler(ProviderPut, handle, needs=needs, **parts)
    return Store({"provider.put": handler}, PUBLISHING, *rows, org_id="o", now=NOW)


def done(*_: Any) -> Done[Any]:
    return Done(ReplyStatus.OK, SHOWN, THIS)


def test_what_a_handler_did_is_seen() -> None:
    """The reply, the columns that differ, the new rows, what leaves, whom it was about."""

    def handle(command: ProviderPut, workspace: Workspace) -> Done[Any]:
        row = workspace.get(models.Provider, THIS)
        row.name = command.name
        workspace.add(models.Provider, OTHER, row=provider(OTHER))
        workspace.publish(PROVIDER_PUT, SHOWN, changed=["name"])
        archived = {"org_id": "o", "provider_uuid": THIS, "observed_at": NOW}
        command_ = ARCHIVE_PROVIDER.request.model_validate(archived)
        workspace.send(ARCHIVE_PROVIDER, command_, subject=THIS)
        workspace.concerns(OTHER)
        return Done(ReplyStatus.OK, SHOWN, THIS)

    held = put(handle, provider())
    decided = held.decide(PUT_PROVIDER, **PUT)
    assert (decided.status, decided.data, decided.id) == (200, SHOWN, THIS)
    assert decided.changes == {(models.Provider, (THIS,)): {"name": "Dr. Rose"}}
    assert [row.id for row in decided.added] == [OTHER]
    assert (decided.event_types, decided.events[0]["changed"]) == (["provider.put"], "name")
    [(operation, body)] = decided.commands
    assert (operation, body["provider_uuid"]) == ("provider.archive", str(THIS))
    assert decided.patients == {OTHER}
    assert held.row(models.Provider, OTHER).name == "Rose"
    assert [row.id for row in held.rows(models.Provider)] == [THIS, OTHER]
    with pytest.raises(LookupError):
        held.row(models.Provider, UUID(int=3))


def test_a_later_message_finds_what_an_earlier_one_added() -> None:
    """As in one batch, and as in the next."""

    def handle(command: ProviderPut, workspace: Workspace) -> Done[Any]:
        if workspace.find(models.Provider, THIS) is None:
            workspace.add(models.Provider, THIS, row=provider())
        return done()

    held = put(handle)
    assert len(held.decide(PUT_PROVIDER, **PUT).added) == 1
    assert len(held.decide(PUT_PROVIDER, **PUT).added) == 0


def test_a_list_is_looked_up_once_as_in_a_batch() -> None:
    """A handler that adds a row puts it into the list too, or later messages do not see it."""
    counts: list[int] = []

    def handle(_: ProviderPut, workspace: Workspace) -> Done[Any]:
        found = workspace.find_all(models.Provider, ("name",), "Rose")
        counts.append(len(found))
        row = provider(UUID(int=len(counts) + 7))
        workspace.add(models.Provider, row.id, row=row)
        if len(counts) == 2:
            found.append(row)
        return done()

    by_name = Need(models.Provider, ("Rose",), by=("name",))
    held = put(handle, provider(), needs=lambda _: [by_name])
    for _ in range(3):
        held.decide(PUT_PROVIDER, **PUT)
    assert counts == [1, 1, 2]
    assert len(held.rows(models.Provider)) == 4


def test_only_what_was_asked_for_is_there() -> None:
    """In a batch the rest would not have been loaded."""

    def handle(_: ProviderPut, workspace: Workspace) -> Done[Any]:
        workspace.find(models.Provider, OTHER)
        return done()

    with pytest.raises(LookupError):
        put(handle, provider(OTHER)).decide(PUT_PROVIDER, **PUT)


def test_another_orgs_rows_are_not_there() -> None:
    """Nor those of another model under the same id; a need by columns finds its org's alone."""
    by_name = Need(models.Provider, ("Rose",), by=("name",))
    found: list[Any] = []

    def handle(_: ProviderPut, workspace: Workspace) -> Done[Any]:
        found.append(workspace.find(models.Provider, THIS))
        found.append([row.id for row in workspace.find_all(models.Provider, ("name",), "Rose")])
        return done()

    rows = [
        provider(org_id="other"),
        models.Patient(org_id="o", id=THIS, name="Rose"),
        provider(OTHER),
        provider(UUID(int=3), name="Thorn"),
    ]
    needs = [Need(models.Provider, (THIS,)), by_name]
    put(handle, *rows, needs=lambda _: needs).decide(PUT_PROVIDER, **PUT)
    assert found == [None, [OTHER]]


def test_the_real_checks_are_run() -> None:
    """Contract, the handler's own check, what it names: in their order."""

    def check(command: ProviderPut) -> None:
        if command.name == "Checked":
            raise Refusal(ProblemCode.PARTNER_INACTIVE, "By the check.")

    needs = [Need(models.Provider, (THIS,), missing=ProblemCode.PROVIDER_NOT_FOUND)]
    held = put(done, needs=lambda _: needs, check=check)
    assert held.refuse(PUT_PROVIDER, **{**PUT, "name": ""}).code == "validation_error"
    assert held.refuse(PUT_PROVIDER, **{**PUT, "name": "Checked"}).code == "partner_inactive"
    assert held.refuse(PUT_PROVIDER, **PUT).code == "provider_not_found"
    with pytest.raises(Refusal):
        held.decide(PUT_PROVIDER, **PUT)


def refusing_after(step: Any) -> Any:
    def handle(_: ProviderPut, workspace: Workspace) -> Done[Any]:
        step(workspace)
        raise Refusal(ProblemCode.INVALID_TRANSITION, "Too late.")

    return handle


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (lambda w: setattr(w.get(models.Provider, THIS), "name", "X"), "after a change"),
        (lambda w: w.append(provider(OTHER)), "after a row was added"),
        (lambda w: w.publish(PROVIDER_PUT, SHOWN), "after a message was recorded"),
    ],
)
def test_a_refusal_that_comes_too_late_is_a_fault(step: Any, words: str) -> None:
    """A batch would commit with the others' work what was done before it."""
    with pytest.raises(AssertionError, match=words):
        put(refusing_after(step), provider()).refuse(PUT_PROVIDER, **PUT)


def test_what_is_not_refused_is_a_fault_where_a_refusal_was_expected() -> None:
    """Else a test of a refusal could not fail."""
    with pytest.raises(AssertionError, match=r"provider\.put was not refused"):
        put(done).refuse(PUT_PROVIDER, **PUT)


@pytest.mark.parametrize(
    "answer",
    [
        Done(ReplyStatus.CREATED, SHOWN, THIS),
        Done(ReplyStatus.ARCHIVED, None, THIS),
        Done(ReplyStatus.OK, models.Provider(), THIS),  # type: ignore[type-var]
    ],
)
def test_a_reply_that_the_operation_does_not_declare_is_a_fault(answer: Done[Any]) -> None:
    """Another status, or another shape under a status that it declares."""
    with pytest.raises(AssertionError, match=r"provider\.put does not declare"):
        put(lambda *_: answer).decide(PUT_PROVIDER, **PUT)


def test_a_list_that_is_changed_in_its_place_is_a_fault() -> None:
    """SQLAlchemy sees another list, and not that one has changed: it would not be written."""

    def appends(_: ProviderPut, workspace: Workspace) -> Done[Any]:
        workspace.get(Ereferral, THIS).received.append(1)
        return done()

    def replaces(_: ProviderPut, workspace: Workspace) -> Done[Any]:
        row = workspace.get(Ereferral, THIS)
        row.received = [*row.received, 1]
        return done()

    def row() -> Ereferral:
        return Ereferral(org_id="o", id=THIS, received=[0])

    needs = [Need(Ereferral, (THIS,))]
    with pytest.raises(AssertionError, match="received was changed in its place"):
        put(appends, row(), needs=lambda _: needs).decide(PUT_PROVIDER, **PUT)
    decided = put(replaces, row(), needs=lambda _: needs).decide(PUT_PROVIDER, **PUT)
    assert decided.changes == {(Ereferral, (THIS,)): {"received": [0, 1]}}


def test_a_query_has_no_handler() -> None:
    """It is read from a database, and tested on one."""
    with pytest.raises(KeyError):
        put(done).decide(GET_PROVIDER, provider_uuid=THIS)
