"""Made-up chains of made-up outlets, and whatever else the types of a chain can hold."""

from __future__ import annotations

from datetime import datetime

from hypothesis import strategies as st

from archiver.provenance.claim import Claim, Direction, Place, Relation, Target
from archiver.provenance.dates import DateFound, Kind, Method, Precision
from archiver.provenance.graph import Candidate, Chain, DirectionBy, Edge, End, EndKind, Node, NodeKind, Status

HOSTILE = (
    "</script><script>alert(1)</script> \"quoted\" 'q' \\ `tick` #quot; %% ;\n--> graph TD\r\x1b[2J\x00\u202e\ud800 "
    "end [x](y) {z} <!-- <b> |pipe| \u2028 𝕏 'ünïcode"
)
MATCH = {
    "verdict": "copy",
    "shared_shingles": 431,
    "first": {"words": 520, "contained_per_mille": 870},
    "second": {"words": 610, "contained_per_mille": 742},
    "passages": [
        {"change": "added", "second": {"start": 0, "end": 14, "text": "It also rained."}},
        {"change": "removed", "first": {"start": 90, "end": 120, "text": "The mayor knew for a year."}},
    ],
}


def claim(
    relation: Relation = Relation.REPUBLICATION,
    *,
    outlet: str = "Lantern Weekly",
    passage: str = "This article was first published by Lantern Weekly.",
    trap: str | None = None,
    direction: Direction = Direction.FROM,
    confidence: float = 0.9,
    kind: str = "attribution",
    url: str = "https://lanternweekly.test/2025/ferry",
) -> Claim:
    return Claim(
        kind=kind,
        relation=relation,
        direction=direction,
        outlet=outlet,
        author="",
        target_url=url,
        target_kind=Target.ARTICLE,
        passage=passage,
        place=Place(0, "/html/body/p[7]", 10, 62, "body"),
        language="en",
        confidence=confidence,
        trap=trap,
        site="lanternweekly.test",
    )


def date(said: str, method: Method = Method.JSON_LD, *, zoned: bool = True) -> DateFound:
    zone, offset_min = ("Z", 0) if zoned else (None, None)
    return DateFound(
        Kind.PUBLISHED,
        method,
        datetime.fromisoformat(said),
        Precision.SECOND,
        zone,
        offset_min,
        f"datePublished: {said}",
    )


def edge(
    later: str = "repost",
    earlier: str = "original",
    relation: Relation = Relation.REPUBLICATION,
    status: Status = Status.VERIFIED,
    *,
    claims: tuple[Claim, ...] | None = None,
    match: dict[str, object] | None = None,
    direction_by: DirectionBy = DirectionBy.CLAIMS,
    later_date: DateFound | None = None,
    earlier_date: DateFound | None = None,
) -> Edge:
    claims = (claim(relation),) if claims is None else claims
    match = MATCH if match is None and status is Status.VERIFIED else match
    return Edge(later, earlier, relation, status, False, claims, match, direction_by, later_date, earlier_date)


REPOST = Node(
    "repost",
    NodeKind.ARTICLE,
    snapshot="20251101t101500z-aaaaaaaaaaaaaaaa",
    url="https://harbour-daily.test/ferry",
    outlet="Harbour Daily",
    site="harbour-daily.test",
    title="Ferry line reopens",
    author="Ada Quill",
    poster="Webdesk",
    published=date("2025-05-02T10:00:00"),
    text_sha256="a" * 64,
)
ORIGINAL = Node(
    "original",
    NodeKind.ARTICLE,
    snapshot="20251101t102000z-bbbbbbbbbbbbbbbb",
    url="https://lanternweekly.test/2025/ferry",
    outlet="Lantern Weekly",
    site="lanternweekly.test",
    title="Ferry line reopens at last",
    author="Ada Quill",
    published=date("2025-05-01T10:00:00"),
)
AGENCY = Node("agency:bay-wire", NodeKind.AGENCY, outlet="Bay Wire")
PICTURE = Node("picture:1", NodeKind.PICTURE, url="https://pictures.test/1.jpg", outlet="Quay Pictures")
POST = Node("post:1", NodeKind.POST, url="https://posts.test/@mayor/1", author="@mayor")


def chain() -> Chain:
    """A repost, its original, the agency that the original names, a picture, a quoted post, and a signal against."""
    rival = Node("outlet:gull", NodeKind.OUTLET, outlet="The Gull", site="gull.test")
    return Chain(
        start="repost",
        nodes=(REPOST, ORIGINAL, AGENCY, PICTURE, POST, rival),
        edges=(
            edge(later_date=REPOST.published, earlier_date=ORIGINAL.published),
            edge(
                "original", AGENCY.id, Relation.WIRE, Status.CLAIMED, claims=(claim(Relation.WIRE, outlet="Bay Wire"),)
            ),
            edge("repost", PICTURE.id, Relation.ILLUSTRATES, Status.CLAIMED),
            edge("repost", POST.id, Relation.QUOTES, Status.CLAIMED),
            edge("repost", rival.id, Relation.REPUBLICATION, Status.CONTRADICTED, claims=(claim(outlet="The Gull"),)),
        ),
        ends=(
            End(AGENCY.id, EndKind.WIRE_AGENCY, "the original names an agency, without an address"),
            End(
                rival.id,
                EndKind.UNRESOLVED,
                "nothing in The Gull has this text",
                (Candidate("https://gull.test/ferry", "The Gull", "Ferry news", "another text"),),
            ),
        ),
    )


def hostile_chain(text: str = HOSTILE) -> Chain:
    """The same shape, with a page's text wherever a page can put one."""
    id_ = text.encode("utf-8", "replace").decode("utf-8")
    later = Node(f"1{id_}", NodeKind.ARTICLE, "snap", f"https://x.test/{text}", text, text, text, text, text)
    earlier = Node(f"2{id_}", NodeKind.ARTICLE, None, f"javascript:{text}", text, text, text, text, text)
    said = claim(outlet=text, passage=text, kind=text, url=text)
    return Chain(
        start=later.id,
        nodes=(later, earlier),
        edges=(
            edge(
                later.id, earlier.id, claims=(said,), match={text: text, "passages": [{"change": text, "first": text}]}
            ),
            edge(later.id, earlier.id, status=Status.CLAIMED, claims=(said,)),
        ),
        ends=(End(earlier.id, EndKind.AMBIGUOUS, text, (Candidate(text, text, text, text),)),),
    )


# Texts as pages have them: any character, lone surrogates too.
texts = st.text(st.characters(), max_size=40)
_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)
matches = st.dictionaries(texts, _json, max_size=5)
places = st.builds(
    Place,
    st.integers(0, 40),
    texts,
    st.integers(0, 10**6),
    st.integers(0, 10**6),
    st.sampled_from(["body", "head", ""]),
)
claims = st.builds(
    Claim,
    kind=texts,
    relation=st.sampled_from([Relation.REPUBLICATION, Relation.WIRE, Relation.CITES]),
    direction=st.just(Direction.FROM),
    outlet=texts,
    author=texts,
    target_url=texts,
    target_kind=st.sampled_from(Target),
    passage=texts,
    place=places,
    language=texts,
    confidence=st.integers(0, 100).map(lambda per_cent: per_cent / 100),
    trap=st.none() | texts,
    same_group=st.booleans(),
    site=texts,
)
dates = st.builds(
    DateFound,
    st.sampled_from(Kind),
    st.sampled_from(Method),
    st.datetimes(),
    st.sampled_from(Precision),
    st.none() | texts,
    st.none() | st.integers(-840, 840),
    texts,
    st.none() | places,
)
