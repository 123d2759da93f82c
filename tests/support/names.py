"""A name server for tests: real UDP on loopback, answers out of a table."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Container, Mapping, Sequence
from types import TracebackType
from typing import Self

import dns.asyncresolver
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

TTL_S = 77

#: addresses, or `-> name` for a CNAME; a function is told how often the same was asked before
Zone = Mapping[str, Sequence[str] | Callable[[int], Sequence[str]]]


class NameServer:
    """Serves a zone while entered. `asked` lists what it was asked, as `name KIND`."""

    def __init__(
        self,
        zone: Zone,
        *,
        silent: Container[str] = (),
        address: str = "127.0.0.1",
        port: int = 0,
        failing: bool = False,
    ) -> None:
        self._zone = zone
        self._silent = silent  # what never gets an answer, as `name KIND`
        self._failing = failing
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((address, port))
        self._thread = threading.Thread(target=self._serve, name="name server")
        self.asked: list[str] = []

    @property
    def resolver(self) -> dns.asyncresolver.Resolver:
        """A resolver that asks this server and no other."""
        address, port = self._socket.getsockname()
        resolver = dns.asyncresolver.Resolver(configure=False)
        resolver.nameservers = [address]
        resolver.port = port
        return resolver

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"stop", self._socket.getsockname())
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        while True:
            data, client = self._socket.recvfrom(4096)
            if data == b"stop":
                return
            reply = self._answer(dns.message.from_wire(data))
            if reply is not None:
                self._socket.sendto(reply.to_wire(), client)

    def _answer(self, query: dns.message.Message) -> dns.message.Message | None:
        (question,) = query.question
        name = question.name.to_text(omit_final_dot=True)
        kind = dns.rdatatype.to_text(question.rdtype)
        known = self._zone.get(name.lower())
        entries = known(self.asked.count(f"{name} {kind}")) if callable(known) else known
        self.asked.append(f"{name} {kind}")
        if f"{name} {kind}" in self._silent:
            return None
        reply = dns.message.make_response(query)
        if self._failing:
            reply.set_rcode(dns.rcode.SERVFAIL)
        elif entries is None:
            reply.set_rcode(dns.rcode.NXDOMAIN)
        owner = question.name
        for entry in entries or ():
            if entry.startswith("-> "):
                rows = dns.rrset.from_text(owner, TTL_S, "IN", "CNAME", f"{entry[3:]}.")
                owner = rows[0].target
                reply.answer.append(rows)
            elif (":" in entry) == (kind == "AAAA"):
                reply.answer.append(dns.rrset.from_text(owner, TTL_S, "IN", kind, entry))
        return reply
