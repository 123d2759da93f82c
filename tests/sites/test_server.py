"""The local web's log says what really went over the wire."""

from __future__ import annotations

import gzip
import hashlib
import socket
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, Event, ResponseReceived, StreamEnded, StreamReset, TrailersReceived

from tests.sites.corpus import corpus_handler, corpus_urls
from tests.sites.kinds import kinds_sites
from tests.sites.server import LocalWeb, Request, Response, Served, make_ca_database
from tests.sites.websocket import accept_value
from tests.sites.wires import ODD_NAMES


@pytest.fixture(scope="module")
def web() -> Iterator[LocalWeb]:
    with LocalWeb(kinds_sites()) as running:
        yield running
        assert running.errors == []


def connect(web: LocalWeb, host: str, alpn: str) -> ssl.SSLSocket:
    context = ssl.create_default_context(cafile=web.ca_path)
    context.set_alpn_protocols([alpn])
    plain = socket.create_connection(("127.0.0.1", web.https_port), timeout=3)
    return context.wrap_socket(plain, server_hostname=host)


def drain(connection: socket.socket) -> bytes:
    received = b""
    while data := connection.recv(1 << 16):
        received += data
    return received


def get(web: LocalWeb, target: str, *, host: str = "kinds.test", more: bytes = b"") -> tuple[bytes, Served]:
    """Everything that the server sends to a plain GET until it closes, and the log's entry."""
    with socket.create_connection(("127.0.0.1", web.http_port), timeout=3) as connection:
        head = f"GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n".encode() + more + b"\r\n"
        connection.sendall(head)
        received = drain(connection)
    assert web.settle()
    served = web.log[-1]
    assert served.request_head == head
    return received, served


def h2_get(web: LocalWeb, target: str) -> tuple[list[Event], bytes, Served]:
    """One GET over HTTP/2: its events, its body, and the log's entry."""
    client = H2Connection(H2Configuration(header_encoding=None))
    with connect(web, "kinds.test", "h2") as connection:
        client.initiate_connection()
        pseudo = {":method": "GET", ":scheme": "https", ":authority": "kinds.test", ":path": target}
        cookies = [("cookie", "a=1"), ("cookie", "b=2")]
        client.send_headers(1, [*pseudo.items(), *cookies], end_stream=True)
        events: list[Event] = []
        body = b""
        while not any(isinstance(event, StreamEnded | StreamReset) for event in events):
            connection.sendall(client.data_to_send())
            for event in client.receive_data(connection.recv(1 << 16)):
                events.append(event)
                if isinstance(event, DataReceived):
                    body += event.data
                    client.acknowledge_received_data(event.flow_controlled_length, 1)
    assert web.settle()
    return events, body, web.log[-1]


def test_the_log_has_the_exact_head_and_body_of_an_http1_answer(web: LocalWeb) -> None:
    received, served = get(web, "/text?words=1")
    head, body = served.response_head or b"", b"Plain words for /text?words=1\n"
    assert received == head + body
    assert (served.response_body_size, served.response_body_sha256) == (
        len(body),
        hashlib.sha256(body).hexdigest(),
    )
    assert served.url == "http://kinds.test/text?words=1"
    assert (served.protocol, served.response_status, served.finished) == ("http/1.1", 200, True)


@pytest.mark.parametrize("name", ODD_NAMES)
def test_odd_heads_are_sent_and_logged_unchanged(web: LocalWeb, name: str) -> None:
    received, served = get(web, f"/odd?head={name}")
    assert served.response_head is not None
    assert received == served.response_head + f"Below an odd head: {name}\n".encode()


def test_chunks_are_framed_on_the_wire_but_not_in_the_body_hash(web: LocalWeb) -> None:
    received, served = get(web, "/chunked")
    head, wire = received[: len(served.response_head or b"")], received[len(served.response_head or b"") :]
    assert head == served.response_head
    assert wire.startswith(b'6;kind="odd one";n=1\r\nfirst \r\n')
    assert wire.endswith(b"\r\n0\r\nX-Check: checked\r\nX-Late: \r\n\r\n")
    assert hashlib.sha256(wire).hexdigest() == served.response_wire.sha256
    body = b"first " + b"second " * 500 + b"xlast.\n"
    assert hashlib.sha256(body).hexdigest() == served.response_body_sha256


def test_interim_answers_are_logged_apart(web: LocalWeb) -> None:
    received, served = get(web, "/hinted")
    assert served.interim_heads[0].startswith(b"HTTP/1.1 103 Early Hints\r\n")
    assert received.startswith(served.interim_heads[0] + (served.response_head or b"?"))


def test_a_length_that_lies_is_not_finished(web: LocalWeb) -> None:
    received, served = get(web, "/short")
    assert b"\r\nContent-Length: 1000\r\n" in received
    assert received.endswith(b"\r\n\r\nOnly this much.\n")
    assert served.answered
    assert not served.finished


def test_a_reset_is_a_reset_and_nothing_is_nothing(web: LocalWeb) -> None:
    with pytest.raises(ConnectionResetError):
        get(web, "/reset")
    assert web.settle()
    received, served = get(web, "/nothing")
    assert received == b""
    for entry in (web.log[-2], served):
        assert not entry.answered
        assert entry.response_head is None


def test_connections_are_kept_and_chunked_requests_are_read(web: LocalWeb) -> None:
    with connect(web, "other.test", "http/1.1") as connection:
        chunks = b"5\r\nhello\r\n1;x=y\r\n!\r\n0\r\nX-End: yes\r\n\r\n"
        head = b"POST /echo HTTP/1.1\r\nHost: other.test\r\nTransfer-Encoding: chunked\r\n\r\n"
        connection.sendall(head + chunks + b"HEAD /text HTTP/1.1\r\nHost: other.test\r\n\r\n")
        connection.sendall(b"GET /nowhere HTTP/1.0\r\nHost: other.test\r\n\r\n")
        received = drain(connection)
    assert web.settle()
    first, second, third = web.log[-3:]
    assert (first.request_body_size, first.request_body_sha256) == (6, hashlib.sha256(b"hello!").hexdigest())
    assert first.request_trailers == [(b"X-End", b"yes")]
    assert first.client_port == second.client_port == third.client_port
    assert (second.method, second.response_body_size, second.finished) == ("HEAD", 0, True)
    assert received.count(b"HTTP/1.1 ") == 3


def test_the_log_knows_the_tls_connection(web: LocalWeb) -> None:
    with connect(web, "any.host.test", "http/1.1") as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: any.host.test:443\r\nConnection: close\r\n\r\n")
        drain(connection)
        leaf = hashlib.sha256(connection.getpeercert(True) or b"").hexdigest()
        assert web.settle()
        served = web.log[-1]
        assert (served.certificate_sha256, served.alpn) == (leaf, "http/1.1")
        assert (served.client_port, served.server_port) == (connection.getsockname()[1], web.https_port)
        assert served.tls_version == connection.version()
        assert served.tls_cipher == (connection.cipher() or ("",))[0]
    assert (served.host, served.response_status) == ("any.host.test", 404)


def test_http2_fields_are_logged_in_order_and_apart(web: LocalWeb) -> None:
    events, body, served = h2_get(web, "/odd?head=cookies")
    heads = next(event.headers for event in events if isinstance(event, ResponseReceived))
    assert [tuple(pair) for pair in heads or []] == served.response_fields
    assert served.response_fields[0] == (b":status", b"200")
    assert [value for name, value in served.request_fields if name == b"cookie"] == [b"a=1", b"b=2"]
    assert [name for name, _ in served.request_fields[:4]] == [
        b":method",
        b":scheme",
        b":authority",
        b":path",
    ]
    assert (served.protocol, served.response_head, served.finished) == ("h2", None, True)
    assert served.response_body_sha256 == hashlib.sha256(body).hexdigest()


def test_http2_has_trailers_and_resets_of_single_streams(web: LocalWeb) -> None:
    events, _, served = h2_get(web, "/chunked")
    assert any(isinstance(event, TrailersReceived) for event in events)
    assert served.response_trailers == [(b"x-check", b"checked"), (b"x-late", b"")]
    events, body, served = h2_get(web, "/short")
    assert isinstance(events[-1], StreamReset)
    assert (body, served.finished) == (b"Only this much.\n", False)


def test_large_bodies_stream_through_http2_windows(web: LocalWeb) -> None:
    _, body, served = h2_get(web, "/big.bin?size=5000001")
    assert (len(body), served.response_body_size) == (5000001, 5000001)
    assert served.response_body_sha256 == hashlib.sha256(body).hexdigest()


def test_a_client_that_leaves_ends_an_endless_answer(web: LocalWeb) -> None:
    with socket.create_connection(("127.0.0.1", web.http_port), timeout=3) as connection:
        connection.sendall(b"GET /forever HTTP/1.1\r\nHost: kinds.test\r\n\r\n")
        assert connection.recv(1000).startswith(b"HTTP/1.1 200 OK\r\n")
    assert web.settle()
    assert web.log[-1].answered
    assert not web.log[-1].finished


def test_a_websocket_echoes_and_its_messages_are_logged(web: LocalWeb) -> None:
    key = b"bG9jYWwgd2ViIGtleSAxMg=="
    with socket.create_connection(("127.0.0.1", web.http_port), timeout=3) as connection:
        head = b"GET /socket?close-after=1 HTTP/1.1\r\nHost: kinds.test\r\nUpgrade: websocket\r\n"
        connection.sendall(head + b"Connection: Upgrade\r\nSec-WebSocket-Key: " + key + b"\r\n\r\n")
        masked = bytes(byte ^ mask for byte, mask in zip(b"hey", b"\1\2\3", strict=True))
        connection.sendall(b"\x81\x83\1\2\3\4" + masked)
        received = drain(connection)
    assert web.settle()
    served = web.log[-1]
    assert accept_value(key) in (served.response_head or b"")
    assert received.endswith(b"\x81\x03hey\x88\x02\x03\xe8")
    assert served.messages[2:4] == [("in", 1, b"hey"), ("out", 1, b"hey")]


def test_a_handler_that_fails_is_reported() -> None:
    async def broken(_: Request) -> Response:
        raise LookupError("lost")

    with LocalWeb(broken, protocols=("http/1.1",)) as failing:
        received, served = get(failing, "/", host="whatever.test")
        assert received.startswith(b"HTTP/1.1 500 ")
        assert [type(error) for error in failing.errors] == [LookupError]
        assert served.response_status == 500


def test_the_corpus_is_served_at_its_own_addresses(tmp_path: Path) -> None:
    (tmp_path / "pages").mkdir()
    old = "<meta charset='windows-1252'><p>café</p>".encode("cp1252")
    (tmp_path / "pages" / "1.html.gz").write_bytes(gzip.compress(b"<p>One</p>"))
    (tmp_path / "pages" / "2.html.gz").write_bytes(gzip.compress(old))
    rows = [
        "pages/1.html.gz\thttps://paper.test/a?b=c",
        "pages/2.html.gz\thttp://old.test",
        "pages/1.html.gz\t",
    ]
    (tmp_path / "reposts.tsv").write_text("\n".join(["page\tpage_url", *rows]) + "\n", encoding="utf-8")
    assert corpus_urls(tmp_path) == ["https://paper.test/a?b=c", "http://old.test"]
    with LocalWeb(corpus_handler(tmp_path)) as paper:
        assert get(paper, "/a?b=c", host="paper.test")[0].endswith(b"\r\n\r\n<p>One</p>")
        received, served = get(paper, "/", host="old.test")
        assert received.endswith(b"\r\n\r\n" + old)
        assert (b"Content-Type", b"text/html") in served.response_fields
        assert get(paper, "/a", host="paper.test")[1].response_status == 404


def test_the_browser_database_trusts_the_authority(web: LocalWeb, tmp_path: Path) -> None:
    folder = make_ca_database(web.ca_path, tmp_path)
    listed = subprocess.run(["certutil", "-d", f"sql:{folder}", "-L"], check=True, capture_output=True, text=True)
    assert "local web for tests" in listed.stdout
    assert "C,," in listed.stdout
