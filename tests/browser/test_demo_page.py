"""The page the program was conceived for: ads, link blocks and disclaimer stay, in text, DOM and picture."""

from __future__ import annotations

import json

import pytest

from archiver.demo import site
from archiver.model import Outcome
from tests.sites.model import Fields, Request, Response
from tests.sites.server import LocalWeb
from tests.support.capturing import capture
from tests.support.compare import compare, read_warc
from tests.support.snapshots import warc_of

pytestmark = pytest.mark.browser


async def demo_handler(request: Request) -> Response:
    answer = site.respond(request.method, request.host, request.target)
    fields: Fields = [
        (name.encode(), value.encode()) for name, value in answer.fields if name.lower() != "content-length"
    ]
    return Response(answer.status, b"", fields, answer.body)


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The text and the frames' DOM of the repost, captured over HTTP/2."""
    archive = tmp_path_factory.mktemp("demo") / "archive"
    with LocalWeb(demo_handler) as web:
        captured = capture(web, site.REPOST_URL.replace("http://", "https://"), archive)
        assert web.settle()
        hosts = set(site.HOSTS)
        report = compare(read_warc(warc_of(captured.snapshot)), [s for s in web.log if s.host in hosts])
    assert report.problems == []
    assert report.recorded > 20
    assert captured.recording.outcome is Outcome.COMPLETE, captured.recording.warnings
    line = captured.recording.browser.command_line
    assert "site-isolation" not in line, "the browser must keep sites apart as a reader's does"
    assert "IsolateOrigins" not in line
    return {name: b"".join(captured.snapshot.part(name)).decode() for name in ("text", "dom")}


def _flat(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize("text", [*site.AD_TEXTS, site.DISCLAIMER, *site.COPYRIGHTS])
def test_ads_and_disclaimer_are_in_the_text_and_the_dom(parts: dict[str, str], text: str) -> None:
    assert text in _flat(parts["text"])
    frames = json.loads(parts["dom"])["frames"]
    assert any(text.replace("&", "&amp;") in _flat(frame["html"]) for frame in frames)


@pytest.mark.parametrize("block", site.LINK_BLOCKS, ids=lambda block: block.heading)
def test_every_link_block_is_in_the_text_also_those_filled_later(parts: dict[str, str], block: site.LinkBlock) -> None:
    text = _flat(parts["text"]).lower()
    assert block.heading.lower() in text
    assert block.links
    for link in block.links:
        assert _flat(link).lower() in text


def test_frames_of_other_sites_are_apart_from_the_page_that_holds_them(parts: dict[str, str]) -> None:
    frames = json.loads(parts["dom"])["frames"]
    hosts = {frame["url"].split("/")[2] for frame in frames if frame["url"].startswith("https://")}
    assert {"www.freeharbor-post.test", "ads.adnetwork.test", "creative.bidder.test"} <= hosts
