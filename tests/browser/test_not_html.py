"""URLs that are no HTML page: asked for once, recorded byte for byte, shown or downloaded as a browser does."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from archiver.archive import Captured
from archiver.capture.capture import record
from archiver.capture.workplace import working_directory
from archiver.cli.render import summary
from archiver.config import CaptureSettings
from archiver.model import Outcome, Recording, Result
from tests.sites.made import big, png, wav
from tests.sites.model import Fields, Request, Response
from tests.sites.server import LocalWeb
from tests.support.capturing import capture
from tests.support.compare import compare, read_warc
from tests.support.snapshots import warc_of

pytestmark = pytest.mark.browser

_BIG_BYTES = 50_000_000
_ALL_RENDITIONS = {"dom", "text", "regions", "screenshot", "full_screenshot", "pdf"}
_SVG = b"""<svg xmlns="http://www.w3.org/2000/svg" width="300" height="2000">
<rect x="0" y="1900" width="100" height="100" fill="rgb(255, 165, 0)"/></svg>"""
_RSS = b"""<?xml version="1.0"?><rss version="2.0"><channel><title>News</title>
<item><title>An item of the feed</title></item></channel></rss>"""
_ATOM = b"""<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><title>News</title>
<entry><title>An entry of the feed</title></entry></feed>"""


def _pdf() -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (200, 100), "orange").save(stream, "PDF")
    # Much that comes after its beginning: readers that ask for parts do so with large files.
    return stream.getvalue() + b"%" + b"padding " * 200_000 + b"\n%%EOF\n"


def _zip() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("article.txt", "text " * 1000)
    return stream.getvalue()


_SHOWN = {
    "/picture.png": (b"image/png", png(255, 165, 0, 64)),
    "/drawing.svg": (b"image/svg+xml", _SVG),
    "/data.json": (b"application/json", b'{"headline": "in JSON"}'),
    "/notes.txt": (b"text/plain; charset=utf-8", "plain text, ümlaut\n".encode() * 50),
    "/rss.xml": (b"application/rss+xml", _RSS),
    "/atom.xml": (b"application/atom+xml", _ATOM),
}
_TEXTS = {
    "/data.json": '"headline": "in JSON"',
    "/notes.txt": "plain text, ümlaut",
    "/rss.xml": "An item of the feed",
    "/atom.xml": "An entry of the feed",
}
_SAVED = {
    "/paper.pdf": (b"application/pdf", _pdf()),
    "/film.mp4": (b"video/mp4", b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + bytes(3_000_000)),
    "/sound.wav": (b"audio/wav", wav(60)),
    "/files.zip": (b"application/zip", _zip()),
    "/blob.bin": (b"application/octet-stream", bytes(range(256)) * 100),
    "/attached.html": (b"text/html", b"<title>never shown</title>"),
}


async def files(request: Request) -> Response:
    fields: Fields = [(b"Accept-Ranges", b"bytes")]
    if request.path == "/big.bin":
        fields.append((b"Content-Type", b"application/octet-stream"))
        return Response(fields=fields, body=big(_BIG_BYTES), content_length=_BIG_BYTES)
    if request.path == "/many":
        page = b"<!doctype html><title>many</title>"
        page += b"".join(b"<iframe src='/blob.bin?%d'></iframe>" % number for number in range(23))
        return Response(fields=[(b"Content-Type", b"text/html")], body=page)
    if request.path not in _SHOWN and request.path not in _SAVED:
        return Response(404, b"Not Found", [(b"Content-Type", b"text/plain")], b"nothing here\n")
    kind, body = {**_SHOWN, **_SAVED}[request.path]
    fields.append((b"Content-Type", kind))
    if request.path.startswith("/attached"):
        fields.append((b"Content-Disposition", b'attachment; filename="../../../etc/evil.html"'))
    if wanted := request.field(b"range"):
        begin, _, end = wanted.removeprefix(b"bytes=").partition(b"-")
        part = body[int(begin) : int(end) + 1 if end else None]
        span = b"bytes %d-%d/%d" % (int(begin), int(begin) + len(part) - 1, len(body))
        return Response(206, b"Partial Content", [*fields, (b"Content-Range", span)], part)
    return Response(fields=fields, body=body)


@pytest.fixture(scope="module")
def web() -> Iterator[LocalWeb]:
    with LocalWeb(files) as running:
        yield running


def captured_whole(web: LocalWeb, path: str, archive: Path) -> Captured:
    """A capture of which the server was asked once, and of which every byte sent is in the WARC."""
    since = len(web.log)
    captured = capture(web, f"https://downloads.test{path}", archive, settle_s=4.0)
    assert web.settle()
    log = [served for served in web.log[since:] if served.host == "downloads.test"]
    assert [served.target for served in log if served.target == path] == [path]
    report = compare(read_warc(warc_of(captured.snapshot)), log)
    assert report.problems == []
    assert report.whole_bodies == len(log)
    recording = captured.recording
    assert recording.outcome is Outcome.COMPLETE, recording.warnings
    assert recording.main is not None
    assert (recording.main.result, recording.main.url) == (Result.RECORDED, f"https://downloads.test{path}")
    assert captured.snapshot.statement["final_url"] == f"https://downloads.test{path}"
    return captured


def codes_of(recording: Recording) -> set[str]:
    return {warning.code for warning in recording.warnings} - {"no_sandbox"}


def rendition(captured: Captured, prefix: str) -> bytes:
    (found,) = [
        record
        for record in read_warc(warc_of(captured.snapshot))
        if record.kind == "resource" and record.one("WARC-Target-URI").startswith(prefix)
    ]
    return found.block


@pytest.mark.parametrize("path", _SHOWN)
def test_what_the_browser_shows_has_all_renditions(web: LocalWeb, path: str, tmp_path: Path) -> None:
    captured = captured_whole(web, path, tmp_path / "a")
    assert {made.role for made in captured.recording.renditions} == _ALL_RENDITIONS
    assert codes_of(captured.recording) == set()
    assert _TEXTS.get(path, "") in rendition(captured, "urn:text:").decode()
    if path == "/drawing.svg":
        picture = Image.open(io.BytesIO(rendition(captured, "urn:fullPage:"))).convert("RGB")
        assert picture.size == (1366, 2000)
        assert picture.getpixel((50, 1950)) == (255, 165, 0)


@pytest.mark.parametrize("path", [*_SAVED, "/big.bin"])
def test_what_the_browser_saves_is_whole_and_said_to_have_no_renditions(
    web: LocalWeb, path: str, tmp_path: Path
) -> None:
    captured = captured_whole(web, path, tmp_path / "a")
    assert captured.recording.renditions == ()
    assert codes_of(captured.recording) == {"downloaded"}
    shown = summary(captured, "")
    assert "the browser saves this" in shown
    assert "--as exchanges" in shown
    assert "full-screenshot" not in shown
    if path == "/big.bin":
        assert captured.recording.main is not None
        assert captured.recording.main.response_body is not None
        assert captured.recording.main.response_body.size_bytes == _BIG_BYTES


def test_downloads_land_in_the_working_directory_and_are_removed_and_limited() -> None:
    with LocalWeb(files) as web, working_directory() as directory:
        settings = CaptureSettings(resolve=tuple(web.resolve), trust_ca=web.ca_path, settle_s=6.0)
        recording = record("https://downloads.test/many", settings, directory, lambda _: None)
        (folder,) = directory.rglob("downloads")
        assert folder.is_dir()
        assert list(folder.iterdir()) == []
    (limited,) = [warning for warning in recording.warnings if warning.code == "downloads_limited"]
    assert limited.message.startswith("3 further downloads")
    parts = [x for x in recording.exchanges if "/blob.bin" in x.url]
    assert len(parts) == 23
    assert sum(x.result is Result.RECORDED for x in parts) >= 20
