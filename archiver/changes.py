"""What changed on a page between two captures: its text, status, title, address and picture.

A page is *unchanged* when text, status, title and final URL are the same. The text is that of the article (headlines,
paragraphs, block quotations) where both pages have one that could be told from the rest and was read whole; else all
visible text. Where that is the same byte for byte, so is the text, however the article was told from the rest. A page
without any text, such as a PDF, is unchanged when its main document is, byte for byte.

The picture does not decide: advertisements rotate. It is compared all the same, and so is the text round the article;
that they differ is said beside it. What could not be compared is named, with the reason. Where that is the text, and
nothing else differs, it is *unknown* whether the page changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal

from archiver import clock, moments
from archiver.archive import Archive
from archiver.difference import picture
from archiver.difference.drawing import draw
from archiver.difference.picture import Picture, PictureChange, PictureError
from archiver.difference.text import Compared, Hunk, TextChange, compare_texts, hunks, lines_of
from archiver.errors import ArchiverError, NotFoundError, StorageError
from archiver.index.queries import Capture
from archiver.provenance.page import Page, read_page
from archiver.similar import frames_of
from archiver.snapshot import Snapshot

Kind = Literal["first", "unchanged", "changed", "unknown"]

MAX_TEXT_BYTES = 4_000_000  # some 700,000 words, which take two seconds
MAX_PICTURE_BYTES = 96 << 20
_TOLD = ("body", "header", "quote")
_PARAGRAPH_CHARS = 80
# What reading a page tells of its first frame's text, and of its main text: other frames, of which there may be very
# many, and JSON-LD have no part in it.
_OF_THE_TEXT = ("frame 0", "the page is too large", "the main text")
_MAX_PROBLEM_CHARS = 300
_MINUS = "\u2212"


@dataclass(frozen=True)
class Change:
    """What is different in the capture `after` from the capture `before`, in pairs of what was and what is.

    Of the first capture of a URL, all that would be of another is None. `document_bytes` is the HTML of the main frame
    as it stood. `document_same` and `page_text_same` say whether the main document as it was sent, and all visible
    text, are the same byte for byte; None where that is not known.
    """

    kind: Kind
    before: str | None
    after: str
    before_at: datetime | None
    after_at: datetime
    status: tuple[int | None, int | None]
    final_url: tuple[str | None, str]
    title: tuple[str | None, str]
    document_bytes: tuple[int | None, int | None] = (None, None)
    document_same: bool | None = None
    text: TextChange | None = None
    page_text_same: bool | None = None
    picture: PictureChange | None = None
    not_compared: tuple[str, ...] = ()

    @property
    def since_s(self) -> float | None:
        """Seconds from the one capture to the other; negative where `after` is the earlier one."""
        return None if self.before_at is None else (self.after_at - self.before_at).total_seconds()


@dataclass(frozen=True)
class _Article:
    """The article of a stored page by paragraphs; `problem` says why it is not to be compared."""

    paragraphs: tuple[str, ...]
    html_bytes: int | None
    problem: str = ""


@dataclass(frozen=True)
class _Texts:
    """The texts of two snapshots by paragraphs, of the same kind; None where they cannot be compared."""

    compared: Compared
    before: tuple[str, ...]
    after: tuple[str, ...]


def previous(archive: Archive, id_: str) -> Capture | None:
    """The complete capture of the same requested URL before this one. Raises `NotFoundError` for an unknown id."""
    capture, _ = archive.locate(id_)
    return archive.previous(capture)


def pair(archive: Archive, references: Sequence[str]) -> tuple[Snapshot, Snapshot]:
    """The snapshots that one or two REFs name, the older one first; before the only one, the complete one before it.

    Raises `NotFoundError` where there is none before it.
    """
    *older, newer = (archive.find(reference) for reference in references)
    if older:
        return older[0], newer
    earlier = previous(archive, newer.id)
    if earlier is None:
        raise NotFoundError(
            f"{newer.id} is the first complete capture of its URL: there is none before it to compare it with; "
            "name another one"
        )
    return archive.find(earlier.id), newer


def since_previous(archive: Archive, id_: str) -> Change:
    """What changed since the complete capture of the same URL before. Raises as `Archive.find`."""
    after = archive.find(id_)
    earlier = previous(archive, after.id)
    return first(after) if earlier is None else compare(archive.find(earlier.id), after)


def first(snapshot: Snapshot) -> Change:
    """Said of a snapshot with nothing before it to be compared with."""
    said = snapshot.statement
    return Change(
        kind="first",
        before=None,
        after=snapshot.id,
        before_at=None,
        after_at=_moment(snapshot),
        status=(None, _status(snapshot)),
        final_url=(None, str(said["final_url"])),
        title=(None, _title(snapshot)),
    )


def compare(before: Snapshot, after: Snapshot) -> Change:
    """What is different in one snapshot from another. What cannot be read is in `not_compared`, and raises nothing."""
    lacking: list[str] = []
    articles = _article(before), _article(after)
    texts = _texts(before, after, articles, lacking)
    change = None if texts is None else compare_texts(texts.before, texts.after, texts.compared)
    status = (_status(before), _status(after))
    title = (_title(before), _title(after))
    final_url = (str(before.statement["final_url"]), str(after.statement["final_url"]))
    page_text_same, document_same = _same(before, after, "text"), _same_document(before, after)
    same = change.same if change is not None else page_text_same
    if same is None and not _has_text(before) and not _has_text(after):
        same = document_same
    told = all(one == two for one, two in (status, title, final_url))
    kind: Kind = "changed" if not told or same is False else "unknown" if same is None else "unchanged"
    seen = _seen(before, after, lacking)
    return Change(
        kind=kind,
        before=before.id,
        after=after.id,
        before_at=_moment(before),
        after_at=_moment(after),
        status=status,
        final_url=final_url,
        title=title,
        document_bytes=(articles[0].html_bytes, articles[1].html_bytes),
        document_same=document_same,
        text=change,
        page_text_same=page_text_same,
        picture=seen,
        not_compared=tuple(lacking),
    )


def text_hunks(before: Snapshot, after: Snapshot) -> tuple[Compared, list[Hunk]]:
    """What differs between the texts, sentence by sentence, and of what. Raises `NotFoundError` if that is unknown."""
    lacking: list[str] = []
    texts = _texts(before, after, (_article(before), _article(after)), lacking)
    if texts is None:
        raise NotFoundError(f"the texts of {before.id} and {after.id} cannot be compared: {'; '.join(lacking)}")
    return texts.compared, hunks(lines_of(texts.before), lines_of(texts.after))


def visual(before: Snapshot, after: Snapshot) -> tuple[bytes, PictureChange]:
    """A PNG of both pictures and what differs, side by side. Raises `NotFoundError` where they cannot be compared."""
    lacking: list[str] = []
    found = _compared(before, after, lacking)
    if found is None:
        raise NotFoundError(f"the pictures of {before.id} and {after.id} cannot be compared: {'; '.join(lacking)}")
    share = percent(found.change.share)
    shown = "nothing differs" if found.change.same else f"red: what differs, {share} of the area"
    return draw(found, (f"before: {_named(before)}", f"after: {_named(after)}", shown)), found.change


def document(change: Change) -> dict[str, Any]:
    """A change as a JSON object: pairs are lists of what was and what is."""
    return {
        "kind": change.kind,
        "before": change.before,
        "after": change.after,
        "before_at": None if change.before_at is None else clock.rfc3339(change.before_at),
        "after_at": clock.rfc3339(change.after_at),
        "since_s": change.since_s,
        "status": list(change.status),
        "final_url": list(change.final_url),
        "title": list(change.title),
        "document_bytes": list(change.document_bytes),
        "document_same": change.document_same,
        "text": None if change.text is None else asdict(change.text),
        "page_text_same": change.page_text_same,
        "picture": None if change.picture is None else asdict(change.picture),
        "not_compared": list(change.not_compared),
    }


def sentence(change: Change) -> str:
    """A change in one line for people; it has nothing of the page but numbers."""
    if change.before_at is None:
        return "first capture of this URL"
    since = f"since {change.before_at:%Y-%m-%d %H:%M} UTC"
    if change.kind == "changed":
        return f"changed {since}: {', '.join([*_differing(change), *_beside(change)])}"
    beside = ", ".join(_beside(change))
    if change.kind == "unknown":
        return f"not known whether it changed {since}: text not compared" + (f", {beside}" if beside else "")
    return f"unchanged {since}" + (f": {_the_same(change)}, {beside}" if beside else "")


def _differing(change: Change) -> Iterator[str]:
    """What makes a page changed."""
    text = change.text
    if text is not None and not text.same:
        most = "" if text.exact else "at most "
        of_page = " of the whole page" if text.compared == "page" else ""
        yield f"text{of_page} {most}+{text.added} {_MINUS}{text.removed} words"
    elif text is None and change.page_text_same is False:
        yield "text of the whole page"
    elif text is None and change.page_text_same is None and change.document_same is False:
        yield "main document"
    old, new = change.status
    if old != new:
        yield f"status {old or 'none'} → {new or 'none'}"
    if change.title[0] != change.title[1]:
        yield "title"
    if change.final_url[0] != change.final_url[1]:
        yield "final URL"


def _beside(change: Change) -> Iterator[str]:
    """What makes no change, and is to be known."""
    text = change.text
    if text is not None and text.compared == "article" and text.same and change.page_text_same is False:
        yield "other text of the page differs"
    if change.picture is None:
        yield "picture not compared"
    elif not change.picture.same:
        yield f"picture {percent(change.picture.share)} different"


def _the_same(change: Change) -> str:
    if change.text is None:
        return "same document" if change.page_text_same is None else "same text"
    return "same article" if change.text.compared == "article" else "same text"


def percent(share: float) -> str:
    """A share for people: never nothing of what is something, never all of what is not."""
    if 0 < share < 0.001:
        return "under 0.1 %"
    return f"{min(share, 0.999) * 100:.1f} %" if share < 1 else "100 %"


# reading


def _article(snapshot: Snapshot) -> _Article:
    try:
        frames = frames_of(snapshot)
    except (NotFoundError, StorageError) as error:
        return _Article((), None, _cut(error))
    html = frames[0].get("html") if frames else None
    size = len(html.encode("utf-8", "replace")) if isinstance(html, str) else None
    page = read_page(frames, str(snapshot.statement["final_url"]))
    cut = [each for each in page.problems if each.startswith(_OF_THE_TEXT) and ": tags beyond" not in each]
    paragraphs = tuple(_told(page))
    problem = f"{snapshot.id}: {'; '.join(cut)}"[:_MAX_PROBLEM_CHARS] if cut else ""
    if not paragraphs and not problem:
        problem = f"{snapshot.id} has no text that could be told from the rest of the page"
    return _Article(paragraphs, size, problem)


def _told(page: Page) -> Iterator[str]:
    """Headlines and main text: what others said in it counts as well, for it may be altered.

    So does a long paragraph amid the main text that was not taken for a part of it: better a false alarm than a
    change that nobody is told of.
    """
    for block in page.blocks:
        headline = block.tag == "h1" and page.first_main >= 0 and page.zone(block) == "head"
        amid = page.first_main <= block.number <= page.last_main and len(block.text) >= _PARAGRAPH_CHARS
        if headline or ((block.main or amid) and block.region in _TOLD):
            yield block.text


def _texts(before: Snapshot, after: Snapshot, articles: tuple[_Article, _Article], lacking: list[str]) -> _Texts | None:
    """What is to be compared: both articles, or all text of both pages. Why they cannot be goes to `lacking`."""
    old, new = (article.paragraphs for article in articles)
    problems = list(dict.fromkeys(article.problem for article in articles if article.problem))
    # The same text may be told from the rest in two ways, as where a class name changed.
    told_otherwise = old != new and _same(before, after, "text") is True
    if not problems and not told_otherwise:
        return _Texts("article", old, new)
    lacking += [f"article: {problem}" for problem in problems or ["all visible text is the same"]]
    try:
        return _Texts("page", _lines(before), _lines(after))
    except (NotFoundError, StorageError) as error:
        lacking.append(f"text: {_cut(error)}")
    # What was cut off says nothing where it is the same; where it differs, that is better than nothing.
    return _Texts("article", old, new) if old and new and old != new and not told_otherwise else None


def _lines(snapshot: Snapshot) -> tuple[str, ...]:
    text = _read(snapshot.part("text"), MAX_TEXT_BYTES, f"the text of {snapshot.id}")
    return tuple(text.decode("utf-8", "replace").splitlines())


def _seen(before: Snapshot, after: Snapshot, lacking: list[str]) -> PictureChange | None:
    found = _compared(before, after, lacking)
    return None if found is None else found.change


def _compared(before: Snapshot, after: Snapshot, lacking: list[str]) -> picture.Compared | None:
    """The pictures of two snapshots, compared: of the full page where both have one, else of what is seen first."""
    devices = [_device(snapshot) for snapshot in (before, after)]
    if devices[0] != devices[1]:
        lacking.append(f"picture: the page was seen by two devices, {devices[0]} and {devices[1]}")
        return None
    ways: list[tuple[picture.Shown, Callable[[Snapshot], Picture]]] = [
        ("full_page", _tiles),
        ("viewport", _viewport),
    ]
    for shown, read in ways:
        try:
            return picture.compare_pictures(read(before), read(after), shown)
        except (NotFoundError, StorageError, PictureError) as error:
            lacking.append(f"{'picture' if shown == 'viewport' else 'picture of the full page'}: {_cut(error)}")
    return None


def _tiles(snapshot: Snapshot) -> Picture:
    name, found, left = f"the full-page screenshot of {snapshot.id}", list[bytes](), MAX_PICTURE_BYTES
    for pieces in snapshot.tiles():
        if len(found) == picture.MAX_TILES:
            raise StorageError(f"{name} has more than {picture.MAX_TILES} tiles")
        found.append(_read(pieces, left, name))
        left -= len(found[-1])
    if not found:
        raise NotFoundError(f"{snapshot.id} has no full-screenshot: see the warnings of its capture")
    return Picture(name, tuple(found))


def _viewport(snapshot: Snapshot) -> Picture:
    name = f"the screenshot of {snapshot.id}"
    return Picture(name, (_read(snapshot.part("screenshot"), MAX_PICTURE_BYTES, name),))


def _read(pieces: Iterator[bytes], limit: int, what: str) -> bytes:
    data = bytearray()
    for piece in pieces:
        data += piece
        if len(data) > limit:
            raise StorageError(f"{what} has more than {limit:,} bytes")
    return bytes(data)


# what statements say


def _moment(snapshot: Snapshot) -> datetime:
    return moments.parse_rfc3339(snapshot.statement["started_at"])


def _named(snapshot: Snapshot) -> str:
    return f"{_moment(snapshot):%Y-%m-%d %H:%M:%S} UTC  {snapshot.id}"


def _title(snapshot: Snapshot) -> str:
    return str(snapshot.statement.get("title") or "")


def _main(snapshot: Snapshot) -> dict[str, Any]:
    said = snapshot.statement.get("main_document")
    return said if isinstance(said, dict) else {}


def _status(snapshot: Snapshot) -> int | None:
    status = _main(snapshot).get("status")
    return status if isinstance(status, int) else None


def _device(snapshot: Snapshot) -> str:
    said = snapshot.statement.get("conditions")
    seen = said if isinstance(said, dict) else {}
    viewport = seen.get("viewport")
    size = " × ".join(map(str, viewport)) if isinstance(viewport, list) else "unknown"
    return f"{size} px at {seen.get('device_pixel_ratio')}"[:_MAX_PROBLEM_CHARS]


def _has_text(snapshot: Snapshot) -> bool:
    return bool(snapshot.artifacts("text") or snapshot.artifacts("dom"))


def _same(before: Snapshot, after: Snapshot, role: str) -> bool | None:
    """Whether the artifacts of a role are the same, by their SHA-256; None where one has none."""
    digests = [[found["sha256"] for found in snapshot.artifacts(role)] for snapshot in (before, after)]
    return digests[0] == digests[1] if all(digests) else None


def _same_document(before: Snapshot, after: Snapshot) -> bool | None:
    digests = [_main(snapshot).get("sha256") for snapshot in (before, after)]
    return digests[0] == digests[1] if all(digests) else None


def _cut(error: ArchiverError | PictureError) -> str:
    return str(error)[:_MAX_PROBLEM_CHARS]
