"""Looking names up, each once a capture: an answer that changes later cannot lead past the guard."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import dns.asyncresolver
import dns.exception
import dns.rdatatype

_DNS_TIMEOUT_S = 10.0
_SECOND_ANSWER_S = 2.0  # for the addresses of the one family once those of the other are there
# So that a page cannot use up memory and file descriptors.
_MAX_NAMES = 4096
_MAX_AT_ONCE = 64


@dataclass(frozen=True)
class Answer:
    """The addresses of a host with their TTL in seconds, who gave them, and why there are none."""

    addresses: tuple[tuple[str, int | None], ...]
    resolver: str
    error: str = ""
    to_port: int | None = None


class Names:
    """The answers of one capture. Asks `resolver`, or the machine's name servers."""

    def __init__(self, resolver: dns.asyncresolver.Resolver | None) -> None:
        self._resolver = resolver
        self._pins: dict[str, asyncio.Future[Answer]] = {}
        self._free = asyncio.Semaphore(_MAX_AT_ONCE)

    async def addresses(self, host: str) -> Answer:
        """The addresses of a name, always the same ones; an answer without any says why."""
        if host not in self._pins:
            if len(self._pins) >= _MAX_NAMES:
                return Answer((), "", f"{_MAX_NAMES} names were looked up already")
            self._pins[host] = asyncio.ensure_future(self._look_up(host))
        return await asyncio.shield(self._pins[host])

    async def close(self) -> None:
        """Give up what is still being looked up."""
        for pin in self._pins.values():
            pin.cancel()
        await asyncio.gather(*self._pins.values(), return_exceptions=True)

    async def _look_up(self, host: str) -> Answer:
        async with self._free:
            try:
                resolver = self._resolver or dns.asyncresolver.Resolver()
            except dns.exception.DNSException as error:
                return Answer((), "", f"no name server is configured: {error}")
            return await _ask(resolver, host)


async def _ask(resolver: dns.asyncresolver.Resolver, host: str) -> Answer:
    """The addresses of a name, of both families; those of the slower one only if they come soon after the other."""
    kinds = (dns.rdatatype.A, dns.rdatatype.AAAA)
    queries = [asyncio.ensure_future(resolver.resolve(host, kind, lifetime=_DNS_TIMEOUT_S)) for kind in kinds]
    try:
        done, late = await asyncio.wait(queries, return_when=asyncio.FIRST_COMPLETED)
        if late:
            await asyncio.wait(late, timeout=None if done.pop().exception() else _SECOND_ANSWER_S)
    finally:
        for query in queries:
            query.cancel()
    results = await asyncio.gather(*queries, return_exceptions=True)
    found: list[tuple[str, int | None]] = []
    server, problem = "", "the name has no address"
    for result in results:
        if isinstance(result, dns.exception.DNSException):
            problem = str(result) or type(result).__name__
        elif isinstance(result, BaseException):
            problem = f"{type(result).__name__}: {result}"
        else:
            server = server or str(result.nameserver)
            found.extend((str(row.address), result.rrset.ttl if result.rrset else None) for row in result)
    return Answer(tuple(found), server, "" if found else problem)
