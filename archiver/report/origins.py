"""The section on where the page comes from: each step with what the pages say, and what comparing their texts shows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from archiver.provenance.claim import Claim, Relation
from archiver.provenance.dates import DateFound, Kind, Method
from archiver.provenance.derivation import Derivation, from_statement
from archiver.provenance.graph import DirectionBy, Edge, End, EndKind, Node, NodeKind, Status, is_evidence
from archiver.report import reading, wording
from archiver.report.difference import runs
from archiver.report.facts import Facts
from archiver.report.foreign import address, cut, exact, isolated, more, shown, words
from archiver.report.markup import Content, Markup, el, join, listed, moment, pairs, paragraph, table
from archiver.report.reading import Json

_MAX_STEPS = 30
_MAX_CLAIMS = 10
_MAX_PASSAGES = 12  # of a kind of change
_MAX_CANDIDATES = 10
_PASSAGE = 700

_RELATIONS = {
    Relation.REPUBLICATION: "republished from",
    Relation.WIRE: "taken, as the report of a news agency, from",
    Relation.TRANSLATION: "translated from",
    Relation.PARTIAL: "taken in part from",
    Relation.ADAPTATION: "adapted from",
}
_POINTING = {Relation.VIA: "names as where it was found", Relation.CITES: "refers to"}
_STATUS = {
    Status.VERIFIED: ("Shown by the texts", "Comparing the two texts shows it."),
    Status.CONTRADICTED: ("Contradicted", "What was found speaks against it."),
    Status.UNKNOWN: ("Not known", "What was found does not tell."),
}
_CLAIMED = "Said, not shown"
_DIRECTIONS = {
    DirectionBy.CLAIMS: "what the pages say",
    DirectionBy.WIRE_ID: "the number of the agency’s report",
    DirectionBy.CITES: "which of them names the other",
    DirectionBy.DATES: "the dates",
    DirectionBy.LEFTOVERS: "links and pictures of the source that were left over in the copy",
    DirectionBy.UNKNOWN: "nothing: it could be the other way round",
}
_KINDS = {
    NodeKind.ARTICLE: ("an article", " without a title"),
    NodeKind.OUTLET: ("an article", " that was not located"),
    NodeKind.AGENCY: ("a report", " that was not located"),
    NodeKind.POST: ("a post", ""),
    NodeKind.PICTURE: ("a picture", ""),
}
_METHODS = {
    Method.JSON_LD: "as its code says (JSON-LD)",
    Method.META: "as its code says (a meta tag)",
    Method.TIME_ELEMENT: "as the line at its headline says",
    Method.FEED: "as a feed of the site says",
    Method.SITEMAP: "as a sitemap of the site says",
    Method.VISIBLE: "as its readers see it",
    Method.URL: "as its address says",
    Method.LAST_MODIFIED: "as its server said (Last-Modified)",
    Method.FIRST_CAPTURE: "when it was first captured",
}
_ENDS = {
    EndKind.ORIGIN: "This article names no source of its own, so the trail ends with it.",
    EndKind.ORIGIN_NOT_CAPTURED: "The source is known by address, and could not be captured, so the trail ends here.",
    EndKind.WIRE_AGENCY: "A news agency is named without an address, so the trail ends here.",
    EndKind.UNRESOLVED: "The article at the source could not be found, or not be compared, so the trail ends here.",
    EndKind.AMBIGUOUS: "Several articles could be meant, and nothing tells which, so the trail ends here.",
    EndKind.CYCLE: "The pages name each other, so the trail ends here.",
    EndKind.DEPTH: "No further steps were asked for, so the trail ends here, and need not be at its origin.",
}
_VERDICTS = {
    "copy": "They are the same, whole or for the most part.",
    "partial": "They are the same in part.",
    "none": "They are different texts, as far as their words tell.",
    "unknown": "Much of one is in the other, but it is too little text to be sure.",
    "too short": "One of them is too short to be told from chance.",
}
_CHANGES = {
    "changed": ("Changed", "In the source", "In the copy"),
    "removed": ("Left out in the copy", "In the source"),
    "added": ("Added in the copy", "In the copy"),
}
_CLAIM_KINDS = {
    "attribution": "A sentence of the page",
    "material": "A sentence of the page",
    "feed-footer": "A line at its foot",
    "byline": "The line of its author",
    "dateline": "The line of place and agency at its beginning",
    "agency-tail": "The line of the agency at its end",
    "copyright-line": "A line on copyright",
    "picture-credit": "The credit of a picture",
    "source-label": "A line that names a source",
    "quoted-post": "A quoted post",
    "canonical": "The page’s code, which readers do not see",
    "og-url": "The page’s code, which readers do not see",
    "meta-author": "The page’s code, which readers do not see",
    "meta-source": "The page’s code, which readers do not see",
    "pixel": "A picture that counts republications",
}


def origins(facts: Facts) -> Markup:
    if not facts.derivations:
        return paragraph("The log states nothing about it: no source was traced, or none was found.")
    parts: list[Content] = [
        paragraph(
            "The program compared this page with others, step by step, to find where its text comes from. What a page ",
            el("em", "says"),
            " of its source and what comparing the texts ",
            el("em", "shows"),
            " are told apart. "
            "This is the finding of the operator’s program, signed so that it cannot be altered unseen; the signature "
            "does not make it right.",
        )
    ]
    titles = {reading.text(facts.statement, "id"): reading.text(facts.statement, "title")}
    steps, besides = [], list[Markup]()
    for index, statement in facts.derivations[:_MAX_STEPS]:
        try:
            found = from_statement(statement)
        except (ValueError, RecursionError):
            steps.append(paragraph(f"Entry {index:,} of the log states something that cannot be read as a step."))
            continue
        if found.edge.relation in (Relation.ILLUSTRATES, Relation.QUOTES):
            besides.append(_beside(found))
            continue
        steps.append(_step(index, found, titles, first=facts.statement.get("id") == found.edge.later))
        if found.object.snapshot:
            titles[found.object.snapshot] = found.object.title
    parts += steps
    if len(facts.derivations) > _MAX_STEPS:
        parts.append(
            paragraph(f"And {len(facts.derivations) - _MAX_STEPS:,} more steps, not told here.", class_="rest")
        )
    if besides:
        parts += [el("h3", "Pictures and posts in the text"), listed(besides)]
    return join(parts)


def _step(index: int, found: Derivation, titles: Mapping[str, str], *, first: bool) -> Markup:
    edge = found.edge
    later: Content = "This page"
    if not first:
        title = titles.get(edge.later)
        later = join(["“", words(title, 300), "”"]) if title else join(["Snapshot ", exact(edge.later, 200)])
    parts: list[Content] = [
        el("h3", later, " ", _relation(edge), " ", _name(found.object)),
        paragraph(*_status(found), class_="verdict"),
        pairs(_about(found)),
        *_said(edge.claims, "claims" in found.cut),
        *(() if edge.match is None else _compared(edge.match, "match" in found.cut)),
        *(() if found.end is None else _end(found.end)),
        paragraph(
            f"Stated in entry {index:,} of the log on ",
            moment(found.made_at.replace(microsecond=0)),
            ", by the operator’s clock.",
            class_="source",
        ),
    ]
    return el("article", *parts, class_="step")


def _relation(edge: Edge) -> str:
    """What is between two articles, as surely as it is known: a heading is read without what stands below it."""
    if edge.relation in _POINTING:
        return _POINTING[edge.relation]
    if edge.status is Status.VERIFIED and edge.direction_by is DirectionBy.UNKNOWN:
        return "has its text in common with"
    if edge.status is Status.VERIFIED:
        return f"is {_RELATIONS[edge.relation]}"
    is_said = any(is_evidence(claim) for claim in edge.claims)
    return f"{'is said to be' if is_said else 'could be'} {_RELATIONS[edge.relation]}"


def _name(node: Node) -> Content:
    if node.title:
        return join(["“", words(node.title, 300), "”"])
    name = node.outlet or node.site or node.author
    kind, rest = _KINDS[node.kind]
    return join([kind, " of " if name else "", words(name, 300) if name else "", rest])


def _status(found: Derivation) -> Iterable[Content]:
    edge = found.edge
    if edge.status is Status.CLAIMED:
        label = _CLAIMED
        told = "A page says so. " + (
            "The texts were not compared." if edge.match is None else "Comparing the texts does not show it."
        )
    else:
        label, told = _STATUS[edge.status]
    yield el("span", label, class_=f"badge {edge.status}")
    yield f" {told}"
    if edge.same_group:
        yield " Both belong to the same publishing group."


def _about(found: Derivation) -> Iterable[tuple[str, Content]]:
    node, edge = found.object, found.edge
    if node.url:
        yield "Address of the source", address(node.url, 600)
    outlet = [words(node.outlet, 200)] if node.outlet else []
    if node.site and node.site != node.outlet:
        outlet.append(words(node.site, 200))
    if outlet:
        yield "Published by", join(outlet, ", ")
    if node.author:
        yield "Written by", words(node.author, 200)
    if node.poster and node.poster != node.author:
        yield "Posted by", words(node.poster, 200)
    if edge.earlier_date or edge.later_date:
        yield "Source published", _date(edge.earlier_date)
        yield "Copy published", _date(edge.later_date)
    yield "Which was first", f"told by {_DIRECTIONS[edge.direction_by]}"
    yield "Source captured as", exact(node.snapshot, 200) if node.snapshot else "not captured"


def _date(date: DateFound | None) -> Content:
    if date is None:
        return "not known"
    bound = ""
    if date.kind is Kind.MODIFIED or date.method is Method.FIRST_CAPTURE:
        bound = "no later than "
    elif date.kind is Kind.CREATED:
        bound = "no earlier than "
    return join([bound, words(str(date), 100), f", {_METHODS[date.method]}"])


def _said(claims: tuple[Claim, ...], cut_short: bool) -> Iterable[Markup]:
    evidence = [claim for claim in claims if is_evidence(claim)]
    yield el("h4", "What the page says of its source")
    if not evidence:
        yield paragraph("Nothing that counts.")
    else:
        yield el("div", *(_claim(claim) for claim in evidence[:_MAX_CLAIMS]), class_="claims")
    if len(evidence) > _MAX_CLAIMS:
        yield paragraph(f"And {len(evidence) - _MAX_CLAIMS:,} more passages, not listed here.", class_="rest")
    if cut_short:
        yield paragraph("The statement has not all of them: there was no room.", class_="rest")
    traps = len(claims) - len(evidence)
    if traps:
        yield paragraph(
            f"{wording.counted(traps, 'more passage')} looked like one, and {'is' if traps == 1 else 'are'} about "
            "something else.",
            class_="rest",
        )


def _claim(claim: Claim) -> Markup:
    where = _CLAIM_KINDS.get(claim.kind)
    told: list[Content] = [where or join(["Signal ", exact(claim.kind, 100)])]
    if claim.target_url:
        told += [", which leads to ", address(claim.target_url, 300)]
    told.append(f". Weight given to it: {round(100 * claim.confidence)}\u00a0%.")
    return el(
        "div",
        el("blockquote", words(claim.passage, _PASSAGE), class_="passage"),
        paragraph(*told, class_="source"),
        class_="claim",
    )


def _compared(match: Json, cut_short: bool) -> Iterable[Markup]:
    yield el("h4", "What comparing the texts shows")
    verdict = reading.text(match, "verdict")
    told: list[Content] = [_VERDICTS.get(verdict) or words(verdict, 100)]
    shares = [reading.whole(reading.part(match, side), "contained_per_mille") for side in ("first", "second")]
    if shares[0] is not None and shares[1] is not None:
        earlier, later = (f"{share // 10:,}\u00a0%" for share in shares if share is not None)
        told.append(
            f" {earlier} of the source is in the copy, and {later} of the copy is in the source, counted in runs of a "
            "few words."
        )
    yield paragraph(*told)
    passages = reading.objects(match, "passages")
    for change, (label, *columns) in _CHANGES.items():
        found = [each for each in passages if reading.text(each, "change") == change]
        if not found:
            continue
        yield el("h5", f"{label}: {wording.counted(len(found), 'passage')}")
        yield table(f"passages {change}", tuple(columns), [_passage(each, change) for each in found[:_MAX_PASSAGES]])
        if len(found) > _MAX_PASSAGES:
            yield paragraph(f"And {len(found) - _MAX_PASSAGES:,} more, not listed here.", class_="rest")
    if cut_short:
        yield paragraph("The statement has not all differences: there was no room.", class_="rest")


def _passage(passage: Json, change: str) -> tuple[Content, ...]:
    first, second = (reading.text(reading.part(passage, side), "text") for side in ("first", "second"))
    if change == "changed":
        return _difference(first, second)
    return (words(first if change == "removed" else second, _PASSAGE),)


def _difference(first: str, second: str) -> tuple[Content, ...]:
    """Both texts, marked where the words differ."""
    (first, first_more), (second, second_more) = cut(first, _PASSAGE), cut(second, _PASSAGE)
    left, right = list[Markup](), list[Markup]()
    for same, before, after in runs(first, second):
        left += [shown(before) if same else el("del", shown(before))] if before else []
        right += [shown(after) if same else el("ins", shown(after))] if after else []
    return tuple(
        join([isolated(*parts), more(count) if count else ""])
        for parts, count in ((left, first_more), (right, second_more))
    )


def _end(end: End) -> Iterable[Markup]:
    yield el("h4", "Where the trail ends")
    yield paragraph(_ENDS[end.kind])
    if end.reason:
        yield paragraph("The program’s own note on it: “", words(end.reason, 400), "”.", class_="source")
    if end.candidates:
        yield paragraph("These could be the source, and were not taken:")
        yield listed(
            join(
                [
                    words(part, 300) if part != each.url else address(part, 300)
                    for part in (each.title, each.outlet, each.url, each.reason)
                    if part
                ],
                ", ",
            )
            for each in end.candidates[:_MAX_CANDIDATES]
        )
        if len(end.candidates) > _MAX_CANDIDATES:
            yield paragraph(f"And {len(end.candidates) - _MAX_CANDIDATES:,} more.", class_="rest")


def _beside(found: Derivation) -> Markup:
    edge, node = found.edge, found.object
    told: list[Content] = ["A picture" if edge.relation is Relation.ILLUSTRATES else "A quoted post"]
    evidence = [claim for claim in edge.claims if is_evidence(claim)]
    who = [part for part in dict.fromkeys((node.title, node.author, node.outlet)) if part]
    if evidence and evidence[0].passage:
        told += [", as the page says: “", words(evidence[0].passage, 300), "”"]
    elif who:
        told += [": ", join([words(part, 200) for part in who], ", ")]
    if node.url:
        told += [", at ", address(node.url, 300)]
    return join(told)
