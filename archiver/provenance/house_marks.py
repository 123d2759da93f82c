"""Words that agencies put under their copy and that stay when it is reprinted: reporters, editors, terms of use."""

from __future__ import annotations

import re
from collections.abc import Iterator

from archiver.provenance.agencies import agency
from archiver.provenance.claim import Claim, Relation
from archiver.provenance.context import Context
from archiver.provenance.naming import outlet_named
from archiver.provenance.wire import agency_claim

# agency, how sure, what it looks like; each is the house style of that agency's own copy, in the languages it writes in
_MARKS = tuple(
    (name, confidence, re.compile(expression, re.IGNORECASE))
    for name, confidence, expression in (
        (
            "Reuters",
            0.75,
            r"\breporting by [^;]{3,120}[;.] ?(?:(?:additional reporting|writing) by [^;]{3,120}[;.] ?)?editing by\b",
        ),
        ("Reuters", 0.75, r"\(reporte de [^;)]{3,120}[;.,] ?(?:editado|traducido)\b"),
        ("Reuters", 0.9, r"\bour standards: the thomson reuters trust principles"),
        ("AP", 0.7, r"\bthis material may not be published, broadcast, rewritten,? or redistributed"),
        ("Bloomberg", 0.7, r"\bto contact the (?:reporter|author)s? (?:on|of) this story:? .{3,200}@bloomberg\.net"),
        ("Bloomberg", 0.7, r"©\s?20\d\d Bloomberg L\.?P"),
        ("CNN Wire", 0.9, r"\bthe.cnn.wire\b"),
        ("CNN Wire", 0.6, r"\b20\d\d cable news network\b"),
        ("Xinhua", 0.7, r"\benditem\b"),
        ("Tribune News Service", 0.6, r"\bdistributed by tribune (?:content agency|news service)"),
    )
)
# ©2025 Salt Gazette. Visit saltgazette.com. Distributed by …
_DISTRIBUTED = re.compile(
    r"©\s?20\d\d,? (?P<outlet>[^.]{2,60})\. (?:Visit .{3,120}?\. )?Distributed by ", re.IGNORECASE
)
_NEVER = re.compile(r"(?!)")


def house_marks(context: Context) -> Iterator[Claim]:
    """A claim for each mark of an agency's own copy at the end of the text."""
    for block in context.page.blocks:
        if context.page.zone(block) != "tail":
            continue
        text = block.text[:1_000]
        distributed = _DISTRIBUTED.search(text)
        name, _ = outlet_named(distributed["outlet"], _NEVER) if distributed else ("", 0)
        if distributed and name:
            yield context.in_text("copyright-line", Relation.REPUBLICATION, block, distributed.span(), name, 0.8)
        for name, confidence, pattern in _MARKS:
            match = pattern.search(text)
            found = agency(name) if match else None
            if match and found:
                yield agency_claim(context, "house-mark", Relation.WIRE, block, match.span(), found, confidence)
