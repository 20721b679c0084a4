"""Positions: which change is newer, in memory and in SQLite alike."""

import sqlite3

import pytest

from client import MemoryPositions, Positions, SqlitePositions, Subject

ANN = Subject("contact", "demo", "ann")


@pytest.fixture(params=["memory", "sqlite"])
def positions(request: pytest.FixtureRequest) -> Positions:
    """Both kinds."""
    if request.param == "memory":
        return MemoryPositions()
    return SqlitePositions(sqlite3.connect(":memory:", isolation_level=None))


async def newer(positions: Positions, version: int, *, gone: bool = False) -> bool:
    """Apply a change of Ann; whether it was newer."""
    async with positions.applying(ANN, version, gone=gone) as found:
        return found


async def test_a_version_is_applied_once_and_an_older_one_never(positions: Positions) -> None:
    """Repeats and what overtook each other are dropped."""
    assert [await newer(positions, version) for version in (2, 2, 1, 3, 3)] == [
        *(True, False, False, True, False),
    ]
    assert await positions.standing("contact", "demo") == {"ann": 3}
    assert await positions.standing("contact", "other") == {}


async def test_what_is_gone_is_known_and_does_not_stand(positions: Positions) -> None:
    """Its known version may be told to be gone, once; only a later one brings it back."""
    assert await newer(positions, 2)
    assert await newer(positions, 2, gone=True)
    assert not await newer(positions, 2, gone=True)
    assert not await newer(positions, 1)
    assert await positions.standing("contact", "demo") == {}
    assert await newer(positions, 3)
    assert await positions.standing("contact", "demo") == {"ann": 3}


async def test_what_raises_is_not_applied(positions: Positions) -> None:
    """It comes again."""
    with pytest.raises(ValueError, match="full"):
        async with positions.applying(ANN, 1, gone=False):
            raise ValueError("full")
    assert await newer(positions, 1)


async def test_what_was_read_is_remembered_until_the_queue_is_new(positions: Positions) -> None:
    """Versions stay: what is known is not told again."""
    await newer(positions, 1)
    await positions.mark_read("contact", "demo")
    await positions.mark_read("contact", "demo")
    assert await positions.is_read("contact", "demo")
    assert not await positions.is_read("contact", "other")
    await positions.forget_reading()
    assert not await positions.is_read("contact", "demo")
    assert not await newer(positions, 1)


async def test_a_programs_own_rows_are_one_transaction_with_the_position() -> None:
    """In SQLite: both, or neither."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.execute("CREATE TABLE contact (id TEXT)")
    positions = SqlitePositions(connection)

    async def fill() -> None:
        async with positions.applying(ANN, 1, gone=False):
            connection.execute("INSERT INTO contact VALUES ('ann')")
            raise ValueError("full")

    with pytest.raises(ValueError, match="full"):
        await fill()
    assert connection.execute("SELECT count(*) FROM contact").fetchone() == (0,)
    async with positions.applying(ANN, 1, gone=False):
        connection.execute("INSERT INTO contact VALUES ('ann')")
    assert connection.execute("SELECT count(*) FROM contact").fetchone() == (1,)


def test_a_connection_that_opens_transactions_by_itself_is_refused() -> None:
    """Python's own would end ours."""
    with pytest.raises(ValueError, match="isolation_level=None"):
        SqlitePositions(sqlite3.connect(":memory:"))
