"""The relay connects where it may, refuses where it must, and changes nothing on the way."""

from __future__ import annotations

import asyncio
import hashlib
import random
import socket
import struct
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing, suppress
from pathlib import Path

import pytest

from archiver.capture.relay import Override, Relay, parse_override
from archiver.errors import UsageError
from tests.support.names import NameServer

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]

# Rules


@pytest.mark.parametrize(
    ("rule", "override"),
    [
        ("a.test=127.0.0.1", Override("a.test", None, "127.0.0.1", None)),
        ("A.Test.:443=127.0.0.1:18443", Override("a.test", 443, "127.0.0.1", 18443)),
        ("*=10.0.0.1", Override("*", None, "10.0.0.1", None)),
        ("*.test:80=10.0.0.1", Override("*.test", 80, "10.0.0.1", None)),
        ("a.test=[::1]:8080", Override("a.test", None, "::1", 8080)),
        ("a.test=::1", Override("a.test", None, "::1", None)),
        ("[2001:db8::1]:443=[::1]", Override("2001:db8::1", 443, "::1", None)),
        ("a.test:65535=127.0.0.1:1", Override("a.test", 65535, "127.0.0.1", 1)),
    ],
)
def test_a_rule_is_read(rule: str, override: Override) -> None:
    assert parse_override(rule) == override


@pytest.mark.parametrize(
    "rule",
    [
        "",
        "=",
        "a.test",
        "a.test=",
        "=127.0.0.1",
        ":80=127.0.0.1",
        "a.test=b.test",
        "a.test=127.0.0",
        "a.test=127.0.0.1=1",
        "a.test:0=127.0.0.1",
        "a.test:65536=127.0.0.1",
        "a.test:http=127.0.0.1",
        "a.test:-1=127.0.0.1",
        "a.test:\u0661=127.0.0.1",
        "a.test=127.0.0.1:99999",
        "a.test:" + "9" * 5000 + "=127.0.0.1",
        "a.test=[::1",
        "a.test=[::1]8080",
        "[::1=127.0.0.1",
        "[]:80=127.0.0.1",
        "a.test=[]:80",
    ],
)
def test_a_rule_that_cannot_be_read_is_named_in_the_error(rule: str) -> None:
    with pytest.raises(UsageError, match=r"^--resolve ") as caught:
        parse_override(rule)
    assert repr(rule) in str(caught.value)


@pytest.mark.parametrize(
    ("rule", "host", "port", "matches"),
    [
        ("a.test=::1", "a.test", 80, True),
        ("a.test=::1", "b.a.test", 80, False),
        ("a.test:443=::1", "a.test", 443, True),
        ("a.test:443=::1", "a.test", 80, False),
        ("*=::1", "anything", 1, True),
        ("*.test=::1", "a.b.test", 80, True),
        ("*.test=::1", "test", 80, False),
        ("*.test=::1", "atest", 80, False),
    ],
)
def test_a_rule_matches_its_hosts_only(rule: str, host: str, port: int, matches: bool) -> None:
    assert parse_override(rule).matches(host, port) is matches


# A real relay


_clients: list[asyncio.StreamWriter] = []


def run(scenario: Callable[[], Awaitable[None]]) -> None:
    async def limited() -> None:
        try:
            async with asyncio.timeout(20):
                await scenario()
        finally:
            for client in _clients:
                client.close()
                with suppress(OSError):
                    await client.wait_closed()
            _clients.clear()

    asyncio.run(limited())


async def to_relay(relay: Relay) -> Streams:
    """A connection to the relay, closed at the end of the scenario."""
    streams = await asyncio.open_connection("127.0.0.1", relay.port)
    _clients.append(streams[1])
    return streams


async def until(condition: Callable[[], bool]) -> None:
    """Let the others go on until it holds; the scenario's time limit ends a wait in vain."""
    while not condition():  # noqa: ASYNC110  # what is waited for happens in the relay, which has no event to wait on
        await asyncio.sleep(0.001)


@asynccontextmanager
async def site(talk: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]) -> AsyncIterator[int]:
    """A TCP server on loopback; gives its port."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            await talk(reader, writer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(1 << 16):
        writer.write(data)
        await writer.drain()


async def never(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    raise AssertionError("the relay connected")


def request_of(host: str, port: int, command: int = 1) -> bytes:
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        where = (b"\x04" if ":" in host else b"\x01") + socket.inet_pton(family, host)
    except (OSError, ValueError):
        where = b"\x03" + bytes([len(host)]) + host.encode()
    return bytes([5, command, 0]) + where + struct.pack(">H", port)


async def ask(relay: Relay, host: str, port: int, command: int = 1) -> tuple[int, Streams]:
    """What a browser does (RFC 1928); gives the reply's code."""
    reader, writer = await to_relay(relay)
    writer.write(b"\x05\x01\x00")
    assert await reader.readexactly(2) == b"\x05\x00"
    writer.write(request_of(host, port, command))
    reply = await reader.readexactly(10)
    assert (reply[0], reply[2], reply[3]) == (5, 0, 1)
    return reply[1], (reader, writer)


async def said(streams: Streams, data: bytes, count: int) -> bytes:
    reader, writer = streams
    writer.write(data)
    return await reader.readexactly(count)


def reset(writer: asyncio.StreamWriter) -> None:
    raw: socket.socket = writer.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def closed_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def test_it_connects_where_a_rule_says_and_notes_the_facts() -> None:
    async def scenario() -> None:
        async with site(echo) as port, Relay([parse_override(f"*.test:443=127.0.0.1:{port}")]) as relay:
            code, streams = await ask(relay, "News.Test.", 443)
            assert code == 0
            assert await said(streams, b"hello", 5) == b"hello"
            (connection,) = relay.connections
            assert (connection.number, connection.host, connection.port) == (0, "news.test", 443)
            assert connection.outcome == "connected"
            assert connection.resolver == "override"
            assert connection.answers == (("127.0.0.1", None),)
            assert (connection.address, connection.remote_port) == ("127.0.0.1", port)
            assert connection.client_port == streams[1].get_extra_info("sockname")[1]
            assert connection.connected_at is not None
            assert connection.opened_at <= connection.connected_at
            assert connection.closed_at is None
            streams[1].close()
            await until(lambda: relay.connections[0].closed_at is not None)
            assert relay.connections[0].connected_at == connection.connected_at
            assert relay.refusal("news.test", 443) is None

    run(scenario)


def test_a_rule_without_a_port_keeps_the_port() -> None:
    async def scenario() -> None:
        async with site(echo) as port, Relay([parse_override("a.test=127.0.0.1")]) as relay:
            code, streams = await ask(relay, "a.test", port)
            assert code == 0
            assert await said(streams, b"x", 1) == b"x"
            assert relay.connections[0].remote_port == port

    run(scenario)


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "::1", "::ffff:127.0.0.1", "0.0.0.0", "localhost", "a.localhost", "LOCALHOST."],  # noqa: S104  # asked for, not bound
)
def test_it_refuses_this_machine_and_says_why(host: str) -> None:
    async def scenario() -> None:
        async with site(never) as port, Relay() as relay:
            code, (reader, _) = await ask(relay, host, port)
            assert code == 2  # "connection not allowed by ruleset"
            assert await reader.read() == b""
            (connection,) = relay.connections
            assert connection.outcome == "refused"
            assert connection.resolver == "literal"
            assert connection.address is None
            assert connection.connected_at is None
            reason = relay.refusal(connection.host, port)
            assert reason is not None
            assert reason.startswith("refused by the guard: ")
            assert connection.answers[0][0] in reason
            assert relay.refusal(connection.host, port + 1) is None
            assert relay.refusal("other.test", port) is None

    run(scenario)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_it_connects_to_this_machine_where_private_addresses_are_allowed(host: str) -> None:
    async def scenario() -> None:
        async with site(echo) as port, Relay(allow_private=True) as relay:
            code, streams = await ask(relay, host, port)
            assert code == 0
            assert await said(streams, b"x", 1) == b"x"
            assert relay.connections[0].address == "127.0.0.1"
            assert relay.connections[0].resolver == "literal"

    run(scenario)


def test_a_port_where_nobody_listens_is_unreachable() -> None:
    async def scenario() -> None:
        port = closed_port()
        async with Relay(allow_private=True) as relay:
            code, (reader, _) = await ask(relay, "127.0.0.1", port)
            assert code == 5  # "connection refused"
            assert await reader.read() == b""
            (connection,) = relay.connections
            assert connection.outcome == "unreachable"
            assert connection.reason.startswith("127.0.0.1: ")
            assert connection.address is None

    run(scenario)


def test_what_a_client_sends_before_its_end_still_gets_its_answer() -> None:
    async def count(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(str(len(await reader.read())).encode())

    async def scenario() -> None:
        async with site(count) as port, Relay(allow_private=True) as relay:
            _, (reader, writer) = await ask(relay, "127.0.0.1", port)
            writer.write(b"x" * 1000)
            writer.write_eof()
            assert await reader.read() == b"1000"

    run(scenario)


def test_a_site_that_has_ended_still_receives() -> None:
    async def scenario() -> None:
        received: list[bytes] = []

        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"bye")
            writer.write_eof()
            received.append(await reader.read())

        async with site(talk) as port, Relay(allow_private=True) as relay:
            _, (reader, writer) = await ask(relay, "127.0.0.1", port)
            assert await reader.read() == b"bye"
            writer.write(b"one more thing")
            writer.close()
            await until(lambda: received == [b"one more thing"])

    run(scenario)


def test_a_sites_reset_reaches_the_client_as_a_reset() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(1)
        reset(writer)

    async def scenario() -> None:
        async with site(talk) as port, Relay(allow_private=True) as relay:
            _, (reader, writer) = await ask(relay, "127.0.0.1", port)
            writer.write(b"x")
            with pytest.raises(ConnectionResetError):
                await reader.read()
            await until(lambda: relay.connections[0].closed_at is not None)

    run(scenario)


def test_a_clients_reset_reaches_the_site_as_a_reset() -> None:
    async def scenario() -> None:
        ends: list[str] = []

        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"x")
            try:
                await reader.read()
                ends.append("orderly")
            except ConnectionResetError:
                ends.append("reset")

        async with site(talk) as port, Relay(allow_private=True) as relay:
            _, (reader, writer) = await ask(relay, "127.0.0.1", port)
            await reader.readexactly(1)
            reset(writer)
            await until(lambda: ends == ["reset"])

    run(scenario)


def test_big_data_arrives_intact_both_ways_at_once() -> None:
    async def scenario() -> None:
        data = random.Random(1).randbytes(6 << 20)
        async with site(echo) as port, Relay(allow_private=True) as relay:
            _, (reader, writer) = await ask(relay, "127.0.0.1", port)

            async def send() -> None:
                writer.write(data)
                await writer.drain()
                writer.write_eof()

            received, _ = await asyncio.gather(reader.read(), send())
        assert hashlib.sha256(received).digest() == hashlib.sha256(data).digest()

    run(scenario)


@pytest.mark.parametrize("command", [0, 2, 3])
def test_no_other_command_than_connect_is_served(command: int) -> None:
    async def scenario() -> None:
        async with site(never) as port, Relay(allow_private=True) as relay:
            code, (reader, _) = await ask(relay, "127.0.0.1", port, command)
            assert code == 7  # "command not supported"
            assert await reader.read() == b""
            assert relay.connections == ()

    run(scenario)


@pytest.mark.parametrize(
    "garbage",
    [
        b"",
        b"\x05",
        b"GET / HTTP/1.1\r\nHost: a.test\r\n\r\n" + b"x" * 100,
        b"\x04\x01\x00\x50\x7f\x00\x00\x01\x00",
        b"\x05\x00",
        b"\x05\x01\x00\x05\x01",
        b"\x05\x01\x00\x05\x01\x00\x03\xffshort",
        b"\x05\x01\x00" + bytes(300),
        b"\xff" * 1000,
    ],
)
def test_garbage_costs_only_the_connection_it_came_over(garbage: bytes) -> None:
    async def scenario() -> None:
        problems: list[object] = []
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: problems.append(context))
        async with site(echo) as port, Relay(allow_private=True) as relay:
            reader, writer = await to_relay(relay)
            writer.write(garbage)
            writer.write_eof()
            with suppress(ConnectionResetError):
                await reader.read()
            code, streams = await ask(relay, "127.0.0.1", port)
            assert code == 0
            assert await said(streams, b"x", 1) == b"x"
        assert problems == []

    run(scenario)


def test_connections_are_numbered_in_order_of_asking() -> None:
    async def scenario() -> None:
        async with site(echo) as port, Relay([parse_override(f"*=127.0.0.1:{port}")]) as relay:
            for name in ("a.test", "b.test", "c.test"):
                assert (await ask(relay, name, 443))[0] == 0
            assert [(c.number, c.host) for c in relay.connections] == [(0, "a.test"), (1, "b.test"), (2, "c.test")]
            assert len({c.client_port for c in relay.connections}) == 3

    run(scenario)


def test_the_end_of_the_relay_closes_what_is_open() -> None:
    async def scenario() -> None:
        async with site(echo) as port:
            async with Relay(allow_private=True) as relay:
                _, streams = await ask(relay, "127.0.0.1", port)
                assert await said(streams, b"x", 1) == b"x"
            assert await streams[0].read() == b""
            assert relay.connections[0].closed_at is not None
            with pytest.raises(ConnectionRefusedError):
                await to_relay(relay)

    run(scenario)


# Names, answered by a name server of our own


def test_a_name_is_looked_up_once_and_its_answers_are_pinned() -> None:
    async def scenario() -> None:
        zone = {"a.test": ["127.0.0.1"]}
        with NameServer(zone) as names:
            async with site(echo) as port, Relay(allow_private=True, resolver=names.resolver) as relay:
                assert {(await reply)[0] for reply in [ask(relay, "a.test", port), ask(relay, "A.test.", port)]} == {0}
                zone["a.test"] = ["127.0.0.2"]
                assert (await ask(relay, "a.test", port))[0] == 0
                assert sorted(names.asked) == ["a.test A", "a.test AAAA"]
                for connection in relay.connections:
                    assert connection.answers == (("127.0.0.1", 77),)
                    assert connection.resolver == "127.0.0.1"
                    assert connection.address == "127.0.0.1"

    run(scenario)


@pytest.mark.parametrize("addresses", [["127.0.0.1"], ["10.0.0.1", "169.254.169.254"], ["::1"], ["64:ff9b::7f00:1"]])
def test_a_name_that_leads_to_a_forbidden_address_is_refused(addresses: list[str]) -> None:
    async def scenario() -> None:
        with NameServer({"evil.test": addresses}) as names:
            async with site(never) as port, Relay(resolver=names.resolver) as relay:
                assert (await ask(relay, "evil.test", port))[0] == 2
                assert relay.connections[0].outcome == "refused"
                assert all(address in relay.connections[0].reason for address in addresses)

    run(scenario)


def test_of_mixed_answers_only_the_allowed_ones_are_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("archiver.capture.relay.is_forbidden", lambda address: address != "127.0.0.1")

    async def scenario() -> None:
        with NameServer({"mixed.test": ["127.0.0.2", "127.0.0.1", "::1"]}) as names:
            async with site(echo) as port, Relay(resolver=names.resolver) as relay:
                assert (await ask(relay, "mixed.test", port))[0] == 0
                assert relay.connections[0].address == "127.0.0.1"
                assert relay.connections[0].answers == (("127.0.0.2", 77), ("127.0.0.1", 77), ("::1", 77))

    run(scenario)


def test_the_next_answer_is_tried_where_one_does_not_connect() -> None:
    async def scenario() -> None:
        with NameServer({"two.test": ["127.0.0.2", "127.0.0.1"]}) as names:
            async with site(echo) as port, Relay(allow_private=True, resolver=names.resolver) as relay:
                code, streams = await ask(relay, "two.test", port)
                assert code == 0
                assert await said(streams, b"x", 1) == b"x"
                assert relay.connections[0].address == "127.0.0.1"
                assert relay.connections[0].reason == ""

    run(scenario)


@pytest.mark.parametrize("name", ["missing.test", "empty.test", "", "a..test", "x" * 70 + ".test", "a\x00b", "*"])
def test_a_name_without_an_address_is_unresolved(name: str) -> None:
    async def scenario() -> None:
        with NameServer({"empty.test": []}) as names:
            async with Relay(resolver=names.resolver) as relay:
                assert (await ask(relay, name, 443))[0] == 4  # "host unreachable"
                (connection,) = relay.connections
                assert connection.outcome == "unresolved"
                assert connection.reason
                assert connection.answers == ()

    run(scenario)


def test_a_name_that_is_an_alias_of_a_private_one_is_refused() -> None:
    async def scenario() -> None:
        with NameServer({"www.test": ["-> inner.test", "10.0.0.1"]}) as names:
            async with site(never) as port, Relay(resolver=names.resolver) as relay:
                assert (await ask(relay, "www.test", port))[0] == 2
                assert relay.connections[0].answers == (("10.0.0.1", 77),)

    run(scenario)


def test_a_name_whose_answer_changes_from_public_to_private_keeps_the_first() -> None:
    async def scenario() -> None:
        zone = {"turncoat.test": lambda before: ["127.0.0.1"] if before else ["192.0.2.1"]}
        with NameServer(zone) as names:
            async with site(never) as port, Relay(resolver=names.resolver) as relay:
                for _ in range(3):
                    assert (await ask(relay, "turncoat.test", port))[0] == 2
                assert {c.reason for c in relay.connections} == {"192.0.2.1 is not a public address"}
                assert len(names.asked) == 2

    run(scenario)


@pytest.mark.parametrize("host", ["2130706433", "0x7f000001", "0177.0.0.1", "127.1", "0x7f.1.", "127.0.0.01"])
def test_an_address_in_odd_writing_is_no_name_and_refused(host: str) -> None:
    async def scenario() -> None:
        with NameServer({}) as names:
            async with site(never) as port, Relay(resolver=names.resolver) as relay:
                assert (await ask(relay, host, port))[0] == 2
                assert relay.connections[0].host == "127.0.0.1"
                assert relay.refusal(host, port) == "refused by the guard: 127.0.0.1 is not a public address"
                assert names.asked == []

    run(scenario)


def test_a_refusal_is_found_for_another_writing_of_the_address() -> None:
    async def scenario() -> None:
        async with site(never) as port, Relay() as relay:
            assert (await ask(relay, "::ffff:127.0.0.1", port))[0] == 2
            assert relay.refusal("::ffff:7f00:1", port)
            assert relay.failure("::FFFF:7f00:0001", port)

    run(scenario)


# Look-ups that fail


async def seconds_until_refused(relay: Relay, name: str) -> float:
    began = time.monotonic()
    assert (await ask(relay, name, 443))[0] == 4
    return time.monotonic() - began


def test_a_name_server_that_fails_is_told_of_at_once() -> None:
    async def scenario() -> None:
        with NameServer({}, failing=True) as names:
            async with Relay(resolver=names.resolver) as relay:
                assert await seconds_until_refused(relay, "a.test") < 2
                assert "SERVFAIL" in relay.connections[0].reason

    run(scenario)


def test_a_name_server_that_is_silent_costs_its_time_limit_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("archiver.capture.names._DNS_TIMEOUT_S", 0.5)

    async def scenario() -> None:
        with NameServer({}, silent={"a.test A", "a.test AAAA"}) as names:
            async with Relay(resolver=names.resolver) as relay:
                assert 0.4 < await seconds_until_refused(relay, "a.test") < 3
                assert await seconds_until_refused(relay, "a.test") < 0.2
                assert "timed out" in relay.connections[1].reason

    run(scenario)


def test_one_family_without_an_answer_does_not_hold_up_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("archiver.capture.names._SECOND_ANSWER_S", 0.2)

    async def scenario() -> None:
        with NameServer({"a.test": ["127.0.0.1"]}, silent={"a.test AAAA"}) as names:
            async with site(echo) as port, Relay(allow_private=True, resolver=names.resolver) as relay:
                began = time.monotonic()
                assert (await ask(relay, "a.test", port))[0] == 0
                assert time.monotonic() - began < 3
                assert relay.connections[0].answers == (("127.0.0.1", 77),)

    run(scenario)


def test_only_so_many_names_are_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("archiver.capture.names._MAX_NAMES", 2)

    async def scenario() -> None:
        with NameServer({}) as names:
            async with Relay(resolver=names.resolver) as relay:
                for name in ("a.test", "b.test", "c.test", "a.test"):
                    assert (await ask(relay, name, 443))[0] == 4
                assert relay.connections[2].reason == "2 names were looked up already"
                assert {query.partition(" ")[0] for query in names.asked} == {"a.test", "b.test"}

    run(scenario)


# Limits


def test_a_client_that_says_nothing_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("archiver.capture.relay._HANDSHAKE_TIMEOUT_S", 0.1)

    async def scenario() -> None:
        async with Relay() as relay:
            for greeting in (b"", b"\x05", b"\x05\x01\x00\x05\x01"):
                reader, writer = await to_relay(relay)
                writer.write(greeting)
                assert await reader.read() in (b"", b"\x05\x00")
            assert relay.connections == ()

    run(scenario)


def test_above_the_limit_a_connection_is_refused_until_another_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("archiver.capture.relay._MAX_CONNECTIONS", 3)

    async def scenario() -> None:
        async with site(echo) as port, Relay(allow_private=True) as relay:
            opened = [await ask(relay, "127.0.0.1", port) for _ in range(3)]
            assert [code for code, _ in opened] == [0, 0, 0]
            code, streams = await ask(relay, "127.0.0.1", port)
            assert code == 1  # "general failure"
            assert await streams[0].read() == b""
            assert relay.connections[3].outcome == "unreachable"
            assert relay.connections[3].reason == "3 connections are open already"
            assert await said(opened[0][1], b"x", 1) == b"x"
            opened[0][1][1].close()
            await until(lambda: relay.connections[0].closed_at is not None)
            assert (await ask(relay, "127.0.0.1", port))[0] == 0

    run(scenario)


def test_far_above_the_limit_a_client_is_dropped_unheard(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("archiver.capture.relay._MAX_CONNECTIONS", 2)

    async def scenario() -> None:
        async with Relay() as relay:
            silent = [await to_relay(relay) for _ in range(4)]
            reader, _ = await to_relay(relay)
            async with asyncio.timeout(5):  # less than a handshake may take
                assert await reader.read() == b""
            for _, writer in silent:
                writer.close()

    run(scenario)


def test_a_site_that_does_not_end_after_the_browser_has_left_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("archiver.capture.relay._PARTING_S", 0.1)

    async def scenario() -> None:
        left = asyncio.Event()

        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with suppress(ConnectionError):
                assert await reader.read() == b""
                await left.wait()

        async with site(talk) as port, Relay(allow_private=True) as relay:
            _, (_, writer) = await ask(relay, "127.0.0.1", port)
            writer.close()
            await until(lambda: relay.connections[0].closed_at is not None)
            left.set()

    run(scenario)


_FEW_DESCRIPTORS = """
import asyncio, os, resource, socket
from archiver.capture.relay import Relay

async def ask(relay, port):
    reader, writer = await asyncio.open_connection("127.0.0.1", relay.port)
    writer.write(b"\\x05\\x01\\x00\\x05\\x01\\x00\\x01\\x7f\\x00\\x00\\x01" + port.to_bytes(2, "big"))
    return (await reader.readexactly(12))[3], writer

async def main():
    resource.setrlimit(resource.RLIMIT_NOFILE, (80, 80))
    site = socket.create_server(("127.0.0.1", 0))
    port = site.getsockname()[1]
    async with Relay(allow_private=True) as relay:
        first, kept = await ask(relay, port)  # so that no descriptor of it comes free
        taken = []
        try:
            while True:
                taken.append(os.open("/dev/null", os.O_RDONLY))
        except OSError:
            pass
        for _ in range(2):  # one for the client's end, one for the relay's, none for the site
            os.close(taken.pop())
        second = (await ask(relay, port))[0]
        while taken:
            os.close(taken.pop())
        third = (await ask(relay, port))[0]
        print(first, second, third, relay.connections[1].outcome, relay.connections[1].reason, sep="|")
        more = [await ask(relay, port) for _ in range(21)]
        print(more[-1][0], relay.connections[-1].reason, sep="|")

asyncio.run(main())
"""


def test_with_few_file_descriptors_connections_are_refused_and_later_ones_work() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", _FEW_DESCRIPTORS],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=Path(__file__).parents[3],
    )
    assert done.stderr == ""
    first, second = done.stdout.splitlines()
    assert first == "0|5|0|unreachable|127.0.0.1: Too many open files"
    assert second == "1|20 connections are open already"


def test_connections_are_cut_by_the_port_the_browser_made_them_from_and_others_go_on() -> None:
    async def scenario() -> None:
        async with site(echo) as port, Relay([parse_override(f"*=127.0.0.1:{port}")]) as relay:
            _, cut = await ask(relay, "a.test", 80)
            _, other = await ask(relay, "a.test", 80)
            relay.cut([relay.connections[0].client_port, 1])
            with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
                await said(cut, b"hello", 5)
            await until(lambda: relay.connections[0].closed_at is not None)
            assert await said(other, b"hello", 5) == b"hello"
            assert relay.connections[1].closed_at is None

    run(scenario)
