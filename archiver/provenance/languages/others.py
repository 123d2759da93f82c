"""Phrases of attribution in Chinese, Japanese, Korean, Arabic, Persian, Hebrew, Turkish, Greek, Hungarian, Finnish,
Indonesian, Vietnamese and Hindi."""

from __future__ import annotations

from archiver.provenance.languages.rules import language

_ZH_ITEM = r"(?:文章|文|稿|报道|報道|作品|内容|內容|新闻|新聞)"
CHINESE = language(
    "zh",
    this_item=rf"(?:本|此|该|這篇|这篇|以上){_ZH_ITEM}",
    item=_ZH_ITEM,
    ends=r"[，。；,;|（(]|\s(?:作者|编辑|責任|责任|记者|記者|时间|原)|(?:作者|编辑|责编|原标题|原文|转载|授权|，已)",
    table=[
        (
            "R!",
            "转|轉|摘自|首发|首發|最初|载|載|刊|发表于|發表於",
            0.9,
            r"(?:本文|文章|此文|原文|全文|稿件|本篇文章|以上内容|內容|内容)?(?:转载自|轉載自|转自|轉自|摘自|首发于|首發於|最初发表于|最初發表於|原载于?|原載於?|原刊于|原刊於|"
            r"原发表于|刊载于|刊于|经授权转载自|授权转载自|授權轉載自)[：:]?\s?",
        ),
        (
            "R!",
            "来源",
            0.85,
            r"(?<![片料据像图供])(?:文章|本文|稿件|消息|信息|新闻|内容|稿)?(?<![片料据像图供])来源(?:于|自)?\s?[：:]\s?",
        ),
        (
            "R!",
            "來源",
            0.85,
            r"(?<![片料據像圖供])(?:文章|本文|稿件|消息|新聞|內容)?(?<![片料據像圖供])來源(?:於|自)?\s?[：:]\s?",
        ),
        ("R", "出处", 0.8, r"(?:原文)?出处\s?[：:]\s?"),
        ("R", "授权", 0.8, r"经(?P<outlet>[^，。；]{2,30}?)授权(?:转载|发布|发表)"),
        ("R", "授權", 0.8, r"經(?P<outlet>[^，。；]{2,30}?)授權(?:轉載|發布|刊登)"),
        ("R@!", "原文", 0.8, r"(?:阅读原文|閱讀原文|查看原文|原文链接|原文連結|原文地址|原文网址)"),
        ("R@!", "原始链接", 0.8, r"原始链接"),
        ("T!", "编译", 0.8, r"(?:编译自|編譯自|译自|譯自|翻译自)[：:]?\s?"),
        ("P!+", "综合", 0.6, r"综合(?:自)?(?P<outlet>[^，。；）)]{2,30}?)(?:报道|消息)"),
    ],
)

JAPANESE = language(
    "ja",
    this_item=r"(?:この|本|当)(?:記事|稿|コラム|文章)",
    item=r"(?:記事|稿|コラム|文章)",
    ends=r"[、。（(」|]|\s|(?:に|で|の|より|から|を|が)",
    table=[
        (
            "R!",
            "転載",
            0.85,
            r"(?:この記事は|本記事は|本稿は)?「?(?P<outlet>[^、。]{2,40}?)」?(?:より|から|の(?:許可|許諾)を得て)転載",
        ),
        (
            "R!",
            "掲載された",
            0.85,
            r"(?:この記事は|本記事は|本稿は)[、]?(?:もともと|元々|最初に|初出[はが])?「?(?P<outlet>[^、。]{2,40}?)」?(?:に|で)(?:最初に|初めて)?掲載された",
        ),
        ("R!", "初出", 0.85, r"初出\s?[：:は]?\s?「?"),
        ("R@!", "元記事", 0.8, r"(?:元記事|原文|オリジナル記事)(?:を読む|はこちら|[：:])"),
        ("R", "提供", 0.6, r"(?<![真像料])(?:記事)?提供\s?[：:]\s?"),
        ("R", "出典", 0.4, r"出典\s?[：:]\s?"),
        ("R", "引用元", 0.4, r"引用元\s?[：:]\s?"),
    ],
)

KOREAN = language(
    "ko",
    this_item=r"(?:이|본|해당) (?:기사|글|칼럼)",
    item=r"(?:기사|글|칼럼)",
    ends=r"[,.;|(\]]|\s(?:기자|무단)|(?:에서|에|의|이|가|를|을)\s",
    table=[
        (
            "R!",
            "기사|글|칼럼",
            0.85,
            r"(?:이|본) (?:기사|글|칼럼)(?:는|은) (?:원래 |처음 )?(?P<outlet>(?:[^,.]|\.\w){2,40}?)(?:에|에서) "
            r"(?:처음 |먼저 |최초로 )?(?:게재|발행|실렸|보도|실린)",
        ),
        ("R!", "출처", 0.7, r"(?:\[(?:기사 ?)?출처\]|(?:기사 ?)?출처\s?[:：=])\s?"),
        ("R@!", "원문", 0.8, r"(?:기사 )?원문 ?(?:보기|링크|읽기|기사)"),
        ("R!", "전재", 0.7, r"(?P<outlet>(?:[^,.]|\.\w){2,30}?)(?:에서|의 허락을 받아) (?:전재|재게재)"),
    ],
)

ARABIC = language(
    "ar",
    this_item=r"(?:هذا|هذه) (?:المقال|المقالة|التقرير|الخبر|النص|المادة)",
    item=r"(?:المقال|المقالة|التقرير|الخبر|النص|المادة)",
    ends=r"[،؛.|(]|\s(?:بتاريخ|في \d|يوم|تحت|بإذن|وترجم\w{0,3}|و(?:تم|قد)|على الرابط)",
    table=[
        (
            "R",
            "مرة|أولا|الأصل|أصلا|سابقا",
            0.9,
            r"(?:نشر|نُشر|نشرت|ظهر|ظهرت)(?: هذا المقال| هذه المقالة| المقال| هذا التقرير)?(?: \w{2,10})? "
            r"(?:لأول مرة|أول مرة|أولا|أولاً|في الأصل|أصلا|سابقا|للمرة الأولى) (?:في|على|بواسطة|لدى|عبر)(?: "
            r"موقع| صحيفة| مجلة)? ",
        ),
        ("R!", "نقلا", 0.75, r"نقلا (?:عن)\s?:?\s?(?:موقع |صحيفة |وكالة )?"),
        ("R!", "نقلاً", 0.75, r"نقلاً (?:عن)\s?:?\s?(?:موقع |صحيفة |وكالة )?"),
        (
            "R@!",
            "الأصلي",
            0.8,
            r"(?:اقرأ|رابط|لقراءة|قراءة) (?:المقال|التقرير|الخبر|المقالة) (?:الأصلي|الأصلية|من المصدر|من مصدره)",
        ),
        ("R@!", "من المصدر", 0.8, r"(?:اقرأ|إقرأ|لقراءة|قراءة) (?:الخبر|المقال|التقرير|المزيد|على الموقع) من المصدر"),
        ("T", "ترجم", 0.75, r"(?:مترجم|ترجمة|ترجمته) (?:عن|من) (?:موقع |صحيفة )?"),
        ("R!", "مصدر", 0.65, r"^\W{0,3}(?:ال)?مصدر(?: الخبر| المقال)?\s?[:：]\s?"),
        ("R", "بإذن", 0.8, r"(?:أعيد نشره|أعيد نشر\w{0,3}|ينشر)(?: \w{2,10}){0,2} بإذن (?:من )?"),
    ],
)

PERSIAN = language(
    "fa",
    this_item=r"این (?:مقاله|مطلب|خبر|گزارش)",
    item=r"(?:مقاله|مطلب|خبر|گزارش)",
    ends=r"[،؛.|(]|\s(?:در تاریخ|منتشر|و|،)",
    table=[
        ("R!", "به نقل از", 0.6, r"به نقل از (?:خبرگزاری |روزنامه |سایت |پایگاه خبری )?"),
        ("R", "منتشر", 0.85, r"(?:نخستین بار|اولین بار|ابتدا) (?:در|توسط) (?P<outlet>[^،.]{2,50}?) منتشر"),
        ("R!", "منبع", 0.65, r"^\W{0,3}منبع(?: خبر)?\s?[:：]\s?"),
    ],
)

HEBREW = language(
    "he",
    this_item=r"(?:מאמר זה|כתבה זו|המאמר|הכתבה|פוסט זה)",
    item=r"(?:מאמר|כתבה|המאמר|הכתבה|פוסט)",
    ends=r"[,.;|(]|\s(?:בתאריך|ב-\d|באדיבות|תחת)",
    table=[
        (
            "R",
            "לראשונה|במקור|תחילה",
            0.85,
            r"(?:פורסם|פורסמה|הופיע|הופיעה) (?:לראשונה|במקור|תחילה) (?:באתר |בעיתון |על ידי |ב-|ב)",
        ),
        ("R", "באדיבות", 0.5, r"באדיבות (?:אתר )?"),
    ],
)

TURKISH = language(
    "tr",
    this_item=r"\b(?:bu) (?:makale|yazı|haber|röportaj|metin|içerik)\b",
    item=r"\b(?:makale|yazı|haber|röportaj|metin|içerik)\w{0,4}\b",
    ends=r"['’](?:te|ta|de|da|ten|tan|den|dan|nde|nda|nın|nin|ın|in|un|ün)\b|,| (?:tarafından|tarihinde|"
    r"adresinde|sitesinde|izniyle|gazetesinde|dergisinde)\b",
    table=[
        (
            "R",
            "ilk |orijinal|aslen|daha önce",
            0.9,
            r"\b(?:ilk olarak|ilk kez|ilk defa|orijinal olarak|aslen|daha önce) (?:\d{1,2} \w{3,8} \d{4} "
            r"tarihinde |\d{1,2} \w{3,8}[’']?\w{0,3} )?(?P<outlet>(?:[^.;]|\.\w){2,60}?)(?:['’ ](?:te|ta|de|da|nde|"
            r"nda)|(?:sitesinde|gazetesinde|dergisinde|tarafından|portalında)) (?:yayımlan|yayınlan|çık)",
        ),
        (
            "R",
            "alın",
            0.85,
            r"(?P<outlet>\b(?-i:[A-ZÇĞİÖŞÜ])(?:[^.;]|\.\w){1,50}?)"
            r"['’](?:ten|tan|den|dan|nden|ndan) alın(?:mıştır|dı|tılanmıştır)",
        ),
        (
            "R",
            "izniyle",
            0.8,
            r"(?P<outlet>\b(?-i:[A-ZÇĞİÖŞÜ])(?:[^.;]|\.\w){1,50}?)['’]?(?:nın|nin|nun|nün|ın|in|un|ün)? izniyle",
        ),
        (
            "R",
            "sinden alın|sından alın",
            0.8,
            r"\bbu \w{3,12} (?P<outlet>[^.;]{2,60}?) (?:sitesinden|gazetesinden|dergisinden) alın",
        ),
        (
            "R@!",
            "orijinal",
            0.8,
            r"\b(?:yazının|makalenin|haberin) (?:orijinali|aslı)\b|\borijinal (?:makaleyi|haberi|yazıyı) (?:oku|"
            r"okuyun)\b",
        ),
        (
            "T",
            "çevr",
            0.75,
            r"(?P<outlet>\b(?-i:[A-ZÇĞİÖŞÜ])(?:[^.;]|\.\w){1,50}?)['’]?(?:ten|tan|den|dan) (?:çevril|tercüme)",
        ),
    ],
)

GREEK = language(
    "el",
    this_item=r"(?:αυτό το|το παρόν|το) (?:άρθρο|κείμενο|ρεπορτάζ)",
    item=r"(?:άρθρο|κείμενο|ρεπορτάζ)",
    ends=r"[,.;|(]|\s(?:στις|και|με|την|που|υπό)\s",
    table=[
        (
            "R",
            "αρχικά|πρώτη|πρώτα",
            0.9,
            r"(?:δημοσιεύτηκε|δημοσιεύθηκε|πρωτοδημοσιεύτηκε|πρωτοδημοσιεύθηκε|εμφανίστηκε)(?: \w{2,12})? "
            r"(?:αρχικά |για πρώτη φορά |πρώτα )?(?:στο|στην|στη|στον|από το|από την|από τη) ",
        ),
        ("R", "αναδημοσίευση", 0.9, r"αναδημοσίευση (?:από|με άδεια)(?: το| την| τη)? "),
        ("R", "πηγή", 0.4, r"^\W{0,3}πηγή\s?:\s?"),
    ],
)

HUNGARIAN = language(
    "hu",
    this_item=r"\b(?:ez a|a) (?:cikk|írás|szöveg|interjú|poszt)\b",
    item=r"\b(?:cikk|írás|szöveg|interjú|poszt)\w{0,3}\b",
    ends=r"[,;(]|-(?:n|en|on|ön|ban|ben|on)\b",
    table=[
        (
            "R",
            "eredetileg",
            0.85,
            r"\beredetileg (?:az? )?(?P<outlet>(?:[^.;]|\.\w){2,60}?)(?:-(?:n|en|on|ön)|ban|ben|oldalán|hasábjain|"
            r"honlapján) (?:jelent|megjelent|publik)",
        ),
        ("R@!", "eredeti", 0.8, r"\baz eredeti cikk(?:et)?\b"),
    ],
)

FINNISH = language(
    "fi",
    this_item=r"\b(?:tämä) (?:artikkeli|juttu|kirjoitus|teksti|kolumni)\b",
    item=r"\b(?:artikkeli|juttu|kirjoitus|teksti|kolumni)\b",
    ends=r"[,;(]|\s(?:\d|ja|luvalla)",
    table=[
        (
            "R",
            "alun perin|ensimmäisen kerran|ensin|aiemmin",
            0.85,
            r"\b(?:julkaistu|julkaistiin|ilmestyi) (?:alun perin|ensimmäisen kerran|ensin|aiemmin) ",
        ),
        ("R", "alun perin", 0.85, r"\balun perin (?:julkaistu|ilmestynyt) "),
    ],
)

INDONESIAN = language(
    "id",
    this_item=r"\b(?:artikel|berita|tulisan|laporan) ini\b",
    item=r"\b(?:artikel|berita|tulisan|laporan)\b",
    ends=r",? (?:pada|dengan|di bawah|dan|yang|oleh|tanggal)\b",
    table=[
        (
            "R!",
            "pertama kali|sebelumnya|awalnya",
            0.9,
            r"\b(?:pertama kali|sebelumnya|awalnya)(?: telah)? (?:diterbitkan|terbit|tayang|dimuat|"
            r"dipublikasikan|muncul) (?:di|oleh|dalam|pada) ",
        ),
        ("R!", "tayang di", 0.9, r"\bartikel ini telah tayang di "),
        ("R!", "diterbitkan ulang", 0.9, r"\bditerbitkan ulang (?:dari|atas izin) "),
    ],
)

VIETNAMESE = language(
    "vi",
    this_item=r"\b(?:bài viết|bài báo|bài) này\b",
    item=r"\b(?:bài viết|bài báo|bài)\b",
    ends=r"[,;(]|\s(?:ngày|vào|với|theo)\s",
    table=[
        (
            "R!",
            "lần đầu|đầu tiên",
            0.85,
            r"\b(?:được )?(?:đăng|xuất bản|đăng tải) (?:lần đầu|đầu tiên|lần đầu tiên) (?:trên|ở|bởi|tại) ",
        ),
        ("R", "nguồn", 0.5, r"^\W{0,3}(?:theo |nguồn(?: tin)?\s?:\s?)(?=[A-ZĐ])"),
    ],
)

HINDI = language(
    "hi",
    this_item=r"(?:यह|इस) (?:लेख|खबर|रिपोर्ट|आलेख)",
    item=r"(?:लेख|खबर|रिपोर्ट|आलेख)",
    ends=r"[,।;|(]|\s(?:में|पर|ने|द्वारा|से)\s",
    table=[
        (
            "R!",
            "मूल|सबसे पहले|पहली बार",
            0.85,
            r"(?:लेख|खबर|रिपोर्ट|आलेख) (?:मूल रूप से|सबसे पहले|पहली बार|मूलतः) (?P<outlet>[^,।]{2,50}?) (?:में|"
            r"पर|द्वारा) (?:प्रकाशित|छप)",
        ),
        ("R", "साभार", 0.7, r"साभार\s?[:：-]?\s?"),
    ],
)
