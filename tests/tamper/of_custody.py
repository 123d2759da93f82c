"""Mutations of an archive with custody entries, by somebody without its key, and by who has it.

Entries 0 and 1 of its log are of `first`, 2 and 3 of `second`, 4 and 5 of `failed`. 6 says that the evidence of `first`
was handed out, 7 the same of `second`.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from functools import partial
from typing import Any

import rfc8785

from archiver.seal import keys, note
from tests.tamper import records
from tests.tamper.forge import Forge
from tests.tamper.mutations import Group

#: by somebody without the key
CUSTODY: Group[Forge] = Group()
#: by somebody with it, whose log is signed anew
LIES: Group[Forge] = Group()
fails, lies = CUSTODY.fails, LIES.fails
_OF_FIRST, _OF_SECOND = 6, 7


# notes


@fails("first: custody")
def a_byte_of_a_custody_note_is_changed(forge: Forge) -> None:
    forge.alter_note(_OF_FIRST, lambda data: data.replace(b"the court", b"the coart"))


@fails("first: custody")
def the_hash_of_the_bundle_is_changed_in_the_note(forge: Forge) -> None:
    sha256 = forge.statement(_OF_FIRST)["sha256"].encode()
    forge.alter_note(_OF_FIRST, lambda data: data.replace(sha256, sha256[::-1]))


@fails("first: custody")
def the_salt_of_a_custody_note_is_changed(forge: Forge) -> None:
    forge.alter_note(_OF_FIRST, lambda data: records.flipped(data, 5))


@fails("first: custody")
def a_custody_note_is_gone(forge: Forge) -> None:
    forge.note(_OF_FIRST).unlink()


@fails("first: custody")
def a_custody_note_is_junk(forge: Forge) -> None:
    forge.note(_OF_FIRST).write_bytes(bytes(range(256)))


@fails("first: custody")
def a_custody_note_has_ten_megabytes(forge: Forge) -> None:
    forge.alter_note(_OF_FIRST, lambda data: data + b" " * (10 << 20))


@fails("first second: custody")
def two_custody_notes_change_places(forge: Forge) -> None:
    one, other = forge.note(_OF_FIRST), forge.note(_OF_SECOND)
    one.rename(forge.path("aside"))
    other.rename(one)
    forge.path("aside").rename(other)


# entries


@fails("log: slots", "first: entry")
def the_slot_of_a_custody_entry_is_another_capture_s(forge: Forge) -> None:
    shutil.copy(forge.slot(_OF_SECOND), forge.slot(_OF_FIRST))


@fails("log: slots", "second: entry")
def the_slot_of_a_custody_entry_is_gone(forge: Forge) -> None:
    forge.slot(_OF_SECOND).unlink()


@fails("log: checkpoint consistency")
def a_custody_entry_is_taken_out_of_the_log(forge: Forge) -> None:
    forge.cut(_OF_SECOND)
    forge.publish()


@fails("log: checkpoint consistency", "first: custody")
def a_custody_statement_names_another_bundle(forge: Forge) -> None:
    forge.restate(_OF_FIRST, lambda said: said.update(sha256="ab" * 32))
    forge.publish()


@fails("log: checkpoint consistency", "first: custody")
def a_custody_statement_is_signed_with_another_key(forge: Forge) -> None:
    forge.restate(_OF_FIRST, lambda said: said.update(reason="nobody"), keys.make(forge.made.signer.name))
    forge.publish()


@fails("first: custody")
def a_custody_entry_is_added_by_nobody(forge: Forge) -> None:
    said = forge.statement(_OF_FIRST) | {"reason": "somebody else"}
    text = rfc8785.dumps(said).decode() + "\n"
    shutil.copy(forge.slot(_OF_FIRST), forge.slot(8))
    forge.put_note(8, note.render(text, [keys.make(forge.made.signer.name).sign(text)]))


# with the key


def _said(change: dict[str, Any], forge: Forge) -> None:
    forge.restate(_OF_FIRST, lambda said: said.update(change), forge.made.signer)
    forge.publish(forge.made.signer)


_CHANGES: dict[str, dict[str, Any]] = {
    "names the intent as the snapshot": {"result": 0},
    "names the snapshot of another capture": {"result": 3},
    "names an entry that there is not": {"result": 1000},
    "names no entry": {"result": None},
    "has a hash that is none": {"sha256": "AB" * 32},
    "has a negative size": {"bytes": -1},
    "has no moment": {"handed_out_at": "yesterday"},
    "has a reason that is no text": {"reason": ["the court"]},
    "has a reason without end": {"reason": "r" * 100_000},
    "has an operator that is no text": {"operator": 7},
    "is of another format": {"format": "archiver-statement/2"},
    "has the id of another capture": {"id": "20261126t000000z-aaaaaaaaaaaaaaaa"},
    "is of another type": {"type": "derivation"},
}
for _name, _change in _CHANGES.items():
    LIES.add(f"a custody statement {_name}", partial(_said, _change), "first: custody")


def _as(change: Callable[[bytes], bytes], forge: Forge) -> None:
    line = change(rfc8785.dumps(forge.statement(_OF_FIRST)))
    text = line.decode() + "\n"
    forge.put_note(_OF_FIRST, note.render(text, [forge.made.signer.sign(text)]))
    forge.publish(forge.made.signer)


for _name, _line in {
    "is not canonical": lambda line: line.replace(b'"bytes":', b'"bytes": '),
    "says something twice": lambda line: line.replace(b'{"bytes":', b'{"bytes":1,"bytes":'),
    "is no JSON": lambda line: line[:-1],
    "is a list": lambda line: b"[" + line + b"]",
}.items():
    LIES.add(f"a custody statement {_name}", partial(_as, _line), "first: custody")


@lies("first: custody")
def a_custody_entry_comes_before_the_snapshot(forge: Forge) -> None:
    forge.rewrite([0, _OF_FIRST, 1, 2, 3, 4, 5, _OF_SECOND], forge.made.signer, _at({0: 0, 1: 2, 3: 4, 5: 6}))


@lies("first: custody")
def a_custody_entry_is_of_a_snapshot_that_was_dropped(forge: Forge) -> None:
    shutil.rmtree(forge.warc("first").parent)
    forge.rewrite([2, 3, 4, 5, _OF_FIRST, _OF_SECOND], forge.made.signer, _at({3: 1}))


@lies("failed: custody")
def a_custody_entry_is_of_a_capture_that_left_no_snapshot(forge: Forge) -> None:
    id_ = forge.made.ids["failed"]
    shutil.copy(forge.slot(_OF_FIRST), forge.slot(8))
    said = forge.statement(_OF_FIRST) | {"id": id_, "result": 5}
    text = rfc8785.dumps(said).decode() + "\n"
    forge.put_note(8, note.render(text, [forge.made.signer.sign(text)]), id=id_)
    forge.publish(forge.made.signer)


@lies("first: custody")
def a_custody_entry_follows_for_a_withdrawn_capture_that_is_not_right(forge: Forge) -> None:
    id_ = forge.made.ids["first"]
    said: dict[str, Any] = {
        "type": "withdrawn",
        "format": "archiver-statement/1",
        "id": id_,
        "result": 1,
        "withdrawn_at": "2026-11-26T00:00:00.000000Z",
        "reason": "an order",
        "software": "archiver/0",
    }
    text = rfc8785.dumps(said).decode() + "\n"
    shutil.copy(forge.slot(_OF_FIRST), forge.slot(8))
    forge.put_note(8, note.render(text, [forge.made.signer.sign(text)]), type="withdrawn")
    _said({"result": 3}, forge)


def _at(places: dict[int, int]) -> Callable[[dict[str, Any]], None]:
    """Statements that name a result name the slot that it has now."""

    def change(said: dict[str, Any]) -> None:
        if said["type"] == "custody":
            said["result"] = places.get(said["result"], said["result"])

    return change
