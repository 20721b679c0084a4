"""The programs of PostgreSQL and RabbitMQ, and where an operating system keeps them."""

import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

# Debian and Ubuntu; Red Hat's PGDG; Homebrew on Apple silicon, on Intel; Postgres.app.
_POSTGRES_FOLDERS = (
    "usr/lib/postgresql/*/bin",
    "usr/pgsql-*/bin",
    "opt/homebrew/opt/postgresql@*/bin",
    "usr/local/opt/postgresql@*/bin",
    "Applications/Postgres.app/Contents/Versions/*/bin",
)
# Debian's /usr/sbin/rabbitmq-server is a wrapper that insists on its own user; these are not.
_RABBITMQ_FOLDERS = (
    "usr/lib/rabbitmq/bin",
    "opt/homebrew/opt/rabbitmq/sbin",
    "usr/local/opt/rabbitmq/sbin",
    "usr/local/lib/rabbitmq/bin",
    "opt/rabbitmq/sbin",
)
_ERLANG_FOLDERS = (
    "usr/lib/erlang/bin",
    "usr/lib64/erlang/bin",
    "opt/homebrew/opt/erlang/lib/erlang/bin",
    "usr/local/opt/erlang/lib/erlang/bin",
    "usr/local/lib/erlang/bin",
)


class NoServer(RuntimeError):
    """Neither given, installed, in Docker nor to be fetched; the text says what to install."""


@dataclass(frozen=True, slots=True)
class PostgresPrograms:
    """A folder that holds `initdb` and `postgres`.

    `parts`, where there are any, are the folders below `home` that have to be copied, places kept,
    where the servers' user may not reach `bin`: these programs find their libraries and data files
    relative to themselves.
    """

    bin: Path
    home: Path = Path("/")
    parts: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class RabbitMQPrograms:
    """Folders of a RabbitMQ and of the Erlang it runs on.

    `scripts` holds `rabbitmq-server` and `rabbitmqctl`, `erlang` is Erlang's root (with `bin`).
    `library_path` lists folders of shared libraries that the system does not have.
    """

    scripts: Path
    erlang: Path
    library_path: tuple[Path, ...] = ()

    def erlang_tool(self, name: str) -> Path | None:
        """`epmd` or `erl_call`; None where this Erlang came without it."""
        places = [self.erlang / "bin" / name, *sorted(self.erlang.glob(f"erts-*/bin/{name}"))]
        return next((place for place in places if os.access(place, os.X_OK)), None)


def installed_postgres(system: Path = Path("/")) -> PostgresPrograms | None:
    """The PostgreSQL in PATH, else the newest in the places of `system`; None without one."""
    in_path = shutil.which("postgres")
    places = [Path(in_path).parent] if in_path else []
    for pattern in _POSTGRES_FOLDERS:
        places += sorted(system.glob(pattern), key=_version, reverse=True)
    for place in places:
        if all(os.access(place / name, os.X_OK) for name in ("initdb", "postgres")):
            return PostgresPrograms(bin=place)
    return None


def installed_rabbitmq(system: Path = Path("/")) -> RabbitMQPrograms | None:
    """The RabbitMQ in PATH, else the one in the places of `system`; None without one."""
    in_path = shutil.which("rabbitmq-server")
    # Where PATH has Debian's wrapper, its real folder is that of the real scripts.
    places = [Path(in_path).resolve().parent] if in_path else []
    places += [system / place for place in _RABBITMQ_FOLDERS]
    erlang = _installed_erlang(system)
    for place in places:
        if erlang and all(
            os.access(place / name, os.X_OK) for name in ("rabbitmq-server", "rabbitmqctl")
        ):
            return RabbitMQPrograms(scripts=place, erlang=erlang)
    return None


def _installed_erlang(system: Path) -> Path | None:
    in_path = shutil.which("erl")
    places = [Path(in_path).resolve().parent] if in_path else []
    places += [system / place for place in _ERLANG_FOLDERS]
    return next((place.parent for place in places if os.access(place / "erl", os.X_OK)), None)


def _version(folder: Path) -> tuple[int, ...]:
    """The last number of a path as something to sort by: (17,), (9, 6)."""
    numbers = re.findall(r"\d+(?:\.\d+)*", str(folder))
    return tuple(int(part) for part in numbers[-1].split(".")) if numbers else ()
