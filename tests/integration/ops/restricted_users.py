"""RabbitMQ users with the permissions that `handoff doctor --print-permissions` prints."""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from contracts.operations import Service
from messaging.replies.client import Client, Reply
from ops.servers.rabbitmq import PrivateRabbitMQ
from tests.support.services.command_line import handoff
from tests.support.services.exchanges import exchange_of
from tests.support.waiting import until

SERVICES = ("referrals", "ereferral_dispatch", "connectors")
CLIENTS = ("crm", "desk")
USERS = (*SERVICES, "edge", *CLIENTS, "subscriber", "operator")

GRANTS = """
[[clients]]
user = "crm"
orgs = ["{org_id}"]
operations = ["patient.*", "practice.put", "referral_partner.*", "referral.*"]

[[clients]]
user = "desk"
orgs = ["{org_id}"]
operations = ["ereferral.*", "partner_channel.release"]

# What the edge asks for those who hold its tokens.
[[clients]]
user = "edge"
orgs = ["*"]
operations = ["*"]

# What referrals tells dispatch.
[[clients]]
user = "referrals"
orgs = ["*"]
operations = [
    "ereferral.dispatch", "ereferral.cancel", "ereferral.provide_information", "ereferral.reopen",
]

# What connectors tells referrals, and the letters that it files.
[[clients]]
user = "connectors"
orgs = ["*"]
operations = [
    "patient.*", "provider.*", "referral_partner.*", "referral_source.*", "referral_attribution.*",
    "referral.get", "referral.list", "referral.create", "referral.record_response",
    "ereferral.letter",
]
"""


# In the place of rabbitmqctl: writes down, a line each, with what it was called.
_RECORDER = """#!{python} -IS
import json, sys
command, *arguments = sys.argv[1:]
if command == "import_definitions":
    arguments = [open(path).read() for path in arguments]
with open({record!r}, "a") as file:
    print(json.dumps([command, *arguments]), file=file)
"""


@dataclass(frozen=True)
class Restricted:
    """The URL of each user, and the grants file of both services."""

    urls: Mapping[str, str]
    grants: Path
    org_id: str


def printed_commands(vhost: str, grants: Path) -> list[list[str]]:
    """What the printed script has `rabbitmqctl` do, run by a shell, for that grants file.

    A command and its arguments; in the place of a file that it imports, what is in that.
    """
    printed = handoff(
        *("doctor", "--print-permissions", "--vhost", vhost),
        REFERRALS_CLIENT_GRANTS_FILE=str(grants),
        DISPATCH_CLIENT_GRANTS_FILE=str(grants),
        CONNECTORS_DATABASE_URL="postgresql://127.0.0.1/connectors",  # it runs here too
    )
    assert printed.exit_code == 0, printed.output
    folder = grants.parent
    record, script = folder / "commands", folder / "permissions.sh"
    recorder = folder / "rabbitmqctl"
    recorder.write_text(_RECORDER.format(python=sys.executable, record=str(record)))
    recorder.chmod(0o700)
    script.write_text(printed.stdout)
    environment = {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"}
    subprocess.run(
        ["sh", "-eu", script], check=True, env=environment, stdin=subprocess.DEVNULL, timeout=60
    )
    return [json.loads(line) for line in record.read_text().splitlines()]


@contextmanager
def restricted_users(
    broker: PrivateRabbitMQ, vhost: str, org_id: str, grants: Path
) -> Iterator[Restricted]:
    """Create the users and run what is printed, but that each user's password is ours.

    On a vhost where nothing was declared yet.
    """
    grants.write_text(GRANTS.format(org_id=org_id))
    commands = printed_commands(vhost, grants)
    assert [command[1] for command in commands if command[0] == "add_user"] == list(USERS)
    passwords = {user: broker.add_user(user) for user in USERS}
    try:
        for command in commands:
            if command[0] == "import_definitions":
                _import(broker, *command[1:])
            elif command[0] != "add_user":
                broker.ctl(*command)
        urls = {user: broker.vhost_url(vhost, user, passwords[user]) for user in USERS}
        yield Restricted(urls, grants, org_id)
    finally:
        for user in USERS:
            broker.delete_user(user)


async def ask(client: Client, user: str, org_id: str, operation: str, **fields: Any) -> Reply:
    """One request of a client that says who it is."""
    exchange = exchange_of(operation, Service.REFERRALS)
    return await client.call(exchange, operation, {"org_id": org_id, **fields}, user_id=user)


def as_operator(restricted: Restricted, *arguments: str) -> str:
    """What `handoff dead-letters` prints for the operator."""
    done = handoff(
        *("dead-letters", *arguments), REFERRALS_RABBITMQ_URL=restricted.urls["operator"]
    )
    assert done.exit_code == 0, done.output
    return done.stdout


async def holds(restricted: Restricted, *codes: str) -> None:
    """Wait until the dead letters of referrals' commands are those of these problems."""

    async def they_are_there() -> bool:
        shown = await asyncio.to_thread(as_operator, restricted, "list", "referrals.commands")
        return sorted(row.split()[2] for row in shown.splitlines()[1:]) == sorted(codes)

    await until(they_are_there)


def _import(broker: PrivateRabbitMQ, definitions: str) -> None:
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        file.write(definitions)
        file.flush()
        Path(file.name).chmod(0o644)  # the broker's own user reads it
        broker.ctl("import_definitions", file.name)
