"""Connections, runs and rows as they are shown."""

from typing import Any
from uuid import uuid5

from contracts.connection import Connection as ConnectionResource
from contracts.connection import ConnectionRun, FulfilmentHint, KindCounts, RunCounts
from contracts.external_id import ExternalId as ExternalIdResource
from contracts.external_id import OperatorMap as OperatorMapResource
from contracts.external_id import SourceMap as SourceMapResource
from contracts.import_row import ImportRow
from contracts.shapes import resource_fields
from services.connectors.models import (
    Connection,
    ExternalId,
    OperatorMap,
    Run,
    SourceMap,
    StagedRow,
)
from services.connectors.rules.identity import NAMESPACE


def connection_resource(
    row: Connection, *, waiting: int = 0, hint: FulfilmentHint | None = None
) -> ConnectionResource:
    """A connection without its options and secrets."""
    return ConnectionResource.model_construct(
        **resource_fields(row),
        name=row.name,
        system=row.system,
        last_success_at=row.last_success_at,
        next_run_at=row.next_run_at,
        counts=None if row.counts is None else counts_shown(row.counts),
        complete=row.complete,
        skew_seconds=row.skew_seconds,
        code=row.code,
        phase=row.phase,
        offset=row.row_offset,
        needs_person=row.needs_person,
        waiting=waiting,
        hint=hint,
    )


def counts_shown(counts: dict[str, Any]) -> RunCounts:
    """What a run did, by kind."""
    return RunCounts(**{kind: KindCounts(**of_kind) for kind, of_kind in counts.items()})


def run_resource(row: Run) -> ConnectionRun:
    """One run."""
    return ConnectionRun.model_construct(
        **resource_fields(row),
        connection_uuid=row.connection_id,
        full=row.is_full,
        started_at=row.started_at,
        finished_at=row.finished_at,
        phase=row.phase,
        offset=row.row_offset,
        complete=row.complete,
        skew_seconds=row.skew_seconds,
        code=row.code,
        counts=counts_shown(row.counts),
    )


def import_row_resource(row: StagedRow) -> ImportRow:
    """A row that waits for a person; nothing of what it says."""
    return ImportRow.model_construct(
        **resource_fields(row),
        connection_uuid=row.connection_id,
        kind=row.kind,
        external_id=row.external_id,
        external_version=row.external_version,
        code=row.code or "",
        fields=list(row.fields),
        uuid=row.uuid,
        resolution=row.resolution,
        resolved_at=row.resolved_at,
    )


def external_id_resource(row: ExternalId) -> ExternalIdResource:
    """Which resource a row of the other side is."""
    name = f"{row.org_id}/{row.connection_id}/{row.kind}/{row.external_id}"
    return ExternalIdResource.model_construct(
        id=uuid5(NAMESPACE, name),
        version=row.version or 1,
        created_at=row.created_at,
        updated_at=row.updated_at,
        connection_uuid=row.connection_id,
        kind=row.kind,
        external_id=row.external_id,
        uuid=row.uuid,
        erased=row.erased,
    )


def source_map_resource(row: SourceMap) -> SourceMapResource:
    """What a source number means."""
    return SourceMapResource.model_construct(
        **resource_fields(row),
        connection_uuid=row.connection_id,
        external_id=row.external_id,
        referral_source_uuid=row.referral_source_id,
    )


def operator_map_resource(row: OperatorMap) -> OperatorMapResource:
    """Who an operator is."""
    return OperatorMapResource.model_construct(
        **resource_fields(row),
        connection_uuid=row.connection_id,
        external_id=row.external_id,
        referral_partner_uuid=row.referral_partner_id,
    )
