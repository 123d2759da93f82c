"""A chain as JSON-LD in the words of schema.org: articles with `isBasedOn`, author, publisher and dates.

schema.org has no word for how sure a relation is. So `isBasedOn` names what is verified or claimed, and the article's
`archiver:derivations` say of every edge, those that are contradicted too, what its status is.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any
from urllib.parse import urlsplit

from archiver.provenance.claim import Relation
from archiver.provenance.dates import DateFound, Kind, Method, Precision
from archiver.provenance.documents import MAX_NAME_CHARS, MAX_PASSAGE_CHARS, MAX_URL_CHARS, clean
from archiver.provenance.graph import OF_THE_TEXT, POINTING, Chain, Edge, Node, NodeKind, Status

_CONTEXT = ["https://schema.org", {"archiver": "urn:provenance-archiver:terms:"}]
_TYPES = {
    NodeKind.ARTICLE: "NewsArticle",
    NodeKind.OUTLET: "NewsArticle",
    NodeKind.AGENCY: "NewsArticle",
    NodeKind.POST: "SocialMediaPosting",
    NodeKind.PICTURE: "ImageObject",
}
_STATED = (Status.VERIFIED, Status.CLAIMED)
_CITATIONS = frozenset({Relation.QUOTES, *POINTING})
_MAX_PASSAGES = 20
# RFC 3987 section 2.2 has no place for the first in an IRI; the others it has, but no reader would see them.
_NOT_IN_IRI = re.compile(
    r'[\x00-\x20\x7f-\x9f<>"{}|\\^`\ud800-\udfff\ufff0-\uffff]|[\s\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]'
)
_BAD_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")


def json_ld(chain: Chain) -> dict[str, Any]:
    """The chain as one JSON-LD document; every address in it is an absolute `http` or `https` IRI, or a URN of ours."""
    return {"@context": _CONTEXT, "@graph": [_item(chain, node) for node in chain.nodes]}


def json_ld_text(chain: Chain) -> str:
    """The same as text that can stand in an HTML `script` element: nothing in it ends one."""
    text = json.dumps(json_ld(chain), ensure_ascii=False, sort_keys=True, indent=1)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def iri(address: str) -> str | None:
    """A page's address as an IRI: what none may hold is percent-encoded. None where it leads to no host by HTTP."""
    address = address.strip()[:MAX_URL_CHARS]
    encoded = _NOT_IN_IRI.sub(
        lambda found: "".join(f"%{byte:02X}" for byte in found[0].encode("utf-8", "replace")), address
    )
    encoded = _BAD_PERCENT.sub("%25", encoded)
    start = re.match(r"https?://[^/?#]+", encoded, re.IGNORECASE)
    if start is None:
        return None
    try:
        parts = urlsplit(start[0])
        host, _ = parts.hostname, parts.port
    except ValueError:
        return None
    if not host or "%" in host:
        return None
    rest, mark, fragment = encoded[start.end() :].partition("#")
    # Brackets stand round an IPv6 address only, and a fragment has no second "#".
    encoded = start[0] + rest + mark + fragment.replace("#", "%23")
    return encoded[: start.end()] + encoded[start.end() :].replace("[", "%5B").replace("]", "%5D")


def _id(node: Node) -> str:
    return f"urn:provenance-archiver:item:{hashlib.sha256(json.dumps(node.id).encode('ascii')).hexdigest()[:24]}"


def _item(chain: Chain, node: Node) -> dict[str, Any]:
    edges = chain.edges_from(node.id)
    stated = [edge for edge in edges if edge.status in _STATED]
    based = _others(chain, [edge for edge in stated if edge.relation in OF_THE_TEXT])
    cited = _others(chain, [edge for edge in stated if edge.relation in _CITATIONS])
    pictures = _others(chain, [edge for edge in stated if edge.relation is Relation.ILLUSTRATES])
    address = iri(node.url)
    outlet = clean(node.outlet or node.site, MAX_NAME_CHARS)
    said: dict[str, Any] = {
        "@id": _id(node),
        "@type": _TYPES[node.kind],
        "identifier": clean(node.snapshot or "", MAX_NAME_CHARS),
        "url": address,
        "sameAs": address,
        "name" if node.kind is NodeKind.PICTURE else "headline": clean(node.title, MAX_NAME_CHARS),
        "author": {"@type": "Person", "name": clean(node.author, MAX_NAME_CHARS)} if node.author else None,
        "publisher": _publisher(outlet, node.site) if outlet else None,
        **_dates(node.published),
        "isBasedOn": based,
        "citation": cited,
        "image": pictures,
        "archiver:poster": clean(node.poster, MAX_NAME_CHARS),
        "archiver:ends": [
            {"archiver:kind": str(end.kind), "archiver:reason": clean(end.reason, MAX_NAME_CHARS)}
            for end in chain.ends_at(node.id)
        ],
        "archiver:derivations": [_derivation(chain, edge) for edge in edges],
    }
    return {name: value for name, value in said.items() if value}


def _others(chain: Chain, edges: list[Edge]) -> list[dict[str, str]]:
    return [{"@id": id_} for id_ in dict.fromkeys(_id(chain.node(edge.earlier)) for edge in edges)]


def _publisher(outlet: str, site: str) -> dict[str, str]:
    address = iri(f"https://{site}/") if site else None
    return {"@type": "Organization", "name": outlet, **({"sameAs": address} if address else {})}


def _dates(date: DateFound | None) -> dict[str, str]:
    """The date in ISO 8601, as exact as it was found: without a zone where none was said."""
    if date is None or date.method is Method.FIRST_CAPTURE:
        return {}
    moment = date.moment
    if date.precision is Precision.MONTH:
        said = date.said.strftime("%Y-%m")
    elif date.precision is Precision.DAY:
        said = date.said.strftime("%Y-%m-%d")
    else:
        said = moment.strftime("%Y-%m-%dT%H:%M:%SZ") if moment else date.said.strftime("%Y-%m-%dT%H:%M:%S")
    name = {Kind.PUBLISHED: "datePublished", Kind.MODIFIED: "dateModified", Kind.CREATED: "dateCreated"}[date.kind]
    return {name: said, "archiver:dateMethod": str(date.method)}


def _derivation(chain: Chain, edge: Edge) -> dict[str, Any]:
    passages = dict.fromkeys(clean(claim.passage, MAX_PASSAGE_CHARS) for claim in edge.claims)
    return {
        "archiver:source": {"@id": _id(chain.node(edge.earlier))},
        "archiver:relation": str(edge.relation),
        "archiver:status": str(edge.status),
        "archiver:sameGroup": edge.same_group,
        "archiver:passages": [passage for passage in passages if passage][:_MAX_PASSAGES],
    }
