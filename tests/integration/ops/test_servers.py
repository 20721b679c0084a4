"""Private servers: they end with their run, do not collide, and come back as they were."""

import json
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import aio_pika
import asyncpg
import pytest
from pamqp.common import FieldTable
from sqlalchemy.engine import make_url

from ops.servers import Servers, backing_servers
from ops.servers.folders import run_folder, unprivileged_account
from ops.servers.processes import descendants, wait_until_gone

REPOSITORY = Path(__file__).resolve().parents[3]
ROOT = os.geteuid() == 0

# A run of its own: starts servers below the folder argv[1], as the user argv[2] where one is
# named, prints where they are and waits to be killed.
RUN = """
import json, os, sys, time
from pathlib import Path
# While we may still read the interpreter's own folder, which an ordinary user perhaps may not.
import encodings.idna, asyncpg, sqlalchemy.dialects.postgresql.asyncpg
from ops.servers import backing_servers

if sys.argv[2]:
    os.setgroups([])
    os.setgid(int(sys.argv[3]))
    os.setuid(int(sys.argv[2]))
with backing_servers(lambda line: print(line, file=sys.stderr), Path(sys.argv[1])) as servers:
    print(json.dumps({
        "database": servers.referrals_database_url,
        "broker": servers.rabbitmq_url,
        "servers": [servers.postgres.pid, servers.rabbitmq.pid],
    }), flush=True)
    time.sleep(600)
"""


@dataclass(frozen=True)
class Run:
    """A running child with private servers; `processes` are all that it has started."""

    child: "subprocess.Popen[str]"
    root: Path
    user: str
    database: str
    broker: str
    servers: tuple[int, int]
    processes: tuple[int, ...]


@dataclass(frozen=True)
class AtOneTime:
    """Runs of other processes, and our own servers beside them in the first run's clone."""

    runs: tuple[Run, ...]
    own: Servers


@pytest.fixture(scope="module")
def at_one_time() -> Iterator[AtOneTime]:
    """All started together: one run as who we are, one as an ordinary user where we are root."""
    with ExitStack() as stack:
        clone = _root_for(stack, None)
        started = [_start(stack, clone, None)]
        if ROOT:
            nobody = pwd.getpwnam("nobody")
            started.append(_start(stack, _root_for(stack, nobody), nobody))
        for variable in ("DATABASE_URL", "RABBITMQ_URL"):
            # Servers that are given could not be killed.
            patch = stack.enter_context(pytest.MonkeyPatch.context())
            patch.delenv(f"REFERRALS_{variable}", raising=False)
            patch.delenv(f"DISPATCH_{variable}", raising=False)
        own = stack.enter_context(backing_servers(print, clone, durable=False))
        if own.postgres is None or own.rabbitmq is None:
            pytest.skip("Docker provides the servers here; nothing is a private instance")
        yield AtOneTime(tuple(_reported(child, root) for child, root in started), own)


@pytest.fixture(scope="module")
def runs(at_one_time: AtOneTime) -> tuple[Run, ...]:
    """The runs of other processes, to be killed."""
    return at_one_time.runs


@pytest.fixture(scope="module")
def own_servers(at_one_time: AtOneTime) -> Servers:
    """Servers of this process that may be killed without harm to other tests."""
    return at_one_time.own


async def test_runs_at_one_time_do_not_collide(at_one_time: AtOneTime) -> None:
    """Each has servers of its own that answer; two of them in one clone."""
    own = at_one_time.own
    databases = [own.referrals_database_url, *(run.database for run in at_one_time.runs)]
    brokers = [own.rabbitmq_url, *(run.broker for run in at_one_time.runs)]
    assert len({make_url(url).port for url in databases + brokers}) == 2 * len(databases)
    for database, broker in zip(databases, brokers, strict=True):
        connection = await asyncpg.connect(database.replace("+asyncpg", ""))
        assert await connection.fetchval("SELECT 1") == 1
        await connection.close()
        async with await aio_pika.connect(broker) as answering:
            await answering.channel()


def test_servers_do_not_run_as_root(runs: tuple[Run, ...]) -> None:
    """Also where the run itself is root's."""
    for run in runs:
        assert all(_user_of(pid) != "root" for pid in run.processes)


def test_root_and_an_ordinary_user(runs: tuple[Run, ...]) -> None:
    """Both were tried where we are root; else the ordinary user, which is all we can be."""
    users = [run.user for run in runs]
    assert users == (["root", "nobody"] if ROOT else [_user_of(os.getpid())])


def test_nothing_outlives_a_killed_run(runs: tuple[Run, ...]) -> None:
    """kill -9 of the parent: neither server nor any process of theirs is left.

    What lies on disk is removed by the next run in that clone.
    """
    for run in runs:
        # epmd, postgres and its children, Erlang and its children
        assert len(run.processes) >= 8
        assert set(run.servers) <= set(run.processes)
        run.child.kill()
        run.child.wait()
    for run in runs:
        assert wait_until_gone(run.processes, timeout_seconds=10.0), run
    clone = runs[0].root
    with run_folder(clone, unprivileged_account()):
        # Ours, and the two of the servers that this process has in that clone.
        assert len(list((clone / "runs").glob("*.lock"))) == 3


async def test_postgres_comes_back(own_servers: Servers) -> None:
    """After SIGKILL it starts on the same port, with the same password and what was committed."""
    postgres = own_servers.postgres
    assert postgres is not None
    url = own_servers.referrals_database_url.replace("+asyncpg", "")
    before = await asyncpg.connect(url)
    await before.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    old_pid = postgres.pid
    postgres.kill()
    assert before.is_closed() or wait_until_gone([old_pid], timeout_seconds=1.0)
    postgres.start()
    assert postgres.pid != old_pid
    after = await asyncpg.connect(url)
    assert await after.fetchval("SELECT answer FROM kept") == 42
    await after.close()


async def test_rabbitmq_comes_back(own_servers: Servers) -> None:
    """After SIGKILL it starts on the same port, with the same users and confirmed messages."""
    rabbitmq = own_servers.rabbitmq
    assert rabbitmq is not None
    url = rabbitmq.add_vhost("kept")
    before = await aio_pika.connect(url)
    channel = await before.channel()
    arguments: FieldTable = {"x-queue-type": "quorum"}
    await channel.declare_queue("kept", durable=True, arguments=arguments)
    message = aio_pika.Message(b"42", delivery_mode=aio_pika.DeliveryMode.PERSISTENT)
    await channel.default_exchange.publish(message, routing_key="kept")
    rabbitmq.kill()
    rabbitmq.start()
    async with await aio_pika.connect(url) as after:
        queue = await (await after.channel()).declare_queue(
            "kept", durable=True, arguments=arguments
        )
        kept = await queue.get(timeout=10)
        assert kept is not None
        assert kept.body == b"42"
        await kept.ack()


def test_rabbitmqctl_reaches_the_private_node(own_servers: Servers) -> None:
    """Fault tests add users and raise alarms with it; what it refuses raises."""
    rabbitmq = own_servers.rabbitmq
    assert rabbitmq is not None
    rabbitmq.add_vhost("short-lived")
    assert "short-lived" in rabbitmq.ctl("list_vhosts").split()
    rabbitmq.delete_vhost("short-lived")
    assert "short-lived" not in rabbitmq.ctl("list_vhosts").split()
    with pytest.raises(RuntimeError, match="delete_vhost"):
        rabbitmq.ctl("delete_vhost", "short-lived")


def test_the_watchdog_where_the_kernel_has_no_death_signal(tmp_path: Path) -> None:
    """Without setpriv (as on macOS) a killed parent's servers are ended by the watchdog."""
    code = """
        import signal, sys, time
        from pathlib import Path
        from ops.servers import processes

        processes._setpriv_with_death_signal = lambda: None
        bound = processes.BoundProcess(
            ["/bin/sleep", "600"], environment={}, folder=Path("/"), log=Path(sys.argv[1]),
            account=None, death_signal=signal.SIGKILL,
        )
        print(bound.pid, flush=True)
        time.sleep(600)
    """
    child = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code), str(tmp_path / "log")],
        stdout=subprocess.PIPE, text=True, cwd=REPOSITORY,
    )  # fmt: skip
    assert child.stdout is not None
    server = int(child.stdout.readline())
    everything = descendants(child.pid)
    assert server in everything
    child.kill()
    child.wait()
    assert wait_until_gone(everything, timeout_seconds=5.0)


def _root_for(stack: ExitStack, user: pwd.struct_passwd | None) -> Path:
    """A clone's `.handoff`, owned by the user."""
    folder = Path(tempfile.mkdtemp(prefix="handoff-test-"))
    stack.callback(shutil.rmtree, folder, ignore_errors=True)
    if user is not None:
        os.chown(folder, user.pw_uid, user.pw_gid)
    return folder


def _start(
    stack: ExitStack, root: Path, user: pwd.struct_passwd | None
) -> tuple["subprocess.Popen[str]", Path]:
    numbers = [str(user.pw_uid), str(user.pw_gid)] if user else ["", ""]
    child = subprocess.Popen(
        [sys.executable, "-c", RUN, str(root), *numbers],
        stdout=subprocess.PIPE, text=True, cwd=REPOSITORY,
        env={"PATH": os.environ["PATH"], "HOME": str(root), "PYTHONDONTWRITEBYTECODE": "1"},
    )  # fmt: skip
    stack.callback(child.wait)
    stack.callback(child.kill)
    return child, root


def _reported(child: "subprocess.Popen[str]", root: Path) -> Run:
    assert child.stdout is not None
    line = child.stdout.readline()
    assert line, f"the run ended: {child.wait()}"
    report = json.loads(line)
    postgres, rabbitmq = report["servers"]
    return Run(
        child=child,
        root=root,
        user=_user_of(child.pid),
        database=report["database"],
        broker=report["broker"],
        servers=(postgres, rabbitmq),
        processes=tuple(descendants(child.pid)),
    )


def _user_of(pid: int) -> str:
    owner = subprocess.run(
        ["ps", "-o", "user=", "-p", str(pid)], capture_output=True, text=True, check=True
    )
    return owner.stdout.strip()
