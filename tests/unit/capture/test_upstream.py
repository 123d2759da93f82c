"""Connections through an upstream proxy: real ones, and ones that fail in every way."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import pytest

from archiver.capture.relay import Relay, parse_override
from archiver.errors import UsageError
from archiver.urls import Proxy, parse_proxy
from tests.support.names import NameServer
from tests.support.proxies import Asked, HttpProxy, LocalProxy, SocksProxy

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
_KINDS = pytest.mark.parametrize("kind", [SocksProxy, HttpProxy])
_SCHEMES = pytest.mark.parametrize("scheme", ["socks5", "http"])


def run(scenario: Callable[[], Awaitable[None]]) -> None:
    async def limited() -> None:
        async with asyncio.timeout(20):
            await scenario()

    asyncio.run(limited())


@asynccontextmanager
async def server(talk: Talk, address: str = "127.0.0.1") -> AsyncIterator[int]:
    """A TCP server; gives its port."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                await talk(reader, writer)
        finally:
            writer.close()

    listening = await asyncio.start_server(serve, address, 0)
    async with listening:
        yield listening.sockets[0].getsockname()[1]


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(1 << 16):
        writer.write(data)


@asynccontextmanager
async def asking(relay: Relay, host: str, port: int) -> AsyncIterator[tuple[int, Streams]]:
    """What a browser does; gives the relay's reply code."""
    reader, writer = await asyncio.open_connection("127.0.0.1", relay.port)
    name = host.encode()
    writer.write(b"\x05\x01\x00\x05\x01\x00\x03" + bytes([len(name)]) + name + port.to_bytes(2, "big"))
    try:
        yield (await reader.readexactly(12))[3], (reader, writer)
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


def proxy_at(scheme: str, port: int, user_info: str = "") -> Proxy:
    return parse_proxy(f"{scheme}://{user_info}127.0.0.1:{port}")


@_KINDS
@pytest.mark.parametrize("credentials", [None, ("änn", "s3cr:t/@")])
def test_bytes_pass_through_a_proxy_both_ways(kind: type[LocalProxy], credentials: tuple[str, str] | None) -> None:
    async def scenario() -> None:
        with kind(credentials) as local:
            user_info = "%C3%A4nn:s3cr:t%2F%40@" if credentials else ""
            proxy = proxy_at(local.scheme, local.port, user_info)
            async with server(echo) as port, Relay(allow_private=True, proxy=proxy) as relay:
                async with asking(relay, "127.0.0.1", port) as (code, (reader, writer)):
                    assert code == 0
                    data = bytes(range(256)) * 4096
                    writer.write(data)
                    assert await reader.readexactly(len(data)) == data
                (connection,) = relay.connections
                assert (connection.outcome, connection.address, connection.remote_port) == (
                    "connected",
                    "127.0.0.1",
                    port,
                )
                assert local.asked == [Asked("v4", "127.0.0.1", port, credentials[0] if credentials else None)]

    run(scenario)


@_KINDS
def test_what_the_site_says_first_is_not_lost(kind: type[LocalProxy]) -> None:
    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 welcome\r\n")
        await reader.read()

    async def scenario() -> None:
        with kind() as local:
            proxy = proxy_at(local.scheme, local.port)
            async with (
                server(greet) as port,
                Relay(allow_private=True, proxy=proxy) as relay,
                asking(relay, "127.0.0.1", port) as (_, (reader, _)),
            ):
                assert await reader.readexactly(13) == b"220 welcome\r\n"

    run(scenario)


@_KINDS
def test_an_ipv6_address_is_asked_for_as_one(kind: type[LocalProxy]) -> None:
    async def scenario() -> None:
        with kind() as local:
            proxy = proxy_at(local.scheme, local.port)
            async with server(echo, "::1") as port, Relay(allow_private=True, proxy=proxy) as relay:
                async with asking(relay, "::1", port) as (code, _):
                    assert code == 0
                assert local.asked == [Asked("v6", "::1", port)]

    run(scenario)


@_KINDS
def test_names_are_looked_up_here_and_the_proxy_is_asked_for_the_address(kind: type[LocalProxy]) -> None:
    async def scenario() -> None:
        with kind() as local, NameServer({"a.test": ["127.0.0.1"]}) as names:
            proxy = proxy_at(local.scheme, local.port)
            async with (
                server(echo) as port,
                Relay(allow_private=True, proxy=proxy, resolver=names.resolver) as relay,
            ):
                async with asking(relay, "a.test", port) as (code, _):
                    assert code == 0
                assert local.asked == [Asked("v4", "127.0.0.1", port)]
                assert relay.connections[0].answers == (("127.0.0.1", 77),)

    run(scenario)


@_KINDS
@pytest.mark.parametrize("host", ["127.0.0.1", "inner.test", "localhost", "::ffff:10.0.0.1"])
def test_a_proxy_is_never_asked_for_a_forbidden_address(kind: type[LocalProxy], host: str) -> None:
    async def scenario() -> None:
        with kind() as local, NameServer({"inner.test": ["10.0.0.1"]}) as names:
            proxy = proxy_at(local.scheme, local.port)
            async with Relay(proxy=proxy, resolver=names.resolver) as relay:
                async with asking(relay, host, 80) as (code, _):
                    assert code == 2
                assert relay.connections[0].outcome == "refused"
                assert local.asked == []

    run(scenario)


@_KINDS
def test_a_rule_sends_through_the_proxy_too(kind: type[LocalProxy]) -> None:
    async def scenario() -> None:
        with kind() as local:
            proxy = proxy_at(local.scheme, local.port)
            async with (
                server(echo) as port,
                Relay([parse_override(f"*=127.0.0.1:{port}")], proxy=proxy) as relay,
                asking(relay, "a.test", 443) as (code, _),
            ):
                assert code == 0
                assert local.asked == [Asked("v4", "127.0.0.1", port)]

    run(scenario)


def test_with_socks5h_the_name_goes_to_the_proxy() -> None:
    async def scenario() -> None:
        with SocksProxy(names={"far.test": "127.0.0.1"}) as local, NameServer({}) as names:
            proxy = proxy_at("socks5h", local.port)
            async with (
                server(echo) as port,
                Relay(allow_private=True, proxy=proxy, resolver=names.resolver) as relay,
            ):
                async with asking(relay, "far.test", port) as (code, (reader, writer)):
                    assert code == 0
                    writer.write(b"x")
                    assert await reader.readexactly(1) == b"x"
                (connection,) = relay.connections
                assert (connection.resolver, connection.answers, connection.address) == ("proxy", (), None)
                assert local.asked == [Asked("name", "far.test", port)]
                assert names.asked == []

    run(scenario)


def test_socks5h_is_refused_while_the_guard_is_on() -> None:
    with pytest.raises(UsageError, match="--allow-private"):
        Relay(proxy=parse_proxy("socks5h://127.0.0.1:1080"))


# Proxies that fail: one clear reason each, told at once


async def reason_of_failure(proxy: Proxy, targets: str = "127.0.0.1") -> str:
    async with Relay([parse_override(f"*={targets}")], proxy=proxy) as relay:
        began = time.monotonic()
        async with asking(relay, "a.test", 80) as (code, (reader, _)):
            assert code == 5
            assert await reader.read() == b""
        assert time.monotonic() - began < 5
        (connection,) = relay.connections
        assert connection.outcome == "unreachable"
        assert connection.address is None
        assert relay.failure("a.test", 80) == connection.reason
        return connection.reason


@_SCHEMES
def test_a_proxy_that_is_not_there_is_named_as_the_reason(scheme: str) -> None:
    async def scenario() -> None:
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            reason = await reason_of_failure(proxy_at(scheme, unused.getsockname()[1]))
        assert reason == "the upstream proxy cannot be reached: Connection refused"

    run(scenario)


@pytest.mark.parametrize("host", ["no such name.test", "x" * 70 + ".test"])
def test_a_proxy_without_an_address_is_named_as_the_reason(host: str) -> None:
    async def scenario() -> None:
        reason = await reason_of_failure(Proxy("socks5", host, 1080))
        assert reason.startswith("the upstream proxy cannot be reached: ")

    run(scenario)


@_SCHEMES
@pytest.mark.parametrize("answer", [b"", b"\x05", b"HTTP/1.1 200 OK\r\n"])
def test_a_proxy_that_dies_before_it_has_answered_is_the_reason(scheme: str, answer: bytes) -> None:
    async def die(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        if (scheme == "http") == answer.startswith(b"HTTP"):
            writer.write(answer)

    async def scenario() -> None:
        async with server(die) as port:
            reason = await reason_of_failure(proxy_at(scheme, port))
        assert reason == "the upstream proxy closed the connection without an answer"

    run(scenario)


@pytest.mark.parametrize(
    ("scheme", "answer"),
    [
        ("socks5", b"HTTP/1.1 400 Bad Request\r\n\r\n"),
        ("socks5", b"\x05\x07" + bytes(20)),
        ("socks5", b"\x05\x00\x04\x5a" + bytes(20)),
        ("socks5", b"\x05\x00\x05\x00\x00\x09" + bytes(20)),
        ("http", b"\x05\xff\r\n\r\n"),
        ("http", b"SSH-2.0-x\r\n\r\n"),
        ("http", b"HTTP/1.1 twohundred OK\r\n\r\n"),
        ("http", b"HTTP/2 200\r\n\r\n"),
        ("http", b"\r\n\r\n"),
        ("http", b"x" * (1 << 20)),
    ],
)
def test_garbage_from_a_proxy_is_the_reason(scheme: str, answer: bytes) -> None:
    async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        await reader.read()

    async def scenario() -> None:
        async with server(babble) as port:
            reason = await reason_of_failure(proxy_at(scheme, port))
        assert reason.startswith("the upstream proxy does not speak ")

    run(scenario)


@_SCHEMES
def test_a_proxy_that_never_answers_is_the_reason_after_a_while(scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("archiver.capture.relay._PROXY_TIMEOUT_S", 0.3)

    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        await reader.read()

    async def scenario() -> None:
        async with server(say_nothing) as port:
            reason = await reason_of_failure(proxy_at(scheme, port))
        assert reason == "the upstream proxy did not answer in time"

    run(scenario)


@_KINDS
def test_what_the_proxy_cannot_connect_to_is_told_with_its_reason(kind: type[LocalProxy]) -> None:
    async def scenario() -> None:
        with kind() as local, socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            target = f"127.0.0.1:{unused.getsockname()[1]}"
            reason = await reason_of_failure(proxy_at(local.scheme, local.port), target)
        said = "connection refused" if kind is SocksProxy else "status 502"
        assert reason == f"127.0.0.1: the upstream proxy did not connect: {said}"

    run(scenario)


@_KINDS
def test_the_next_address_is_tried_where_the_proxy_did_not_connect_to_the_first(kind: type[LocalProxy]) -> None:
    async def scenario() -> None:
        with kind() as local, NameServer({"two.test": ["127.0.0.2", "127.0.0.1"]}) as names:
            proxy = proxy_at(local.scheme, local.port)
            async with (
                server(echo) as port,
                Relay(allow_private=True, proxy=proxy, resolver=names.resolver) as relay,
            ):
                async with asking(relay, "two.test", port) as (code, _):
                    assert code == 0
                assert [asked.host for asked in local.asked] == ["127.0.0.2", "127.0.0.1"]

    run(scenario)


def test_a_dead_proxy_is_not_asked_again_for_the_next_address() -> None:
    async def scenario() -> None:
        met: list[int] = []

        async def die(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            met.append(1)

        with NameServer({"two.test": ["127.0.0.2", "127.0.0.1"]}) as names:
            async with server(die) as port:
                proxy = proxy_at("socks5", port)
                async with (
                    Relay(allow_private=True, proxy=proxy, resolver=names.resolver) as relay,
                    asking(relay, "two.test", 80) as (code, _),
                ):
                    assert code == 5
        assert len(met) == 1

    run(scenario)


@_KINDS
@pytest.mark.parametrize("user_info", ["", "ann:wrong@", "bob:s3cr@", "ann@"])
def test_a_proxy_that_wants_another_password_says_so_without_showing_any(
    kind: type[LocalProxy], user_info: str
) -> None:
    async def scenario() -> None:
        with kind(("ann", "s3cr")) as local:
            reason = await reason_of_failure(proxy_at(local.scheme, local.port, user_info))
            assert local.asked == []
        assert ("does not accept" if user_info else "asks for") in reason
        assert not any(word in reason for word in ("ann", "bob", "wrong", "s3cr"))

    run(scenario)


def test_the_end_of_the_relay_ends_what_a_proxy_has_not_answered() -> None:
    async def scenario() -> None:
        ended = asyncio.Event()

        async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with suppress(ConnectionError):
                await reader.read()
                await reader.read()
            ended.set()

        async with server(say_nothing) as port:
            async with Relay([parse_override("*=127.0.0.1")], proxy=proxy_at("socks5", port)) as relay:
                _, writer = await asyncio.open_connection("127.0.0.1", relay.port)
                writer.write(b"\x05\x01\x00\x05\x01\x00\x01\x7f\x00\x00\x01\x00\x50")
                while not relay.connections:  # noqa: ASYNC110  # the relay has no event to wait on
                    await asyncio.sleep(0.001)
            await ended.wait()
            writer.close()

    run(scenario)
