"""German, Dutch and Scandinavian phrases of attribution."""

from __future__ import annotations

from archiver.provenance.languages.rules import language

_DE_NOUN = (
    r"(?:Artikels?|Beitrags?|Textes?|Text|Berichts?|Kommentars?|Interviews?|Essays?|Kolumne|Meldung|Geschichte|"
    r"Rezension|Analyse|Blog\w{0,8}|"
    r"Gastbeitrag\w{0,2}|Reportage|Post|Übersetzung|Aufsatz|Rede|Version|Fassung|Nachricht|Pressemitteilung|Recherche)"
)
_DE_AT = (
    r"(?:(?:auf \w{3,12}isch )?bei|beim|in|im|auf|am|von|vom|unter|über|durch|für|auf der (?:Web)?[Ss]eite(?: "
    r"von)?|in der|in "
    r"dem|bei der|auf dem|auf der)"
)
_DE_MADE = r"(?:erschienen|veröffentlicht|publiziert|gepostet|gedruckt|abgedruckt|erstveröffentlicht)"
_DE_FIRST = r"(?:zuerst|ursprünglich|erstmals|zunächst|im Original|original|bereits|auch|vorab)"

GERMAN = language(
    "de",
    this_item=rf"\b(?:diese[rsnm]?|der (?:vorliegende|obige|nachfolgende|folgende)|die (?:obige|"
    rf"vorliegende))(?: [\w-]{{1,20}}){{0,2}} {_DE_NOUN}\b",
    item=r"\b(?:Artikels?|(?:Gast)?[Bb]eitrag\w{0,2}|Textes?|Text|Kommentars?|Interviews?|Essays?|Kolumne|"
    r"Rezension|Blog\w{0,8}|"
    r"Post|Original)\b|^(?:er|es|sie)\b",
    ends=(
        r",? (?:am \d|am (?:Montag|Dienstag|Mittwoch|Donnerstag|Freitag|Samstag|Sonntag)|erschienen|"
        r"veröffentlicht|publiziert|unter|und|mit|als|"
        r"übernommen|vom \d|im (?:Januar|Februar|März|April|Mai|Juni|Juli|August|September|Oktober|November|"
        r"Dezember)|in (?:Ausgabe|Heft)|"
        r"der|die|das|wo|zur Verfügung|verfasst|hier|auf)\b"
    ),
    table=[
        ("R", "erschien", 0.9, rf"\berschien (?:der (?:Text|Artikel|Beitrag) )?{_DE_FIRST} {_DE_AT} "),
        (
            "R",
            "zuerst|ursprünglich|erstmals|zunächst|original|bereits|auch|vorab|erschienen|veröffentlicht|"
            "publiziert|druckt|gepostet",
            0.9,
            rf"\b{_DE_FIRST} {_DE_AT} (?P<outlet>(?:[^.;]|\.\w){{2,90}}?) {_DE_MADE}\b",
        ),
        (
            "R",
            "original ist",
            0.9,
            rf"\bim Original ist (?:er|es|sie|der \w{{3,15}}) {_DE_AT} "
            rf"(?P<outlet>(?:[^.;]|\.\w){{2,90}}?) {_DE_MADE}\b",
        ),
        (
            "R",
            "zuerst|ursprünglich|erstmals|zunächst|original|bereits|auch|vorab|erschienen|veröffentlicht|"
            "publiziert|druckt|gepostet",
            0.8,
            rf"\b(?:ist|sind|wurde|war)(?: \w{{1,15}}){{0,2}} (?:am \d{{1,2}}\. ?\w{{1,12}}(?: \d{{4}})? |im "
            rf"\w{{3,12}} \d{{4}} |vom \d{{1,2}}\. ?\w{{1,12}} )?{_DE_AT} "
            rf"(?P<outlet>(?:[^.;]|\.\w){{2,90}}?) {_DE_MADE}\b",
        ),
        ("R", "zuerst", 0.85, rf"\b{_DE_MADE} zuerst {_DE_AT} "),
        ("R", "erstveröffentlich", 0.9, rf"\bErstveröffentlich(?:t|ung)(?: \w{{1,12}}){{0,2}}:? (?:{_DE_AT} )?"),
        (
            "R?",
            "erschien",
            0.8,
            rf"\b(?:dieser|dieses|diese) {_DE_NOUN} erschien (?:am \d{{1,2}}\. ?\w{{1,12}}(?: \d{{4}})? )?{_DE_AT} ",
        ),
        ("R?", "erschienen", 0.75, r"^\W{0,3}erschienen (?:in|bei|auf|im):? "),
        ("R?", "stammt", 0.65, rf"\b(?:dieser|dieses|diese) {_DE_NOUN} stammt (?:von|vom|aus) "),
        ("R", "erschienen|veröffentlicht|publiziert", 0.9, rf"\b{_DE_FIRST} {_DE_MADE} {_DE_AT} "),
        ("R", "genehmigung", 0.8, r"\bmit (?:freundlicher |der )?(?:Genehmigung|Erlaubnis) (?:von|des|der|durch|vom) "),
        ("R", "übernommen", 0.85, r"\bübernommen (?:von|aus|vom) "),
        ("R", "übernommen", 0.8, r"\b(?:von|aus|vom) (?P<outlet>(?:[^.;]|\.\w){2,80}?) übernommen\b"),
        ("R", "nachdruck", 0.8, r"\bNachdruck (?:aus|von|mit Genehmigung (?:von|der|des)) "),
        ("R", "crosspost", 0.85, r"\bCrosspost(?:ing)?(?: von)?:? "),
        (
            "R@!",
            "original",
            0.8,
            r"\b(?:zum Original(?:artikel|beitrag|text)?|(?:hier|den) (?:geht es zum |Original)(?:artikel|"
            r"beitrag|text)|Originalartikel|Originalbeitrag)\b",
        ),
        (
            "R",
            "zur verfügung",
            0.7,
            r"\bwurde (?:uns )?(?:von|vom) (?P<outlet>(?:[^.;]|\.\w){2,80}?) zur Verfügung gestellt\b",
        ),
        (
            "T",
            "übersetz",
            0.8,
            r"\b(?:aus dem \w{4,15} übersetzt(?:e[rsn]?)? aus|Übersetzung (?:aus|eines \w{4,15} (?:aus|"
            r"von))|übersetzt aus) ",
        ),
        ("P!+", "mit material", 0.8, r"\bmit (?:Material|Informationen|Agenturmaterial|Inhalten) (?:von|der|des|vom) "),
        (
            "P!+",
            "unter verwendung",
            0.8,
            r"\bunter Verwendung von (?:Material|Informationen|Meldungen) (?:von|der|des) ",
        ),
        ("P", "auszug", 0.8, r"\b(?:Auszug|Vorabdruck|Leseprobe|Textauszug) (?:aus|von) "),
        (
            "A",
            "fassung",
            0.8,
            rf"\b(?:gekürzte|überarbeitete|bearbeitete|aktualisierte|erweiterte|leicht veränderte) (?:Fassung|"
            rf"Version) (?:eines|des|von) [^.;]{{2,60}}? {_DE_AT} ",
        ),
        ("R<", "auch", 0.6, rf"\b(?:Dieser|Der) {_DE_NOUN} (?:ist|erscheint|erschien|wurde) auch {_DE_AT} "),
    ],
)

_NL_MADE = r"(?:gepubliceerd|verschenen|geplaatst|geschreven)"
DUTCH = language(
    "nl",
    this_item=r"\b(?:dit|deze) (?:\w{1,15} )?(?:artikel|stuk|verhaal|bericht|blog|column|bijdrage|tekst|"
    r"interview|opiniestuk)\b",
    item=r"\b(?:artikel|stuk|verhaal|bericht|blog\w{0,6}|column|bijdrage|tekst|interview|opinie\w{0,6}|versie)\b",
    ends=r",? (?:op \d|en (?:is|werd)|met|onder|als|verschenen|gepubliceerd|waar|die|dat|door)\b",
    table=[
        (
            "R",
            "verscheen",
            0.9,
            r"\bverscheen (?:eerder|eerst|oorspronkelijk|voor het eerst|ook eerder)(?: \w{1,10})? (?:op|in|bij|via) ",
        ),
        (
            "R",
            "eerder|eerst|oorspronkelijk",
            0.9,
            r"\b(?:eerder|eerst|oorspronkelijk|voor het eerst|als eerste) (?:is )?(?:gepubliceerd|verschenen|"
            r"geplaatst) (?:op|in|door|bij|via) ",
        ),
        (
            "R",
            "eerder|eerst|oorspronkelijk",
            0.85,
            rf"\b(?:eerder|eerst|oorspronkelijk|voor het eerst) (?:op|in|door|bij) (?P<outlet>(?:[^.;]|\.\w){{2,80}}?) "
            rf"{_NL_MADE}\b",
        ),
        ("R", "overgenomen", 0.9, r"\bovergenomen (?:van|uit|met toestemming van) "),
        ("R", "toestemming", 0.8, r"\bmet toestemming (?:van|overgenomen (?:van|uit)) "),
        (
            "R@!",
            "origine",
            0.8,
            r"\b(?:lees|bekijk) (?:hier )?het (?:originele|oorspronkelijke) (?:artikel|bericht|stuk)\b",
        ),
        ("T", "vertaal", 0.8, r"\bvertaald (?:uit|van|naar een artikel (?:van|op|in)) "),
        ("P!+", "met medewerking", 0.5, r"\bmet (?:medewerking|informatie) van "),
    ],
)

SWEDISH = language(
    "sv",
    this_item=r"\b(?:den här|denna|detta|det här) (?:\w{1,15} )?(?:artikeln?|text(?:en)?|inlägg(?:et)?|"
    r"krönikan?|debattartikeln?|nyheten?)\b",
    item=r"\b(?:artikeln?|texten|inlägget|krönikan|debattartikeln?|nyheten|intervjun)\b",
    ends=r",? (?:den \d|och|med|under|som|där|i samband)\b",
    table=[
        (
            "R",
            "ursprungligen|först|tidigare",
            0.9,
            r"\b(?:publicerades|publicerad|publicerat|publiceras|fanns|skrevs) (?:\w{1,10} )?(?:ursprungligen|"
            r"först|tidigare|första gången) (?:på|i|av|hos|för) ",
        ),
        (
            "R",
            "ursprungligen|först|tidigare",
            0.9,
            r"\b(?:ursprungligen|först|tidigare) (?:publicera(?:d|t|des)|införd) (?:på|i|av|hos) ",
        ),
        ("R", "tillstånd", 0.8, r"\bmed tillstånd (?:av|från) "),
        ("R", "åter", 0.85, r"\båterpublicera(?:d|t|s) (?:från|med tillstånd av|av) "),
        ("R@!", "original:|originaltext:|originalquelle:", 0.8, r"\boriginal(?:text|artikel|beitrag|quelle)?: "),
        ("R@!", "original", 0.8, r"\bläs (?:hela )?original(?:artikeln|texten|et)\b"),
        ("T", "översatt", 0.8, r"\böversatt från (?:\w{3,12} )?"),
    ],
)

DANISH = language(
    "da",
    this_item=r"\b(?:denne|dette) (?:\w{1,15} )?(?:artikel|indlæg|tekst|historie|nyhed|kronik|klumme)\b",
    item=r"\b(?:artiklen|artikel|indlægget|teksten|historien|nyheden|kronikken)\b",
    ends=r",? (?:den \d|og|med|under|som|hvor)\b",
    table=[
        (
            "R",
            "oprindelig|først|tidligere",
            0.9,
            r"\b(?:oprindeligt|oprindelig|først|tidligere) (?:bragt|udgivet|publiceret|offentliggjort|trykt) "
            r"(?:på|i|af|hos) ",
        ),
        (
            "R",
            "oprindelig|først|tidligere",
            0.85,
            r"\b(?:blev|er|var) (?:\w{1,10} )?(?:bragt|udgivet|publiceret) (?:oprindeligt|først) (?:på|i|af|hos) ",
        ),
        ("R", "tilladelse", 0.8, r"\bmed tilladelse fra "),
        ("R@!", "original:|originaltext:|originalquelle:", 0.8, r"\boriginal(?:text|artikel|beitrag|quelle)?: "),
        ("R@!", "original", 0.8, r"\blæs (?:hele )?(?:den )?original(?:e artikel|artiklen)\b"),
    ],
)

NORWEGIAN = language(
    "no",
    this_item=r"\b(?:denne|dette) (?:\w{1,15} )?(?:artikkelen|saken|teksten|innlegget|kronikken)\b",
    item=r"\b(?:artikkelen|saken|teksten|innlegget|kronikken)\b",
    ends=r",? (?:den \d|og|med|under|som|der)\b",
    table=[
        (
            "R",
            "opprinnelig|først|tidligere",
            0.9,
            r"\b(?:opprinnelig|først|tidligere) (?:publisert|trykket|trykt) (?:på|i|av|hos) ",
        ),
        (
            "R",
            "opprinnelig|først|tidligere",
            0.85,
            r"\b(?:ble|er) (?:\w{1,10} )?publisert (?:opprinnelig|først) (?:på|i|av|hos) ",
        ),
        ("R", "tillatelse", 0.8, r"\bmed tillatelse fra "),
    ],
)
