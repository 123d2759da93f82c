"""What the page's head says: canonical, og:url, syndication tags, author and source metadata, JSON-LD, a refresh."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from archiver.provenance.agencies import Agency, agencies_in_list, is_agency_site
from archiver.provenance.blocks import Tag, absolute
from archiver.provenance.claim import Claim, Relation, Target
from archiver.provenance.context import Context
from archiver.provenance.json_ld import Node, addresses, names, strings
from archiver.provenance.naming import is_name
from archiver.provenance.outlets import domain_named, host_of, is_hosting, is_staging, label_of, plain, site_of

_SUPPORT = 0.45  # makes no source alone, only together with what else names the same
_AUTHOR = (
    "author",
    "article:author",
    "dc.creator",
    "dcterms.creator",
    "byl",
    "parsely-author",
    "sailthru.author",
    "article:author_name",
    "cxenseparse:author",
    "creator",
)
_SOURCE = (
    "source",
    "news_source",
    "dc.source",
    "dcterms.source",
    "article:source",
    "content-provider",
    "contentprovider",
    "provider",
    "original-publisher",
    "originalsource",
    "article:provider",
)
_RIGHTS = ("copyright", "dc.rights", "dcterms.rights", "dcterms.rightsholder")
_SYNDICATION = ("syndication-source", "original-source", "syndicationsource", "original_source")


def head_claims(context: Context) -> Iterator[Claim]:
    """A claim for each signal of the head that names a source, and for each that was set to name one and does not."""
    yield from _canonical(context)
    yield from _syndication(context)
    yield from _metas(context)
    yield from _refresh(context)
    for node in _own_nodes(context):
        yield from _json_ld(context, node)


def _path(url: str) -> str:
    try:
        return urlsplit(url).path.rstrip("/")
    except ValueError:
        return ""


def _tag_claim(
    context: Context,
    kind: str,
    tag: Tag,
    outlet: str,
    confidence: float,
    target: str,
    relation: Relation = Relation.REPUBLICATION,
) -> Claim:
    return context.in_head(kind, relation, tag.value, tag.frame, tag.xpath, outlet, confidence, target=target)


def _canonical(context: Context) -> Iterator[Claim]:
    page = context.page
    og = [tag for tag in page.metas("og:url", "twitter:url") if tag.value.startswith("http")]
    canonical = [tag for tag in page.rels("canonical") if tag.value.startswith("http")]
    og_sites = {site_of(tag.value) for tag in og if not tag.in_body}
    for tag in canonical:
        if site_of(tag.value) == page.site:
            continue
        if tag.in_body:
            yield _tag_claim(context, "pasted-head", tag, "", 0.9, tag.value)
            continue
        claim = _tag_claim(context, "canonical", tag, "", 0.6 if page.site in og_sites else 0.8, tag.value)
        yield _address_traps(context, claim, tag.value, page.site in og_sites)
    for tag in og:
        if site_of(tag.value) == page.site or not tag.name.startswith("og"):
            continue
        # Against a canonical of its own, a page's og:url is an old address more often than a source.
        own = any(site_of(other.value) == page.site for other in canonical)
        kind, confidence = ("pasted-head", 0.9) if tag.in_body else ("og-url", _SUPPORT if own else 0.5)
        yield _address_traps(
            context, _tag_claim(context, kind, tag, "", confidence, tag.value), tag.value, og_own=False
        )


def _address_traps(context: Context, claim: Claim, url: str, og_own: bool) -> Claim:
    """The traps of an address that ought to be the original's."""
    host = host_of(url)
    if is_staging(host):
        return claim.trapped("leads to a host that readers are not meant to see")
    if label_of(claim.site) == label_of(context.page.site) and _path(url) == _path(context.page.url):
        return claim.trapped("the same page under another domain of the outlet")
    if og_own and is_hosting(site_of(url)) and _path(url) == _path(context.page.url):
        return claim.trapped("the same page on the site's own hosting host")
    if claim.target_kind is Target.HOME:
        return claim.trapped("leads to a home page, not to an article")
    return claim


def _syndication(context: Context) -> Iterator[Claim]:
    tags = [*context.page.metas(*_SYNDICATION), *context.page.rels(*_SYNDICATION)]
    for tag in tags:
        kind = "syndication-source" if "syndication" in tag.name else "original-source"
        for value in tag.value.split(",")[:5] if ",http" in tag.value.replace(" ", "") else [tag.value]:
            url = absolute(context.page.url, value) if value.strip().startswith(("http", "//")) else ""
            claim = _tag_claim(context, kind, tag, "" if url else value.strip()[:80], 0.9, url)
            if not url:
                claim = (
                    claim.trapped("holds no address") if not is_name(value.strip()) else replace(claim, confidence=0.6)
                )
            elif claim.target_kind is Target.HOME:
                claim = replace(claim, confidence=0.5) if claim.site != context.page.site else claim
            yield claim


def _agency_in_head(
    context: Context,
    kind: str,
    tag_or_node: Tag | Node,
    passage: str,
    found: Agency,
    confidence: float,
    author: str = "",
) -> Claim:
    claim = context.in_head(
        kind, Relation.WIRE, passage, tag_or_node.frame, tag_or_node.xpath, found.name, confidence, author=author
    )
    claim = replace(claim, site=found.sites[0] if found.sites else "")
    own = is_agency_site(context.page.site) == found or context.page.site in found.sites
    return claim.trapped("the agency's own site") if own else claim


def _metas(context: Context) -> Iterator[Claim]:
    page = context.page
    for tag in context.page.metas(*_AUTHOR):
        found = _agency_of(tag.value)
        if found:
            yield _agency_in_head(context, "meta-author", tag, tag.value, found, 0.8)
            continue
        author, comma, outlet = (part.strip() for part in tag.value.rpartition(","))
        if comma and "," not in author and domain_named(outlet):
            yield replace(_tag_claim(context, "meta-author", tag, outlet, 0.6, ""), author=author)
    for tag in context.page.metas(*_SOURCE):
        found = _agency_of(tag.value)
        if found:
            yield _agency_in_head(context, "meta-source", tag, tag.value, found, 0.8)
        elif tag.value.startswith("http"):
            yield _tag_claim(context, "meta-source", tag, "", 0.6, tag.value)
        elif is_name(tag.value) and len(tag.value) <= 60:
            # Chinese sites fill this tag with the outlet; elsewhere it names programs and campaigns as well.
            chinese = page.language[:2].lower() == "zh" or not tag.value.isascii()
            yield _tag_claim(context, "meta-source", tag, tag.value, 0.6 if chinese else _SUPPORT, "")
    for tag in context.page.metas(*_RIGHTS):
        found = _agency_of(tag.value)
        if found:
            yield _agency_in_head(context, "meta-rights", tag, tag.value, found, 0.6)


def _agency_of(text: str) -> Agency | None:
    found = agencies_in_list(text[:80].strip())
    return found[0] if found else None


def _refresh(context: Context) -> Iterator[Claim]:
    for tag in context.page.tags:
        if tag.kind == "refresh" and tag.value.startswith("http") and site_of(tag.value) != context.page.site:
            yield _address_traps(
                context, _tag_claim(context, "meta-refresh", tag, "", 0.5, tag.value), tag.value, og_own=False
            )


def _own_nodes(context: Context) -> list[Node]:
    """The nodes that speak of this page: those with its address, else the first article."""
    articles = [node for node in context.page.json_ld if node.is_article]
    path = _path(context.page.url)
    here = [
        node
        for node in articles
        if any(
            _path(address) == path and path
            for key in ("mainEntityOfPage", "url", "@id")
            for address in addresses(node.fields.get(key))
        )
    ]
    proper = [node for node in articles if not node.types & {"WebPage", "CreativeWork"}]
    return here or proper[:1] or articles[:1]


def _json_ld(context: Context, node: Node) -> Iterator[Claim]:
    fields: dict[str, Any] = node.fields
    for key, relation in (
        ("isBasedOn", Relation.REPUBLICATION),
        ("isBasedOnUrl", Relation.REPUBLICATION),
        ("sameAs", Relation.REPUBLICATION),
        ("translationOfWork", Relation.TRANSLATION),
    ):
        for address in addresses(fields.get(key))[:5]:
            if address.startswith("http"):
                confidence = 0.3 if key == "sameAs" else 0.8
                claim = context.in_head(
                    f"json-ld {key}",
                    relation,
                    f"{key}: {address}",
                    node.frame,
                    node.xpath,
                    "",
                    confidence,
                    target=address,
                )
                yield claim if key == "sameAs" else _address_traps(context, claim, address, og_own=False)
    for key, confidence in (
        ("author", 0.85),
        ("creator", 0.75),
        ("publisher", 0.7),
        ("provider", 0.8),
        ("sourceOrganization", 0.8),
        ("copyrightHolder", 0.7),
    ):
        for name, site in names(fields.get(key))[:10]:
            found = _agency_of(name)
            if found:
                yield _agency_in_head(context, f"json-ld {key}", node, f"{key}: {name}", found, confidence)
            elif key in ("provider", "sourceOrganization"):
                yield _organisation(context, node, key, name, site)
    for text in strings(fields.get("creditText")):
        yield context.in_head("picture-credit", Relation.ILLUSTRATES, text, node.frame, node.xpath, text[:80], 0.5)


def _organisation(context: Context, node: Node, key: str, name: str, address: str | None) -> Claim:
    elsewhere = address if address and site_of(address) != context.page.site else ""
    claim = context.in_head(
        f"json-ld {key}",
        Relation.REPUBLICATION,
        f"{key}: {name}",
        node.frame,
        node.xpath,
        name,
        _SUPPORT,
        target=elsewhere,
    )
    # Companies and departments are named in these fields, too: an address or the site's own title must tell more.
    if elsewhere:
        claim = replace(claim, confidence=0.6)
    publishers = {plain(publisher) for publisher, _ in names(node.fields.get("publisher"))}
    label = plain(context.page.site)
    if plain(name) in publishers or plain(name) == label:
        return claim.trapped("the page's own outlet")
    if claim.trap and plain(name) in context.own.names and plain(name) != label:
        # The site calls this page's part of it by the source's name: another title of the same house.
        return replace(claim, trap=None, same_group=True, confidence=0.6)
    return claim
