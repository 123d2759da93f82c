"""pywb replays a capture of the demo page after its server is gone, and nothing that was on it is missing."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Frame, Page, Route, sync_playwright

from archiver.capture.browser import find_browser
from archiver.demo.site import AD_TEXTS, COPYRIGHTS, DISCLAIMER, LINK_BLOCKS, REPOST_URL
from archiver.snapshot import Snapshot
from tests.support.compare import Record, read_warc
from tests.support.oracles import cdxj_lines, fetch, wayback
from tests.support.snapshots import warc_of

pytestmark = [pytest.mark.browser, pytest.mark.oracle]

_HEADLINE = "Harbor Ministers Agree to Sit Down in Port Lindry Over Strait Pilots"


@pytest.fixture(scope="module")
def port(demo: Snapshot, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with wayback(tmp_path_factory.mktemp("pywb"), warc_of(demo)) as port:
        yield port


def _time_of_page(demo: Snapshot) -> str:
    lines = cdxj_lines(warc_of(demo).with_name("capture.cdxj").read_text())
    (time,) = {line.time[:14] for line in lines if line.values["url"] == REPOST_URL}
    return time


def test_every_response_is_served_byte_for_byte(demo: Snapshot, port: int) -> None:
    records = read_warc(warc_of(demo))
    methods = {
        record.one("WARC-Concurrent-To"): record.block.partition(b" ")[0]
        for record in records
        if record.kind == "request" and record.all("WARC-Concurrent-To")
    }
    gets = [r for r in records if r.kind == "response" and methods[r.one("WARC-Record-ID")] == b"GET"]
    assert len(gets) > 25
    differences = [problem for record in gets for problem in _difference(port, record)]
    assert differences == []


def _difference(port: int, record: Record) -> list[str]:
    url = record.one("WARC-Target-URI")
    time = "".join(c for c in record.one("WARC-Date")[:19] if c.isdigit())
    expected = int(record.block.split(b" ", 2)[1])
    status, body = fetch(port, f"/coll/{time}id_/{url}")
    if status != expected:
        return [f"{url}: status {status}, captured {expected}"]
    return [] if body == record.body else [f"{url}: {len(body)} bytes, captured {len(record.body)}"]


def test_what_was_not_captured_is_not_there(demo: Snapshot, port: int) -> None:
    """Else the test above would say nothing."""
    status, _ = fetch(port, f"/coll/{_time_of_page(demo)}id_/{REPOST_URL}nothing-here")
    assert status == 404


def test_the_page_has_every_text(demo: Snapshot, port: int) -> None:
    status, body = fetch(port, f"/coll/{_time_of_page(demo)}id_/{REPOST_URL}")
    assert status == 200
    page = body.decode("utf-8")
    for text in (_HEADLINE, DISCLAIMER, *COPYRIGHTS, *(block.heading for block in LINK_BLOCKS)):
        assert text in page
    links = [link.replace("&", "&amp;") for block in LINK_BLOCKS if not block.by_xhr for link in block.links]
    assert [link for link in links if link not in page] == []


@pytest.fixture(scope="module")
def replayed(demo: Snapshot, port: int, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The text of all frames of the page that pywb replays in Chromium, where nothing else can be reached."""
    folder = tmp_path_factory.mktemp("replay")
    with sync_playwright() as playwright:
        found = find_browser(None, playwright.chromium.executable_path)
        browser = playwright.chromium.launch(
            executable_path=found.path,
            args=["--no-sandbox", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"],
        )
        page = browser.new_page(viewport={"width": 1366, "height": 900})
        page.route("**/*", lambda route: _only_from(port, route))
        page.goto(f"http://127.0.0.1:{port}/coll/{_time_of_page(demo)}/{REPOST_URL}", wait_until="load")
        replay = page.frame_locator("#replay_iframe").locator("body")
        replay.wait_for(timeout=20_000)
        frame = next(f for f in page.frames if f.parent_frame == page.main_frame)
        # Slowly to the end, for what is loaded lazily.
        for _ in range(12):
            frame.evaluate("() => scrollBy(0, innerHeight * 0.8)")
            page.wait_for_timeout(150)
        _wait_for_all(page)
        text = _text(page)
        frame.evaluate("() => scrollTo(0, 0)")
        height: int = frame.evaluate("() => document.documentElement.scrollHeight")
        page.set_viewport_size({"width": 1366, "height": height + 100})
        page.wait_for_timeout(500)
        page.screenshot(path=folder / "replay.png", full_page=True)
        browser.close()
    return text


def _only_from(port: int, route: Route) -> None:
    parts = urlsplit(route.request.url)
    if (parts.hostname, parts.port) == ("127.0.0.1", port):
        route.continue_()
    else:
        route.abort()


def _wait_for_all(page: Page) -> None:
    """Until every advertisement's text is there, or for so long that it will not come."""
    for _ in range(50):
        if all(text in _text(page) for text in AD_TEXTS):
            return
        page.wait_for_timeout(200)


def _text(page: Page) -> str:
    return _words("\n".join(_text_of(frame) for frame in page.frames))


def _text_of(frame: Frame) -> str:
    text: str = frame.evaluate("() => document.body ? document.body.innerText : ''")
    return text


def _words(text: str) -> str:
    return " ".join(text.split())


def test_every_advertisement_is_replayed(replayed: str) -> None:
    assert [text for text in AD_TEXTS if text not in replayed] == []


def test_every_link_block_is_replayed(replayed: str) -> None:
    expected = [text for block in LINK_BLOCKS for text in (block.heading, *block.links)]
    assert [text for text in expected if text not in replayed] == []
    assert replayed.count("TRENDING NOW") == 2


def test_disclaimer_and_copyrights_are_replayed(replayed: str) -> None:
    assert [text for text in (_HEADLINE, DISCLAIMER, *COPYRIGHTS) if text not in replayed] == []
