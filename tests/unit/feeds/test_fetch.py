"""Feeds are fetched behind the guard, in bounded time and size, over real connections to a web on loopback."""

from __future__ import annotations

import asyncio
import gzip
import socket
import threading
import time
import zlib
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from archiver import clock
from archiver.config import CaptureSettings
from archiver.errors import ConfigurationError, FeedError, HttpStatusError, RefusedError, UnreachableError, UsageError
from archiver.feeds.fetch import MAX_RETRY_AFTER_S, USER_AGENT, Fetched, fetch
from archiver.feeds.model import MAX_FEED_BYTES
from archiver.feeds.parse import parse
from archiver.urls import parse_proxy
from tests.sites.model import Fields
from tests.sites.server import LocalWeb, Request, Response
from tests.support.names import NameServer
from tests.support.proxies import HttpProxy, LocalProxy, SocksProxy
from tests.unit.feeds.samples import FIRST, RSS, SECOND

Answers = Callable[[Request], Response]
URL = "http://news.test/feed"


class Site:
    """A local web whose answers a test writes; only names below `.test` lead there."""

    def __init__(self) -> None:
        self.answer: Answers = lambda _: Response(body=RSS.encode())
        self.web = LocalWeb(self._serve)

    async def _serve(self, request: Request) -> Response:
        return self.answer(request)

    def settings(self, **more: object) -> CaptureSettings:
        rules = tuple(rule.replace("*:", "*.test:") for rule in self.web.resolve)
        return CaptureSettings.model_validate({"resolve": rules, "trust_ca": self.web.ca_path, **more})

    def fetch(self, url: str = URL, *, timeout_s: float = 20.0, **more: str | None) -> Fetched:
        return fetch(url, self.settings(), timeout_s=timeout_s, **more)  # type: ignore[arg-type]

    def answers(self, *fields: tuple[bytes, bytes], status: int = 200, body: bytes = b"") -> None:
        self.answer = lambda _: Response(status, b"Status", list(fields), body)

    def sent(self) -> list[str]:
        """The URLs that were asked for."""
        return [served.url for served in self.web.log]


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site()
    with site.web:
        yield site
        assert site.web.errors == []


def redirect(to: str, status: int = 302) -> Response:
    return Response(status, b"Moved", [(b"Location", to.encode())])


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    """A port on loopback that notes who connects, and never answers."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        server.settimeout(0)
        yield server


@contextmanager
def talking(first: bytes, more: bytes) -> Iterator[int]:
    """A server that says `first` to its one client, then `more` again and again; gives its port."""
    over = threading.Event()

    def serve() -> None:
        connection, _ = server.accept()
        with connection, suppress(OSError):
            connection.sendall(first)
            while not over.wait(0.02):
                connection.sendall(more)

    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            over.set()
            thread.join()


def was_reached(server: socket.socket) -> bool:
    try:
        server.accept()[0].close()
    except BlockingIOError:
        return False
    return True


def failure(
    site: Site, url: str = URL, kind: type[UnreachableError] = UnreachableError, *, timeout_s: float = 20.0
) -> str:
    with pytest.raises(UnreachableError) as caught:
        site.fetch(url, timeout_s=timeout_s)
    assert type(caught.value) is kind
    message = str(caught.value)
    assert "\n" not in message
    return message


# what is asked and answered


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_feed_is_fetched(site: Site, scheme: str) -> None:
    site.answers((b"Content-Type", b"application/rss+xml"), (b"ETag", b'W/"\xc3\xa4"'), body=RSS.encode())
    fetched = site.fetch(f"{scheme}://news.test/feed?a=b%20c&d=[\u00e4]#here")
    assert fetched.status == 200
    assert fetched.final_url == f"{scheme}://news.test/feed?a=b%20c&d=[\u00e4]"
    assert fetched.content_type == "application/rss+xml"
    assert (fetched.etag, fetched.last_modified, fetched.retry_after_s) == ('W/"\xc3\xa4"', None, None)
    assert fetched.body is not None
    assert parse(fetched.body, fetched.content_type, "https://news.test/").entries == (FIRST, SECOND)
    (served,) = site.web.log
    assert served.target == "/feed?a=b%20c&d=[%C3%A4]"


def test_what_is_asked_is_honest_and_has_no_cookies(site: Site) -> None:
    site.answer = lambda request: (
        redirect("/next") if request.path == "/feed" else Response(fields=[(b"Set-Cookie", b"a=2")], body=b"x")
    )
    site.fetch()
    site.fetch(user_agent="Newsroom/1 (+https://us.test)")
    names = [name for name, _ in site.web.log[1].request_fields]
    assert names == [b"Host", b"User-Agent", b"Accept", b"Accept-Encoding", b"Connection"]
    agents = [dict(served.request_fields)[b"User-Agent"].decode() for served in site.web.log]
    assert agents == [USER_AGENT, USER_AGENT, "Newsroom/1 (+https://us.test)", "Newsroom/1 (+https://us.test)"]


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        (b"gzip", gzip.compress(RSS.encode(), mtime=0)),
        (b"X-GZIP", gzip.compress(RSS.encode(), mtime=0)),
        (b"identity, deflate", zlib.compress(RSS.encode())),
        (b"deflate", zlib.compress(RSS.encode(), wbits=-15)),
        (b"identity", RSS.encode()),
    ],
)
def test_a_compressed_answer_is_decompressed(site: Site, coding: bytes, body: bytes) -> None:
    site.answers((b"Content-Encoding", coding), body=body)
    assert site.fetch().body == RSS.encode()


def test_an_answer_that_has_not_changed_has_no_body(site: Site) -> None:
    site.answers(status=304)
    since = "Wed, 01 May 2024 10:00:00 GMT"
    fetched = site.fetch(etag='"\u00e4"', last_modified=since)
    assert fetched == Fetched(304, URL, None, None, '"\u00e4"', since, None)
    fields = dict(site.web.log[0].request_fields)
    assert fields[b"If-None-Match"] == b'"\xe4"'
    assert fields[b"If-Modified-Since"] == since.encode()


def test_a_304_that_nobody_asked_for_is_no_answer(site: Site) -> None:
    site.answers(status=304)
    assert failure(site, kind=HttpStatusError) == f"{URL}: the server answered with status 304"


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (b"120", 120),
        (b"000000000000000000000", 0),
        (b"9" * 500, MAX_RETRY_AFTER_S),
        (b"Wed, 01 May 2024 10:00:00 GMT", 0),
        (b"Fri, 01 May 9999 10:00:00 GMT", MAX_RETRY_AFTER_S),
        (b"-5", None),
        (b"soon", None),
        (None, None),
    ],
)
def test_who_is_busy_says_when_to_come_again(
    site: Site, status: int, value: bytes | None, seconds: float | None
) -> None:
    site.answers(*([(b"Retry-After", value)] if value else []), status=status, body=b"busy")
    fetched = site.fetch()
    assert (fetched.status, fetched.body, fetched.retry_after_s) == (status, None, seconds)


def test_when_to_come_again_may_be_a_date(site: Site) -> None:
    date = format_datetime(clock.now() + timedelta(minutes=10), usegmt=True)
    site.answers((b"Retry-After", date.encode()), status=429)
    assert site.fetch().retry_after_s == pytest.approx(600, abs=30)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 500, 302])
def test_another_status_is_told(site: Site, status: int) -> None:
    site.answers(status=status, body=b"x")
    assert failure(site, kind=HttpStatusError) == f"{URL}: the server answered with status {status}"


# redirects


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_followed(site: Site, status: int) -> None:
    site.answer = lambda request: (
        redirect("https://other.test/\u00e4?x#y", status) if request.host == "news.test" else Response(body=b"x")
    )
    assert site.fetch().final_url == "https://other.test/\u00e4?x"
    assert site.sent() == [URL, "https://other.test/%C3%A4?x"]


def test_five_redirects_are_followed_and_no_more(site: Site) -> None:
    site.answer = lambda request: Response(body=b"x") if request.path == "/5" else redirect(_plus_one(request.path))
    assert site.fetch("http://news.test/0").final_url == "http://news.test/5"
    site.answer = lambda request: redirect(_plus_one(request.path))
    assert failure(site, "http://news.test/0") == (
        "http://news.test/6: it was redirected more than 5 times, last to here"
    )


def _plus_one(path: str) -> str:
    return f"/{int(path[1:]) + 1}"


def test_redirects_in_a_circle_end(site: Site) -> None:
    site.answer = lambda _: redirect("/feed")
    assert "redirected more than 5 times" in failure(site)
    assert len(site.web.log) == 6


@pytest.mark.parametrize(
    "location", ["file:///etc/passwd", "ftp://a.test/", "https://[", "http://u:secret@a.test/", "/" + "x" * 9000]
)
def test_a_redirect_to_what_cannot_be_fetched_is_told(site: Site, location: str) -> None:
    site.answer = lambda _: redirect(location)
    message = failure(site)
    assert message.startswith(f"{URL}: it redirects to what ")
    assert "secret" not in message
    assert len(message) < 500


# the guard


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "127.1", "0x7f000001", "\uff11\uff12\uff17.0.0.1", "[::1]", "[::ffff:127.0.0.1]"]
)
@pytest.mark.parametrize("by_redirect", [False, True])
def test_loopback_is_refused_however_it_is_written(
    site: Site, listening: socket.socket, host: str, by_redirect: bool
) -> None:
    url = f"http://{host}:{listening.getsockname()[1]}/"
    site.answer = lambda _: redirect(url)
    message = failure(site, URL if by_redirect else url, RefusedError)
    assert message.startswith(f"{url}: refused by the guard: ")
    assert "--allow-private" in message
    assert not was_reached(listening)


@pytest.mark.parametrize("address", ["169.254.169.254", "10.0.0.1", "[fd00::1]", "[fe80::1]"])
def test_a_redirect_to_the_inner_network_is_refused(site: Site, address: str) -> None:
    site.answer = lambda _: redirect(f"http://{address}/latest/meta-data/")
    before = time.monotonic()
    assert "is not a public address" in failure(site, kind=RefusedError)
    assert time.monotonic() - before < 5


def test_a_name_that_leads_to_loopback_is_refused_at_every_redirect(site: Site, listening: socket.socket) -> None:
    port = listening.getsockname()[1]
    site.answer = lambda _: redirect(f"http://inner.example:{port}/")
    with NameServer({"inner.example": ["127.0.0.1", "10.0.0.1"]}) as names:
        for url in (f"http://inner.example:{port}/", URL):
            with pytest.raises(RefusedError, match=r"127\.0\.0\.1, 10\.0\.0\.1 is not a public address"):
                fetch(url, site.settings(), resolver=names.resolver)
    assert not was_reached(listening)


def test_a_name_that_changes_its_address_does_not_pass_the_guard(site: Site, listening: socket.socket) -> None:
    """DNS rebinding: public when it is checked, loopback when it is connected to."""
    port = listening.getsockname()[1]
    zone = {"inner.example": lambda asked: ["192.0.2.1"] if asked else ["127.0.0.1"]}
    public_first = {"inner.example": lambda asked: ["127.0.0.1"] if asked else ["192.0.2.1"]}
    for each in (zone, public_first):
        with NameServer(each) as names, pytest.raises(RefusedError):
            fetch(f"http://inner.example:{port}/", site.settings(), resolver=names.resolver)
        assert sorted(names.asked) == ["inner.example A", "inner.example AAAA"]
    assert not was_reached(listening)


def test_the_guard_is_lifted_when_it_is_said(site: Site) -> None:
    url = f"http://127.0.0.1:{site.web.http_port}/"
    assert fetch(url, site.settings(allow_private=True)).body == RSS.encode()
    assert dict(site.web.log[0].request_fields)[b"Host"] == f"127.0.0.1:{site.web.http_port}".encode()


def test_a_name_without_an_address_is_told(site: Site) -> None:
    with NameServer({}) as names, pytest.raises(UnreachableError, match=r"^http://gone\.example/: .*does not exist"):
        fetch("http://gone.example/", site.settings(), resolver=names.resolver)
    for host in ("a" * 70 + ".example", ".".join(["a" * 50] * 6), "ä" * 70 + ".example"):
        with NameServer({}) as names, pytest.raises(UnreachableError):
            fetch(f"http://{host}/", site.settings(), resolver=names.resolver)


def test_a_port_where_nobody_listens_is_told(site: Site) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        port = server.getsockname()[1]
    settings = CaptureSettings(resolve=(f"news.test=127.0.0.1:{port}",))
    with pytest.raises(UnreachableError, match=r"^http://news\.test/feed: 127\.0\.0\.1: Connection refused$"):
        fetch(URL, settings)


# certificates


def test_a_certificate_that_is_not_valid_is_refused_unless_it_is_said(tmp_path: Path) -> None:
    async def serve(_: Request) -> Response:
        return Response(body=RSS.encode())

    faults = {"expired.test": "expired", "wrong.test": "wrong name", "self.test": "self-signed"}
    with LocalWeb(serve, faults=faults) as web:  # type: ignore[arg-type]
        settings = CaptureSettings(resolve=tuple(web.resolve), trust_ca=web.ca_path)
        for host in faults:
            with pytest.raises(UnreachableError, match=r": its certificate is not valid: .*--accept-bad-certificates"):
                fetch(f"https://{host}/", settings)
            lenient = settings.model_copy(update={"accept_bad_certificates": True})
            assert fetch(f"https://{host}/", lenient).body == RSS.encode()
        without = settings.model_copy(update={"trust_ca": None})
        with pytest.raises(UnreachableError, match="its certificate is not valid"):
            fetch("https://good.test/", without)
    for path, reason in ((tmp_path / "none.pem", "there is no file"), (Path(__file__), "is no PEM certificate")):
        with pytest.raises(ConfigurationError, match=rf"^capture\.trust_ca: .*{reason}"):
            fetch(URL, CaptureSettings(trust_ca=path))


def test_a_server_without_tls_is_told() -> None:
    with talking(b"HTTP/1.1 400 Bad Request\r\n\r\n", b"") as port:
        settings = CaptureSettings(resolve=(f"news.test=127.0.0.1:{port}",))
        with pytest.raises(UnreachableError, match=r"^https://news\.test/: TLS failed: \w+$"):
            fetch("https://news.test/", settings, timeout_s=10)


# proxies


@pytest.mark.parametrize("kind", [SocksProxy, HttpProxy])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_everything_goes_through_the_proxy(site: Site, kind: type[LocalProxy], scheme: str) -> None:
    with kind(credentials=("me", "secret")) as proxy:
        settings = site.settings(proxy=proxy.url("me:secret@"))
        assert fetch(f"{scheme}://news.test/", settings).body == RSS.encode()
        assert [(asked.host, asked.user) for asked in proxy.asked] == [("127.0.0.1", "me")]
        with pytest.raises(UnreachableError, match="does not accept the user name and password") as caught:
            fetch(URL, site.settings(proxy=proxy.url("me:hunter2@")))
    assert "hunter2" not in str(caught.value)
    with pytest.raises(UnreachableError, match="the upstream proxy cannot be reached") as caught:
        fetch(URL, settings)
    assert "secret" not in str(caught.value)


def test_the_guard_holds_before_a_proxy(site: Site, listening: socket.socket) -> None:
    with SocksProxy() as proxy:
        settings = site.settings(proxy=proxy.url())
        with pytest.raises(RefusedError):
            fetch(f"http://127.0.0.1:{listening.getsockname()[1]}/", settings)
        assert proxy.asked == []


def test_a_proxy_that_looks_names_up_is_refused() -> None:
    with pytest.raises(UsageError, match="socks5h"):
        fetch(URL, CaptureSettings(proxy=parse_proxy("socks5h://127.0.0.1:1")))


# what cannot be used


@pytest.mark.parametrize("url", ["ftp://a.test/", "news.test", "http://a.test/ b", "http://u:p@a.test/"])
def test_a_url_that_cannot_be_fetched_is_refused(url: str) -> None:
    with pytest.raises(UsageError):
        fetch(url, CaptureSettings())


@pytest.mark.parametrize("name", ["etag", "last_modified", "user_agent"])
@pytest.mark.parametrize("value", ["a\r\nCookie: x", "a\nb", "\u20ac", " a"])
def test_nothing_is_smuggled_into_a_header(site: Site, name: str, value: str) -> None:
    with pytest.raises(UsageError, match="cannot be sent in a header"):
        fetch(URL, site.settings(), **{name: value})  # type: ignore[arg-type]
    assert site.web.log == []


def test_an_etag_that_could_not_be_sent_back_is_forgotten(site: Site) -> None:
    head = b"HTTP/1.1 200 OK\r\nETag: a\r\n b\r\nLast-Modified: " + b"x" * 2000 + b"\r\nContent-Length: 1\r\n\r\n"
    site.answer = lambda _: Response(raw_head=head, body=b"x")
    fetched = site.fetch()
    assert (fetched.body, fetched.etag, fetched.last_modified) == (b"x", None, None)


# hostile servers


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("pause_s", [0.0, 0.02])
def test_an_answer_without_end_ends(site: Site, scheme: str, pause_s: float) -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b"x" if pause_s else bytes(1 << 16)
            await asyncio.sleep(pause_s)

    site.answer = lambda _: Response(body=endless())
    before = time.monotonic()
    url = f"{scheme}://news.test/"
    if pause_s:
        message = f"{url}: the answer was not complete within 1 s"
        assert failure(site, url, timeout_s=1) == message
    else:
        assert "is larger than 16 MB" in failure(site, url, FeedError)
    assert time.monotonic() - before < (4 if pause_s else 15)
    assert site.web.settle(5), "the connection was left open"


@pytest.mark.parametrize("part", ["nothing", "head", "fields", "chunk sizes", "trailers", "continue"])
def test_a_head_that_trickles_ends(part: str) -> None:
    """Each byte comes soon after the one before, so only a limit for all of them helps."""
    first = {
        "nothing": b"",
        "head": b"HTTP/1.1 200 ",
        "fields": b"HTTP/1.1 200 OK\r\nA: ",
        "chunk sizes": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;",
        "trailers": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n",
        "continue": b"",
    }[part]
    more = {"nothing": b"", "trailers": b"a: b\r\n", "continue": b"HTTP/1.1 100 Continue\r\n\r\n"}.get(part, b"x")
    with talking(first, more) as port:
        before = time.monotonic()
        settings = CaptureSettings(resolve=(f"news.test=127.0.0.1:{port}",))
        with pytest.raises(UnreachableError, match="the answer was not complete within 1 s"):
            fetch(URL, settings, timeout_s=1)
        assert time.monotonic() - before < 4


def test_a_server_that_never_shakes_hands_is_left(listening: socket.socket) -> None:
    settings = CaptureSettings(resolve=(f"news.test=127.0.0.1:{listening.getsockname()[1]}",))
    before = time.monotonic()
    with pytest.raises(UnreachableError, match="the answer was not complete within 1 s"):
        fetch("https://news.test/", settings, timeout_s=1)
    assert time.monotonic() - before < 4


def test_the_time_is_for_all_redirects_together(site: Site) -> None:
    async def slow(_: Request) -> Response:
        await asyncio.sleep(0.4)
        return redirect("/feed")

    with LocalWeb(slow) as web:
        settings = CaptureSettings(resolve=tuple(web.resolve))
        with pytest.raises(UnreachableError, match="the answer was not complete within 1 s"):
            fetch(URL, settings, timeout_s=1)
        assert len(web.log) == 3


def test_a_length_above_the_limit_is_refused_at_once(site: Site) -> None:
    site.answer = lambda _: Response(content_length=MAX_FEED_BYTES + 1, abort="close")
    assert "is larger than 16 MB" in failure(site, kind=FeedError)


def test_a_bomb_in_the_transfer_is_refused(site: Site) -> None:
    for coding, bits in ((b"gzip", 31), (b"deflate", 15), (b"deflate", -15)):
        piece = zlib.compressobj(9, wbits=bits)
        bomb = b"".join([*(piece.compress(bytes(1 << 20)) for _ in range(200)), piece.flush()])
        site.answers((b"Content-Encoding", coding), body=bomb)
        assert "is larger than 16 MB" in failure(site, kind=FeedError)


@pytest.mark.parametrize(
    ("fields", "body", "reason"),
    [
        ([(b"Content-Encoding", b"br")], b"x", "is compressed in a way that was not asked for: 'br'"),
        ([(b"Content-Encoding", b"gzip, gzip")], b"x", "is compressed in a way that was not asked for: 'gzip, gzip'"),
        (
            [(b"Content-Encoding", b"gzip")],
            RSS.encode(),
            "is damaged: it is said to be compressed with gzip, and is not",
        ),
    ],
)
def test_an_answer_that_cannot_be_decompressed_is_told(site: Site, fields: Fields, body: bytes, reason: str) -> None:
    site.answers(*fields, body=body)
    assert failure(site, kind=FeedError) == f"{URL}: {reason}"


@pytest.mark.parametrize(
    ("response", "reason"),
    [
        (Response(abort="empty"), "the server closed the connection without an answer"),
        (Response(abort="reset"), "the connection broke: Connection reset by peer"),
        (Response(body=b"x", content_length=9, abort="close"), "the connection ended before the whole answer had come"),
        (Response(body=b"x", chunked=True, abort="close"), "the connection ended before the whole answer had come"),
        (
            Response(fields=[(b"Content-Encoding", b"gzip")], body=gzip.compress(RSS.encode(), mtime=0)[:-20]),
            "the connection ended before the whole answer had come",
        ),
        (Response(raw_head=b"SSH-2.0-x\r\n"), "the answer is not HTTP (BadStatusLine)"),
        (
            Response(raw_head=b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 200 + b"\r\n"),
            "the answer is not HTTP (HTTPException)",
        ),
        (Response(raw_head=b"HTTP/1.1 200 OK\r\na: " + b"b" * 70000 + b"\r\n"), "the answer is not HTTP (LineTooLong)"),
    ],
    ids=range(8),
)
def test_an_answer_that_is_none_is_told(site: Site, response: Response, reason: str) -> None:
    site.answer = lambda _: response
    message = failure(site)
    assert message in (f"{URL}: {reason}", f"{URL}: the connection broke: Connection reset by peer")
    if response.abort != "reset":
        assert message == f"{URL}: {reason}"


def test_nothing_is_left_running(site: Site) -> None:
    before = threading.active_count()
    site.fetch()
    failure(site, "http://127.0.0.1:1/", RefusedError)
    assert threading.active_count() == before
