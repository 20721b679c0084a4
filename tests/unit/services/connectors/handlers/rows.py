"""Fictional rows of one org's connection, and a store that holds them."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from contracts.connecting import ImportKind, System
from messaging.testing import Store
from services.connectors.handlers import COMMAND_HANDLERS, EVENT_HANDLERS
from services.connectors.home import PUBLISHING
from services.connectors.models import Connection, ExternalId, StagedRow

NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
EARLIER = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)
ORG_ID = "org_1"
CONNECTION_ID = UUID("e73740f7-c6b8-5352-a67e-09fe33daac21")
ROW_ID = UUID("01930000-0000-7000-8000-00000000f101")
PARTNER_ID = UUID("01930000-0000-7000-8000-00000000b001")
OTHER_ID = UUID("01930000-0000-7000-8000-00000000b002")


def store(*rows: Any) -> Store:
    """The service's own handlers on these rows."""
    handlers = {**COMMAND_HANDLERS, **EVENT_HANDLERS}
    return Store(handlers, PUBLISHING, *rows, org_id=ORG_ID, now=NOW)


def connection(**changes: Any) -> Connection:
    """One that ran two days ago."""
    fields = {
        "org_id": ORG_ID,
        "id": CONNECTION_ID,
        "system": System.OPENDENTAL,
        "name": "main",
        "config": {},
        "secrets": {},
        "next_run_at": None,
        "full_asked": False,
        "pass_full": False,
        "failures": 0,
        "told": False,
        "needs_person": False,
        "writing_stopped": False,
        "counts": None,
        "version": 3,
        "created_at": EARLIER,
        "updated_at": EARLIER,
    }
    return Connection(**{**fields, **changes})


def external_id(**changes: Any) -> ExternalId:
    """The partner 17 there, imported."""
    fields = {
        "org_id": ORG_ID,
        "connection_id": CONNECTION_ID,
        "kind": ImportKind.PARTNER,
        "external_id": "17",
        "uuid": PARTNER_ID,
        "generation": 1,
        "version": 2,
        "changes": 0,
        "missed": 0,
        "gone": False,
        "archived": False,
        "erased": False,
        "created_at": EARLIER,
        "updated_at": EARLIER,
    }
    return ExternalId(**{**fields, **changes})


def staged(**changes: Any) -> StagedRow:
    """The partner 17 there, changed on both sides."""
    fields = {
        "org_id": ORG_ID,
        "id": ROW_ID,
        "connection_id": CONNECTION_ID,
        "kind": ImportKind.PARTNER,
        "external_id": "17",
        "external_version": "2026-11-20 10:00:00.cdab067e9f3beb32",
        "body": b"sealed",
        "gone": False,
        "state": "refused",
        "code": "both_changed",
        "fields": ["city"],
        "as_secondary": False,
        "version": 1,
        "created_at": EARLIER,
        "updated_at": EARLIER,
    }
    return StagedRow(**{**fields, **changes})
