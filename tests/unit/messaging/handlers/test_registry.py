"""The handlers of a service, compared with the operations that are declared."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncSession
from typer.testing import CliRunner

from contracts.catalogue import OPERATIONS, operations_of
from contracts.directory import (
    ARCHIVE_PATIENT,
    GET_PATIENT,
    PATIENT_PUT,
    PUT_PATIENT,
    Patient,
    PatientGet,
    PatientPut,
    Provider,
    ProviderPut,
)
from contracts.ereferral import EreferralCancel
from contracts.events import Event, EventSource
from contracts.operations import DeclarationError, Kind, Service, archive
from contracts.referral_partner import ContactMethod
from contracts.replies import ReplyStatus
from messaging.handlers.handler import NamedHandler, handles, hears
from messaging.handlers.reader import reads
from messaging.handlers.registry import found_by_event, found_by_operation
from messaging.handlers.workspace import Done, Workspace
from messaging.telemetry import logs
from ops.cli import app
from services.connectors.handlers import COMMAND_HANDLERS as CONNECTORS_COMMANDS
from services.connectors.queries import READERS as CONNECTORS_READERS
from services.ereferral_dispatch.handlers import command_handlers
from services.ereferral_dispatch.queries import READERS as DISPATCH_READERS
from services.referrals.handlers import COMMAND_HANDLERS, EVENT_HANDLERS
from services.referrals.queries import READERS

SETTINGS = {
    "DISPATCH_DATABASE_URL": "postgresql+asyncpg://nobody@127.0.0.1:1/none",
    "DISPATCH_RABBITMQ_URL": "amqp://nobody:x@127.0.0.1:1/",
    "DISPATCH_HTTP_PORT": "0",
    "DISPATCH_SIGNING_KEY": "0123456789abcdef0123456789abcdef",
}


def put(command: PatientPut, workspace: Workspace) -> Done[Patient | None]:
    return Done(ReplyStatus.OK, None, command.patient_uuid)


def put_provider(command: ProviderPut, workspace: Workspace) -> Done[Provider]:
    raise NotImplementedError


def hear(message: PatientPut, workspace: Workspace) -> Done[None]:
    return Done(ReplyStatus.OK, None, None)


async def get(query: PatientGet, session: AsyncSession, now: datetime) -> Patient:
    raise NotImplementedError


async def get_provider(query: PatientGet, session: AsyncSession, now: datetime) -> Provider:
    raise NotImplementedError


def every_command() -> list[tuple[str, str]]:
    """A stand-in for each command's handler."""
    return [(name, "a handler") for name in operations_of(Service.REFERRALS, Kind.COMMAND)]


def test_every_operation_is_done_and_nothing_else() -> None:
    """Of all services, commands and queries."""
    done: list[Mapping[str, Any]] = [
        COMMAND_HANDLERS,
        READERS,
        command_handlers(list(ContactMethod)),
        DISPATCH_READERS,
        CONNECTORS_COMMANDS,
        CONNECTORS_READERS,
    ]
    names = [name for found in done for name in found]
    assert sorted(names) == sorted(OPERATIONS)


def test_every_event_of_an_ereferral_is_heard() -> None:
    """By its type; a partner's channel is none of the referrals' business."""
    assert len(EVENT_HANDLERS) == 14
    assert {name.partition(".")[0] for name in EVENT_HANDLERS} == {"ereferral"}


def test_what_is_missing_too_many_or_unknown_is_named() -> None:
    """All of it in one line, at once."""
    commands = every_command()
    commands.remove(("practice.put", "a handler"))
    commands += [("patient.put", "another"), ("patient.forget", "a third"), ("patient.get", "no")]
    with pytest.raises(DeclarationError) as wrong:
        found_by_operation(Service.REFERRALS, Kind.COMMAND, commands)
    assert str(wrong.value) == (
        "referrals: nothing does practice.put; "
        "patient.forget is no operation of its commands; "
        "patient.get is no operation of its commands; "
        "patient.put is done 2 times"
    )


def test_what_is_as_declared_is_found_by_its_name() -> None:
    """One for each operation."""
    found = found_by_operation(Service.REFERRALS, Kind.COMMAND, every_command())
    assert found.keys() == dict(every_command()).keys() and found["patient.put"] == "a handler"


def test_an_event_that_nobody_publishes_cannot_be_heard() -> None:
    """Nor one of a type twice."""
    nobodys = Event("patient.sneezed", EventSource.REFERRALS, Patient)
    for heard, words in (
        ([nobodys], "referrals: nobody publishes patient.sneezed"),
        ([PATIENT_PUT, PATIENT_PUT], "referrals: patient.put is heard 2 times"),
    ):
        with pytest.raises(DeclarationError, match=f"^{words}$"):
            found_by_event(Service.REFERRALS, [hears(e, PatientPut, hear) for e in heard])


def test_a_handler_is_checked_against_its_operation() -> None:
    """By mypy: where it takes another request or gives another reply, the check fails.

    Each `type: ignore` here is such a mistake; mypy says so where one of them is none any more.
    """
    right: list[NamedHandler] = [handles(PUT_PATIENT, put), hears(PATIENT_PUT, PatientPut, hear)]
    assert [name for name, _ in right] == ["patient.put", "patient.put"]
    assert reads(GET_PATIENT, get)[1].message is PatientGet
    wrong: list[Any] = [
        handles(ARCHIVE_PATIENT, put),  # type: ignore[arg-type]
        handles(PUT_PATIENT, put_provider),  # type: ignore[arg-type]
        handles(PUT_PATIENT, put, needs=lambda command: command.no_such_field),  # type: ignore[attr-defined]
        handles(GET_PATIENT, put),  # type: ignore[type-var,arg-type]
        reads(GET_PATIENT, get_provider),  # type: ignore[arg-type]
        reads(PUT_PATIENT, get),  # type: ignore[type-var,arg-type]
    ]
    assert len(wrong) == 6


def test_a_service_that_is_not_as_declared_ends_at_its_start_with_one_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Status 1 and the operation's name, no traceback; no client ever gets `unknown_operation`."""

    merge = archive("ereferral.merge", Service.EREFERRAL_DISPATCH, EreferralCancel)
    monkeypatch.setitem(OPERATIONS, merge.name, merge)
    monkeypatch.setattr(logs, "configure", lambda *_: None)
    ended = CliRunner().invoke(app, ["serve", "ereferral-dispatch"], env=SETTINGS)
    assert ended.exit_code == 1
    assert ended.stderr == "ereferral_dispatch: nothing does ereferral.merge\n"
