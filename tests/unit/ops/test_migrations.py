"""The place that a message names for a database: where the driver looked."""

import pytest

from ops.migrations import database_place


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("u:secret@db.example:5433/h", "db.example:5433/h"),
        ("u:secret@db.example/h", "db.example:5432/h"),
        ("u:secret@/h?host=db.example&port=5433", "db.example:5433/h"),
        ("u:secret@/h?host=/run/postgresql", "/run/postgresql:5432/h"),
        ("u:secret@/h?host=a.example&host=b.example", "a.example,b.example:5432/h"),
    ],
)
def test_it_is_the_host_that_was_asked(url: str, place: str) -> None:
    """Host, port and database of the URL, also from its parameters; no user, no password."""
    assert database_place(f"postgresql+asyncpg://{url}") == place


def test_the_drivers_own_variables_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the URL names no host, asyncpg asks PGHOST and PGPORT, and else this machine."""
    url = "postgresql+asyncpg://u:secret@/h"
    monkeypatch.delenv("PGHOST", raising=False)
    assert database_place(url) == "localhost:5432/h"
    monkeypatch.setenv("PGHOST", "db.example")
    monkeypatch.setenv("PGPORT", "5433")
    assert database_place(url) == "db.example:5433/h"
