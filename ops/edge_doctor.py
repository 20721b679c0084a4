"""`handoff doctor` about the edge: its settings, tokens, broker, and what the services grant it."""

import asyncio
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import aiormq.exceptions
from aiormq.abc import AbstractConnection

from contracts.catalogue import OPERATIONS
from contracts.operations import Service
from messaging.intake.grants import GrantsError, read_clients
from messaging.running.settings import SettingError, load_settings
from messaging.wire.connection import user_of
from ops.broker import broker, place, version
from ops.catalogue import Served, ServiceName, services_here
from ops.doctor import Finding, Severity, given_settings, health, in_the_clear, told_once
from ops.environment import CannotGoOn
from services.edge.routes import BY_LINK_ALONE, OF_PAGES_ALONE, ROUTES
from services.edge.settings import EdgeSettings
from services.edge.tokens.file import TokensError, read_tokens


def examine_edge() -> Iterator[Finding]:
    """Look at all that the edge needs. Nothing is changed, and nothing is raised.

    Where none of its variables is set there is nothing to look at: it need not run.
    """
    if not any(name.startswith(Served.EDGE.prefix) for name in os.environ):
        yield Finding(
            Severity.NOTE, "settings", "EDGE_RABBITMQ_URL is not set: no edge is looked at"
        )
        return
    yield from told_once(_everything())


def _everything() -> Iterator[Finding]:
    try:
        settings = load_settings(EdgeSettings)
    except SettingError as wrong:
        yield Finding(Severity.WRONG, "settings", str(wrong))
        return
    yield from given_settings(EdgeSettings, Served.EDGE.prefix)
    yield from in_the_clear(settings.clear_text())
    yield from _tokens(settings.tokens_file)
    try:
        yield from asyncio.run(_broker(settings.broker))
    except CannotGoOn as wrong:
        yield Finding(Severity.WRONG, "RabbitMQ", str(wrong))
    yield from _grants(user_of(settings.rabbitmq_url))
    yield from health(settings.ops_host, settings.ops_port)


def _tokens(path: Path | None) -> Iterator[Finding]:
    if path is None:
        words = "EDGE_TOKENS_FILE is unset: nothing is allowed; make one with handoff token create"
        yield Finding(Severity.WRONG, "tokens", words)
        return
    try:
        tokens = read_tokens(path)
    except TokensError as wrong:
        yield Finding(Severity.WRONG, "tokens", f"EDGE_TOKENS_FILE: {path} {wrong}")
        return
    now = datetime.now(UTC)
    valid = sum(token.valid_at(now) for token in tokens)
    yield Finding(Severity.FINE, "tokens", f"{valid} of {len(tokens)} are valid")
    for token in tokens:
        for pattern in token.unmatched():
            words = f"token {token.id} allows {pattern!r}, and no operation is called so"
            yield Finding(Severity.WRONG, "tokens", words)


async def _broker(url: str) -> list[Finding]:
    async with broker(Served.EDGE, url, "handoff.doctor") as opened:
        found = [Finding(Severity.FINE, "RabbitMQ", f"{version(opened)} at {place(url)}")]
        here = {route.operation.exchange for route in ROUTES if route.operation.service in _here()}
        for exchange in sorted(here):
            if not await _is_there(opened, exchange):
                words = f"{exchange} is not on this broker yet: its service makes it"
                found.append(Finding(Severity.WRONG, "exchanges", words))
    return found


def _here() -> set[Service]:
    """The services that run here: of another one nobody asks anything."""
    return {name.service for name in services_here()}


async def _is_there(opened: AbstractConnection, exchange: str) -> bool:
    channel = await opened.channel()
    try:
        await channel.exchange_declare(exchange, passive=True)
    except aiormq.exceptions.ChannelNotFoundEntity:
        return False
    await channel.close()
    return True


def _asked_for() -> list[str]:
    """The operations of the routes, of the desk's pages, and of those on which partners answer."""
    of_pages = sorted(BY_LINK_ALONE | OF_PAGES_ALONE.keys())
    return [*dict.fromkeys(route.name for route in ROUTES), *of_pages]


def _grants(user: str) -> Iterator[Finding]:
    """Whether each grants file that is set here lets the edge ask for what its routes need."""
    for name in ServiceName:
        variable = f"{name.prefix}CLIENT_GRANTS_FILE"
        given = os.environ.get(variable)
        if not given:
            continue
        try:
            clients = [client for client in read_clients(Path(given)) if client.user == user]
        except GrantsError:
            continue  # Said of the service whose file it is.
        needed = [one for one in _asked_for() if OPERATIONS[one].service is name.service]
        missing = [one for one in needed if not any(client.does(one) for client in clients)]
        if missing:
            words = f"{variable}: {given} does not grant {user!r} {missing[0]}"
            more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
            yield Finding(
                Severity.WRONG, "grants", f"{words}{more}: see docs/operators/permissions.md"
            )
        else:
            yield Finding(Severity.FINE, "grants", f"{given} grants {user!r} what the routes need")
