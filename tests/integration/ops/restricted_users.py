"""RabbitMQ users with the permissions that `handoff doctor --print-permissions` prints."""

import asyncio
import shlex
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from messaging.replies.client import Answered, Client
from ops.servers.rabbitmq import PrivateRabbitMQ
from tests.support.services.command_line import handoff
from tests.support.waiting import until

SERVICES = ("referrals", "ereferral_dispatch")
CLIENTS = ("crm", "desk")
USERS = (*SERVICES, *CLIENTS, "subscriber", "operator")

GRANTS = """
[[clients]]
user = "crm"
orgs = ["{org_id}"]
operations = ["patient.*", "practice.put", "referral_partner.*", "referral.*"]

[[clients]]
user = "desk"
orgs = ["{org_id}"]
operations = ["ereferral.*", "partner_channel.release"]

# What referrals tells dispatch.
[[clients]]
user = "referrals"
orgs = ["*"]
operations = ["ereferral.dispatch", "ereferral.cancel"]
"""


@dataclass(frozen=True)
class Restricted:
    """The URL of each user, and the grants file of both services."""

    urls: Mapping[str, str]
    grants: Path
    org_id: str


def printed_commands(vhost: str, grants: Path) -> list[list[str]]:
    """The arguments of each `rabbitmqctl` that is printed for that grants file."""
    printed = handoff(
        *("doctor", "--print-permissions", "--vhost", vhost),
        REFERRALS_CLIENT_GRANTS_FILE=str(grants),
        DISPATCH_CLIENT_GRANTS_FILE=str(grants),
    )
    assert printed.exit_code == 0, printed.output
    lines = [shlex.split(line, comments=True) for line in printed.stdout.splitlines()]
    assert {line[0] for line in lines if line} == {"rabbitmqctl"}
    return [line[1:] for line in lines if line]


@contextmanager
def restricted_users(
    broker: PrivateRabbitMQ, vhost: str, org_id: str, grants: Path
) -> Iterator[Restricted]:
    """Create the users and run what is printed, but that each user's password is ours."""
    grants.write_text(GRANTS.format(org_id=org_id))
    commands = printed_commands(vhost, grants)
    assert [command[1] for command in commands if command[0] == "add_user"] == list(USERS)
    passwords = {user: broker.add_user(user) for user in USERS}
    try:
        for command in commands:
            if command[0] != "add_user":
                broker.ctl(*command)
        urls = {user: broker.vhost_url(vhost, user, passwords[user]) for user in USERS}
        yield Restricted(urls, grants, org_id)
    finally:
        for user in USERS:
            broker.delete_user(user)


async def ask(client: Client, user: str, org_id: str, operation: str, **fields: Any) -> Answered:
    """One request of a client that says who it is."""
    of = "ereferral_dispatch" if operation.startswith(("ereferral", "partner_")) else "referrals"
    kind = "queries" if operation.rpartition(".")[2] in ("get", "list") else "commands"
    return await client.call(f"{of}.{kind}", operation, {"org_id": org_id, **fields}, user_id=user)


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
