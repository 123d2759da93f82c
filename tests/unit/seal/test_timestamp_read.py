"""What a response says is read as it stands there."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from archiver.seal.timestamp import Name, TimestampError
from archiver.seal.timestamp_read import read_response
from tests.support.authority import Kind, Parts, unsorted
from tests.unit.seal.stamps import MESSAGE, stamp


def test_a_token_says_what_was_signed_by_whom(tmp_path: Path) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    made = stamp(tmp_path, Kind(accuracy="secs:1,millisecs:500,microsecs:100"))
    token = read_response(made.response)
    assert (token.status, token.status_text) == (0, "")
    assert (token.imprint_algorithm, token.imprint) == ("sha256", hashlib.sha256(MESSAGE).digest())
    assert token.nonce == made.request.nonce
    assert token.policy == "1.2.3.4.1"
    assert token.serial == 2  # one more than the number in the file
    assert before <= token.gen_time <= datetime.now(UTC)
    assert token.accuracy == timedelta(seconds=1, milliseconds=500, microseconds=100)
    assert token.ordering
    assert token.data == made.response
    signer = token.signer
    assert signer is not None
    assert signer.data == made.authority.certificate.public_bytes(Encoding.DER)
    assert (signer.subject, signer.issuer) == ("CN=One Signer", "CN=One Root")
    assert signer.serial == made.authority.certificate.serial_number
    assert signer.not_after == made.authority.certificate.not_valid_after_utc
    assert signer.sha256 == hashlib.sha256(signer.data).hexdigest()


def test_the_whole_chain_is_kept_in_the_order_in_which_it_came(tmp_path: Path) -> None:
    made = stamp(tmp_path, Kind(between=2))
    token = read_response(unsorted(made.response))
    sent = {c.public_bytes(Encoding.DER) for c in (made.authority.certificate, *made.authority.between)}
    assert sent < {c.data for c in token.certificates}
    assert [c.data for c in token.certificates] == sorted((c.data for c in token.certificates), reverse=True)
    assert not token.is_sorted
    assert token.data != token.sorted_data
    again = read_response(token.sorted_data)
    assert again.is_sorted
    assert {c.data for c in again.certificates} == {c.data for c in token.certificates}
    assert again.signed == token.signed


def test_fractions_of_seconds_are_kept(tmp_path: Path) -> None:
    def change(parts: Parts) -> None:
        parts.info["gen_time"] = datetime(2026, 5, 4, 3, 2, 1, 120000, tzinfo=UTC)

    token = read_response(stamp(tmp_path, change=change).response)
    assert token.gen_time == datetime(2026, 5, 4, 3, 2, 1, 120000, tzinfo=UTC)


def test_a_refusal_says_why(tmp_path: Path) -> None:
    made = stamp(tmp_path)
    with pytest.raises(
        TimestampError, match=r"the authority gave no time stamp: rejection \(.*badDataFormat"
    ) as caught:
        read_response(made.authority.reply(b"this is no query"))
    assert caught.value.name == Name.NOT_GRANTED


def test_the_words_of_a_refusal_cannot_harm_a_terminal() -> None:
    words = "\x1b[2J\n\u202e" + "x" * 1000
    encoded = words.encode()
    text = b"\x0c\x82" + len(encoded).to_bytes(2, "big") + encoded
    texts = b"\x30\x82" + len(text).to_bytes(2, "big") + text
    status = b"\x02\x01\x02" + texts
    info = b"\x30\x82" + len(status).to_bytes(2, "big") + status
    with pytest.raises(TimestampError) as caught:
        read_response(b"\x30\x82" + len(info).to_bytes(2, "big") + info)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 300
