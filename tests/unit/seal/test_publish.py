"""What is published of a log is what its slots make it, whoever publishes, and nothing is signed that was not so."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archiver.errors import AlteredError, StorageError
from archiver.seal import keys, note, publish, published, seen
from archiver.seal.checkpoint import Checkpoint
from archiver.seal.keys import Signer
from archiver.seal.merkle import leaf_hash, node_hash
from archiver.seal.note import VerifierKey
from archiver.seal.published import Signed
from archiver.storage import layout, log
from archiver.storage.base import Stat
from tests.support.memory_store import MemoryStore

_ORIGIN = "archiver/test"
_SIGNER = keys.make(_ORIGIN)


def naive_root(leaves: list[bytes]) -> bytes:
    """RFC 6962 section 2.1, word for word."""
    if len(leaves) == 1:
        return leaf_hash(leaves[0])
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return node_hash(naive_root(leaves[:k]), naive_root(leaves[k:]))


def fill(store: MemoryStore, start: int, end: int) -> None:
    for index in range(start, end):
        store.put_new(layout.slot(index), b"entry %d" % index)


def leaves(size: int) -> list[bytes]:
    return [b"entry %d" % index for index in range(size)]


def by(signer: Signer) -> published.KeysFor:
    return lambda _: (signer.key,)


def go_on(store: MemoryStore, known: Checkpoint | None = None, signer: Signer = _SIGNER) -> Signed:
    return publish.publish(store, signer, by(signer), known).signed


def log_of(size: int) -> MemoryStore:
    store = MemoryStore()
    fill(store, 0, size)
    go_on(store)
    return store


def is_published(key: str) -> bool:
    return key.startswith((layout.TILES, layout.CHECKPOINTS))


@settings(deadline=None, max_examples=40)
@given(st.lists(st.integers(1, 700), min_size=1, max_size=5))
def test_the_root_is_that_of_a_naive_tree_however_often_it_was_signed_in_between(steps: list[int]) -> None:
    store = MemoryStore()
    for begin, end in itertools.pairwise(itertools.accumulate([0, *steps])):
        fill(store, begin, end)
        signed = go_on(store)
        assert signed.checkpoint == Checkpoint(_ORIGIN, end, naive_root(leaves(end)))
    size = sum(steps)
    assert published.tree(store, size).root() == signed.checkpoint.root
    read = [e for n in range(size // 256) for e in published.read_bundle(store, n)]
    if size % 256:
        read += published.read_bundle(store, size // 256, size % 256)
    assert read == leaves(size)


def test_two_keys_that_sign_in_any_interleaving_publish_the_same_bytes() -> None:
    other = keys.make(_ORIGIN)
    known = (_SIGNER.key, other.key)
    made = []
    for order in itertools.product((_SIGNER, other), repeat=3):
        store = MemoryStore()
        for end, signer in zip((3, 255, 300), order, strict=True):
            fill(store, end - {3: 3, 255: 252, 300: 45}[end], end)
            publish.publish(store, signer, lambda _: known)
        made.append({key: data for key, data in store.objects.items() if is_published(key)})
    assert all(each == made[0] for each in made)


class _InBetween(MemoryStore):
    """Calls one of `others` before the object with this key is made."""

    def __init__(self, key: str) -> None:
        super().__init__()
        self.key = key
        self.others: list[Callable[[], object]] = []

    def put_new(self, key: str, source: bytes | Path) -> Stat:
        if key == self.key and self.others:
            self.others.pop()()
        return super().put_new(key, source)


@pytest.mark.parametrize(
    "key",
    [
        layout.published("tile/0/000"),
        layout.published("tile/1/000.p/1"),
        layout.published("tile/entries/001.p/4"),
        layout.checkpoint(260),
    ],
)
def test_somebody_who_publishes_more_in_between_does_no_harm(key: str) -> None:
    store = _InBetween(key)
    fill(store, 0, 200)
    go_on(store)
    fill(store, 200, 260)

    def publish_more() -> None:
        fill(store, 260, 530)
        go_on(store)

    store.others = [publish_more]
    go_on(store)
    assert not store.others
    found = published.newest(store, _ORIGIN, by(_SIGNER))
    assert found is not None
    assert found.checkpoint == Checkpoint(_ORIGIN, 530, naive_root(leaves(530)))
    assert go_on(store) == found


def test_an_empty_log_is_signed_as_such() -> None:
    assert go_on(MemoryStore()).checkpoint.size == 0


def test_signing_again_without_new_entries_changes_nothing() -> None:
    store = log_of(300)
    before = dict(store.objects)
    assert publish.publish(store, _SIGNER, by(_SIGNER)).added == 0
    assert store.objects == before


def test_another_key_signs_the_same_checkpoint_beside_the_first() -> None:
    store, other = log_of(5), keys.make(_ORIGIN)
    signed = publish.publish(store, other, lambda _: (_SIGNER.key, other.key)).signed
    assert {s.key_id for s in signed.signatures} == {_SIGNER.key.key_id, other.key.key_id}
    newest = note.parse(store.objects[layout.CHECKPOINT])
    assert set(newest.verified_by((_SIGNER.key, other.key))) == {_SIGNER.key, other.key}


def test_partial_tiles_go_when_the_full_one_is_there_and_older_trees_can_still_be_read() -> None:
    store = log_of(250)
    old = published.tree(store, 250).root()
    fill(store, 250, 600)
    go_on(store)
    assert not [key for key in store.objects if ".p/250" in key]
    assert published.tree(store, 250).root() == old
    assert published.read_bundle(store, 0, 250) == leaves(250)


def test_the_work_of_an_entry_does_not_grow_with_the_log() -> None:
    asked = []
    for size in (300, 3000):
        store = log_of(size)
        fill(store, size, size + 2)
        store.asked.clear()
        go_on(store)
        asked.append(len(store.asked))
    assert asked[1] <= asked[0] + 3


def test_a_larger_checkpoint_that_was_signed_and_not_put_in_the_first_place_is_found() -> None:
    store = log_of(5)
    older = store.objects[layout.CHECKPOINT]
    fill(store, 5, 9)
    go_on(store)
    store.objects[layout.CHECKPOINT] = older
    found = published.newest(store, _ORIGIN, by(_SIGNER))
    assert found is not None
    assert found.checkpoint.size == 9
    del store.objects[layout.CHECKPOINT]
    assert published.newest(store, _ORIGIN, by(_SIGNER)) == found
    go_on(store)
    assert store.objects[layout.CHECKPOINT] == found.note


def test_tiles_that_are_lost_are_made_again_of_the_slots() -> None:
    store = log_of(300)
    before = dict(store.objects)
    for key in [key for key in store.objects if key.startswith(layout.TILES)]:
        del store.objects[key]
    fill(store, 300, 301)
    assert go_on(store).checkpoint.root == naive_root(leaves(301))
    assert before[layout.published("tile/0/000")] == store.objects[layout.published("tile/0/000")]


def test_full_tiles_that_are_lost_are_made_again_when_asked_for() -> None:
    store = log_of(600)
    before = dict(store.objects)
    for key in (layout.published("tile/0/000"), layout.published("tile/entries/001")):
        del store.objects[key]
    go_on(store)
    assert store.objects != before
    publish.publish(store, _SIGNER, by(_SIGNER), whole=True)
    assert store.objects == before


def test_a_lost_or_damaged_last_bundle_is_made_again_of_the_slots() -> None:
    for damage in (None, b"junk", b"\0\x01a" * 5):
        store = log_of(5)
        key = layout.published("tile/entries/000.p/5")
        if damage is None:
            del store.objects[key]
        else:
            store.objects[key] = damage
        fill(store, 5, 6)
        go_on(store)
        assert published.read_bundle(store, 0, 6) == leaves(6)


def test_a_slot_larger_than_a_bundle_takes_is_a_leaf_cut_off() -> None:
    store = log_of(2)
    store.put_new(layout.slot(2), b"x" * 100_000)
    fill(store, 3, 4)
    checkpoint = go_on(store).checkpoint
    assert checkpoint.root == naive_root([*leaves(2), b"x" * log.MAX_LEAF_BYTES, b"entry 3"])


def refused(store: MemoryStore, match: str, known: Checkpoint | None = None) -> None:
    """Nothing is signed."""
    before = {key for key in store.objects if key.startswith(layout.SIGNATURES)}
    with pytest.raises(AlteredError, match=match):
        go_on(store, known)
    assert {key for key in store.objects if key.startswith(layout.SIGNATURES)} == before


def test_a_tile_that_is_there_and_says_something_else_is_an_alarm() -> None:
    store = log_of(5)
    fill(store, 5, 7)
    store.objects[layout.published("tile/0/000.p/7")] = bytes(7 * 32)
    refused(store, "is not what the log's entries make it")


def test_a_checkpoint_text_that_is_there_and_says_something_else_is_an_alarm() -> None:
    store = log_of(5)
    fill(store, 5, 7)
    store.objects[layout.checkpoint(7)] = Checkpoint(_ORIGIN, 7, bytes(32)).text.encode()
    refused(store, "is not what the log's entries make it")


def test_tiles_that_do_not_lead_to_what_was_signed_are_an_alarm() -> None:
    store = log_of(5)
    store.objects[layout.published("tile/0/000.p/5")] = bytes(5 * 32)
    fill(store, 5, 6)
    refused(store, "do not lead to the hashes that were signed at a size of 5")


def test_a_tile_of_the_wrong_length_is_an_alarm() -> None:
    store = log_of(5)
    store.objects[layout.published("tile/0/000.p/5")] = b"short"
    refused(store, "is damaged")


def test_the_last_entry_that_was_signed_must_be_there_still_and_the_same() -> None:
    store = log_of(5)
    del store.objects[layout.slot(4)]
    refused(store, "rolled back")
    store.objects[layout.slot(4)] = b"another"
    refused(store, "is not the entry that was signed there")


def test_a_checkpoint_signed_by_another_key_or_of_another_log_is_an_alarm() -> None:
    thief, other = keys.make(_ORIGIN), keys.make("archiver/other")
    for signer in (thief, other):
        store = log_of(5)
        text = Checkpoint(signer.name, 5, bytes(32)).text
        store.objects[layout.CHECKPOINT] = note.render(text, [signer.sign(text)])
        refused(store, "signed by no key of the log|is a checkpoint of the log 'archiver/other'")


@pytest.mark.parametrize("data", [b"", b"junk", b"\xff\n\n", b"archiver/test\n0\n\n\n"])
def test_a_checkpoint_that_is_junk_is_an_alarm(data: bytes) -> None:
    store = log_of(5)
    store.objects[layout.CHECKPOINT] = data
    refused(store, "is no signed checkpoint")


def test_a_log_that_is_shorter_than_what_was_signed_here_is_not_signed() -> None:
    known = go_on(log_of(9)).checkpoint
    refused(log_of(5), "rolled back", known)


def test_a_log_that_is_another_than_what_was_signed_here_is_not_signed() -> None:
    known = Checkpoint(_ORIGIN, 4, bytes(32))
    refused(log_of(5), "does not begin with the 4", known)
    refused(log_of(3), "rolled back", known)
    refused(log_of(4), "leads to other roots|does not begin", known)


def test_what_was_signed_here_and_not_published_is_published() -> None:
    known = go_on(log_of(9)).checkpoint
    store = log_of(5)
    fill(store, 5, 9)
    assert go_on(store, known).checkpoint == known


def test_a_store_that_fails_signs_nothing() -> None:
    store = log_of(5)
    fill(store, 5, 6)
    store.unreadable = {layout.CHECKPOINT}
    with pytest.raises(StorageError, match="could not be read"):
        go_on(store)
    assert layout.signature(6, _SIGNER.key.key_id) not in store.objects


def test_the_last_checkpoint_is_remembered_and_a_smaller_one_does_not_replace_it() -> None:
    assert seen.load(_ORIGIN) is None
    nine, five = go_on(log_of(9)), go_on(log_of(5))
    seen.save(_ORIGIN, five.note)
    seen.save(_ORIGIN, nine.note)
    seen.save(_ORIGIN, five.note)
    assert seen.load(_ORIGIN) == nine.checkpoint
    assert not list(seen.path_of(_ORIGIN).parent.glob(".*"))
    seen.path_of(_ORIGIN).unlink()


@pytest.mark.parametrize("damage", [b"junk", b""])
def test_a_memory_that_is_damaged_is_told_and_not_passed_over(damage: bytes) -> None:
    path = seen.path_of(_ORIGIN)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(damage)
    with pytest.raises(Exception, match="is damaged"):
        seen.load(_ORIGIN)
    fresh = MemoryStore()
    fill(fresh, 0, 1)
    other = go_on(fresh, signer=keys.make("archiver/other"))
    path.write_bytes(other.note)
    with pytest.raises(Exception, match="of another log"):
        seen.load(_ORIGIN)
    path.unlink()


def test_a_verifier_key_of_the_same_id_and_another_name_does_not_count() -> None:
    store = log_of(2)
    stranger = VerifierKey("archiver/other", note.ED25519, _SIGNER.key.public_key)
    with pytest.raises(AlteredError, match="signed by no key"):
        published.newest(store, _ORIGIN, lambda _: (stranger,))
