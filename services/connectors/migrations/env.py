"""Alembic's entry: runs the migrations in the service's schema."""

from messaging.database.migrations import run_environment
from services.connectors.home import HOME

run_environment(HOME)
