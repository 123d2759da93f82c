"""No way leads a page to an address that is not public. Each is tried with the guard, and without it to see it work.

Where a network namespace can be had (`unshare`), the addresses are real: private ranges, IPv6, a name server, and every
packet is watched. Elsewhere only the ways to loopback addresses are tried, and the rest is skipped.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.sites.ways import FIRST_PORT, PORTS, PUBLIC, WAYS, Way
from tests.support.guarded import NAME_SERVER, QUIC_PORT, url_of

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(900)]

_ROOT = Path(__file__).resolve().parents[2]
_UNSHARE = ["unshare", "-mn"] if os.geteuid() == 0 else ["unshare", "-rmn"]


@dataclass(frozen=True)
class Found:
    """What `tests.support.guarded` saw: with the guard and without it."""

    guarded: dict[str, Any]
    lifted: dict[str, Any]
    namespace: bool

    def needs(self, way: Way) -> None:
        if not (self.namespace or way.in_any_network):
            pytest.skip("needs a network namespace (unshare), which cannot be had here")

    @staticmethod
    def reached(seen: dict[str, Any], port: int) -> set[str]:
        """How a port was reached, at addresses that are not public."""
        return {how for number, how in seen["touched"] if number == port} - {f"tcp {PUBLIC}"}

    @staticmethod
    def exchanges(seen: dict[str, Any], way: Way) -> list[dict[str, Any]]:
        """The exchanges of every capture with the way's own port."""
        made = [x for capture in seen["captures"].values() for x in capture["exchanges"]]
        return [x for x in made if f":{PORTS[way.name]}/" in x["url"] and "://outlet.test/" not in x["url"]]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Found:
    probe = [*_UNSHARE, "ip", "link", "add", "out", "type", "veth", "peer", "name", "far"]
    try:
        namespace = subprocess.run(probe, capture_output=True, check=False, timeout=20).returncode == 0
    except FileNotFoundError:
        namespace = False
    folder = tmp_path_factory.mktemp("guard")
    if namespace:
        guarded, lifted = _visits(folder, [*_UNSHARE, sys.executable], ["--namespace"], at_once=2)
    else:
        # Of one network, with one set of ports: one after the other.
        guarded, lifted = _visits(folder, [sys.executable], [], at_once=1)
    return Found(guarded, lifted, namespace)


def _visits(folder: Path, python: list[str], options: list[str], *, at_once: int) -> Iterator[dict[str, Any]]:
    """What was seen with the guard, and what without it."""

    def visit(mode: str) -> dict[str, Any]:
        result = folder / mode
        command = [*python, "-m", "tests.support.guarded", str(result), *options]
        command += ["--lifted"] if mode == "lifted" else []
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=850, cwd=_ROOT)
        assert done.returncode == 0, done.stderr
        seen: dict[str, Any] = json.loads(result.read_text())
        return seen

    with ThreadPoolExecutor(at_once) as pool:
        return pool.map(visit, ("guarded", "lifted"))


def ways(**wanted: object) -> pytest.MarkDecorator:
    """Every way whose attributes are as wanted."""
    chosen = [way for way in WAYS if all(getattr(way, name) == value for name, value in wanted.items())]
    return pytest.mark.parametrize("way", chosen, ids=lambda way: way.name)


@ways()
def test_no_connection_and_no_datagram_comes_through(way: Way, found: Found) -> None:
    found.needs(way)
    assert found.reached(found.guarded, PORTS[way.name]) == set()
    packets = [packet for packet in found.guarded["packets"] if packet[2] == PORTS[way.name]]
    assert [packet for packet in packets if packet[1] != PUBLIC] == []


@ways(works=True)
def test_without_the_guard_the_same_page_gets_there(way: Way, found: Found) -> None:
    found.needs(way)
    assert found.reached(found.lifted, PORTS[way.name])


@pytest.mark.parametrize(
    "way", [way for way in WAYS if way.listed and way.place != "document"], ids=lambda way: way.name
)
def test_what_was_refused_is_listed_with_the_reason(way: Way, found: Found) -> None:
    found.needs(way)
    refused = [x for x in found.exchanges(found.guarded, way) if x["result"] == "refused"]
    assert refused
    assert all(x["reason"].startswith("refused by the guard: ") for x in refused)
    assert all(x["reason"].endswith(" is not a public address") for x in refused)
    assert [x for x in found.exchanges(found.guarded, way) if x["result"] in ("recorded", "truncated")] == []


@ways(place="document")
def test_a_refused_main_document_stores_nothing(way: Way, found: Found) -> None:
    found.needs(way)
    capture = found.guarded["captures"][way.name]
    assert capture["error"].startswith("RefusedError: ")
    assert "refused by the guard: " in capture["error"]
    assert capture["stored"] == []


@ways(place="navigation")
def test_a_page_that_leads_away_when_it_was_shown_is_stored(way: Way, found: Found) -> None:
    found.needs(way)
    capture = found.guarded["captures"][way.name]
    assert capture["error"] is None
    assert len(capture["stored"]) == 1


def test_at_least_forty_ways_are_real() -> None:
    assert sum(way.works for way in WAYS) >= 40


def test_no_packet_goes_anywhere_else(found: Found) -> None:
    if not found.namespace:
        pytest.skip("needs a network namespace (unshare), which cannot be had here")
    public_names = {PORTS[way.name] for way in WAYS if way.host in ("mixed.test", "turncoat.test")}
    elsewhere = [
        packet
        for packet in found.guarded["packets"]
        if packet[:2] != ["tcp", "127.0.0.1"]  # the relay, and the outlet by --resolve
        and packet != ["udp", NAME_SERVER, 53]
        and not (packet[0] == "tcp" and packet[1] == PUBLIC and packet[2] in public_names)
    ]
    assert [packet for packet in elsewhere if not _is_answer_of_the_name_server(packet)] == []


def _is_answer_of_the_name_server(packet: list[Any]) -> bool:
    kind, address, port = packet
    return bool(kind == "udp" and address == "127.0.0.1" and port > FIRST_PORT + 10_000)


def test_only_the_relay_looks_names_up_each_once_a_capture(found: Found) -> None:
    if not found.namespace:
        pytest.skip("needs a network namespace (unshare), which cannot be had here")
    for seen in (found.guarded, found.lifted):
        asked = [query for query in seen["asked"] if query.partition(" ")[0].endswith(".test")]
        # The main page asks for each of these once; three main documents ask for inner.test besides.
        for name in ("alias.test", "mixed.test", "metadata.test", "turn.test", "turncoat.test", "missing.test"):
            assert sorted(query for query in asked if query.startswith(f"{name} ")) == [f"{name} A", f"{name} AAAA"]
        assert [query for query in asked if query.startswith(("stun.test", "prefetched.test"))] == []


def test_a_name_that_changes_its_answer_keeps_the_public_one(found: Found) -> None:
    (way,) = [way for way in WAYS if way.host == "turncoat.test"]
    found.needs(way)
    assert {x["result"] for x in found.exchanges(found.guarded, way)} == {"recorded"}
    for seen in (found.guarded, found.lifted):
        assert [how for port, how in seen["touched"] if port == PORTS[way.name]] == [f"tcp {PUBLIC}"]


def test_of_a_name_with_a_public_and_a_private_address_only_the_public_one_is_used(found: Found) -> None:
    (way,) = [way for way in WAYS if way.host == "mixed.test"]
    found.needs(way)
    assert [how for port, how in found.guarded["touched"] if port == PORTS[way.name]] == [f"tcp {PUBLIC}"]
    assert {x["result"] for x in found.exchanges(found.guarded, way)} == {"recorded"}


def test_a_name_without_an_address_fails_with_the_browsers_reason(found: Found) -> None:
    (way,) = [way for way in WAYS if way.host == "missing.test"]
    found.needs(way)
    for seen in (found.guarded, found.lifted):
        ends = {(x["result"], x["reason"]) for x in found.exchanges(seen, way)}
        assert ends == {("failed", "ERR_SOCKS_CONNECTION_FAILED")}


def test_an_offer_of_http_3_is_not_taken_up(found: Found) -> None:
    for seen in (found.guarded, found.lifted):
        assert [how for port, how in seen["touched"] if port == QUIC_PORT] == []
        assert [packet for packet in seen["packets"] if packet[0] == "udp" and packet[2] in (QUIC_PORT, 443)] == []


def test_every_way_has_a_url_of_its_own() -> None:
    assert len({url_of(way) for way in WAYS}) == len(WAYS) == len(PORTS)
    assert max(PORTS.values()) < QUIC_PORT
