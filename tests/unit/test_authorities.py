"""Time-stamp authorities are asked over real connections: what they do wrong ends in one line and in time."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509

from archiver import clock
from archiver.authorities import ask
from archiver.config import CaptureSettings
from archiver.errors import ConfigurationError, RefusedError, UnreachableError
from archiver.seal.authority import Authority
from archiver.seal.timestamp import Name, make_request
from archiver.seal.timestamp_check import check_response
from tests.support import authority as local

MESSAGE = b"a signed note\n"
LOCAL = CaptureSettings(allow_private=True)
SECRET = "s3cret-key"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> local.Authority:
    return local.Authority(tmp_path_factory.mktemp("one"), "One")


@pytest.fixture(scope="module")
def second(tmp_path_factory: pytest.TempPathFactory) -> local.Authority:
    return local.Authority(tmp_path_factory.mktemp("two"), "Two")


@pytest.fixture
def server(made: local.Authority) -> Iterator[local.Server]:
    with local.Server(made) as server:
        yield server


def configured(server: local.Server) -> Authority:
    url = f"{server.url}/{SECRET}?key={SECRET}"
    return Authority.of_pem(server.authority.name, url, server.authority.root_pem)


def test_an_authority_gives_a_time_stamp_that_is_good(server: local.Server) -> None:
    request = make_request(MESSAGE)
    who = configured(server)
    response = ask(who, request, LOCAL)
    token, problems = check_response(response, MESSAGE, who.roots, nonce=request.nonce)
    assert problems == []
    assert token is not None
    assert token.data == response


def test_what_is_sent_is_a_query_and_nothing_about_us(server: local.Server) -> None:
    for _ in range(2):
        request = make_request(MESSAGE)
        ask(configured(server), request, LOCAL)
        path, fields, body = server.asked[-1]
        assert body == request.data
        assert path == f"/tsa/{SECRET}?key={SECRET}"
        assert fields["Content-Type"] == "application/timestamp-query"
        assert not {"Cookie", "Referer", "Authorization"} & set(fields)


def test_two_authorities_each_lead_to_their_own_root_only(server: local.Server, second: local.Authority) -> None:
    with local.Server(second) as other:
        both = [configured(server), configured(other)]
        request = make_request(MESSAGE)
        responses = [ask(who, request, LOCAL) for who in both]
    for response, right, wrong in zip(responses, both, reversed(both), strict=True):
        assert check_response(response, MESSAGE, right.roots, nonce=request.nonce)[1] == []
        found = check_response(response, MESSAGE, wrong.roots, nonce=request.nonce)[1]
        assert [problem.name for problem in found] == [Name.UNTRUSTED]


@pytest.mark.parametrize(
    ("mode", "told"),
    [
        ("busy", "the server answered with status 503"),
        ("missing", "the server answered with status 404"),
        ("redirecting", "it redirects (status 307), which is not followed"),
        ("endless", "the answer has more than 65536 bytes"),
        ("large", "the answer has more than 65536 bytes"),
        ("empty", "the answer is empty"),
        ("slow", "the answer was not complete within 1 s"),
        ("silent", "the answer was not complete within 1 s"),
    ],
)
def test_what_is_no_answer_is_told_in_one_line_without_the_url(server: local.Server, mode: str, told: str) -> None:
    server.mode = mode
    began = time.monotonic()
    with pytest.raises(UnreachableError) as caught:
        ask(configured(server), make_request(MESSAGE), LOCAL, timeout_s=1 if mode in ("slow", "silent") else 20)
    message = str(caught.value)
    assert message.startswith(f"time-stamp authority One: {told}")
    assert "\n" not in message
    assert SECRET not in message
    assert time.monotonic() - began < 15
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("mode", "name"),
    [
        ("garbage", Name.MALFORMED),
        ("refusing", Name.NOT_GRANTED),
        ("other-nonce", Name.NONCE),
        ("other-message", Name.IMPRINT),
    ],
)
def test_what_is_an_answer_and_no_good_one_is_told_by_the_check(server: local.Server, mode: str, name: Name) -> None:
    server.mode = mode
    who, request = configured(server), make_request(MESSAGE)
    problems = check_response(ask(who, request, LOCAL), MESSAGE, who.roots, nonce=request.nonce)[1]
    assert [problem.name for problem in problems] == [name]


def test_an_authority_that_lies_by_an_hour_is_found_by_when_it_was_asked(server: local.Server) -> None:
    server.mode = "lying"
    who, request, asked = configured(server), make_request(MESSAGE), clock.now()
    response = ask(who, request, LOCAL)
    assert check_response(response, MESSAGE, who.roots, nonce=request.nonce)[1] == []
    problems = check_response(
        response, MESSAGE, who.roots, nonce=request.nonce, earliest=asked - timedelta(minutes=5), latest=clock.now()
    )[1]
    assert [problem.name for problem in problems] == [Name.TIME]


def test_the_guard_refuses_an_authority_on_a_private_address(server: local.Server) -> None:
    with pytest.raises(RefusedError, match="the guard keeps requests for time stamps to public addresses") as caught:
        ask(configured(server), make_request(MESSAGE), CaptureSettings())
    assert SECRET not in str(caught.value)
    assert server.asked == []


def test_an_authority_that_is_down_is_told_in_one_line(server: local.Server) -> None:
    who = Authority("One", f"http://127.0.0.1:9/{SECRET}", server.authority.roots)
    with pytest.raises(UnreachableError) as caught:
        ask(who, make_request(MESSAGE), LOCAL)
    assert "\n" not in str(caught.value)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    "url", [f"ftp://tsa.test/{SECRET}", f"http://user:{SECRET}@tsa.test/", f"http://tsa.test:port/{SECRET}", "tsa.test"]
)
def test_an_authority_has_a_url_that_can_be_asked_and_never_shows_it(made: local.Authority, url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Authority("One", url, made.roots)
    assert SECRET not in str(caught.value)
    assert SECRET not in repr(Authority("One", f"http://tsa.test/{SECRET}", made.roots))


def test_an_authority_has_roots_that_are_roots(tmp_path: Path, made: local.Authority) -> None:
    url = "http://tsa.test/"
    between = local.Authority(tmp_path, "Three", local.Kind(between=1)).between[0]
    for roots in ((), (made.certificate,), (between,), (made.root, between)):
        with pytest.raises(ConfigurationError):
            Authority("One", url, roots)
    with pytest.raises(ConfigurationError):
        Authority.of_pem("One", url, b"no certificate")
    assert Authority.of_pem("One", url, made.root_pem * 2).roots == made.roots
    assert isinstance(made.root, x509.Certificate)


@pytest.mark.parametrize("name", ["", "a\nb", "x" * 101])
def test_an_authority_has_a_name_that_can_be_shown(made: local.Authority, name: str) -> None:
    with pytest.raises(ConfigurationError):
        Authority(name, "http://tsa.test/", made.roots)
