"""How hosts are treated: rules as people write them, and which of them counts for a host."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from archiver.config import JobsSettings
from archiver.errors import UsageError
from archiver.jobs.politeness import Politeness, backoff_s, host_of, pause_s, retry_s
from archiver.manners import Manners, parse_rule


@pytest.mark.parametrize(
    ("rule", "name", "manners"),
    [
        ("example.org=10s", "example.org", Manners(1, 10)),
        ("example.org=0", "example.org", Manners(1, 0)),
        (" Example.ORG. = 1m / 3 ", "example.org", Manners(3, 60)),
        ("*.example.org=2s/64", "*.example.org", Manners(64, 2)),
        ("münchen.test=1s", "xn--mnchen-3ya.test", Manners(1, 1)),
        ("127.0.0.1=1s", "127.0.0.1", Manners(1, 1)),
        ("[::1]=1s", "::1", Manners(1, 1)),
    ],
)
def test_a_rule_says_how_a_host_is_treated(rule: str, name: str, manners: Manners) -> None:
    assert parse_rule(rule) == (name, manners)


@pytest.mark.parametrize(
    "rule",
    [
        "", "=", "=10s", "example.org", "example.org=", "example.org=10", "example.org=-1s", "example.org=1.5s",
        "example.org=10s/", "example.org=10s/0", "example.org=10s/65", "example.org=10s/²", "example.org=10s/٣",
        "example.org=10s/-1", "example.org=10s/2/3", "*=1s", "*.=1s", "a.*.org=1s", "*.*.org=1s", "https://a.org=1s",
        "example.org:8080=1s", "a b.org=1s", "example.org=2d", "example.org=999999999999w", "a@b.org=1s", "a=b=1s",
    ],
)  # fmt: skip
def test_what_is_no_rule_is_refused_in_one_line(rule: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_rule(rule)
    assert "\n" not in str(caught.value)
    with pytest.raises(ValidationError):
        JobsSettings(host=(rule,))


@given(st.text(max_size=30))
def test_no_text_makes_a_rule_break_otherwise(text: str) -> None:
    for rule in (text, f"{text}=1s", f"a.org={text}", f"a.org=1s/{text}", f"*.{text}=1s/2"):
        with contextlib.suppress(UsageError):
            name, manners = parse_rule(rule)
            assert name
            assert 1 <= manners.lanes <= 64
            assert 0 <= manners.delay_s <= 86400


@given(st.text(max_size=40))
def test_every_url_has_a_host_or_is_refused(text: str) -> None:
    for url in (text, f"https://{text}", f"https://{text}/path"):
        with contextlib.suppress(UsageError):
            assert host_of(url)


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://Example.ORG:8443/x?y#z", "example.org"),
        ("https://example.org./", "example.org"),
        ("https://münchen.test/", "xn--mnchen-3ya.test"),
        ("https://xn--mnchen-3ya.test/", "xn--mnchen-3ya.test"),
        ("http://[::1]:80/", "::1"),
    ],
)
def test_a_host_is_one_however_it_is_written(url: str, host: str) -> None:
    assert host_of(url) == host


def test_the_nearest_rule_counts() -> None:
    rules = ("example.org=1s", "*.example.org=2s", "*.news.example.org=3s", "*.org=4s")
    politeness = Politeness(JobsSettings(delay_s=9, host_concurrency=2, host=rules))
    for host, delay_s in {
        "example.org": 1,
        "www.example.org": 2,
        "news.example.org": 3,
        "a.b.news.example.org": 3,
        "myexample.org": 4,
        "org": 4,
    }.items():
        assert politeness.of(host) == Manners(1, delay_s)
    assert politeness.of("example.com") == Manners(2, 9)


def test_waits_grow_and_end() -> None:
    assert [backoff_s(n) for n in (-1, 0, 1, 2, 9, 10, 10**9)] == [0, 0, 10, 20, 2560, 3600, 3600]
    assert [pause_s(n) for n in (-5, 0, 60, 1e300)] == [0, 0, 60, 86400]
    assert [retry_s(60, n) for n in (0, 1, 2, 3, 10**9)] == [60, 60, 240, 960, 86400]
