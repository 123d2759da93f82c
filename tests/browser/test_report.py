"""The report in a real browser: nothing overflows, all can be read, and no request leaves, on a screen and on paper."""

from __future__ import annotations

import re
import socketserver
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from archiver.capture.capture import locate_browser
from archiver.capture.printing import to_pdf
from archiver.config import CaptureSettings
from archiver.errors import BrowserError, ConfigurationError
from archiver.report.html import render
from tests.unit.report.samples import ID, exchanges, facts, png, with_words

pytestmark = pytest.mark.browser

# Texts and what is behind them, as far as that is one colour; of which element, to find it.
_PAIRS = r"""() => {
  const rgb = (text) => text.match(/[\d.]+/g).map(Number);
  const found = [];
  for (const element of document.body.querySelectorAll('*')) {
    if (![...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim())) continue;
    if (!element.checkVisibility()) continue;
    let behind = element;
    while (behind && rgb(getComputedStyle(behind).backgroundColor)[3] === 0) behind = behind.parentElement;
    found.push([rgb(getComputedStyle(element).color), rgb(getComputedStyle(behind || document.body).backgroundColor),
                `${element.tagName}.${element.className}`]);
  }
  return found;
}"""
# What is wider than the window, or cut off by what it is in.
_OVERFLOWING = """() => [...document.querySelectorAll('body *')].filter((element) => {
  const box = element.getBoundingClientRect();
  return box.width && (box.right > innerWidth + 0.5 || box.left < -0.5);
}).map((element) => `${element.tagName}.${element.className}: ${element.textContent.slice(0, 40)}`)"""


class Listener:
    """A server on the loopback interface that knows whether anybody came."""

    def __init__(self) -> None:
        self.asked: list[bytes] = []
        listener = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                listener.asked.append(self.rfile.readline())
                self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Listener:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def luring(url: str) -> str:
    """A document that asks for something in every way there is without a script, and with one."""
    return (
        f"<img src='{url}/img' srcset='{url}/srcset 2x'><link rel=stylesheet href='{url}/css'>"
        f"<link rel=prefetch href='{url}/prefetch'><link rel=preconnect href='{url}'><script src='{url}/js'></script>"
        f"<script>new Image().src='{url}/script'; fetch('{url}/fetch')</script><iframe src='{url}/frame'></iframe>"
        f"<style>@import '{url}/import'; body {{ background: url({url}/background) }}"
        f"@font-face {{ font-family: x; src: url({url}/font) }} p {{ font-family: x }}</style><p>text</p>"
        f"<object data='{url}/object'></object><embed src='{url}/embed'><video src='{url}/video' poster='{url}/poster'>"
        f"</video><svg><image href='{url}/svg'/></svg><meta http-equiv=refresh content='0;url={url}/refresh'>"
        f"<body onload=\"location='{url}/onload'\">"
    )


@pytest.fixture
def browser() -> Iterator[Browser]:
    found = locate_browser(CaptureSettings())
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=found.path)
        yield running
        running.close()


def hostile(url: str) -> bytes:
    """The report with such words everywhere, in long lists, and a high picture."""
    texts = [luring(url), "</title></style>" + luring(url), "w" * 5000]
    texts += ["\u202e" + "שלום " * 300, "﷽" * 100, "\x00\x1b" * 50]
    return render(with_words(facts(exchanges=exchanges(missing=40), screenshot=png(400, 4000)), texts))


def usual(_: str) -> bytes:
    return render(facts(screenshot=png(1366, 4413)))


@pytest.mark.parametrize("width", [360, 800, 1280])
@pytest.mark.parametrize("report", [usual, hostile])
def test_nothing_is_wider_than_the_window(browser: Browser, report: Any, width: int, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    file.write_bytes(report("http://127.0.0.1:9"))
    page = browser.new_page(viewport={"width": width, "height": 900})
    page.goto(file.as_uri())
    assert page.evaluate(_OVERFLOWING) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_stands_out_from_what_is_behind_it(browser: Browser, scheme: Any, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    # With every kind of text that there is: marks, warnings, all four states of a step, differences.
    file.write_bytes(hostile("http://127.0.0.1:9"))
    page = browser.new_page(color_scheme=scheme)
    page.goto(file.as_uri())
    pairs = page.evaluate(_PAIRS)
    assert len(pairs) > 300
    assert {name for text, behind, name in pairs if contrast(text, behind) < 4.5} == set()
    is_dark = sum(page.evaluate(_PAIRS)[0][1][:3]) < 3 * 64
    assert is_dark == (scheme == "dark")
    page.emulate_media(media="print")
    assert all(sum(behind[:3]) > 3 * 200 for _, behind, _ in page.evaluate(_PAIRS))
    page.close()


def contrast(one: list[float], other: list[float]) -> float:
    """The contrast ratio of two colours (WCAG 2.2)."""

    def luminance(colour: list[float]) -> float:
        parts = [part / 255 for part in colour[:3]]
        red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_hostile_words_ask_for_nothing_on_a_screen(browser: Browser, tmp_path: Path) -> None:
    with Listener() as listener:
        file = tmp_path / "report.html"
        file.write_bytes(hostile(listener.url))
        page = browser.new_page()
        page.on("dialog", lambda dialog: pytest.fail(f"a script ran: {dialog.message}"))
        page.goto(file.as_uri(), wait_until="networkidle")
        assert page.url == file.as_uri()
        page.close()
        assert listener.asked == []


def test_no_request_leaves_while_it_is_printed() -> None:
    with Listener() as listener:
        text = text_of(to_pdf(hostile(listener.url), CaptureSettings()))
        assert listener.asked == []
        assert f"<img src='{listener.url}/img'" in text


def test_no_request_leaves_even_if_nothing_was_escaped() -> None:
    with Listener() as listener:
        document = f"<!DOCTYPE html><html lang='en'><title>t</title><h1>Lure</h1>{luring(listener.url)}"
        text = text_of(to_pdf(document.encode(), CaptureSettings()))
        assert listener.asked == []
        assert "Lure" in text


def test_the_lure_works_where_nothing_holds_it_back(browser: Browser, tmp_path: Path) -> None:
    with Listener() as listener:
        file = tmp_path / "lure.html"
        file.write_text(f"<!DOCTYPE html><title>t</title>{luring(listener.url)}")
        page = browser.new_page()
        page.goto(file.as_uri(), wait_until="commit")
        page.wait_for_url(f"{listener.url}/**")
        page.close()
        assert {line.split()[1] for line in listener.asked if line} > {b"/img", b"/css", b"/js", b"/frame"}


def text_of(pdf: bytes) -> str:
    done = subprocess.run(["pdftotext", "-layout", "-", "-"], input=pdf, capture_output=True, check=True)
    return done.stdout.decode()


def info(pdf: bytes, *options: str) -> str:
    done = subprocess.run(["pdfinfo", *options, "-"], input=pdf, capture_output=True, check=True)
    return done.stdout.decode()


@pytest.fixture(scope="module")
def printed() -> bytes:
    return to_pdf(usual(""), CaptureSettings())


def test_it_prints_on_a4_with_all_its_words_and_page_numbers(printed: bytes) -> None:
    text = " ".join(text_of(printed).split())
    for part in (
        "Ferry line reopens",
        "What was recorded, and what was not",
        "Part 3 of 3",
        "203.0.113.7, port 443",
        "The mayor knew for a year.",
        "sh evidence/verify.sh",
        "What this does not show",
        "Whose it is, you know from whoever gave it to you.",
    ):
        assert part in text
    pages = int(re.findall(r"Pages: +(\d+)", info(printed))[0])
    sizes = re.findall(r"Page +\d+ size: +([\d.]+) x ([\d.]+) pts", info(printed, "-l", str(pages)))
    assert len(sizes) == pages > 5
    assert all(abs(float(w) - 595.3) < 1 and abs(float(h) - 841.9) < 1.1 for w, h in sizes)
    for number in range(1, pages + 1):
        assert f"Page {number} of {pages}" in text
    assert text.count(f"Evidence report on snapshot {ID}") == pages


def test_the_pdf_is_tagged_and_has_an_outline(printed: bytes) -> None:
    told = info(printed)
    assert re.search(r"Tagged: +yes", told)
    assert re.search(rf"Title: +Evidence report on {ID}", told)
    assert re.search(r"JavaScript: +no", told)
    assert b"/Outlines" in printed
    structure = info(printed, "-struct-text")
    assert "H1" in structure
    assert "Table" in structure


def test_what_cannot_be_printed_is_an_error_in_words(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"capture\.browser"):
        to_pdf(b"<!DOCTYPE html>", CaptureSettings(browser=tmp_path / "nothing"))
    false = tmp_path / "browser"
    false.write_text('#!/bin/sh\ntest "$1" = --version && echo Chromium 156.0.0.0 && exit 0\nexit 1\n')
    false.chmod(0o755)
    for folder in (tmp_path, *tmp_path.parents[:3]):
        folder.chmod(folder.stat().st_mode | 0o011)
    with pytest.raises(BrowserError, match="did not start"):
        to_pdf(b"<!DOCTYPE html>", CaptureSettings(browser=false))
