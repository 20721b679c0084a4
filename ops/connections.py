"""`handoff connection …`: adding, listing, testing, removing and authorizing connections.

Secrets go from here straight into the database, as references or sealed; never over the broker.
"""

import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from contracts.connecting import System
from messaging.running.settings import load_settings
from ops.catalogue import ServiceName
from ops.connections_watch import Seen, look, progress
from ops.environment import CannotGoOn, WrongArgument
from ops.system_role import Database
from services.connectors import adding
from services.connectors.alfadocs import oauth
from services.connectors.alfadocs.tokens import sealed_tokens
from services.connectors.app import http_of, sealer_of
from services.connectors.asking.answers import RunFailed
from services.connectors.asking.asker import NoBudget
from services.connectors.config import (
    OPTIONS,
    SECRETS,
    AlfaDocsOptions,
    OpenDentalOptions,
    reference_or_sealed,
)
from services.connectors.models import Connection, Token
from services.connectors.opening import Opener
from services.connectors.rules.clocks import parse_stamp
from services.connectors.rules.identity import connection_id
from services.connectors.rules.paging import Asked
from services.connectors.sealing import Place
from services.connectors.settings import ConnectorsSettings


def read_secrets(
    settings: ConnectorsSettings, org_id: str, system: System, name: str, given: list[str]
) -> dict[str, Any]:
    """What is stored of `FIELD=env:VAR`, `FIELD=file:PATH` and `FIELD=-` (asked for on stdin).

    Raises WrongArgument; no text quotes a value.
    """
    id_, sealer = connection_id(org_id, system, name), sealer_of(settings)
    stored: dict[str, Any] = {}
    for one in given:
        field, equals, value = one.partition("=")
        if not equals or field not in SECRETS[system]:
            known = ", ".join(SECRETS[system])
            raise WrongArgument(f"--secret is FIELD=env:VAR, file:PATH or -; fields: {known}")
        if value != "-" and not value.startswith(("env:", "file:")):
            raise WrongArgument(
                f"--secret {field}=… would stay in the shell's history: give env:VAR, file:PATH, "
                "or - to type it"
            )
        if value == "-":
            value = sys.stdin.readline().strip()
        stored[field] = reference_or_sealed(value, sealer, Place(org_id, id_, field))
    return stored


def read_options(system: System, given: list[str]) -> dict[str, Any]:
    """`name=value` as the options of a system take it. Raises WrongArgument."""
    options: dict[str, Any] = {}
    fields = OPTIONS[system].model_fields
    for one in given:
        name, equals, value = one.partition("=")
        name = name.replace("-", "_")
        if not equals or name not in fields:
            raise WrongArgument(f"--set is NAME=VALUE; names: {', '.join(sorted(fields))}")
        options[name] = tuple(value.split(",")) if name == "bases" else value
    return options


async def add(
    database: Database,
    org_id: str,
    system: System,
    name: str,
    options: Mapping[str, Any],
    secrets: Mapping[str, Any],
) -> UUID:
    """Add it. Raises WrongArgument where an option does not fit."""
    async with database.engine("connection") as engine:
        try:
            with database.telling_why():
                await _check_alone(engine, org_id, system, name)
                return await adding.add(
                    engine, org_id, system, name, options, secrets, database.operator
                )
        except ValidationError as wrong:
            first = wrong.errors(include_input=False, include_url=False)[0]
            field = ".".join(map(str, first["loc"])) or "options"
            raise WrongArgument(f"--set {field}: {first['msg']}") from None


async def _check_alone(engine: AsyncEngine, org_id: str, system: System, name: str) -> None:
    """An org has one interface of ours, whose numbers are given once."""
    if system is not System.OPENDENTAL_SERVER:
        return
    for other in await adding.find(engine, org_id):
        if other.system is system and other.name != name:
            raise CannotGoOn(f"{org_id} has an opendental-server already: {other.name}")


async def listed(database: Database, org_id: str) -> list[str]:
    """A line for each connection, and one below it for a run that goes on."""
    async with database.engine("connection") as engine:
        with database.telling_why():
            seen = [await look(engine, row) for row in await adding.find(engine, org_id)]
    return [line for one in seen for line in _lines(one)]


def _lines(seen: Seen) -> list[str]:
    row, under_way = seen.connection, progress(seen)
    state = row.code.value if row.code is not None else "fine"
    if row.needs_person:
        state += ", needs a person"
    succeeded = row.last_success_at.isoformat(timespec="seconds") if row.last_success_at else "-"
    line = f"{row.name:20} {row.system:18} {state:32} last success {succeeded}  {row.id}"
    return [line] if under_way is None else [line, f"  {under_way}"]


async def remove(database: Database, org_id: str, name: str) -> None:
    """Remove it. Raises CannotGoOn where there is none of that name."""
    async with database.engine("connection") as engine:
        row = await _one(database, engine, org_id, name)
        with database.telling_why():
            await adding.remove(engine, org_id, row.id, database.operator)


async def _one(database: Database, engine: AsyncEngine, org_id: str, name: str) -> Connection:
    with database.telling_why():
        found = await adding.find(engine, org_id, name)
    if not found:
        raise CannotGoOn(f"{org_id} has no connection {name!r}")
    return found[0]


async def tested(database: Database, org_id: str, name: str) -> list[str]:
    """One read, and what it says of permissions, clock and zone. Raises CannotGoOn."""
    async with _opened(database, org_id, name) as (row, opener, _):
        if row.system is System.OPENDENTAL_SERVER:
            raise CannotGoOn(f"{name} is an interface of ours: nothing is read through it")
        try:
            if row.system is System.OPENDENTAL:
                return await _test_opendental(row, opener)
            return await _test_alfadocs(row, opener)
        except RunFailed as why:
            raise CannotGoOn(f"{name}: {why.code}: {_ADVICE.get(why.code, _WAIT)}") from None


_WAIT = "wait and try again; docs/connectors/ says what each code means"
_ADVICE = {
    "unauthorized": "the key is refused: look whether it is the right one and still enabled",
    "permission_missing": "the key lacks a permission: docs/connectors/opendental.md names them",
    "needs_reauthorization": "run handoff connection authorize",
    "wrong_archive": "the key is of another practice or archive: mend --set practice and archive",
    "address_blocked": "the address is private: CONNECTORS_EGRESS_ALLOW, CONNECTORS_ALLOW_HTTP",
    "secret_unavailable": "a secret cannot be read: the variable or file is not there",
}


async def _test_opendental(row: Connection, opener: Opener) -> list[str]:
    options = OpenDentalOptions(**row.config)
    client = opener.opendental_client(row, options)
    await client.choose()
    said = ["the key may read definitions"]
    for resource in ("referrals", "refattaches", "patients/Simple"):
        await client.page(resource, Asked(0, 1))
        said.append(f"the key may read {resource}")
    providers = await client.page("providers", Asked(0, 1))
    said.append("the key may read providers")
    clock = providers.rows[0].get("serverDateTime") if providers.rows else None
    if isinstance(clock, str) and clock:
        here = datetime.now(UTC).astimezone(options.zone).replace(tzinfo=None)
        ahead = (parse_stamp(clock) - here).total_seconds()
        said.append(f"its clock is {ahead:+.0f} s from ours in {options.time_zone}")
    return said


async def _test_alfadocs(row: Connection, opener: Opener) -> list[str]:
    options = AlfaDocsOptions(**row.config)
    client = opener.alfadocs_client(row, options)
    await client.check_archive()
    operators = await client.operators()
    patients = await client.patients(Asked(0, 1))
    return [
        "the credential is of this practice and archive",
        f"it may read operators ({len(operators)})",
        f"it may read patients ({patients.total})",
    ]


async def authorization_begun(database: Database, org_id: str, name: str) -> oauth.Begun:
    """Where a person allows the access. Raises CannotGoOn."""
    async with _opened(database, org_id, name) as (row, opener, _):
        return oauth.begin(_app(row, opener))


async def authorized(
    database: Database, org_id: str, name: str, begun: oauth.Begun, redirected_to: str
) -> None:
    """Take the code and keep the tokens; the next run begins at once. Raises CannotGoOn."""
    async with _opened(database, org_id, name) as (row, opener, engine):
        app = _app(row, opener)
        try:
            code = oauth.code_in(redirected_to, begun.state)
            asker = opener.asker_for_tokens(row, app)
            tokens = await oauth.exchange(asker, app, code, begun.verifier)
        except ValueError as wrong:
            raise CannotGoOn(str(wrong)) from None
        except RunFailed as why:
            raise CannotGoOn(f"{name}: {why.code}") from None
        sealed = sealed_tokens(_sealer(), org_id, row.id, tokens)
        async with AsyncSession(engine) as session, session.begin():
            await session.execute(
                delete(Token).where(Token.org_id == org_id, Token.connection_id == row.id)
            )
            session.add(Token(org_id=org_id, connection_id=row.id, **sealed))
            held = await session.get(Connection, (org_id, row.id), with_for_update=True)
            assert held is not None
            held.next_run_at = await session.scalar(select(func.now()))


def _app(row: Connection, opener: Opener) -> oauth.OAuthApp:
    if row.system is not System.ALFADOCS:
        raise CannotGoOn("Only a connection to AlfaDocs is authorized; Open Dental has keys")
    try:
        return opener.oauth_app(row, AlfaDocsOptions(**row.config))
    except RunFailed as why:
        raise CannotGoOn(f"{row.name}: {why.code}: {_ADVICE.get(why.code, _WAIT)}") from None


def _sealer() -> Any:
    return sealer_of(load_settings(ConnectorsSettings))


@asynccontextmanager
async def _opened(
    database: Database, org_id: str, name: str
) -> AsyncIterator[tuple[Connection, Opener, AsyncEngine]]:
    settings = load_settings(ConnectorsSettings)
    async with database.engine("connection") as engine, http_of(settings) as http:
        row = await _one(database, engine, org_id, name)
        opener = Opener(engine, http, NoBudget(), sealer_of(settings), (1.0,))
        yield row, opener, engine


def connectors_database() -> Database:
    """The database of connectors. Raises SettingError and CannotGoOn."""
    from ops.system_role import find_database

    return find_database(ServiceName.CONNECTORS)
