"""Checkpoints and proofs: C2SP's own log, round trips, and what is refused."""

from __future__ import annotations

import base64
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from archiver.seal import note
from archiver.seal.checkpoint import Checkpoint, Proof
from archiver.seal.merkle import Edge, ProofError, leaf_hash, verify_consistency, verify_inclusion
from archiver.seal.note import NoteError, VerifierKey, render, sign
from archiver.seal.tiles import TileTree, entries_path, pack_bundle, parse_bundle
from tests.unit.seal.trees import Naive, flipped, vectors

_LOG_KEY = "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx"
_ORIGIN = "example.com/archive"
_PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
_KEY = VerifierKey(_ORIGIN, 1, _PRIVATE.public_key().public_bytes_raw())
_NAIVE = Naive()
_ROOT = base64.b64encode(bytes(32)).decode()


def signed(checkpoint: Checkpoint, name: str = _ORIGIN) -> bytes:
    return render(checkpoint.text, [sign(checkpoint.text, name, _PRIVATE)])


def proof_of(index: int, size: int) -> Proof:
    checkpoint = Checkpoint(_ORIGIN, size, _NAIVE.root(0, size))
    return Proof(index, tuple(_NAIVE.path(index, 0, size)), signed(checkpoint))


_PROOF = proof_of(3, 7)
_ENTRY = b"entry 3"
_RENDERED = _PROOF.render()

_origins = st.text(st.characters(min_codepoint=32, codec="utf-8"), min_size=1, max_size=20)
_hashes = st.binary(min_size=32, max_size=32)
_numbers = st.integers(0, 2**63 - 1)
_checkpoints = st.builds(Checkpoint, _origins, _numbers, _hashes)
_proofs = st.builds(
    Proof, _numbers, st.lists(_hashes, max_size=8).map(tuple), _checkpoints.map(signed), st.binary(max_size=9)
)


def of_the_log(size: int) -> tuple[Checkpoint, list[bytes], TileTree]:
    """A checkpoint of the public test log, its entries, and its tree."""
    folder = vectors("tlog-log")
    key = VerifierKey.parse(_LOG_KEY)
    data = (folder / f"checkpoint.{size}").read_bytes()
    opened = note.parse(data)
    assert opened.verified_by([key]) == (key,)
    assert opened.bytes() == data
    checkpoint = Checkpoint.parse(opened.text)
    assert checkpoint.text == opened.text
    assert (checkpoint.origin, checkpoint.size) == (key.name, size)
    bundle = (folder / entries_path(0, size)).read_bytes() if size else b""
    entries = parse_bundle(bundle, size)
    assert pack_bundle(entries) == bundle
    return checkpoint, entries, TileTree(size, lambda tile: (folder / tile.path).read_bytes())


def test_every_checkpoint_tile_and_bundle_of_the_public_log_agrees() -> None:
    for size in range(16):
        checkpoint, entries, tree = of_the_log(size)
        edge = Edge()
        for entry in entries:
            edge.append(leaf_hash(entry))
        assert checkpoint.root == edge.root() == tree.root()
        for index, entry in enumerate(entries):
            verify_inclusion(index, size, leaf_hash(entry), tree.inclusion_proof(index), checkpoint.root)
        for old_size in range(1, size):
            old, _, _ = of_the_log(old_size)
            verify_consistency(old_size, size, old.root, checkpoint.root, tree.consistency_proof(old_size))


def test_an_entry_of_the_public_log_is_proven_offline() -> None:
    checkpoint, entries, tree = of_the_log(15)
    data = (vectors("tlog-log") / "checkpoint").read_bytes()
    proof = Proof.parse(Proof(4, tuple(tree.inclusion_proof(4)), data).render())
    assert proof.verify(entries[4], checkpoint.origin, [VerifierKey.parse(_LOG_KEY)]) == checkpoint


@given(_checkpoints)
def test_a_checkpoint_is_read_as_it_was_written(checkpoint: Checkpoint) -> None:
    assert Checkpoint.parse(checkpoint.text) == checkpoint
    assert Checkpoint.parse(note.parse(signed(checkpoint)).text) == checkpoint


@given(st.text(max_size=60) | st.text("0123456789\nao=+", max_size=60).map(lambda text: f"o\n{text}\n{_ROOT}\n"))
def test_any_text_is_a_checkpoint_or_a_note_error(text: str) -> None:
    try:
        assert Checkpoint.parse(text).text == text
    except NoteError:
        return


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "three lines"),
        (f"o\n1\n{_ROOT}", "three lines"),
        ("o\n1\n", "three lines"),
        (f"o\n1\n{_ROOT}\nmore", "three lines"),
        (f"\n1\n{_ROOT}\n", "origin"),
        (f"o\n01\n{_ROOT}\n", "size"),
        (f"o\n\n{_ROOT}\n", "size"),
        (f"o\n-1\n{_ROOT}\n", "size"),
        (f"o\n+1\n{_ROOT}\n", "size"),
        (f"o\n 1\n{_ROOT}\n", "size"),
        (f"o\n1_0\n{_ROOT}\n", "size"),
        (f"o\n\u0661\n{_ROOT}\n", "size"),
        (f"o\n1\u0661\n{_ROOT}\n", "size"),
        (f"o\n{2**63}\n{_ROOT}\n", "size"),
        (f"o\n{'9' * 5000}\n{_ROOT}\n", "size"),
        (f"o\n1\n{_ROOT[:-2]}B=\n", "base64"),
        ("o\n1\n\n", "0 bytes"),
        ("o\n1\nQQ==\n", "1 bytes"),
        (f"o\n1\n{_ROOT}\nmore\n", "ours have none"),
        (f"o\n1\n{_ROOT}\n\n", "ours have none"),
    ],
)
def test_a_checkpoint_that_is_none_is_refused(text: str, message: str) -> None:
    with pytest.raises(NoteError, match=message):
        Checkpoint.parse(text)


def test_extension_lines_are_passed_over_only_when_that_is_asked_for() -> None:
    assert Checkpoint.parse(f"o\n1\n{_ROOT}\nmore\nx\n", extensions=True) == Checkpoint("o", 1, bytes(32))
    with pytest.raises(NoteError, match="an empty line"):
        Checkpoint.parse(f"o\n1\n{_ROOT}\n\nx\n", extensions=True)


@pytest.mark.parametrize(
    ("origin", "size", "root"),
    [("", 1, bytes(32)), ("a\nb", 1, bytes(32)), ("a", -1, bytes(32)), ("a", 2**63, bytes(32)), ("a", 1, bytes(31))],
)
def test_there_is_no_such_checkpoint(origin: str, size: int, root: bytes) -> None:
    with pytest.raises(NoteError):
        Checkpoint(origin, size, root)


def test_a_proof_is_written_as_the_specification_says() -> None:
    hashes = "".join(base64.b64encode(value).decode() + "\n" for value in _PROOF.hashes)
    expected = f"c2sp.org/tlog-proof@v1\nindex 3\n{hashes}\n".encode() + _PROOF.checkpoint
    assert expected == _RENDERED
    with_extra = replace(_PROOF, extra=b"abc").render()
    assert with_extra == expected.replace(b"index", b"extra YWJj\nindex", 1)


@given(_proofs)
def test_a_proof_is_read_as_it_was_written(proof: Proof) -> None:
    assert Proof.parse(proof.render()) == proof


@given(st.integers(1, 300), st.data())
def test_a_proof_verifies_for_its_entry_and_no_other(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    proof = Proof.parse(proof_of(index, size).render())
    assert proof.verify(b"entry %d" % index, _ORIGIN, [_KEY]) == Checkpoint(_ORIGIN, size, _NAIVE.root(0, size))
    with pytest.raises(ProofError):
        proof.verify(b"another entry", _ORIGIN, [_KEY])


@given(st.integers(0, len(_RENDERED) * 8 - 1))
def test_a_proof_with_a_bit_flipped_is_never_accepted(bit: int) -> None:
    with pytest.raises((NoteError, ProofError)):
        Proof.parse(flipped(_RENDERED, bit)).verify(_ENTRY, _ORIGIN, [_KEY])


@given(st.binary(max_size=200) | st.text("0123456789abQ= \n", max_size=60).map(str.encode))
def test_any_bytes_are_a_proof_or_a_note_error(data: bytes) -> None:
    for candidate in (data, b"c2sp.org/tlog-proof@v1\n" + data + b"\n\n" + _PROOF.checkpoint):
        try:
            assert Proof.parse(candidate).render() == candidate
        except NoteError:
            continue


_HASH_LINE = base64.b64encode(_PROOF.hashes[0]) + b"\n"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (b"\n\n", b"\n", "base64"),
        (b"c2sp.org/tlog-proof@v1", b"c2sp.org/tlog-proof@v2", "begin with"),
        (b"c2sp.org/tlog-proof@v1\n", b"", "begin with"),
        (b"index 3\n", b"", "does not say the index"),
        (b"index 3\n", b"Index 3\n", "does not say the index"),
        (b"index 3\n", b"index 03\n", "the index is"),
        (b"index 3\n", b"index 3 \n", "the index is"),
        (b"index 3\n", b"index\n", "does not say the index"),
        (b"index 3\n", b"index -3\n", "the index is"),
        (b"index 3\n", b"index 9223372036854775808\n", "index"),
        (b"index 3\n", b"index 3\r\n", "the index is"),
        (b"index 3\n", b"index 3\nextra YWJj\n", "base64"),
        (b"index 3\n", b"extra \nindex 3\n", "nothing in it"),
        (b"index 3\n", b"extra YWJ\nindex 3\n", "base64"),
        (b"index 3\n", b"extra YWJj\nextra YWJj\nindex 3\n", "does not say the index"),
        (_HASH_LINE, b"YWJj\n", "3 bytes"),
        (_HASH_LINE, b" " + _HASH_LINE, "base64"),
        (_HASH_LINE, "é\n".encode(), "ASCII"),
        (_HASH_LINE, b"\n" + _HASH_LINE, "checkpoint|three lines"),
    ],
)
def test_a_proof_that_is_none_is_refused(old: bytes, new: bytes, message: str) -> None:
    assert old in _RENDERED
    with pytest.raises(NoteError, match=message):
        Proof.parse(_RENDERED.replace(old, new, 1))


def test_a_proof_without_a_checkpoint_that_is_signed_text_is_refused() -> None:
    head = _RENDERED.partition(b"\n\n")[0] + b"\n\n"
    with pytest.raises(NoteError, match="no empty line"):
        Proof.parse(head[:-1])
    for checkpoint in (b"", b"o\n", render("no checkpoint\n", [sign("no checkpoint\n", _ORIGIN, _PRIVATE)])):
        with pytest.raises(NoteError):
            Proof.parse(head + checkpoint)


def test_a_proof_is_of_one_log_and_signed_by_its_key() -> None:
    other = replace(_KEY, name="other")
    with pytest.raises(NoteError, match="not of 'other'"):
        _PROOF.verify(_ENTRY, "other", [_KEY])
    for keys in ([], [other]):
        with pytest.raises(NoteError, match="no known key"):
            _PROOF.verify(_ENTRY, _ORIGIN, keys)


def test_a_proof_for_an_index_outside_its_tree_is_refused() -> None:
    with pytest.raises(ProofError, match="no leaf 7"):
        replace(_PROOF, index=7).verify(_ENTRY, _ORIGIN, [_KEY])
    with pytest.raises(NoteError, match="no entry has the index"):
        replace(_PROOF, index=-1)


@pytest.mark.parametrize("at", range(len(_PROOF.hashes)))
def test_a_proof_with_a_hash_left_out_or_said_twice_is_refused(at: int) -> None:
    hashes = _PROOF.hashes
    for forged in ((*hashes[:at], *hashes[at + 1 :]), (*hashes[: at + 1], *hashes[at:])):
        with pytest.raises(ProofError):
            replace(_PROOF, hashes=forged).verify(_ENTRY, _ORIGIN, [_KEY])
