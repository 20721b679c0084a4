"""Columns by which patients, providers and referrals are searched, and of partners' answers."""

from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

from contracts.referral_partner import ContactType, display_name
from messaging.database.migrations import close

revision = "0010"
down_revision = "0009"

_AT_A_TIME = 5_000


def upgrade() -> None:
    op.execute(
        'ALTER TABLE patient ADD COLUMN sort_name text COLLATE "C", ADD COLUMN search_text text'
    )
    op.execute(
        'ALTER TABLE provider ADD COLUMN sort_name text COLLATE "C", ADD COLUMN search_text text'
    )
    op.execute("ALTER TABLE referral_partner ADD COLUMN name_text text")
    _fill("patient", ("name", "phone", "email"), ("sort_name", "search_text"), _how_found)
    _fill("provider", ("name",), ("sort_name", "search_text"), _how_found)
    names = ("contact_type", "first_name", "last_name", "practice_name")
    _fill("referral_partner", names, ("name_text",), _display_name)
    _index_directory()
    _index_referrals()
    op.execute("ALTER TABLE referral ADD COLUMN scheduled_at timestamptz")
    op.execute(
        "ALTER TABLE referral_timeline ADD COLUMN reason_code text, "
        "ADD COLUMN scheduled_at timestamptz"
    )
    close(
        "referral_timeline",
        "reason_code",
        "not_our_specialty",
        "no_capacity",
        "insurance",
        "patient_not_reached",
        "patient_declined",
        "more_information",
        "other",
    )


def _how_found(name: str | None, *more: str | None) -> tuple[str | None, ...]:
    found_by = "\n".join(text for text in (name, *more) if text).casefold()
    return (name.lower(), found_by) if name is not None else (None, None)


def _display_name(kind: str, *names: str | None) -> tuple[str, ...]:
    return (display_name(ContactType(kind), *names).casefold(),)


def _fill(
    table: str,
    given: Sequence[str],
    made: Sequence[str],
    make: Callable[..., tuple[str | None, ...]],
) -> None:
    """Some thousand rows at a time, by their key: PostgreSQL cannot fold case as Python does."""
    # Rows of all orgs: the tables' owner sees them only while row-level security does not bind it.
    op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    connection = op.get_bind()
    rows = sa.table(table, *(sa.column(name) for name in ("org_id", "id", *given, *made)))
    key = sa.tuple_(rows.c.org_id, rows.c.id)
    asked = sa.select(rows.c.org_id, rows.c.id, *(rows.c[name] for name in given))
    some = asked.order_by(rows.c.org_id, rows.c.id).limit(_AT_A_TIME)
    filled = (
        sa.update(rows)
        .where(rows.c.org_id == sa.bindparam("of_org"), rows.c.id == sa.bindparam("of_id"))
        .values({name: sa.bindparam(f"made_{name}") for name in made})
    )
    found: Sequence[Any] = connection.execute(some).all()
    while found:
        connection.execute(
            filled,
            [
                {
                    "of_org": row.org_id,
                    "of_id": row.id,
                    **dict(zip((f"made_{name}" for name in made), make(*row[2:]), strict=True)),
                }
                for row in found
            ],
        )
        last = sa.tuple_(sa.literal(found[-1].org_id), sa.literal(found[-1].id, sa.Uuid))
        found = connection.execute(some.where(key > last)).all()
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")


def _index_directory() -> None:
    # As of the partners' list: what is searched is in the index, but what is too long for one.
    op.execute(
        """
        ALTER TABLE patient ADD COLUMN search_key text GENERATED ALWAYS AS (
            CASE WHEN octet_length(search_text) <= 500 THEN search_text END) STORED
        """
    )
    op.execute(
        "CREATE INDEX patient_listed ON patient (org_id, sort_name, id) "
        "INCLUDE (search_key) WHERE deleted_at IS NULL"
    )
    # Not of the unarchived alone: referrals show the names of archived patients too.
    op.execute(
        "CREATE INDEX patient_by_id ON patient (org_id, id) INCLUDE (search_key, deleted_at)"
    )
    op.execute(
        "CREATE INDEX patient_long ON patient (org_id) "
        "WHERE search_key IS NULL AND search_text IS NOT NULL"
    )
    op.execute(
        """
        ALTER TABLE referral_partner ADD COLUMN name_key text GENERATED ALWAYS AS (
            CASE WHEN octet_length(name_text) <= 500 THEN name_text END) STORED
        """
    )
    op.execute(
        "CREATE INDEX referral_partner_named ON referral_partner (org_id, id) INCLUDE (name_key)"
    )
    op.execute(
        "CREATE INDEX referral_partner_long_name ON referral_partner (org_id) "
        "WHERE name_key IS NULL AND name_text IS NOT NULL"
    )
    op.execute(
        "CREATE INDEX provider_listed ON provider (org_id, sort_name, id) WHERE deleted_at IS NULL"
    )


def _index_referrals() -> None:
    # A reference is computed of the id, which is in both; names are found by these ids.
    for name, columns in (("referral_newest", "created_at, id"), ("referral_by_id", "id")):
        op.execute(f"DROP INDEX {name}")
        op.execute(
            f"CREATE INDEX {name} ON referral (org_id, {columns}) "
            "INCLUDE (status, fulfilment_status, dispatch_status, overdue, priority, patient_id, "
            "referral_partner_id) WHERE deleted_at IS NULL"
        )


def downgrade() -> None:
    raise RuntimeError("migrations go forward only: restore a backup instead")
