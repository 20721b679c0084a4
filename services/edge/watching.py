"""The replicas of the services as they tell of themselves: health, version, and what waits.

They are asked where `EDGE_WATCHED` says, by the pages that a probe and a scraper read.
"""

import asyncio
import math
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import aiohttp
import orjson
from prometheus_client.parser import text_string_to_metric_families
from yarl import URL

from messaging.replies.letter_box import LookedAtByAnother
from messaging.replies.letter_choice import Group, dead_letters_by_cause
from messaging.wire.connection import BROKER_ERRORS
from messaging.wire.topology import ConsumedQueue

WITHIN_SECONDS: Final = 3.0
MOST_LETTERS_LOOKED_AT: Final = 1_000
"""To look at dead letters is to take all of them from their queue for that long."""
_BUILD: Final = "handoff_build_info"

Figures = Mapping[tuple[str, str], float]
"""Each figure by its name and its label's value, `""` where it has none."""


@dataclass(frozen=True, slots=True)
class Replica:
    """One replica. `ready` is None where nobody answers; `reasons` say why it is not ready."""

    address: str
    service: str = ""
    version: str = ""
    ready: bool | None = None
    reasons: Mapping[str, str] = field(default_factory=dict)
    notes: Mapping[str, str] = field(default_factory=dict)
    figures: Figures = field(default_factory=dict)


class Watching:
    """Asks the replicas at these addresses, each host of a name for itself.

    `letters_url`: a user who may read dead letters; None: nobody says why they lie there.
    """

    def __init__(self, addresses: Sequence[str], letters_url: str | None) -> None:
        self._addresses = addresses
        self._letters_url = letters_url

    @property
    def knows_any(self) -> bool:
        """Whether there is anybody to be asked."""
        return bool(self._addresses)

    @property
    def reads_letters(self) -> bool:
        """Whether it can say why dead letters lie there."""
        return self._letters_url is not None

    async def replicas(self) -> list[Replica]:
        """All of them now, in the order of their addresses."""
        timeout = aiohttp.ClientTimeout(total=WITHIN_SECONDS)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            places = await asyncio.gather(*(_places(URL(one)) for one in self._addresses))
            asked = (_ask(session, url) for found in places for url in found)
            return list(await asyncio.gather(*asked))

    async def causes(self, queue: str) -> list[Group] | None:
        """The dead letters of a queue by what they asked for and why they lie there; None where
        they cannot be looked at now."""
        if self._letters_url is None:
            return None
        try:
            return await dead_letters_by_cause(self._letters_url, ConsumedQueue(queue, ""))
        except (LookedAtByAnother, *BROKER_ERRORS):
            return None


async def _places(url: URL) -> list[URL]:
    """An address of each host behind a name: replicas of one service may share it."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(
            url.host, url.port, type=socket.SOCK_STREAM
        )
    except OSError:
        return [url]
    hosts = sorted({str(one[4][0]) for one in found})
    return [url] if len(hosts) == 1 else [url.with_host(host) for host in hosts]


async def _ask(session: aiohttp.ClientSession, url: URL) -> Replica:
    address = f"{url.host}:{url.port}"
    try:
        async with session.get(url / "health/ready") as answer:
            health: dict[str, Any] = orjson.loads(await answer.read())
            ready = answer.status == 200
        async with session.get(url / "metrics") as answer:
            written = await answer.text()
    except (aiohttp.ClientError, TimeoutError, ValueError):
        return Replica(address)
    figures, build = read_figures(written)
    return Replica(
        address=address,
        service=build.get("service", ""),
        version=build.get("version", ""),
        ready=ready,
        reasons={what: why for what, why in health.get("checks", {}).items() if why != "ok"},
        notes=health.get("notes", {}),
        figures=figures,
    )


def read_figures(written: str) -> tuple[Figures, Mapping[str, str]]:
    """Our own figures that have at most one label, and which program it is."""
    figures: dict[tuple[str, str], float] = {}
    build: Mapping[str, str] = {}
    for family in text_string_to_metric_families(written):
        for sample in family.samples:
            if sample.name == _BUILD:
                build = sample.labels
            elif len(sample.labels) <= 1 and not math.isnan(sample.value):
                label = next(iter(sample.labels.values()), "")
                figures[sample.name, label] = sample.value
    return figures, build


def together(replicas: Sequence[Replica]) -> Figures:
    """Each figure's largest: all replicas of a service look at the same and find the same."""
    largest: dict[tuple[str, str], float] = {}
    for replica in replicas:
        for name, value in replica.figures.items():
            largest[name] = max(value, largest.get(name, value))
    return largest
