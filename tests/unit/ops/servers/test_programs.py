"""The places where installed servers are found, without looking at this machine's own."""

from pathlib import Path

import pytest

from ops.servers.programs import installed_postgres, installed_rabbitmq


@pytest.fixture(autouse=True)
def _empty_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "path"))


def test_newest_postgres_by_number(tmp_path: Path) -> None:
    """17 is newer than 9.6, though "9" sorts after "1"."""
    for version in ("9.6", "17", "15"):
        _programs(tmp_path / f"usr/lib/postgresql/{version}/bin", "initdb", "postgres")
    found = installed_postgres(tmp_path)
    assert found is not None
    assert found.bin == tmp_path / "usr/lib/postgresql/17/bin"


def test_postgres_in_path_comes_first(tmp_path: Path) -> None:
    """Who puts a PostgreSQL into PATH means that one."""
    _programs(tmp_path / "usr/lib/postgresql/17/bin", "initdb", "postgres")
    _programs(tmp_path / "path", "initdb", "postgres")
    found = installed_postgres(tmp_path)
    assert found is not None
    assert found.bin == tmp_path / "path"


def test_postgres_without_initdb_is_none(tmp_path: Path) -> None:
    """A client's or half a server's folder cannot make a cluster."""
    _programs(tmp_path / "usr/lib/postgresql/17/bin", "psql", "postgres")
    assert installed_postgres(tmp_path) is None


def test_rabbitmq_behind_debians_wrapper(tmp_path: Path) -> None:
    """Debian's /usr/sbin/rabbitmq-server is a wrapper for one user; the real scripts are found."""
    real = tmp_path / "usr/lib/rabbitmq/bin"
    _programs(real, "rabbitmq-server", "rabbitmqctl", "rabbitmq-script-wrapper")
    (tmp_path / "path").mkdir()
    (tmp_path / "path/rabbitmq-server").symlink_to(real / "rabbitmq-script-wrapper")
    _programs(tmp_path / "usr/lib/erlang/bin", "erl", "epmd")
    found = installed_rabbitmq(tmp_path)
    assert found is not None
    assert (found.scripts, found.erlang) == (real, tmp_path / "usr/lib/erlang")


def test_rabbitmq_without_erlang_is_none(tmp_path: Path) -> None:
    """RabbitMQ's scripts alone start nothing."""
    _programs(tmp_path / "usr/lib/rabbitmq/bin", "rabbitmq-server", "rabbitmqctl")
    assert installed_rabbitmq(tmp_path) is None


def test_erlang_tools_beside_the_machine(tmp_path: Path) -> None:
    """Where `bin` lacks a tool, the one of the machine (erts) is used."""
    _programs(tmp_path / "usr/lib/rabbitmq/bin", "rabbitmq-server", "rabbitmqctl")
    _programs(tmp_path / "usr/lib/erlang/bin", "erl")
    _programs(tmp_path / "usr/lib/erlang/erts-13.1.5/bin", "epmd")
    found = installed_rabbitmq(tmp_path)
    assert found is not None
    assert found.erlang_tool("epmd") == tmp_path / "usr/lib/erlang/erts-13.1.5/bin/epmd"
    assert found.erlang_tool("erl_call") is None


def _programs(folder: Path, *names: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).write_text("#!/bin/sh\n")
        (folder / name).chmod(0o755)
