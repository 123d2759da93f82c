"""replayweb.page, a player of WACZ files that is a web page: served on loopback, opened in Chromium, looked at.

Its licence is the AGPL, and its files are no part of this project: scripts/test fetches them into `.venv-oracles`.
"""

from __future__ import annotations

import html
import json
import os
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Frame, Page, sync_playwright

from archiver.capture.browser import find_browser
from tests.support.oracles import PROGRAMS

_FOLDER = PROGRAMS.parent / "replaywebpage"
_PLAYER = {
    "/replay/": ("index.html", "text/html"),
    "/replay/ui.js": ("ui.js", "text/javascript"),
    "/replay/sw.js": ("sw.js", "text/javascript"),
}
_BUNDLE = "/bundle.wacz"
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")
#: the path of a frame in the player: the collection, maybe a page of it, the time, and the address it stands for
_REPLAYED = re.compile(r"/replay/w/[^/]+/(?::[^/]+/)?\d*[a-z]{2}_/(.*)")
_WAIT_S = 30.0
_NOBODY = "not an origin"  # what a network log calls the initiator of the browser's own requests


def player() -> Path:
    """The folder with the player's files. Without it the test is skipped."""
    if not _FOLDER.is_dir():
        if os.environ.get("CI"):
            pytest.fail(f"no {_FOLDER}: scripts/test should have made it")
        pytest.skip(f"no {_FOLDER}: scripts/test makes it where it can reach npm's registry")
    return _FOLDER


class Server(ThreadingHTTPServer):
    """Serves the player, a page with the player in it, and a WACZ, of which it gives any range."""

    daemon_threads = True

    def __init__(self, bundle: Path, url: str) -> None:
        self.files = {path: ((player() / name).read_bytes(), kind) for path, (name, kind) in _PLAYER.items()}
        page = (
            "<!doctype html><meta charset=utf-8><title>Replay</title><link rel=icon href=data:,>"
            "<style>html, body { height: 100%; margin: 0 }</style><script src=/replay/ui.js></script>"
            f'<replay-web-page source="{_BUNDLE}" url="{html.escape(url)}" replayBase="/replay/"></replay-web-page>'
        )
        self.files["/"] = page.encode(), "text/html"
        self.bundle = bundle.read_bytes()
        self.statuses: list[int] = []  # of the answers that gave something of the bundle
        super().__init__(("127.0.0.1", 0), _Handler)
        self.address = f"127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if path == _BUNDLE:
            self._send_bundle()
        elif path in self.server.files:
            self._send(200, *self.server.files[path])
        else:
            self._send(404, b"", "text/plain")

    def _send_bundle(self) -> None:
        whole, kind = self.server.bundle, "application/wacz"
        asked = _RANGE.fullmatch(self.headers.get("Range", ""))
        if asked:
            # Without its first number a range is so many bytes from the end.
            first = int(asked[1]) if asked[1] else max(len(whole) - int(asked[2]), 0)
            part = whole[first : int(asked[2]) + 1 if asked[1] and asked[2] else None]
            where = f"bytes {first}-{first + len(part) - 1}/{len(whole)}"
            self._send(206, part, kind, ("Content-Range", where))
        else:
            self._send(200, whole, kind)
        if self.command == "GET":
            self.server.statuses.append(206 if asked else 200)

    def _send(self, status: int, body: bytes, kind: str, *fields: tuple[str, str]) -> None:
        self.send_response(status)
        for name, value in (("Content-Type", kind), ("Accept-Ranges", "bytes"), *fields):
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            try:
                self.wfile.write(body)
            except ConnectionError:  # the player has seen enough
                self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: the test looks at what the browser logs."""


@contextmanager
def _served(bundle: Path, url: str) -> Iterator[Server]:
    with Server(bundle, url) as server:
        thread = Thread(target=server.serve_forever, args=(0.05,), name="replayweb.page", daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


class Replay:
    """What replayweb.page showed of a URL in a WACZ, in a Chromium that can reach nothing but 127.0.0.1."""

    def __init__(self, bundle: Path, url: str, texts: Sequence[str], folder: Path, lacking: Sequence[str] = ()) -> None:
        """Waits until each of the texts can be seen somewhere in the page, but not for ever; and not for `lacking`."""
        #: by text, the addresses of the frames in which it can be seen
        self.seen: dict[str, list[str]] = {text: [] for text in (*texts, *lacking)}
        self._awaited = texts
        self.screenshot = folder / "replay.png"
        with _served(bundle, url) as server:
            self._open(server, url, folder / "netlog.json")
            self.server = server.address
        #: statuses of the answers to requests for the bundle
        self.statuses = tuple(server.statuses)
        #: what the network log says: where connections went, and the URLs that pages and workers asked for
        self.connections, self.requests = _network(folder / "netlog.json")

    def _open(self, server: Server, url: str, netlog: Path) -> None:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=find_browser(None, playwright.chromium.executable_path).path,
                args=[
                    "--no-sandbox",
                    "--no-proxy-server",  # a proxy that the machine has would look up every name
                    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
                    f"--log-net-log={netlog}",
                ],
            )
            page = browser.new_page(viewport={"width": 1366, "height": 900})
            page.goto(f"http://{server.address}/")
            frame = _wait_for_frame(page, url)
            if frame:
                self._look(page, frame)
            page.screenshot(path=self.screenshot)
            browser.close()

    def _look(self, page: Page, frame: Frame) -> None:
        # Slowly to the end, for what is loaded lazily.
        for _ in range(12):
            frame.evaluate("() => scrollBy(0, innerHeight * 0.8)")
            page.wait_for_timeout(150)
        deadline = time.monotonic() + _WAIT_S
        while not all(self.seen[text] for text in self._awaited) and time.monotonic() < deadline:
            page.wait_for_timeout(200)
            self.seen = {text: _places(frame, text) for text in self.seen}
        frame.evaluate("() => scrollTo(0, 0)")
        height: int = frame.evaluate("() => document.documentElement.scrollHeight")
        page.set_viewport_size({"width": 1366, "height": height + 100})
        page.wait_for_timeout(500)


def _wait_for_frame(page: Page, url: str) -> Frame | None:
    """The frame with the replayed page; None when it does not come."""
    deadline = time.monotonic() + _WAIT_S
    while time.monotonic() < deadline:
        for frame in page.frames:
            if _address(frame) == url:
                frame.wait_for_load_state()
                return frame
        page.wait_for_timeout(200)
    return None


def _address(frame: Frame) -> str:
    """The address that a frame of the player stands for, without its query."""
    replayed = _REPLAYED.fullmatch(urlsplit(frame.url).path)
    return replayed[1] if replayed else frame.url


def _places(frame: Frame, text: str) -> list[str]:
    """The addresses of the frames, this one and those in it, in which the text can be seen."""
    found = [_address(frame)] if any(each.is_visible() for each in frame.get_by_text(text).all()) else []
    for child in frame.child_frames:
        if child.frame_element().is_visible():
            found += _places(child, text)
    return found


def _network(netlog: Path) -> tuple[set[str], set[str]]:
    """Where the browser's connections went, and the URLs that were asked for by any page or worker."""
    head, _, *lines = netlog.read_text().splitlines()
    types: dict[str, int] = json.loads(head.removesuffix(",") + "}")["constants"]["logEventTypes"]
    connections, requests = set(), set()
    for line in lines:
        if not line.startswith("{"):
            break  # what follows the events
        event: dict[str, Any] = json.loads(line.removesuffix(",").removesuffix("]"))
        params = event.get("params", {})
        if event["type"] == types["TCP_CONNECT_ATTEMPT"] and "address" in params:
            connections.add(params["address"])
        if event["type"] == types["URL_REQUEST_START_JOB"] and params.get("initiator", _NOBODY) != _NOBODY:
            requests.add(params["url"])
    return connections, requests
