"""English phrases of attribution."""

from __future__ import annotations

from archiver.provenance.languages.rules import language

_NOUN = (
    r"(?:articles?|stor(?:y|ies)|posts?|pieces?|essays?|columns?|reports?|op-?eds?|blogs?|commentary|"
    r"interviews?|reviews?|"
    r"editorials?|excerpts?|features?|versions?|content|texts?|releases?|transcripts?|analys[ie]s|"
    r"investigations?|recipes?|"
    r"podcasts?|episodes?|items?|opinion|dispatch(?:es)?|poem|extract|explainer|newsletter|list|gallery|video|work)"
)
# Without "this" before them, these can be nothing but what the reader reads; a "report" or a "video" can be any.
_PLAIN_NOUN = (
    r"(?:articles?|stor(?:y|ies)|posts?|pieces?|essays?|columns?|op-?eds?|blogs?|commentary|interviews?|reviews?|"
    r"editorials?|excerpts?|versions?|transcripts?|explainer|newsletter)"
)
_FIRST = r"(?:originally|first|previously|initially)"
_MADE = (
    r"(?:appeared|appears|published|posted|ran|run|printed|released|featured|written|carried|"
    r"produced|shared|aired)"
)
_AT = r"(?:on|at|in|by|for|from|with|over at|via|to)"
_AGAIN = (
    r"(?:re-?published|re-?printed|re-?posted|cross-?posted|x-?posted|syndicated|reproduced|republication|"
    r"reprint|shared)"
)
_VERB = r"(?:was|were|is|has been|have been|had been)"

ENGLISH = language(
    "en",
    this_item=rf"\b(?:this|the (?:above|following|preceding)|today.s|the (?:entire|whole|full))(?: "
    rf"[\w'’-]{{1,20}}){{0,3}} {_NOUN}\b",
    item=rf"\b{_PLAIN_NOUN}\b|^(?:it|this)\b",
    ends=(
        r",? (?:on|in|as|and (?:is|was|has|can|re-?published|re-?printed|appears|posted|used)|under|with (?:the "
        r")?(?:\w{1,12} )?"
        r"permission|with the (?:title|headline)|where|who|which|when|here|before|after|but|since|via|through|"
        r"for more|has been|"
        r"have been|was|is|to read|for the|dedicated|by|that|we|used)\b"
    ),
    table=[
        # direction reversed: this page is the original
        (
            "R<",
            "also |later |since |subsequently ",
            0.7,
            rf"\b(?:also|later|since|subsequently) (?:appeared|appears|ran|runs|{_AGAIN}|published|been published|"
            rf"been {_AGAIN}|featured|posted) (?:on|in|at|by) (?!permission)",
        ),
        (
            "R<",
            "re",
            0.7,
            rf"{_NOUN} (?:was|has been|is|has also been|was also|was later|has since been) (?:also |later "
            rf")?(?:re-?printed|"
            r"re-?published|re-?posted|picked up|cross-?posted|reproduced|syndicated) (?:on|in|at|by) (?!permission)",
        ),
        ("R<", "in print", 0.7, r"\b(?:appears?|appeared|published) in print\b"),
        (
            "R<",
            "permission",
            0.5,
            r"\b(?:please )?(?:feel free to|you (?:may|can|are free to)) (?:republish|reprint|repost)\b",
        ),
        # adaptations and parts
        (
            "A!",
            "version of",
            0.85,
            rf"\b(?:expanded|edited|revised|abridged|shortened|condensed|modified|updated|longer|shorter|adapted|"
            rf"lightly edited|slightly edited|extended) version of an? {_NOUN}(?: [^.;:]{{1,60}}?)?(?: "
            rf"{_FIRST})? {_MADE} (?:here )?{_AT} ",
        ),
        (
            "A",
            "adapted",
            0.75,
            rf"\badapted (?:here )?(?:with permission )?from (?:an? {_NOUN} (?:on|in|at|by|for|from) )?",
        ),
        (
            "R!",
            "published this|ran this",
            0.85,
            rf"^\W{{0,3}}(?P<outlet>[^.;]{{2,60}}?) (?:originally|first) (?:published|ran) this {_NOUN}",
        ),
        (
            "R",
            "original version",
            0.85,
            rf"\boriginal version of this {_NOUN} (?:appeared|was published|can be found|is published|ran) {_AT} ",
        ),
        ("R", "originally published:", 0.85, r"\boriginally published:? (?:in |at |on |by )?"),
        ("R?", "was |is ", 0.65, rf"\bthis {_NOUN} (?:was|is) (?:published|reported|carried) (?:in|by|on) "),
        ("R?", " from ", 0.65, rf"\bthis {_NOUN} (?:is|was) (?:taken )?from "),
        ("R?", "taken from ", 0.6, r"^\W{0,3}taken from "),
        ("R?", "distributed by ", 0.6, r"^\W{0,3}distributed by "),
        ("R", "produced by", 0.7, rf"\bthis {_NOUN} (?:was|is) produced by "),
        ("P", "excerpt", 0.8, r"\b(?:excerpt(?:ed)?|extract(?:ed)?|an excerpt) (?:here )?(?:with permission )?from "),
        ("P+", "with files from", 0.8, r"\bwith files from "),
        (
            "P+",
            "contributed to this",
            0.45,
            rf"(?P<outlet>\b(?-i:[A-Z])(?:[^.;]|\.\w){{1,60}}?) contributed to this {_NOUN}",
        ),
        (
            "T",
            "translat",
            0.8,
            r"\btranslated (?:and (?:published|edited|adapted) )?(?:with permission )?(?:from (?:the original "
            r")?(?:\w{1,15} "
            r"(?:at|on|in|by) )?)",
        ),
        # the plain ones
        ("R", "appear", 0.9, rf"\b{_FIRST} (?:appeared|appears)(?: here)?(?: (?:online|in print))? {_AT} "),
        ("R", "first", 0.85, rf"\b{_MADE}(?: here)? first {_AT} "),
        ("R", "original", 0.85, rf"\b{_MADE} originally {_AT} "),
        (
            "R",
            "original|first|previous|initial",
            0.9,
            rf"\b{_FIRST} (?:{_MADE}|co-?published)(?: here)?(?: (?:online|as [^.]{{2,80}}?))?:? ?{_AT}:? ",
        ),
        (
            "R",
            "original",
            0.8,
            rf"\boriginal {_NOUN} (?:from|on|at|by|in|appeared (?:on|in|at)|published (?:on|in|at|by)) ",
        ),
        (
            "R",
            "publi|print|post|syndicat|reprodu|shared",
            0.9,
            rf"\b{_AGAIN}(?: here)?(?:,? with (?:the )?(?:\w{{1,12}} )?permission)? (?:from|of|via|courtesy of) ",
        ),
        (
            "R",
            "permission",
            0.75,
            rf"\b(?:{_AGAIN}|used|published|appears)(?: here)?(?: at [^.]{{2,40}}?)?,? (?:with|by)(?: the)?(?: "
            rf"\w{{1,12}})?"
            r" (?:permission|consent) (?:of|from|by) ",
        ),
        (
            "R",
            "courtesy of",
            0.6,
            rf"{_NOUN} (?:is |was |appears |comes to (?:you|us) )?(?:here )?(?:by )?courtesy of ",
        ),
        (
            "R",
            "provided|supplied|distributed|brought|submitted",
            0.85,
            rf"{_NOUN} (?:{_VERB} )?(?:originally |first )?(?:provided|supplied|distributed|brought to you|"
            rf"submitted)(?: to [^.]{{1,40}}?)? by ",
        ),
        ("R", "post", 0.85, r"\b(?:cross|x)-?post(?:ed)?(?: from| at| on| with)?:? "),
        ("R", "re", 0.7, r"^\W{0,3}(?:re-?published|re-?printed|re-?posted)(?: \w{1,15})? (?:from|via):? "),
        ("R", "content partner", 0.7, r"\bcontent (?:is )?(?:from|by|provided by) (?:our )?(?:content )?partners?:? "),
        ("R", "comes from", 0.6, rf"\bthis {_NOUN} comes (?:to us )?from "),
        (
            "R@!",
            "original",
            0.85,
            rf"\b(?:read|see|view|find|visit|click here (?:for|to read)|link to|access|continue (?:to "
            rf")?reading) (?:the |our )?"
            rf"(?:full )?original(?: (?:full|\w{{3,12}}))? {_NOUN}\b",
        ),
        ("R@!", "original", 0.7, r"^\W{0,3}(?:read|view|see|visit) (?:the )?original\W{0,3}$"),
        (
            "R@!",
            "original",
            0.7,
            rf"\bthe original(?: {_NOUN})?(?: (?:can be|is|was|may be))? (?:read|found|available|published|"
            rf"viewed|here)\b",
        ),
        ("R@", "read here", 0.6, r"\bcan be read (?:in full )?here\b"),
        ("R@!", "original", 0.7, rf"^\W{{0,3}}original (?:{_NOUN}|source|link)(?: here|:|$)"),
        # chains of citations
        ("C", "first reported", 0.5, r"\b(?:first|originally) reported by "),
    ],
)
