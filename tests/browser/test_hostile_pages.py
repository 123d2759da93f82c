"""Pages that want no archive of themselves, or want it false: what can be is stored, and all ends in time.

Every capture here is also held to this: no error without a name, no longer than its time, a valid WARC, index and
statement, and no browser process left. docs/hostile-pages.md says the same in words.
"""

from __future__ import annotations

import json
import struct
import subprocess
import sys
import time
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import pytest

from archiver.archive import Captured
from archiver.capture.capture import Progress
from archiver.cli.exit_codes import ExitCode, code_of
from archiver.errors import BrowserError, UnreachableError
from archiver.model import Exchange, Outcome
from tests.sites.hostile import HostileSite, bomb_starts_with
from tests.sites.hostile_pages import LIES, PAGES, TRUE
from tests.sites.server import LocalWeb
from tests.support import iipc, processes
from tests.support.capturing import capture
from tests.support.compare import Record, manifest_of, read_warc
from tests.support.oracles import cdxj_lines
from tests.support.snapshots import statements_in, warc_of

pytestmark = [pytest.mark.browser, pytest.mark.timeout(75)]

_HOST = "hostile.test"
_TIMEOUT_S, _SETTLE_S = 16.0, 1.0
_BEYOND_S = 20.0  # what closing a stuck browser and writing may take after the time is up
_ENDED_S = 3.0  # the kernel's time to end a killed process
_CHECKED_BYTES = 4_000_000  # the checker of WARCs is too slow for larger ones
_MEMORY_BYTES = 1_000_000_000
_PYTHON_BYTES = 150_000_000
_FROM_THE_PAGE = {"dom", "text", "regions", "screenshot"}
_ALL = _FROM_THE_PAGE | {"full_screenshot", "pdf"}
# Field names of WARC/1.1 and its extensions that we write.
_FIELDS = {
    *("warc-type", "warc-record-id", "warc-date", "warc-target-uri", "warc-warcinfo-id", "warc-page-id"),
    *("warc-block-digest", "warc-payload-digest", "warc-concurrent-to", "warc-truncated", "content-type"),
    *("warc-ip-address", "warc-protocol", "warc-cipher-suite", "content-length"),
}


@dataclass(frozen=True)
class Visited:
    """A stored capture."""

    captured: Captured
    memory: processes.MemoryWatch

    @property
    def outcome(self) -> Outcome:
        return self.captured.recording.outcome

    @property
    def main(self) -> Exchange:
        assert self.captured.recording.main is not None
        return self.captured.recording.main

    @property
    def warnings(self) -> dict[str, str]:
        """The last message of each code."""
        return {warning.code: warning.message for warning in self.captured.recording.warnings}

    @property
    def roles(self) -> set[str]:
        return {rendition.role for rendition in self.captured.recording.renditions}

    @cached_property
    def records(self) -> list[Record]:
        return read_warc(warc_of(self.captured.snapshot))

    @property
    def exchanges(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = manifest_of(self.records)["exchanges"]
        return found

    def blocks(self, urn: str) -> list[bytes]:
        """The renditions whose URN begins so."""
        return [r.block for r in self.records if r.kind == "resource" and r.one("WARC-Target-URI").startswith(urn)]

    @property
    def text(self) -> str:
        (block,) = self.blocks("urn:text:")
        return block.decode()

    @property
    def frames(self) -> list[dict[str, Any]]:
        (block,) = self.blocks("urn:dom:")
        found: list[dict[str, Any]] = json.loads(block)["frames"]
        return found

    @property
    def main_response(self) -> Record:
        """The response record of the main document, the first one of a page that is loaded again and again."""
        return next(r for r in self.records if r.kind == "response" and r.one("WARC-Target-URI") == self.main.url)

    def asked(self, part: str) -> list[dict[str, Any]]:
        """The exchanges whose URL has this in it."""
        return [exchange for exchange in self.exchanges if part in exchange["url"]]


class Visit(Protocol):
    def __call__(self, target: str, **settings: Any) -> Visited: ...


@pytest.fixture(scope="module")
def site() -> HostileSite:
    return HostileSite()


@pytest.fixture(scope="module")
def web(site: HostileSite) -> Iterator[LocalWeb]:
    with LocalWeb(site) as running:
        yield running


def _visit(web: LocalWeb, folder: Path, target: str, **settings: Any) -> Visited:
    url = target if target.startswith("http") else f"https://{_HOST}{target}"
    settings = {"timeout_s": _TIMEOUT_S, "settle_s": _SETTLE_S} | settings
    memory = processes.MemoryWatch()
    began = time.monotonic()
    try:
        with memory:
            captured = capture(web, url, folder / "archive", **settings)
    finally:
        seconds = time.monotonic() - began
        left = processes.wait_until_gone(memory.browser_pids, _ENDED_S)
    assert left == [], "processes of the browser are left"
    assert seconds < settings["timeout_s"] + _BEYOND_S, f"{target} took {seconds:.0f} s"
    visited = Visited(captured, memory)
    _assert_well_formed(visited)
    return visited


def _assert_well_formed(visited: Visited) -> None:
    snapshot = visited.captured.snapshot
    assert {name.lower() for record in visited.records for name, _ in record.fields} <= _FIELDS
    if warc_of(snapshot).stat().st_size < _CHECKED_BYTES:
        assert iipc.check(warc_of(snapshot).read_bytes()) == []
    folder = warc_of(snapshot).parent
    (index,) = folder.glob("*.cdxj")
    # Split at LF only: what else may end a line for a reader must be escaped, too.
    assert len(cdxj_lines(index.read_text("utf-8"))) == index.read_bytes().count(b"\n")
    assert statements_in(folder.parents[1])[snapshot.id]["outcome"] == visited.outcome


@pytest.fixture
def visit(web: LocalWeb, tmp_path: Path) -> Visit:
    def run(target: str, **settings: Any) -> Visited:
        return _visit(web, tmp_path, target, **settings)

    return run


def _shows_what_it_let_be_seen(visited: Visited) -> None:
    """A page that floods the browser's driver may leave no time for renditions; then the capture says so."""
    if visited.captured.recording.outcome is Outcome.PARTIAL and "timeout" in visited.warnings:
        return
    assert visited.roles >= _FROM_THE_PAGE
    assert TRUE in visited.text


def _stored(folder: Path) -> list[Path]:
    return sorted(folder.glob("archive/snapshots/*"))


# Answers


def test_a_redirect_loop_is_unreachable_by_the_browsers_own_word(visit: Visit, tmp_path: Path) -> None:
    with pytest.raises(UnreachableError, match="ERR_TOO_MANY_REDIRECTS") as caught:
        visit("/loop")
    assert code_of(caught.value) == ExitCode.UNREACHABLE
    assert _stored(tmp_path) == []


def test_a_connection_closed_without_a_byte_is_unreachable(visit: Visit, tmp_path: Path) -> None:
    with pytest.raises(UnreachableError, match="ERR_EMPTY_RESPONSE"):
        visit(f"http://{_HOST}/nothing")
    assert _stored(tmp_path) == []


@pytest.mark.parametrize("status", [404, 500])
def test_an_error_page_is_stored_whole_with_a_warning(visit: Visit, status: int) -> None:
    visited = visit(f"/status?{status}")
    assert visited.main.status == status
    assert visited.outcome is Outcome.COMPLETE
    assert "http_error" in visited.warnings


def _visit_of_nothing_to_see(visit: Visit, target: str, folder: Path) -> None:
    """Where the browser shows no document: no answer, or one stored without pictures of something else."""
    try:
        visited = visit(target)
    except UnreachableError:
        assert _stored(folder) == []
    else:
        assert visited.outcome is Outcome.PARTIAL
        assert visited.roles == set()
        assert [r.body for r in visited.records if r.kind == "response"] in ([b""], [b"Over there.\n"])


def test_an_answer_without_content_has_no_renditions(visit: Visit, tmp_path: Path) -> None:
    _visit_of_nothing_to_see(visit, "/status?204", tmp_path)


@pytest.mark.parametrize(
    "target", ["file:///etc/passwd", "chrome://version", "data:text/html,WRITTEN", "javascript:document.write(1)"]
)
def test_a_redirect_out_of_the_web_is_not_followed(visit: Visit, target: str, tmp_path: Path) -> None:
    _visit_of_nothing_to_see(visit, f"/redirect?{target}", tmp_path)


def test_a_slow_endless_document_is_cut_by_time_and_shown_as_far_as_it_came(visit: Visit) -> None:
    visited = visit("/endless?slow=1")
    assert visited.outcome is Outcome.PARTIAL
    assert visited.main_response.one("WARC-Truncated") == "time"
    assert visited.roles == _ALL
    assert TRUE in visited.text


def test_a_fast_endless_document_is_cut_by_length_and_shown_as_far_as_it_came(visit: Visit) -> None:
    visited = visit("/endless", max_body_bytes=500_000)
    assert visited.outcome is Outcome.PARTIAL
    assert visited.main_response.one("WARC-Truncated") == "length"
    assert 250_000 < len(visited.main_response.body) <= 500_000
    assert visited.roles >= _FROM_THE_PAGE
    assert TRUE in visited.text


# Bombs: a little on the wire, 10 GB unpacked


@pytest.mark.parametrize("target", ["/bomb?as=gzip", "/bomb?as=br", "/holds-bombs"])
def test_a_bomb_is_stored_as_it_came_and_bounded_in_memory(visit: Visit, target: str) -> None:
    visited = visit(target, memory_bytes=_MEMORY_BYTES)
    bombs = [r for r in visited.records if r.kind == "response" and "/bomb?" in r.one("WARC-Target-URI")]
    assert len(bombs) == (2 if target == "/holds-bombs" else 1)
    for bomb in bombs:
        coding = "br" if "as=br" in bomb.one("WARC-Target-URI") else "gzip"
        assert bomb.body
        assert bomb_starts_with(coding, bomb.body), "the packed bytes are not those of the wire"
    assert visited.memory.python_growth_bytes < _PYTHON_BYTES
    # The browser is looked at every now and then, and is a little larger when it is seen.
    assert visited.memory.browser_bytes < 1.5 * _MEMORY_BYTES


def test_a_page_that_takes_all_memory_is_partial(visit: Visit) -> None:
    visited = visit("/grows", memory_bytes=_MEMORY_BYTES)
    assert visited.outcome is Outcome.PARTIAL
    assert visited.main.status == 200
    assert {"page_crashed", "memory_limit"} & set(visited.warnings)
    assert visited.memory.browser_bytes < 1.5 * _MEMORY_BYTES


# Scripts


@pytest.mark.parametrize("target", ["/spin-later", "/spin-in-head"])
def test_a_script_without_end_is_stopped_and_the_page_shown(visit: Visit, target: str) -> None:
    visited = visit(target)
    assert visited.outcome is Outcome.PARTIAL
    assert visited.roles >= _FROM_THE_PAGE
    assert "<script>" in visited.frames[0]["html"]
    if target == "/spin-later":
        assert TRUE in visited.text


def test_ten_thousand_dialogs_are_dismissed_and_a_hundred_listed(visit: Visit) -> None:
    visited = visit("/dialogs")
    assert 0 < len(visited.captured.recording.dialogs) <= 100
    assert "dialogs_limited" in visited.warnings
    _shows_what_it_let_be_seen(visited)


def test_a_page_that_asks_whether_to_leave_is_stored(visit: Visit) -> None:
    visited = visit("/before-unload")
    assert visited.roles >= _FROM_THE_PAGE
    assert TRUE in visited.main_response.body.decode()
    # Chromium asks only after a user's gesture, which evaluating a script may count as: it stays, or it goes.
    assert TRUE in visited.text or "navigated_away" in visited.warnings


@pytest.mark.parametrize(
    "target",
    [
        "/prints",
        "/pushes",
        "/floods",
        "/events-page",
        "/worker",
        "/asks",
        "/imports",
        "/closes",
        "/downloads",
    ],
)
def test_a_page_that_makes_trouble_is_stored_with_what_it_shows(visit: Visit, target: str) -> None:
    visited = visit(target)
    assert visited.main.status == 200
    assert visited.main_response.body.endswith(b"</html>")
    _shows_what_it_let_be_seen(visited)


def test_a_page_that_writes_itself_anew_for_ever_is_stored(visit: Visit) -> None:
    visited = visit("/writes")
    assert visited.roles >= _FROM_THE_PAGE
    assert "again" in visited.text
    assert TRUE in visited.main_response.body.decode()


def test_a_page_whose_script_writes_without_end_is_stored_as_partial(visit: Visit) -> None:
    visited = visit("/writes-and-never-closes")
    assert visited.outcome is Outcome.PARTIAL
    assert TRUE in visited.main_response.body.decode()


def test_a_page_that_asks_for_ten_thousand_things_at_once_is_stored(visit: Visit) -> None:
    visited = visit("/fetches")
    _shows_what_it_let_be_seen(visited)
    assert len(visited.asked("/text?")) > 100


def test_what_a_service_worker_made_up_is_shown_and_the_sites_own_answer_recorded(visit: Visit) -> None:
    visited = visit("/served-by-worker")
    assert "The worker made this up." in visited.text
    assert TRUE in visited.main_response.body.decode()


# Lies: functions that a reader of the page may rely on, replaced by the page


@pytest.mark.parametrize("target", ["/liar?lies=", "/liar?throws="])
def test_a_page_that_lies_about_everything_is_read_as_it_is(visit: Visit, target: str) -> None:
    visited = visit(target)
    assert visited.roles == _ALL
    (frame,) = visited.frames
    assert TRUE in frame["html"]
    assert TRUE in visited.text
    assert "A LIE" not in visited.text
    assert visited.captured.recording.title == "hostile"


@pytest.fixture(scope="module")
def liars(web: LocalWeb, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """What was read of a page that has a frame for each lie, by the frames' host."""
    visited = _visit(web, tmp_path_factory.mktemp("liars"), "/liars", timeout_s=30.0)
    return {frame["url"].split("/")[2]: frame | {"texts": visited.text} for frame in visited.frames}


@pytest.mark.parametrize("how", ["lies", "throws"])
@pytest.mark.parametrize("lie", LIES)
def test_a_frame_that_lies_about_one_thing_is_read_as_it_is(
    liars: dict[str, dict[str, Any]], lie: str, how: str
) -> None:
    frame = liars[f"{how}{list(LIES).index(lie)}.liars.test"]
    assert TRUE in frame["html"]
    assert frame["title"] == "hostile"
    assert frame["texts"].count(TRUE) == 2 * len(LIES) + 1


# Going away


@pytest.mark.parametrize("target", ["/refresh-second", "/refresh-at-once"])
def test_a_page_that_reloads_itself_for_ever_is_stored(visit: Visit, target: str) -> None:
    visited = visit(target)
    assert visited.main.status == 200
    assert TRUE in visited.main_response.body.decode()
    # No document may have stood still for long enough to be pictured; then the capture says which step failed.
    assert visited.roles >= _FROM_THE_PAGE or {"step_failed", "timeout"} & set(visited.warnings)


def test_a_page_that_goes_elsewhere_is_stored_with_both_documents_and_a_warning(visit: Visit) -> None:
    visited = visit("/away")
    message = visited.warnings["navigated_away"]
    assert f"https://{_HOST}/away" in message
    assert f"https://{_HOST}/elsewhere" in message
    for path in ("/away", "/elsewhere"):
        assert [x["result"] for x in visited.asked(path)] == ["recorded"]


def test_a_page_that_goes_to_a_blob_of_its_own_is_stored_with_a_warning(visit: Visit) -> None:
    visited = visit("/away-to-blob")
    assert f"https://{_HOST}/away-to-blob" in visited.warnings["navigated_away"]
    assert TRUE in visited.main_response.body.decode()


def test_a_page_that_refreshes_to_a_data_address_stays(visit: Visit) -> None:
    visited = visit("/refreshes-to-data")
    assert TRUE in visited.text
    assert "WRITTEN" not in visited.text


def test_files_and_the_browsers_own_pages_are_not_shown_in_frames(visit: Visit) -> None:
    visited = visit("/schemes")
    assert TRUE in visited.text
    everything = visited.text + json.dumps(visited.frames)
    assert "root:x:0" not in everything
    assert "WRITTEN BY SCRIPT" not in visited.text
    assert [x for x in visited.exchanges if not x["url"].startswith("https://")] == []
    assert [x["result"] for x in visited.asked("/scripted.svg?picture")] == ["recorded"]
    assert visited.asked("script-of?object")
    assert not visited.asked("script-of?picture")


# Large pages


def test_two_thousand_frames_are_stored(visit: Visit) -> None:
    visited = visit("/iframes", timeout_s=15.0)
    assert visited.main_response.body.count(b"<iframe") == 2000
    own = visited.asked("/frame?")
    assert own
    assert visited.outcome is Outcome.PARTIAL or [x["result"] for x in own] == ["recorded"] * 50


def test_a_hundred_thousand_elements_and_three_thousand_within_each_other_are_in_the_dom(visit: Visit) -> None:
    visited = visit("/elements", timeout_s=15.0)
    assert visited.roles >= _FROM_THE_PAGE
    assert visited.frames[0]["html"].count("<i>") == 100_000
    assert visited.frames[0]["html"].count("<div>") == 3000
    assert "the innermost" in visited.text


def test_a_page_of_60000_px_is_pictured_in_tiles_without_gap(visit: Visit) -> None:
    visited = visit("/tall", timeout_s=25.0)
    pictures = visited.blocks("urn:fullPage:")
    assert len(pictures) > 1
    assert sum(struct.unpack(">I", picture[20:24])[0] for picture in pictures) == 60_000


def test_a_page_that_grows_as_it_is_scrolled_is_stored(visit: Visit) -> None:
    visited = visit("/scrolls-on")
    assert visited.roles >= _FROM_THE_PAGE
    assert TRUE in visited.text


@pytest.mark.parametrize("target", ["/popups", "/bare-popups"])
def test_of_fifty_popups_ten_are_kept(visit: Visit, target: str) -> None:
    visited = visit(target, timeout_s=30.0)
    assert "popups_limited" in visited.warnings
    assert 1 < len({frame["page"] for frame in visited.frames}) <= 11
    assert visited.roles >= _FROM_THE_PAGE
    assert TRUE in visited.text


# Odd names


def test_odd_names_enter_no_field_no_line_and_no_terminal(web: LocalWeb, tmp_path: Path) -> None:
    rules = [f"--resolve={rule}" for rule in web.resolve]
    command = [sys.executable, "-m", "archiver", "--archive", str(tmp_path / "archive"), "capture", *rules]
    command += [f"--trust-ca={web.ca_path}", "--timeout=15s", f"https://{_HOST}/odd-names?\u202egnp.exe"]
    done = subprocess.run(command, capture_output=True, timeout=60, check=False)
    printed = (done.stdout + done.stderr).decode()
    assert done.returncode in (ExitCode.DONE, ExitCode.PARTIAL), printed
    unsafe = {c for c in printed if c != "\n" and unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp")}
    assert unsafe == set()
    assert "first" in printed, "the title is there"
    assert max(map(len, printed.splitlines())) < 20_000


def test_odd_names_make_no_field_of_a_warc_and_no_line_of_an_index(visit: Visit) -> None:
    visited = visit("/odd-names")
    assert visited.captured.recording.title.startswith("first")
    assert [r for r in visited.records if r.kind == "fake"] == []
    for path in ("/odd-fields", "/odd-disposition", "/text?"):
        assert visited.asked(path), "nothing was tested"
    odd = [r for r in visited.records if r.kind == "response" and r.one("WARC-Target-URI").endswith("/odd-fields")]
    assert all(b"x-tab: a\tWARC-Type: fake" in r.head for r in odd)


# Deaths


@pytest.fixture
def struck(site: HostileSite) -> Iterator[Callable[[str], list[int]]]:
    """Kills a part of the browser when the page asks for /trigger; the list fills with whom it hit."""

    def arm(part: str) -> list[int]:
        hit: list[int] = []
        site.on_trigger = lambda: hit.extend(processes.kill(part) if not hit else ())
        return hit

    yield arm
    site.on_trigger = lambda: None


def _killer(part: str, step: str, hit: list[int]) -> Callable[[Progress], None]:
    def show(progress: Progress) -> None:
        if progress.step == step and not hit:
            hit.extend(processes.kill(part))

    return show


def test_a_browser_that_dies_before_an_answer_is_a_browser_error(
    visit: Visit, struck: Callable[[str], list[int]], tmp_path: Path
) -> None:
    hit = struck("browser")
    with pytest.raises(BrowserError) as caught:
        visit("/trigger")
    assert len(hit) == 1
    assert code_of(caught.value) == ExitCode.BROWSER
    assert _stored(tmp_path) == []


@pytest.mark.parametrize(("part", "code"), [("browser", "browser_died"), ("renderer", "page_crashed")])
@pytest.mark.parametrize("target", ["/killed-while-loading", "/killed-while-settling"])
def test_what_was_parsed_before_a_death_is_stored(
    visit: Visit, struck: Callable[[str], list[int]], target: str, part: str, code: str
) -> None:
    hit = struck(part)
    visited = visit(target)
    assert hit
    assert visited.outcome is Outcome.PARTIAL
    assert code in visited.warnings
    assert TRUE in visited.main_response.body.decode()


@pytest.mark.parametrize(("part", "code"), [("browser", "browser_died"), ("renderer", "page_crashed")])
def test_a_death_while_pictures_are_taken_leaves_dom_and_text(visit: Visit, part: str, code: str) -> None:
    hit: list[int] = []
    visited = visit("/plain", on_progress=_killer(part, "pictures", hit))
    assert hit
    assert visited.outcome is Outcome.PARTIAL
    assert code in visited.warnings
    assert TRUE in visited.text
    assert TRUE in visited.main_response.body.decode()


def test_the_death_of_the_graphics_process_is_survived(visit: Visit, struck: Callable[[str], list[int]]) -> None:
    hit = struck("gpu")
    visited = visit("/killed-while-settling")
    assert hit
    assert visited.roles >= _FROM_THE_PAGE
    assert TRUE in visited.main_response.body.decode()


def test_after_the_death_of_the_network_process_no_answer_is_taken_for_another(
    visit: Visit, struck: Callable[[str], list[int]]
) -> None:
    # Chromium starts another, whose log numbers its sources from the beginning again.
    hit = struck("network")
    visited = visit("/killed-and-goes-on", settle_s=3.0, timeout_s=15.0)
    assert hit
    assert visited.outcome is Outcome.PARTIAL
    said = {"browser_died", "page_crashed", "recording_stopped", "log_unreadable", "not_reconciled"}
    assert said & set(visited.warnings)
    assert [x["result"] for x in visited.asked("/killed-and-goes-on")] == ["recorded"]
    # Its request may have died with the log that the process had not written yet: then a warning stands for it.
    assert {x["result"] for x in visited.asked("/trigger")} <= {"failed"}, "the server never answered it"
    for record in visited.records:
        if record.kind == "response" and "/frame?" in record.one("WARC-Target-URI"):
            assert record.body == PAGES["/frame"].encode()
