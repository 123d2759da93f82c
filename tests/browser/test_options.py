"""Options of `archiver capture` in a real browser: profile, saved session, bad certificates, HTTP errors, URL lists."""

from __future__ import annotations

import gzip
import io
import json
import math
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from archiver.archive import Captured
from archiver.errors import ConfigurationError, UnreachableError
from archiver.model import Outcome
from tests.sites.model import Request, Response
from tests.sites.server import LocalWeb
from tests.sites.tls import Fault
from tests.support.capturing import capture
from tests.support.compare import manifest_of, read_warc
from tests.support.snapshots import warc_of

pytestmark = pytest.mark.browser

_LOOK = b"""
const look = (who) => {
  const n = navigator, data = n.userAgentData;
  const seen = { agent: n.userAgent, language: n.language, mobile: data.mobile, platform: data.platform,
                 timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
                 locale: Intl.DateTimeFormat().resolvedOptions().locale };
  if (self.screen) Object.assign(seen, { screen: [screen.width, screen.height], ratio: devicePixelRatio,
    touch: n.maxTouchPoints > 0, coarse: matchMedia('(pointer: coarse)').matches, width: innerWidth });
  return fetch('/seen?who=' + who, { method: 'POST', body: JSON.stringify(seen) });
};
"""
_SCRIPTS = {
    "/look.js": b"",
    "/worker.js": b"look('worker')",
    "/shared.js": b"look('shared worker')",
    "/sw.js": b"onmessage = (event) => event.waitUntil(look('service worker'))",
}
_PAGE = b"""<!doctype html><title>looking</title><meta name=viewport content="width=device-width">
<style>body { margin: 0 } div { height: 3000px; background: #cfc }</style><script src=/look.js></script><body>
<iframe src=/inner?who=frame></iframe><div>long</div><div>longer</div>
<iframe style="border: 0" width=100 height=100 src=https://other.test/inner?who=other+site></iframe><script>
look('page'); new Worker('/worker.js'); new SharedWorker('/shared.js');
navigator.serviceWorker.register('/sw.js');
navigator.serviceWorker.ready.then((registration) => registration.active.postMessage(1));
</script>"""
_INNER = b"""<!doctype html><body style="background: rgb(255, 165, 0)"><script src=/look.js></script>
<script>look(new URLSearchParams(location.search).get('who'))</script>"""
_WINDOWS = {"page", "frame", "other site"}
_ALL = _WINDOWS | {"worker", "shared worker", "service worker"}
_HTML = [(b"Content-Type", b"text/html; charset=utf-8")]


class Looking:
    """A site whose page, frames and workers tell it what they see of their browser."""

    def __init__(self) -> None:
        self.seen: dict[str, dict[str, Any]] = {}

    async def __call__(self, request: Request) -> Response:
        if request.path in _SCRIPTS:
            return Response(fields=[(b"Content-Type", b"text/javascript")], body=_LOOK + _SCRIPTS[request.path])
        if request.path == "/seen":
            self.seen[request.argument("who")] = json.loads(request.body)
        return Response(fields=_HTML, body={"/": _PAGE, "/inner": _INNER}.get(request.path, b""))


def conditions_of(captured: Captured) -> dict[str, Any]:
    conditions = captured.snapshot.statement["conditions"]
    assert isinstance(conditions, dict)
    return conditions


def codes_of(captured: Captured) -> set[str]:
    return {warning.code for warning in captured.recording.warnings} - {"no_sandbox"}


def pictures_of(captured: Captured) -> list[Image.Image]:
    """The tiles of the full screenshot."""
    resources = [record for record in read_warc(warc_of(captured.snapshot)) if record.kind == "resource"]
    tiles = [record for record in resources if record.one("WARC-Target-URI").startswith("urn:fullPage:")]
    return [Image.open(io.BytesIO(tile.block)).convert("RGB") for tile in tiles]


@pytest.fixture
def tablet(tmp_path: Path) -> str:
    path = tmp_path / "tablet.toml"
    path.write_text(
        "viewport_width = 800\nviewport_height = 1100\ndevice_pixel_ratio = 2\nhas_touch = true\n"
        'locale = "de-DE"\ntimezone = "Asia/Tokyo"\nuser_agent = "Tablet/{major}"\n'
    )
    return str(path)


@pytest.mark.parametrize("name", ["desktop", "mobile", "tablet"])
def test_page_frames_and_workers_all_see_the_profile(name: str, tablet: str, tmp_path: Path) -> None:
    width, height, ratio, mobile, touch = {
        "desktop": (1366, 768, 1, False, False),
        "mobile": (412, 915, 2.625, True, True),
        "tablet": (800, 1100, 2, False, True),
    }[name]
    locale, timezone = ("de-DE", "Asia/Tokyo") if name == "tablet" else ("en-US", "UTC")
    site = Looking()
    with LocalWeb(site) as web:
        captured = capture(
            web, "https://outlet.test/", tmp_path / "a", profile=tablet if name == "tablet" else name, settle_s=8.0
        )
        log = [served for served in web.log if served.host.endswith(".test")]
        assert web.errors == []
    assert captured.recording.outcome is Outcome.COMPLETE, captured.recording.warnings
    assert set(site.seen) == _ALL

    agents = {told["agent"] for told in site.seen.values()}
    assert len(agents) == 1
    (agent,) = agents
    major = captured.recording.browser.version.partition(".")[0]
    assert ("Mobile" in agent, f"/{major}" in agent, "Headless" in agent) == (mobile, True, False)
    for who, told in site.seen.items():
        assert (who, told["timezone"], told["language"]) == (who, timezone, locale)
        assert (who, told["locale"]) == (who, locale)
        if who != "shared worker":  # docs/design.md says why
            assert (who, told["mobile"]) == (who, mobile)
        if who in _WINDOWS:
            assert (who, told["screen"], told["ratio"]) == (who, [width, height], ratio)
            assert (who, told["touch"], told["coarse"]) == (who, touch, touch)
    assert site.seen["page"]["width"] == width

    for served in log:
        fields = {key.decode().lower(): value.decode() for key, value in served.request_fields}
        assert fields["user-agent"] == agent
        assert fields["accept-language"].partition(",")[0] == locale
        if "sec-ch-ua-mobile" in fields:
            assert fields["sec-ch-ua-mobile"] == f"?{mobile:d}"
    assert any(b"sec-ch-ua-mobile" in dict(served.request_fields) for served in log)

    said = conditions_of(captured)
    assert said["profile"] == ("file:tablet.toml" if name == "tablet" else name)
    assert (said["viewport"], float(said["device_pixel_ratio"])) == ([width, height], ratio)
    assert (said["is_mobile"], said["has_touch"]) == (mobile, touch)
    assert (said["locale"], said["timezone"], said["user_agent"]) == (locale, timezone, agent)
    assert str(tmp_path) not in json.dumps(captured.snapshot.statement)

    tiles = pictures_of(captured)
    assert (len(tiles) > 1) is mobile, "only the phone's picture is higher than Chromium paints at once"
    assert {tile.width for tile in tiles} == {math.ceil(width * ratio)}
    assert max(tile.height for tile in tiles) <= 16_384
    whole = Image.new("RGB", (tiles[0].width, sum(tile.height for tile in tiles)))
    for number, tile in enumerate(tiles):
        whole.paste(tile, (0, sum(above.height for above in tiles[:number])))
    assert 6200 < whole.height / ratio < 6400
    # The frame of the other site stands at the very end, far outside the first view.
    assert whole.getpixel((int(50 * ratio), whole.height - int(60 * ratio))) == (255, 165, 0)


@pytest.mark.parametrize("head", [b"", b"<meta name=viewport content='width=device-width,initial-scale=1'>"])
def test_a_page_wider_than_a_phone_is_in_the_picture_with_its_last_frame(head: bytes, tmp_path: Path) -> None:
    async def wide(request: Request) -> Response:
        if request.path == "/inner":
            return Response(fields=_HTML, body=b"<body style='background: rgb(255, 165, 0)'>")
        frame = b"<iframe style='border: 0' width=100 height=100 src=https://other.test/inner></iframe>"
        body = b"<body style='margin: 0'><div style='width: 900px; height: 5600px; background: #cfc'>wide</div>"
        return Response(fields=_HTML, body=b"<!doctype html><title>wide</title>" + head + body + frame)

    with LocalWeb(wide) as web:
        captured = capture(web, "https://outlet.test/", tmp_path / "a", profile="mobile", settle_s=4.0)
    (picture,) = pictures_of(captured)
    ratio = 2.625
    assert 899 * ratio < picture.width < 990 * ratio
    assert 5695 * ratio < picture.height < 5760 * ratio
    assert picture.getpixel((int(850 * ratio), int(5000 * ratio))) == (204, 255, 204)
    assert picture.getpixel((int(50 * ratio), int(5650 * ratio))) == (255, 165, 0)


# a saved session

_STATE = {
    "cookies": [
        {"name": "session", "value": "c00kie-secret", "domain": "outlet.test", "path": "/", "secure": True},
    ],
    "origins": [{"origin": "https://outlet.test", "localStorage": [{"name": "token", "value": "st0re-secret"}]}],
}


class Session:
    """A page for members: it says hello to the cookie, and sends what it finds in localStorage."""

    def __init__(self) -> None:
        self.cookies: list[bytes | None] = []
        self.tokens: list[str] = []

    async def __call__(self, request: Request) -> Response:
        if request.path == "/token":
            self.tokens.append(request.argument("value"))
        elif request.path == "/":
            self.cookies.append(request.field(b"cookie"))
        script = b"<!doctype html><title>t</title><script>fetch('/token?value=' + localStorage.token)</script>"
        return Response(fields=_HTML, body=script)


@pytest.mark.parametrize("given", [True, False])
def test_a_saved_session_is_used_and_marks_the_snapshot(given: bool, tmp_path: Path) -> None:
    state = tmp_path / "my-session.json"
    state.write_text(json.dumps(_STATE))
    site = Session()
    with LocalWeb(site) as web:
        more: dict[str, Any] = {"storage_state": state} if given else {}
        captured = capture(web, "https://outlet.test/", tmp_path / "a", settle_s=4.0, **more)
        paths = [served.target for served in web.log if served.host == "outlet.test"]
    assert site.cookies == [b"session=c00kie-secret" if given else None]
    assert site.tokens == ["st0re-secret" if given else "undefined"]
    assert paths.count("/") == 1, "putting the session into the browser must send nothing"
    assert captured.snapshot.statement["credentialed"] is given
    assert codes_of(captured) == ({"credentialed"} if given else set())
    told = json.dumps(captured.snapshot.statement)
    warc = gzip.decompress(warc_of(captured.snapshot).read_bytes())
    for text in ("my-session", "c00kie-secret", "st0re-secret"):
        assert text not in told
    assert b"my-session" not in warc
    assert (b"Cookie: session=c00kie-secret" in warc or b"cookie: session=c00kie-secret" in warc) is given


def test_a_session_the_browser_does_not_take_is_one_line_without_its_content(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    cookie = {"name": "__Host-a", "value": "c00kie-secret", "domain": ".outlet.test", "path": "/"}
    state.write_text(json.dumps({"cookies": [cookie], "origins": []}))
    with LocalWeb(Session()) as web, pytest.raises(ConfigurationError) as caught:
        capture(web, "https://outlet.test/", tmp_path / "a", storage_state=state)
    assert "does not take a cookie" in str(caught.value)
    assert "secret" not in str(caught.value)
    assert "\n" not in str(caught.value)


# bad certificates

_FAULTS: dict[Fault, str] = {
    "expired": "ERR_CERT_DATE_INVALID",
    "not yet valid": "ERR_CERT_DATE_INVALID",
    "wrong name": "ERR_CERT_COMMON_NAME_INVALID",
    "self-signed": "ERR_CERT_AUTHORITY_INVALID",
    "unknown authority": "ERR_CERT_AUTHORITY_INVALID",
}


class Workers:
    """A page that a service worker fetches a text for."""

    async def __call__(self, request: Request) -> Response:
        if request.path == "/sw.js":
            script = b"""onactivate = (event) => event.waitUntil(clients.claim());
                onfetch = (e) => e.request.url.endsWith('/asked') && e.respondWith(fetch('/by-the-worker'))"""
            return Response(fields=[(b"Content-Type", b"text/javascript")], body=script)
        page = b"""<!doctype html><title>t</title><p>text</p><script>
            navigator.serviceWorker.oncontrollerchange = () => fetch('/asked');
            navigator.serviceWorker.register('/sw.js')</script>"""
        return Response(fields=_HTML, body=page)


@pytest.mark.parametrize("fault", _FAULTS)
def test_a_bad_certificate_is_exit_7_or_captured_and_marked(fault: Fault, tmp_path: Path) -> None:
    name = _FAULTS[fault]
    with LocalWeb(Workers(), faults={"outlet.test": fault}) as web:
        with pytest.raises(UnreachableError) as caught:
            capture(web, "https://outlet.test/", tmp_path / "refused")
        assert web.log == [] or all(served.host != "outlet.test" for served in web.log)
        captured = capture(web, "https://outlet.test/", tmp_path / "a", accept_bad_certificates=True, settle_s=4.0)
        targets = {served.target for served in web.log if served.host == "outlet.test"}
    assert str(caught.value).startswith(f"https://outlet.test/: {name}; nothing was stored")
    assert "--accept-bad-certificates" in str(caught.value)
    assert not list((tmp_path / "refused").glob("snapshots/*"))

    assert captured.recording.outcome is Outcome.COMPLETE, captured.recording.warnings
    assert "/by-the-worker" in targets, "service workers must run, too"
    statement = captured.snapshot.statement
    assert statement["certificates_unchecked"] is True
    main = statement["main_document"]
    assert (main["certificate_verified"], main["certificate_error"]) == (False, name)
    assert "bad_certificate" in codes_of(captured)
    connections = [
        c for c in manifest_of(read_warc(warc_of(captured.snapshot)))["connections"] if c["host"] == "outlet.test"
    ]
    assert connections
    assert {(c["certificate_verified"], c["certificate_error"]) for c in connections} == {(False, name)}


@pytest.mark.parametrize("accepted", [True, False])
def test_a_good_certificate_is_said_to_be_verified(accepted: bool, tmp_path: Path) -> None:
    with LocalWeb(Workers(), faults={"other.test": "expired"}) as web:
        captured = capture(web, "https://outlet.test/", tmp_path / "a", accept_bad_certificates=accepted, settle_s=4.0)
    main = captured.snapshot.statement["main_document"]
    assert (main["certificate_verified"], main["certificate_error"]) == (True, None)
    assert captured.snapshot.statement["certificates_unchecked"] is accepted
    assert codes_of(captured) == set()


# the command line

Command = Callable[..., subprocess.CompletedProcess[str]]


async def answers(request: Request) -> Response:
    page, fields = b"<!doctype html><title>short</title>text", list(_HTML)
    if request.path == "/limited":
        after = request.argument("retry", "120").encode()
        fields += [(b"Retry-After", after)] if after else []
        return Response(int(request.argument("status", "429")), b"", fields, page)
    return Response(404 if request.path == "/missing" else 200, b"", fields, page)


@pytest.fixture
def web() -> Iterator[LocalWeb]:
    with LocalWeb(answers) as running:
        yield running


@pytest.fixture
def command(web: LocalWeb, tmp_path: Path) -> Command:
    def run(*arguments: str, before: tuple[str, ...] = (), given: str = "") -> subprocess.CompletedProcess[str]:
        line = [sys.executable, "-m", "archiver", "--archive", str(tmp_path / "a"), *before, "capture"]
        line += [f"--resolve=*.test:80=127.0.0.1:{web.http_port}", *arguments]
        return subprocess.run(line, input=given, capture_output=True, text=True, timeout=90, check=False)

    return run


def test_an_http_error_is_stored_unless_that_is_refused(web: LocalWeb, command: Command, tmp_path: Path) -> None:
    done = command("--fail-on-http-error", "http://outlet.test/missing")
    assert done.returncode == 7
    assert done.stderr == (
        "archiver: http://outlet.test/missing: the page answered with status 404; nothing was stored\n"
    )
    assert not list((tmp_path / "a").glob("snapshots/*"))
    assert len([served for served in web.log if served.target == "/missing"]) == 1


@pytest.mark.parametrize(
    ("target", "code"),
    [("/limited", 7), ("/limited?status=503", 7), ("/limited?status=503&retry=", 0), ("/limited?status=500", 0)],
)
def test_a_page_that_asks_to_come_back_later_is_not_stored_where_that_is_refused(
    command: Command, tmp_path: Path, target: str, code: int
) -> None:
    done = command("--fail-on-rate-limit", f"http://outlet.test{target}")
    assert done.returncode == code, done.stderr
    assert ("asks to come back after 120 s; nothing was stored" in done.stderr) == (code == 7)


def test_the_browser_calls_itself_what_it_is_told_to(command: Command, web: LocalWeb) -> None:
    since = len(web.log)
    assert command("--user-agent", "NewsWatch/1.0 (+https://example.org/bot)", "http://outlet.test/").returncode == 0
    heads = [served.request_head for served in web.log[since:]]
    assert heads
    assert all(b"\r\nUser-Agent: NewsWatch/1.0 (+https://example.org/bot)\r\n" in head for head in heads)
    assert command("--user-agent", "two\nlines", "http://outlet.test/").returncode == 2


def test_several_urls_give_one_object_each_in_order_and_the_worst_code(web: LocalWeb, command: Command) -> None:
    listed = "\ufeff# mine\r\n\r\nhttp://outlet.test/missing\r\nhttp://outlet.test/\r\nhttp://outlet.test/two\r\n"
    first = "http://outlet.test/"
    done = command(first, "--fail-on-http-error", "--from-file", "-", before=("--json",), given=listed)
    assert done.returncode == 7, done.stderr
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(one["type"], one["url"]) for one in told] == [
        ("snapshot", "http://outlet.test/"),
        ("failure", "http://outlet.test/missing"),
        ("snapshot", "http://outlet.test/two"),
    ]
    assert told[1]["exit_code"] == 7
    assert "status 404" in told[1]["error"]
    assert "archiver: note: 1 given more than once, captured once each; the first is http://outlet.test/" in done.stderr
    assert [served.target for served in web.log if served.target == "/"] == ["/"]


def test_the_summary_says_that_a_session_was_used(command: Command, tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    state.write_text(json.dumps(_STATE))
    state.chmod(0o644)
    done = command("--storage-state", str(state), "http://outlet.test/")
    assert done.returncode == 0, done.stderr
    assert "warning    made with a saved session" in done.stdout
    assert f"note: {state} holds a session and others can read it" in done.stderr
