"""The time of each query in an ordinary org and in a big one, and how it grows with the data.

At scale 1: a million partners, patients, referrals and costs and five million attributions over 91
orgs. One org holds a tenth of all, the others 10,000 partners each. A query is asked of its reader
as the service asks it: a transaction of its own that sees one org, the answer made JSON; the broker
is left out. It is measured in a tenth of the data too: an ordinary org is as big there and only has
fewer neighbours, the big one is a tenth of itself.
"""

import argparse
import asyncio
import math
import secrets
import statistics
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from random import Random
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncEngine

from bench.benchmark import Benchmark, show_table
from bench.query_seed import (
    ATTRIBUTION,
    ATTRIBUTIONS_OF_A_PATIENT,
    BIG_ORG,
    CONTACT,
    INTAKE,
    ORDINARY_ORG,
    PARTNER,
    PATIENT,
    REFERRAL,
    REFERRERS,
    SAMPLE_NPI,
    SOURCE,
    SOURCES,
    Size,
    row_id,
    seed,
)
from contracts.shapes import ListQuery, Query
from messaging.database.engine import open_engine, org_snapshot
from messaging.database.migrations import migrate
from messaging.handlers.pages import cursor_behind
from messaging.intake.admission import parse
from ops.servers import Servers, create_database, drop_database
from services.referrals.home import HOME, MIGRATIONS
from services.referrals.queries import READERS

SAMPLES = 100
WARM_UP = 10
ORDINARY_P99_MS = 50.0
BIG_P99_MS = 300.0
PAGE_SIZE = 50

Fields = Callable[[Random, int], dict[str, Any]]
"""The fields of one sample, from chance and from how many partners the org has."""


@dataclass(frozen=True, slots=True)
class Case:
    """One kind of query. `what` says which filter or page."""

    operation: str
    what: str
    fields: Fields


def _list(operation: str, what: str = "first page", **fields: Any) -> Case:
    return Case(operation, what, lambda random, count: fields)


def _last_page(operation: str, **fields: Any) -> Case:
    return Case(
        operation,
        "last page",
        lambda random, count: {"page": count // PAGE_SIZE, **fields},
    )


def _half_way(operation: str, what: str, kind: int, **fields: Any) -> Case:
    """A step of who reads everything, behind the id in the middle of the org's."""

    def step(random: Random, count: int) -> dict[str, Any]:
        return {"cursor": row_id(kind, count // 2 + random.randrange(PAGE_SIZE)), **fields}

    return Case(operation, what, step)


def _named(kind: int, random: Random, count: int) -> str:
    return row_id(kind, random.randrange(count))


def _attribution(random: Random, count: int) -> dict[str, Any]:
    number = random.randrange(count)
    return {
        "patient_uuid": row_id(PATIENT, number),
        "attribution_uuid": row_id(ATTRIBUTION, number),
    }


def _source(random: Random, count: int) -> dict[str, Any]:
    return {"referral_source_uuid": _named(SOURCE, random, SOURCES)}


def _patient(random: Random, count: int) -> dict[str, Any]:
    return {"patient_uuid": _named(PATIENT, random, count)}


def _partner(random: Random, count: int) -> dict[str, Any]:
    return {"referral_partner_uuid": _named(PARTNER, random, count)}


def _referrer(random: Random, count: int) -> dict[str, Any]:
    return {"contact_uuid": _named(CONTACT, random, REFERRERS)}


def _npi(random: Random, count: int) -> dict[str, Any]:
    return {"search": SAMPLE_NPI.format(random.randrange(count))}


_YEAR = {"period_start": "2025-01-01", "period_end": "2025-12-31"}
_MONTH = {"period_start": "2025-06-01", "period_end": "2025-06-30"}

CASES = (
    Case("referral_partner.get", "", _partner),
    _list("referral_partner.list"),
    _last_page("referral_partner.list"),
    _list("referral_partner.list", "cursor: first", cursor=""),
    _half_way("referral_partner.list", "cursor: half way", PARTNER),
    _half_way("referral_partner.list", "cursor, is_active: few", PARTNER, is_active=False),
    _half_way("referral_partner.list", "cursor, search: some", PARTNER, search="garcia d"),
    _half_way("referral_partner.list", "cursor, search: none", PARTNER, search="zzz"),
    _list("referral_partner.list", "contact_type: most", contact_type="provider"),
    _list("referral_partner.list", "contact_type: a tenth", contact_type="lab"),
    _list("referral_partner.list", "specialty", specialty="endodontics"),
    _list("referral_partner.list", "is_active: few", is_active=False),
    _list("referral_partner.list", "search: most", search="a"),
    _list("referral_partner.list", "search: some", search="garcia d"),
    Case("referral_partner.list", "search: one", _npi),
    _list("referral_partner.list", "search: none", search="zzz"),
    _list(
        "referral_partner.list",
        "search and all filters",
        search="garcia",
        contact_type="provider",
        specialty="endodontics",
        is_active=True,
    ),
    Case("referral_source.get", "", _source),
    _list("referral_source.list"),
    _list("referral_source.list", "search", search="ling 1"),
    _list("referral_source.report", "a month", **_MONTH),
    _list("referral_source.report", "a year", **_YEAR),
    _list("referral_source.list", "cursor: first", cursor=""),
    Case("referral_source_cost.list", "first page", _source),
    Case(
        "referral_source_cost.list", "cursor: first", lambda r, n: {**_source(r, n), "cursor": ""}
    ),
    Case("referral_attribution.get", "", _attribution),
    Case("referral_attribution.list", "first page", _patient),
    Case("contact.get", "", lambda r, n: {"contact_uuid": _named(CONTACT, r, n)}),
    _list("contact.list"),
    _last_page("contact.list"),
    _list("contact.list", "search: some", search="garcia family 1"),
    _list("contact.list", "search: none", search="zzz"),
    _half_way("contact.list", "cursor: half way", CONTACT),
    _half_way("contact.list", "cursor, search: some", CONTACT, search="garcia family 1"),
    Case("contact_referral.list", "first page", _referrer),
    Case("intake.get", "", lambda r, n: {"intake_uuid": _named(INTAKE, r, n)}),
    _list("intake.list"),
    _list("intake.list", "status: few", status="received"),
    _half_way("intake.list", "cursor, status: few", INTAKE, status="received"),
    Case("contact_referral.list", "cursor: first", lambda r, n: {**_referrer(r, n), "cursor": ""}),
    Case("referral.get", "", lambda r, n: {"referral_uuid": _named(REFERRAL, r, n)}),
    _list("referral.list"),
    _last_page("referral.list"),
    _list("referral.list", "cursor: first", cursor=""),
    _half_way("referral.list", "cursor: half way", REFERRAL),
    _half_way("referral.list", "cursor, status: half", REFERRAL, status="completed"),
    _half_way("referral.list", "cursor, overdue: few", REFERRAL, overdue=True),
    _half_way("referral.list", "cursor, dispatch_status: none", REFERRAL, dispatch_status="held"),
    Case(
        "referral.list",
        "cursor, referral_partner_uuid",
        lambda r, n: {**_partner(r, n), "cursor": ""},
    ),
    Case("referral.list", "patient_uuid", _patient),
    Case("referral.list", "referral_partner_uuid", _partner),
    _list("referral.list", "status: half", status="completed"),
    _list("referral.list", "fulfilment_status: few", fulfilment_status="requested"),
    _list("referral.list", "dispatch_status: most", dispatch_status="delivered"),
    _list("referral.list", "dispatch_status: none", dispatch_status="held"),
    _list("referral.list", "overdue: few", overdue=True),
    _list("referral.list", "overdue: most", overdue=False),
    _list(
        "referral.list",
        "three filters",
        status="active",
        fulfilment_status="requested",
        dispatch_status="failed",
    ),
)


@dataclass(frozen=True, slots=True)
class Spread:
    """Milliseconds of the middle sample, and of the one that 99 of 100 do not exceed."""

    p50_ms: float
    p99_ms: float


async def _measure(engine: AsyncEngine, case: Case, org_id: str, partners: int) -> Spread:
    reader = READERS[case.operation]
    random = Random(case.operation + case.what)
    took_ms = []
    for _ in range(WARM_UP + SAMPLES):
        payload = {"org_id": org_id, **case.fields(random, partners)}
        query = _asked(reader.message, payload)
        started = time.perf_counter()
        async with org_snapshot(engine, org_id) as (session, now):
            answer = await reader.read(query, session, now)
        answer.to_json()
        took_ms.append((time.perf_counter() - started) * 1000)
    took_ms = sorted(took_ms[WARM_UP:])
    return Spread(statistics.median(took_ms), took_ms[math.ceil(0.99 * len(took_ms)) - 1])


def _asked(message: type[Query], payload: dict[str, Any]) -> Query:
    """The query; a cursor is given by the id that it goes on behind."""
    query = parse(message, payload)
    if isinstance(query, ListQuery) and query.cursor:
        return query.model_copy(update={"cursor": cursor_behind(query, UUID(query.cursor))})
    return query


Measured = dict[tuple[Case, str], Spread]


async def measure(database_url: str, size: Size) -> Measured:
    """Each case in both orgs of a seeded database."""
    engine = open_engine(database_url, HOME, role=HOME.service_role, name="bench.queries")
    measured: Measured = {}
    for case in CASES:
        for org_id in (ORDINARY_ORG, BIG_ORG):
            spread = await _measure(engine, case, org_id, size.partners_of(org_id))
            measured[case, org_id] = spread
    await engine.dispose()
    return measured


def _say(line: str) -> None:
    print(f"  {line}", flush=True)


@asynccontextmanager
async def _seeded(servers: Servers, size: Size) -> AsyncIterator[str]:
    """The URL of a database of that size, gone afterwards."""
    name = f"bench_{secrets.token_hex(8)}"
    database_url = await asyncio.to_thread(create_database, servers.postgres_url, name)
    try:
        await asyncio.to_thread(migrate, database_url, MIGRATIONS)
        _say(f"seeding {size.partners:,} partners over {size.orgs + 1} orgs")
        await seed(database_url, size, _say)
        yield database_url
    finally:
        await asyncio.to_thread(drop_database, servers.postgres_url, name)


def add_options(parser: argparse.ArgumentParser) -> None:
    """`--scale`."""
    parser.add_argument("--scale", type=_scale, default=1.0, help="1 is a million partners")


def _scale(text: str) -> float:
    scale = float(text)
    if not 0 < scale <= 10:
        raise ValueError(text)
    return scale


async def run(servers: Servers, options: argparse.Namespace) -> list[str]:
    """Measure in a tenth of the data and in all of it, and show both."""
    scale: float = options.scale
    tenth, whole = Size.of_scale(scale / 10), Size.of_scale(scale)
    measured = {}
    for size in (tenth, whole):
        async with _seeded(servers, size) as database_url:
            measured[size] = await measure(database_url, size)
    _show(measured[tenth], measured[whole], whole)
    return list(_missed(measured[whole]))


def _show(tenth: Measured, whole: Measured, size: Size) -> None:
    attributions = ATTRIBUTIONS_OF_A_PATIENT * size.partners
    print(f"  {size.partners:,} partners, {attributions:,} attributions; milliseconds")
    print("  x: the median beside that in a tenth of the data")
    rows = [["query", "ordinary org p50", "p99", "x", "big org p50", "p99", "x"]]
    for case in CASES:
        row = [f"{case.operation}  {case.what}"]
        for org_id in (ORDINARY_ORG, BIG_ORG):
            spread = whole[case, org_id]
            growth = spread.p50_ms / tenth[case, org_id].p50_ms
            row += [f"{spread.p50_ms:.1f}", f"{spread.p99_ms:.1f}", f"{growth:.1f}"]
        rows.append(row)
    show_table(rows)


def _missed(measured: Measured) -> Iterator[str]:
    for (case, org_id), spread in measured.items():
        target_ms = BIG_P99_MS if org_id == BIG_ORG else ORDINARY_P99_MS
        if spread.p99_ms > target_ms:
            what = f"{case.operation} {case.what}".strip()
            yield f"{what} in {org_id}: p99 {spread.p99_ms:.0f} ms, at most {target_ms:.0f} ms"


BENCHMARK = Benchmark(
    name="queries",
    summary="each query's time in an ordinary org and in one with a tenth of a million partners",
    add_options=add_options,
    run=run,
)
