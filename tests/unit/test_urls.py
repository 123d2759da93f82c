"""Which URLs may be captured, and the keys an index sorts by."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.errors import UsageError
from archiver.urls import parse_capturable, surt


@pytest.mark.parametrize(
    ("url", "host", "port"),
    [
        ("https://a.test/", "a.test", None),
        ("http://a.test", "a.test", None),
        ("HTTPS://A.Test:8443/p?q=1#f", "a.test", 8443),
        ("http://[::1]:80/", "::1", 80),
        ("http://127.0.0.1/", "127.0.0.1", None),
        ("https://bücher.test/ä", "bücher.test", None),
        ("https://a.test/@user:word", "a.test", None),
        ("https://a.test/?next=http://b:c@d/", "a.test", None),
    ],
)
def test_absolute_http_urls_may_be_captured(url: str, host: str, port: int | None) -> None:
    parts = parse_capturable(url)
    assert (parts.hostname, parts.port) == (host, port)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("", "not an http or https URL"),
        ("a.test", "did you mean https://a.test?"),
        ("a.test/path", "did you mean https://a.test/path?"),
        ("/path", "not an http or https URL"),
        ("ftp://a.test/", "not an http or https URL"),
        ("file:///etc/passwd", "not an http or https URL"),
        ("javascript:alert(1)", "not an http or https URL"),
        ("about:blank", "not an http or https URL"),
        ("//a.test/", "not an http or https URL"),
        ("https://", "has no host"),
        ("https:///path", "has no host"),
        ("https:a.test", "has no host"),
        ("https://:443/", "has no host"),
        ("https://a.test/a b", "percent-encode"),
        (" https://a.test/", "percent-encode"),
        ("https://a.test/\n", "percent-encode"),
        ("https://a.test/\x00", "percent-encode"),
        ("https://a.test/\x7f", "percent-encode"),
        ("ht\ttps://a.test/", "percent-encode"),
        ("https://a.test:http/", "is not a URL"),
        ("https://a.test:65536/", "is not a URL"),
        ("https://a.test:0/", "names port 0"),
        ("https://[::1/", "is not a URL"),
    ],
)
def test_everything_else_is_refused_with_its_reason(url: str, why: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_capturable(url)
    assert why in str(caught.value)


@pytest.mark.parametrize(
    "url", ["https://user:secret@a.test/", "https://user@a.test/", "https://:secret@a.test/", "https://@a.test/"]
)
def test_user_information_is_refused(url: str) -> None:
    with pytest.raises(UsageError, match="carries a user name or password"):
        parse_capturable(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://user:secret@a.test/",
        "https://user:secret@a.test:0/",
        "https://user:secret@a.test:99999/",
        "https://user:secret@a.test/a b",
        "https://user:secret @a.test/",
        "https://user:secret@/",
        "https://user:secret@[::1/",
        "ftp://user:secret@a.test/",
        "user:secret@a.test",
    ],
)
def test_a_password_is_never_in_the_error_whatever_else_is_wrong(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_capturable(url)
    assert "secret" not in str(caught.value)


@given(text=st.text(st.characters(), max_size=60))
def test_any_text_is_either_split_or_refused(text: str) -> None:
    for url in (text, f"https://{text}", f"http://a.test{text}"):
        try:
            parts = parse_capturable(url)
        except UsageError:
            continue
        assert parts.scheme in ("http", "https")
        assert parts.hostname
        assert parts.username is None


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("https://news.a.test/", "test,a,news)/"),
        ("https://a.test", "test,a)/"),
        ("http://www.a.test/", "test,a)/"),
        ("http://www2.a.test/", "test,a)/"),
        ("http://wwwx.a.test/", "test,a,wwwx)/"),
        ("https://A.TEST/Path", "test,a)/path"),
        ("https://a.test./", "test,a)/"),
        ("https://a.test:443/", "test,a)/"),
        ("http://a.test:80/", "test,a)/"),
        ("https://a.test:8443/", "test,a:8443)/"),
        ("https://a.test/p/", "test,a)/p"),
        ("https://a.test/?b=2&a=1&c", "test,a)/?a=1&b=2&c"),
        ("https://a.test/p?Q=B#frag", "test,a)/p?q=b"),
        ("https://a.test/p?", "test,a)/p"),
        ("http://127.0.0.1/x", "1,0,0,127)/x"),
        ("http://localhost/x", "localhost)/x"),
        ("wss://a.test/socket", "test,a)/socket"),
        ("urn:view:https://A.test/", "urn:view:https://a.test/"),
        ("http://[", "http://["),
        ("http://a.test:x/", "http://a.test:x/"),
    ],
)
def test_the_key_of_a_url(url: str, key: str) -> None:
    assert surt(url) == key


@given(text=st.text(st.characters(), max_size=60))
def test_no_text_raises(text: str) -> None:
    for url in (text, f"https://{text}", f"http://a.test{text}", f"http://a.test/?{text}"):
        assert isinstance(surt(url), str)


@given(
    labels=st.lists(st.from_regex(r"[a-z][a-z0-9]{0,5}", fullmatch=True), min_size=2, max_size=4),
    query=st.lists(st.from_regex(r"[a-z]=[0-9]", fullmatch=True), min_size=1, max_size=4),
    data=st.data(),
)
def test_the_order_of_a_query_and_the_scheme_do_not_matter_and_the_host_is_reversed(
    labels: list[str], query: list[str], data: st.DataObject
) -> None:
    host = "x." + ".".join(labels)
    mixed = data.draw(st.permutations(query))
    key = surt(f"https://{host}/?{'&'.join(query)}")
    assert key == surt(f"http://WWW.{host}:80/?{'&'.join(mixed)}")
    assert key.partition(")")[0].split(",") == [*reversed(labels), "x"]
