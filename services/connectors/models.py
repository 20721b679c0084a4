"""The mapped tables of connectors. Every key holds the org; what is said of a row is sealed."""

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, FetchedValue, LargeBinary, MetaData, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from contracts.connecting import ConnectionFailureCode, Hint, ImportKind, RowResolution, System
from messaging.database.columns import COLUMN_TYPES

WITHOUT_DEFAULTS = {"eager_defaults": False}
"""What the database gives a new row is not read back: many rows are then one statement, planned
once, whatever their number."""


class Base(DeclarativeBase):
    """The base of all of them."""

    metadata = MetaData()
    type_annotation_map: ClassVar = {**COLUMN_TYPES, dict[str, Any]: JSONB, bytes: LargeBinary}


class Connection(Base):
    """A connection, and how far it is.

    `config` are its options, `secrets` references or sealed values. Who holds `lease_token` runs it
    until `lease_until`. A pass is one reading of everything that is to be read: `pass_id` is set
    while one is under way, over failed runs. `failures` in a row since `failing_since`; `told`:
    `connection.failed` was said. `writing_stopped`: the key may not write.
    """

    __tablename__ = "connection"

    org_id: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    system: Mapped[System]
    name: Mapped[str]
    config: Mapped[dict[str, Any]]
    secrets: Mapped[dict[str, Any]]
    next_run_at: Mapped[datetime | None]
    full_asked: Mapped[bool]
    lease_token: Mapped[UUID | None]
    lease_until: Mapped[datetime | None]
    pass_id: Mapped[UUID | None]
    pass_full: Mapped[bool]
    run_id: Mapped[UUID | None]
    failures: Mapped[int]
    failing_since: Mapped[datetime | None]
    told: Mapped[bool]
    code: Mapped[ConnectionFailureCode | None]
    phase: Mapped[str | None]
    row_offset: Mapped[int | None]
    needs_person: Mapped[bool]
    writing_stopped: Mapped[bool]
    last_success_at: Mapped[datetime | None]
    last_sweep_at: Mapped[datetime | None]
    counts: Mapped[dict[str, Any] | None]
    complete: Mapped[bool | None]
    skew_seconds: Mapped[int | None]
    removed_at: Mapped[datetime | None]
    version: Mapped[int]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class Cursor(Base):
    """How far a phase of a pass is. `asked_from` is the time that its list was filtered by, None
    where it was asked for whole; `next_from` what the next pass asks from."""

    __tablename__ = "cursor"

    org_id: Mapped[str] = mapped_column(primary_key=True)
    connection_id: Mapped[UUID] = mapped_column(primary_key=True)
    phase: Mapped[str] = mapped_column(primary_key=True)
    pass_id: Mapped[UUID]
    row_offset: Mapped[int]
    last_id: Mapped[str | None]
    restarts: Mapped[int]
    complete: Mapped[bool]
    finished: Mapped[bool]
    asked_from: Mapped[str | None]
    next_from: Mapped[str | None]
    server_time: Mapped[str | None]
    highest_stamp: Mapped[str | None]
    moved_at: Mapped[datetime]


class ExternalId(Base):
    """A row of the other side and the resource that it is here.

    `version` is the resource's, as of the last import; None before it was made here. `base` is the
    row as of then, sealed. `changes` counts the versions seen. `parent` is the external id of the
    patient it belongs to, `rank` its place among that patient's. `identity` tells another row under
    the same number. `category` is a source's as of `version`. `missed`: complete sweeps in a row
    that lacked it.
    """

    __tablename__ = "external_id"

    org_id: Mapped[str] = mapped_column(primary_key=True)
    connection_id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[ImportKind] = mapped_column(primary_key=True)
    external_id: Mapped[str] = mapped_column(primary_key=True)
    uuid: Mapped[UUID]
    generation: Mapped[int]
    version: Mapped[int | None]
    external_version: Mapped[str | None]
    base: Mapped[bytes | None]
    changes: Mapped[int]
    parent: Mapped[str | None]
    rank: Mapped[int | None]
    identity: Mapped[str | None]
    observed_at: Mapped[datetime | None]
    fulfilment_status: Mapped[str | None]
    category: Mapped[str | None]
    missed: Mapped[int]
    seen_pass: Mapped[UUID | None]
    gone: Mapped[bool]
    archived: Mapped[bool]
    erased: Mapped[bool]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class StagedRow(Base):
    """A row that changed there and is still to be applied, or waits for a person.

    `body` is the row, sealed, and None once it was applied or is forgotten. `gone`: the row is no
    longer there, or is another kind of thing now. `told` are the version and codes that an event
    was published for.
    """

    __tablename__ = "staged_row"
    __mapper_args__ = WITHOUT_DEFAULTS

    org_id: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, FetchedValue())
    connection_id: Mapped[UUID]
    kind: Mapped[ImportKind]
    external_id: Mapped[str]
    external_version: Mapped[str]
    stamp: Mapped[str | None]
    body: Mapped[bytes | None]
    parent: Mapped[str | None]
    rank: Mapped[int | None]
    identity: Mapped[str | None]
    gone: Mapped[bool]
    state: Mapped[str]
    code: Mapped[str | None]
    fields: Mapped[list[str]] = mapped_column(ARRAY(Text))
    told: Mapped[str | None]
    uuid: Mapped[UUID | None]
    as_secondary: Mapped[bool]
    resolution: Mapped[RowResolution | None]
    resolved_at: Mapped[datetime | None]
    version: Mapped[int]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class OutgoingRow(Base):
    """A command to referrals, or a write to the other side, whose answer is not known yet.

    `body` is sealed; it never changes, so that whoever sends it again sends the same bytes.
    """

    __tablename__ = "outgoing"
    __mapper_args__ = WITHOUT_DEFAULTS

    org_id: Mapped[str] = mapped_column(primary_key=True)
    message_id: Mapped[UUID] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, FetchedValue())
    connection_id: Mapped[UUID]
    target: Mapped[str]
    kind: Mapped[ImportKind]
    external_id: Mapped[str]
    external_version: Mapped[str]
    operation: Mapped[str]
    body: Mapped[bytes]
    tries: Mapped[int]
    due_at: Mapped[datetime | None]
    lease_until: Mapped[datetime | None]
    created_at: Mapped[datetime]


class Run(Base):
    """One run of a connection."""

    __tablename__ = "run"

    org_id: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    connection_id: Mapped[UUID]
    is_full: Mapped[bool]
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    phase: Mapped[str | None]
    row_offset: Mapped[int | None]
    complete: Mapped[bool | None]
    skew_seconds: Mapped[int | None]
    code: Mapped[ConnectionFailureCode | None]
    counts: Mapped[dict[str, Any]]
    version: Mapped[int]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class ApiBudget(Base):
    """Whose turn it is to ask with one credential, whatever the org (`org_id` is NO_ORG)."""

    __tablename__ = "api_budget"

    org_id: Mapped[str] = mapped_column(primary_key=True)
    credential: Mapped[str] = mapped_column(primary_key=True)
    free_at: Mapped[datetime]
    busy_token: Mapped[UUID | None]
    busy_until: Mapped[datetime | None]
    urgent_until: Mapped[datetime | None]


class Token(Base):
    """The OAuth2 tokens of a connection, sealed. `dead`: a person has to authorize again."""

    __tablename__ = "token"

    org_id: Mapped[str] = mapped_column(primary_key=True)
    connection_id: Mapped[UUID] = mapped_column(primary_key=True)
    access: Mapped[bytes]
    refresh: Mapped[bytes]
    expires_at: Mapped[datetime]
    lease_token: Mapped[UUID | None]
    lease_until: Mapped[datetime | None]
    dead: Mapped[bool]


class SourceMap(Base):
    """A source number there and the referral source that it means; None: nothing yet."""

    __tablename__ = "source_map"

    org_id: Mapped[str] = mapped_column(primary_key=True)
    connection_id: Mapped[UUID] = mapped_column(primary_key=True)
    external_id: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[UUID]
    referral_source_id: Mapped[UUID | None]
    told: Mapped[bool]
    version: Mapped[int]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class OperatorMap(Base):
    """An operator there and the visiting partner who that is."""

    __tablename__ = "operator_map"

    org_id: Mapped[str] = mapped_column(primary_key=True)
    connection_id: Mapped[UUID] = mapped_column(primary_key=True)
    external_id: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[UUID]
    referral_partner_id: Mapped[UUID | None]
    version: Mapped[int]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class OdDefinition(Base):
    """A specialty's number and name, as the practice's Open Dental has them."""

    __tablename__ = "od_definition"

    org_id: Mapped[str] = mapped_column(primary_key=True)
    def_num: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    item_name: Mapped[str]


class OdReferral(Base):
    """A partner or source as our own Open Dental interface shows it, under its number.

    A projection of referrals' events, written through by replies. `fields` are all that it shows,
    by their names there, but for `tax_number`, which is sealed and only kept where the connection
    says so. `version` is the resource's, 0 before it was made. `patient_id`: whose row it is;
    `patient_seen`: it shows what the directory has of them.
    """

    __tablename__ = "od_referral"

    org_id: Mapped[str] = mapped_column(primary_key=True)
    referral_num: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    uuid: Mapped[UUID]
    kind: Mapped[ImportKind]
    version: Mapped[int]
    patient_id: Mapped[UUID | None]
    patient_seen: Mapped[bool]
    fields: Mapped[dict[str, Any]]
    tax_number: Mapped[bytes | None]
    is_hidden: Mapped[bool]
    not_person: Mapped[bool]
    is_doctor: Mapped[bool]
    is_preferred: Mapped[bool]
    is_patient: Mapped[bool]
    business_name: Mapped[str]
    archived: Mapped[bool]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class OdCounter(Base):
    """The numbers that an org's interface gives next; its row is locked by whoever takes one.

    There is one where the org has such an interface: `connection_id` is its connection.
    `is_filled`: what was there before has its number, and news may bring others.
    """

    __tablename__ = "od_counter"

    org_id: Mapped[str] = mapped_column(primary_key=True)
    connection_id: Mapped[UUID]
    next_num: Mapped[int] = mapped_column(BigInteger)
    next_def_num: Mapped[int] = mapped_column(BigInteger)
    is_filled: Mapped[bool]


class ReferralHint(Base):
    """The hint that appointments last gave about a referral."""

    __tablename__ = "hint"

    org_id: Mapped[str] = mapped_column(primary_key=True)
    connection_id: Mapped[UUID] = mapped_column(primary_key=True)
    referral_id: Mapped[UUID] = mapped_column(primary_key=True)
    hint: Mapped[Hint]
    told_at: Mapped[datetime]
