"""Sentences of attribution in the languages of the world's press."""

from __future__ import annotations

import pytest

from archiver.provenance.claim import Direction, Relation, Target
from archiver.provenance.languages import LANGUAGES
from archiver.provenance.outlets import plain
from tests.unit.provenance.pages import claims, html, judged, only, page

# language, sentence, outlet as named, relation
SENTENCES = [
    ("en", "This article originally appeared at Lantern Weekly.", "Lantern Weekly", "republication"),
    (
        "en",
        "This story was first published by The Salt Gazette and is republished here.",
        "The Salt Gazette",
        "republication",
    ),
    ("en", "Originally published on lanternweekly.test.", "lanternweekly.test", "republication"),
    ("en", "Republished from Lantern Weekly under a Creative Commons license.", "Lantern Weekly", "republication"),
    ("en", "This post has been republished with permission from Lantern Weekly.", "Lantern Weekly", "republication"),
    ("en", "Reprinted by permission of Quayside Books.", "Quayside Books", "republication"),
    ("en", "This story was provided by Lantern News, a partner of this site.", "Lantern News", "republication"),
    ("en", "Cross-posted from Lantern Weekly.", "Lantern Weekly", "republication"),
    ("en", "Excerpted from “The Long Pier” by Ada Quill.", "The Long Pier", "partial"),
    (
        "en",
        "This piece is an abridged version of an essay that first appeared in Lantern Review.",
        "Lantern Review",
        "adaptation",
    ),
    ("de", "Dieser Beitrag ist zuerst bei Küstenbote erschienen.", "Küstenbote", "republication"),
    ("de", "Der Text ist am 3. Mai 2024 in der Wochenzeitung „Die Mole“ erschienen.", "Die Mole", "republication"),
    ("de", "Im Original ist er in Lantern Weekly erschienen.", "Lantern Weekly", "republication"),
    ("de", "Veröffentlichung mit freundlicher Genehmigung von Küstenbote.", "Küstenbote", "republication"),
    ("de", "Dieser Artikel wurde zuerst auf kuestenbote.test veröffentlicht.", "kuestenbote.test", "republication"),
    ("fr", "Cet article est republié à partir de La Jetée sous licence Creative Commons.", "La Jetée", "republication"),
    ("fr", "Cet article a été initialement publié sur La Jetée.", "La Jetée", "republication"),
    ("es", "Este artículo fue publicado originalmente en El Muelle.", "El Muelle", "republication"),
    ("es", "Publicado originalmente en elmuelle.test", "elmuelle.test", "republication"),
    ("pt", "Este texto foi publicado originalmente no Jornal do Cais.", "Jornal do Cais", "republication"),
    ("pt", "Republicado com autorização do Jornal do Cais.", "Jornal do Cais", "republication"),
    ("it", "Questo articolo è stato pubblicato originariamente su Il Molo.", "Il Molo", "republication"),
    ("nl", "Dit artikel verscheen eerder op Kadekrant.", "Kadekrant", "republication"),
    ("nl", "Overgenomen van Kadekrant.", "Kadekrant", "republication"),
    ("pl", "Ten artykuł ukazał się pierwotnie w Dzienniku Portowym.", "Dzienniku Portowym", "republication"),
    ("cs", "Tento článek vyšel původně na webu Přístavní listy.", "Přístavní listy", "republication"),
    ("cs", "Převzato z Přístavní listy.", "Přístavní listy", "republication"),
    ("sk", "Tento článok pôvodne vyšiel na Prístavné noviny.", "Prístavné noviny", "republication"),
    ("ru", "Эта статья впервые опубликована на сайте Портовый вестник.", "Портовый вестник", "republication"),
    ("ru", "Первоисточник: Портовый вестник", "Портовый вестник", "republication"),
    ("uk", "Ця стаття вперше опублікована на сайті Портовий вісник.", "Портовий вісник", "republication"),
    ("bg", "Тази статия е публикувана първоначално в Пристанищен вестник.", "Пристанищен вестник", "republication"),
    ("sr", "Tekst je prvobitno objavljen na Lučki glasnik.", "Lučki glasnik", "republication"),
    ("zh", "本文转载自海港周刊", "海港周刊", "republication"),
    ("zh", "来源：海港周刊", "海港周刊", "republication"),
    ("ja", "この記事は港湾ウィークリーより転載", "港湾ウィークリー", "republication"),
    ("ko", "이 기사는 항구일보에 처음 게재되었습니다.", "항구일보", "republication"),
    ("ar", "نشر هذا المقال لأول مرة في موقع الميناء اليوم.", "الميناء اليوم", "republication"),
    ("ar", "نقلا عن الميناء اليوم", "الميناء اليوم", "republication"),
    ("tr", "Bu yazı ilk olarak Liman Gazetesi'nde yayımlanmıştır.", "Liman Gazetesi", "republication"),
    ("sv", "Den här artikeln publicerades ursprungligen i Hamnbladet.", "Hamnbladet", "republication"),
    ("da", "Artiklen er oprindeligt bragt i Havnebladet.", "Havnebladet", "republication"),
    ("no", "Denne saken ble opprinnelig publisert på Havneposten.", "Havneposten", "republication"),
    ("fi", "Tämä artikkeli on julkaistu alun perin Satamalehti.", "Satamalehti", "republication"),
    ("hu", "Ez a cikk eredetileg a Kikötői Hírlap oldalán jelent meg.", "Kikötői Hírlap", "republication"),
    ("ro", "Acest articol a fost publicat inițial în Gazeta Portului.", "Gazeta Portului", "republication"),
    ("ca", "Aquest article va ser publicat originalment a El Moll.", "El Moll", "republication"),
    ("el", "Το άρθρο δημοσιεύτηκε αρχικά στο Λιμάνι.", "Λιμάνι", "republication"),
    ("he", "המאמר פורסם לראשונה באתר הנמל.", "הנמל", "republication"),
    ("id", "Artikel ini telah tayang di Kabar Dermaga.", "Kabar Dermaga", "republication"),
    ("vi", "Bài viết này được đăng lần đầu trên Báo Cảng.", "Báo Cảng", "republication"),
    ("fa", "این مطلب به نقل از روزنامه بندر امروز است", "بندر امروز است", "republication"),
    ("hi", "यह लेख मूल रूप से बंदरगाह समाचार में प्रकाशित हुआ था।", "बंदरगाह समाचार", "republication"),
]


@pytest.mark.parametrize(("language", "sentence", "outlet", "relation"), SENTENCES)
def test_a_sentence_at_the_end_names_its_outlet(language: str, sentence: str, outlet: str, relation: str) -> None:
    document = html(f"<p><em>{sentence}</em></p>", language=language)
    claim = only(claims(document), "attribution")
    assert plain(claim.outlet) == plain(outlet)
    assert (claim.relation, claim.trap, claim.language) == (relation, None, language)
    assert claim.passage == sentence
    assert judged(document).source is not None


def test_every_language_has_a_sentence_here() -> None:
    assert {language for language, *_ in SENTENCES} == set(LANGUAGES)


def test_the_place_of_a_passage_is_its_offsets_in_the_text_of_the_page_and_its_xpath() -> None:
    sentence = "This article originally appeared at Lantern Weekly."
    document = page(html(f"<p>It was calm on Sunday. {sentence}</p>"))
    claim = only(claims(html(f"<p>It was calm on Sunday. {sentence}</p>")), "attribution")
    assert document.text[claim.place.start : claim.place.end] == sentence == claim.passage
    assert (claim.place.frame, claim.place.xpath) == (0, "/html/body/main/article/div/p[6]")


def test_the_link_of_a_sentence_is_the_claimed_address_and_names_the_outlet() -> None:
    link = "https://lanternweekly.test/2025/10/ferry-line-reopens-at-last"
    claim = only(
        claims(html(f"<p>This article first appeared on <a href='{link}'>Lantern Weekly</a>.</p>")), "attribution"
    )
    assert (claim.target_url, claim.target_kind) == (link, Target.ARTICLE)
    assert (claim.outlet, claim.site) == ("Lantern Weekly", "lanternweekly.test")


def test_a_link_to_the_outlets_home_page_is_not_the_article() -> None:
    document = html("<p>This article first appeared on <a href='https://lanternweekly.test/'>Lantern Weekly</a>.</p>")
    claim = only(claims(document), "attribution")
    assert claim.target_kind is Target.HOME
    source = judged(document).source
    assert source is not None
    assert (source.site, source.claimed_url) == ("lanternweekly.test", "")


@pytest.mark.parametrize(
    ("language", "phrase"),
    [
        ("en", "Read the original article"),
        ("fr", "Lire l’article original"),
        ("es", "Lea el artículo original"),
        ("ru", "Читать оригинал"),
        ("zh", "阅读原文"),
        ("ar", "قراءة المقال الأصلي"),
        ("nl", "Lees het originele artikel"),
        ("de", "Zum Originalartikel"),
    ],
)
def test_an_original_that_is_only_linked_is_named_by_its_link(language: str, phrase: str) -> None:
    link = "https://lanternweekly.test/2025/10/ferry-line-reopens-at-last"
    source = judged(html(f"<p><a href='{link}'>{phrase}</a></p>", language=language)).source
    assert source is not None
    assert (source.site, source.claimed_url) == ("lanternweekly.test", link)


def test_a_translation_is_told_from_a_republication() -> None:
    document = html("<p>This article was translated from the original French at La Jetée News.</p>")
    assert only(claims(document), "attribution").relation is Relation.TRANSLATION


@pytest.mark.parametrize(
    ("language", "sentence", "outlet"),
    [
        ("en", "With files from The Canadian Press", "The Canadian Press"),
        ("de", "(Mit Material von dpa)", "dpa"),
        ("fr", "(Avec AFP)", "AFP"),
        ("es", "Con información de EFE", "EFE"),
        ("pt", "Com informações da Agência Brasil", "Agência Brasil"),
        ("cs", "S využitím ČTK", "ČTK"),
    ],
)
def test_a_helper_gives_a_part_only(language: str, sentence: str, outlet: str) -> None:
    claim = only(claims(html(f"<p>{sentence}</p>", language=language)), "material")
    assert (claim.relation, claim.outlet) == (Relation.PARTIAL, outlet)


@pytest.mark.parametrize(
    ("language", "sentence", "outlet"),
    [
        ("en", "This report was published by Salt Times.", "Salt Times"),
        ("en", "This commentary is from Salt Times.", "Salt Times"),
        ("en", "Taken from saltgazette.com", "saltgazette.com"),
        ("de", "Dieser Artikel erschien am 3. Oktober 2025 in der Salzhafener Zeitung.", "Salzhafener Zeitung"),
        ("de", "Erschienen in: Salzhafener Zeitung, Nummer 3", "Salzhafener Zeitung"),
        ("pl", "Tekst pochodzi z portalu Dziennik Solny", "Dziennik Solny"),
        ("ru", "Статья опубликована в газете Соляные известия", "Соляные известия"),
    ],
)
def test_a_common_phrase_counts_where_the_name_is_surely_an_outlets(language: str, sentence: str, outlet: str) -> None:
    assert only(claims(html(f"<p>{sentence}</p>", language=language)), "attribution").outlet == outlet


@pytest.mark.parametrize(
    "sentence", ["This article was published by Ada Quill.", "This post was published in Recipes."]
)
def test_a_common_phrase_with_any_other_name_says_nothing(sentence: str) -> None:
    assert judged(html(f"<p>{sentence}</p>")).source is None


def test_people_who_contributed_are_no_outlet() -> None:
    assert not [
        c for c in claims(html("<p>Ada Quill in Port Salt contributed to this report.</p>")) if c.kind == "material"
    ]


def test_the_author_in_a_sentence_is_given() -> None:
    claim = only(
        claims(html("<p>This essay by Ada Quill was originally published in Lantern Weekly.</p>")), "attribution"
    )
    assert claim.author == "Ada Quill"


def test_a_feed_footer_names_the_site_of_the_feed() -> None:
    footer = (
        "<p>The post <a href='https://lanternweekly.test/2025/ferry-line-reopens-at-last'>Ferry line "
        "reopens</a> appeared first on "
        "<a href='https://lanternweekly.test'>Lantern Weekly</a>.</p>"
    )
    claim = only(claims(html(footer)), "feed-footer")
    assert (claim.outlet, claim.site, claim.trap) == ("Lantern Weekly", "lanternweekly.test", None)


def test_a_date_after_the_phrase_is_no_outlet() -> None:
    assert not claims(html("<p>First published on Monday 6 October 2025.</p>"))


def test_the_direction_is_told() -> None:
    claim = only(claims(html("<p>This article was also published on Lantern Weekly.</p>")), "attribution")
    assert claim.direction is Direction.TO
