"""The section on the seal: the statement's place in the log, the keys, every time stamp."""

from __future__ import annotations

import base64

from archiver.report import places, reading, wording
from archiver.report.facts import Facts, Stamp
from archiver.report.foreign import digest, exact, words
from archiver.report.markup import Content, Markup, el, join, listed, moment, pairs, paragraph, table

_OVER = {
    places.BEFORE: "Of an earlier state of the log,",
    places.LATER: "Of a later state of the log,",
    places.member(places.SNAPSHOT, "note"): "Of the signed statement,",
}
_MAX_KEYS = 20
_MAX_STAMPS = 100


def seal(facts: Facts) -> Markup:
    return join(
        [
            paragraph(
                "What was recorded is named by its SHA-256 digests in a statement. The statement is signed (Ed25519), "
                "and has a place in a log that can only grow. Whoever has the public key, received from the operator "
                "on another way than this file, finds any alteration. Whoever holds the private key could sign another "
                "history; that is found by those who saw the log before."
            ),
            pairs(_rows(facts)),
            el("h3", "Time stamps"),
            *_stamps(facts.stamps),
        ]
    )


def _rows(facts: Facts) -> list[tuple[str, Content]]:
    announced = reading.moment(facts.intent or {}, "started_at")
    before: list[Content] = ["none is at hand" if facts.intent_index is None else f"entry {facts.intent_index:,}"]
    if facts.intent_index is not None and announced is not None:
        before += [", ", moment(announced.replace(microsecond=0)), " by the operator’s clock"]
    keys = join([exact(key, 300) for key in facts.keys[:_MAX_KEYS]], el("br"))
    return [
        ("Statement", join(["of snapshot ", exact(reading.text(facts.statement, "id"), 200)])),
        ("Its place in the log", f"entry {facts.log_index:,}"),
        ("Announcement of the visit", join(before)),
        ("Name of the log", exact(facts.origin, 300)),
        ("Size of the log here", wording.counted(facts.log_size, "entry", "entries")),
        ("Root over all of them", join([exact(base64.b64encode(facts.root).decode()), " (SHA-256, in base64)"])),
        ("Keys of the log", keys if facts.keys else "none is at hand"),
    ]


def _stamps(stamps: tuple[Stamp, ...]) -> list[Markup]:
    if not stamps:
        return [paragraph("There are none: no independent authority attests a time.", class_="caution")]
    parts = [
        paragraph(
            "A time stamp (RFC 3161) is an authority’s signed word that certain bytes existed at a moment. Here is "
            "what the stamps say. ",
            el("a", "Checking them", href="#check"),
            " shows whether that can be believed.",
        ),
        table("stamps", ("Time and authority", "Details"), [_stamp(stamp) for stamp in stamps[:_MAX_STAMPS]]),
    ]
    if len(stamps) > _MAX_STAMPS:
        parts.append(paragraph(f"And {len(stamps) - _MAX_STAMPS:,} more, not listed here.", class_="rest"))
    return parts


def _stamp(stamp: Stamp) -> tuple[Content, ...]:
    accuracy = "accuracy not said" if stamp.accuracy is None else f"accurate to {wording.length(stamp.accuracy)}"
    first: list[Content] = [
        moment(stamp.time),
        el("small", accuracy),
        words(stamp.authority, 100),
        el("small", words(stamp.signer, 300)),
    ]
    details: list[Content] = [
        join([_OVER.get(stamp.over, "Of"), " ", exact(stamp.over, 300)]),
        join(["Response ", exact(stamp.file, 300)]),
        # In hexadecimal: Python refuses to write decimals of thousands of digits.
        join(["Serial number ", exact(f"{stamp.serial:#x}", 200)]),
        join(["Policy ", exact(stamp.policy, 200)]),
        join(["Certificate valid until ", moment(stamp.signer_expires.replace(microsecond=0))]),
        join(["Root certificate ", digest(stamp.root_sha256)])
        if stamp.root_sha256
        else "No root certificate in the bundle makes it good, so it counts for nothing here",
    ]
    return listed(first, "plain"), listed(details, "plain")
