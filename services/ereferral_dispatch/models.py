"""The mapped tables of dispatch. Every key and foreign key holds the org."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Dialect,
    FetchedValue,
    ForeignKeyConstraint,
    Integer,
    MetaData,
    Text,
    TypeDecorator,
    func,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, deferred, mapped_column

from contracts.ereferral import AttemptOutcome, Response
from contracts.referral import EreferralStatus, ResponseReason
from contracts.referral_partner import ContactMethod
from letters.letter import Message
from messaging.database.columns import COLUMN_TYPES
from services.ereferral_dispatch.rules.outcome_codes import OutcomeCode, read_code
from services.ereferral_dispatch.rules.routing import ContactPoint


class Base(DeclarativeBase):
    """The base of all of them."""

    metadata = MetaData()
    type_annotation_map: ClassVar = COLUMN_TYPES


class Plan(TypeDecorator[list[ContactPoint]]):
    """Contact points in their order; JSON in the table. A plan is replaced, never changed."""

    impl = JSONB
    cache_ok = True

    def process_bind_param(
        self, value: list[ContactPoint] | None, dialect: Dialect
    ) -> list[dict[str, str]] | None:
        if value is None:
            return None
        return [{"channel": point.channel.value, "address": point.address} for point in value]

    def process_result_value(
        self, value: list[dict[str, str]] | None, dialect: Dialect
    ) -> list[ContactPoint] | None:
        if value is None:
            return None
        return [ContactPoint(ContactMethod(point["channel"]), point["address"]) for point in value]


class Code(TypeDecorator[OutcomeCode]):
    """An outcome's code; as it is written in the table."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: OutcomeCode | None, dialect: Dialect) -> str | None:
        return None if value is None else str(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> OutcomeCode | None:
        return None if value is None else read_code(value)


class Lane(Base):
    """An org's partner, channel and address: what attempts wait in. `id` is made of these.

    `due_at` is when the lane is to be looked at next; null while there is nothing to do in it.
    `failures` in a row, the first of them at `failing_since`. While it is held (`held_at` is set),
    one probe a minute goes out, the next at `probe_at`. `version` counts holds and releases.
    """

    __tablename__ = "lane"

    org_id: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    referral_partner_id: Mapped[UUID]
    referral_partner_name: Mapped[str | None]
    channel: Mapped[ContactMethod]
    address: Mapped[str]
    due_at: Mapped[datetime | None]
    failures: Mapped[int]
    failing_since: Mapped[datetime | None]
    held_at: Mapped[datetime | None]
    probe_at: Mapped[datetime | None]
    version: Mapped[int]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class MailRelay(Base):
    """The relay that mail goes out through: one for all orgs (`org_id` is NO_ORG) and replicas.

    `name`: its URL without user and password. While it is held (`held_at` is set) one probe a
    minute goes out, the next at `probe_at`; `code` and `detail` say why. `version` counts holds and
    releases.
    """

    __tablename__ = "mail_relay"

    org_id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[UUID]
    held_at: Mapped[datetime | None]
    probe_at: Mapped[datetime | None]
    released_at: Mapped[datetime | None]
    code: Mapped[OutcomeCode | None] = mapped_column(Code)
    detail: Mapped[str | None]
    version: Mapped[int]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class Ereferral(Base):
    """An e-referral. It is worked on in the lane of the contact point at `position` of its `plan`.

    `seq`: the order in which they came. `due_at`: when its next attempt may start; null while one
    runs and when none will. `tries`: failed attempts on the present channel, which its retry
    schedule counts. `message`: what is on its way, the referral or its cancellation. Positions of
    the plan: `received`, where an attempt reached the partner, or may have; `told` and `not_told`,
    where the partner was told that it is cancelled, and where that could not be done.
    `referral_created_at`: no answer can be older; null of those that came before it was kept.
    `forced`: a person asked for this attempt, a held lane does not keep it. `call_due_at`: when its
    call is to be made. `purged_at`: since when its package is gone, and nothing can be composed.
    """

    __tablename__ = "ereferral"
    __table_args__ = (ForeignKeyConstraint(["org_id", "lane_id"], ["lane.org_id", "lane.id"]),)

    org_id: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, FetchedValue())
    referral_id: Mapped[UUID]
    patient_id: Mapped[UUID]
    referral_partner_id: Mapped[UUID]
    referral_partner_name: Mapped[str | None]
    status: Mapped[EreferralStatus]
    plan: Mapped[list[ContactPoint]] = mapped_column(Plan)
    position: Mapped[int]
    lane_id: Mapped[UUID]
    due_at: Mapped[datetime | None]
    attempts_made: Mapped[int]
    tries: Mapped[int]
    received: Mapped[list[int]] = mapped_column(ARRAY(Integer))
    told: Mapped[list[int]] = mapped_column(ARRAY(Integer))
    not_told: Mapped[list[int]] = mapped_column(ARRAY(Integer))
    possible_repeat: Mapped[bool]
    message: Mapped[Message]
    forced: Mapped[bool]
    call_due_at: Mapped[datetime | None]
    cancel_requested_at: Mapped[datetime | None]
    cancel_reason: Mapped[str | None]
    response: Mapped[Response | None]
    response_note: Mapped[str | None]
    response_reason_code: Mapped[ResponseReason | None]
    response_scheduled_at: Mapped[datetime | None]
    response_occurred_at: Mapped[datetime | None]
    referral_created_at: Mapped[datetime | None]
    responses_taken: Mapped[int] = mapped_column(server_default="0")
    traceparent: Mapped[str | None]
    purged_at: Mapped[datetime | None]
    version: Mapped[int]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class Package(Base):
    """What was frozen when the referral was sent: the `ereferral.dispatch` command as JSON."""

    __tablename__ = "package"
    __table_args__ = (
        ForeignKeyConstraint(["org_id", "ereferral_id"], ["ereferral.org_id", "ereferral.id"]),
    )

    org_id: Mapped[str] = mapped_column(primary_key=True)
    ereferral_id: Mapped[UUID] = mapped_column(primary_key=True)
    body: Mapped[bytes]


class EarlyCancel(Base):
    """A cancel that came before the dispatch of its e-referral was heard."""

    __tablename__ = "early_cancel"

    org_id: Mapped[str] = mapped_column(primary_key=True)
    ereferral_id: Mapped[UUID] = mapped_column(primary_key=True)
    reason: Mapped[str]
    requested_at: Mapped[datetime]


class Composed(Base):
    """What was built for a channel, once: every retry sends the same bytes.

    A mail or fax that has to say that it may be a repeat is another one than that which did not; to
    a portal the same bytes under the same id say it better. `composed_at`: null of what was
    composed before that was kept.
    """

    __tablename__ = "composed"
    __table_args__ = (
        ForeignKeyConstraint(["org_id", "ereferral_id"], ["ereferral.org_id", "ereferral.id"]),
    )

    org_id: Mapped[str] = mapped_column(primary_key=True)
    ereferral_id: Mapped[UUID] = mapped_column(primary_key=True)
    channel: Mapped[ContactMethod] = mapped_column(primary_key=True)
    message: Mapped[Message] = mapped_column(primary_key=True)
    possible_repeat: Mapped[bool] = mapped_column(primary_key=True)
    composed_at: Mapped[datetime | None] = mapped_column(server_default=func.now())
    content: Mapped[bytes] = deferred(mapped_column())


class Attempt(Base):
    """One attempt. Who holds its `token` works on it until `lease_until`; null: a person does.

    `sending_at` is its point of no return: from then on something may have left.
    `may_have_been_received`: after it somebody may hold what it carried.
    """

    __tablename__ = "attempt"
    __table_args__ = (
        ForeignKeyConstraint(["org_id", "ereferral_id"], ["ereferral.org_id", "ereferral.id"]),
    )

    org_id: Mapped[str] = mapped_column(primary_key=True)
    ereferral_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    channel: Mapped[ContactMethod]
    address: Mapped[str]
    token: Mapped[UUID]
    lease_until: Mapped[datetime | None]
    started_at: Mapped[datetime]
    sending_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    outcome: Mapped[AttemptOutcome | None]
    code: Mapped[OutcomeCode | None] = mapped_column(Code)
    detail: Mapped[str | None]
    may_have_been_received: Mapped[bool] = mapped_column(default=False)
