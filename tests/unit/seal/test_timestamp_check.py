"""What is wrong with a time stamp is found, and named; openssl and rfc3161-client refuse nothing that is taken here."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from asn1crypto import cms, tsp
from asn1crypto import x509 as asn1_x509
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rfc3161_client import VerificationError, VerifierBuilder, decode_timestamp_response

from archiver.seal.timestamp import HARMLESS, Name, Problem, TimestampError, Token, make_request
from archiver.seal.timestamp_check import check, check_response
from archiver.seal.timestamp_read import read_response
from tests.support.authority import Authority, Kind, Parts, lie, openssl_says
from tests.unit.seal.stamps import CASES, MESSAGE, Case, Stamp, stamp


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("authorities")


@pytest.fixture(scope="module")
def good(folder: Path) -> Stamp:
    return stamp(folder)


def checked(made: Stamp) -> tuple[Token | None, list[Problem]]:
    return check_response(
        made.response,
        made.message,
        made.pinned,
        nonce=made.request.nonce,
        at=made.at,
        earliest=made.earliest,
        latest=made.latest,
    )


def client_says(made: Stamp) -> str | None:
    """What rfc3161-client has against a response whose certificates were sorted, if they can be."""
    try:
        data = read_response(made.response).sorted_data
    except TimestampError:
        data = made.response
    try:
        response = decode_timestamp_response(data)
        VerifierBuilder(roots=list(made.pinned), nonce=made.request.nonce).build().verify_message(
            response, made.message
        )
    except (VerificationError, ValueError) as error:
        return str(error)
    return None


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name.replace(" ", "-"))
def test_each_is_judged_by_us_by_openssl_and_by_rfc3161_client(folder: Path, tmp_path: Path, case: Case) -> None:
    made = case.make(folder)
    token, problems = checked(made)
    at = made.at or (token.gen_time if token else None)
    openssl = openssl_says(tmp_path, made.response, made.message, made.pem, at=at, query=made.request.data)
    client = client_says(made)

    assert [problem.name for problem in problems][:1] == ([] if case.ours is None else [case.ours])
    assert case.openssl is None or (openssl is None) == case.openssl, openssl
    assert case.client is None or (client is None) == case.client, client
    if all(problem.is_harmless for problem in problems) and case.ours not in HARMLESS:
        assert (openssl, client) == (None, None)
    assert Name.SECOND_OPINION not in {problem.name for problem in problems}  # all of it is found before
    assert all(str(problem).isprintable() for problem in problems)


def test_each_name_of_a_problem_has_a_case() -> None:
    assert {case.ours for case in CASES} == {None, *Name} - {Name.SECOND_OPINION}


def test_what_has_expired_since_is_good_and_openssl_needs_attime(folder: Path, tmp_path: Path) -> None:
    made = stamp(folder, Kind(days=-1, began_days=60), lie(timedelta(days=-20)))
    token, problems = check_response(made.response, MESSAGE, made.pinned, at=datetime.now(UTC))
    assert token is not None
    assert [problem.is_harmless for problem in problems] == [True]
    assert check(token, MESSAGE, made.pinned) == []
    assert check(token, MESSAGE, made.pinned, at=token.gen_time + timedelta(days=1)) == []
    assert "expired" in (openssl_says(tmp_path, made.response, MESSAGE, made.pem) or "")
    assert openssl_says(tmp_path, made.response, MESSAGE, made.pem, at=token.gen_time) is None


def test_the_nonce_is_not_asked_for_where_it_is_not_known(folder: Path, good: Stamp) -> None:
    without = good.authority.reply(_without_nonce(good.request.data))
    assert check_response(without, MESSAGE, good.pinned)[1] == []
    assert check_response(good.response, MESSAGE, good.pinned)[1] == []


def _without_nonce(query: bytes) -> bytes:
    asked = tsp.TimeStampReq.load(query)
    asked["nonce"] = None
    data = asked.dump(force=True)
    assert isinstance(data, bytes)
    return data


@pytest.mark.parametrize(("earliest", "latest", "is_in"), [(-1, 1, True), (0, 0, True), (2, 3, False), (-3, -2, False)])
def test_the_time_lies_in_the_interval_as_far_as_it_is_known(
    good: Stamp, earliest: int, latest: int, is_in: bool
) -> None:
    token = read_response(good.response)
    assert token.accuracy == timedelta(seconds=1)
    ends = [token.gen_time + timedelta(seconds=end) for end in (earliest, latest)]
    problems = check(token, MESSAGE, good.pinned, earliest=ends[0], latest=ends[1])
    assert [problem.name for problem in problems] == ([] if is_in else [Name.TIME])


def test_a_vague_time_does_not_widen_the_interval_without_end(folder: Path) -> None:
    vague = stamp(folder, Kind(accuracy="secs:100000"))
    token = read_response(vague.response)
    latest = token.gen_time - timedelta(minutes=5)
    names = [problem.name for problem in check(token, MESSAGE, vague.pinned, latest=latest)]
    assert names == [Name.ACCURACY, Name.TIME]


def test_no_root_is_no_trust(good: Stamp) -> None:
    assert Name.UNTRUSTED in {problem.name for problem in check(read_response(good.response), MESSAGE, ())}


def test_many_certificates_of_one_name_take_no_long_time(folder: Path) -> None:
    """Each could have issued each other: 18 of them could be tried in more orders than there is time for."""
    made = stamp(folder, Kind(between=1))
    chosen = [Authority(folder / f"loop-{number}", "One", Kind(between=1)).between[0] for number in range(17)]

    def add(parts: Parts) -> None:
        kept = [c.chosen.dump() for c in parts.signed["certificates"]]
        kept += [c.public_bytes(Encoding.DER) for c in chosen]
        parts.signed["certificates"] = cms.CertificateSet(
            [cms.CertificateChoices("certificate", asn1_x509.Certificate.load(data)) for data in kept]
        )
        parts.resign = False

    crowded = made.authority.forge(made.response, add)
    token, problems = check_response(crowded, MESSAGE, made.pinned)
    assert token is not None
    assert problems == []
    assert check(token, MESSAGE, Authority(folder / "other", "Two").roots) != []


def test_when_rfc3161_client_alone_refuses_so_do_we(good: Stamp, monkeypatch: pytest.MonkeyPatch) -> None:
    class Panic(BaseException):
        """As Rust's are."""

    Panic.__module__ = "pyo3_runtime"
    for error in (ValueError("two\nlines"), VerificationError("no"), Panic("at the disco")):

        def refuse(_: bytes, error: BaseException = error) -> object:
            raise error

        monkeypatch.setattr("archiver.seal.timestamp_check.decode_timestamp_response", refuse)
        problems = check(read_response(good.response), MESSAGE, good.pinned)
        assert [problem.name for problem in problems] == [Name.SECOND_OPINION]
        assert str(problems[0]).isprintable()


def test_when_rfc3161_client_reads_something_else_it_is_refused(
    good: Stamp, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = decode_timestamp_response(read_response(stamp(folder).response).sorted_data)
    monkeypatch.setattr("archiver.seal.timestamp_check.decode_timestamp_response", lambda _: other)
    problems = check(read_response(good.response), MESSAGE, good.pinned)
    assert [problem.name for problem in problems] == [Name.SECOND_OPINION]


def test_an_interrupt_is_no_opinion(good: Stamp, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_: bytes) -> object:
        raise KeyboardInterrupt

    monkeypatch.setattr("archiver.seal.timestamp_check.decode_timestamp_response", interrupt)
    with pytest.raises(KeyboardInterrupt):
        check(read_response(good.response), MESSAGE, good.pinned)


def facts(token: Token) -> object:
    """All that the authority signed."""
    signer = token.signer
    assert signer is not None
    return (
        token.imprint_algorithm,
        token.imprint,
        token.nonce,
        token.policy,
        token.serial,
        token.gen_time,
        token.accuracy,
        token.ordering,
        token.authority_name,
        token.signed[0].content,
        token.signed[0].attributes_data,
        signer.data,
    )


def flipped(data: bytes) -> Iterator[bytes]:
    for place in range(len(data)):
        changed = bytearray(data)
        changed[place] ^= 1 << place % 8
        yield bytes(changed)


@pytest.mark.parametrize("kind", [Kind(), Kind(rsa=True, between=1)], ids=["EC", "RSA"])
def test_a_flipped_bit_anywhere_is_refused_or_changes_nothing_that_is_signed(
    folder: Path, tmp_path: Path, kind: Kind
) -> None:
    made = stamp(folder, kind)
    right = facts(read_response(made.response))
    taken = 0
    for changed in flipped(made.response):
        token, problems = check_response(changed, MESSAGE, made.pinned, nonce=made.request.nonce)
        if not problems:
            assert token is not None
            assert facts(token) == right
            taken += 1
            if taken % 40 == 1:  # it takes a while to ask openssl
                assert openssl_says(tmp_path, changed, MESSAGE, made.pem, query=made.request.data) is None
    root = len(made.authority.root.public_bytes(Encoding.DER))
    assert taken <= root  # nobody needs the root that is sent along, and all else counts


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=300))
def test_any_bytes_are_an_error_of_one_class(data: bytes) -> None:
    with pytest.raises(TimestampError):
        read_response(data)


@settings(max_examples=400, deadline=None)
@given(data=st.data())
def test_any_damage_is_told_and_never_raised(good: Stamp, data: st.DataObject) -> None:
    response = bytearray(good.response)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(response) - 1))
        length = data.draw(st.integers(0, 6))
        response[at : at + length] = data.draw(st.binary(max_size=6))
    token, problems = check_response(bytes(response), MESSAGE, good.pinned, nonce=good.request.nonce)
    if not problems:
        assert token is not None
        assert facts(token) == facts(read_response(good.response))


def test_a_check_takes_milliseconds(good: Stamp) -> None:
    """So that a log's worth of them can be checked; the bound is far off for busy machines."""
    began = datetime.now(UTC)
    for _ in range(20):
        assert check_response(good.response, MESSAGE, good.pinned, nonce=good.request.nonce)[1] == []
    assert datetime.now(UTC) - began < timedelta(seconds=10)


def test_requests_have_nonces_of_their_own_and_ask_for_certificates() -> None:
    made = [make_request(MESSAGE) for _ in range(50)]
    assert len({request.nonce for request in made}) == 50
    for request in made:
        asked = tsp.TimeStampReq.load(request.data, strict=True)
        assert asked["nonce"].native == request.nonce
        assert asked["cert_req"].native is True
        assert asked["message_imprint"]["hash_algorithm"]["algorithm"].native == "sha256"
        assert asked["message_imprint"]["hashed_message"].native == request.imprint
