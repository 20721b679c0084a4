"""The mapped tables of dispatch. Every key and foreign key holds the org."""

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, FetchedValue, ForeignKeyConstraint, MetaData, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, deferred, mapped_column


class Base(DeclarativeBase):
    """Times are aware, texts unbounded in the table: their length is the contract's to judge."""

    metadata = MetaData()
    type_annotation_map: ClassVar = {datetime: DateTime(timezone=True), str: Text}


class Lane(Base):
    """An org's partner, channel and address: what attempts wait in. `id` is made of these.

    `due_at` is when the lane is to be looked at next; null while there is nothing to do in it.
    """

    __tablename__ = "lane"

    org_id: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    referral_partner_id: Mapped[UUID]
    channel: Mapped[str]
    address: Mapped[str]
    due_at: Mapped[datetime | None]


class Ereferral(Base):
    """An e-referral. It is worked on in the lane of the contact point at `position` of its `plan`.

    `seq`: the order in which they came. `due_at`: when its next attempt may start; null while one
    runs and when none will. `tries`: failed attempts on the present channel, which its retry
    schedule counts. `maybe_received`: an earlier attempt may have reached the partner.
    """

    __tablename__ = "ereferral"
    __table_args__ = (ForeignKeyConstraint(["org_id", "lane_id"], ["lane.org_id", "lane.id"]),)

    org_id: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, FetchedValue())
    referral_id: Mapped[UUID]
    referral_partner_id: Mapped[UUID]
    referral_partner_name: Mapped[str | None]
    status: Mapped[str]
    plan: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    position: Mapped[int]
    lane_id: Mapped[UUID]
    due_at: Mapped[datetime | None]
    attempts_made: Mapped[int]
    tries: Mapped[int]
    maybe_received: Mapped[bool]
    possible_repeat: Mapped[bool]
    traceparent: Mapped[str | None]
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


class Composed(Base):
    """What was built for a channel, once: every retry sends the same bytes."""

    __tablename__ = "composed"
    __table_args__ = (
        ForeignKeyConstraint(["org_id", "ereferral_id"], ["ereferral.org_id", "ereferral.id"]),
    )

    org_id: Mapped[str] = mapped_column(primary_key=True)
    ereferral_id: Mapped[UUID] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(primary_key=True)
    content: Mapped[bytes] = deferred(mapped_column())


class Attempt(Base):
    """One attempt. Who holds its `token` works on it until `lease_until`.

    `sending_at` is its point of no return: from then on something may have left.
    """

    __tablename__ = "attempt"
    __table_args__ = (
        ForeignKeyConstraint(["org_id", "ereferral_id"], ["ereferral.org_id", "ereferral.id"]),
    )

    org_id: Mapped[str] = mapped_column(primary_key=True)
    ereferral_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    channel: Mapped[str]
    address: Mapped[str]
    token: Mapped[UUID]
    lease_until: Mapped[datetime]
    started_at: Mapped[datetime]
    sending_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    outcome: Mapped[str | None]
    code: Mapped[str | None]
    detail: Mapped[str | None]
