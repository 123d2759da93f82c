"""Mutations of an evidence bundle with derivations and time stamps, by somebody without the key.

What is described anew has the list of hashes made anew, too.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial

from archiver.archive import Archive
from archiver.proving import prove_entry
from archiver.report import made, places
from archiver.seal import keys, note, published
from tests.tamper import records
from tests.tamper.mutations import Group
from tests.tamper.package import Whole

WHOLE: Group[Whole] = Group()
fails = WHOLE.fails
_FIRST, _SECOND, _KEY = "derivation-000000000004", "derivation-000000000005", "key-000000000006"
_OF_CONTENT = "entry note statement signature intent checkpoint inclusion consistency derivations timestamps interval"


def _files(pattern: str, bundle: Whole) -> list[str]:
    return [name for name in bundle.files if name.startswith(places.FOLDER + pattern)]


def _change(name: str, change: Callable[[bytes], bytes], bundle: Whole) -> None:
    bundle.change(name, change)


def _byte(data: bytes) -> bytes:
    return records.flipped(data, len(data) // 2)


# a byte, and nothing made anew


def _byte_of(pattern: str, bundle: Whole) -> None:
    name = _files(pattern, bundle)[0]
    bundle.files[name] = _byte(bundle.files[name])
    bundle.write()


for _pattern in (
    "README.txt",
    "SHA256SUMS",
    "chain.json",
    f"{_FIRST}.note",
    f"{_FIRST}.salt",
    f"{_FIRST}.tlog-proof",
    f"{_KEY}.note",
    "key.",
    "screenshot.png",
    "timestamp-before.2",
    "timestamp-before.checkpoint.txt",
    "timestamp-later.2",
    "timestamp-later.checkpoint.txt",
    "timestamp-later.snapshot.tlog-proof",
    "root.",
    "timestamp-snapshot.2",
    "timestamp-snapshot.renewal-001.2",
    "timestamp-snapshot.renewal-001.sums",
    "verify.sh",
):
    WHOLE.add(f"a byte of {_pattern} is changed", partial(_byte_of, _pattern), "all: package", may=_OF_CONTENT)


# files that follow from others


for _name in (places.README, places.SCRIPT, places.SCREENSHOT):
    WHOLE.add(f"a byte of {_name} is changed, and described anew", partial(_change, _name, _byte), "all: package")


def _missing(name: str, bundle: Whole) -> None:
    del bundle.files[name]
    bundle.describe()


for _name in (places.README, places.SCRIPT, places.SCREENSHOT):
    WHOLE.add(f"{_name} is missing", partial(_missing, _name), "all: package")


@fails("all: package")
def the_list_of_hashes_is_missing(bundle: Whole) -> None:
    del bundle.files[places.SUMS]
    bundle.describe()


@fails("all: package")
def the_list_of_hashes_lacks_a_file(bundle: Whole) -> None:
    bundle.files[places.SUMS] = b"".join(bundle.files[places.SUMS].splitlines(keepends=True)[1:])
    bundle.describe(anew=False)


@fails("all: package")
def the_list_of_hashes_has_another_hash(bundle: Whole) -> None:
    bundle.files[places.SUMS] = b"0" * 64 + bundle.files[places.SUMS][64:]
    bundle.describe(anew=False)


@fails("all: package")
def the_script_always_passes(bundle: Whole) -> None:
    bundle.change(places.SCRIPT, lambda _: b"#!/bin/sh\necho PASS\n")


@fails("all: package")
def the_readme_says_something_else_is_proven(bundle: Whole) -> None:
    bundle.change(places.README, lambda data: data.replace(b"WHAT IT DOES NOT PROVE", b"WHAT IT DOES PROVE"))


@fails("all: package")
def the_screenshot_is_another_picture(bundle: Whole) -> None:
    bundle.change(places.SCREENSHOT, lambda _: b"\x89PNG of something else")


@fails("all: package")
def a_public_key_for_openssl_is_another(bundle: Whole) -> None:
    (first, _) = _files("key.", bundle)
    bundle.change(first, lambda _: made.pem(keys.make("other").key))


@fails("all: package")
def a_public_key_for_openssl_is_added(bundle: Whole) -> None:
    other = keys.make("other").key
    bundle.files[f"{places.PUBLIC_KEYS}{other.short}.pem"] = made.pem(other)
    bundle.describe()


@fails("all: package")
def a_public_key_for_openssl_is_missing(bundle: Whole) -> None:
    _missing(_files("key.", bundle)[0], bundle)


@fails("all: report")
def the_report_says_something_else(bundle: Whole) -> None:
    bundle.change(places.REPORT, lambda data: data.replace(b"A page", b"Another page", 1))


@fails("all: report")
def the_report_is_another(bundle: Whole) -> None:
    bundle.change(places.REPORT, lambda _: b"<p>What nobody signed.")


@fails("all: report")
def the_report_runs_a_script(bundle: Whole) -> None:
    bundle.change(places.REPORT, lambda data: data.replace(b"<body>", b"<body><script>alert(1)</script>"))


@fails("all: package report")
def the_report_is_missing(bundle: Whole) -> None:
    """And the printed one is left, which nothing that is signed is about."""
    _missing(places.REPORT, bundle)


@fails("all: package")
def both_reports_are_missing(bundle: Whole) -> None:
    """The README says that they are there."""
    del bundle.files[places.PRINTED]
    _missing(places.REPORT, bundle)


@fails("all: package timestamps")
def a_file_lies_among_the_time_stamps(bundle: Whole) -> None:
    bundle.files[f"{places.OF_SNAPSHOT}more.html"] = b""
    bundle.describe()


@fails("all: package")
def time_stamps_of_something_else_are_added(bundle: Whole) -> None:
    (name, *_) = _files("timestamp-snapshot.2", bundle)
    bundle.files[name.replace("-snapshot", "-more")] = bundle.files[name]
    bundle.describe()


# where it comes from


@fails("all: derivations")
def the_chain_is_missing(bundle: Whole) -> None:
    _missing(places.CHAIN, bundle)


@fails("all: derivations")
def the_chain_names_another_source(bundle: Whole) -> None:
    bundle.change(places.CHAIN, lambda data: data.replace(b"http://source.test/", b"http://origin.test/"))


@fails("all: derivations")
def the_chain_says_verified_of_what_is_not(bundle: Whole) -> None:
    bundle.change(places.CHAIN, lambda data: data.replace(b'"unknown",\n      "same', b'"verified",\n      "same'))


def _restated(name: str, old: bytes, new: bytes, bundle: Whole) -> None:
    bundle.evidence(f"{name}.note", lambda data: data.replace(old, new))
    _rechain(bundle)


def _rechain(bundle: Whole) -> None:
    """The chain of the derivations that are there now."""
    statement = json.loads(bundle.files["evidence/snapshot.note"].partition(b"\n")[0])
    found = made.trail(statement["id"], made.statements(bundle.files))
    document = made.chain(statement, found) if found else None
    if document is None:
        del bundle.files[places.CHAIN]
    else:
        bundle.files[places.CHAIN] = document
    bundle.describe()


WHOLE.add(
    "a derivation names another source",
    partial(_restated, _FIRST, b"http://source.test/", b"http://origin.test/"),
    "all: derivations inclusion",
)
WHOLE.add(
    "a derivation has another status",
    partial(_restated, _FIRST, b'"status":"verified"', b'"status":"unknown"'),
    "all: derivations inclusion",
)


@fails("all: derivations inclusion")
def a_derivation_is_signed_with_another_key(bundle: Whole) -> None:
    other = keys.make((bundle.whole.keys).read_text().partition("+")[0])

    def signed(data: bytes) -> bytes:
        text = note.parse(data).text
        return note.render(text, [other.sign(text)])

    bundle.evidence(f"{_FIRST}.note", signed)


@fails("all: entry derivations")
def a_derivation_has_no_salt(bundle: Whole) -> None:
    """Its chain is that of the notes, so of what cannot be verified as well."""
    del bundle.files[f"evidence/{_FIRST}.salt"]
    del bundle.files[places.CHAIN]
    bundle.describe()


@fails("all: inclusion")
def a_derivation_has_the_salt_of_another(bundle: Whole) -> None:
    bundle.files[f"evidence/{_FIRST}.salt"] = bundle.files[f"evidence/{_SECOND}.salt"]
    bundle.describe()


@fails("all: entry inclusion")
def a_derivation_has_the_proof_of_another(bundle: Whole) -> None:
    bundle.files[f"evidence/{_FIRST}.tlog-proof"] = bundle.files[f"evidence/{_SECOND}.tlog-proof"]
    bundle.describe()


@fails("all: entry")
def a_derivation_is_called_one_of_another_entry(bundle: Whole) -> None:
    for kind in places.KINDS:
        name = f"evidence/{_FIRST}.{kind}"
        bundle.files[name.replace("04.", "03.")] = bundle.files.pop(name)
    _sorted(bundle)


@fails("all: package derivations")
def the_derivation_that_leads_to_the_next_is_left_out(bundle: Whole) -> None:
    """So the other is of a snapshot that nothing leads to."""
    for kind in places.KINDS:
        del bundle.files[f"evidence/{_FIRST}.{kind}"]
    _rechain(bundle)


@fails("all: derivations")
def a_derivation_is_proven_by_an_older_checkpoint(bundle: Whole) -> None:
    """Which has it, and is signed."""
    later = bundle.files[places.LATER_PROOF].partition(b"\n\n")[2]
    assert note.parse(later).text.split("\n")[1] == "7"
    _older(bundle, _SECOND)


def _older(bundle: Whole, name: str) -> None:
    with Archive(bundle.whole.settings) as archive:
        ring = archive.keyring()
        signed = published.at(archive.store, ring.current()[0].name, 6, lambda _: ring.current())
        assert signed is not None
        proof = prove_entry(archive, signed, int(name[-12:]))
    bundle.files[f"evidence/{name}.tlog-proof"] = proof.render()
    bundle.describe()


@fails("all: entry derivations")
def a_key_statement_is_called_a_derivation(bundle: Whole) -> None:
    for kind in places.KINDS:
        name = f"evidence/{_KEY}.{kind}"
        bundle.files[name.replace("key-", "derivation-")] = bundle.files[name]
    _sorted(bundle)


def _sorted(bundle: Whole) -> None:
    *first, last = (name for name in bundle.files if not name.startswith(places.FOLDER))
    names = [*first, *sorted(name for name in bundle.files if name.startswith(places.FOLDER)), last]
    bundle.files = {name: bundle.files[name] for name in names}
    bundle.describe()


# the log, later


@fails("all: package")
def the_later_checkpoint_is_missing(bundle: Whole) -> None:
    _missing(places.LATER, bundle)


@fails("all: package")
def the_proof_of_the_later_checkpoint_is_missing(bundle: Whole) -> None:
    _missing(places.LATER_PROOF, bundle)


@fails("all: package")
def the_later_checkpoint_is_the_one_before(bundle: Whole) -> None:
    bundle.change(places.LATER, lambda _: bundle.files[places.BEFORE])


@fails("all: package inclusion")
def the_later_proof_is_of_the_intent(bundle: Whole) -> None:
    bundle.change(places.LATER_PROOF, lambda _: bundle.files["evidence/intent.tlog-proof"])


@fails("all: package inclusion")
def the_later_proof_has_another_number(bundle: Whole) -> None:
    bundle.change(places.LATER_PROOF, lambda data: data.replace(b"index 3", b"index 2"))


@fails("all: inclusion")
def the_later_proof_lacks_a_hash(bundle: Whole) -> None:
    bundle.change(places.LATER_PROOF, lambda data: data.replace(data.split(b"\n")[2] + b"\n", b"", 1))


@fails("all: checkpoint")
def the_later_checkpoint_is_signed_by_somebody_else(bundle: Whole) -> None:
    def signed(data: bytes) -> bytes:
        head, _, rest = data.partition(b"\n\n")
        text = note.parse(rest).text
        return head + b"\n\n" + note.render(text, [keys.make(text.partition("\n")[0]).sign(text)])

    bundle.change(places.LATER_PROOF, signed)


@fails("all: timestamps")
def the_checkpoint_before_is_the_later_one(bundle: Whole) -> None:
    bundle.change(places.BEFORE, lambda _: bundle.files[places.LATER])


@fails("all: timestamps")
def the_checkpoint_before_is_missing(bundle: Whole) -> None:
    _missing(places.BEFORE, bundle)


@fails("all: timestamps")
def a_root_certificate_is_another_s(bundle: Whole) -> None:
    one, two = _files("root.", bundle)
    bundle.change(one, lambda _: bundle.files[two])


@fails("all: timestamps")
def a_root_certificate_has_words_before_it(bundle: Whole) -> None:
    bundle.change(_files("root.", bundle)[0], lambda data: b"Trust this one:\n" + data)


@fails("all: timestamps")
def a_root_certificate_is_none(bundle: Whole) -> None:
    bundle.change(_files("root.", bundle)[0], lambda _: b"none")


# keys


@fails("all: entry")
def a_key_statement_is_called_one_of_another_entry(bundle: Whole) -> None:
    for kind in places.KINDS:
        name = f"evidence/{_KEY}.{kind}"
        bundle.files[name.replace("06.", "05.")] = bundle.files.pop(name)
    _sorted(bundle)


@fails("all: package entry")
def a_key_statement_is_altered(bundle: Whole) -> None:
    """So that another key is added, of which the file for openssl is left."""
    other = keys.make(bundle.whole.keys.read_text().partition("+")[0]).key.text

    def altered(data: bytes) -> bytes:
        statement = json.loads(data.partition(b"\n")[0])
        return data.replace(statement["key"].encode(), other.encode())

    bundle.evidence(f"{_KEY}.note", altered)
