"""Polish, Czech, Slovak, Russian, Ukrainian, Bulgarian, Serbian and Croatian phrases of attribution."""

from __future__ import annotations

from archiver.provenance.languages.rules import language

POLISH = language(
    "pl",
    this_item=r"\b(?:ten|niniejszy|powyższy|to) (?:\w{1,15} )?(?:artykuł|tekst|materiał|wpis|wywiad|felieton|"
    r"reportaż)\b",
    item=r"\b(?:artykuł|tekst|materiał|wpis|wywiad|felieton|reportaż)\b",
    ends=r",? (?:w dniu|dnia|\d|i (?:jest|został)|na licencji|pod|za zgodą|oraz|z dnia|który|gdzie)\b",
    table=[
        (
            "R",
            "pierwotnie|po raz pierwszy|wcześniej|najpierw|oryginalnie",
            0.9,
            r"\b(?:ukazał(?:a|o)?(?: się)?|został(?:a|o)? opublikowan[yae]|opublikowan[yae]|pojawił(?: się)?) "
            r"(?:\w{1,12} )?(?:pierwotnie|po raz pierwszy|wcześniej|najpierw|oryginalnie) (?:na łamach|na "
            r"stronie|na portalu|na|w|przez) ",
        ),
        (
            "R",
            "pierwotnie|po raz pierwszy|wcześniej|najpierw|oryginalnie",
            0.9,
            r"\b(?:pierwotnie|po raz pierwszy|oryginalnie|wcześniej) (?:ukazał(?:a|o)?(?: się)?|został(?:a|o)? "
            r"opublikowan[yae]|opublikowan[yae]) (?:na łamach|na stronie|na portalu|na|w|przez) ",
        ),
        ("R?", "pochodzi z", 0.75, r"\b(?:tekst|artykuł|materiał) pochodzi (?:z|ze) "),
        ("R", "przedruk", 0.9, r"\bprzedruk(?:owan[yeo])? (?:z|za zgodą) "),
        ("R", "za zgodą", 0.75, r"\b(?:publikujemy|publikowany|opublikowany) (?:\w{1,12} )?za (?:uprzejmą )?zgodą "),
        ("R@!", "oryginal", 0.8, r"\b(?:czytaj|przeczytaj|zobacz) (?:cały )?oryginaln[yą] (?:artykuł|tekst|wersję)\b"),
        ("T", "tłumacz", 0.8, r"\btłumaczenie (?:artykułu |tekstu )?(?:z|za) "),
        (
            "P!+",
            "na podstawie",
            0.7,
            r"\b(?:na podstawie|opracowano na podstawie)(?: (?:materiałów|depeszy|informacji))? (?=[A-Z])",
        ),
    ],
)

CZECH = language(
    "cs",
    this_item=r"\b(?:tento|tenhle) (?:\w{1,15} )?(?:článek|text|příspěvek|rozhovor|komentář)\b",
    item=r"\b(?:článek|text|příspěvek|rozhovor|komentář)\b",
    ends=r",? (?:dne|\d|a (?:je|byl)|pod|se svolením|který|kde|v roce)\b",
    table=[
        (
            "R",
            "původně|poprvé|nejprve|dříve|nejdříve",
            0.9,
            r"\b(?:vyšel|vyšlo|publikován[oa]?|zveřejněn[oa]?|byl publikován|byl zveřejněn) (?:původně|poprvé|"
            r"nejprve|dříve|nejdříve) (?:na webu|na stránkách|na serveru|na|v|ve) ",
        ),
        (
            "R",
            "původně|poprvé|nejprve|dříve|nejdříve",
            0.9,
            r"\b(?:původně|poprvé|nejprve|nejdříve) (?:vyšel|vyšlo|publikován[oa]?|zveřejněn[oa]?|byl "
            r"publikován|byl zveřejněn)(?: \w{1,10})? (?:na webu|na stránkách|na serveru|na|v|ve) ",
        ),
        ("R", "převzat", 0.9, r"\bpřevzat[oýa]? (?:z|ze|od|se souhlasem) "),
        ("R", "se svolením", 0.8, r"\bse (?:svolením|souhlasem) "),
        ("R@!", "původní", 0.8, r"\b(?:čtěte|přečtěte si|celý) původní článek\b"),
        ("T", "přelož", 0.8, r"\bpřeloženo z "),
        ("P!+", "s využitím", 0.8, r"\bs (?:využitím|použitím|přispěním)(?: (?:zpráv|informací))? "),
    ],
)

SLOVAK = language(
    "sk",
    this_item=r"\b(?:tento) (?:\w{1,15} )?(?:článok|text|príspevok|rozhovor|komentár)\b",
    item=r"\b(?:článok|text|príspevok|rozhovor|komentár)\b",
    ends=r",? (?:dňa|\d|a (?:je|bol)|pod|so súhlasom|ktorý|kde)\b",
    table=[
        (
            "R",
            "pôvodne|prvýkrát|po prvý",
            0.9,
            r"\b(?:pôvodne|prvýkrát|po prvý raz) (?:vyšiel|uverejnený|publikovaný|zverejnený) (?:na|v|vo) ",
        ),
        (
            "R",
            "pôvodne|prvýkrát|po prvý",
            0.9,
            r"\b(?:vyšiel|uverejnený|publikovaný|bol publikovaný) (?:pôvodne|prvýkrát) (?:na|v|vo) ",
        ),
        ("R", "prevzat", 0.9, r"\bprevzat[éýá] (?:z|zo|od) "),
    ],
)

_RU_ITEM = r"(?:стать[яюи]|материал|текст|публикация|заметка|интервью|колонка|перевод|новость|репортаж)"
RUSSIAN = language(
    "ru",
    this_item=rf"\b(?:эт(?:а|от|о)|данн(?:ая|ый|ое)|настоящ(?:ая|ий)) (?:\w{{1,15}} )?{_RU_ITEM}\b",
    item=rf"\b{_RU_ITEM}\b",
    ends=r",? (?:от \d|\d{1,2} (?:января|февраля|марта|апреля|мая|июня|июля|августа|сентября|октября|ноября|"
    r"декабря)|и (?:был|перев)\w{0,8}|под|с разрешения|где|котор\w{2,3}|в \d{4})\b",
    table=[
        (
            "R",
            "впервые|изначально|первоначально|ранее",
            0.9,
            r"\b(?:впервые|изначально|первоначально|ранее) (?:был[аои]? )?(?:опубликован[аоы]?|вышл[аои]|вышел|"
            r"появил\w{2,3}) (?:на сайте|на портале|в издании|в журнале|в газете|на|в|у) ",
        ),
        (
            "R",
            "впервые|изначально|первоначально|ранее",
            0.9,
            r"\b(?:опубликован[аоы]?|вышл[аои]|вышел) (?:впервые|изначально|первоначально) (?:на сайте|на "
            r"портале|в издании|в журнале|на|в) ",
        ),
        ("R", "впервые опубликовано", 0.85, r"\bвпервые опубликовано\s?(?::|—|-)? (?:на |в )?"),
        (
            "R?",
            "опубликован",
            0.65,
            r"^\W{0,3}(?:статья|материал|текст) опубликован[аоы]? (?:на сайте|на портале|в журнале|в издании|в "
            r"газете) ",
        ),
        ("R", "первоисточник", 0.9, r"\bпервоисточник[аи]?:? ?"),
        (
            "R@!",
            "оригинал",
            0.8,
            r"\b(?:читать|читайте|ссылка на|смотреть) (?:оригинал(?:ьную|ьный)?(?: стать[июя]| материала?| текста?)?)",
        ),
        (
            "R@!",
            "оригинал",
            0.8,
            r"^\W{0,3}оригинал(?:ьная)?(?: стать[ия]| материала| текста| публикации)?\s?(?::|—|-|на|$)",
        ),
        (
            "R",
            "оригинал",
            0.85,
            r"\bоригинал(?:ьная|ьный)?[^.]{0,30}? (?:опубликован|размещ[её]н|доступ[её]?н)\w{0,3} (?:на сайте|"
            r"на портале|на|в) ",
        ),
        (
            "R",
            "с разрешения",
            0.8,
            r"\b(?:публикуется|перепечатан\w{0,3}|печатается|опубликован\w{0,2}) с разрешения (?:редакции )?",
        ),
        ("R", "перепечат", 0.9, r"\bперепечат(?:ка|ано|ан) (?:из|с сайта|с) "),
        ("T", "перевод", 0.75, r"\bперевод (?:статьи |материала |с \w{4,14} )?(?:из|с сайта|издания) "),
        (
            "P!+",
            "материал",
            0.7,
            r"\b(?:по материалам|с использованием материалов|по сообщениям|по данным агентства) (?:агентств[а]? "
            r"|сайта |издания )?",
        ),
        ("C", "со ссылкой на", 0.4, r"\bсо ссылкой на (?:агентство |издание |газету |телеканал )?"),
    ],
)

_UK_ITEM = r"(?:статт[яюі]|матеріал|текст|публікація|колонка|інтерв.ю|новина|переклад|допис)"
UKRAINIAN = language(
    "uk",
    this_item=rf"\b(?:ц(?:я|ей|е)|дан(?:а|ий)) (?:\w{{1,15}} )?{_UK_ITEM}",
    item=rf"\b{_UK_ITEM}",
    ends=r",? (?:від \d|\d{1,2} (?:січня|лютого|березня|квітня|травня|червня|липня|серпня|вересня|жовтня|"
    r"листопада|грудня)|і (?:була|був)|та|під|з дозволу|де|яки?й)\b",
    table=[
        (
            "R",
            "вперше|спочатку|початково|раніше",
            0.9,
            r"\b(?:вперше|спочатку|початково|раніше) (?:бул[аои] |був )?(?:опублікован\w{1,2}|вийшл[аои]|вийшов|"
            r"з.явил\w{2,3}) (?:на сайті|на порталі|у виданні|в журналі|на|в|у) ",
        ),
        (
            "R",
            "вперше|спочатку|початково|раніше",
            0.9,
            r"\b(?:опублікован\w{1,2}|вийшла|вийшов) (?:вперше|спочатку) (?:на сайті|у виданні|на|в|у) ",
        ),
        ("R", "першоджерел", 0.9, r"\bпершоджерел[оа]:? ?"),
        (
            "R@!",
            "оригінал",
            0.8,
            r"\b(?:читати|читайте|посилання на) оригінал\w{0,4}(?: статт\w{1,2}| матеріалу| тексту)?",
        ),
        ("R@!", "оригінал", 0.8, r"^\W{0,3}оригінал(?: статті| матеріалу| тексту)?\s?(?::|—|-|на|$)"),
        (
            "R",
            "з дозволу",
            0.8,
            r"\b(?:публікується|передрукован\w{1,2}|опублікован\w{1,2}) (?:\w{1,12} )?з дозволу (?:редакції )?",
        ),
        (
            "R",
            "оригінал",
            0.85,
            r"\bоригінал[^.]{0,30}? (?:опублікован|розміщен|доступн)\w{0,3} (?:на сайті|на порталі|на|у|в) ",
        ),
        ("R", "передрук", 0.9, r"\bпередрук(?:овано)? (?:з|із|зі) (?:сайту )?"),
        ("P!+", "за матеріалами", 0.7, r"\bза (?:матеріалами|повідомленням|інформацією)(?: агентства| видання)? "),
        ("C", "з посиланням на", 0.4, r"\b(?:з|із) посиланням на (?:агентство |видання )?"),
    ],
)

BULGARIAN = language(
    "bg",
    this_item=r"\b(?:тази|този|това) (?:статия|текст|материал|интервю)\b",
    item=r"\b(?:статията|статия|текстът|текст|материалът|материал)\b",
    ends=r",? (?:на \d|и|с|под|който|която)\b",
    table=[
        (
            "R",
            "първоначално|за първи",
            0.9,
            r"\b(?:първоначално|за първи път) (?:е |беше )?(?:публикуван[ао]?|излязла|излязъл) (?:в|във|на|от) ",
        ),
        ("R", "първоначално|за първи", 0.9, r"\bпубликуван[ао]? (?:първоначално|за първи път) (?:в|във|на|от) "),
    ],
)

SERBIAN = language(
    "sr",
    this_item=r"\b(?:ovaj|овај) (?:tekst|članak|intervju|текст|чланак|интервју)\b",
    item=r"\b(?:tekst|članak|intervju|текст|чланак|интервју)\b",
    ends=r",? (?:\d|i je|и је|uz|уз|koji|који|pod|под)\b",
    table=[
        (
            "R",
            "prvobitno|izvorno|prvi put|originalno|najprije|првобитно|изворно|први пут|preuzet|преузет|prenet|пренет",
            0.9,
            r"\b(?:prvobitno|izvorno|prvi put|originalno|najprije) (?:je )?(?:objavljen[oa]?|izašao) (?:na|u|od) ",
        ),
        (
            "R",
            "prvobitno|izvorno|prvi put|originalno|najprije|првобитно|изворно|први пут|preuzet|преузет|prenet|пренет",
            0.9,
            r"\b(?:првобитно|изворно|први пут) (?:је )?објављен[оа]? (?:на|у|од) ",
        ),
        (
            "R",
            "prvobitno|izvorno|prvi put|originalno|najprije|првобитно|изворно|први пут|preuzet|преузет|prenet|пренет",
            0.85,
            r"\b(?:preuzet[oa]?|преузет[оа]?|prenet[oa]?|пренет[оа]?) (?:sa|iz|s|са|из|с) ",
        ),
    ],
)
