"""An import from an Open Dental that asks for no pauses, beside the commands that it is made of.

Half as many patients as refattaches: each is brought by two. The stand-in is this process, so its
CPU is taken from what is measured.
"""

import argparse
import asyncio
import secrets
import statistics
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg

from bench.benchmark import Benchmark, positive, show_table
from bench.commands import OPERATION, PartnerCommand, partner_commands
from bench.draining import WrongResult
from bench.place import Place, fresh_place
from bench.under_test import CONNECTORS, REFERRALS, UnderTest, under_test
from contracts.connecting import System
from messaging.database.engine import open_engine
from messaging.database.migrations import migrate
from messaging.replies.client import Client, open_client
from messaging.trail.audit import Operator
from ops.servers import Servers, create_database, drop_database
from ops.stubs.opendental import OpenDentalStub, served
from services.connectors import adding
from services.connectors.credentials import stored_secrets
from services.connectors.home import HOME, MIGRATIONS
from services.connectors.rules.identity import connection_id
from services.connectors.runs.commands import COMMANDS, IN_FLIGHT
from services.connectors.sealing import Sealer

LEAST_OF_COMMANDS = 0.5
MOST_MEMORY_BYTES = 200 * 1000 * 1000
ORG_ID, NAME = "bench", "main"
LOOK_EVERY_SECONDS = 0.5
WARM_UP = 256


@dataclass(frozen=True, slots=True)
class Imported:
    """One run: how long it took, and the commands that it made."""

    seconds: float
    commands: int


def add_options(parser: argparse.ArgumentParser) -> None:
    """`--referrals`; of refattaches there are twice as many."""
    parser.add_argument("--referrals", type=positive, default=50_000, help="that are imported")
    parser.add_argument("--commands", type=positive, default=5_000, help="of the measure beside")


async def run(servers: Servers, options: argparse.Namespace) -> list[str]:
    """Measure the commands before and after, the import, and a run without changes.

    The machine is not the same from one minute to the next: the mean of both is what counts.
    """
    stub = _practice(options.referrals)
    rows = len(stub.referrals) + len(stub.refattaches) + len(stub.patients)
    async with fresh_place(servers) as place, _database(servers) as database_url:
        key = secrets.token_hex(32)
        environment = _environment(place, database_url, key)
        async with (
            under_test(REFERRALS, place.environment()) as referrals,
            under_test(CONNECTORS, environment) as connectors,
            served(stub),
            open_client(place.rabbitmq_url, "bench.client") as client,
        ):
            await referrals.go()
            await _per_second(client, partner_commands(WARM_UP, 1, seed=1))
            before = await _per_second(client, partner_commands(options.commands, 1, seed=2))
            await connectors.go()
            first = await _run(stub, place, database_url, key, connectors)
            if first.commands != rows:
                raise WrongResult(f"{first.commands} commands for {rows} rows")
            again = await _run(stub, place, database_url, key, connectors)
            after = await _per_second(client, partner_commands(options.commands, 1, seed=3))
            memory = (await connectors.figures()).peak_rss_bytes
    return _show(rows, (before, after), first, again, memory)


def _practice(referrals: int) -> OpenDentalStub:
    """A tenth of the referrals are doctors; each patient has two refattaches."""
    stub = OpenDentalStub()
    stamp = {"DateTStamp": stub.stamp()}
    for number in range(1, referrals + 1):
        is_doctor = number % 10 == 0
        fields: dict[str, Any] = {"LName": f"Practice {number}", "NotPerson": "true", **stamp}
        stub.referral(number, **fields, IsDoctor="true" if is_doctor else "false")
        stub.patient(number, LName="Benchmark", FName=f"Patient {number}", **stamp)
    for number in range(1, 2 * referrals + 1):
        stub.refattach(
            number,
            ReferralNum=(number % referrals) + 1,
            PatNum=(number + 1) // 2,
            ItemOrder=number % 2,
            RefDate="2025-05-01",
            **stamp,
        )
    return stub


@asynccontextmanager
async def _database(servers: Servers) -> AsyncIterator[str]:
    name = f"bench_{secrets.token_hex(8)}"
    url = await asyncio.to_thread(create_database, servers.postgres_url, name)
    try:
        await asyncio.to_thread(migrate, url, MIGRATIONS)
        yield url
    finally:
        await asyncio.to_thread(drop_database, servers.postgres_url, name)


def _environment(place: Place, database_url: str, key: str) -> dict[str, str]:
    return {
        "CONNECTORS_DATABASE_URL": database_url,
        "CONNECTORS_RABBITMQ_URL": place.rabbitmq_url,
        "CONNECTORS_SECRET_KEY": key,
        "CONNECTORS_HTTP_PORT": "0",
        "CONNECTORS_EGRESS_ALLOW": "127.0.0.0/8",
        "CONNECTORS_ALLOW_HTTP": "true",
    }


async def _per_second(client: Client, commands: Sequence[PartnerCommand]) -> float:
    """Commands a second, as many in flight as an import has."""
    waiting = iter(commands)

    async def send() -> None:
        for command in waiting:
            answered = await client.call(
                COMMANDS, OPERATION, command.body, message_id=command.message_id
            )
            if answered.problem is not None:
                raise WrongResult(f"a command was refused: {answered.problem['code']}")

    started = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for _ in range(IN_FLIGHT):
            group.create_task(send())
    return len(commands) / (time.perf_counter() - started)


async def _run(
    stub: OpenDentalStub, place: Place, database_url: str, key: str, process: UnderTest
) -> Imported:
    """Have the connection run: everything is read again. Raises WrongResult where it fails."""
    before = await _commands(place)
    started = time.perf_counter()
    await _add(stub, database_url, key)
    ended = asyncio.create_task(process.ended())
    finished = asyncio.create_task(_finished(database_url))
    try:
        await asyncio.wait({ended, finished}, return_when=asyncio.FIRST_COMPLETED)
        if ended.done():
            await ended
        await finished
    finally:
        ended.cancel()
        finished.cancel()
    return Imported(time.perf_counter() - started, await _commands(place) - before)


async def _add(stub: OpenDentalStub, database_url: str, key: str) -> UUID:
    """Add the connection, or once more, which has it run whole at once."""
    id_, sealer = connection_id(ORG_ID, System.OPENDENTAL, NAME), Sealer(key)
    given = {"developer_key": stub.developer_key, "customer_key": stub.customer_key}
    sealed = stored_secrets(given, sealer, ORG_ID, id_)
    options = {"bases": (stub.url,), "throttle": "none", "time_zone": str(stub.zone)}
    engine = open_engine(database_url, HOME, role=HOME.system_role, name="bench", pool_size=1)
    try:
        return await adding.add(
            engine, ORG_ID, System.OPENDENTAL, NAME, options, sealed, Operator(None, "bench")
        )
    finally:
        await engine.dispose()


async def _finished(database_url: str) -> None:
    """Wait for the end of the run. Raises WrongResult where it failed."""
    database = await asyncpg.connect(database_url.replace("+asyncpg", ""))
    try:
        while True:
            row = await database.fetchrow(
                "SELECT code, next_run_at > now() AS is_over FROM connectors.connection"
            )
            if row["code"] is not None:
                raise WrongResult(f"the run failed: {row['code']}")
            if row["is_over"]:
                return
            await asyncio.sleep(LOOK_EVERY_SECONDS)
    finally:
        await database.close()


async def _commands(place: Place) -> int:
    """The commands that referrals has decided."""
    database = await asyncpg.connect(place.database_url.replace("+asyncpg", ""))
    try:
        return int(await database.fetchval("SELECT count(*) FROM referrals.inbox"))
    finally:
        await database.close()


def _show(
    rows: int, per_second: Sequence[float], first: Imported, again: Imported, memory: int
) -> list[str]:
    imported, unchanged = rows / first.seconds, rows / again.seconds
    table = [
        ["", "seconds", "a second", "commands"],
        *(
            [f"commands, {IN_FLIGHT} in flight, {when}", "", f"{rate:,.0f}", ""]
            for when, rate in zip(("before", "after"), per_second, strict=True)
        ),
    ]
    for what, one, rate in (
        (f"import of {rows:,} rows", first, imported),
        ("a run without changes", again, unchanged),
    ):
        table.append([what, f"{one.seconds:,.1f}", f"{rate:,.0f}", f"{one.commands:,}"])
    show_table(table)
    ratio = imported / statistics.mean(per_second)
    print(f"\nratio rows / commands: {ratio:.2f}; peak memory {memory / 1e6:,.0f} MB")
    missed = []
    if ratio < LEAST_OF_COMMANDS:
        missed.append(f"rows / commands: {ratio:.2f}, required: {LEAST_OF_COMMANDS}")
    if again.commands:
        missed.append(f"a run without changes made {again.commands} commands")
    if memory > MOST_MEMORY_BYTES:
        missed.append(f"{memory / 1e6:,.0f} MB of memory, required: under 200")
    return missed


BENCHMARK = Benchmark(
    name="connectors",
    summary="rows a second of an import from Open Dental, beside the commands a second",
    add_options=add_options,
    run=run,
)
