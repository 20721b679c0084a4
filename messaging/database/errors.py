"""Errors of PostgreSQL: whose fault they are, and why, in words that quote no value."""

import asyncio

import asyncpg
from sqlalchemy.exc import (
    DBAPIError,
    InterfaceError,
    MultipleResultsFound,
    NoResultFound,
    SQLAlchemyError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from messaging.database.engine import NO_TLS
from messaging.wire.tls import causes, why_lost


def sqlstate(error: BaseException) -> str | None:
    """The five-character SQLSTATE (PostgreSQL's appendix A) of an error, where it has one."""
    for cause in causes(error):
        state = getattr(cause, "sqlstate", None)
        if isinstance(state, str):
            return state
    return None


def constraint_name(error: BaseException) -> str | None:
    """The name of the constraint that an integrity error is about, where it names one."""
    for cause in causes(error):
        name = getattr(cause, "constraint_name", None)
        if isinstance(name, str):
            return name
    return None


def is_message_fault(error: BaseException) -> bool:
    """Whether the database refused what the message holds: classes 22 (data) and 23 (integrity)."""
    state = sqlstate(error)
    if state is not None:
        return state[:2] in ("22", "23")
    return any(isinstance(cause, asyncpg.exceptions.DataError) for cause in causes(error))


def is_outage(error: BaseException) -> bool:
    """Whether the database is away, restarting, or asks to try again; nobody's message is at fault.

    Lost and refused connections, deadlocks, lock and statement timeouts, and everything else that
    the database or the driver raised and that no message is to blame for. Rows that are not one,
    where our code counted on one, are its own fault.
    """
    if isinstance(error, (MultipleResultsFound, NoResultFound)):
        return False
    if isinstance(error, (TimeoutError, asyncio.TimeoutError, OSError, PoolTimeoutError)):
        return True
    if isinstance(error, (asyncpg.PostgresError, asyncpg.InterfaceError, InterfaceError)):
        return not is_message_fault(error)
    return isinstance(error, (DBAPIError, SQLAlchemyError)) and not is_message_fault(error)


_REFUSED_AS_SUCH = "42"
"""SQLSTATE's class of access rules and syntax: no right, no such table or column."""


def why_refused(error: BaseException) -> str | None:
    """What PostgreSQL refuses whatever the values are, in its own words; None: it is not that.

    The schema or a role is other than this program needs. The words name roles, tables and columns:
    a statement's values travel apart from it, and are judged later.
    """
    for cause in causes(error):
        if isinstance(cause, asyncpg.PostgresError) and cause.sqlstate[:2] == _REFUSED_AS_SUCH:
            return f"it refuses: {cause.message}"
    return None


def why_away(error: BaseException) -> str:
    """Why PostgreSQL does not do its work, in words that quote no value."""
    refused = why_refused(error)
    if refused is not None:
        return refused
    # The one thing for which asyncpg raises the class itself and not one that is made from it.
    if type(error) is ConnectionError:
        return f"it offers no TLS; say ssl={NO_TLS} in the URL to do without"
    return why_lost(error)
