"""A private PostgreSQL: own data, own port of 127.0.0.1, own password."""

import os
import secrets
import shutil
import signal
import sys
import time
from pathlib import Path

from ops.servers.folders import may_use, private_folder, write_private
from ops.servers.ports import free_ports
from ops.servers.processes import Account, BoundProcess, ServerDidNotStart, run_as
from ops.servers.programs import PostgresPrograms

START_TIMEOUT_SECONDS = 60.0
_START_ATTEMPTS = 3
_USER = "handoff"
# Sorted by code point everywhere, and letters beyond ASCII have an upper and a lower case.
_LOCALE = "C.UTF-8" if sys.platform == "linux" else "en_US.UTF-8"

_SETTINGS = """
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = 200
log_statement = none
log_parameter_max_length = 0
logging_collector = off
"""
_DURABLE = """
autovacuum_naptime = 5s
"""
# For tests alone: a power cut may lose what was committed. A killed server loses nothing, because
# each commit still reaches the operating system (synchronous_commit = off would change that).
_NOT_DURABLE = """
fsync = off
full_page_writes = off
"""


class PrivatePostgres:
    """One PostgreSQL cluster below `folder`, run as `account`, with `_USER` as its superuser.

    `start`, `stop`, `abort` and `kill` may follow each other in any order; port, password and data
    stay. It ends with this process, even by kill -9. All methods block: call them from async code
    through a thread. Passwords are checked by SCRAM: 127.0.0.1 alone keeps nobody else on this
    machine out.
    """

    def __init__(
        self, programs: PostgresPrograms, folder: Path, account: Account | None, durable: bool
    ) -> None:
        self._folder = private_folder(account, folder / "postgres")
        self._data = self._folder / "data"
        self._log = self._folder / "server.log"
        self._account = account
        self._durable = durable
        self._bin = _reachable(programs, self._folder, account)
        self._password = secrets.token_urlsafe(24)
        self._port: int | None = None
        self._process: BoundProcess | None = None
        self.version = self._run("postgres", "--version").split()[2]

    @property
    def port(self) -> int:
        """The port on 127.0.0.1; raises RuntimeError before the first start."""
        if self._port is None:
            raise RuntimeError("this PostgreSQL has not been started yet")
        return self._port

    @property
    def url(self) -> str:
        """`postgresql+asyncpg://` URL of the superuser, on the database `postgres`."""
        return f"postgresql+asyncpg://{_USER}:{self._password}@127.0.0.1:{self.port}/postgres"

    @property
    def pid(self) -> int:
        """The postmaster's process number; raises RuntimeError while it is stopped."""
        if self._process is None:
            raise RuntimeError("this PostgreSQL is not running")
        return self._process.pid

    @property
    def log(self) -> Path:
        """The file with everything the server has said."""
        return self._log

    def start(self) -> None:
        """Start and wait until it accepts connections; on the first start, create the cluster.

        Raises ServerDidNotStart.
        """
        if self._process is not None:
            return
        if self._port is not None:
            self._start_once()
            return
        self._create_cluster()
        for attempt in range(1, _START_ATTEMPTS + 1):
            (self._port,) = free_ports(1)
            try:
                self._start_once()
            except ServerDidNotStart:
                # Another run may have taken the port since we looked.
                if attempt == _START_ATTEMPTS:
                    raise
            else:
                return

    def stop(self) -> None:
        """Shut down as an operator would: connections are cut, everything is written."""
        self._end(signal.SIGINT)

    def kill(self) -> None:
        """SIGKILL for the server and all its processes, as when the machine loses power."""
        self._end(signal.SIGKILL)

    def abort(self) -> None:
        """Shut down `immediate`: nothing is written any more, the next start recovers."""
        self._end(signal.SIGQUIT)

    def close(self) -> None:
        """End it at once, for good: its data is about to be deleted."""
        self.abort()

    def offer_tls(self, certificate_pem: str, key_pem: str) -> None:
        """Offer TLS with this certificate to who connects from soon on, now and after restarts.

        For programs that were built with TLS; the others go on without.
        """
        certificate, key = self._folder / "certificate.pem", self._folder / "key.pem"
        write_private(self._account, certificate, certificate_pem)
        write_private(self._account, key, key_pem)
        with (self._data / "postgresql.conf").open("a") as file:
            file.write(f"ssl = on\nssl_cert_file = '{certificate}'\nssl_key_file = '{key}'\n")
        os.kill(self.pid, signal.SIGHUP)

    def _end(self, with_signal: signal.Signals) -> None:
        if self._process is not None:
            self._process.end(with_signal)
            self._process = None

    def _create_cluster(self) -> None:
        passwords = self._folder / "password"
        write_private(self._account, passwords, self._password)
        options = f"--pgdata={self._data} --username={_USER} --pwfile={passwords}"
        self._run(
            "initdb",
            *options.split(),
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            f"--locale={_LOCALE}",
            "--no-sync",
        )
        passwords.unlink()
        settings = _SETTINGS + (_DURABLE if self._durable else _NOT_DURABLE)
        with (self._data / "postgresql.conf").open("a") as file:
            file.write(settings)

    def _start_once(self) -> None:
        status = self._data / "postmaster.pid"
        # Its processes are gone (we waited for them), but the file of a killed one still says
        # that it is ready, and its number may by now belong to another process.
        status.unlink(missing_ok=True)
        process = BoundProcess(
            [str(self._bin / "postgres"), "-D", str(self._data), "-p", str(self.port)],
            environment=_environment(),
            folder=self._folder,
            log=self._log,
            account=self._account,
            # Immediate shutdown: the postmaster takes its children with it.
            death_signal=signal.SIGQUIT,
        )
        deadline = time.monotonic() + START_TIMEOUT_SECONDS
        while not _is_ready(status):
            if process.ended or time.monotonic() > deadline:
                process.end(signal.SIGKILL)
                raise ServerDidNotStart(
                    f"PostgreSQL did not start on 127.0.0.1:{self.port}: {_last_lines(self._log)}"
                )
            time.sleep(0.02)
        self._process = process

    def _run(self, program: str, *arguments: str) -> str:
        ended = run_as(
            self._account,
            [str(self._bin / program), *arguments],
            environment=_environment(),
            folder=self._folder,
        )
        if ended.returncode != 0:
            raise ServerDidNotStart(f"{program} failed: {ended.stderr.strip()}")
        return ended.stdout


def _environment() -> dict[str, str]:
    return {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}


def _is_ready(status: Path) -> bool:
    """Line 8 of postmaster.pid (PostgreSQL's pidfile.h, LOCK_FILE_LINE_PM_STATUS)."""
    try:
        lines = status.read_text().splitlines()
    except FileNotFoundError:
        return False
    return len(lines) >= 8 and lines[7].strip() == "ready"


def _reachable(programs: PostgresPrograms, folder: Path, account: Account | None) -> Path:
    """The programs' folder, or a copy's where `account` may not reach it."""
    if not programs.parts or may_use(account, programs.bin / "postgres", "x"):
        return programs.bin
    copy = private_folder(account, folder / "programs")
    for part in programs.parts:
        shutil.copytree(part, copy / part.relative_to(programs.home), symlinks=True)
    return copy / programs.bin.relative_to(programs.home)


def _last_lines(log: Path, count: int = 8) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-count:])
