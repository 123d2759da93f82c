"""Mutations of an evidence bundle, by somebody without the key."""

from __future__ import annotations

import io
import json
import stat
import struct
import warnings
import zipfile
from collections.abc import Callable
from functools import partial

import rfc8785

from archiver.seal import keys, note
from tests.tamper import records
from tests.tamper.mutations import Group
from tests.tamper.package import DESCRIPTION, DIGEST, INDEX, PAGES, WARC, Bundle, bomb, zipped

BUNDLES: Group[Bundle] = Group()
fails = BUNDLES.fails
_NOTE, _PROOF, _SALT = "snapshot.note", "snapshot.tlog-proof", "snapshot.salt"


# files


def _byte_of(name: str, bundle: Bundle) -> None:
    bundle.files[name] = records.flipped(bundle.files[name], len(bundle.files[name]) // 2)
    bundle.write()


for _name in (DESCRIPTION, DIGEST, INDEX, PAGES):
    BUNDLES.add(f"a byte of {_name} is changed", partial(_byte_of, _name), "all: package")
for _name in (_NOTE, _PROOF, _SALT, "intent.note", "intent.salt", "intent.tlog-proof", "keys.txt", "capture.cdxj.txt"):
    BUNDLES.add(
        f"a byte of {_name} is changed",
        partial(_byte_of, f"evidence/{_name}"),
        "all: package",
        may="entry note statement signature artifacts index counts intent checkpoint inclusion consistency",
    )


def _in_warc(change: records.Change, bundle: Bundle) -> None:
    bundle.change(WARC, lambda data: records.changed(data, "the text", change))


for _name, _way in {
    "a header": records.header_byte,
    "a block": records.block_byte,
    "a block and its digests": records.block_and_digests,
    "a gzip header": records.time_byte,
    "a packed block": records.packed_byte,
}.items():
    BUNDLES.add(
        f"a byte of {_name} in the WARC is changed, and described anew",
        partial(_in_warc, _way),
        "all: package artifacts",
        may="warc index counts",
    )


def _missing(name: str, bundle: Bundle) -> None:
    del bundle.files[name]
    bundle.describe()


for _name, _checks in {
    INDEX: "package",
    PAGES: "package",
    WARC: "package artifacts",
    f"evidence/{_NOTE}": "entry",
    f"evidence/{_SALT}": "entry",
    f"evidence/{_PROOF}": "entry",
    "evidence/intent.note": "entry intent",
    "evidence/intent.salt": "entry intent",
    "evidence/intent.tlog-proof": "entry intent",
    "evidence/keys.txt": "package",
    "evidence/capture.cdxj.txt": "package artifacts",
}.items():
    BUNDLES.add(f"{_name} is missing", partial(_missing, _name), f"all: {_checks}")


@fails("all: package")
def a_file_is_added(bundle: Bundle) -> None:
    bundle.files["evidence/more.html"] = b"<p>What nobody signed."
    bundle.write()


@fails("all: package")
def a_file_is_added_and_described(bundle: Bundle) -> None:
    bundle.files["evidence/more.html"] = b"<p>What nobody signed."
    bundle.describe()


@fails("all: package")
def a_second_warc_is_added_and_described(bundle: Bundle) -> None:
    bundle.files["archive/more.warc.gz"] = bundle.files[WARC]
    bundle.describe()


@fails("all: package")
def the_page_has_another_title_and_is_described_anew(bundle: Bundle) -> None:
    bundle.change(PAGES, lambda data: data.replace(b"A page", b"Another page"))


@fails("all: package")
def the_page_has_another_address_and_is_described_anew(bundle: Bundle) -> None:
    bundle.change(PAGES, lambda data: data.replace(b"https://last.test/", b"https://bank.test/"))


@fails("all: package")
def the_description_has_another_date(bundle: Bundle) -> None:
    bundle.change(DESCRIPTION, lambda data: data.replace(b'"created": "2026', b'"created": "2020'))


@fails("all: package")
def the_replay_index_shows_another_record_for_the_page(bundle: Bundle) -> None:
    """What a reader of the WACZ is shown, whatever the signed index says."""

    def shifted(data: bytes) -> bytes:
        lines = data.splitlines(keepends=True)
        found = next(n for n, line in enumerate(lines) if b'"url":"https://last.test/missing"' in line)
        return b"".join(line for n, line in enumerate(lines) if n != found)

    bundle.change(INDEX, shifted)


@fails("all: package")
def files_are_in_another_order(bundle: Bundle) -> None:
    bundle.files = dict(reversed(bundle.files.items()))
    bundle.write()


# what is signed


@fails("all: signature counts inclusion")
def the_statement_is_changed(bundle: Bundle) -> None:
    bundle.evidence(_NOTE, lambda data: data.replace(b'"title":"A page"', b'"title":"B page"'))


@fails("all: package signature counts inclusion")
def the_statement_is_re_dated(bundle: Bundle) -> None:
    bundle.evidence(_NOTE, lambda data: data.replace(b'_at":"2026', b'_at":"2025'))


@fails("all: statement signature inclusion")
def the_counts_are_edited(bundle: Bundle) -> None:
    bundle.evidence(_NOTE, lambda data: data.replace(b'"total":10', b'"total":11'))


@fails("all: statement signature inclusion")
def the_statement_has_blanks_in_it(bundle: Bundle) -> None:
    bundle.evidence(_NOTE, lambda data: data.replace(b'","', b'", "', 1))


@fails("all: statement signature inclusion")
def the_statement_says_something_twice(bundle: Bundle) -> None:
    bundle.evidence(_NOTE, lambda data: data.replace(b'"title":', b'"title":"Another","title":', 1))


@fails("all: statement signature inclusion")
def the_statement_is_written_with_escapes(bundle: Bundle) -> None:
    bundle.evidence(_NOTE, lambda data: data.replace(b"A page", b"A\\u0020page", 1))


@fails("all: statement signature inclusion")
def the_statement_has_a_float_in_it(bundle: Bundle) -> None:
    bundle.evidence(_NOTE, lambda data: data.replace(b'"redirects":1', b'"redirects":1.0', 1))


@fails("all: entry")
def the_statement_is_nested_very_deep(bundle: Bundle) -> None:
    bundle.evidence(_NOTE, lambda data: b'{"a":' * 90_000 + data.partition(b"\n")[0] + b"}" * 90_000 + data[-200:])


@fails("all: entry")
def the_statement_is_junk(bundle: Bundle) -> None:
    bundle.evidence(_NOTE, lambda _: bytes(range(256)))


@fails("all: entry")
def the_statement_has_no_id(bundle: Bundle) -> None:
    bundle.evidence(_NOTE, lambda data: data.replace(b'"id":', b'"ie":'))


@fails("all: signature inclusion")
def the_signature_is_the_intent_s(bundle: Bundle) -> None:
    line = bundle.files["evidence/intent.note"].rpartition(b"\n\n")[2]
    bundle.evidence(_NOTE, lambda data: data.rpartition(b"\n\n")[0] + b"\n\n" + line)


@fails("all: signature inclusion")
def the_signature_line_is_there_twice(bundle: Bundle) -> None:
    bundle.evidence(_NOTE, lambda data: data + data.rpartition(b"\n\n")[2])


@fails("all: inclusion")
def an_unknown_signature_line_is_added_to_the_statement(bundle: Bundle) -> None:
    """The entry commits to the signature lines as well, so a note cannot gather more of them later."""

    def witnessed(data: bytes) -> bytes:
        text = data.rpartition(b"\n\n")[0].decode() + "\n"
        return data + keys.make("witness.test").sign(text).line.encode()

    bundle.evidence(_NOTE, witnessed)


@fails("all: package entry signature intent checkpoint inclusion")
def everything_is_signed_with_another_key(bundle: Bundle) -> None:
    other = keys.make(bundle.made.signer.name)
    for name, data in bundle.files.items():
        if name.endswith((".note", ".tlog-proof")):
            begin, _, rest = data.partition(b"\n\n") if name.endswith("proof") else (b"", b"", data)
            text = note.parse(rest).text
            signed = note.render(text, [other.sign(text)])
            bundle.files[name] = begin + b"\n\n" + signed if begin else signed
    bundle.files["evidence/keys.txt"] = f"{other.key.text}\n".encode()
    bundle.describe()


@fails("all: package entry")
def snapshot_and_intent_are_exchanged(bundle: Bundle) -> None:
    for kind in ("note", "salt", "tlog-proof"):
        one, other = f"evidence/snapshot.{kind}", f"evidence/intent.{kind}"
        bundle.files[one], bundle.files[other] = bundle.files[other], bundle.files[one]
    bundle.describe()


@fails("all: entry intent")
def the_intent_is_the_snapshot_itself(bundle: Bundle) -> None:
    for kind in ("note", "salt", "tlog-proof"):
        bundle.files[f"evidence/intent.{kind}"] = bundle.files[f"evidence/snapshot.{kind}"]
    bundle.describe()


@fails("all: entry intent")
def the_intent_is_left_out(bundle: Bundle) -> None:
    for kind in ("note", "salt", "tlog-proof"):
        del bundle.files[f"evidence/intent.{kind}"]
    bundle.describe()


@fails("all: entry intent inclusion")
def the_intent_is_another_capture_s(bundle: Bundle) -> None:
    """Its note and salt are right, its proof is that of the first entry."""
    archive = bundle.made.archive
    entry = json.loads((archive / "log/slot/000000000000").read_bytes())
    salt, _, signed = (archive / "notes" / entry["commitment"]).read_bytes().partition(b"\n")
    bundle.files["evidence/intent.note"], bundle.files["evidence/intent.salt"] = signed, salt + b"\n"
    bundle.describe()


@fails("all: inclusion")
def the_salt_is_another(bundle: Bundle) -> None:
    bundle.evidence(_SALT, lambda _: b"0" * 64 + b"\n")


@fails("all: entry")
def the_salt_has_blanks_around_it(bundle: Bundle) -> None:
    bundle.evidence(_SALT, lambda data: b" " + data)


@fails("all: entry")
def the_salt_is_in_capitals(bundle: Bundle) -> None:
    bundle.evidence(_SALT, bytes.upper)


@fails("all: entry")
def the_salt_is_empty(bundle: Bundle) -> None:
    bundle.evidence(_SALT, lambda _: b"\n")


# proofs


def _line_of(proof: bytes, number: int, change: Callable[[bytes], bytes]) -> bytes:
    lines = proof.split(b"\n")
    lines[number] = change(lines[number])
    return b"\n".join(lines)


@fails("all: inclusion")
def the_proof_is_of_another_entry(bundle: Bundle) -> None:
    bundle.files[f"evidence/{_PROOF}"] = bundle.files["evidence/intent.tlog-proof"]
    bundle.describe()


@fails("all: intent inclusion")
def the_proof_has_another_index(bundle: Bundle) -> None:
    bundle.evidence(_PROOF, lambda data: data.replace(b"index 7", b"index 5"))


@fails("all: inclusion")
def the_proof_has_an_index_beyond_the_log(bundle: Bundle) -> None:
    bundle.evidence(_PROOF, lambda data: data.replace(b"index 7", b"index 8"))


@fails("all: entry")
def the_proof_has_an_index_with_a_zero_before_it(bundle: Bundle) -> None:
    bundle.evidence(_PROOF, lambda data: data.replace(b"index 7", b"index 07"))


@fails("all: inclusion")
def a_hash_of_the_proof_is_changed(bundle: Bundle) -> None:
    bundle.evidence(_PROOF, lambda data: _line_of(data, 2, lambda line: b"AAAA" + line[4:]))


@fails("all: inclusion")
def a_hash_of_the_proof_is_missing(bundle: Bundle) -> None:
    bundle.evidence(_PROOF, lambda data: data.replace(data.split(b"\n")[2] + b"\n", b"", 1))


@fails("all: inclusion")
def the_proof_has_a_hash_more(bundle: Bundle) -> None:
    bundle.evidence(_PROOF, lambda data: _line_of(data, 2, lambda line: line + b"\n" + line))


@fails("all: checkpoint inclusion")
def the_checkpoint_has_another_size(bundle: Bundle) -> None:
    bundle.evidence(_PROOF, lambda data: data.replace(b"\n8\n", b"\n9\n"))


@fails("all: checkpoint inclusion consistency")
def the_checkpoint_has_another_root(bundle: Bundle) -> None:
    bundle.evidence(_PROOF, lambda data: _line_of(data, 8, lambda line: b"AAAA" + line[4:]))


@fails("all: package entry checkpoint consistency")
def the_checkpoint_is_of_another_log(bundle: Bundle) -> None:
    bundle.evidence(_PROOF, lambda data: data.replace(b"\narchiver/", b"\narchives/", 1))


@fails("all: entry")
def the_checkpoint_has_a_signature_twice(bundle: Bundle) -> None:
    bundle.evidence(_PROOF, lambda data: data + data.rpartition(b"\n\n")[2])


@fails("all: entry")
def the_checkpoint_has_no_signature(bundle: Bundle) -> None:
    bundle.evidence(_PROOF, lambda data: data.rpartition(b"\n\n")[0] + b"\n\n")


@fails("all: entry")
def the_proof_is_empty(bundle: Bundle) -> None:
    bundle.evidence(_PROOF, lambda _: b"")


@fails("all: inclusion")
def snapshot_and_intent_have_checkpoints_of_two_times(bundle: Bundle) -> None:
    """Both are signed; that of the intent is older, and has it not."""
    old = (bundle.made.folder / "state-1" / "log/checkpoint").read_bytes()
    bundle.evidence("intent.tlog-proof", lambda data: data.partition(b"\n\n")[0] + b"\n\n" + old)


@fails("all: package entry")
def keys_txt_names_another_key(bundle: Bundle) -> None:
    other = keys.make(bundle.made.signer.name).key.text
    bundle.evidence("keys.txt", lambda _: f"{other}\n".encode())


@fails("all: package")
def keys_txt_is_empty(bundle: Bundle) -> None:
    bundle.evidence("keys.txt", lambda _: b"")


@fails("all: package entry")
def a_key_statement_is_added_that_nobody_of_the_log_signed(bundle: Bundle) -> None:
    other = keys.make(bundle.made.signer.name)
    text = rfc8785.dumps({"type": "key", "format": "archiver-statement/1", "id": "20261126t000000z-aaaaaaaaaaaaaaaa",
                          "action": "add", "key": other.key.text, "made_at": "2026-11-26T00:00:00.000000Z",
                          "software": "archiver/0"}).decode() + "\n"  # fmt: skip
    bundle.files["evidence/key-000000000003.note"] = note.render(text, [other.sign(text)])
    bundle.files["evidence/key-000000000003.salt"] = b"0" * 64 + b"\n"
    proof = bundle.files["evidence/intent.tlog-proof"].replace(b"index 6", b"index 3")
    bundle.files["evidence/key-000000000003.tlog-proof"] = proof
    bundle.describe()


# the ZIP


@fails("all: package")
def bytes_are_put_before_the_file(bundle: Bundle) -> None:
    bundle.data = b"PK\3\4 a program" + bundle.data


@fails("all: package")
def bytes_follow_the_file(bundle: Bundle) -> None:
    bundle.data += b"hidden"


@fails("all: package")
def a_comment_follows_the_file(bundle: Bundle) -> None:
    end = bundle.end()
    bundle.patch(end + 20, struct.pack("<H", 6))
    bundle.data += b"hidden"


@fails("all: package")
def bytes_lie_between_two_files(bundle: Bundle) -> None:
    bundle.put_between(PAGES, b"hidden")


@fails("all: package")
def a_file_lies_between_two_files_that_the_directory_has_not(bundle: Bundle) -> None:
    bundle.put_between(PAGES, bundle.data[: bundle.local(DIGEST)])


@fails("all: package")
def the_file_is_cut(bundle: Bundle) -> None:
    bundle.data = bundle.data[:-100]


@fails("all: package")
def the_directory_is_gone(bundle: Bundle) -> None:
    bundle.data = bundle.data[: bundle.data.index(b"PK\1\2")]


def _both_headers(name: str, at: int, form: str, value: int, bundle: Bundle) -> None:
    """A field that is in both headers of a file, where it is that of the local one; that of the directory is 2 on."""
    bundle.patch(bundle.local(name) + at, struct.pack(form, value))
    bundle.patch(bundle.central(name) + at + 2, struct.pack(form, value))


@fails("all: package artifacts")
def a_file_has_another_crc_in_both_places(bundle: Bundle) -> None:
    _both_headers(WARC, 14, "<L", 1, bundle)


@fails("all: package artifacts")
def a_file_has_another_crc_in_its_own_header(bundle: Bundle) -> None:
    bundle.patch(bundle.local(WARC) + 14, struct.pack("<L", 1))


@fails("all: package artifacts")
def a_file_has_another_name_in_its_own_header(bundle: Bundle) -> None:
    bundle.patch(bundle.local(WARC) + 30, b"archive/dada.warc.gz")


@fails("all: package artifacts")
def a_file_is_said_to_be_encrypted(bundle: Bundle) -> None:
    _both_headers(WARC, 6, "<H", 1, bundle)


@fails("all: package")
def a_file_is_said_to_have_a_descriptor_behind_it(bundle: Bundle) -> None:
    _both_headers(WARC, 6, "<H", 8, bundle)


@fails("all: package artifacts")
def a_file_is_said_to_be_deflated(bundle: Bundle) -> None:
    _both_headers(WARC, 8, "<H", 8, bundle)


@fails("all: package")
def a_file_is_said_to_need_a_later_version_of_zip(bundle: Bundle) -> None:
    _both_headers(WARC, 4, "<H", 74, bundle)


@fails("all: package artifacts")
def a_file_has_another_size_in_its_own_header(bundle: Bundle) -> None:
    bundle.patch(bundle.local(WARC) + 18, struct.pack("<2L", 5, 5))


@fails("all: package")
def a_file_is_a_link(bundle: Bundle) -> None:
    bundle.patch(bundle.central(PAGES) + 38, struct.pack("<L", (stat.S_IFLNK | 0o777) << 16))


@fails("all: package artifacts")
def a_size_refers_to_zip64_that_is_not_there(bundle: Bundle) -> None:
    bundle.patch(bundle.central(WARC) + 20, struct.pack("<2L", 0xFFFFFFFF, 0xFFFFFFFF))


@fails("all: package")
def the_end_refers_to_zip64_that_is_not_there(bundle: Bundle) -> None:
    bundle.patch(bundle.end() + 8, struct.pack("<2H", 0xFFFF, 0xFFFF))


@fails("all: package")
def an_end_of_zip64_says_something_else(bundle: Bundle) -> None:
    end = bundle.end()
    count, size, offset = struct.unpack_from("<H2L", bundle.data, end + 10)
    record = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, count - 1, count - 1, size, offset)
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, end, 1)
    bundle.data = bundle.data[:end] + record + locator + bundle.data[end:]


@fails("all: package")
def the_directory_has_a_file_less_than_it_says(bundle: Bundle) -> None:
    count = struct.unpack_from("<H", bundle.data, bundle.end() + 8)[0]
    bundle.patch(bundle.end() + 8, struct.pack("<2H", count + 1, count + 1))


@fails("all: package")
def two_files_lie_over_each_other(bundle: Bundle) -> None:
    bundle.patch(bundle.central(PAGES) + 42, struct.pack("<L", bundle.local(INDEX)))


def _anew(bundle: Bundle, *more: tuple[zipfile.ZipInfo, bytes], kind: int = zipfile.ZIP_STORED) -> None:
    """By Python's own writer, with more files."""
    files = [(zipfile.ZipInfo(name), data) for name, data in bundle.files.items()]
    with warnings.catch_warnings(), io.BytesIO():
        warnings.simplefilter("ignore")
        for info, _ in files:
            info.compress_type = kind
            info.external_attr = 0o100644 << 16
        bundle.data = zipped([*files, *more])


@fails("all: package")
def all_files_are_deflated(bundle: Bundle) -> None:
    _anew(bundle, kind=zipfile.ZIP_DEFLATED)


@fails("all: package")
def the_statement_is_there_twice(bundle: Bundle) -> None:
    _anew(bundle, (zipfile.ZipInfo(f"evidence/{_NOTE}"), b"another"))


def _with_name(name: str, bundle: Bundle) -> None:
    info = zipfile.ZipInfo("x")
    info.filename = name
    _anew(bundle, (info, b"#!/bin/sh"))


for _name, _path in {
    "leads out of its folder": "../../outside",
    "leads out of its folder from within": "evidence/../../outside",
    "begins at the root": "/etc/passwd",
    "begins with a drive": "C:/outside",
    "has a backslash": "..\\outside",
    "is the same but for case": "EVIDENCE/SNAPSHOT.NOTE",
    "is empty": "",
    "is a folder": "evidence/more/",
    "is very long": "x" * 60_000,
    "has a control character": "evidence/\x1b[2Jnote",
    "turns its direction": "evidence/\u202egnp.note",
}.items():
    BUNDLES.add(f"a file is added whose name {_name}", partial(_with_name, _path), "all: package")


@fails("all: package")
def fifty_thousand_files_are_added(bundle: Bundle) -> None:
    _anew(bundle, *((zipfile.ZipInfo(f"evidence/{number}"), b"") for number in range(50_000)))


@fails("all: package artifacts warc index counts")
def the_warc_is_a_bomb(bundle: Bundle) -> None:
    bundle.change(WARC, lambda _: bomb(128 << 20))


@fails("all: package artifacts warc index counts")
def the_warc_is_tens_of_thousands_of_empty_members(bundle: Bundle) -> None:
    member = records.packed(b"")
    bundle.change(WARC, lambda _: member * 50_000)


@fails("all: package artifacts warc")
def a_zip_is_in_the_place_of_the_warc(bundle: Bundle) -> None:
    bundle.change(WARC, lambda _: bundle.original)


@fails("all: package")
def the_description_is_nested_very_deep(bundle: Bundle) -> None:
    bundle.files[DESCRIPTION] = b"[" * 1_000_000
    bundle.write()


@fails("all: package")
def the_description_has_ten_megabytes(bundle: Bundle) -> None:
    bundle.files[DESCRIPTION] = b" " * (10 << 20)
    bundle.write()


@fails("all: entry")
def the_statement_has_ten_megabytes(bundle: Bundle) -> None:
    bundle.evidence(_NOTE, lambda data: data + b"x" * (10 << 20))


@fails("all: package artifacts warc index counts")
def the_manifest_is_nested_very_deep(bundle: Bundle) -> None:
    def deep(member: bytes) -> bytes:
        head = records.unpacked(member).partition(b"\r\n\r\n")[0]
        block = b"[" * 5_000_000
        length = f"Content-Length: {len(block)}".encode()
        head = b"\r\n".join(length if line.startswith(b"Content-Length") else line for line in head.split(b"\r\n"))
        return records.packed(head + b"\r\n\r\n" + block + b"\r\n\r\n")

    bundle.change(WARC, lambda data: records.changed(data, "the exchange manifest", deep))


@fails("all: package artifacts warc index counts")
def a_record_says_that_it_has_a_petabyte(bundle: Bundle) -> None:
    change = records.header_line(rb"Content-Length: \d+", b"Content-Length: 999999999999999")
    bundle.change(WARC, lambda data: records.changed(data, "the text", change))


@fails("all: package")
def the_file_is_only_a_name_of_one(bundle: Bundle) -> None:
    bundle.data = b"PK"
