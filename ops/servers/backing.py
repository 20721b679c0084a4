"""The PostgreSQL and RabbitMQ of a run, and the order in which they are looked for."""

import os
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from ops.servers.containers import docker_answers, postgres_container, rabbitmq_container
from ops.servers.databases import create_database
from ops.servers.fetched import fetch_rabbitmq, wheel_postgres
from ops.servers.folders import may_use, run_folder, unprivileged_account
from ops.servers.postgres import PrivatePostgres
from ops.servers.processes import Account
from ops.servers.programs import NoServer, installed_postgres, installed_rabbitmq
from ops.servers.rabbitmq import PrivateRabbitMQ

Progress = Callable[[str], None]

REFERRALS_DATABASE = "referrals"
DISPATCH_DATABASE = "ereferral_dispatch"


@dataclass(frozen=True, slots=True)
class Servers:
    """Where PostgreSQL and RabbitMQ answer; the variables of each service and more.

    `postgres_url` (`postgresql+asyncpg://…`) and `rabbitmq_url` (`amqp://…`) are for
    administration: creating databases, roles, vhosts. Where a service's own URL was given, they
    are that URL, with the rights that its user happens to have. `postgres` and `rabbitmq` are the
    private instances, for those who kill and restart them; None where the server is given or in
    Docker.
    """

    postgres_url: str
    rabbitmq_url: str
    referrals_database_url: str
    dispatch_database_url: str
    referrals_rabbitmq_url: str
    dispatch_rabbitmq_url: str
    postgres: PrivatePostgres | None
    rabbitmq: PrivateRabbitMQ | None

    @property
    def admin_postgres_url(self) -> str:
        """`postgres_url` under the name of what it is for."""
        return self.postgres_url

    def environment(self) -> dict[str, str]:
        """The four variables that the services read."""
        return {
            "REFERRALS_DATABASE_URL": self.referrals_database_url,
            "DISPATCH_DATABASE_URL": self.dispatch_database_url,
            "REFERRALS_RABBITMQ_URL": self.referrals_rabbitmq_url,
            "DISPATCH_RABBITMQ_URL": self.dispatch_rabbitmq_url,
        }


@contextmanager
def backing_servers(
    progress: Progress, root: Path = Path(".handoff"), *, durable: bool = True
) -> Iterator[Servers]:
    """Provide both servers for the length of the `with` block.

    Each server comes from the first of: (1) the URLs of the environment, (2) installed programs,
    run as a private instance on 127.0.0.1 with its files below `root`, (3) a Docker engine that
    answers, (4) programs fetched for this checkout, run like (2). Private instances end with the
    block or with this process, however it ends. `durable=False` turns off PostgreSQL's fsync:
    faster for tests, dishonest for measurements.

    Of the four URLs, those that are set are honoured. A missing database URL gets a database on
    a provided PostgreSQL. Both services must meet at one broker, so that one RabbitMQ URL serves
    both. An empty variable counts as unset.

    `progress` gets one line for each slow step, also from other threads. Raises NoServer, which
    says what to install, and ServerDidNotStart.
    """
    given = {name: value for name, value in os.environ.items() if value}
    with ExitStack() as stack:
        account = unprivileged_account()
        postgres = rabbitmq = None
        with ThreadPoolExecutor(max_workers=2) as starting:
            # Side by side: most of the seconds are RabbitMQ's.
            if _given_rabbitmq(given) is None:
                rabbitmq = starting.submit(_provide_rabbitmq, stack, progress, root, account)
            if not {"REFERRALS_DATABASE_URL", "DISPATCH_DATABASE_URL"} <= given.keys():
                postgres = starting.submit(
                    _provide_postgres, stack, progress, root, account, durable
                )
        yield servers_from(
            given,
            postgres.result() if postgres else None,
            rabbitmq.result() if rabbitmq else None,
        )


def servers_from(
    given: Mapping[str, str],
    postgres: "tuple[str, PrivatePostgres | None] | None",
    rabbitmq: "tuple[str, PrivateRabbitMQ | None] | None",
) -> Servers:
    """What was given and what was provided (URL and private instance) make four URLs.

    `postgres` and `rabbitmq` are None where everything of that kind was given.
    """
    rabbitmq_url = rabbitmq[0] if rabbitmq else _given_rabbitmq(given)
    referrals_database = given.get("REFERRALS_DATABASE_URL")
    dispatch_database = given.get("DISPATCH_DATABASE_URL")
    if postgres is not None:
        referrals_database = referrals_database or create_database(postgres[0], REFERRALS_DATABASE)
        dispatch_database = dispatch_database or create_database(postgres[0], DISPATCH_DATABASE)
    assert rabbitmq_url and referrals_database and dispatch_database
    return Servers(
        postgres_url=postgres[0] if postgres else referrals_database,
        rabbitmq_url=rabbitmq_url,
        referrals_database_url=referrals_database,
        dispatch_database_url=dispatch_database,
        referrals_rabbitmq_url=given.get("REFERRALS_RABBITMQ_URL", rabbitmq_url),
        dispatch_rabbitmq_url=given.get("DISPATCH_RABBITMQ_URL", rabbitmq_url),
        postgres=postgres[1] if postgres else None,
        rabbitmq=rabbitmq[1] if rabbitmq else None,
    )


def _given_rabbitmq(given: Mapping[str, str]) -> str | None:
    return given.get("REFERRALS_RABBITMQ_URL") or given.get("DISPATCH_RABBITMQ_URL")


def _provide_postgres(
    stack: ExitStack, progress: Progress, root: Path, account: Account | None, durable: bool
) -> tuple[str, PrivatePostgres | None]:
    programs = installed_postgres()
    if programs is not None and not may_use(account, programs.bin / "postgres", "x"):
        programs = None
    if programs is None and docker_answers():
        return stack.enter_context(postgres_container(progress, durable)), None
    programs = programs or wheel_postgres()
    if programs is None:
        raise NoServer(
            "No PostgreSQL: set REFERRALS_DATABASE_URL and DISPATCH_DATABASE_URL, or install it "
            "(Debian: apt-get install postgresql; macOS: brew install postgresql@17), or start "
            "Docker, or install the development dependencies (make setup)."
        )
    postgres = PrivatePostgres(
        programs, stack.enter_context(run_folder(root, account)), account, durable
    )
    stack.callback(postgres.close)
    progress(f"PostgreSQL {postgres.version}: starting …")
    postgres.start()
    progress(f"PostgreSQL {postgres.version}: ready on 127.0.0.1:{postgres.port}")
    return postgres.url, postgres


def _provide_rabbitmq(
    stack: ExitStack, progress: Progress, root: Path, account: Account | None
) -> tuple[str, PrivateRabbitMQ | None]:
    programs = installed_rabbitmq()
    if programs is not None and not may_use(account, programs.scripts / "rabbitmq-server", "x"):
        programs = None
    if programs is None and docker_answers():
        return stack.enter_context(rabbitmq_container(progress)), None
    programs = programs or fetch_rabbitmq(root, progress)
    if programs is None:
        raise NoServer(
            "No RabbitMQ: set REFERRALS_RABBITMQ_URL and DISPATCH_RABBITMQ_URL, or install it "
            "(Debian: apt-get install rabbitmq-server; macOS: brew install rabbitmq), or start "
            "Docker."
        )
    rabbitmq = PrivateRabbitMQ(programs, stack.enter_context(run_folder(root, account)), account)
    stack.callback(rabbitmq.close)
    progress("RabbitMQ: starting …")
    rabbitmq.start()
    progress(f"RabbitMQ {rabbitmq.version}: ready on 127.0.0.1:{rabbitmq.port}")
    return rabbitmq.url, rabbitmq
