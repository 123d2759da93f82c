"""Mutations of an archive by somebody who may write to its store and has not its key.

Entries 0 and 1 of its log are of `first`, 2 and 3 of `second`, 4 and 5 of `failed`, 6 and 7 of `last`.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import rfc8785

from archiver import clock
from archiver.model import Recording
from archiver.seal import keys, note
from archiver.storage import layout
from tests.tamper import records
from tests.tamper.forge import Forge, without
from tests.tamper.mutations import Group
from tests.unit.recordings import body

ARCHIVES: Group[Forge] = Group()
fails = ARCHIVES.fails
_HUGE = 10 << 20


# a byte of the stored files


def _in_warc(kind: str, change: records.Change, forge: Forge) -> None:
    path = forge.warc("first")
    path.write_bytes(records.changed(path.read_bytes(), kind, change))


_BYTES: dict[str, tuple[records.Change, str]] = {
    "the header": (records.header_byte, "artifacts warc"),
    "the block": (records.block_byte, "artifacts warc"),
    "the block and its digests": (records.block_and_digests, "artifacts"),
    "the gzip header": (records.time_byte, "artifacts"),
    "the packed block": (records.packed_byte, "artifacts warc"),
}
for _kind in records.KINDS:
    for _part, (_change, _checks) in _BYTES.items():
        ARCHIVES.add(
            f"a byte in {_part} of {_kind} is changed",
            partial(_in_warc, _kind, _change),
            f"first: {_checks}",
            may="index counts warc" if "digests" in _part else "index counts",
        )


@fails("first: artifacts warc")
def the_crc_of_a_gzip_member_is_changed(forge: Forge) -> None:
    _in_warc("the text", records.crc_byte, forge)


@fails("first: artifacts warc")
def the_magic_of_a_gzip_member_is_changed(forge: Forge) -> None:
    _in_warc("the text", records.magic_byte, forge)


@fails("first: artifacts warc")
def the_warc_is_cut_in_the_middle_of_a_member(forge: Forge) -> None:
    path = forge.warc("first")
    path.write_bytes(path.read_bytes()[:-100])


@fails("first: artifacts warc")
def bytes_follow_the_warc(forge: Forge) -> None:
    with forge.warc("first").open("ab") as stream:
        stream.write(b"hidden")


@fails("first: artifacts warc index counts")
def a_record_follows_the_manifest(forge: Forge) -> None:
    path = forge.warc("first")
    data = path.read_bytes()
    path.write_bytes(data + records.members(data)[records.place(data, "the text")])


@fails("first: artifacts warc index counts")
def a_response_is_taken_out_of_the_warc(forge: Forge) -> None:
    path = forge.warc("first")
    parts = records.members(path.read_bytes())
    del parts[records.place(path.read_bytes(), "a response")]
    path.write_bytes(b"".join(parts))


@fails("first: artifacts warc index")
def two_records_change_places(forge: Forge) -> None:
    path = forge.warc("first")
    parts = records.members(path.read_bytes())
    parts[1], parts[3] = parts[3], parts[1]
    path.write_bytes(b"".join(parts))


@fails("first: artifacts warc index counts")
def a_record_has_another_date(forge: Forge) -> None:
    _in_warc("the response of the main document", records.header_line(rb"WARC-Date: 2026", b"WARC-Date: 2025"), forge)


@fails("first: artifacts warc index counts")
def a_record_has_another_url(forge: Forge) -> None:
    _in_warc("a response", records.header_line(rb"/picture\.png", b"/another.png"), forge)


@fails("first: artifacts counts")
def a_record_has_another_address(forge: Forge) -> None:
    _in_warc("a response", records.header_line(rb"(IP-Address: 203\.0\.113\.)7", rb"\g<1>8"), forge)


@fails("first: artifacts index")
def a_byte_of_the_index_is_changed(forge: Forge) -> None:
    path = forge.cdxj("first")
    data = path.read_bytes()
    path.write_bytes(data.replace(b'"status":"404"', b'"status":"200"', 1))


@fails("first: artifacts index")
def a_line_is_taken_out_of_the_index(forge: Forge) -> None:
    path = forge.cdxj("first")
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[1:]))


@fails("first: artifacts")
def the_warc_is_gone(forge: Forge) -> None:
    forge.warc("first").unlink()


@fails("first: artifacts")
def the_index_is_gone(forge: Forge) -> None:
    forge.cdxj("first").unlink()


@fails("first: artifacts")
def a_whole_snapshot_is_gone(forge: Forge) -> None:
    shutil.rmtree(forge.warc("first").parent)


@fails("first second: artifacts counts")
def two_snapshots_change_places(forge: Forge) -> None:
    one, other = forge.warc("first").parent, forge.warc("second").parent
    one.rename(forge.path("aside"))
    other.rename(one)
    forge.path("aside").rename(other)


@fails("first: artifacts index counts")
def the_warc_is_another_capture_s(forge: Forge) -> None:
    shutil.copy(forge.warc("second"), forge.warc("first"))


# notes and statements


@fails("first: note")
def a_byte_of_a_note_is_changed(forge: Forge) -> None:
    forge.alter_note(1, lambda data: data.replace(b"A page", b"A rage"))


@fails("first: note")
def the_salt_is_changed(forge: Forge) -> None:
    forge.alter_note(1, lambda data: records.flipped(data, 5))


@fails("first: note")
def the_salt_is_written_in_capitals(forge: Forge) -> None:
    forge.alter_note(1, lambda data: data[:64].upper() + data[64:])


@fails("first: note")
def the_salt_has_a_space_in_it(forge: Forge) -> None:
    forge.alter_note(1, lambda data: data[:32] + b" " + data[32:])


@fails("first: note")
def a_note_is_gone(forge: Forge) -> None:
    forge.note(1).unlink()


@fails("first: intent")
def the_note_of_an_intent_is_gone(forge: Forge) -> None:
    forge.note(0).unlink()


@fails("failed: note")
def the_note_of_a_failure_is_changed(forge: Forge) -> None:
    forge.alter_note(5, lambda data: data.replace(b"ERR_NAME_NOT_RESOLVED", b"ERR_CONNECTION_FAILED"))


@fails("first: note")
def a_note_has_ten_megabytes(forge: Forge) -> None:
    forge.alter_note(1, lambda data: data + b" " * _HUGE)


@fails("first: note")
def a_note_is_empty(forge: Forge) -> None:
    forge.note(1).write_bytes(b"")


@fails("first: note")
def a_note_is_junk(forge: Forge) -> None:
    forge.note(1).write_bytes(bytes(range(256)))


@fails("first second: note")
def two_notes_change_places(forge: Forge) -> None:
    one, other = forge.note(1), forge.note(3)
    one.rename(forge.path("aside"))
    other.rename(one)
    forge.path("aside").rename(other)


@fails("first: note")
def a_signature_is_another_statement_s(forge: Forge) -> None:
    other = forge.signature_line(3)
    forge.alter_note(1, lambda data: data.rpartition(b"\n\n")[0] + b"\n\n" + other)


@fails("first: note")
def a_signature_line_is_there_twice(forge: Forge) -> None:
    line = forge.signature_line(1)
    forge.alter_note(1, lambda data: data + line)


@fails("first: note")
def the_signature_is_taken_away(forge: Forge) -> None:
    forge.alter_note(1, lambda data: data.rpartition(b"\n\n")[0] + b"\n")


@fails("first: note")
def an_unknown_signature_line_is_added(forge: Forge) -> None:
    """Legitimate in C2SP's signed-note, whose notes may gather signatures. The entry commits to the lines as well."""
    text = forge.note(1).read_bytes().partition(b"\n")[2].rpartition(b"\n\n")[0].decode() + "\n"
    line = keys.make("witness.test").sign(text).line.encode()
    forge.alter_note(1, lambda data: data + line)


# the slot with its note, and what is published left alone


def _page(statement: dict[str, Any]) -> None:
    statement["title"] = "Another page"


def _earlier(statement: dict[str, Any]) -> None:
    for name in ("started_at", "ended_at"):
        statement[name] = "2025" + statement[name][4:]


def _counts(statement: dict[str, Any]) -> None:
    statement["exchanges"] = statement["exchanges"] | {"total": 9, "failed": 0}


def _url(statement: dict[str, Any]) -> None:
    statement["requested_url"] = "http://another.test/"


@fails("log: slots", "first: entry")
def a_statement_is_changed_with_its_slot(forge: Forge) -> None:
    forge.restate(1, _page)


@fails("log: slots", "first: entry")
def a_statement_is_re_dated_with_its_slot(forge: Forge) -> None:
    forge.restate(1, _earlier)


@fails("log: checkpoint consistency", "first: signature counts")
def a_statement_is_changed_and_the_log_made_anew(forge: Forge) -> None:
    forge.restate(1, _page)
    forge.publish()


@fails("log: checkpoint consistency", "first: signature counts")
def a_statement_is_re_dated_and_the_log_made_anew(forge: Forge) -> None:
    forge.restate(1, _earlier)
    forge.publish()


@fails("log: checkpoint consistency", "first: signature counts")
def the_counts_are_edited_and_the_log_made_anew(forge: Forge) -> None:
    forge.restate(1, _counts)
    forge.publish()


@fails("log: checkpoint consistency", "first: intent")
def an_intent_is_of_another_page_and_the_log_made_anew(forge: Forge) -> None:
    forge.restate(0, _url)
    forge.publish()


@fails("log: slots", "first: entry artifacts counts")
def an_exchange_is_dropped_from_everything_but_what_is_published(forge: Forge) -> None:
    forge.recapture("first", without(6))


@fails("log: checkpoint consistency", "first: signature")
def an_exchange_is_dropped_and_everything_made_anew(forge: Forge) -> None:
    forge.recapture("first", without(2))
    forge.publish()


@fails("log: checkpoint consistency", "first: signature")
def a_snapshot_is_forged_and_everything_made_anew(forge: Forge) -> None:
    def forged(recording: Recording) -> Recording:
        main = recording.main
        assert main is not None
        other = replace(main, response_body=body(b"<p>What nobody said.", main.response_head))
        swapped = tuple(other if each is main else each for each in recording.exchanges)
        return replace(recording, exchanges=swapped, main=other)

    forge.recapture("first", forged)
    forge.publish()


@fails("log: checkpoint consistency", "first: signature")
def a_capture_is_re_dated_and_everything_made_anew(forge: Forge) -> None:
    def earlier(recording: Recording) -> Recording:
        year = timedelta(days=365)
        exchanges = tuple(
            replace(each, started_at=each.started_at - year, ended_at=each.ended_at and each.ended_at - year)
            for each in recording.exchanges
        )
        began, ended = recording.started_at - year, recording.ended_at - year
        return replace(recording, exchanges=exchanges, main=exchanges[1], started_at=began, ended_at=ended)

    forge.recapture("first", earlier)
    forge.publish()


# non-canonical JSON, signed by nobody, with everything after it made anew


def _rewritten(change: Callable[[bytes], bytes], forge: Forge) -> None:
    line, _, signature = forge.note(1).read_bytes().partition(b"\n")[2].partition(b"\n\n")
    made = change(line)
    assert made != line
    forge.put_note(1, made + b"\n\n" + signature)
    forge.publish()


def _other_order(line: bytes) -> bytes:
    return json.dumps(dict(reversed(json.loads(line).items())), separators=(",", ":")).encode()


for _name, _way in {
    "a statement has blanks in it": lambda line: line.replace(b'","', b'", "', 1),
    "the keys of a statement are in another order": _other_order,
    "a statement says something twice": lambda line: line.replace(b'"title":', b'"title":"Another","title":', 1),
    "a statement has a float in it": lambda line: line.replace(b'"redirects":1', b'"redirects":1.0', 1),
    "a statement is written with escapes": lambda line: line.replace(b"A page", b"A\\u0020page", 1),
    "a statement is nested very deep": lambda line: b'{"a":' * 50_000 + line + b"}" * 50_000,
    "a statement has a huge number in it": lambda line: line.replace(b'"redirects":1', b'"redirects":' + b"9" * 400, 1),
    "a statement is no JSON": lambda line: line[:-1],
    "a statement is a list": lambda line: b"[" + line + b"]",
    "a statement is null": lambda line: b"null",
}.items():
    ARCHIVES.add(_name, partial(_rewritten, _way), "log: checkpoint consistency", "first: statement signature")


# slots


@fails("log: slots", "first second: entry")
def two_slots_change_places(forge: Forge) -> None:
    one, other = forge.slot(1), forge.slot(3)
    one.rename(forge.path("aside"))
    other.rename(one)
    forge.path("aside").rename(other)


@fails("log: checkpoint consistency", "second: intent")
def slots_are_re_ordered_and_the_log_made_anew(forge: Forge) -> None:
    two_slots_change_places(forge)
    forge.publish()


@fails("log: checkpoint consistency", "first: intent")
def a_result_comes_before_its_intent_and_the_log_is_made_anew(forge: Forge) -> None:
    one, other = forge.slot(0), forge.slot(1)
    one.rename(forge.path("aside"))
    other.rename(one)
    forge.path("aside").rename(other)
    forge.publish()


@fails("log: slots", "first: entry")
def a_slot_holds_another_capture_s_statement(forge: Forge) -> None:
    entry = forge.entry(1) | {"commitment": forge.entry(3)["commitment"]}
    forge.slot(1).write_bytes(rfc8785.dumps(entry))


@fails("log: checkpoint consistency", "first: statement")
def another_capture_s_statement_stands_under_an_entry_and_the_log_is_made_anew(forge: Forge) -> None:
    a_slot_holds_another_capture_s_statement(forge)
    forge.publish()


def _without_slot(index: int, forge: Forge) -> None:
    forge.slot(index).unlink()


for _index, _name, _whose in (
    (0, "the first slot", "first"),
    (3, "a slot in the middle", "second"),
    (7, "the last slot", "last"),
):
    ARCHIVES.add(f"{_name} is removed", partial(_without_slot, _index), "log: slots", f"{_whose}: entry")


@fails("log: slots", "second: entry")
def an_intent_is_removed(forge: Forge) -> None:
    forge.slot(2).unlink()


@fails("log: checkpoint consistency", "failed last: intent")
def a_capture_is_removed_from_the_middle_and_the_log_made_anew(forge: Forge) -> None:
    forge.note(2).unlink()
    forge.note(3).unlink()
    shutil.rmtree(forge.warc("second").parent)
    for index in range(2, 6):
        forge.slot(index + 2).rename(forge.slot(index))
    forge.publish()


@fails("log: checkpoint consistency", "second failed last: intent")
def an_intent_is_removed_and_the_log_made_anew(forge: Forge) -> None:
    forge.note(2).unlink()
    for index in range(2, 7):
        forge.slot(index + 1).rename(forge.slot(index))
    forge.publish()


def _slot_holding(change: Callable[[bytes], bytes], forge: Forge) -> None:
    forge.slot(3).write_bytes(change(forge.slot(3).read_bytes()))


for _name, _way in {
    "a slot holds junk": lambda _: b"junk",
    "a slot is empty": lambda _: b"",
    "a slot has ten megabytes": lambda _: b"x" * _HUGE,
    "a slot has an entry and ten megabytes of blanks": lambda data: data + b" " * _HUGE,
    "a slot holds an entry with a field more": lambda data: data.replace(b',"type"', b',"more":1,"type"'),
}.items():
    ARCHIVES.add(_name, partial(_slot_holding, _way), "log: slots", "second: entry")


@fails("log: slots", "second: entry")
def an_entry_has_blanks_in_it(forge: Forge) -> None:
    forge.slot(3).write_bytes(json.dumps(forge.entry(3)).encode())


@fails("log: slots", "failed: entry")
def an_entry_is_of_another_type(forge: Forge) -> None:
    forge.slot(5).write_bytes(rfc8785.dumps(forge.entry(5) | {"type": "snapshot"}))


@fails("log: slots")
def a_file_lies_among_the_slots(forge: Forge) -> None:
    (forge.slot(0).parent / "hidden").write_bytes(b"entry")


# what is published


@fails("log: consistency")
def an_older_checkpoint_is_put_back_everywhere(forge: Forge) -> None:
    forge.put_back(1, layout.CHECKPOINT, layout.CHECKPOINTS, layout.SIGNATURES)


@fails("log: consistency", alone=())
def the_log_is_rolled_back_to_an_older_state(forge: Forge) -> None:
    forge.put_back(1, "log", "notes", "snapshots")


@fails("log: consistency", alone=())
def slots_are_cut_and_an_older_checkpoint_is_put_back(forge: Forge) -> None:
    forge.cut(4)
    forge.put_back(1, layout.CHECKPOINT, layout.CHECKPOINTS, layout.SIGNATURES)


@fails("log: slots", "failed last: entry")
def slots_are_cut_and_the_checkpoint_is_left(forge: Forge) -> None:
    forge.cut(4)


@fails("log: inclusion consistency")
def slots_and_bundles_are_cut_and_the_checkpoint_is_left(forge: Forge) -> None:
    forge.cut(4)
    forge.put_back(1, layout.TILES)


@fails("log: checkpoint consistency")
def the_log_goes_on_from_an_older_state_with_other_entries(forge: Forge) -> None:
    """A longer fork: the last capture is dropped, and the third entered twice more in its place."""
    forge.put_back(2, "log")
    for index in range(6, 10):
        shutil.copy(forge.slot(index - 2), forge.slot(index))
    forge.publish()


@fails("log: checkpoint")
def a_byte_of_the_root_is_changed(forge: Forge) -> None:
    path = forge.path(layout.CHECKPOINT)
    origin, size, root, rest = path.read_bytes().split(b"\n", 3)
    other = b"A" if root[:1] != b"A" else b"B"
    path.write_bytes(b"\n".join((origin, size, other + root[1:], rest)))


@fails("log: checkpoint")
def the_checkpoint_is_of_another_size(forge: Forge) -> None:
    path = forge.path(layout.CHECKPOINT)
    path.write_bytes(path.read_bytes().replace(b"\n8\n", b"\n6\n", 1))


@fails("log: checkpoint")
def the_checkpoint_is_of_another_log(forge: Forge) -> None:
    path = forge.path(layout.CHECKPOINT)
    origin = forge.made.signer.name.encode()
    path.write_bytes(path.read_bytes().replace(origin, origin[:-1] + b"!"))


@fails("log: checkpoint")
def a_signature_line_of_the_checkpoint_is_there_twice(forge: Forge) -> None:
    path = forge.path(layout.CHECKPOINT)
    data = path.read_bytes()
    path.write_bytes(data + data.rpartition(b"\n\n")[2])


@fails("log: checkpoint")
def the_signature_of_the_checkpoint_is_an_older_one(forge: Forge) -> None:
    old = (forge.older(2) / layout.CHECKPOINT).read_bytes().rpartition(b"\n\n")[2]
    path = forge.path(layout.CHECKPOINT)
    path.write_bytes(path.read_bytes().rpartition(b"\n\n")[0] + b"\n\n" + old)


@fails("log: checkpoint")
def the_checkpoint_is_junk(forge: Forge) -> None:
    forge.path(layout.CHECKPOINT).write_bytes(bytes(range(256)))


@fails("log: checkpoint")
def the_checkpoint_has_ten_megabytes(forge: Forge) -> None:
    with forge.path(layout.CHECKPOINT).open("ab") as stream:
        stream.write(b"x" * _HUGE)


@fails("log: consistency")
def every_checkpoint_is_gone(forge: Forge) -> None:
    forge.path(layout.CHECKPOINT).unlink()
    shutil.rmtree(forge.path(layout.CHECKPOINTS))
    shutil.rmtree(forge.path(layout.SIGNATURES))


@fails("log: tiles")
def a_byte_of_a_tile_is_changed(forge: Forge) -> None:
    path = forge.path("log/tile/0/000.p/8")
    path.write_bytes(records.flipped(path.read_bytes(), 40))


@fails("log: tiles")
def a_tile_has_a_hash_less(forge: Forge) -> None:
    path = forge.path("log/tile/0/000.p/8")
    path.write_bytes(path.read_bytes()[:-32])


@fails("log: tiles")
def a_tile_has_ten_megabytes(forge: Forge) -> None:
    forge.path("log/tile/0/000.p/8").write_bytes(bytes(_HUGE))


@fails("log: tiles")
def a_byte_of_an_entry_bundle_is_changed(forge: Forge) -> None:
    path = forge.path("log/tile/entries/000.p/8")
    path.write_bytes(records.flipped(path.read_bytes(), 40))


@fails("log: tiles")
def an_entry_bundle_is_cut(forge: Forge) -> None:
    path = forge.path("log/tile/entries/000.p/8")
    path.write_bytes(path.read_bytes()[:-10])


@fails("log: tiles")
def an_entry_bundle_is_of_empty_entries(forge: Forge) -> None:
    forge.path("log/tile/entries/000.p/8").write_bytes(bytes(2 * 8))


@fails("log: inclusion consistency")
def a_slot_and_its_bundle_are_changed_alike(forge: Forge) -> None:
    entry = forge.slot(5).read_bytes()
    made = entry.replace(b'"failure"', b'"failvre"')
    forge.slot(5).write_bytes(made)
    path = forge.path("log/tile/entries/000.p/8")
    path.write_bytes(path.read_bytes().replace(entry, made))


# keys, and archive.json


def _described(forge: Forge, **changes: str) -> None:
    path = forge.path(layout.ARCHIVE)
    path.write_bytes(json.dumps(json.loads(path.read_bytes()) | changes, sort_keys=True).encode() + b"\n")


@fails("log: checkpoint consistency keys", "first second failed last: signature intent")
def everything_is_signed_again_with_another_key(forge: Forge) -> None:
    other = keys.make(forge.made.signer.name)
    for index in range(forge.length()):
        forge.restate(index, lambda _: None, other)
    forge.publish(other)
    _described(forge, key=other.key.text)


@fails("log: checkpoint consistency", "key: signature")
def a_key_is_added_by_nobody_and_signs_the_log(forge: Forge) -> None:
    """The forger enters a key statement, which no key of the archive signs."""
    other = keys.make(forge.made.signer.name)
    said: dict[str, Any] = {
        "type": "key",
        "format": "archiver-statement/1",
        "id": layout.new_id(clock.now()),
        "action": "add",
        "key": other.key.text,
        "made_at": "2026-11-26T00:00:00.000000Z",
        "software": "archiver/0",
    }
    text = rfc8785.dumps(said).decode() + "\n"
    _enter(forge, 8, note.render(text, [other.sign(text)]), said)
    forge.publish(other)


def _enter(forge: Forge, index: int, signed: bytes, statement: dict[str, Any]) -> None:
    """Another entry behind the last."""
    shutil.copy(forge.slot(1), forge.slot(index))
    forge.put_note(index, signed, type=statement["type"], id=statement["id"])


@fails("first: note")
def a_withdrawal_is_forged_and_the_snapshot_deleted(forge: Forge) -> None:
    other = keys.make(forge.made.signer.name)
    said: dict[str, Any] = {
        "type": "withdrawn",
        "format": "archiver-statement/1",
        "id": forge.made.ids["first"],
        "result": 1,
        "withdrawn_at": "2026-11-26T00:00:00.000000Z",
        "reason": "a court order",
        "software": "archiver/0",
    }
    text = rfc8785.dumps(said).decode() + "\n"
    _enter(forge, 8, note.render(text, [other.sign(text)]), said)
    shutil.rmtree(forge.warc("first").parent)
    forge.note(1).unlink()


@fails("log: keys")
def the_archive_names_another_key(forge: Forge) -> None:
    _described(forge, key=keys.make(forge.made.signer.name).key.text)


@fails("log: checkpoint consistency")
def the_archive_names_another_origin(forge: Forge) -> None:
    _described(forge, origin="archiver/" + "0" * 32)


@fails("log: checkpoint consistency", "first second failed last: signature intent")
def the_log_is_another_archive_s(forge: Forge) -> None:
    other = keys.make("archiver/" + "0" * 32)
    for index in range(forge.length()):
        forge.restate(index, lambda _: None, other)
    shutil.rmtree(forge.path("log/tile"))
    shutil.rmtree(forge.path(layout.CHECKPOINTS))
    shutil.rmtree(forge.path(layout.SIGNATURES))
    forge.path(layout.CHECKPOINT).unlink()
    forge.path("log/tile").mkdir()
    forge.path(layout.CHECKPOINTS).mkdir()
    forge.path(layout.SIGNATURES).mkdir()
    forge.path(layout.CHECKPOINT).write_bytes(b"\n\n")
    forge.publish(other)


@fails("log: consistency")
def the_log_is_empty(forge: Forge) -> None:
    shutil.rmtree(forge.path("log"))
