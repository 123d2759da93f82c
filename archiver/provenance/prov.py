"""A chain as W3C PROV (PROV-DM, PROV-JSON, PROV-N): what comes from what, who wrote and posted it, what was captured.

PROV states facts, so only edges that are verified or claimed are derivations there, with their status as an attribute.
What is unknown or contradicted is an entity of its own, `archiver:Finding`, that names both articles and relates
nothing. Every identifier is made of a digest: nothing from a page becomes part of a name.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping

from prov.identifier import Namespace, QualifiedName
from prov.model import ProvDocument

from archiver.provenance.claim import Relation
from archiver.provenance.dates import Kind, Method
from archiver.provenance.documents import MAX_NAME_CHARS, MAX_PASSAGE_CHARS, MAX_URL_CHARS, clean, plain
from archiver.provenance.graph import Chain, Edge, Node, NodeKind, Status
from archiver.version import __version__

_THINGS = Namespace("chain", "urn:provenance-archiver:chain:")
_TERMS = Namespace("archiver", "urn:provenance-archiver:terms:")
_SCHEMA = Namespace("schema", "https://schema.org/")
_MAX_PASSAGES = 20
_STATED = (Status.VERIFIED, Status.CLAIMED)
_TYPES = {
    NodeKind.ARTICLE: _SCHEMA["NewsArticle"],
    NodeKind.POST: _SCHEMA["SocialMediaPosting"],
    NodeKind.PICTURE: _SCHEMA["ImageObject"],
    NodeKind.OUTLET: _TERMS["ArticleNotLocated"],
    NodeKind.AGENCY: _TERMS["ReportNotLocated"],
}

_Attributes = list[tuple[QualifiedName | str, object]]


def prov_json(chain: Chain) -> str:
    """The chain as PROV-JSON (W3C Member Submission, 24 April 2013), the same for the same chain."""
    return json.dumps(json.loads(str(to_prov(chain).serialize(format="json"))), sort_keys=True, indent=1)


def prov_n(chain: Chain) -> str:
    """The chain as PROV-N (W3C Recommendation, 30 April 2013)."""
    return str(to_prov(chain).get_provn())


def to_prov(chain: Chain) -> ProvDocument:
    """The chain as a document of the library `prov`."""
    document = ProvDocument()
    for namespace in (_THINGS, _TERMS, _SCHEMA):
        document.add_namespace(namespace)
    agents: set[QualifiedName] = set()
    for node in chain.nodes:
        _add_node(document, chain, node)
        _add_agents(document, node, agents)
        _add_capture(document, node, agents)
    alike: Counter[tuple[str, ...]] = Counter()
    for edge in chain.edges:
        key = (edge.later, edge.earlier, edge.relation, edge.status)
        _add_edge(document, edge, _name("edge", *key, str(alike[key])))
        alike[key] += 1
    return document


def _name(kind: str, *parts: str) -> QualifiedName:
    digest = hashlib.sha256(json.dumps(parts).encode("ascii")).hexdigest()
    return _THINGS[f"{kind}-{digest[:24]}"]


def _entity(id_: str) -> QualifiedName:
    return _name("item", id_)


def _texts(**texts: str | None) -> _Attributes:
    """Attributes of this program's own; what is empty is left out."""
    return [(_TERMS[name], clean(text, MAX_URL_CHARS)) for name, text in texts.items() if text]


def _add_node(document: ProvDocument, chain: Chain, node: Node) -> None:
    attributes: _Attributes = [("prov:type", _TYPES[node.kind])]
    if node.title:
        attributes.append(("prov:label", clean(node.title, MAX_NAME_CHARS)))
    attributes += _texts(id=node.id, url=node.url, text_sha256=node.text_sha256)
    date = node.published
    if date is not None:
        attributes += _texts(published=str(date), published_by=date.method)
    for end in chain.ends_at(node.id):
        attributes += _texts(end=end.kind, end_reason=end.reason)
    document.entity(_entity(node.id), attributes)
    captured_only = date is not None and (date.method is Method.FIRST_CAPTURE or date.kind is not Kind.PUBLISHED)
    if date is not None and date.moment is not None and not captured_only:
        document.generation(_entity(node.id), time=date.moment)


def _add_agents(document: ProvDocument, node: Node, agents: set[QualifiedName]) -> None:
    outlet = node.outlet or node.site
    named = (
        ("publisher", "prov:Organization", outlet, _name("outlet", node.site or outlet)),
        ("author", "prov:Person", node.author, _name("person", node.author)),
        ("poster", "prov:Person", node.poster, _name("person", node.poster)),
    )
    for role, kind, label, name in named:
        if not label:
            continue
        if name not in agents:
            site = node.site if role == "publisher" else ""
            type_ = document.valid_qualified_name(kind)
            document.agent(
                name, [("prov:type", type_), ("prov:label", clean(label, MAX_NAME_CHARS)), *_texts(site=site)]
            )
            agents.add(name)
        document.attribution(_entity(node.id), name, other_attributes=[(_TERMS["role"], role)])


def _add_capture(document: ProvDocument, node: Node, agents: set[QualifiedName]) -> None:
    if not node.snapshot:
        return
    software, capture, snapshot = _THINGS["software"], _name("capture", node.id), _name("snapshot", node.id)
    if software not in agents:
        type_ = document.valid_qualified_name("prov:SoftwareAgent")
        document.agent(software, [("prov:type", type_), ("prov:label", f"archiver/{__version__}")])
        agents.add(software)
    document.activity(capture, other_attributes=[("prov:type", _TERMS["Capture"])])
    document.entity(snapshot, [("prov:type", _TERMS["Snapshot"]), *_texts(snapshot=node.snapshot)])
    document.association(capture, software)
    document.usage(capture, _entity(node.id))
    document.generation(snapshot, capture)
    document.specialization(snapshot, _entity(node.id))


def _add_edge(document: ProvDocument, edge: Edge, name: QualifiedName) -> None:
    later, earlier = _entity(edge.later), _entity(edge.earlier)
    attributes = _texts(relation=edge.relation, status=edge.status, direction_by=edge.direction_by)
    attributes.append((_TERMS["same_group"], edge.same_group))
    passages = dict.fromkeys(clean(claim.passage, MAX_PASSAGE_CHARS) for claim in edge.claims)
    attributes += [(_TERMS["passage"], passage) for passage in passages if passage][:_MAX_PASSAGES]
    if edge.match is not None:
        attributes.append((_TERMS["match"], _numbers(edge.match)))
    if edge.status not in _STATED:
        both = [(_TERMS["later"], later), (_TERMS["earlier"], earlier)]
        document.entity(name, [("prov:type", _TERMS["Finding"]), *both, *attributes])
    elif edge.relation is Relation.QUOTES:
        document.quotation(later, earlier, identifier=name, other_attributes=attributes)
    elif edge.relation is Relation.WIRE:
        document.primary_source(later, earlier, identifier=name, other_attributes=attributes)
    elif edge.relation is Relation.ADAPTATION:
        document.revision(later, earlier, identifier=name, other_attributes=attributes)
    elif edge.relation in (Relation.VIA, Relation.CITES, Relation.ILLUSTRATES):
        document.influence(later, earlier, identifier=name, other_attributes=attributes)
    else:
        document.derivation(later, earlier, identifier=name, other_attributes=attributes)


def _numbers(match: Mapping[str, object]) -> str:
    """What a comparison measured, as JSON, without the passages."""
    measured = {key: value for key, value in plain(match).items() if not isinstance(value, list)}
    return json.dumps(measured, sort_keys=True, ensure_ascii=False)
