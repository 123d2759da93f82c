"""One small page in each of many languages: what is most read, what else to read, an ad's label, and two notices."""

# ruff: noqa: RUF001 - words of many scripts

from __future__ import annotations

from dataclasses import dataclass

_TITLES = (
    "The baker who sells only on Mondays",
    "A bridge with three names and no road",
    "Old maps of the marsh are on show",
    "Rain closes the allotments for a week",
)


@dataclass(frozen=True)
class Spoken:
    """What a site of one language says."""

    trending: str
    related: str
    label: str
    rights: str
    notice: str
    titles: tuple[str, ...] = _TITLES


LANGUAGES = {
    "en": Spoken(
        "Most read this week",
        "You may also like",
        "Advertisement",
        "© 2031 Gazette. All rights reserved.",
        "What readers write are opinions of their own, and the paper accepts no liability for any of it.",
    ),
    "de": Spoken(
        "Meistgelesen",
        "Das könnte Sie auch interessieren",
        "Anzeige",
        "© 2031 Hafenblatt. Alle Rechte vorbehalten.",
        "Dieser Beitrag enthält Affiliate-Links: Bei einem Kauf erhalten wir eine Provision, der Preis bleibt gleich.",
    ),
    "fr": Spoken(
        "Les plus lus",
        "À lire aussi",
        "Publicité",
        "© 2031 La Gazette. Tous droits réservés.",
        "Les commentaires n'engagent que leurs auteurs ; la rédaction décline toute responsabilité à leur égard.",
    ),
    "es": Spoken(
        "Lo más leído",
        "Noticias relacionadas",
        "Publicidad",
        "© 2031 La Gaceta. Todos los derechos reservados.",
        "Las opiniones de los lectores son de su exclusiva responsabilidad y no reflejan la línea de este diario.",
    ),
    "pt": Spoken(
        "Mais lidas",
        "Leia também",
        "Publicidade",
        "© 2031 A Gazeta. Todos os direitos reservados.",
        "É proibida a reprodução dos textos deste jornal sem autorização por escrito da redação do porto.",
    ),
    "it": Spoken(
        "I più letti",
        "Leggi anche",
        "Pubblicità",
        "© 2031 La Gazzetta. Tutti i diritti riservati.",
        "Le opinioni dei lettori non riflettono la linea del giornale, che declina ogni responsabilità.",
    ),
    "nl": Spoken(
        "Meest gelezen",
        "Lees ook",
        "Advertentie",
        "© 2031 De Courant. Alle rechten voorbehouden.",
        "Niets uit deze krant mag worden overgenomen of verspreid zonder schriftelijke toestemming van de uitgever.",
    ),
    "pl": Spoken(
        "Najczęściej czytane",
        "Czytaj także",
        "Reklama",
        "© 2031 Gazeta. Wszelkie prawa zastrzeżone.",
        "Kopiowanie tekstów bez pisemnej zgody wydawcy jest zabronione i będzie ścigane przez portową straż.",
    ),
    "ru": Spoken(
        "Самое читаемое",
        "Читайте также",
        "Реклама",
        "© 2031 Газета. Все права защищены.",
        "Редакция не несёт ответственности за мнения читателей, которые могут не совпадать с её собственным.",
    ),
    "tr": Spoken(
        "EN ÇOK OKUNANLAR",
        "Benzer Haberler",
        "Reklam",
        "© 2031 Gazete. Tüm hakları saklıdır.",
        "Burada yazılanlar yatırım tavsiyesi değildir; okur yorumlarından doğan sorumluluk yazanlara aittir.",
    ),
    "ar": Spoken(
        "الأكثر قراءة",
        "اقرأ أيضا",
        "إعلان",
        "© 2031 الجريدة. جميع الحقوق محفوظة.",
        "الآراء المنشورة هنا لا تعبر بالضرورة عن رأي الجريدة، ولا تتحمل أي مسؤولية عنها.",
    ),
    "hi": Spoken(
        "सबसे ज्यादा पढ़ी गई खबरें",
        "यह भी पढ़ें",
        "विज्ञापन",
        "© 2031 समाचार पत्र. सर्वाधिकार सुरक्षित.",
        "लेख में व्यक्त विचार लेखक के निजी हैं और इनके लिए अखबार किसी भी तरह से जिम्मेदार नहीं है।",
    ),
    "ja": Spoken(
        "人気記事ランキング",
        "関連記事",
        "広告",
        "© 2031 港新聞 無断転載を禁じます",
        "本記事は情報提供を目的としたもので、投資判断は読者ご自身の自己責任でお願いします。当社は一切の責任を負いません。",
        (
            "月曜日だけ開くパン屋の話",
            "名前が三つある橋と消えた道",
            "沼地の古い地図を公開する",
            "雨で畑が一週間閉まる見込み",
        ),
    ),
    "zh": Spoken(
        "热门排行",
        "相关阅读",
        "广告",
        "© 2031 港口报 版权所有",
        "本文仅代表作者个人观点，不代表本报立场，本报对其内容的真实性和完整性不承担任何责任，读者请自行核实。",
        ("只在星期一营业的面包师", "一座有三个名字的老桥", "沼泽的旧地图今天展出", "大雨使菜园关闭整整一周"),
    ),
    "ko": Spoken(
        "많이 본 뉴스",
        "관련 기사",
        "광고",
        "© 2031 항구신문. 무단 전재 및 재배포 금지.",
        "이 글은 투자 권유가 아니며 참고용입니다. 투자 결과에 대한 책임은 모두 독자에게 있습니다.",
        (
            "월요일에만 문을 여는 빵집",
            "이름이 셋인 다리 이야기",
            "늪지대의 옛 지도를 공개한다",
            "비 때문에 텃밭이 문을 닫다",
        ),
    ),
    "id": Spoken(
        "Terpopuler",
        "Baca Juga",
        "Iklan",
        "© 2031 Koran. Hak cipta dilindungi undang-undang.",
        "Isi artikel ini bukan merupakan saran keuangan, dan redaksi tidak bertanggung jawab atas akibatnya.",
    ),
    "sv": Spoken(
        "Mest lästa",
        "Läs också",
        "Annons",
        "© 2031 Gazette. Alla rättigheter förbehållna.",
        "Åsikterna är skribentens egna, och tidningen ansvarar inte för vad läsarna skriver här.",
    ),
    "no": Spoken(
        "Mest lest",
        "Les også",
        "Annonse",
        "© 2031 Gazette. Alle rettigheter reservert.",
        "Synspunkter her gjenspeiler ikke avisens, og vi er ikke ansvarlig for det som skrives.",
    ),
    "da": Spoken(
        "Mest læste",
        "Læs også",
        "Annonce",
        "© 2031 Gazette. Alle rettigheder forbeholdes.",
        "Holdninger her er skribentens egne, og avisen påtager sig intet ansvar for dem.",
    ),
    "fi": Spoken(
        "Luetuimmat",
        "Lue myös",
        "Mainos",
        "© 2031 Gazette. Kaikki oikeudet pidätetään.",
        "Mielipiteet ovat kirjoittajan omia, ja lehti ei vastaa lukijoiden teksteistä.",
    ),
    "hu": Spoken(
        "Legolvasottabb",
        "Kapcsolódó cikkek",
        "Hirdetés",
        "© 2031 Gazette. Minden jog fenntartva.",
        "A vélemények nem feltétlenül a lap véleményét tükrözik, és értük a szerkesztőség nem vállal felelősséget.",
    ),
    "ro": Spoken(
        "Cele mai citite",
        "Citește și",
        "Publicitate",
        "© 2031 Gazette. Toate drepturile rezervate.",
        "Opiniile cititorilor nu reprezintă punctul de vedere al ziarului, care nu își asumă nicio răspundere.",
    ),
    "cs": Spoken(
        "Nejčtenější",
        "Čtěte také",
        "Reklama",
        "© 2031 Gazette. Všechna práva vyhrazena.",
        "Názory čtenářů nevyjadřují postoj listu a redakce za ně neodpovídá.",
    ),
    "sk": Spoken(
        "Najčítanejšie",
        "Čítajte aj",
        "Reklama",
        "© 2031 Gazette. Všetky práva vyhradené.",
        "Názory čitateľov nevyjadrujú postoj denníka a redakcia za ne nezodpovedá.",
    ),
    "hr": Spoken(
        "Najčitanije",
        "Pročitajte još",
        "Oglas",
        "© 2031 Gazette. Sva prava pridržana.",
        "Mišljenja čitatelja ne odražavaju stav lista, i uredništvo za njih nije odgovorno.",
    ),
    "uk": Spoken(
        "Найпопулярніше",
        "Читайте також",
        "Реклама",
        "© 2031 Gazette. Усі права захищено.",
        "Думка читачів може не збігатися з думкою газети, і редакція не несе відповідальності за неї.",
    ),
    "bg": Spoken(
        "Най-четени",
        "Прочетете още",
        "Реклама",
        "© 2031 Gazette. Всички права запазени.",
        "Мнението на читателите не отразява това на вестника и редакцията не носи отговорност за него.",
    ),
    "el": Spoken(
        "Δημοφιλέστερα",
        "Διαβάστε επίσης",
        "Διαφήμιση",
        "© 2031 Gazette. Με επιφύλαξη παντός δικαιώματος.",
        "Οι απόψεις των αναγνωστών δεν εκφράζουν την εφημερίδα, που δεν φέρει ευθύνη για αυτές.",
    ),
    "lt": Spoken(
        "Skaitomiausi",
        "Taip pat skaitykite",
        "Reklama",
        "© 2031 Gazette. Visos teisės saugomos.",
        "Skaitytojų nuomonė nebūtinai sutampa su laikraščio, ir redakcija už ją neatsako ir neprisiima atsakomybės.",
    ),
    "he": Spoken(
        "הנקראות ביותר",
        "כתבות נוספות",
        "פרסומת",
        "© 2031 Gazette. כל הזכויות שמורות.",
        "הדעות של הקוראים אינן משקפות את דעת העיתון, והמערכת אינה אחראית להן.",
    ),
    "fa": Spoken(
        "پربازدیدترین",
        "مطالب مرتبط",
        "تبلیغات",
        "© 2031 Gazette. تمامی حقوق محفوظ است.",
        "نظرات خوانندگان لزوما بیانگر دیدگاه روزنامه نیست و مسئولیت آن با نویسنده است.",
    ),
    "bn": Spoken(
        "সর্বাধিক পঠিত",
        "আরও পড়ুন",
        "বিজ্ঞাপন",
        "© 2031 Gazette. সর্বস্বত্ব সংরক্ষিত।",
        "পাঠকের মতামত একান্তই তাঁদের নিজের, এর জন্য পত্রিকা কোনোভাবে দায়ী নয়, দায়বদ্ধ নয়।",
    ),
    "th": Spoken(
        "ยอดนิยม",
        "ข่าวที่เกี่ยวข้อง",
        "โฆษณา",
        "© 2031 Gazette. สงวนลิขสิทธิ์",
        "ความคิดเห็นของผู้อ่านไม่จำเป็นต้องตรงกับหนังสือพิมพ์ และกองบรรณาธิการไม่รับผิดชอบ",
    ),
    "vi": Spoken(
        "Đọc nhiều nhất",
        "Tin liên quan",
        "Quảng cáo",
        "© 2031 Gazette. Giữ bản quyền mọi bài viết.",
        "Ý kiến của bạn đọc không phản ánh quan điểm của báo, và tòa soạn không chịu trách nhiệm.",
    ),
}


def page(language: str) -> str:
    """The page of a language; its class names say nothing."""
    spoken = LANGUAGES[language]
    links = "".join(f"<li><a href='/{number}'>{title}</a></li>" for number, title in enumerate(spoken.titles))
    more = "".join(f"<li><a href='/m{number}'>{title}</a></li>" for number, title in enumerate(spoken.titles))
    return (
        f"<!doctype html><html lang={language}><meta charset=utf-8><title>x</title><body><main><h1>x</h1>"
        f"<div class=a><p>{spoken.label}</p><div style='height:90px'></div></div></main>"
        f"<div class=b><h3>{spoken.trending}</h3><ul>{links}</ul></div>"
        f"<div class=c><h3>{spoken.related}</h3><ul>{more}</ul></div>"
        f"<footer><p>{spoken.notice}</p><p>{spoken.rights}</p></footer></body></html>"
    )
