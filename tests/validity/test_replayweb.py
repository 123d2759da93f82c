"""replayweb.page shows the demo page from what the archive exports: article, ads in their frames, links, disclaimer."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from archiver.archive import Archive
from archiver.demo.site import AD_TEXTS, COPYRIGHTS, DISCLAIMER, LINK_BLOCKS, REPOST_URL
from archiver.exporting import evidence
from archiver.snapshot import Snapshot
from tests.support.captures import Captures
from tests.support.replayweb import Replay, player

pytestmark = [pytest.mark.browser, pytest.mark.oracle]

_ARTICLE = (
    "Harbor Ministers Agree to Sit Down in Port Lindry Over Strait Pilots",
    "The talks are to open with a joint sounding of the channel",
)
_BLOCKS = tuple(text for block in LINK_BLOCKS for text in (block.heading, *block.links))
_TEXTS = (*AD_TEXTS, *_ARTICLE, *dict.fromkeys(_BLOCKS), DISCLAIMER, *COPYRIGHTS)
#: ads that the page holds in a frame, and what of the frame's address is known
_FRAMES = {
    "AD-IFRAME": "//ads.adnetwork.test/slot/boots.html",
    "AD-NESTED": "//creative.bidder.test/creative/loaf.html",
    "AD-LAZY": "//ads.adnetwork.test/slot/umbrella.html",
    "AD-WRITE": "",
    "AD-SRCDOC": "about:srcdoc",
}

_EXPORTS = ("wacz", "evidence")


@pytest.fixture(scope="module")
def exports(captures: Captures, demo: Snapshot, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    player()
    folder = tmp_path_factory.mktemp("exports")
    archive = Archive(captures.location("demo"))
    paths = {name: folder / f"{name}.wacz" for name in _EXPORTS}
    paths["wacz"].write_bytes(b"".join(demo.part("wacz")))
    paths["evidence"].write_bytes(b"".join(evidence(archive, demo)))
    return paths


@pytest.fixture(scope="module", params=_EXPORTS)
def replay(
    request: pytest.FixtureRequest, exports: dict[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> Replay:
    name: str = request.param
    return Replay(exports[name], REPOST_URL, _TEXTS, tmp_path_factory.mktemp(f"replayweb-{name}"))


def test_every_ad_can_be_seen_where_it_was(replay: Replay) -> None:
    for text in AD_TEXTS:
        (place,) = replay.seen[text] or ["nowhere"]
        of_frame = _FRAMES.get(text.partition(":")[0])
        if of_frame is None:
            assert (text, place) == (text, REPOST_URL)
        else:
            assert place not in ("nowhere", REPOST_URL), text
            assert place.endswith(of_frame), text


@pytest.mark.parametrize("texts", [_ARTICLE, _BLOCKS, (DISCLAIMER, *COPYRIGHTS)], ids=["article", "links", "rights"])
def test_the_page_itself_can_be_seen(replay: Replay, texts: tuple[str, ...]) -> None:
    assert {text: replay.seen[text] for text in texts} == {text: [REPOST_URL] for text in texts}


def test_nothing_is_asked_of_anybody_else(replay: Replay) -> None:
    assert replay.connections == {replay.server}
    assert [url for url in replay.requests if not url.startswith(f"http://{replay.server}/")] == []
    assert f"http://{replay.server}/replay/ui.js" in replay.requests


def test_the_player_reads_the_file_range_by_range(replay: Replay) -> None:
    assert set(replay.statuses) == {206}


def test_an_ad_that_the_index_lacks_cannot_be_seen(exports: dict[str, Path], tmp_path: Path) -> None:
    """Else the tests above would say nothing."""
    lacking = tmp_path / "lacking.wacz"
    with zipfile.ZipFile(exports["wacz"]) as before, zipfile.ZipFile(lacking, "w") as after:
        for info in before.infolist():
            lines = before.read(info).splitlines(keepends=True)
            if info.filename == "indexes/index.cdxj":
                kept = [line for line in lines if b"/slot/boots.html" not in line]
                assert len(kept) == len(lines) - 1
                lines = kept
            after.writestr(info, b"".join(lines))
    others = [text for text in AD_TEXTS if not text.startswith("AD-IFRAME")]
    replay = Replay(lacking, REPOST_URL, others, tmp_path, lacking=[text for text in AD_TEXTS if text not in others])
    assert [text for text, seen in replay.seen.items() if not seen] == [AD_TEXTS[2]]
