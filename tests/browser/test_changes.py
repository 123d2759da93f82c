"""A page of the local web that changes between two visits of the real browser, and what is said of it."""

from __future__ import annotations

import json
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from archiver import changes
from archiver.archive import Archive
from tests.sites.model import Request, Response
from tests.sites.server import LocalWeb
from tests.support.capturing import capture
from tests.unit.provenance.texts import sentences

pytestmark = pytest.mark.browser

_URL = "https://outlet.test/story"
_STORY = sentences(7, 170)  # higher than one picture, on a narrow column
_STYLE = (
    "body { margin: 0; font: 16px/1.4 monospace } article { width: 220px; margin: 20px } "
    "#ad { height: 90px; width: 728px } figure { margin: 0; height: 200px; width: 300px; background: teal }"
)


class Edited:
    """A site with one article, which its editor has in hand."""

    def __init__(self) -> None:
        self.sentences = list(_STORY)
        self.advertisement = "#ddd"
        self.title = "Ferry line reopens"

    async def __call__(self, request: Request) -> Response:
        fields = [(b"Content-Type", b"text/html; charset=utf-8")]
        if request.path != "/story":
            return Response(404, b"Not Found", fields, b"<p>not here")
        text = "".join(f"<p>{' '.join(self.sentences[at : at + 4])}</p>" for at in range(0, len(self.sentences), 4))
        page = (
            f"<!doctype html><html lang=en><title>{self.title}</title><style>{_STYLE}</style>"
            f"<body><div id=ad style='background: {self.advertisement}'></div>"
            f"<article><h1>Ferry line reopens</h1>{text}</article><figure></figure></body></html>"
        )
        return Response(fields=fields, body=page.encode())


def test_a_page_that_changes_is_told_from_one_that_does_not(tmp_path: Path) -> None:
    site = Edited()
    with LocalWeb(site) as web:

        def visit() -> str:
            captured = capture(web, _URL, tmp_path / "archive", settle_s=2.0)
            assert captured.recording.outcome == "complete", captured.recording.warnings
            return captured.snapshot.id

        first, same = visit(), visit()
        site.advertisement = "#a44"
        other_ad = visit()
        changed = max(site.sentences[148].split(), key=len)
        put = changed[::-1]  # of the same width, so that nothing moves
        site.sentences[148] = site.sentences[148].replace(changed, put)
        site.title = "Ferry line stays shut"
        edited = visit()
        assert web.errors == []
    with Archive(str(tmp_path / "archive")) as archive:
        told = [changes.since_previous(archive, id_) for id_ in (first, same, other_ad, edited)]
        data, _ = changes.visual(archive.find(other_ad), archive.find(edited))
        compared, hunks = changes.text_hunks(archive.find(first), archive.find(edited))
        tiles = len(archive.find(edited).artifacts("full_screenshot"))
    assert [change.kind for change in told] == ["first", "unchanged", "unchanged", "changed"]
    assert all(change.not_compared == () for change in told[1:])
    assert [change.picture and change.picture.same for change in told[1:]] == [True, False, False]
    assert changes.sentence(told[1]) == f"unchanged since {told[1].before_at:%Y-%m-%d %H:%M} UTC"
    assert told[2].picture is not None
    assert told[2].picture.box == (0, 0, 728, 90)
    assert told[2].page_text_same is True
    of_edited = told[3]
    assert of_edited.text is not None
    assert (of_edited.text.compared, of_edited.text.added, of_edited.text.removed) == ("article", 1, 1)
    assert of_edited.title == ("Ferry line reopens", "Ferry line stays shut")
    assert of_edited.picture is not None
    assert tiles > 1
    assert of_edited.picture.before == of_edited.picture.after
    left, top, right, bottom = of_edited.picture.box or (0, 0, 0, 0)
    assert 10 <= left < right <= 250
    assert 8_192 < top < bottom < of_edited.picture.after[1], "in a tile below the first"
    assert timedelta(0) < timedelta(seconds=of_edited.since_s or 0) < timedelta(minutes=5)
    (hunk,) = hunks
    marked = [(line.sign, line.text[a:b]) for line in hunk.lines for a, b in line.marked]
    assert (compared, marked) == ("article", [("-", changed), ("+", put)])
    sheet = Image.open(BytesIO(data))
    assert sheet.width > 3 * 500
    assert json.dumps(changes.document(of_edited))
