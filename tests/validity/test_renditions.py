"""What is taken out of a snapshot of the demo page shows and says what was on it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageStat
from playwright.sync_api import Browser, FloatRect, sync_playwright

from archiver.capture.browser import find_browser
from archiver.demo.server import DemoServer
from archiver.demo.site import AD_TEXTS, COPYRIGHTS, DISCLAIMER, LINK_BLOCKS, REPOST_URL
from archiver.snapshot import Snapshot
from tests.support.captures import Captures

pytestmark = pytest.mark.browser

_HEADLINE = "Harbor Ministers Agree to Sit Down in Port Lindry Over Strait Pilots"
_AD_BOXES = ("ad-static", "ad-script", "ad-write", "ad-srcdoc", "ad-iframe", "ad-nested", "ad-lazy")


class Parts:
    """`archiver get` of the demo snapshot."""

    def __init__(self, location: Path, snapshot: Snapshot, folder: Path) -> None:
        self._location, self._id, self._folder = location, snapshot.id, folder

    def __getitem__(self, part: str) -> Path:
        path = self._folder / part
        if not path.exists():
            command = ("--archive", str(self._location), "get", self._id, "--as", part, "-o", str(path))
            result = subprocess.run(
                [sys.executable, "-m", "archiver", *command], capture_output=True, text=True, timeout=60, check=False
            )
            assert result.returncode == 0, result.stderr
            assert result.stdout == ""
        return path


@pytest.fixture(scope="module")
def parts(captures: Captures, demo: Snapshot, tmp_path_factory: pytest.TempPathFactory) -> Parts:
    return Parts(captures.location("demo"), demo, tmp_path_factory.mktemp("parts"))


def _words(text: str) -> str:
    return " ".join(text.split())


def test_pdf(parts: Parts) -> None:
    assert parts["pdf"].read_bytes().startswith(b"%PDF-")
    result = subprocess.run(["pdftotext", parts["pdf"], "-"], capture_output=True, text=True, timeout=60, check=True)
    text = _words(result.stdout)
    for expected in (_HEADLINE, DISCLAIMER, *COPYRIGHTS):
        assert expected in text
    assert [ad for ad in AD_TEXTS if ad not in text] == []


def test_text(parts: Parts) -> None:
    text = _words(parts["text"].read_text(encoding="utf-8"))
    expected = [*AD_TEXTS, _HEADLINE, DISCLAIMER, *COPYRIGHTS]
    expected += [line for block in LINK_BLOCKS for line in (block.heading, *block.links)]
    assert [line for line in expected if line not in text] == []
    assert text.count("TRENDING NOW") == 2


def test_dom(parts: Parts) -> None:
    frames = json.loads(parts["dom"].read_text(encoding="utf-8"))["frames"]
    (main,) = (frame for frame in frames if frame["parent"] is None)
    assert main["url"] == REPOST_URL
    for element in (f"<h1>{_HEADLINE}</h1>", 'class="attribution"', '<footer class="foot">', "<iframe"):
        assert element in main["html"]
    assert [box for box in _AD_BOXES if f'id="{box}"' not in main["html"]] == []
    # Filled by script after loading, and in frames of other sites, two levels deep.
    blocks = [link.replace("&", "&amp;") for block in LINK_BLOCKS for link in block.links]
    assert [link for link in blocks if link not in main["html"]] == []
    everything = "".join(frame["html"] for frame in frames).replace("&amp;", "&")
    assert [ad for ad in AD_TEXTS if ad not in everything] == []
    hosts = {frame["url"].split("/")[2] for frame in frames if frame["url"].startswith("http:")}
    assert {"www.freeharbor-post.test", "ads.adnetwork.test", "creative.bidder.test"} <= hosts
    assert all("error" not in frame for frame in frames)


# --- Pictures, held against a visit of the page

Box = tuple[int, int, int, int]


@dataclass(frozen=True)
class Visit:
    """The height of the page; where each advertisement is on it; a picture of each, taken where it was in sight."""

    height: int
    boxes: dict[str, Box]
    pictures: dict[str, Image.Image]


@pytest.fixture(scope="module")
def visit(demo: Snapshot) -> Iterator[Visit]:
    width, height = demo.statement["conditions"]["viewport"]
    with DemoServer() as server, sync_playwright() as playwright:
        found = find_browser(None, playwright.chromium.executable_path)
        rules = f"MAP *.test:80 127.0.0.1:{server.port}, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
        browser = playwright.chromium.launch(
            executable_path=found.path,
            args=["--no-sandbox", "--hide-scrollbars", f"--host-resolver-rules={rules}"],
        )
        yield _visit(browser, width, height)
        browser.close()


def _visit(browser: Browser, width: int, height: int) -> Visit:
    page = browser.new_page(viewport={"width": width, "height": height})
    page.goto(REPOST_URL, wait_until="load")
    for _ in range(12):
        page.evaluate("() => scrollBy(0, innerHeight * 0.8)")
        page.wait_for_timeout(150)
    page.wait_for_load_state("networkidle")
    boxes: dict[str, Box] = {}
    pictures: dict[str, Image.Image] = {}
    for name in _AD_BOXES:
        element = page.locator(f"#{name}")
        element.scroll_into_view_if_needed()
        page.wait_for_timeout(300)
        place = element.bounding_box()
        assert place is not None
        pictures[name] = Image.open(BytesIO(page.screenshot(clip=_whole_pixels(place))))
        top: int = page.evaluate("() => scrollY")
        clip = _whole_pixels(place)
        left, upper = int(clip["x"]), int(clip["y"]) + top
        boxes[name] = (left, upper, left + int(clip["width"]), upper + int(clip["height"]))
    page_height: int = page.evaluate("() => document.documentElement.scrollHeight")
    return Visit(page_height, boxes, pictures)


def _whole_pixels(place: FloatRect) -> FloatRect:
    return FloatRect(
        x=round(place["x"]), y=round(place["y"]), width=round(place["width"]), height=round(place["height"])
    )


def test_viewport_screenshot(parts: Parts, demo: Snapshot) -> None:
    with Image.open(parts["screenshot"]) as picture:
        picture.load()
        assert picture.format == "PNG"
        assert list(picture.size) == demo.statement["conditions"]["viewport"]
        assert _colours(picture.convert("RGB")) > 500


def test_full_screenshot_is_the_whole_page(parts: Parts, demo: Snapshot, visit: Visit) -> None:
    with Image.open(parts["full-screenshot"]) as picture:
        picture.load()
        assert picture.format == "PNG"
        assert picture.width == demo.statement["conditions"]["viewport"][0]
        assert picture.height > 3000
        assert abs(picture.height - visit.height) <= 2


@pytest.mark.parametrize("name", _AD_BOXES)
def test_advertisement_is_in_the_full_screenshot(parts: Parts, visit: Visit, name: str) -> None:
    with Image.open(parts["full-screenshot"]) as picture:
        crop = picture.convert("RGB").crop(visit.boxes[name])
    expected = visit.pictures[name].convert("RGB")
    assert crop.size == expected.size
    assert crop.height >= 80
    assert _colours(crop) > 100  # one line of smoothed text on a plain ground has about thirty
    # The same advertisement, not merely something: the mean difference of a channel, of 255.
    difference = ImageStat.Stat(ImageChops.difference(crop, expected)).mean
    assert max(difference) < 3, difference


def test_the_advertisements_differ_from_each_other(visit: Visit) -> None:
    """Else the comparison above could not tell one from another."""
    size = (64, 64)
    small = {name: picture.convert("RGB").resize(size) for name, picture in visit.pictures.items()}
    for name, picture in small.items():
        for other, another in small.items():
            if name < other:
                assert max(ImageStat.Stat(ImageChops.difference(picture, another)).mean) > 10, (name, other)


def test_first_screenshot_is_the_top_of_the_full_one(parts: Parts) -> None:
    with Image.open(parts["screenshot"]) as first, Image.open(parts["full-screenshot"]) as full:
        top = full.convert("RGB").crop((0, 0, *first.size))
        assert max(ImageStat.Stat(ImageChops.difference(first.convert("RGB"), top)).mean) < 3


def _colours(picture: Image.Image) -> int:
    return len(picture.getcolors(1 << 24) or ())
