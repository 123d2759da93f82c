"""Labels before a source's name ("Source:", "Quelle:"), words of pictures and press releases, in many languages."""

from __future__ import annotations

import re

# At the beginning of a block, or in brackets. In some languages' press the label is how a repost names its source.
LABEL = re.compile(
    r"^[\W_]{0,4}(?P<label>"
    r"sources?|source text|via|h/t|hat tip|quellen?|quelle:? text|textquelle|fuentes?|fonte|fontes|bron|bronnen|"
    r"źródło|źródła|zdroj|zdroje|källa|"
    r"kilde|kilder|lähde|forrás|sursa|izvor|извор|источник|джерело|източник|kaynak|πηγή|πηγές|منبع|المصدر|مصدر|"
    r"nguồn|sumber|स्रोत"
    r")\s?(?::|：|–|—|-|\s(?=via\b))\s{0,3}(?P<rest>\S.{0,160})",
    re.IGNORECASE,
)
ONLY_LABEL = re.compile(
    r"^[\W_]{0,4}(?:source|source link|source article|link to source|quelle|fuente|fonte|bron|źródło|zdroj|"
    r"källa|источник|"
    r"джерело|kaynak|المصدر|来源|출처)[\W_]{0,4}$",
    re.IGNORECASE,
)
VIA = re.compile(r"(?:^|[(\[])\s?(?:via|h/t|hat tip(?: to)?)[\s:]{1,3}(?P<rest>[^)\]]{2,80})", re.IGNORECASE)
LABEL_LANGUAGES = {
    "source": "en",
    "sources": "en",
    "via": "en",
    "h/t": "en",
    "hat tip": "en",
    "quelle": "de",
    "quellen": "de",
    "textquelle": "de",
    "fuente": "es",
    "fuentes": "es",
    "fonte": "pt",
    "fontes": "pt",
    "bron": "nl",
    "bronnen": "nl",
    "źródło": "pl",
    "źródła": "pl",
    "zdroj": "cs",
    "zdroje": "cs",
    "källa": "sv",
    "kilde": "da",
    "kilder": "da",
    "lähde": "fi",
    "forrás": "hu",
    "sursa": "ro",
    "izvor": "sr",
    "извор": "sr",
    "источник": "ru",
    "джерело": "uk",
    "източник": "bg",
    "kaynak": "tr",
    "πηγή": "el",
    "πηγές": "el",
    "منبع": "fa",
    "المصدر": "ar",
    "مصدر": "ar",
    "nguồn": "vi",
    "sumber": "id",
    "स्रोत": "hi",
}

RELEASE = re.compile(
    r"\b(?:press(?:e)?[- ]?(?:release|mitteilung|meldung|information|statement|communiqué|bericht)|"
    r"medienmitteilung|media release|news release|"
    r"communiqué(?: de presse)?|comunicado(?: de prensa| de imprensa)?|nota de prensa|comunicato(?: stampa)?|"
    r"persbericht|"
    r"informacja prasowa|komunikat(?: prasowy)?|tisková zpráva|tlačová správa|pressmeddelande|pressemeddelelse|"
    r"пресс-релиз|прес-реліз|"
    r"basın (?:bülteni|açıklaması)|ots|PM|PI)\b",
    re.IGNORECASE,
)
ORGANISATION = re.compile(
    r"(?:universit|hochschule|verband|verein|kammer|stiftung|behörde|gewerkschaft|"
    r"gesellschaft|polizei|"
    r"association|federation|society|fédération|federación|federação|fundación|fundação|szkoła|uniwersytet|"
    r"univerzita|университет|"
    r"vereinigung|e\. ?v\.|stadtverwaltung|landkreis|council|gemeente|commune|"
    r"ayuntamiento)",
    re.IGNORECASE,
)
PICTURE = re.compile(
    r"\b(?:photos?|pictures?|images?|fotos?|bilder?|bild|foto(?:graf(?:ie|ía|ia)?)?|illustrations?|grafik|"
    r"graphic|video|getty|shutterstock|"
    r"imago|istock|unsplash|pixabay|zdjęcie|fot|snímek|фото|зображення|imagen|imagem|immagine|afbeelding|beeld|"
    r"screenshot|figure|chart|table|data|"
    r"daten|datos|dados|map|pool|handout|file|courtesy)\b",
    re.IGNORECASE,
)
PICTURE_LABEL = re.compile(
    r"^[\W_]{0,3}(?:photos?|pictures?|images?|photograph|featured image|cover photo|foto(?:credit|graf(?:ie|"
    r"ía)?)?|titelbild|bild(?:quelle|nachweis|er)?|"
    r"crédits?(?: photo)?|photo credits?|image credits?|credits?|illustration|zdjęcie|fot\.|фото|imagen|imagem|"
    r"immagine|beeld|kuva|kép|图片来源|图源|"
    r"图片|圖片來源|写真|사진|صورة|الصورة)(?: (?:credit|by|courtesy of|via|source|von|de))?\s?[:：/©]",
    re.IGNORECASE,
)
COPYRIGHT = re.compile(r"(?:©|\(c\)|&copy;|\bcopyright\b)[\s©(c)]{0,6}", re.IGNORECASE)
RESERVED = re.compile(
    r"all rights reserved|no part of (?:this|the) (?:site|website|publication|page)|may not be (?:reproduced|"
    r"published|republished)|"
    r"alle rechte vorbehalten|tous droits réservés|todos los derechos|todos os direitos|tutti i diritti|alle "
    r"rechten voorbehouden|"
    r"wszelkie prawa|všechna práva|все права|усі права|tüm hakları|"
    r"版权所有|版權所有|無断転載|무단 ?전재|جميع الحقوق",
    re.IGNORECASE,
)
