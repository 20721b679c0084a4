"""Whose fault an error is: the message's, the database's, or our own."""

import asyncpg
import pytest
from sqlalchemy.exc import (
    DBAPIError,
    IntegrityError,
    InterfaceError,
    MultipleResultsFound,
    NoResultFound,
    OperationalError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from messaging.database.errors import (
    constraint_name,
    is_message_fault,
    is_outage,
    sqlstate,
    why_away,
    why_refused,
)

Guilty = [
    asyncpg.UniqueViolationError,
    asyncpg.ForeignKeyViolationError,
    asyncpg.NotNullViolationError,
    asyncpg.CheckViolationError,
    asyncpg.NumericValueOutOfRangeError,
    asyncpg.InvalidTextRepresentationError,
    asyncpg.CharacterNotInRepertoireError,
    asyncpg.StringDataRightTruncationError,
    asyncpg.DatetimeFieldOverflowError,
    asyncpg.DataError,
]
Nobodys = [
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
    asyncpg.LockNotAvailableError,
    asyncpg.QueryCanceledError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
    asyncpg.DiskFullError,
    asyncpg.OutOfMemoryError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.ConnectionDoesNotExistError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.UndefinedTableError,
    asyncpg.InsufficientPrivilegeError,
]


def wrapped(error: Exception, kind: type[DBAPIError] = DBAPIError) -> DBAPIError:
    """As SQLAlchemy hands it on."""
    return kind("INSERT …", {}, error)


@pytest.mark.parametrize("kind", Guilty, ids=lambda kind: kind.__name__)
def test_data_and_integrity_errors_are_the_messages_fault(kind: type[Exception]) -> None:
    """Classes 22 and 23 of SQLSTATE: trying again would change nothing."""
    error = wrapped(kind("x"), IntegrityError)
    assert is_message_fault(error)
    assert not is_outage(error)


@pytest.mark.parametrize("kind", Nobodys, ids=lambda kind: kind.__name__)
def test_everything_else_of_the_database_is_nobodys_fault(kind: type[Exception]) -> None:
    """Gone, restarting, full, deadlocked, out of time: the same messages are tried again."""
    error = wrapped(kind("x"), OperationalError)
    assert not is_message_fault(error)
    assert is_outage(error)


@pytest.mark.parametrize(
    "error",
    [
        ConnectionRefusedError(),
        ConnectionResetError(),
        OSError(),
        TimeoutError(),
        PoolTimeoutError(),
        asyncpg.InterfaceError("connection is closed"),
        InterfaceError("SELECT 1", {}, asyncpg.InterfaceError("connection is closed")),
        wrapped(ConnectionResetError()),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_connection_that_is_lost_is_an_outage(error: Exception) -> None:
    """Whatever layer notices it."""
    assert is_outage(error)
    assert not is_message_fault(error)


@pytest.mark.parametrize(
    "error",
    [
        *(ValueError(), KeyError("x"), AttributeError(), ZeroDivisionError()),
        *(MultipleResultsFound(), NoResultFound()),
    ],
)
def test_an_error_of_our_own_code_is_neither(error: Exception) -> None:
    """It is not tried again as if the database were away."""
    assert not is_outage(error)
    assert not is_message_fault(error)


def test_the_sqlstate_is_found_through_every_wrapping() -> None:
    """PostgreSQL's appendix A: 40P01 is a deadlock, 23505 a unique violation."""
    assert sqlstate(wrapped(asyncpg.DeadlockDetectedError("x"))) == "40P01"
    outer = RuntimeError()
    outer.__cause__ = wrapped(asyncpg.UniqueViolationError("x"))
    assert sqlstate(outer) == "23505"
    assert sqlstate(ValueError()) is None


def test_what_is_refused_whatever_the_values_are_is_told_in_postgresqls_words() -> None:
    """Class 42: no right, no such table or column. Other texts may quote a value and stay out."""
    denied = asyncpg.InsufficientPrivilegeError("permission denied for table patient")
    denied.message = str(denied)
    said = "it refuses: permission denied for table patient"
    assert why_refused(wrapped(denied)) == why_away(wrapped(denied)) == said
    quoting = asyncpg.UniqueViolationError("Key (name)=(Kanarienvogel) already exists.")
    assert why_refused(wrapped(quoting)) is None
    assert "Kanarienvogel" not in why_away(wrapped(quoting))


def test_the_constraint_is_named_where_the_error_names_one() -> None:
    """A race for one message id is told from every other conflict by it."""
    error = asyncpg.UniqueViolationError("x")
    assert constraint_name(wrapped(error)) is None
    error.constraint_name = "inbox_pkey"
    assert constraint_name(wrapped(error)) == "inbox_pkey"


def test_errors_that_cause_each_other_end() -> None:
    """A ring of causes is walked once."""
    one, two = ValueError(), ValueError()
    one.__cause__, two.__cause__ = two, one
    assert sqlstate(one) is None
