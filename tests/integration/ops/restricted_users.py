"""RabbitMQ users with the permissions that `handoff doctor --print-permissions` prints."""

import shlex
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ops.servers.rabbitmq import PrivateRabbitMQ
from tests.support.services.command_line import handoff

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
