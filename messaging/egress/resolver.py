"""Name resolution for what is asked over HTTP: each name once, and every address is checked."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from aiohttp.abc import AbstractResolver, ResolveResult

from messaging.egress.policy import EgressPolicy

# A name server that hangs keeps a thread for many seconds; other work in threads (letters) does not
# wait for it.
LOOKUP_THREADS = 32

Lookup = Callable[[str, int], Awaitable[Sequence[str]]]
"""Addresses of a host and port in the order of preference; raises OSError where there are none."""


class CheckedResolver(AbstractResolver):
    """Gives aiohttp the addresses of a name, or raises AddressBlocked where one may not be used.

    The connection is made to the addresses given here. A name with a good and a bad address is
    blocked as a whole: which one is used would be chance.
    """

    def __init__(self, policy: EgressPolicy, lookup: Lookup | None = None) -> None:
        self._policy = policy
        self._threads = ThreadPoolExecutor(LOOKUP_THREADS, thread_name_prefix="egress-lookup")
        self._lookup = lookup or self._system_lookup

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        try:
            addresses = await self._addresses(host, port)
        except UnicodeError:  # a label that is empty or longer than 63 characters
            raise socket.gaierror(socket.EAI_NONAME, "Not a host name") from None
        if not addresses:
            raise socket.gaierror(socket.EAI_NONAME, "No address")
        for address in addresses:
            self._policy.check_address(address)
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=socket.IPPROTO_TCP,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for address in addresses
        ]

    async def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _addresses(self, host: str, port: int) -> Sequence[str]:
        """Those of a host; also of `localhost.`, which no name server and no hosts file has."""
        undotted = host.rstrip(".")
        try:
            return await self._lookup(host, port)
        except socket.gaierror:
            if undotted in ("", host):
                raise
            return await self._lookup(undotted, port)

    async def _system_lookup(self, host: str, port: int) -> list[str]:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, _getaddrinfo, host, port)


def _getaddrinfo(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP, flags=socket.AI_ADDRCONFIG
    )
    addresses: list[str] = []
    for _, _, _, _, place in found:
        scope = place[3] if len(place) == 4 else 0
        addresses.append(f"{place[0]}%{scope}" if scope else str(place[0]))
    return addresses
