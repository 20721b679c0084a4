"""PostgreSQL and RabbitMQ in Docker containers, where a Docker engine answers."""

import secrets
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError

from ops.servers.databases import check_connection
from ops.servers.greeting import greeted_version
from ops.servers.processes import ServerDidNotStart

Progress = Callable[[str], None]

POSTGRES_IMAGE = "postgres:17"
RABBITMQ_IMAGE = "rabbitmq:4"
_START_TIMEOUT_SECONDS = 120.0


def docker_answers() -> bool:
    """Whether there is a Docker client, an engine behind it, and testcontainers to drive it."""
    if shutil.which("docker") is None:
        return False
    try:
        import testcontainers.core.container  # noqa: F401  (a development dependency)

        asked = subprocess.run(
            ["docker", "version", "--format", "{{.Server.Version}}"],
            capture_output=True, check=False, timeout=10,
        )  # fmt: skip
    except (ImportError, subprocess.TimeoutExpired):
        return False
    return asked.returncode == 0


@contextmanager
def postgres_container(progress: Progress, durable: bool) -> Iterator[str]:
    """Run PostgreSQL in a container and yield the superuser's `postgresql+asyncpg://` URL.

    Raises ServerDidNotStart. The container goes with this process (testcontainers' reaper).
    """
    password = secrets.token_urlsafe(24)
    settings = ["max_connections=200", "log_statement=none"]
    if durable:
        settings.append("autovacuum_naptime=5s")
    else:
        settings += ["fsync=off", "full_page_writes=off"]
    command = "postgres " + " ".join(f"-c {setting}" for setting in settings)
    variables = {"POSTGRES_USER": "handoff", "POSTGRES_PASSWORD": password,
                 "POSTGRES_DB": "postgres"}  # fmt: skip
    progress(f"PostgreSQL: starting {POSTGRES_IMAGE} in Docker …")
    with _container(POSTGRES_IMAGE, 5432, variables, command) as (host, port):
        # The image has no certificate, and the engine may be on another machine.
        url = f"postgresql+asyncpg://handoff:{password}@{host}:{port}/postgres?ssl=disable"

        def connects() -> bool:
            try:
                check_connection(url)
            except (OSError, DBAPIError):
                return False
            return True

        _wait(connects, "PostgreSQL")
        progress(f"PostgreSQL: ready on {host}:{port} ({POSTGRES_IMAGE})")
        yield url


@contextmanager
def rabbitmq_container(progress: Progress) -> Iterator[str]:
    """Run RabbitMQ in a container and yield the administrator's `amqp://` URL.

    Raises ServerDidNotStart. The container goes with this process (testcontainers' reaper).
    """
    password = secrets.token_urlsafe(24)
    variables = {"RABBITMQ_DEFAULT_USER": "handoff", "RABBITMQ_DEFAULT_PASS": password}
    progress(f"RabbitMQ: starting {RABBITMQ_IMAGE} in Docker …")
    with _container(RABBITMQ_IMAGE, 5672, variables, None) as (host, port):
        _wait(lambda: greeted_version(host, port) is not None, "RabbitMQ")
        progress(f"RabbitMQ: ready on {host}:{port} ({RABBITMQ_IMAGE})")
        yield f"amqp://handoff:{password}@{host}:{port}/%2F"


@contextmanager
def _container(
    image: str, port: int, variables: dict[str, str], command: str | None
) -> Iterator[tuple[str, int]]:
    # Imported late: it is a development dependency, and the import costs half a second.
    from testcontainers.core.container import DockerContainer

    container = DockerContainer(image).with_envs(**variables).with_exposed_ports(port)
    if command is not None:
        container = container.with_command(command)
    with container:
        yield container.get_container_host_ip(), container.get_exposed_port(port)


def _wait(ready: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + _START_TIMEOUT_SECONDS
    while not ready():
        if time.monotonic() > deadline:
            raise ServerDidNotStart(f"{what} in Docker did not answer in time")
        time.sleep(0.2)
