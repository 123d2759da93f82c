"""Tracing a repost: from a snapshot, hop by hop, to what it says it comes from and what its text comes from.

Each hop is a page that is read as it is stored. What is not in the archive yet is captured where that is asked for,
through the same browser and guard, within a budget for each host; every such visit is a capture in the log. What each
page says and what comparing the texts shows is kept apart (`provenance.graph`), and stated in the log.
"""

from __future__ import annotations

import contextlib
import html as entities
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from archiver import clock, similar
from archiver.archive import Archive
from archiver.errors import ArchiverError, NotFoundError, StorageError, UsageError
from archiver.moments import parse_rfc3339
from archiver.provenance import resolve
from archiver.provenance.agencies import agency
from archiver.provenance.article import Article, of_page
from archiver.provenance.claim import Claim, Direction, Relation, Target
from archiver.provenance.claims import find_claims
from archiver.provenance.dates import DateFound, Order, best, order
from archiver.provenance.derivation import Derivation, derivation_of, from_statement, to_statement
from archiver.provenance.graph import (
    MAX_ID_CHARS,
    OF_THE_TEXT,
    Candidate,
    Chain,
    DirectionBy,
    Edge,
    End,
    EndKind,
    Node,
    NodeKind,
    Status,
    is_evidence,
)
from archiver.provenance.judge import Judgement, Source, judge
from archiver.provenance.limits import MAX_VALUE_CHARS
from archiver.provenance.match import Match, Verdict, compare
from archiver.provenance.outlets import site_of
from archiver.provenance.page import Page, read_page
from archiver.provenance.page_dates import Given, find_dates
from archiver.seal.statement import About
from archiver.snapshot import Snapshot
from archiver.urls import parse_capturable

#: told of each step in words
OnStep = Callable[[str], None]

_OF_OTHERS = (Relation.QUOTES, Relation.ILLUSTRATES)
_MAX_OF_OTHERS = 20
_NOT_THERE = "it is not in the archive; --capture-missing visits it"
_MAX_TRIED = 3  # candidates that are looked at, for one source
_MAX_CANDIDATES = 20
_MAX_SOURCE_CHARS = 32 << 20  # of a feed, as it is shown


@dataclass(frozen=True)
class Limits:
    """How far to go: hops, visits of one host, visits in all, and the seconds between two visits of one host."""

    depth: int = 5
    per_host: int = 6
    visits: int = 30
    pause_s: float = 1.0


@dataclass(frozen=True)
class Traced:
    """The chain, how many derivations were stated anew, how many pages were captured, and what was given up."""

    chain: Chain
    stated: int
    captured: int
    notes: tuple[str, ...]


def trace(
    archive: Archive,
    ref: str,
    limits: Limits | None = None,
    *,
    capture_missing: bool = False,
    on_step: OnStep | None = None,
) -> Traced:
    """Trace the snapshot that a REF names; each derivation that is new is stated in the log.

    Raises as `Archive.find`, and `NotFoundError` where the page has no DOM to read.
    """
    work = _Trace(archive, limits or Limits(), on_step or (lambda _: None), capture_missing=capture_missing)
    start = archive.find(ref)
    work.follow(start)
    chain = work.chain(start.id)
    return Traced(chain, state(archive, chain), work.captured, tuple(work.notes))


def state(archive: Archive, chain: Chain) -> int:
    """State the edges of a chain that the log has not; how many there were."""
    count = 0
    known: dict[str, list[dict[str, object]]] = {}
    for edge in chain.edges:
        snapshot = chain.node(edge.later).snapshot
        if snapshot is None:
            continue
        if snapshot not in known:
            known[snapshot] = [_essence(to_statement(each)) for each in derivations(archive, snapshot)]
        statement = to_statement(derivation_of(chain, edge, snapshot, clock.now()))
        if _essence(statement) not in known[snapshot]:
            archive.enter(statement)
            known[snapshot].append(_essence(statement))
            count += 1
    return count


def derivations(archive: Archive, snapshot: str) -> Iterator[Derivation]:
    """What the log states of where a snapshot comes from, in its order; what cannot be read is passed over."""
    for statement in archive.derivations(snapshot):
        with contextlib.suppress(ValueError):
            yield from_statement(statement)


def _essence(statement: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in statement.items() if name not in ("made_at", "software")}


@dataclass
class _Read:
    """A stored page, read."""

    snapshot: Snapshot
    page: Page
    claims: tuple[Claim, ...]
    judgement: Judgement
    article: Article
    published: DateFound | None
    node: Node

    @property
    def url(self) -> str:
        return self.page.url

    @property
    def title(self) -> str:
        return self.node.title


@dataclass
class _Trace:
    archive: Archive
    limits: Limits
    on_step: OnStep
    capture_missing: bool
    captured: int = 0
    notes: list[str] = field(default_factory=list)
    nodes: dict[str, Node] = field(default_factory=dict)
    edges: list[Edge] = field(default_factory=list)
    ends: list[End] = field(default_factory=list)
    _reads: dict[str, _Read] = field(default_factory=dict)
    _visits: Counter[str] = field(default_factory=Counter)
    _last_visit: dict[str, float] = field(default_factory=dict)
    _gone: dict[str, str] = field(default_factory=dict)
    _unread: dict[str, str] = field(default_factory=dict)  # stored, and not to be read: the snapshots by address
    _alikes: dict[str, list[str]] = field(default_factory=dict)
    _pages: dict[str, _Read] = field(default_factory=dict)

    def chain(self, start: str) -> Chain:
        named = {start, *(edge.later for edge in self.edges), *(edge.earlier for edge in self.edges)}
        nodes = tuple(node for key, node in self.nodes.items() if key in named)
        ends = tuple(dict.fromkeys(end for end in self.ends if end.node in named))
        return Chain(start, nodes, tuple(self.edges), ends)

    def follow(self, start: Snapshot) -> None:
        waiting = [(self._read(start), 0)]
        done: set[str] = set()
        while waiting:
            read, hops = waiting.pop(0)
            if read.snapshot.id in done:
                continue
            done.add(read.snapshot.id)
            self.on_step(f"reading {read.url}")
            self._of_others(read)
            for found in self._hop(read, hops):
                if found.snapshot.id not in done:
                    waiting.append((found, hops + 1))

    # one hop

    def _hop(self, read: _Read, hops: int) -> list[_Read]:
        """The pages that a page comes from, as far as they are stored; edges and ends are noted."""
        sources = self._sources(read)
        if not sources:
            return self._unnamed(read, hops)
        if hops >= self.limits.depth:
            self._end(read.node.id, EndKind.DEPTH, f"{hops} hops were followed")
            return []
        found = []
        before = len(self.edges)
        for source in sources:
            target = self._from(read, source)
            if target is not None:
                found.append(target)
        if len(self.edges) == before:
            return self._unnamed(read, hops)
        mine = [edge for edge in self.edges[before:] if edge.later == read.node.id and edge.relation in OF_THE_TEXT]
        if len({edge.earlier for edge in mine}) > 1 and not any(edge.status is Status.VERIFIED for edge in mine):
            self._end(read.node.id, EndKind.AMBIGUOUS, "the page names several sources, and no text shows which it is")
        return found

    def _sources(self, read: _Read) -> list[Source]:
        """The stated source, and those that other claims of the page name."""
        judged = read.judgement
        if judged.source is None:
            return []
        sources = [judged.source]
        rest = [claim for claim in judged.conflicts if claim.relation is not Relation.WIRE or not judged.source.agency]
        other = judge(rest).source if rest else None
        if other is not None and (other.site, other.outlet) != (judged.source.site, judged.source.outlet):
            sources.append(other)
        return [source for source in sources if not self._is_itself(source, read)]

    def _is_itself(self, source: Source, read: _Read) -> bool:
        """Whether what is named is nothing but the page: its own address on its own site, or no name and no address."""
        if not (source.outlet or source.site or source.claimed_url):
            return True
        return source.site == read.page.site and _is_same(source.claimed_url, read.url)

    def _from(self, read: _Read, source: Source) -> _Read | None:
        """Follow one stated source."""
        if source.claimed_url and not _is_same(source.claimed_url, read.url):
            return self._from_article(read, source)
        known = agency(source.outlet)
        if source.relation is Relation.WIRE and known is not None:
            id_ = _id(f"agency:{known.name}")
            self._node(Node(id_, NodeKind.AGENCY, outlet=known.name, author=source.author))
            self._edge(read, id_, source, Status.CLAIMED, None)
            self._end(id_, EndKind.WIRE_AGENCY, f"{known.name} is named, and no address of its report")
            return None
        return self._from_outlet(read, source)

    def _from_article(self, read: _Read, source: Source) -> _Read | None:
        url = source.claimed_url
        target = self._get(url, read)
        if target is read:
            return None  # the address leads back to the page
        if target is not None:
            return self._join(read, source, target)
        snapshot = self._unread.get(_without_fragment(url))
        id_ = snapshot or _id(_without_fragment(url))
        node = Node(id_, NodeKind.ARTICLE, snapshot, url, source.outlet, source.site, author=source.author)
        self._node(node)
        self._edge(read, id_, source, Status.CLAIMED, None)
        self._end(id_, EndKind.UNRESOLVED if snapshot else EndKind.ORIGIN_NOT_CAPTURED, self._why_not(url))
        return None

    def _from_outlet(self, read: _Read, source: Source) -> _Read | None:
        """Only the outlet is named: look for the article, and take it only where its text or exact title shows it."""
        tried: list[Candidate] = []
        for target, why in self._looked_for(read, source, tried):
            if target.page.site != source.site:
                tried.append(Candidate(target.url, source.outlet, target.title, f"{why}: it leads to another site"))
                continue
            match = self._compared(target, read)
            same_title = resolve.ranked([resolve.Item(target.url, target.title)], read.title)
            exact = bool(same_title) and same_title[0].alike >= resolve.SAME and _same_day(read, target)
            status = _status(match, read, target)
            # That the text of what was only guessed to be the source is another says nothing against the claim.
            if status is Status.VERIFIED or (exact and status is not Status.CONTRADICTED):
                return self._join(read, source, target, match)
            tried.append(Candidate(target.url, source.outlet, target.title, f"{why}: its text is another"))
        id_ = _id(f"outlet:{source.site or source.outlet}")
        self._node(Node(id_, NodeKind.OUTLET, outlet=source.outlet, site=source.site, author=source.author))
        self._edge(read, id_, source, Status.CLAIMED, None)
        reason = "its article was not found" if self.capture_missing else "its article is not in the archive"
        self._end(id_, EndKind.UNRESOLVED, reason, tuple(tried[:_MAX_CANDIDATES]))
        return None

    def _join(self, read: _Read, source: Source, target: _Read, match: Match | None = None) -> _Read | None:
        """An edge to a page that is stored, by what comparing the texts shows; the page, where the trail goes on."""
        match = match or self._compared(target, read)
        status = _status(match, read, target)
        ordered = _order(read, target)
        if status is Status.VERIFIED and ordered is Order.AFTER:
            # The named source is younger: by the dates it is the copy. Both are told.
            self._edge(read, target.node.id, source, Status.CONTRADICTED, match, target)
            self._edge_between(target, read, match, DirectionBy.DATES)
            self._end(read.node.id, EndKind.ORIGIN, "the source that it names was published later, and has its text")
            return None
        reached = self._path(target.node.id, read.node.id)
        self._edge(read, target.node.id, source, status, match, target)
        if reached:
            self._end(target.node.id, EndKind.CYCLE, "the pages name each other as their source")
            return None
        if status is Status.CONTRADICTED:
            self._end(target.node.id, EndKind.UNRESOLVED, "its text is another: the page does not come from there")
            return None
        return target

    def _unnamed(self, read: _Read, hops: int) -> list[_Read]:
        """A page that names no source: texts in the archive may be the same all the same."""
        found, is_origin = [], True
        try:
            alike = similar.similar(self.archive, read.snapshot, _MAX_TRIED, aligned=True)
        except (NotFoundError, StorageError):
            alike = []
        for one in alike:
            if one.match is None or one.match.verdict not in (Verdict.COPY, Verdict.PARTIAL):
                continue
            other = self._stored(one.capture.id)
            if other is None or other.page.site == read.page.site:
                continue
            match = self._compared(other, read)
            if match.verdict not in (Verdict.COPY, Verdict.PARTIAL):
                continue  # the page was read in another capture
            if self._path(other.node.id, read.node.id):
                continue
            by, is_later = _direction(read, other)
            if not is_later and by is not DirectionBy.UNKNOWN:
                continue  # that one is the later; it is told when it is traced
            is_origin = False
            if hops >= self.limits.depth:
                self._end(read.node.id, EndKind.DEPTH, f"{hops} hops were followed")
                break
            self._edge_between(read, other, match, by)
            if is_later:
                found.append(other)
            else:
                self._end(other.node.id, EndKind.AMBIGUOUS, "the texts are alike, and nothing tells which was first")
        if is_origin:
            self._end(read.node.id, EndKind.ORIGIN, read.judgement.reason or "what it names as its source is itself")
        return found

    def _of_others(self, read: _Read) -> None:
        """Pictures and quoted posts: edges of their own."""
        count = 0
        for claim in read.claims:
            if claim.relation not in _OF_OTHERS or not is_evidence(claim) or not (claim.outlet or claim.author):
                continue
            kind = NodeKind.PICTURE if claim.relation is Relation.ILLUSTRATES else NodeKind.POST
            id_ = _id(f"{kind}:{claim.target_url or f'{claim.outlet}:{claim.author}'}")
            if id_ in self.nodes and any(e.later == read.node.id and e.earlier == id_ for e in self.edges):
                continue
            if count == _MAX_OF_OTHERS:
                self.notes.append(
                    f"{read.url}: more than {_MAX_OF_OTHERS} picture credits and posts; the others are not told"
                )
                return
            node = Node(id_, kind, url=claim.target_url, outlet=claim.outlet, site=claim.site, author=claim.author)
            self._node(node)
            edge = Edge(
                read.node.id, id_, claim.relation, Status.CLAIMED, claim.same_group, (claim,), None, DirectionBy.CLAIMS
            )
            self.edges.append(edge)
            count += 1

    # finding and visiting

    def _looked_for(self, read: _Read, source: Source, tried: list[Candidate]) -> Iterator[tuple[_Read, str]]:
        """Pages that may be the article, each with where it was found."""
        site, title = source.site, read.title
        seen = {resolve.page_key(read.url)}
        if site:
            yield from self._ranked(resolve.links_to(read.page, site), title, "linked in the text", seen, tried, read)
        for one in self._alike(read):
            other = self._stored(one)
            if other is not None and site and other.page.site == site and resolve.page_key(other.url) not in seen:
                seen.add(resolve.page_key(other.url))
                yield other, "in the archive"
        homes = (c.target_url for c in source.claims if c.target_kind is Target.HOME and site_of(c.target_url) == site)
        home = next(homes, f"https://{site}/")
        named = resolve.is_below_home(home)
        if not site or not (self.capture_missing or named):
            return
        front = self._get(home, read)
        if named and front is not None and front is not read and resolve.page_key(front.url) not in seen:
            # By its address it may be a section as well as an article. Its text tells.
            seen.add(resolve.page_key(front.url))
            yield front, "linked by the name of the outlet"
        if not self.capture_missing:
            return
        if front is not None:
            linked = resolve.links_to(front.page, site)
            yield from self._ranked(linked, title, "on the front page", seen, tried, read)
        for place in resolve.places(home, front.page if front else None, title):
            listing = self._get(place, read)
            if listing is None:
                continue
            fed = resolve.feed_items(_source_of(listing))
            # What a feed names of other sites is no article of this outlet.
            items = [item for item in fed if site_of(item.url) == site]
            items += resolve.links_to(listing.page, site)
            yield from self._ranked(iter(items), title, f"in {place}", seen, tried, read)

    def _ranked(
        self,
        items: Iterator[resolve.Item],
        title: str,
        where: str,
        seen: set[str],
        tried: list[Candidate],
        read: _Read,
    ) -> Iterator[tuple[_Read, str]]:
        for one in resolve.ranked(items, title)[:_MAX_TRIED]:
            url, key = _without_fragment(one.item.url), resolve.page_key(one.item.url)
            if key in seen:
                continue
            seen.add(key)
            target = self._get(url, read)
            if target is read:
                continue
            if target is None:
                tried.append(Candidate(url, "", one.item.title, f"{where}: {self._why_not(url)}"))
            else:
                yield target, where

    def _alike(self, read: _Read) -> list[str]:
        if read.snapshot.id not in self._alikes:
            found: list[similar.Similar] = []
            with contextlib.suppress(NotFoundError, StorageError):
                found = similar.similar(self.archive, read.snapshot, _MAX_TRIED)
            self._alikes[read.snapshot.id] = [one.capture.id for one in found]
        return self._alikes[read.snapshot.id]

    def _get(self, url: str, of: _Read) -> _Read | None:
        """The page at an address: one of this trace, from the archive, or captured now where that is asked for."""
        url = _without_fragment(url)
        known = self._pages.get(resolve.page_key(url))
        if known is not None:
            return known
        capture = self.archive.newest(url)
        if capture is None and self.capture_missing and url not in self._gone:
            self._capture(url, of)
            capture = self.archive.newest(url)
        if capture is None:
            missing = "what was captured of it is not complete" if self.capture_missing else _NOT_THERE
            self._gone.setdefault(url, missing)
            return None
        if capture.http_status is not None and capture.http_status >= 400:
            self._gone[url] = f"it answered with {capture.http_status}"
            return None
        read, problem = self._opened(capture.id)
        if read is None:
            self._unread[url] = capture.id
            self._gone[url] = f"what is stored of it cannot be read: {problem}"
        return read

    def _capture(self, url: str, of: _Read) -> None:
        try:
            # An address as long as that is one that was cut: the page led elsewhere.
            if len(url) >= MAX_VALUE_CHARS:
                raise UsageError(f"an address of {MAX_VALUE_CHARS} characters and more is not visited")
            # Only the host: user names and ports give no budget of their own.
            host = (parse_capturable(url).hostname or "").rstrip(".")
            if not host:
                raise UsageError(f"{url!r} has no host")
        except UsageError as error:  # which names the address without a password in it
            self._gone[url] = str(error)
            self.notes.append(str(error))
            return
        if self._visits[host] >= self.limits.per_host or self._visits.total() >= self.limits.visits:
            self._gone[url] = "the budget of visits was used up"
            self.notes.append(f"{url} was not visited: the budget of visits was used up")
            return
        pause = self.limits.pause_s - (time.monotonic() - self._last_visit.get(host, -self.limits.pause_s))
        if pause > 0:
            time.sleep(pause)
        self._visits[host] += 1
        self.on_step(f"capturing {url}")
        try:
            self.archive.capture(url, about=About(("trace",), reason=f"to trace {of.snapshot.id}"))
            self.captured += 1
        except ArchiverError as error:
            self._gone[url] = str(error)
            self.notes.append(str(error) if url in str(error) else f"{url}: {error}")
        finally:
            self._last_visit[host] = time.monotonic()

    def _why_not(self, url: str) -> str:
        return self._gone.get(_without_fragment(url), "it cannot be read")

    def _stored(self, id_: str) -> _Read | None:
        return self._opened(id_)[0]

    def _opened(self, id_: str) -> tuple[_Read | None, str]:
        """The stored page, or why it cannot be read."""
        try:
            return self._read(self.archive.find(id_)), ""
        except (NotFoundError, StorageError) as error:
            if str(error) not in self.notes:
                self.notes.append(str(error))
            return None, str(error)

    def _read(self, snapshot: Snapshot) -> _Read:
        """The page of a snapshot; of a page that was read already, the capture read first stands for all."""
        if snapshot.id not in self._reads:
            read = _read(snapshot)
            self._reads[snapshot.id] = self._pages.setdefault(resolve.page_key(read.url), read)
            self._node(self._reads[snapshot.id].node)
        return self._reads[snapshot.id]

    # the graph

    def _node(self, node: Node) -> None:
        self.nodes.setdefault(node.id, node)

    def _end(self, node: str, kind: EndKind, reason: str, candidates: tuple[Candidate, ...] = ()) -> None:
        if not any(end.node == node and end.kind is kind for end in self.ends):
            self.ends.append(End(node, kind, reason, candidates))

    def _edge(
        self,
        read: _Read,
        earlier: str,
        source: Source,
        status: Status,
        match: Match | None,
        target: _Read | None = None,
    ) -> None:
        relation = source.relation
        if match is not None and match.verdict is Verdict.PARTIAL and relation is Relation.REPUBLICATION:
            relation = Relation.PARTIAL
        edge = Edge(
            later=read.node.id,
            earlier=earlier,
            relation=relation,
            status=status,
            same_group=source.same_group,
            claims=tuple(claim for claim in source.claims if claim.relation not in _OF_OTHERS),
            match=None if match is None else match.to_json(),
            direction_by=DirectionBy.CLAIMS,
            later_date=read.published,
            earlier_date=target.published if target else None,
        )
        if edge not in self.edges:
            self.edges.append(edge)

    def _edge_between(self, later: _Read, earlier: _Read, match: Match, by: DirectionBy) -> None:
        """An edge by the texts alone. `match` may lead either way; it is made to lead from the earlier."""
        match = self._compared(earlier, later)
        edge = Edge(
            later=later.node.id,
            earlier=earlier.node.id,
            relation=Relation.REPUBLICATION if match.verdict is Verdict.COPY else Relation.PARTIAL,
            status=Status.VERIFIED,
            same_group=False,
            claims=(),
            match=match.to_json(),
            direction_by=by,
            later_date=later.published,
            earlier_date=earlier.published,
        )
        if edge not in self.edges:
            self.edges.append(edge)

    def _path(self, start: str, end: str) -> bool:
        """Whether edges of the text lead from one node to another already."""
        waiting, seen = [start], set[str]()
        while waiting:
            node = waiting.pop()
            if node == end:
                return True
            if node not in seen:
                seen.add(node)
                waiting += [e.earlier for e in self.edges if e.later == node and e.relation in OF_THE_TEXT]
        return False

    def _compared(self, earlier: _Read, later: _Read) -> Match:
        return compare(earlier.article, later.article)


def _read(snapshot: Snapshot) -> _Read:
    frames = similar.frames_of(snapshot)
    url = str(snapshot.statement["final_url"])
    page = read_page(frames, url, snapshot.exchanged())
    found = find_claims(page)
    judged = judge(found.claims)
    places = ((c.place.start, c.place.end) for c in found.claims if c.relation not in _OF_OTHERS)
    article = of_page(page, [(start, end) for start, end in places if start < end])
    published = best(
        find_dates(page, Given(captured=parse_rfc3339(str(snapshot.statement["started_at"])))).dates
    ).published
    own = next((c for c in found.claims if c.direction is Direction.OWN and c.author), None)
    author = judged.source.author if judged.source and judged.source.author else own.author if own else ""
    node = Node(
        id=snapshot.id,
        kind=NodeKind.ARTICLE,
        snapshot=snapshot.id,
        url=url[:MAX_ID_CHARS],
        outlet=_own_outlet(page),
        site=page.site,
        title=_headline(page, snapshot),
        author=author,
        poster=judged.first_poster,
        published=published,
    )
    return _Read(snapshot, page, found.claims, judged, article, published, node)


def _is_same(one: str, other: str) -> bool:
    return resolve.page_key(one) == resolve.page_key(other)


def _without_fragment(url: str) -> str:
    # Of what is no URL, `urldefrag` raises.
    return _id(url).partition("#")[0]


def _own_outlet(page: Page) -> str:
    named = page.metas("og:site_name", "application-name")
    return named[0].value[:200] if named else page.site


def _headline(page: Page, snapshot: Snapshot) -> str:
    named = [tag.value for tag in page.metas("og:title")]
    return (named[0] if named else page.title or str(snapshot.statement.get("title") or ""))[:500]


def _status(match: Match, read: _Read, target: _Read) -> Status:
    """What comparing the texts says of a claim: of other languages, or too little text, nothing."""
    if match.verdict in (Verdict.COPY, Verdict.PARTIAL):
        return Status.VERIFIED
    ours, theirs = read.page.language[:2].lower(), target.page.language[:2].lower()
    if match.verdict is Verdict.NONE and (not ours or not theirs or ours == theirs):
        return Status.CONTRADICTED
    return Status.CLAIMED


def _direction(read: _Read, other: _Read) -> tuple[DirectionBy, bool]:
    """Of two pages with one text: what tells which was first, the surest first, and whether `read` is the later."""
    if other.judgement.source is not None and _names(other.judgement.source, read):
        return DirectionBy.CLAIMS, False
    ours, theirs = _cites(read, other), _cites(other, read)
    if ours != theirs:
        return DirectionBy.CITES, ours
    ordered = _order(read, other)
    if ordered is not Order.UNKNOWN:
        return DirectionBy.DATES, ordered is Order.BEFORE
    left, right = _leftovers(read, other.page.site), _leftovers(other, read.page.site)
    if bool(left) != bool(right):
        return DirectionBy.LEFTOVERS, bool(left)
    return DirectionBy.UNKNOWN, False


def _cites(read: _Read, other: _Read) -> bool:
    """Whether a page links to the other one itself."""
    there = resolve.page_key(other.url)
    return any(resolve.page_key(link.url) == there for link in read.page.links)


def _leftovers(read: _Read, site: str) -> int:
    """What of a site is still in a page that has its text: links in the article, and pictures from there."""
    links = sum(site_of(link.url) == site for link in read.page.links if link.region == "body")
    return links + sum(site_of(url) == site for url in read.page.exchanges)


def _order(read: _Read, target: _Read) -> Order:
    """Whether the target was published before the page, or after it."""
    if read.published is None or target.published is None:
        return Order.UNKNOWN
    return order(target.published, read.published)


def _same_day(read: _Read, target: _Read) -> bool:
    if read.published is None or target.published is None:
        return False
    return abs((read.published.first - target.published.first).total_seconds()) <= 2 * 86400


def _names(source: Source, read: _Read) -> bool:
    return (bool(source.site) and source.site == read.page.site) or _is_same(source.claimed_url, read.url)


def _source_of(read: _Read) -> str:
    """What a browser makes of a feed or a sitemap: a document of its own, or its source as text."""
    try:
        frames = similar.frames_of(read.snapshot)
    except (NotFoundError, StorageError):
        return ""
    html = frames[0].get("html") if frames else None
    if not isinstance(html, str):
        return ""
    html = html[:_MAX_SOURCE_CHARS]
    return entities.unescape(html) if "&lt;" in html else html


def _id(text: str) -> str:
    return text.encode("utf-8", "replace").decode()[:MAX_ID_CHARS]
