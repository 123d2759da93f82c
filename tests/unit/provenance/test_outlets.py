"""Sites by registrable domain, names compared loosely, groups by what the page says, agencies by name."""

from __future__ import annotations

import pytest

from archiver.provenance.agencies import agencies_in_list, agency
from archiver.provenance.outlets import (
    domain_named,
    identity,
    is_article_url,
    is_hosting,
    is_staging,
    label_of,
    plain,
    site_of,
)


@pytest.mark.parametrize(
    ("url", "site"),
    [
        ("https://www.example.co.uk/a", "example.co.uk"),
        ("http://news.example.com.au:8080/", "example.com.au"),
        ("https://salt.blogspot.com/2025", "salt.blogspot.com"),
        ("https://salt.wordpress.com/2025", "salt.wordpress.com"),
        ("http://192.0.2.7/a", "192.0.2.7"),
        ("http://[2001:db8::1]/a", "2001:db8::1"),
        ("http://localhost/", "localhost"),
        ("http://[broken/", ""),
        ("mailto:quill@example.com", ""),
    ],
)
def test_a_site_is_the_registrable_domain(url: str, site: str) -> None:
    assert site_of(url) == site


def test_the_brand_of_a_domain_is_without_its_suffix() -> None:
    assert [label_of(site) for site in ("example.com", "example.co.uk")] == ["example", "example"]


def test_names_are_compared_without_articles_accents_and_suffixes() -> None:
    assert plain("The Salt Gazette") == plain("salt gazette") == plain("saltgazette.com") == plain("Sált-Gazette")


@pytest.mark.parametrize(
    ("text", "domain"),
    [("Antwort.com", "antwort.com"), ("www.salt.co.uk/x", "salt.co.uk"), ("e.g. this", ""), ("end.of", "")],
)
def test_only_a_text_that_is_a_domain_names_one(text: str, domain: str) -> None:
    assert domain_named(text) == domain


def test_home_pages_and_sections_are_no_articles() -> None:
    homes = [
        "https://a.test",
        "https://a.test/",
        "https://a.test/en/",
        "https://a.test/index.html",
        "https://a.test/news",
    ]
    assert [url for url in homes if is_article_url(url)] == []
    assert all(
        is_article_url(f"https://a.test/{path}") for path in ("2025/10/07/ferry", "?p=123", "ferry-line-reopens-today")
    )


def test_hosts_that_readers_are_not_meant_to_see_are_known() -> None:
    hosts = ["10.0.0.1", "localhost", "staging.example.com", "dev3.example.com", "www-stage.example.com"]
    assert all(is_staging(host) for host in hosts)
    assert not is_staging("www.devon.example.com")


def test_a_customers_name_at_a_hosting_company_is_known() -> None:
    assert is_hosting("salt.wordpress.com")
    assert is_hosting("salt.blogspot.com")
    assert not is_hosting("example.co.uk")


def test_a_page_is_itself_by_site_by_name_and_by_initials() -> None:
    own = identity("saltgazette.test", ["The Salt Gazette"])
    assert own.is_self("Anything", "saltgazette.test")
    assert own.is_self("Salt Gazette", "")
    assert own.is_self("SG", "")
    assert not own.is_self("Lantern Weekly", "lanternweekly.test")


def test_another_edition_is_of_the_same_group_and_not_the_page_itself() -> None:
    own = identity("saltgazette.test", ["Salt Gazette"])
    assert not own.is_self("Salt Gazette UK", "")
    assert own.same_group("Salt Gazette UK", "")


def test_a_group_is_told_by_the_pages_own_menus_and_footer_and_by_the_brand() -> None:
    own = identity(
        "saltgazette.com",
        ["Salt Gazette"],
        ["lanternweekly.com", "facebook.com"],
        "Part of Salt Media with The Pier Post",
    )
    assert own.same_group("Lantern Weekly", "lanternweekly.com")
    assert own.same_group("Pier Post", "")
    assert own.same_group("Salt Gazette", "saltgazette.co.uk")
    assert not own.same_group("Facebook", "facebook.com")
    assert not own.same_group("Harbour Daily", "harbourdaily.com")


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("AP", "AP"),
        ("The Associated Press", "AP"),
        ("ap", None),
        ("路透社", "Reuters"),
        ("Agencia EFE", "EFE"),
        ("وكالة الأناضول", "Anadolu Agency"),
        ("ТАСС", "TASS"),
        ("Česká tisková kancelář", "ČTK"),
        ("Salt City News Service", "Salt City News Service"),
        ("Salt", None),
        ("x" * 99, None),
    ],
)
def test_agencies_are_known_by_the_names_they_are_cited_by(name: str, known: str | None) -> None:
    found = agency(name)
    assert (found.name if found else None) == known


def test_a_list_of_agencies_is_read_with_initials_between() -> None:
    assert [found.name for found in agencies_in_list("dpa/AFP/aq")] == ["dpa", "AFP"]
    assert agencies_in_list("San Salvador, El Salvador") == []
