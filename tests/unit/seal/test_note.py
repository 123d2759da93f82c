"""Signed notes: what is one, what is none, and whose signature counts."""

from __future__ import annotations

import base64
import hashlib
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from archiver.seal.note import Note, NoteError, Signature, VerifierKey, decode_base64, parse, render, sign
from tests.unit.seal.trees import flipped

_NAME = "example.com/archive"
_PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
_KEY = VerifierKey(_NAME, 1, _PRIVATE.public_key().public_bytes_raw())
_OTHER_PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
_OTHER = VerifierKey("other", 1, _OTHER_PRIVATE.public_key().public_bytes_raw())
_TEXT = "first\n\nlast: è\n"
_SIGNATURE = sign(_TEXT, _NAME, _PRIVATE)
_NOTE = render(_TEXT, [_SIGNATURE])
# From the documentation of golang.org/x/mod/sumdb/note.
_GO_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
_GO_NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)

_characters = st.characters(exclude_characters="".join(map(chr, [*range(10), *range(11, 32)])), codec="utf-8")
_texts = st.text(_characters, max_size=80).map(lambda text: text + "\n")
_names = st.text(
    st.characters(min_codepoint=33, exclude_characters="+", codec="utf-8"), min_size=1, max_size=12
).filter(lambda name: not any(map(str.isspace, name)))
_signatures = st.builds(Signature, _names, st.binary(min_size=4, max_size=4), st.binary(min_size=1, max_size=80))


def refused(note: bytes, message: str) -> None:
    with pytest.raises(NoteError, match=message):
        parse(note)


def with_line(line: str) -> bytes:
    return f"text\n\n{line}".encode()


def test_the_note_of_the_go_library_verifies_and_is_written_alike() -> None:
    key = VerifierKey.parse(_GO_KEY)
    note = parse(_GO_NOTE.encode())
    assert note.verified_by([key]) == (key,)
    assert note.bytes() == _GO_NOTE.encode()
    assert key.text == _GO_KEY
    assert key.short == "c74f20a3"


def test_a_key_id_is_the_beginning_of_a_digest_of_name_type_and_key() -> None:
    digest = hashlib.sha256(_NAME.encode() + b"\n\x01" + _KEY.public_key).digest()
    assert _KEY.key_id == _SIGNATURE.key_id == digest[:4]


@given(_names, st.binary(min_size=32, max_size=32))
def test_a_key_is_read_as_it_was_written(name: str, public_key: bytes) -> None:
    key = VerifierKey(name, 1, public_key)
    assert VerifierKey.parse(key.text) == key


def encoded(key: bytes, name: str = _NAME) -> str:
    """The text of a key that can be wrong, with its right id."""
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass") + b"\n" + key).hexdigest()
    return f"{name}+{digest[:8]}+{base64.b64encode(key).decode()}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is no key"),
        (f"{_NAME}+{_KEY.short}", "is no key"),
        (f"{_NAME}+{_KEY.short}+", "nothing after its id"),
        (_KEY.text.replace(_KEY.short, "00000000"), "says that its id is"),
        (_KEY.text.replace(_KEY.short, _KEY.short.upper()), "says that its id is"),
        (_KEY.text + "\n", "not base64"),
        (_KEY.text[:-1] + "!", "not base64"),
        (encoded(b"\x01" + bytes(31)), "31 bytes"),
        (encoded(b"\x01" + bytes(33)), "33 bytes"),
        (encoded(b"\x02" + bytes(32)), "unknown type, 2"),
        (encoded(b"\x04" + bytes(32)), "unknown type, 4"),
        (encoded(b"\x01" + bytes(32), ""), "no name"),
        (encoded(b"\x01" + bytes(32), "a b"), "no name"),
        (encoded(b"\x01" + bytes(32), "a\u2003b"), "no name"),
        (encoded(b"\x01" + bytes(32), "a\u00a0b"), "no name"),
        (encoded(b"\x01" + bytes(32), "a\x00b"), "control character"),
        (encoded(b"\x01" + bytes(32), "a\ud800"), "UTF-8"),
        (encoded(b"\x01" + bytes(32), "a+b"), "not base64"),
    ],
)
def test_a_key_that_is_none_is_refused(text: str, message: str) -> None:
    with pytest.raises(NoteError, match=message):
        VerifierKey.parse(text)


def test_base64_has_one_form_only() -> None:
    assert decode_base64("QQ==") == b"A"
    for other in ("QR==", "QQ=", "QQ", "QQ==\n", " QQ==", "QQ====", "Q-==", "è"):
        with pytest.raises(NoteError, match="not base64"):
            decode_base64(other)


def test_a_name_with_a_plus_makes_no_key_and_no_signature() -> None:
    with pytest.raises(NoteError, match="a plus"):
        VerifierKey("a+b", 1, bytes(32))
    with pytest.raises(NoteError, match="a plus"):
        sign(_TEXT, "a+b", _PRIVATE)


@given(_texts, st.lists(_signatures, min_size=1, max_size=5, unique_by=lambda s: (s.name, s.key_id)))
def test_a_note_is_read_as_it_was_written(text: str, signatures: list[Signature]) -> None:
    written = render(text, signatures)
    note = parse(written)
    assert note == Note(text, tuple(signatures))
    assert note.bytes() == written


@given(_texts)
def test_what_is_signed_verifies(text: str) -> None:
    note = parse(render(text, [sign(text, _NAME, _PRIVATE)]))
    assert note.text == text
    assert note.verified_by([_KEY, _OTHER]) == (_KEY,)


@given(
    st.binary(max_size=200)
    | st.text(max_size=100).map(lambda text: ("a\n\n— " + text + "\n").encode("utf-8", "ignore"))
)
def test_any_bytes_are_a_note_or_a_note_error(data: bytes) -> None:
    try:
        note = parse(data)
    except NoteError:
        return
    assert note.bytes() == data


@given(st.integers(0, len(_NOTE) * 8 - 1))
def test_a_note_with_a_bit_flipped_is_signed_by_nobody(bit: int) -> None:
    try:
        found = parse(flipped(_NOTE, bit)).verified_by([_KEY])
    except NoteError:
        return
    assert found == ()


@given(st.text(max_size=80))
def test_any_text_is_a_key_or_a_note_error(text: str) -> None:
    try:
        assert VerifierKey.parse(text).text == text
    except NoteError:
        return


@pytest.mark.parametrize("text", ["", "no line end", "a\tb\n", "a\r\n", "\x00\n", "\x1f\n", "\ud800\n"])
def test_such_a_text_is_not_signed(text: str) -> None:
    with pytest.raises(NoteError):
        sign(text, _NAME, _PRIVATE)
    with pytest.raises(NoteError):
        render(text, [_SIGNATURE])


def test_a_text_may_have_empty_lines_and_the_last_one_separates() -> None:
    for text in ("\n", "a\n\n", "\n\n\n", "a\n\n— b QUJDREU=\n"):
        assert parse(render(text, [sign(text, _NAME, _PRIVATE)])).text == text


def test_a_note_is_utf_8() -> None:
    refused(b"\xff" + _NOTE, "UTF-8")
    refused("\ud800".encode("utf-8", "surrogatepass") + _NOTE, "UTF-8")


@pytest.mark.parametrize("character", ["\x00", "\t", "\r", "\x1f"])
def test_a_note_has_no_control_characters(character: str) -> None:
    refused(character.encode() + _NOTE, "control character")
    refused(_NOTE.replace(b"\xe2\x80\x94 example", b"\xe2\x80\x94 " + character.encode() + b"example"), "name|control")


def test_a_note_has_an_empty_line_before_its_signatures() -> None:
    refused(b"text\n" + _SIGNATURE.line.encode(), "no empty line")
    refused(b"\n" + _SIGNATURE.line.encode(), "no empty line")


def test_a_note_ends_with_a_line_end_after_a_signature() -> None:
    refused(_NOTE[:-1], "does not end")
    refused(b"text\n\n", "does not end")
    refused(_NOTE + b"\n", "does not end")


def test_a_signature_line_begins_with_a_dash_and_a_space() -> None:
    refused(with_line("- a QUJDREU=\n"), "no signature line")
    refused(with_line("—a QUJDREU=\n"), "no signature line")
    refused(_NOTE + b"more\n", "no signature line")


@pytest.mark.parametrize("name", ["", "a+b", "a\u00a0b", "a\u3000b", "a\u0085b", "a\u2028b"])
def test_a_signature_has_a_name_without_spaces_and_plus(name: str) -> None:
    refused(with_line(f"— {name} QUJDREU=\n"), "no name")


@pytest.mark.parametrize("encoded", ["QUJDREV=", "QUJDREU", "QUJD REU=", "QUJDREU= ", " QUJDREU=", "QUJD-EU="])
def test_a_signature_is_base64_in_its_one_form(encoded: str) -> None:
    refused(with_line(f"— a {encoded}\n"), "not base64")


@pytest.mark.parametrize("encoded", ["", "QUJD", "QUJDRA=="])
def test_a_signature_has_at_least_five_bytes(encoded: str) -> None:
    refused(with_line(f"— a {encoded}\n"), "key id of 4 bytes")


@pytest.mark.parametrize(("key_id", "data"), [(b"123", b"4"), (b"12345", b"6"), (b"1234", b"")])
def test_a_signature_is_a_key_id_of_four_bytes_and_something_after_it(key_id: bytes, data: bytes) -> None:
    with pytest.raises(NoteError, match="key id of 4 bytes"):
        Signature("a", key_id, data)


def test_a_signature_line_without_a_second_space_is_refused() -> None:
    refused(with_line("— a\n"), "key id of 4 bytes")


def test_a_note_has_at_most_a_hundred_signatures() -> None:
    lines = [f"— a{number} QUJDREU=\n" for number in range(101)]
    assert len(parse(with_line("".join(lines[:100]))).signatures) == 100
    refused(with_line("".join(lines)), "1 to 100")
    with pytest.raises(NoteError, match="1 to 100"):
        render(_TEXT, [])


def test_a_note_has_at_most_a_million_bytes() -> None:
    longest = "a" * (1_000_000 - len(_NOTE)) + _TEXT
    assert len(render(longest, [_SIGNATURE])) == 1_000_000
    assert parse(render(longest, [_SIGNATURE])).text == longest
    refused(b"a" * (1_000_001 - len(_NOTE)) + _NOTE, "1000000")
    with pytest.raises(NoteError, match="1000000"):
        render("a" + longest, [_SIGNATURE])


def test_two_signatures_by_one_name_and_key_id_are_refused() -> None:
    again = replace(_SIGNATURE, data=b"another")
    refused(_NOTE + again.line.encode(), "two signatures")
    refused(_NOTE + _SIGNATURE.line.encode(), "two signatures")
    parse(_NOTE + replace(again, key_id=b"1234").line.encode())
    parse(_NOTE + replace(again, name="other").line.encode())


@pytest.mark.parametrize("data", [b"short", bytes(64), flipped(_SIGNATURE.data, 100), _SIGNATURE.data + b"\0"])
def test_a_wrong_signature_by_a_known_key_is_an_error(data: bytes) -> None:
    note = Note(_TEXT, (replace(_SIGNATURE, data=data), sign(_TEXT, "other", _OTHER_PRIVATE)))
    with pytest.raises(NoteError, match="did not sign"):
        note.verified_by([_KEY, _OTHER])
    assert note.verified_by([_OTHER]) == (_OTHER,)


def test_signatures_by_unknown_keys_are_passed_over_and_told() -> None:
    other = sign(_TEXT, "other", _OTHER_PRIVATE)
    same_name = Signature(_NAME, b"1234", b"x")
    same_id = Signature("third", _KEY.key_id, b"x")
    note = Note(_TEXT, (other, _SIGNATURE, same_name, same_id))
    assert note.verified_by([_KEY]) == (_KEY,)
    assert note.unknown([_KEY]) == (other, same_name, same_id)
    assert note.verified_by([_KEY, _OTHER, _KEY]) == (_OTHER, _KEY)
    assert note.unknown([_KEY, _OTHER]) == (same_name, same_id)
    assert note.verified_by([]) == ()


def test_two_known_keys_with_one_name_and_id_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(VerifierKey, "key_id", b"1234")
    with pytest.raises(NoteError, match="two different keys"):
        parse(_NOTE).verified_by([_KEY, replace(_KEY, public_key=bytes(32))])


def test_openssl_accepts_our_signature(tmp_path: Path) -> None:
    public = _PRIVATE.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    files = {"key.pem": public, "text": _TEXT.encode(), "other": b"other", "sig": parse(_NOTE).signatures[0].data}
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    command = ["openssl", "pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", "key.pem", "-sigfile", "sig", "-in"]
    verified, other = (
        subprocess.run([*command, name], cwd=tmp_path, capture_output=True, check=False, timeout=60)
        for name in ("text", "other")
    )
    assert verified.returncode == 0, verified.stderr
    assert other.returncode != 0
