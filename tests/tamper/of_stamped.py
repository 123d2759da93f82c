"""Mutations of an evidence bundle with time stamps, report and chain, by somebody without the key.

What follows from the files is made anew where anybody can: report, chain, texts, list of hashes and description. So
only the check that is named can find it. A check with a question mark has a doubt, and no bundle with one passes.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from functools import partial

from cryptography.hazmat.primitives.serialization import Encoding

from archiver.report import places
from archiver.report.places import OF_BEFORE, OF_LATER, OF_SNAPSHOT
from archiver.seal import keys, note, stamps
from archiver.seal.checkpoint import Checkpoint, Proof
from archiver.seal.merkle import Edge, inclusion_proof, leaf_hash
from archiver.seal.timestamp import make_request
from archiver.seal.timestamp_read import read_response
from archiver.storage import layout
from archiver.version import __version__
from tests.support.authority import lie
from tests.tamper import records
from tests.tamper.mutations import Group
from tests.tamper.stamped_bundle import StampedBundle

STAMPED: Group[StampedBundle] = Group()
fails = STAMPED.fails
_OVER = {OF_SNAPSHOT: "the note", OF_BEFORE: "the checkpoint before", OF_LATER: "the later checkpoint"}
_LIST = f"{OF_SNAPSHOT}{stamps.list_file(1)}"


# a byte


def _middle(data: bytes) -> bytes:
    return records.flipped(data, len(data) // 2)


def _byte_of(name: str, bundle: StampedBundle) -> None:
    """Of the file whose path begins so."""
    bundle.alter(next(each for each in sorted(bundle.files) if each.startswith(name)), _middle)


for _name, _checks in {
    "README.txt": "package",
    "verify.sh": "package",
    "screenshot.png": "package",
    "key.": "package",
    "chain.json": "derivations",
    "timestamp-before.checkpoint.txt": "timestamps",
    "timestamp-later.checkpoint.txt": "package",
    "timestamp-snapshot.renewal-001.sums": "timestamps",
    "root.one": "timestamps",
}.items():
    STAMPED.add(
        f"a byte of {_name} is changed, and the report made anew",
        partial(_byte_of, f"evidence/{_name}"),
        f"all: {_checks}",
        may="timestamps?" if _name == "root.one" else "",  # where it can still be read, it is another root
    )


def _byte_of_response(folder: str, authority: str, place: float, bundle: StampedBundle) -> None:
    (path,) = bundle.responses(folder, authority)
    bundle.files[path] = records.flipped(bundle.files[path], int(len(bundle.files[path]) * place))
    bundle.anew()


_PLACES = {
    "the first byte": 0.0,
    "a byte of the time": 0.15,
    "a byte of the signer's certificate": 0.3,
    "the last byte": 0.999,
}
for _folder, _over in _OVER.items():
    for _where, _place in _PLACES.items():
        STAMPED.add(
            f"{_where} of a time stamp over {_over} is changed",
            partial(_byte_of_response, _folder, "one", _place),
            "all: timestamps",
        )


# the report


def _replaced(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    def change(data: bytes) -> bytes:
        assert old in data
        return data.replace(old, new)

    return change


@fails("all: report")
def a_byte_of_the_report_is_changed(bundle: StampedBundle) -> None:
    bundle.change(places.REPORT, _middle)


@fails("all: report")
def a_sentence_of_the_report_is_changed(bundle: StampedBundle) -> None:
    bundle.change(places.REPORT, _replaced(b"This supports that", b"This proves that"))


@fails("all: report")
def the_report_is_of_another_snapshot(bundle: StampedBundle) -> None:
    bundle.change(places.REPORT, lambda _: bundle.other()[places.REPORT])


@fails("all: report")
def the_report_has_a_script(bundle: StampedBundle) -> None:
    bundle.change(places.REPORT, _replaced(b"</body>", b"<script>document.title=1</script></body>"))


@fails("all: report")
def the_report_has_something_behind_it(bundle: StampedBundle) -> None:
    bundle.change(places.REPORT, lambda data: data + b"\n")


@fails("all: report")
def the_report_is_empty(bundle: StampedBundle) -> None:
    bundle.change(places.REPORT, lambda _: b"")


@fails("all: report")
def the_report_says_another_time(bundle: StampedBundle) -> None:
    bundle.change(places.REPORT, _replaced(b"2026", b"2025"))


@fails("all: package")
def the_report_is_taken_out(bundle: StampedBundle) -> None:
    del bundle.files[places.REPORT]
    bundle.describe()


@fails("all: report")
def there_is_the_printed_report_alone(bundle: StampedBundle) -> None:
    del bundle.files[places.REPORT]
    bundle.files[places.PRINTED] = b"%PDF-1.7 a report that nobody made"
    bundle.anew()


@fails("all: package")
def a_printed_report_is_added(bundle: StampedBundle) -> None:
    """The README says which files there are. What is in that one nothing says, and nothing claims to."""
    bundle.files[places.PRINTED] = b"%PDF-1.7 a report that nobody made"
    bundle.report_anew()


@fails("all: report")
def the_report_is_of_the_bundle_without_a_doubt_in_it(bundle: StampedBundle) -> None:
    """One of two authorities is taken away, and the report stays that of both."""
    report = bundle.files[places.REPORT]
    bundle.without_renewal()
    bundle.take(OF_SNAPSHOT, "one")
    bundle.anew()
    bundle.change(places.REPORT, lambda _: report)


def _of_another_version(bundle: StampedBundle) -> None:
    said = f"Made by archiver/{__version__}.".encode()
    bundle.files[places.README] = _replaced(said, b"Made by archiver/0.0.1.")(bundle.files[places.README])


@fails("all: package? report?")
def the_readme_says_that_another_version_made_it(bundle: StampedBundle) -> None:
    _of_another_version(bundle)
    bundle.report_anew()


@fails("all: package? report?")
def the_readme_says_that_another_version_made_it_and_the_report_is_changed(bundle: StampedBundle) -> None:
    _of_another_version(bundle)
    bundle.report_anew()
    bundle.change(places.REPORT, _replaced(b"This supports that", b"This proves that"))


@fails("all: package? derivations? report?")
def the_readme_says_that_another_version_made_it_and_the_chain_is_changed(bundle: StampedBundle) -> None:
    _of_another_version(bundle)
    bundle.alter(places.CHAIN, _replaced(b"Lantern Weekly", b"Lantern Yearly"))


# texts and keys


@fails("all: package")
def the_script_does_nothing(bundle: StampedBundle) -> None:
    bundle.alter(places.SCRIPT, lambda _: b"#!/bin/sh\necho all is well\n")


@fails("all: package")
def the_readme_does_not_name_the_limits(bundle: StampedBundle) -> None:
    bundle.alter(places.README, lambda data: data[: len(data) * 3 // 4])


@fails("all: package")
def the_screenshot_is_that_of_another_snapshot(bundle: StampedBundle) -> None:
    bundle.files[places.SCREENSHOT] = b"\x89PNG another view"
    bundle.anew()


@fails("all: package")
def the_screenshot_is_taken_out(bundle: StampedBundle) -> None:
    del bundle.files[places.SCREENSHOT]
    bundle.anew()


@fails("all: package")
def a_key_for_openssl_is_another(bundle: StampedBundle) -> None:
    (name,) = (each for each in bundle.files if each.startswith(places.PUBLIC_KEYS))
    bundle.alter(name, lambda data: data.replace(data.splitlines()[1][-12:], b"A" * 12))


@fails("all: package")
def a_key_for_openssl_is_added(bundle: StampedBundle) -> None:
    (name,) = (each for each in bundle.files if each.startswith(places.PUBLIC_KEYS))
    bundle.files[f"{places.PUBLIC_KEYS}00000000.pem"] = bundle.files[name]
    bundle.report_anew()


@fails("all: package")
def the_keys_for_openssl_are_taken_out(bundle: StampedBundle) -> None:
    (name,) = (each for each in bundle.files if each.startswith(places.PUBLIC_KEYS))
    del bundle.files[name]
    bundle.report_anew()


# the chain

_NEAREST, _FARTHEST, _OTHER = (places.derivation_name(index) for index in (5, 4, 8))


def _drop(name: str, bundle: StampedBundle) -> None:
    for kind in places.KINDS:
        del bundle.files[places.member(name, kind)]


@fails("all: derivations")
def the_derivation_that_leads_on_is_taken_out(bundle: StampedBundle) -> None:
    _drop(_NEAREST, bundle)
    bundle.anew()


@fails("all: derivations")
def a_derivation_is_exchanged_with_that_of_another_snapshot(bundle: StampedBundle) -> None:
    _drop(_NEAREST, bundle)
    bundle.files |= {each: data for each, data in bundle.other().items() if _OTHER in each}
    bundle.anew()


@fails("all: derivations")
def the_derivation_of_another_snapshot_is_added(bundle: StampedBundle) -> None:
    bundle.files |= {each: data for each, data in bundle.other().items() if _OTHER in each}
    bundle.anew()


@fails("all: entry derivations")
def the_derivation_of_another_snapshot_is_under_the_name_of_this_one_s(bundle: StampedBundle) -> None:
    for kind in places.KINDS:
        bundle.files[places.member(_NEAREST, kind)] = bundle.other()[places.member(_OTHER, kind)]
    bundle.anew()


@fails("all: entry")
def two_derivations_change_their_order(bundle: StampedBundle) -> None:
    for kind in places.KINDS:
        one, other = places.member(_NEAREST, kind), places.member(_FARTHEST, kind)
        bundle.files[one], bundle.files[other] = bundle.files[other], bundle.files[one]
    bundle.anew()


@fails("all: entry")
def a_derivation_is_there_twice(bundle: StampedBundle) -> None:
    for kind in places.KINDS:
        bundle.files[places.member(places.derivation_name(6), kind)] = bundle.files[places.member(_NEAREST, kind)]
    bundle.anew()


@fails("all: inclusion derivations")
def a_derivation_names_another_outlet(bundle: StampedBundle) -> None:
    name = places.member(_NEAREST, "note")
    bundle.files[name] = _replaced(b"Lantern Weekly", b"Lantern Yearly")(bundle.files[name])
    bundle.anew()


@fails("all: inclusion derivations")
def a_derivation_is_signed_with_another_key(bundle: StampedBundle) -> None:
    name = places.member(_NEAREST, "note")
    text = note.parse(bundle.files[name]).text
    bundle.files[name] = note.render(text, [keys.make(bundle.made.signer.name).sign(text)])
    bundle.anew()


@fails("all: inclusion")
def a_derivation_has_another_salt(bundle: StampedBundle) -> None:
    bundle.files[places.member(_NEAREST, "salt")] = b"0" * 64 + b"\n"
    bundle.anew()


@fails("all: entry")
def a_derivation_has_no_salt(bundle: StampedBundle) -> None:
    del bundle.files[places.member(_NEAREST, "salt")]
    bundle.anew()


@fails("all: inclusion derivations")
def a_derivation_has_the_proof_of_an_older_log(bundle: StampedBundle) -> None:
    """Signed it was: the log that was stamped before the visit."""
    older = Proof.parse(StampedBundle(bundle.of, "first").files[places.LATER_PROOF])
    name = places.member(_NEAREST, "tlog-proof")
    proof = Proof.parse(bundle.files[name])
    bundle.files[name] = Proof(proof.index, proof.hashes, older.checkpoint).render()
    bundle.anew()


def _with_chain(change: Callable[[bytes], bytes]) -> Callable[[StampedBundle], None]:
    return lambda bundle: bundle.alter(places.CHAIN, change)


for _said, _change in {
    "names another source": _replaced(b'"outlet": "Lantern Weekly"', b'"outlet": "Another Paper"'),
    "says that it is verified": _replaced(b'"claimed"', b'"verified"'),
    "is written in one line": lambda data: json.dumps(json.loads(data)).encode(),
    "is empty": lambda _: b"",
}.items():
    STAMPED.add(f"chain.json {_said}", _with_chain(_change), "all: derivations")


@fails("all: derivations")
def chain_json_is_taken_out(bundle: StampedBundle) -> None:
    del bundle.files[places.CHAIN]
    bundle.report_anew()


@fails("all: derivations")
def chain_json_is_that_of_another_snapshot(bundle: StampedBundle) -> None:
    bundle.alter(places.CHAIN, lambda _: bundle.other()[places.CHAIN])


@fails("all: derivations")
def there_is_a_chain_without_statements(bundle: StampedBundle) -> None:
    chain = bundle.files[places.CHAIN]
    for name in (_NEAREST, _FARTHEST):
        _drop(name, bundle)
    bundle.anew()
    bundle.files[places.CHAIN] = chain
    bundle.report_anew()


# time stamps taken away


@fails("all: timestamps")
def a_time_stamp_that_was_renewed_is_taken_out(bundle: StampedBundle) -> None:
    bundle.take(OF_SNAPSHOT, "one")
    bundle.anew()


@fails("all: timestamps?")
def there_is_one_time_stamp_over_the_note_and_none_later(bundle: StampedBundle) -> None:
    bundle.without_renewal()
    bundle.without_later()
    bundle.take(OF_SNAPSHOT, "one")
    bundle.anew()


@fails("all: timestamps?")
def there_is_no_time_stamp_over_the_note_and_none_later(bundle: StampedBundle) -> None:
    bundle.without_renewal()
    bundle.without_later()
    bundle.take(OF_SNAPSHOT)
    bundle.anew()


@fails("all: timestamps?")
def there_is_no_time_stamp_at_all(bundle: StampedBundle) -> None:
    for name in [each for each in bundle.files if each.startswith(places.STAMPS)]:
        del bundle.files[name]
    bundle.anew()


@fails("all: timestamps?")
def one_that_the_statement_names_is_taken_out(bundle: StampedBundle) -> None:
    bundle.take(OF_BEFORE, "two")
    bundle.anew()


@fails("all: timestamps?")
def all_that_the_statement_names_are_taken_out(bundle: StampedBundle) -> None:
    bundle.take(OF_BEFORE)
    del bundle.files[places.BEFORE]
    bundle.anew()


@fails("all: timestamps")
def the_list_of_a_renewal_is_taken_out(bundle: StampedBundle) -> None:
    del bundle.files[_LIST]
    bundle.anew()


# time stamps exchanged


@fails("all: timestamps")
def a_time_stamp_is_that_of_another_snapshot(bundle: StampedBundle) -> None:
    bundle.without_renewal()
    other = StampedBundle(bundle.of, "last")
    bundle.exchange(OF_SNAPSHOT, "one", other.take(OF_SNAPSHOT, "one")[0])
    bundle.anew()


@fails("all: timestamps")
def all_time_stamps_are_those_of_another_snapshot(bundle: StampedBundle) -> None:
    bundle.without_renewal()
    other = StampedBundle(bundle.of, "last")
    for authority in ("one", "two"):
        bundle.exchange(OF_SNAPSHOT, authority, other.take(OF_SNAPSHOT, authority)[0])
    bundle.anew()


@fails("all: timestamps")
def a_time_stamp_of_one_authority_is_under_the_name_of_another(bundle: StampedBundle) -> None:
    bundle.without_renewal()
    bundle.without_later()
    (response,) = bundle.take(OF_SNAPSHOT, "two")
    bundle.exchange(OF_SNAPSHOT, "one", response)
    bundle.anew()


@fails("all: timestamps")
def one_authority_stands_for_two(bundle: StampedBundle) -> None:
    bundle.without_renewal()
    bundle.without_later()
    bundle.exchange(OF_SNAPSHOT, "two", bundle.of.reply("one", bundle.message(OF_SNAPSHOT)))
    bundle.anew()


@fails("all: timestamps?")
def one_authority_stands_for_two_under_a_new_name(bundle: StampedBundle) -> None:
    bundle.without_renewal()
    bundle.without_later()
    bundle.take(OF_SNAPSHOT, "two")
    bundle.put(OF_SNAPSHOT, "three", bundle.of.reply("one", bundle.message(OF_SNAPSHOT)))
    bundle.anew()


@fails("all: timestamps?")
def one_authority_has_given_two(bundle: StampedBundle) -> None:
    bundle.without_renewal()
    bundle.without_later()
    bundle.take(OF_SNAPSHOT, "two")
    bundle.put(OF_SNAPSHOT, "one", bundle.of.reply("one", bundle.message(OF_SNAPSHOT), timedelta(hours=1)))
    bundle.anew()


def _by_double(folder: str, bundle: StampedBundle) -> None:
    """Of an authority that somebody made, with the same names in its certificates; its root is in the bundle."""
    bundle.without_renewal()
    bundle.exchange(folder, "one", bundle.of.reply("double", bundle.message(folder)))
    for name in [each for each in bundle.files if each.startswith(f"{places.ROOTS}one.")]:
        del bundle.files[name]
    _root(bundle, "one", "double")
    bundle.anew()


for _folder, _over in _OVER.items():
    STAMPED.add(
        f"a time stamp over {_over} is of an authority that only has the names of the other",
        partial(_by_double, _folder),
        "all: timestamps",
    )


def _root(bundle: StampedBundle, name: str, authority: str) -> None:
    """The root of an authority, as one of what is called so."""
    made = bundle.of.authorities[authority]
    file = stamps.root_file(name, made.root.public_bytes(Encoding.DER))
    bundle.files[places.ROOTS + file] = made.root_pem


def _by_stranger(folder: str, bundle: StampedBundle) -> None:
    bundle.without_renewal()
    bundle.take(folder, "one")
    bundle.put(folder, "three", bundle.of.reply("three", bundle.message(folder)))
    _root(bundle, "three", "three")
    bundle.anew()


STAMPED.add(
    "a time stamp over the note is of an authority that nobody trusts", partial(_by_stranger, OF_SNAPSHOT),
    "all: timestamps?",
)  # fmt: skip
STAMPED.add(
    "a time stamp over the checkpoint before is of an authority that nobody trusts", partial(_by_stranger, OF_BEFORE),
    "all: timestamps",
)  # fmt: skip
STAMPED.add(
    "a time stamp over the later checkpoint is of an authority that nobody trusts", partial(_by_stranger, OF_LATER),
    "all: timestamps?",
)  # fmt: skip


@fails("all: timestamps?")
def all_time_stamps_are_of_authorities_that_nobody_trusts(bundle: StampedBundle) -> None:
    bundle.without_renewal()
    bundle.without_later()
    bundle.take(OF_SNAPSHOT)
    for name in ("three", "double"):
        bundle.put(OF_SNAPSHOT, name, bundle.of.reply(name, bundle.message(OF_SNAPSHOT), timedelta(hours=-9)))
        _root(bundle, name, name)
    bundle.anew()


@fails("all: timestamps")
def one_over_the_checkpoint_before_was_asked_for_anew(bundle: StampedBundle) -> None:
    """It is good, with another nonce and another time. The statement cannot have named it."""
    answer = bundle.of.reply("one", bundle.message(OF_BEFORE), timedelta(seconds=-30))
    bundle.exchange(OF_BEFORE, "one", answer)
    bundle.anew()


@fails("all: timestamps")
def one_over_the_checkpoint_before_is_added_that_the_statement_does_not_name(bundle: StampedBundle) -> None:
    bundle.put(OF_BEFORE, "one", bundle.of.reply("one", bundle.message(OF_BEFORE), timedelta(hours=1)))
    bundle.anew()


def _moved(of: str, to: str, bundle: StampedBundle) -> None:
    bundle.without_renewal()
    bundle.exchange(to, "one", bundle.take(of, "one")[0])
    bundle.anew()


for _of, _over in _OVER.items():
    for _to, _too in _OVER.items():
        if _of != _to:
            STAMPED.add(f"one over {_over} is moved to those over {_too}", partial(_moved, _of, _to), "all: timestamps")


# times


def _without_its_key(bundle: StampedBundle, response: bytes, by: timedelta) -> bytes:
    """Another time in a response, with the signature that it had."""
    then = read_response(response).gen_time
    old, new = (f"{moment:%Y%m%d%H%M%S}Z".encode() for moment in (then, then + by))
    assert response.count(old) == 1
    return response.replace(old, new)


@fails("all: timestamps")
def a_time_stamp_says_an_hour_earlier(bundle: StampedBundle) -> None:
    bundle.without_renewal()
    (response,) = bundle.take(OF_SNAPSHOT, "one")
    bundle.put(OF_SNAPSHOT, "one", _without_its_key(bundle, response, timedelta(hours=-1)))
    bundle.anew()


@fails("all: timestamps")
def a_time_stamp_says_an_hour_earlier_and_is_signed_by_another(bundle: StampedBundle) -> None:
    bundle.without_renewal()
    answer = bundle.of.reply("double", bundle.message(OF_SNAPSHOT), timedelta(hours=-1))
    bundle.exchange(OF_SNAPSHOT, "one", answer)
    bundle.anew()


@fails("all: interval")
def an_authority_lies_by_an_hour(bundle: StampedBundle) -> None:
    """What it signed before the page was visited it cannot have seen."""
    bundle.without_renewal()
    answer = bundle.of.reply("one", bundle.message(OF_SNAPSHOT), timedelta(hours=-1))
    bundle.exchange(OF_SNAPSHOT, "one", answer)
    bundle.anew()


@fails("all: interval")
def all_authorities_lie_by_an_hour(bundle: StampedBundle) -> None:
    bundle.without_renewal()
    for authority in ("one", "two"):
        answer = bundle.of.reply(authority, bundle.message(OF_SNAPSHOT), timedelta(hours=-1))
        bundle.exchange(OF_SNAPSHOT, authority, answer)
    bundle.anew()


@fails("all: interval")
def a_later_time_stamp_says_that_it_was_earlier(bundle: StampedBundle) -> None:
    answer = bundle.of.reply("one", bundle.message(OF_LATER), timedelta(hours=-1))
    bundle.exchange(OF_LATER, "one", answer)
    bundle.anew()


@fails("all: timestamps")
def a_time_stamp_was_given_when_the_certificate_had_expired(bundle: StampedBundle) -> None:
    bundle.without_renewal()
    answer = bundle.of.reply("one", bundle.message(OF_SNAPSHOT), timedelta(days=3700))
    bundle.exchange(OF_SNAPSHOT, "one", answer)
    bundle.anew()


@fails("all: timestamps")
def a_time_stamp_was_given_before_the_certificate_was_valid(bundle: StampedBundle) -> None:
    bundle.without_renewal()
    answer = bundle.of.reply("one", bundle.message(OF_SNAPSHOT), timedelta(days=-40))
    bundle.exchange(OF_SNAPSHOT, "one", answer)
    bundle.anew()


def _renamed(change: Callable[[str], str], bundle: StampedBundle) -> None:
    bundle.without_renewal()
    (path,) = bundle.responses(OF_SNAPSHOT, "one")
    name = path.removeprefix(OF_SNAPSHOT)
    assert change(name) != name
    bundle.files[OF_SNAPSHOT + change(name)] = bundle.files.pop(path)
    bundle.anew()


for _said, _renaming in {
    "an earlier time": lambda name: f"20200101{name[8:]}",
    "a later expiry": lambda name: f"{name[:17]}20991231{name[25:]}",
    "a renewal": lambda name: f"renewal-001.{name}",
    "a day that there is not": lambda name: f"20261340{name[8:]}",
    "no time": lambda name: f"00000000{name[8:]}",
}.items():
    STAMPED.add(f"the name of a time stamp says {_said}", partial(_renamed, _renaming), "all: timestamps")


# renewals


@fails("all: timestamps interval")
def the_list_of_a_renewal_lacks_the_first_time_stamp(bundle: StampedBundle) -> None:
    (path,) = bundle.responses(OF_SNAPSHOT, "one")
    then = read_response(bundle.files.pop(path)).gen_time
    answer = bundle.of.reply("one", bundle.message(OF_SNAPSHOT))
    early = bundle.of.authorities["one"].forge(
        answer, lie(then - read_response(answer).gen_time - timedelta(seconds=70))
    )
    bundle.put(OF_SNAPSHOT, "one", early)
    bundle.relist(bundle.listed.splitlines(keepends=True)[1])
    bundle.anew()


@fails("all: timestamps")
def the_list_of_a_renewal_is_empty(bundle: StampedBundle) -> None:
    bundle.relist(b"\n", timedelta(hours=1))
    bundle.anew()


@fails("all: timestamps")
def the_list_of_a_renewal_names_one_that_is_not_there(bundle: StampedBundle) -> None:
    bundle.relist(bundle.listed + b"0" * 64 + b"  20200101t000000z-20300101.one.tsr\n", timedelta(hours=1))
    bundle.anew()


@fails("all: timestamps")
def a_renewal_is_over_another_time_stamp_than_is_there(bundle: StampedBundle) -> None:
    (path,) = bundle.responses(OF_SNAPSHOT, "one")
    answer = bundle.of.reply("one", bundle.message(OF_SNAPSHOT))
    bundle.files[path] = answer
    del bundle.files[path]
    bundle.put(OF_SNAPSHOT, "one", bundle.of.authorities["one"].forge(answer, _at(path)))
    bundle.anew()


def _at(path: str) -> Callable[[object], None]:
    """Gives a response the time that a name says."""
    stored = stamps.parse(path.removeprefix(OF_SNAPSHOT))
    assert stored is not None

    def change(parts: object) -> None:
        parts.info["gen_time"] = stored.said  # type: ignore[attr-defined]

    return change


@fails("all: timestamps")
def the_list_of_a_renewal_names_one_twice(bundle: StampedBundle) -> None:
    bundle.relist(bundle.listed + bundle.listed.splitlines(keepends=True)[0], timedelta(hours=1))
    bundle.anew()


@fails("all: timestamps")
def the_list_of_a_renewal_names_a_file_in_another_folder(bundle: StampedBundle) -> None:
    bundle.relist(bundle.listed + b"0" * 64 + b"  ../../keys.txt\n", timedelta(hours=1))
    bundle.anew()


@fails("all: timestamps")
def a_renewal_was_asked_for_of_another_list(bundle: StampedBundle) -> None:
    path = bundle.responses(OF_SNAPSHOT, "one", renewals=True)[-1]
    del bundle.files[path]
    bundle.put(OF_SNAPSHOT, "one", bundle.of.reply("one", b"another list\n"), 1)
    bundle.anew()


@fails("all: timestamps")
def a_second_renewal_does_not_list_the_first(bundle: StampedBundle) -> None:
    listed = bundle.listed
    bundle.files[f"{OF_SNAPSHOT}{stamps.list_file(2)}"] = listed
    for authority in ("one", "two"):
        bundle.put(OF_SNAPSHOT, authority, bundle.of.reply(authority, listed, timedelta(hours=1)), 2)
    bundle.anew()


@fails("all: timestamps")
def a_renewal_was_given_when_the_certificate_had_expired(bundle: StampedBundle) -> None:
    bundle.relist(bundle.listed, timedelta(days=3700))
    bundle.anew()


@fails("all: timestamps")
def a_renewal_is_under_the_name_of_the_other_authority(bundle: StampedBundle) -> None:
    path = bundle.responses(OF_SNAPSHOT, "one", renewals=True)[-1]
    del bundle.files[path]
    bundle.put(OF_SNAPSHOT, "one", bundle.of.reply("two", bundle.listed), 1)
    bundle.anew()


@fails("all: timestamps?")
def a_renewal_is_of_an_authority_that_nobody_trusts(bundle: StampedBundle) -> None:
    bundle.put(OF_SNAPSHOT, "three", bundle.of.reply("three", bundle.listed), 1)
    bundle.anew()


# what was stamped


@fails("all: timestamps")
def the_checkpoint_before_is_taken_out(bundle: StampedBundle) -> None:
    del bundle.files[places.BEFORE]
    bundle.anew()


def _of_size(size: int, data: bytes) -> bytes:
    origin, _, root, *_ = data.decode().split("\n")
    return f"{origin}\n{size}\n{root}\n".encode()


@fails("all: timestamps")
def the_checkpoint_before_has_another_size(bundle: StampedBundle) -> None:
    bundle.alter(places.BEFORE, partial(_of_size, 2))


@fails("all: timestamps")
def the_checkpoint_before_has_another_root(bundle: StampedBundle) -> None:
    bundle.alter(places.BEFORE, lambda data: data.replace(data.splitlines()[2][:4], b"AAAA"))


@fails("all: timestamps")
def the_checkpoint_before_is_the_later_one_with_its_time_stamps(bundle: StampedBundle) -> None:
    bundle.take(OF_BEFORE)
    bundle.files[places.BEFORE] = bundle.files[places.LATER]
    for path in bundle.responses(OF_LATER):
        bundle.files[OF_BEFORE + path.removeprefix(OF_LATER)] = bundle.files[path]
    bundle.anew()


@fails("all: timestamps")
def there_is_a_checkpoint_before_and_no_time_stamp_over_it(bundle: StampedBundle) -> None:
    bundle.take(OF_BEFORE)
    bundle.files[places.BEFORE] = _of_size(2, bundle.files[places.BEFORE])
    bundle.anew()


@fails("all: package")
def the_later_checkpoint_is_not_that_of_its_proof(bundle: StampedBundle) -> None:
    bundle.files[places.LATER] = bundle.files[places.BEFORE]
    bundle.anew()


@fails("all: package")
def the_later_checkpoint_has_no_proof(bundle: StampedBundle) -> None:
    del bundle.files[places.LATER_PROOF]
    bundle.anew()


@fails("all: package")
def the_later_proof_has_no_checkpoint(bundle: StampedBundle) -> None:
    del bundle.files[places.LATER]
    bundle.anew()


@fails("all: package")
def the_later_proof_is_junk(bundle: StampedBundle) -> None:
    bundle.files[places.LATER_PROOF] = bytes(range(256))
    bundle.anew()


@fails("all: timestamps")
def later_time_stamps_have_neither_checkpoint_nor_proof(bundle: StampedBundle) -> None:
    del bundle.files[places.LATER], bundle.files[places.LATER_PROOF]
    bundle.anew()


@fails("all: package inclusion")
def the_later_proof_is_of_another_entry(bundle: StampedBundle) -> None:
    bundle.files[places.LATER_PROOF] = bundle.other()[places.LATER_PROOF]
    bundle.anew()


@fails("all: inclusion")
def a_hash_of_the_later_proof_is_changed(bundle: StampedBundle) -> None:
    proof = Proof.parse(bundle.files[places.LATER_PROOF])
    hashes = (bytes(32), *proof.hashes[1:])
    bundle.files[places.LATER_PROOF] = Proof(proof.index, hashes, proof.checkpoint).render()
    bundle.anew()


@fails("all: inclusion")
def the_later_log_is_one_that_has_not_the_snapshot_yet(bundle: StampedBundle) -> None:
    """It was signed and stamped, and is of three entries: the fourth is this one."""
    older = StampedBundle(bundle.of, "first").files
    bundle.without_later()
    bundle.files |= {name: data for name, data in older.items() if name.startswith(OF_LATER)}
    proof = Proof.parse(bundle.files[places.LATER_PROOF])
    bundle.files[places.LATER_PROOF] = Proof(3, proof.hashes, proof.checkpoint).render()
    bundle.anew()


@fails("all: checkpoint inclusion")
def the_later_log_is_signed_by_nobody_of_it(bundle: StampedBundle) -> None:
    """A log that somebody made, of this one's name; real authorities have stamped it."""
    bundle.without_later()
    by = keys.make(bundle.origin)
    text = Checkpoint(bundle.origin, 9, bytes(32)).text
    proof = Proof.parse(StampedBundle(bundle.of).files[places.LATER_PROOF])
    signed = note.render(text, [by.sign(text)])
    bundle.files[places.LATER] = text.encode()
    bundle.files[places.LATER_PROOF] = Proof(proof.index, proof.hashes, signed).render()
    for authority in ("one", "two"):
        bundle.put(OF_LATER, authority, bundle.of.reply(authority, text.encode()))
    bundle.anew()


# roots


@fails("all: timestamps?")
def the_roots_are_others(bundle: StampedBundle) -> None:
    for name in [each for each in bundle.files if each.startswith(places.ROOTS)]:
        del bundle.files[name]
    for name, by in {"one": "double", "two": "three"}.items():
        _root(bundle, name, by)
    bundle.anew()


@fails("all: timestamps?")
def a_root_is_added(bundle: StampedBundle) -> None:
    _root(bundle, "one", "double")
    bundle.anew()


@fails("all: timestamps")
def a_root_has_the_name_of_another(bundle: StampedBundle) -> None:
    (name,) = (each for each in bundle.files if each.startswith(f"{places.ROOTS}one."))
    bundle.files[name] = bundle.of.authorities["double"].root_pem
    bundle.anew()


@fails("all: timestamps")
def two_roots_are_in_one_file(bundle: StampedBundle) -> None:
    (name,) = (each for each in bundle.files if each.startswith(f"{places.ROOTS}one."))
    bundle.files[name] += bundle.of.authorities["double"].root_pem
    bundle.anew()


# files that should not be there, and hostile ones


def _added(path: str, bundle: StampedBundle) -> None:
    bundle.files[path] = b"anything"
    bundle.anew()


for _path, _checks in {
    "evidence/hidden.txt": "package",
    "evidence/keys/hidden.txt": "package",
    "evidence/timestamps/hidden.txt": "package",
    "evidence/timestamp-snapshot.hidden.txt": "package timestamps",
    "evidence/timestamp-snapshot.checkpoint.txt": "package timestamps",
    "evidence/timestamp-before.snapshot.tlog-proof": "package timestamps",
    "evidence/timestamp-later.snapshot.note": "package timestamps",
    "evidence/root.one.pem": "package timestamps",
    "evidence/timestamps/another/20261126t000000z-20361126.one.tsr": "package",
    "evidence/timestamp-snapshot.20261126t000000z-20361126.ONE.tsr": "package timestamps",
    "evidence/timestamp-snapshot.more/20261126t000000z-20361126.one.tsr": "package timestamps",
    "evidence/derivation-4.note": "package",
    "evidence/root.one.0123456789abcdef.pem": "timestamps",
    "evidence/root.unknown.0123456789abcdef.pem": "timestamps",
}.items():
    STAMPED.add(f"a file {_path} is added", partial(_added, _path), f"all: {_checks}")
for _path in (
    "evidence/timestamp-snapshot.20261126t000000z-20361126.one.tsr",
    "evidence/timestamp-before.20261126t000000z-20361126.one.tsr",
    "evidence/timestamp-later.20261126t000000z-20361126.one.tsr",
    "evidence/timestamp-snapshot.20269926t000000z-20361126.one.tsr",
    "evidence/timestamp-snapshot.renewal-999.sums",
    "evidence/timestamp-snapshot.renewal-000.sums",
    "evidence/timestamp-snapshot.renewal-002.20261126t000000z-20361126.one.tsr",
    "evidence/timestamp-before.renewal-001.sums",
    "evidence/root.one.0123456789abcdef.pem",
    "evidence/root.unknown.0123456789abcdef.pem",
):
    STAMPED.add(f"a file {_path} with nothing in it that counts is added", partial(_added, _path), "all: timestamps")


@fails("all: timestamps")
def thousands_of_time_stamps_are_added(bundle: StampedBundle) -> None:
    bundle.without_renewal()
    (path,) = bundle.responses(OF_LATER, "one")
    for number in range(1001):
        bundle.files[f"{OF_LATER}20260101t{number // 60:04d}{number % 60:02d}z-20361126.one.tsr"] = b""
    assert path in bundle.files
    bundle.anew()


@fails("all: timestamps")
def a_time_stamp_has_a_megabyte(bundle: StampedBundle) -> None:
    (path,) = bundle.responses(OF_LATER, "one")
    bundle.files[path] += bytes((1 << 20) - len(bundle.files[path]))
    bundle.anew()


@fails("all: package report")
def a_time_stamp_has_more_than_a_megabyte(bundle: StampedBundle) -> None:
    (path,) = bundle.responses(OF_LATER, "one")
    bundle.files[path] += bytes(1 << 20)
    bundle.anew()


@fails("all: timestamps")
def a_time_stamp_is_nested_very_deep(bundle: StampedBundle) -> None:
    (path,) = bundle.responses(OF_LATER, "one")
    bundle.files[path] = b"\x30\x80" * 100_000
    bundle.anew()


@fails("all: timestamps")
def a_time_stamp_has_something_behind_it(bundle: StampedBundle) -> None:
    (path,) = bundle.responses(OF_LATER, "one")
    bundle.files[path] += b"\0"
    bundle.anew()


@fails("all: timestamps")
def a_refusal_is_in_the_place_of_a_time_stamp(bundle: StampedBundle) -> None:
    (path,) = bundle.responses(OF_LATER, "one")
    bundle.files[path] = bundle.of.authorities["one"].reply(b"no query")
    bundle.anew()


@fails("all: timestamps")
def a_request_is_in_the_place_of_a_time_stamp(bundle: StampedBundle) -> None:
    (path,) = bundle.responses(OF_LATER, "one")
    bundle.files[path] = make_request(bundle.message(OF_LATER)).data
    bundle.anew()


@fails("all: derivations")
def the_chain_is_nested_very_deep(bundle: StampedBundle) -> None:
    bundle.alter(places.CHAIN, lambda _: b"[" * 1_000_000)


# by who has the key, and makes the bundle by hand

KEYED: Group[StampedBundle] = Group()
lies = KEYED.fails


class _Fork:
    """A log that ends with other entries than the archive's from the ninth on, signed with its key."""

    def __init__(self, bundle: StampedBundle, size: int) -> None:
        slots = sorted((bundle.of.archive / layout.SLOTS).iterdir())
        entries = [each.read_bytes() for each in slots[:8]] + [b"entry %d" % number for number in range(8, size)]
        self._leaves = [leaf_hash(each) for each in entries]
        self.text = Checkpoint(bundle.origin, size, self._root(0, size)).text
        self._signed = note.render(self.text, [bundle.made.signer.sign(self.text)])

    def proof(self, index: int) -> bytes:
        hashes = inclusion_proof(index, len(self._leaves), lambda level, n: self._root(n << level, (n + 1) << level))
        return Proof(index, tuple(hashes), self._signed).render()

    def _root(self, begin: int, end: int) -> bytes:
        edge = Edge()
        for leaf in self._leaves[begin:end]:
            edge.append(leaf)
        return edge.root()


def _later(fork: _Fork, bundle: StampedBundle) -> None:
    """The fork is what was stamped later, by real authorities."""
    bundle.without_later()
    bundle.files[places.LATER], bundle.files[places.LATER_PROOF] = fork.text.encode(), fork.proof(3)
    for authority in ("one", "two"):
        bundle.put(OF_LATER, authority, bundle.of.reply(authority, fork.text.encode()))


def _prove(fork: _Fork, bundle: StampedBundle) -> None:
    """The fork is what the entries are in."""
    for name, index in {"snapshot": 3, "intent": 2, _FARTHEST: 4, _NEAREST: 5}.items():
        bundle.files[places.member(name, "tlog-proof")] = fork.proof(index)


@lies("all: consistency")
def what_was_stamped_later_is_a_fork_of_the_log_as_long(bundle: StampedBundle) -> None:
    _later(_Fork(bundle, 9), bundle)
    bundle.anew()


@lies("all: consistency")
def its_entries_are_in_a_fork_of_what_was_stamped_later(bundle: StampedBundle) -> None:
    _prove(_Fork(bundle, 9), bundle)
    bundle.anew()


@lies("all: derivations")
def its_derivations_are_in_a_fork_of_the_log(bundle: StampedBundle) -> None:
    fork = _Fork(bundle, 9)
    for name, index in {_FARTHEST: 4, _NEAREST: 5}.items():
        bundle.files[places.member(name, "tlog-proof")] = fork.proof(index)
    bundle.anew()


@lies("all: ")
def all_of_it_is_a_fork_that_is_longer(bundle: StampedBundle) -> None:
    """Nobody can tell from the bundle alone. It does not pass for who knows the log: that shows in its archive."""
    fork = _Fork(bundle, 12)
    _prove(fork, bundle)
    _later(fork, bundle)
    bundle.anew()


# what nobody can tell, or need not

LEFT: Group[StampedBundle] = Group()
passes = LEFT.fails


@passes()
def the_end_of_the_chain_is_left_out(bundle: StampedBundle) -> None:
    _drop(_FARTHEST, bundle)
    bundle.anew()


@passes()
def the_chain_is_left_out(bundle: StampedBundle) -> None:
    for name in (_NEAREST, _FARTHEST):
        _drop(name, bundle)
    bundle.anew()


@passes()
def the_report_is_left_out(bundle: StampedBundle) -> None:
    del bundle.files[places.REPORT]
    bundle.anew()


@passes()
def the_printed_report_is_another(bundle: StampedBundle) -> None:
    """The check says so: nothing that is signed is about it."""
    bundle.files[places.PRINTED] = b"%PDF-1.7 a report that nobody made"
    bundle.anew()


@passes()
def what_was_stamped_later_is_left_out(bundle: StampedBundle) -> None:
    bundle.without_later()
    bundle.anew()


@passes()
def the_renewal_is_left_out(bundle: StampedBundle) -> None:
    bundle.without_renewal()
    bundle.anew()


@passes()
def the_time_stamps_over_the_note_are_left_out_and_those_of_the_log_are_not(bundle: StampedBundle) -> None:
    bundle.without_renewal()
    bundle.take(OF_SNAPSHOT)
    bundle.anew()


@passes()
def a_certificate_that_a_time_stamp_need_not_have_is_altered(bundle: StampedBundle) -> None:
    """The root, which is pinned. Which certificates come with a time stamp its signature does not say."""
    (path,) = bundle.responses(OF_LATER, "one")
    root = bundle.of.authorities["one"].root.public_bytes(Encoding.DER)
    at = bundle.files[path].index(root) + len(root) - 9
    bundle.files[path] = records.flipped(bundle.files[path], at)
    bundle.anew()


@passes()
def time_stamps_over_the_note_were_asked_for_anew(bundle: StampedBundle) -> None:
    """Two more, of now, with other nonces: the earliest count."""
    bundle.without_renewal()
    for authority in ("one", "two"):
        bundle.put(OF_SNAPSHOT, authority, bundle.of.reply(authority, bundle.message(OF_SNAPSHOT)))
    bundle.anew()


@passes()
def the_list_of_a_renewal_lacks_the_last_time_stamp(bundle: StampedBundle) -> None:
    """It can have come when the list was there already."""
    bundle.relist(bundle.listed.splitlines(keepends=True)[0])
    bundle.anew()
