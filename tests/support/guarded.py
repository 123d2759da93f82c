"""Visits the pages of `tests.sites.ways` and notes every address that was reached.

Run as a program, with the file to write what was found into, and --lifted to go without the guard. With --namespace it
makes itself a network first, which has the private addresses and a name server; `unshare` must have given it one of its
own before.
"""

from __future__ import annotations

import argparse
import contextlib
import ipaddress
import json
import selectors
import socket
import struct
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Self

from archiver.archive import Archive
from archiver.config import load
from archiver.errors import ArchiverError
from tests.sites.model import Handler, Request, Response
from tests.sites.server import LocalWeb
from tests.sites.ways import PORTS, PUBLIC, WAYS, ZONE, Way
from tests.support.compare import manifest_of, read_warc
from tests.support.names import NameServer, Zone
from tests.support.snapshots import warc_of

NAME_SERVER = "127.0.0.53"
_PLAIN_ADDRESSES = ("127.0.0.1", "127.0.0.2", "::1")
QUIC_PORT = 20_999
_ANSWER = (
    b"HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: *\r\nAccess-Control-Allow-Headers: *\r\n"
    b"Content-Type: text/javascript\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
)


def make_network(folder: Path) -> None:
    """Give this process's network namespace the addresses, a way out that leads nowhere, and a name server."""
    own = [str(ipaddress.ip_address(host.strip("[]"))) for host in {way.host for way in WAYS} if _is_address(host)]
    own += ["10.99.0.1", NAME_SERVER]
    steps = ["link set lo up", "link add out type veth peer name far", "link set out up", "link set far up"]
    steps += [f"addr add {PUBLIC}/24 dev out", f"route add default via {PUBLIC.rpartition('.')[0]}.1"]
    steps += [f"neigh add {PUBLIC.rpartition('.')[0]}.1 lladdr 02:00:00:00:00:01 dev out"]
    for text in sorted({*own}):
        ip = ipaddress.ip_address(text)
        if not (ip.is_loopback or ip.is_multicast or (ip.is_link_local and ip.version == 6) or ip.is_unspecified):
            steps.append(f"addr add {ip}/{ip.max_prefixlen} dev lo")
    steps.remove("addr add 255.255.255.255/32 dev lo")
    for step in steps:
        subprocess.run(["ip", *step.split()], check=True, capture_output=True)
    configuration = folder / "resolv.conf"
    configuration.write_text(f"nameserver {NAME_SERVER}\n")
    subprocess.run(["mount", "--bind", str(configuration), "/etc/resolv.conf"], check=True)


def _is_address(host: str) -> bool:
    try:
        ip = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return ip.version == 4 or ip.ipv4_mapped is None  # the mapped one is IPv4 to the kernel


class Listeners:
    """A TCP and a UDP socket on every way's port; `touched` has each connection and datagram as (port, how)."""

    def __init__(self, addresses: Sequence[str], *, answering: Sequence[int]) -> None:
        self._answering = answering
        self._selector = selectors.DefaultSelector()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="listeners")
        self.touched: set[tuple[int, str]] = set()
        for port in (*PORTS.values(), QUIC_PORT):
            for address in addresses:
                self._open(address, port)

    def _open(self, address: str, port: int) -> None:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            one = socket.socket(family, kind)
            if address == "::":
                one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
            if kind == socket.SOCK_STREAM:
                one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            one.bind((address, port))
            if kind == socket.SOCK_STREAM:
                one.listen(64)
            self._selector.register(one, selectors.EVENT_READ, port)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join()
        for key in tuple(self._selector.get_map().values()):
            assert isinstance(key.fileobj, socket.socket)
            key.fileobj.close()
        self._selector.close()

    def _serve(self) -> None:
        while not self._stopped.is_set():
            for key, _ in self._selector.select(0.1):
                one = key.fileobj
                assert isinstance(one, socket.socket)
                if one.type == socket.SOCK_DGRAM:
                    one.recvfrom(65536)
                    self.touched.add((key.data, "udp"))
                else:
                    client, _ = one.accept()
                    where = ipaddress.ip_address(client.getsockname()[0])
                    plain = getattr(where, "ipv4_mapped", None) or where
                    self.touched.add((key.data, f"tcp {plain}"))
                    threading.Thread(target=self._answer, args=(client, key.data), daemon=True).start()

    def _answer(self, client: socket.socket, port: int) -> None:
        with client, contextlib.suppress(OSError):
            client.settimeout(5)
            head = client.recv(65536)
            if port in self._answering and head[:1] != b"\x16":
                client.sendall(_ANSWER)
                client.recv(65536)


class Packets:
    """Every packet of the namespace that begins something: `seen` has (protocol, address, port)."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 26)
        self._socket.settimeout(0.1)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="packets")
        self.seen: set[tuple[str, str, int]] = set()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join()
        self._socket.close()

    def _watch(self) -> None:
        while not self._stopped.is_set():
            try:
                data, about = self._socket.recvfrom(65536)
            except TimeoutError:
                continue
            if about[2] == socket.PACKET_OUTGOING:
                self._note(data[14:])

    def _note(self, packet: bytes) -> None:
        version = packet[0] >> 4
        if version == 4:
            protocol, address, rest = packet[9], packet[16:20], packet[(packet[0] & 15) * 4 :]
        elif version == 6:
            protocol, address, rest = packet[6], packet[24:40], packet[40:]
        else:
            return  # ARP
        where = str(ipaddress.ip_address(address))
        if protocol == socket.IPPROTO_UDP:
            self.seen.add(("udp", where, struct.unpack(">H", rest[2:4])[0]))
        elif protocol == socket.IPPROTO_TCP and rest[13] & 0x12 == 0x02:  # SYN alone
            self.seen.add(("tcp", where, struct.unpack(">H", rest[2:4])[0]))


def url_of(way: Way) -> tuple[str, str]:
    """What to reach, as URL and as host:port."""
    authority = f"{way.host}:{PORTS[way.name]}"
    return f"{way.scheme.replace('udp', 'http')}://{authority}{way.path}", authority


def _filled(text: str, way: Way) -> str:
    url, authority = url_of(way)
    return text.replace("$U", url).replace("$A", authority)


def _outlet(chosen: Sequence[Way]) -> Handler:
    """The site whose pages try the chosen ways."""

    async def answer(request: Request) -> Response:
        if request.path == "/to":
            return Response(307, b"Redirect", [(b"Location", request.query.encode())])
        if request.path.startswith("/js/"):
            way = next(way for way in WAYS if request.path in way.scripts)
            kind, text = way.scripts[request.path]
            return Response(200, b"OK", [(b"Content-Type", kind.encode())], _filled(text, way).encode())
        if request.path.startswith("/way/"):
            return _page_of(WAYS[int(request.path.removeprefix("/way/"))])
        if request.path == "/":
            return _main_page([way for way in chosen if way.secure == (request.scheme == "https")])
        return Response(204, b"No Content")

    return answer


def _main_page(ways: Sequence[Way]) -> Response:
    body = "".join(_filled(way.html, way) for way in ways if way.place == "page")
    body += "".join(f"<iframe src=/way/{WAYS.index(way)}></iframe>" for way in ways if way.place == "frame")
    # HTTP/3 on offer: a browser that takes it up sends datagrams there.
    offer = f'h3=":{QUIC_PORT}"; ma=3600, h3=":443"; ma=3600'.encode()
    fields = [(b"Content-Type", b"text/html; charset=utf-8"), (b"Alt-Svc", offer)]
    return Response(200, b"OK", fields, b"<!doctype html><title>ways</title>" + body.encode())


def _page_of(way: Way) -> Response:
    fields = [(name.encode(), _filled(value, way).encode()) for name, value in way.headers]
    fields.append((b"Content-Type", f"{way.media_type}; charset=utf-8".encode()))
    head = "<!doctype html>" if way.media_type == "text/html" else ""
    return Response(way.status, b"OK", fields, (head + _filled(way.html, way)).encode())


class _Outlet:
    """Captures of the outlet."""

    def __init__(self, web: LocalWeb, folder: Path, *, lifted: bool) -> None:
        self._web = web
        self._folder = folder
        self._lifted = lifted
        self._made = 0

    def capture(self, url: str) -> dict[str, Any]:
        """Capture a URL; the manifest's exchanges and what is in the archive, or the error."""
        self._made += 1
        archive = self._folder / f"{'lifted' if self._lifted else 'guarded'}-{self._made}"
        flags = {
            "archive": str(archive),
            "capture.resolve": (
                f"outlet.test:80=127.0.0.1:{self._web.http_port}",
                f"outlet.test:443=127.0.0.1:{self._web.https_port}",
            ),
            "capture.trust_ca": self._web.ca_path,
            "capture.timeout_s": 75.0,
            "capture.settle_s": 6.0,
            "capture.allow_private": self._lifted,
        }
        error = None
        exchanges = []
        try:
            captured = Archive(load(flags).settings).capture(url, lambda _: None)
        except ArchiverError as problem:
            error = f"{type(problem).__name__}: {problem}"
        else:
            found = manifest_of(read_warc(warc_of(captured.snapshot)))["exchanges"]
            exchanges = [{key: x.get(key) for key in ("url", "result", "reason")} for x in found]
        stored = [path.name for path in archive.glob("snapshots/*")]
        return {"url": url, "error": error, "exchanges": exchanges, "stored": stored}


def visit(folder: Path, chosen: Sequence[Way], *, namespace: bool, lifted: bool) -> dict[str, Any]:
    """Make all captures in one mode."""
    addresses = ("::",) if namespace else _PLAIN_ADDRESSES
    answering = [PORTS[way.name] for way in WAYS if way.place != "document"]

    def turncoat(kind_asked_before: int) -> list[str]:
        return ["10.99.0.1"] if kind_asked_before else [PUBLIC]

    with contextlib.ExitStack() as stack:
        listeners = stack.enter_context(Listeners(addresses, answering=answering))
        packets = stack.enter_context(Packets()) if namespace else None
        zone: Zone = {**ZONE, "turncoat.test": turncoat}
        names = stack.enter_context(NameServer(zone, address=NAME_SERVER, port=53)) if namespace else None
        web = stack.enter_context(LocalWeb(_outlet(chosen)))
        outlet = _Outlet(web, folder, lifted=lifted)
        return {
            "captures": {name: outlet.capture(url) for name, url in _visits(chosen)},
            "touched": sorted(listeners.touched),
            "packets": sorted(packets.seen) if packets else [],
            "asked": names.asked if names else [],
        }


def _visits(chosen: Sequence[Way]) -> Iterator[tuple[str, str]]:
    """What to capture: the outlet's two pages, and each way that is a main document or leads one away."""
    yield "page", "http://outlet.test/"
    yield "secure page", "https://outlet.test/"
    for way in chosen:
        if way.place == "navigation" or (way.place == "document" and way.headers):
            yield way.name, f"http://outlet.test/way/{WAYS.index(way)}"
        elif way.place == "document":
            yield way.name, url_of(way)[0]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("result", type=Path)
    parser.add_argument("--namespace", action="store_true")
    parser.add_argument("--lifted", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if options.namespace:
            make_network(folder)
        chosen = [way for way in WAYS if options.namespace or way.in_any_network]
        found = visit(folder, chosen, namespace=options.namespace, lifted=options.lifted)
        options.result.write_text(json.dumps(found))


if __name__ == "__main__":
    main()
