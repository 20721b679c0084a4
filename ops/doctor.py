"""`handoff doctor`: each setting, dependency, migration and queue: fine, or what to do."""

import asyncio
import json
import os
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import aiormq.exceptions
from aiormq.abc import AbstractConnection
from pydantic_settings import BaseSettings

from messaging.intake.grants import GrantsError, read_clients
from messaging.running.settings import SettingError, load_settings, variable
from messaging.wire.topology import ConsumedQueue, declare
from ops.broker import (
    QueueState,
    believes_clients_deaths,
    broker,
    place,
    queue_state,
    version,
)
from ops.catalogue import Place, ServiceName, place_of, settings_of
from ops.connections.check import connections_to_mend
from ops.environment import CannotGoOn, check_database_url, rabbitmq_url
from ops.mail_relay_check import check_mail_relay, relay_hold, relay_of
from ops.migrations import database_place, database_url, schema_state

LOOK_TIMEOUT_SECONDS = 5.0
SHORTEST_SIGNING_KEY = 32  # characters: of hexadecimal ones, 128 bits


class Severity(StrEnum):
    """What a finding means. A note is worth knowing and nothing to be done about at once."""

    FINE = "fine"
    NOTE = "note"
    WRONG = "WRONG"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; `words` say how it is, or what to do."""

    severity: Severity
    what: str
    words: str


def examine(name: ServiceName) -> Iterator[Finding]:
    """Look at all that a service needs. Nothing is changed, and nothing is raised."""
    return told_once(_everything(name))


def told_once(findings: Iterable[Finding]) -> Iterator[Finding]:
    """The findings without those that repeat a complaint."""
    complaints = set()
    for finding in findings:
        # A missing setting is met at every place that needs it, and told once.
        if finding.words not in complaints:
            yield finding
        if finding.severity is Severity.WRONG:
            complaints.add(finding.words)


def _everything(name: ServiceName) -> Iterator[Finding]:
    yield from _settings(name)
    yield from _database(name)
    yield from _broker(name)
    if name is ServiceName.EREFERRAL_DISPATCH:
        yield from _signing_key()
        yield from _mail_relay()
    if name is ServiceName.CONNECTORS:
        yield from _connections()
    yield from _health(name)


def _settings(name: ServiceName) -> Iterator[Finding]:
    settings = settings_of(name)
    try:
        loaded = load_settings(settings)
    except SettingError as wrong:
        yield Finding(Severity.WRONG, "settings", str(wrong))
        return
    yield from given_settings(settings, name.prefix)
    try:
        check_database_url(name, loaded.database_url)
        clear = loaded.clear_text()
    except (SettingError, ValueError):
        clear = []  # Whoever uses that URL says what is wrong with it.
    yield from in_the_clear(clear)
    yield from _grants(name, loaded.client_grants_file)


def given_settings(settings: type[BaseSettings], prefix: str) -> Iterator[Finding]:
    """How many are set, and what is set that is no setting."""
    given = [variable(settings, field) for field in settings.model_fields]
    known = len([one for one in given if one in os.environ])
    yield Finding(Severity.FINE, "settings", f"{known} of {len(given)} set, the rest have defaults")
    unknown = sorted(one for one in os.environ if one.startswith(prefix) and one not in given)
    if unknown:
        yield Finding(
            Severity.WRONG,
            "settings",
            f"no such setting: {', '.join(unknown)}; see docs/operators/settings.md",
        )


def in_the_clear(settings: Sequence[str]) -> Iterator[Finding]:
    """What leaves this machine unencrypted, by its variable."""
    for setting in settings:
        words = f"{setting}: nothing to it is encrypted, and it leaves this machine"
        yield Finding(Severity.NOTE, "TLS", words)


def _grants(name: ServiceName, path: Path | None) -> Iterator[Finding]:
    if path is None:
        words = f"{name.prefix}CLIENT_GRANTS_FILE is unset: every client may do everything"
        yield Finding(Severity.NOTE, "grants", words)
        return
    try:
        clients = read_clients(path)
    except GrantsError as wrong:
        words = f"{name.prefix}CLIENT_GRANTS_FILE: {path} {wrong}"
        yield Finding(Severity.WRONG, "grants", words)
        return
    yield Finding(Severity.FINE, "grants", f"{path} can be read")
    for client in clients:
        for pattern in client.unmatched():
            words = f"{path} grants {client.user!r} {pattern!r}, and no operation is called so"
            yield Finding(Severity.WRONG, "grants", f"{words}: mend it or take it out")


def _database(name: ServiceName) -> Iterator[Finding]:
    try:
        url = database_url(name)
        state = schema_state(name, url)
    except (SettingError, CannotGoOn) as wrong:
        yield Finding(Severity.WRONG, "PostgreSQL", str(wrong))
        return
    words = f"{state.server_version} at {database_place(url)}"
    yield Finding(Severity.FINE, "PostgreSQL", words)
    if state.logs_values:
        words = "logs statements with their values, which are patients' data: "
        words += "set log_parameter_max_length = 0 there"
        yield Finding(Severity.WRONG, "PostgreSQL's log", words)
    if state.sees_all_orgs:
        words = "sees the rows of every org before it works as one of the service's roles: "
        words += "let the services log in as one that is NOINHERIT and no superuser"
        yield Finding(Severity.NOTE, "PostgreSQL's user", words)
    if state.current:
        yield Finding(Severity.FINE, "migrations", f"at {state.held}, the newest")
    else:
        held = state.held or "no migration"
        words = f"{held} is applied and {state.needed} is needed: run handoff migrate {name}"
        yield Finding(Severity.WRONG, "migrations", words)


def _broker(name: ServiceName) -> Iterator[Finding]:
    try:
        yield from asyncio.run(_queues(name, rabbitmq_url(name)))
    except (SettingError, CannotGoOn) as wrong:
        yield Finding(Severity.WRONG, "RabbitMQ", str(wrong))


async def _queues(name: ServiceName, url: str) -> list[Finding]:
    where = place_of(name)
    async with broker(name, url, "handoff.doctor") as opened:
        found = [Finding(Severity.FINE, "RabbitMQ", f"{version(opened)} at {place(url)}")]
        if believes_clients_deaths(version(opened)):
            words = (
                "one client can end dead-lettering before 4.0: see docs/operators/permissions.md"
            )
            found.append(Finding(Severity.NOTE, "RabbitMQ", words))
        missing = False
        for queue in where.consumes:
            state = await queue_state(opened, queue.name)
            letters = await queue_state(opened, queue.dead_letters)
            missing = missing or state is None or letters is None
            found.append(_queue(name, queue, state, letters))
        if not missing:
            found.append(await _arguments(name, where, opened))
    return found


def _queue(
    name: ServiceName, queue: ConsumedQueue, state: QueueState | None, letters: QueueState | None
) -> Finding:
    if state is None or letters is None:
        words = f"is not on this broker yet: handoff serve {name} makes it"
        return Finding(Severity.WRONG, queue.name, words)
    figures = f"consumers {state.consumers}, waiting {state.depth}, dead letters {letters.depth}"
    if not state.consumers:
        words = f"{figures}: nobody takes from it: start handoff serve {name}"
        return Finding(Severity.WRONG, queue.name, words)
    if letters.depth:
        words = f"{figures}: look at them with handoff dead-letters list {queue.name}"
        return Finding(Severity.WRONG, queue.name, words)
    return Finding(Severity.FINE, queue.name, figures)


async def _arguments(name: ServiceName, where: Place, opened: AbstractConnection) -> Finding:
    """Declaring what is there already changes nothing and shows other arguments."""
    try:
        await declare(await opened.channel(), where.topology)
    except aiormq.exceptions.ChannelPreconditionFailed as error:
        words = (
            f"declared with other arguments than this program's: {error}; "
            f"stop handoff serve {name}, delete that queue when it is empty, start it again"
        )
        return Finding(Severity.WRONG, "topology", words)
    return Finding(Severity.FINE, "topology", "exchanges and queues are as this program wants")


def _signing_key() -> Iterator[Finding]:
    if 0 < len(os.environ.get("DISPATCH_SIGNING_KEY", "")) < SHORTEST_SIGNING_KEY:
        words = "DISPATCH_SIGNING_KEY is short, and can be guessed from what a portal is sent: "
        words += "take one of openssl rand -hex 32"
        yield Finding(Severity.NOTE, "signing key", words)


def _mail_relay() -> Iterator[Finding]:
    url = os.environ.get("DISPATCH_SMTP_URL")
    ca_file = os.environ.get("DISPATCH_SMTP_CA_FILE")
    if not url:
        words = "DISPATCH_SMTP_URL is unset: nothing can be sent by e-mail, nor by fax through it"
        yield Finding(Severity.NOTE, "mail relay", words)
        return
    try:
        relay = relay_of(url)
        if held := relay_hold(relay):
            yield Finding(Severity.WRONG, "mail relay", held)
        words = check_mail_relay(relay, ca_file, os.environ.get("DISPATCH_MAIL_FROM"))
        yield Finding(Severity.FINE, "mail relay", words)
    except CannotGoOn as wrong:
        yield Finding(Severity.WRONG, "mail relay", str(wrong))


def _connections() -> Iterator[Finding]:
    try:
        looked = connections_to_mend()
    except (SettingError, CannotGoOn):
        return  # The database's own finding says so.
    for line in looked.to_mend:
        yield Finding(Severity.WRONG, "connection", line)
    for line in looked.waiting:
        yield Finding(Severity.NOTE, "connection", line)
    if not looked.to_mend:
        yield Finding(Severity.FINE, "connections", f"{looked.number}, none of which has failed")


def _health(name: ServiceName) -> Iterator[Finding]:
    try:
        settings = load_settings(settings_of(name))
    except SettingError:
        return
    yield from health(settings.http_host, settings.http_port)


def health(host: str, port: int) -> Iterator[Finding]:
    """What a replica on this machine says of itself; one elsewhere is seen by its consumers."""
    host = "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104
    url = f"http://{host}:{port}/health/ready"
    try:
        with urllib.request.urlopen(url, timeout=LOOK_TIMEOUT_SECONDS) as answer:
            notes = json.loads(answer.read()).get("notes", {})
    except urllib.error.HTTPError as answer:
        checks = json.loads(answer.read()).get("checks", {})
        wrong = "; ".join(f"{what}: {words}" for what, words in checks.items() if words != "ok")
        yield Finding(Severity.WRONG, "health", f"{url} is not ready: {wrong}")
    except OSError:
        yield Finding(Severity.NOTE, "health", f"nothing answers at {url} on this machine")
    else:
        yield Finding(Severity.FINE, "health", f"{url} is ready")
        for what, words in notes.items():
            yield Finding(Severity.NOTE, "health", f"{url} notes: {what}: {words}")
