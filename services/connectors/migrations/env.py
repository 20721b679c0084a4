"""Alembic's entry: runs the migrations in the service's schema."""

from messaging.database.migrations import run_environment
from services.connectors.home import HOME

# Raised in the commit of a migration that replicas of an older program cannot work with: one that
# takes away, renames or narrows what they read or write (docs/operators/upgrade.md).
OLDEST_PROGRAM = "0001"

run_environment(HOME, oldest_program=OLDEST_PROGRAM)
