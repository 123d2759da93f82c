"""French, Spanish, Portuguese, Italian, Romanian and Catalan phrases of attribution."""

from __future__ import annotations

from archiver.provenance.languages.rules import language

FRENCH = language(
    "fr",
    this_item=r"\b(?:cet|ce|cette|le présent|la présente) (?:[\w-]{1,15} )?(?:article|texte|billet|tribune|"
    r"reportage|contenu|entretien|enquête|chronique|papier|analyse|version)\b",
    item=r"^(?:il|elle)\b|\b(?:article|texte|billet|tribune|reportage|contenu|entretien|enquête|chronique|"
    r"papier|analyse|version)\b",
    ends=r",? (?:le \d|en (?:janvier|février|mars|avril|mai|juin|juillet|août|septembre|octobre|novembre|"
    r"décembre|\d)|et (?:est|a|traduit|republié)|sous|avec|puis|qui|dont|où|par|au sein|intitulé)\b",
    table=[
        ("R<", "aussi", 0.6, r"\b(?:a été|est) (?:aussi|également) (?:publiée?|reprise?|republiée?) (?:par|sur|dans) "),
        (
            "R",
            "initialement|origin|abord|précédemment|première fois",
            0.9,
            r"\b(?:initialement|originellement|d.abord|à l.origine|précédemment|originalement) (?:été )?(?:publiée?s?|"
            r"parue?s?|diffusée?s?) (?:en \w{3,10} )?(?:sur(?: le site(?: de)?)?|dans|par|chez|en|le "
            r"\d{1,2} \w{3,10}(?: \d{4})? (?:sur|dans|par)) ",
        ),
        (
            "R",
            "initialement|origin|abord|précédemment|première fois",
            0.9,
            r"\b(?:publiée?s?|parue?s?|paru) (?:initialement|à l.origine|originellement|originalement|d.abord|"
            r"pour la première fois) (?:en \w{3,10} )?(?:sur|dans|par|chez) ",
        ),
        (
            "R",
            "republi",
            0.95,
            r"\brepubliée?s? (?:ici )?(?:à partir (?:de|du)|depuis|de|avec l.(?:aimable )?autorisation (?:de|"
            r"du)|sous licence [^.]{2,40}? (?:de|depuis)) ",
        ),
        ("R", "repris", 0.85, r"\brepris(?:e)? (?:à partir )?(?:de|du) "),
        (
            "R",
            "autorisation",
            0.85,
            r"\b(?:reproduite?|publiée?|repris|reprise)(?: ici)? avec l.(?:aimable )?(?:autorisation|"
            r"permission) (?:de|du|des) ",
        ),
        ("R", "autorisation", 0.7, r"^\W{0,3}avec l.aimable (?:autorisation|permission) (?:de|du|des) "),
        (
            "R@!",
            "original",
            0.9,
            r"\b(?:lire|voir|lisez|retrouvez|consulter)(?: ici)? (?:l.)?(?:article|texte|billet|version) "
            r"(?:original|complet|d.origine)e?\b",
        ),
        ("R@!", "original", 0.7, r"^\W{0,3}(?:article original|source originale)\b"),
        (
            "R",
            "version originale",
            0.85,
            r"\bversion originale (?:de ce(?:t|tte)? \w{4,12} )?(?:a été |est )?(?:publiée|parue) (?:en "
            r"\w{3,10} )?(?:sur|dans|par) ",
        ),
        ("R", "article original", 0.7, r"\barticle original (?:publié |paru )?(?:sur|dans|de|par) "),
        (
            "T",
            "tradui",
            0.85,
            r"\btraduite?(?: et adaptée?)?(?: de l.\w{4,12}| du \w{4,12})? (?:à partir (?:de|d.un article (?:de|"
            r"du))|depuis|d.un article (?:de|du|paru (?:dans|sur))) ",
        ),
        ("P", "extrait", 0.75, r"\bextraite?s? (?:du livre|de l.ouvrage|du site|d.un article (?:de|paru dans)) "),
        ("P!+", "avec", 0.75, r"^\W{0,3}\(?avec (?:l.)?(?=[A-Z])"),
        ("C", "relay", 0.4, r"\b(?:relayée?|rapportée?) par (?:le site |le journal )?"),
    ],
)

_ES_NOUN = (
    r"(?:artículo|texto|nota|noticia|reportaje|columna|entrevista|contenido|publicación|crónica|ensayo|"
    r"versión|análisis|investigación|post|entrada)"
)
SPANISH = language(
    "es",
    this_item=rf"\b(?:este|esta|el presente|la presente) (?:\w{{1,15}} )?{_ES_NOUN}\b",
    item=rf"\b{_ES_NOUN}\b",
    ends=r",? (?:el \d|en (?:enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|octubre|noviembre|"
    r"diciembre|\d)|y (?:se|es|ha|fue|traducido|reproducido)|bajo|con|que|donde|por|para|según|como)\b",
    table=[
        (
            "R<",
            "también",
            0.6,
            r"\b(?:también|además) (?:se publicó|fue publicad[oa]|apareció|reproducid[oa]) (?:en|por) ",
        ),
        (
            "R",
            "originalmente|originariamente|inicialmente|primer|previamente|anteriormente|republic|reprodu|"
            "retomad|tomad",
            0.9,
            r"\b(?:publicad[oa]s?|publicó|apareció|aparecid[oa]) (?:originalmente|originariamente|inicialmente|"
            r"primero|por primera vez|primeramente|previamente|anteriormente)(?: el \d{1,2} de \w{4,10}(?: "
            r"de \d{4})?)? (?:en|por|bajo|a través de) ",
        ),
        (
            "R",
            "originalmente|originariamente|inicialmente|primer|previamente|anteriormente|republic|reprodu|"
            "retomad|tomad",
            0.9,
            r"\b(?:originalmente|inicialmente|originariamente|previamente|por primera vez) (?:fue "
            r")?(?:publicad[oa]s?|aparecid[oa]|publicó|apareció|escrito) (?:en|por|para) ",
        ),
        (
            "R",
            "republic|reprodu|retomad|tomad",
            0.9,
            r"\b(?:republicad[oa]|reproducid[oa]|reproducimos|republicamos|reproduce|retomad[oa]|tomad[oa])(?: "
            r"aquí)?(?: con (?:la )?(?:debida )?(?:autorización|permiso))? (?:de|del|desde|a partir de) ",
        ),
        ("R", "autoriza|permiso", 0.8, r"\bcon (?:la |el )?(?:debida )?(?:autorización|permiso) (?:de|del) "),
        (
            "R",
            "original",
            0.8,
            r"\b(?:original|versión original)(?: de este \w{4,12})?(?: fue| se)? (?:publicad[oa]|publicó|"
            r"apareció) (?:en|por) ",
        ),
        ("R", "cortesía", 0.6, r"\b(?:cortesía) (?:de|del) "),
        ("R@!", "original", 0.85, rf"\b(?:lea?|leer|ver|vea|consulte?)(?: aquí)? (?:el |la )?{_ES_NOUN} original\b"),
        ("R@!", "original", 0.7, rf"^\W{{0,3}}(?:{_ES_NOUN}|fuente|enlace) original\b"),
        (
            "R",
            "alianza",
            0.5,
            rf"\b{_ES_NOUN} (?:se publica|es publicad[oa]|forma parte)[^.]{{0,60}} (?:alianza|acuerdo|convenio) con ",
        ),
        (
            "T",
            "traduc",
            0.8,
            r"\b(?:traducid[oa]|traducción) (?:de|del|desde) (?:un artículo (?:de|del|publicado (?:en|por)) )?",
        ),
        (
            "P!+",
            "con información",
            0.75,
            r"\bcon (?:información|datos|reportes?|material|notas?) (?:de|del) (?:la )?",
        ),
        ("P", "extracto", 0.7, r"\b(?:extracto|fragmento) (?:de|del) "),
    ],
)

_PT_NOUN = (
    r"(?:artigo|texto|matéria|reportagem|notícia|coluna|entrevista|conteúdo|publicação|crónica|crônica|"
    r"ensaio|versão|análise|post|peça)"
)
PORTUGUESE = language(
    "pt",
    this_item=rf"\b(?:este|esta|esse|essa|o presente|a presente) (?:\w{{1,15}} )?{_PT_NOUN}\b",
    item=rf"\b{_PT_NOUN}\b",
    ends=r",? (?:em (?:janeiro|fevereiro|março|abril|maio|junho|julho|agosto|setembro|outubro|novembro|dezembro|"
    r"\d)|no dia|e (?:foi|é|republicad|traduzid)\w{0,3}|sob|com|que|onde|por|para|como)\b",
    table=[
        ("R<", "também", 0.6, r"\btambém (?:foi )?(?:publicad[oa]|saiu) (?:em|no|na|pelo|pela) "),
        (
            "R",
            "originalmente|inicialmente|primeir|previamente|anteriormente|autorização|permissão",
            0.9,
            r"\b(?:publicad[oa]s?|apareceu|saiu|veiculad[oa]) (?:originalmente|inicialmente|primeiramente|"
            r"primeiro|pela primeira vez|previamente|anteriormente)(?: em \d{1,2} de \w{4,10}(?: de "
            r"\d{4})?)? (?:em|no|na|pelo|pela|por|nos|nas) ",
        ),
        (
            "R",
            "originalmente|inicialmente|primeir|previamente|anteriormente|autorização|permissão",
            0.9,
            r"\b(?:originalmente|inicialmente|primeiramente) (?:foi )?(?:publicad[oa]s?|escrito|veiculad[oa]) "
            r"(?:em|no|na|pelo|pela|por|para) ",
        ),
        (
            "R",
            "republica",
            0.9,
            r"\brepublicad[oa]s?(?: aqui)?(?: com (?:a )?(?:autorização|permissão))? (?:de|do|da|a partir d[eoa]) ",
        ),
        ("R", "autorização|permissão", 0.8, r"\bcom (?:a )?(?:autorização|permissão) (?:de|do|da) "),
        ("R", "reprodu", 0.85, r"\b(?:reproduzid[oa]|reprodução|extraíd[oa]|retirad[oa]) (?:de|do|da) "),
        (
            "R@!",
            "original",
            0.85,
            rf"\b(?:leia|ler|veja|clique aqui para ler)(?: aqui)? (?:o |a )?{_PT_NOUN} original\b",
        ),
        ("T", "tradu", 0.8, r"\b(?:traduzid[oa]|tradução) (?:de|do|da|a partir d[eoa]) "),
        ("P!+", "com informaç", 0.75, r"\bcom informações (?:de|do|da|das|dos) "),
        ("P!+", "com ", 0.6, r"^\W{0,3}\(?com (?:agências?|a agência) "),
    ],
)

_IT_NOUN = (
    r"(?:articolo|testo|pezzo|contributo|intervista|reportage|editoriale|analisi|post|contenuto|"
    r"intervento|racconto|versione)"
)
ITALIAN = language(
    "it",
    this_item=rf"\b(?:quest[oa]|quest.|il presente) ?(?:\w{{1,15}} )?{_IT_NOUN}\b",
    item=rf"\b{_IT_NOUN}\b",
    ends=r",? (?:il \d|nel (?:\d|mese)|e (?:è|viene|tradotto|ripubblicato)|con|sotto|che|dove|per|come|a "
    r"(?:gennaio|febbraio|marzo|aprile|maggio|giugno|luglio|agosto|settembre|ottobre|novembre|dicembre))\b",
    table=[
        (
            "R",
            "originar|original|inizialmente|prima|origine|precede|ripubblic|riprodott|tratt|ripres",
            0.9,
            r"\b(?:pubblicat[oa]|uscit[oa]|appars[oa]|comparso) (?:originariamente|originalmente|inizialmente|"
            r"per la prima volta|in origine|prima|precedentemente|in precedenza)(?: il \d{1,2} \w{4,10}(?: "
            r"\d{4})?)? (?:su|sul|sulla|sull.|in|da|dal|dalla|nel|nella|per) ?",
        ),
        (
            "R",
            "originar|original|inizialmente|prima|origine|precede|ripubblic|riprodott|tratt|ripres",
            0.9,
            r"\b(?:originariamente|originalmente|inizialmente|in origine|precedentemente) (?:pubblicat[oa]|"
            r"appars[oa]|uscit[oa]) (?:su|sul|sulla|sull.|in|da|dal|dalla|nel|nella) ?",
        ),
        (
            "R",
            "ripubblic|riprodott|tratt|ripres",
            0.85,
            r"\b(?:ripubblicat[oa]|riprodott[oa]|tratt[oa]|ripres[oa])(?: qui)?(?: (?:con|su) (?:il permesso|"
            r"l.autorizzazione|gentile concessione))? (?:da|dal|dalla|di|del|della|dall.) ?",
        ),
        ("R", "concessione", 0.8, r"\bper gentile concessione (?:di|del|della|dell.) ?"),
        (
            "R@!",
            "original",
            0.85,
            r"\b(?:leggi|leggere|vai al?)(?: qui)? (?:l.)?(?:articolo|testo|pezzo) (?:originale|completo)\b",
        ),
        ("R@!", "original", 0.7, r"^\W{0,3}(?:articolo|fonte|link) originale\b"),
        ("T", "tradott", 0.8, r"\b(?:tradott[oa]|traduzione) (?:da|dal|dalla|di un articolo (?:di|del|apparso su)) "),
    ],
)

ROMANIAN = language(
    "ro",
    this_item=r"\b(?:acest|această|prezentul) (?:articol|text|material|interviu|reportaj)\b",
    item=r"\b(?:articol(?:ul)?|text(?:ul)?|material(?:ul)?|interviul|reportajul)\b",
    ends=r",? (?:pe \d|în (?:ianuarie|februarie|martie|aprilie|mai|iunie|iulie|august|septembrie|octombrie|"
    r"noiembrie|decembrie)|și|cu|care|sub)\b",
    table=[
        (
            "R",
            "iniț|iniţ|original|prima|mai întâi",
            0.9,
            r"\b(?:publicat|apărut)(?:ă)? (?:inițial|iniţial|original|prima dată|pentru prima dată|mai întâi) "
            r"(?:pe|în|de|la) ",
        ),
        ("R", "prelua", 0.85, r"\bpreluat(?:ă)? (?:de pe|din|de la) "),
        ("R", "permisiun", 0.8, r"\bcu (?:permisiunea|acordul) "),
        ("R@!", "original", 0.8, r"\b(?:citește|citiți|vezi) articolul original\b"),
    ],
)

CATALAN = language(
    "ca",
    this_item=r"\b(?:aquest|aquesta) (?:article|text|reportatge|entrevista|peça)\b",
    item=r"\b(?:article|text|reportatge|entrevista|peça)\b",
    ends=r",? (?:el \d|i (?:és|ha)|amb|sota|que|per)\b",
    table=[
        (
            "R",
            "originalment|inicialment|originàriament|primer",
            0.9,
            r"\bpublicat?(?:da)? (?:originalment|inicialment|originàriament|per primera vegada|primer) (?:a|al|"
            r"per|en) ",
        ),
        ("R@!", "original", 0.8, r"\b(?:llegeix|llegiu) l.article original\b"),
    ],
)
