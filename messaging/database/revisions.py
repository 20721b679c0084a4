"""Revisions of a schema: the newest of a service's migrations, and which one a program works with.

Without Alembic, which a service that only works need not load.
"""

from pathlib import Path

from sqlalchemy import text

READ_REVISION = text(
    "SELECT version_num, obj_description('alembic_version'::regclass, 'pg_class') "
    "FROM alembic_version"
)
"""The revision that a schema is at, and its note of the oldest program."""
OLDEST_PROGRAM = "oldest program: "
"""What the note begins with."""


def head(scripts: Path) -> str:
    """The newest revision of a service's migrations, by their files' names: `0001_first.py`.

    Raises LookupError where there is none.
    """
    revisions = [file.name.partition("_")[0] for file in scripts.glob("versions/[0-9]*.py")]
    if not revisions:
        raise LookupError(f"{scripts} holds no migrations")
    return max(revisions, key=_order)


def is_met(needed: str, held: str, note: str | None) -> bool:
    """Whether a program made for revision `needed` works with a schema at `held`.

    `note` is the schema's own: a newer one says which the oldest program is that works with it.
    """
    if held == needed:
        return True
    oldest = (note or "").removeprefix(OLDEST_PROGRAM)
    if note is None or oldest == note:
        return False
    return _order(held) > _order(needed) >= _order(oldest)


def _order(revision: str) -> tuple[int, str]:
    """Revisions are numbers with leading zeros."""
    return len(revision), revision
