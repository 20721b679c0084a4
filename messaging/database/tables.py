"""The tables that every service has: inbox (what was heard), outbox (what to say), audit trail.

They live in the service's own schema, which is the connection's search path.
"""

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Identity,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

metadata = MetaData()

inbox = Table(
    "inbox",
    metadata,
    Column("org_id", Text, primary_key=True),
    Column("message_id", Uuid, primary_key=True),
    Column("body_hash", LargeBinary, nullable=False),
    Column("status", SmallInteger, nullable=False),
    Column("resource_id", Uuid),
    Column("reply", LargeBinary),
    Column("received_at", DateTime(timezone=True), nullable=False),
)

audit = Table(
    "audit",
    metadata,
    Column("seq", BigInteger, Identity(always=True), primary_key=True),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("org_id", Text, nullable=False),
    Column("client", Text),
    Column("actor", Text),
    Column("operation", Text, nullable=False),
    Column("status", SmallInteger, nullable=False),
    Column("record_id", Uuid),
    Column("patient_ids", ARRAY(Uuid), nullable=False),
    Column("message_id", Uuid),
)

outbox = Table(
    "outbox",
    metadata,
    Column("seq", BigInteger, Identity(always=True), primary_key=True),
    Column("org_id", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("exchange", Text, nullable=False),
    Column("routing_key", Text, nullable=False),
    Column("message_id", Uuid, nullable=False),
    Column("content_type", Text, nullable=False),
    Column("headers", JSONB, nullable=False),
    Column("body", LargeBinary, nullable=False),
)
