"""Datelines, bylines, last lines, wire ids and copyright lines that name a news agency."""

from __future__ import annotations

import pytest

from archiver.provenance.claim import Direction, Relation
from tests.unit.provenance.pages import URL, claims, html, judged, only

DATELINES = [
    ("en", "PORT SALT (AP) — ", "AP"),
    ("en", "PORT SALT, Oct. 7 (UPI) -- ", "UPI"),
    ("en", "PORT SALT, Maine (Reuters) - ", "Reuters"),
    ("es", "Puerto Sal, 7 oct (EFE).- ", "EFE"),
    ("de", "Salzhafen/Ems (dpa) - ", "dpa"),
    ("de", "Salzhafen (dpa/lno) - ", "dpa"),
    ("it", "(ANSA) - PORTO SALE, 07 OTT - ", "ANSA"),
    ("pt", "Porto Sal (Lusa) — ", "Lusa"),
    ("pl", "Port Sól (PAP) - ", "PAP"),
    ("tr", "TUZ LİMANI (AA) - ", "Anadolu Agency"),
    ("ru", "СОЛЬ-ПОРТ, 7 октября. /ТАСС/. ", "TASS"),
    ("ru", "СОЛЬ-ПОРТ, 7 окт — РИА Новости. ", "RIA Novosti"),
    ("zh", "新华社盐港10月7日电 ", "Xinhua"),
    ("ja", "［塩港 7日 ロイター］ ", "Reuters"),
    ("ko", "(소금항=연합뉴스) ", "Yonhap"),
    ("ar", "ميناء الملح (رويترز) - ", "Reuters"),
]


@pytest.mark.parametrize(("language", "dateline", "agency"), DATELINES)
def test_a_dateline_names_the_agency(language: str, dateline: str, agency: str) -> None:
    document = html(lead=dateline, language=language)
    claim = only(claims(document), "dateline")
    assert (claim.outlet, claim.relation, claim.trap) == (agency, Relation.WIRE, None)
    source = judged(document).source
    assert source is not None
    assert (source.outlet, source.claimed_url) == (agency, "")


def test_a_dateline_in_capitals_may_name_an_outlet_that_is_no_agency() -> None:
    assert only(claims(html(lead="PORT SALT (LWTV) — ")), "dateline").outlet == "LWTV"


@pytest.mark.parametrize(
    ("byline", "agency"),
    [
        ("Por Agencia EFE", "EFE"),
        ("By The Associated Press", "AP"),
        ("von dpa", "dpa"),
        ("By Ada Quill, Reuters", "Reuters"),
        ("Par AFP", "AFP"),
        ("Autor: PAP", "PAP"),
        ("Ada Quill | AAP", "AAP"),
        ("By Lantern News Service", "Lantern News Service"),
    ],
)
def test_an_agency_as_author_is_the_wire_source(byline: str, agency: str) -> None:
    source = judged(html(before=f"<p class='byline'>{byline}</p>")).source
    assert source is not None
    assert (source.outlet, source.relation) == (agency, Relation.WIRE)


def test_the_person_before_the_agency_is_the_author() -> None:
    source = judged(html(before="<p class='byline'>By Ada Quill, Reuters</p>")).source
    assert source is not None
    assert source.author == "Ada Quill"


@pytest.mark.parametrize(
    ("tail", "agency"),
    [
        ("<p>(dpa)</p>", "dpa"),
        ("<p>— The Associated Press</p>", "AP"),
        ("<p>/ritzau/</p>", "Ritzau"),
        ("<p>(PAP)</p>", "PAP"),
        ("<p>(ČTK)</p>", "ČTK"),
        ("<p>(afp)</p>", "AFP"),
        ("<p>(efe)</p>", "EFE"),
        ("<p>(APA/dpa)</p>", "APA"),
        ("<p>© dpa-infocom, dpa:251007-99-123456/3</p>", "dpa"),
        ("<p>Copyright 2025 The Associated Press. All rights reserved.</p>", "AP"),
        ("<p>© Thomson Reuters 2025</p>", "Reuters"),
    ],
)
def test_the_last_line_names_the_agency(tail: str, agency: str) -> None:
    source = judged(html(tail)).source
    assert source is not None
    assert (source.outlet, source.relation) == (agency, Relation.WIRE)


def test_an_agency_in_small_letters_with_an_editors_initials_gave_a_part() -> None:
    claim = only(claims(html("<p>(sda/rgw)</p>")), "agency-tail")
    assert (claim.outlet, claim.relation) == ("Keystone-SDA", Relation.PARTIAL)


@pytest.mark.parametrize("tail", ["(nxp)", "(red/fin)", "(pic)", "(a/b)"])
def test_small_letters_that_are_no_agency_name_none(tail: str) -> None:
    assert not [claim for claim in claims(html(f"<p>{tail}</p>")) if claim.kind == "agency-tail"]


def test_an_agency_with_an_editors_initials_gave_a_part() -> None:
    assert only(claims(html("<p>(dpa/aq)</p>")), "agency-tail").relation is Relation.PARTIAL


@pytest.mark.parametrize(
    ("tail", "outlet"),
    [
        ("(Reporting by Ada Quill in Port Salt; Editing by Ben Oar)", "Reuters"),
        ("(Reporte de Ada Quill; Editado por Ben Oar)", "Reuters"),
        ("Our Standards: The Thomson Reuters Trust Principles.", "Reuters"),
        ("This material may not be published, broadcast, rewritten or redistributed without permission.", "AP"),
        ("To contact the reporter on this story: Ada Quill in Port Salt at aquill@bloomberg.net", "Bloomberg"),
        ("The-CNN-Wire ™ & © 2025 Cable News Network, Inc.", "CNN Wire"),
        ("Enditem", "Xinhua"),
        ("©2025 Salt Gazette. Visit saltgazette.com. Distributed by Tribune Content Agency, LLC.", "Salt Gazette"),
    ],
)
def test_words_that_an_agency_puts_under_its_copy_name_it(tail: str, outlet: str) -> None:
    source = judged(html(f"<p>{tail}</p>")).source
    assert source is not None
    assert source.outlet == outlet


def test_a_dateline_may_stand_in_a_line_of_its_own() -> None:
    assert only(claims(html(lead="<b>PORT SALT (AP)</b><br>")), "dateline").outlet == "AP"


def test_a_wire_id_is_given_whole() -> None:
    assert only(claims(html("<p>© dpa-infocom, dpa:251007-99-123456/3</p>")), "wire-id").passage.endswith(
        "dpa:251007-99-123456/3"
    )


def test_the_pages_own_copyright_notice_contradicts_an_attribution() -> None:
    document = html(
        "<p>This article originally appeared at Lantern Weekly.</p>",
        after="<p>Copyright 2025. No part of this site may be reproduced in whole or in part.</p>",
    )
    judgement = judged(document)
    assert judgement.source is not None
    assert [claim.direction for claim in judgement.contradictions] == [Direction.OWN]


def test_an_outlet_that_carried_the_agencys_text_is_nearer_than_the_agency() -> None:
    link = "https://lanternweekly.test/2025/10/ferry-line-reopens-at-last"
    judgement = judged(html(lead="PORT SALT (AP) — ", head=f"<link rel='canonical' href='{link}'>"), URL)
    assert judgement.source is not None
    assert (judgement.source.site, judgement.source.agency) == ("lanternweekly.test", "AP")
    assert [claim.outlet for claim in judgement.conflicts] == ["AP"]
