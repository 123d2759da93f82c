"""Every kind of exchange, over HTTP and HTTPS, HTTP/1.1 and HTTP/2: what the server saw and sent is what is stored."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from archiver.archive import Captured
from archiver.model import Exchange, Outcome
from tests.sites.kinds import HOSTS, QUICK_PAGES, kinds_sites
from tests.sites.model import Served
from tests.sites.server import LocalWeb
from tests.support.capturing import capture
from tests.support.compare import Report, compare, manifest_of, read_warc
from tests.support.snapshots import warc_of

pytestmark = pytest.mark.browser

_WAYS = {
    "http": ("http", ("http/1.1",)),
    "https over HTTP/1.1": ("https", ("http/1.1",)),
    "https over HTTP/2": ("https", ("h2", "http/1.1")),
}
_NEVER_QUIET = {"/endless"}
# On these neither the site nor the page breaks off any answer.
_NOTHING_CUT = {"/", "/redirects", "/headers", "/post", "/charset", "/workers", "/sw"}
# Answers that the page may not read: the browser breaks them off, unless all of them has come by then.
_FORBIDDEN_TO_READ = ("://other.test/cross?no=1", "://third.test/not-an-image")
_PAGES = [page for page in QUICK_PAGES if page not in _NEVER_QUIET]


@pytest.fixture(scope="module", params=_WAYS, ids=str)
def way(request: pytest.FixtureRequest) -> Iterator[tuple[str, LocalWeb]]:
    scheme, protocols = _WAYS[request.param]
    with LocalWeb(kinds_sites(), protocols=protocols) as web:
        yield scheme, web


def seen_by_server(web: LocalWeb, since: int) -> list[Served]:
    assert web.settle(30.0), "the server is still sending"  # a silent body notices late that nobody listens
    assert web.errors == []
    return [served for served in web.log[since:] if served.host in HOSTS]


def may_be_broken_off(exchange: Exchange) -> bool:
    """Whether the browser has no use for the body. Of a redirect over HTTP/2 it ends the stream, if more is to come."""
    redirected = exchange.protocol == "h2" and exchange.status in (301, 302, 303, 307, 308)
    return redirected or exchange.url.endswith(_FORBIDDEN_TO_READ)


def held_against(web: LocalWeb, since: int, captured: Captured) -> Report:
    log = seen_by_server(web, since)
    assert log, "the server saw nothing: nothing was tested"
    return compare(read_warc(warc_of(captured.snapshot)), log)


@pytest.mark.parametrize("page", _PAGES)
def test_what_the_server_saw_and_sent_is_in_the_warc(way: tuple[str, LocalWeb], page: str, tmp_path: Path) -> None:
    scheme, web = way
    since = len(web.log)
    captured = capture(web, f"{scheme}://kinds.test{page}", tmp_path / "archive")
    report = held_against(web, since, captured)
    assert report.problems == []
    assert report.recorded == report.answered > 0
    assert report.request_heads == report.requests
    assert report.response_heads == report.recorded
    if page in _NOTHING_CUT:
        # Cut bodies are not compared, so calling a whole one cut must not pass.
        cut = [x for x in captured.recording.exchanges if x.result == "truncated"]
        assert [x.url for x in cut if not may_be_broken_off(x)] == []
        assert report.whole_bodies == report.recorded - len(cut)
    assert captured.recording.outcome is Outcome.COMPLETE, captured.recording.warnings


def test_a_page_that_never_settles_is_stored_as_partial_and_says_what_was_still_loading(
    way: tuple[str, LocalWeb], tmp_path: Path
) -> None:
    scheme, web = way
    since = len(web.log)
    captured = capture(web, f"{scheme}://kinds.test/endless", tmp_path / "archive", timeout_s=12.0, settle_s=2.0)
    report = held_against(web, since, captured)
    assert report.problems == []
    assert captured.recording.outcome is Outcome.PARTIAL
    assert any("kinds.test" in warning.message for warning in captured.recording.warnings)
    made = {rendition.role for rendition in captured.recording.renditions}
    assert made == {"dom", "text", "regions", "screenshot", "full_screenshot", "pdf"}
    cut = [x for x in captured.recording.exchanges if x.result == "truncated"]
    assert any(x.reason.startswith("time:") for x in cut)


def test_a_body_of_300_mb_is_stored_byte_for_byte(tmp_path: Path) -> None:
    with LocalWeb(kinds_sites()) as web:
        captured = capture(web, "https://kinds.test/big", tmp_path / "archive", settle_s=60.0)
        report = held_against(web, 0, captured)
    assert report.problems == []
    assert report.whole_bodies == report.requests
    assert captured.recording.outcome is Outcome.COMPLETE


def test_the_manifest_lists_what_got_no_answer_and_why(tmp_path: Path) -> None:
    with LocalWeb(kinds_sites(), protocols=("http/1.1",)) as web:
        captured = capture(web, "https://kinds.test/failures", tmp_path / "archive")
    exchanges = manifest_of(read_warc(warc_of(captured.snapshot)))["exchanges"]
    failed = [x["reason"] for x in exchanges if x["result"] == "failed"]
    assert any(reason.startswith("ERR_") for reason in failed)
    assert all(failed)
    assert captured.not_recorded == len(failed)
