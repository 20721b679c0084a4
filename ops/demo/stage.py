"""The stage of the demo: services and edge, ready, a partner portal and a mail relay."""

import asyncio
import errno
import os
import secrets
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from yarl import URL

from ops.broker import broker, queue_state
from ops.catalogue import Served, ServiceName, served_here, services_here
from ops.demo.mail_sink import MailSink, mail_sink
from ops.demo.portal import DemoPortal, demo_portal
from ops.demo.sample import FAX_MAIL_DOMAIN, ORG_ID, REFUSED_MAILBOX, SCENES
from ops.environment import CannotGoOn
from ops.migrations import migrate_service
from ops.servers import Servers
from ops.servers.databases import create_database
from ops.servers.ports import free_ports
from ops.stubs.opendental import OpenDentalStub, served
from ops.supervising import Say, Supervised, kept_running
from services.edge.tokens.changes import create
from services.edge.tokens.file import changing
from services.edge.tokens.token import SUBMIT_OPERATION, TokenKind
from services.ereferral_dispatch.senders.portal import signature

# Short, so that two failures and the success after them fit into a demo.
RETRY_SCHEDULE_SECONDS = "2,3,5,10,30"
MAIL_FROM = "referrals@handoff.example.com"
LAST_TCP_PORT = 65535
DEFAULT_PORTS = {
    Served.REFERRALS: 8001,
    Served.EREFERRAL_DISPATCH: 8002,
    Served.CONNECTORS: 8004,
    Served.EDGE: 8003,
}
CONNECTORS_DATABASE = "connectors"
EDGE_PORT = 8000
CLIENT = "up"
"""Who the token belongs to that a person is shown to try the edge with."""
DESK_PERSON = "front-desk"
"""Who works at the desk of the demo's practice."""


@dataclass(frozen=True)
class Stage:
    """Everything that runs. `variables` are the settings of services and edge; `folder` keeps what
    they and the partners write. `shown_rabbitmq_url` is fit to be printed: the password of a broker
    that was given is left out. `token` may do everything in the demo's org, for a day; by
    `submit_token` a form outside sends people, and can do nothing else. `opendental` is the
    practice's, where connectors run here."""

    folder: Path
    rabbitmq_url: str
    shown_rabbitmq_url: str
    services: tuple[Supervised, ...]
    portal: DemoPortal
    mail: MailSink
    variables: Mapping[str, str]
    token: str
    submit_token: str
    opendental: OpenDentalStub | None = None

    @property
    def docs_url(self) -> str:
        """The page of the HTTP interface."""
        host = self.variables.get("EDGE_HTTP_HOST", "127.0.0.1")
        return f"http://{host}:{self.variables['EDGE_HTTP_PORT']}/docs"

    @property
    def edge_url(self) -> str:
        """Where the demo's org is asked about over HTTP."""
        return f"{self.docs_url.removesuffix('/docs')}/api/v1/{ORG_ID}"

    @property
    def external_referral_url(self) -> str:
        """Where a form outside sends people to."""
        return f"{self.docs_url.removesuffix('/docs')}/v2/external_referral"

    def partner_secret(self, org_id: str, partner_uuid: UUID) -> str:
        """What `handoff partner-secret` shows for a partner."""
        key = self.variables["DISPATCH_SIGNING_KEY"]
        return signature.whsec(signature.partner_secret(key, org_id, partner_uuid))


def refused_mailboxes() -> frozenset[str]:
    """Whom the mail relay takes nothing for."""
    told = (scene.mailbox for scene in SCENES if scene.refused and scene.mailbox)
    return frozenset({*told, REFUSED_MAILBOX})


@asynccontextmanager
async def running_stage(
    servers: Servers, folder: Path, say: Say, opendental: Callable[[], OpenDentalStub]
) -> AsyncIterator[Stage]:
    """Migrate, start everything and yield when the services are ready; end it all after the block.

    `folder` is made where it is missing. Where a port of health and metrics is taken, a free one is
    taken and told. `opendental` makes the practice's. Raises CannotGoOn.
    """
    await _nobody_else(servers)
    async with AsyncExitStack() as stack:
        portal = await stack.enter_async_context(demo_portal())
        mail = await stack.enter_async_context(mail_sink(refused_mailboxes()))
        os.environ.update(await asyncio.to_thread(_connectors, servers))
        variables = _variables(servers, mail.url, folder, say)
        os.environ.update(variables)
        names = services_here()
        services = tuple(
            Supervised(name, dict(os.environ), _new_log(folder, name)) for name in served_here()
        )
        token, submit_token = _new_tokens(Path(variables["EDGE_TOKENS_FILE"]))
        say("Starting the services and the edge; the databases are migrated meanwhile …")
        await stack.enter_async_context(kept_running(services, say))
        for name in names:
            say(f"  {await asyncio.to_thread(migrate_service, name)}")
        await asyncio.gather(*(service.ready() for service in services))
        say("  services and edge are ready")
        url = servers.referrals_rabbitmq_url
        shown = url if servers.rabbitmq is not None else str(URL(url).with_password("***"))
        there = None
        if ServiceName.CONNECTORS in names:
            there = await stack.enter_async_context(served(opendental()))
        yield Stage(
            folder, url, shown, services, portal, mail, variables, token, submit_token, there
        )


def _variables(servers: Servers, smtp_url: str, folder: Path, say: Say) -> dict[str, str]:
    """The settings of services and edge.

    Mail goes to the sink alone, partners may live on this machine. What the environment sets
    besides is kept, so that another terminal is told of it too.
    """
    prefixes = tuple(name.prefix for name in Served)
    pages = {
        name.pages_port: _port(name, name.pages_port, default, "its pages", say)
        for name, default in DEFAULT_PORTS.items()
        if name in served_here()
    }
    watched = (f"http://127.0.0.1:{port}" for port in pages.values())
    edge_port = _port(Served.EDGE, "EDGE_HTTP_PORT", EDGE_PORT, "HTTP", say)
    answered_at = os.environ.get("DISPATCH_PUBLIC_URL") or f"http://127.0.0.1:{edge_port}"
    return {
        **{name: value for name, value in os.environ.items() if name.startswith(prefixes)},
        **servers.environment(),
        **pages,
        "EDGE_HTTP_PORT": edge_port,
        "EDGE_RABBITMQ_URL": servers.referrals_rabbitmq_url,
        "EDGE_COOKIE_KEY": os.environ.get("EDGE_COOKIE_KEY") or secrets.token_urlsafe(32),
        "EDGE_TOKENS_FILE": str(folder.absolute() / "tokens.toml"),
        "EDGE_WATCHED": ",".join(watched),
        "EDGE_OPERATOR_RABBITMQ_URL": servers.referrals_rabbitmq_url,
        "EDGE_LOG_FORMAT": "json",
        "REFERRALS_LOG_FORMAT": "json",
        "DISPATCH_LOG_FORMAT": "json",
        "DISPATCH_SIGNING_KEY": os.environ.get("DISPATCH_SIGNING_KEY") or secrets.token_hex(32),
        "DISPATCH_PUBLIC_URL": answered_at,
        "DISPATCH_SMTP_URL": smtp_url,
        "DISPATCH_MAIL_FROM": MAIL_FROM,
        "DISPATCH_FAX_PROVIDER": "mail",
        "DISPATCH_FAX_MAIL_DOMAIN": FAX_MAIL_DOMAIN,
        "DISPATCH_EGRESS_ALLOW": "127.0.0.0/8",
        "DISPATCH_ALLOW_HTTP": "true",
        "DISPATCH_RETRY_SCHEDULE_SECONDS": RETRY_SCHEDULE_SECONDS,
    }


def _connectors(servers: Servers) -> dict[str, str]:
    """The settings of connectors: on a PostgreSQL of the stage's own they get a database there, on
    a given one they run where CONNECTORS_DATABASE_URL names it."""
    url = os.environ.get("CONNECTORS_DATABASE_URL")
    if not url and servers.postgres is None:
        return {}
    key = os.environ.get("CONNECTORS_SECRET_KEY") or secrets.token_hex(32)
    return {
        "CONNECTORS_DATABASE_URL": url
        or create_database(servers.postgres_url, CONNECTORS_DATABASE),
        "CONNECTORS_RABBITMQ_URL": os.environ.get("CONNECTORS_RABBITMQ_URL")
        or servers.referrals_rabbitmq_url,
        "CONNECTORS_SECRET_KEY": key,
        "CONNECTORS_LOG_FORMAT": "json",
        "CONNECTORS_EGRESS_ALLOW": "127.0.0.0/8",
        "CONNECTORS_ALLOW_HTTP": "true",
    }


def _port(name: Served, variable: str, default: int, what: str, say: Say) -> str:
    """The port that was asked for, or a free one where that is 0 or taken."""
    wanted = os.environ.get(variable) or str(default)
    if not (wanted.isascii() and wanted.isdecimal() and int(wanted) <= LAST_TCP_PORT):
        return wanted  # The service says what is wrong with it.
    if int(wanted) and _can_listen(variable.replace("_PORT", "_HOST"), int(wanted)):
        return wanted
    chosen = str(free_ports(1)[0])
    why = f"port {wanted} is taken" if int(wanted) else f"{variable} is 0"
    say(f"  {why}: {name} serves {what} on port {chosen}")
    return chosen


def _can_listen(host: str, port: int) -> bool:
    """Whether the service could, at its variable's host; what is no matter of ports it says."""
    with socket.socket() as trial:
        # As the service itself will: a port in TIME_WAIT is no obstacle.
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((os.environ.get(host) or "127.0.0.1", port))
        except OSError as error:
            return error.errno != errno.EADDRINUSE
    return True


def _new_tokens(path: Path) -> tuple[str, str]:
    """A file of tokens in the place of the last time's: for programs, for a form, for the desk."""
    path.unlink(missing_ok=True)
    with changing(path) as tokens:
        made = [
            create(
                tokens,
                client=client,
                orgs=[ORG_ID],
                operations=[operation],
                kind=kind,
                actor=DESK_PERSON if kind is TokenKind.PERSON else None,
                expires_at=datetime.now(UTC) + timedelta(days=1),
            )
            for client, operation, kind in (
                (CLIENT, "*", TokenKind.API),
                ("form", SUBMIT_OPERATION, TokenKind.SUBMIT),
                ("desk", "*", TokenKind.PERSON),
            )
        ]
        return made[0], made[1]


async def _nobody_else(servers: Servers) -> None:
    """A broker that was given may have services of its own, which would take the demo's messages.

    Raises CannotGoOn.
    """
    if servers.rabbitmq is not None:
        return
    for name, url in (
        (ServiceName.REFERRALS, servers.referrals_rabbitmq_url),
        (ServiceName.EREFERRAL_DISPATCH, servers.dispatch_rabbitmq_url),
    ):
        async with broker(name, url, "handoff.stage") as opened:
            state = await queue_state(opened, f"{name.service}.commands")
        if state is not None and state.consumers:
            raise CannotGoOn(
                f"{name} runs on the broker of {name.prefix}RABBITMQ_URL already: stop it, or "
                "unset the variable to get a broker of one's own"
            )


def _new_log(folder: Path, name: Served) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / f"{name}.log"
    log.write_bytes(b"")
    return log
