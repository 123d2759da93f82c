"""The sections for whoever does not want to believe a report: digests of all files, commands, and what stays open."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from math import ceil

from archiver.report import places, reading, wording
from archiver.report.facts import Facts, Stamp
from archiver.report.foreign import digest, exact
from archiver.report.markup import Content, Markup, el, join, listed, moment, paragraph, table

_MAX_FILES = 500
_MAX_COMMANDS = 20
_ROLES = {
    "warc": "All that was recorded (WARC)",
    "cdxj": "Index of that file",
    "dom": "Elements of the page",
    "text": "Visible text of the page",
    "screenshot": "Picture of the first view",
    "full_screenshot": "Picture of the whole page",
    "pdf": "The page as it prints",
}


def files(facts: Facts) -> Markup:
    listing = reading.objects(facts.statement, "artifacts")
    signed: list[tuple[Content, ...]] = [
        (
            _ROLES.get(reading.text(each, "role")) or exact(reading.text(each, "role"), 100),
            _size(reading.whole(each, "bytes")),
            digest(reading.text(each, "sha256")),
        )
        for each in listing[:_MAX_FILES]
    ]
    parts: list[Content] = [
        paragraph("A SHA-256 digest is a fingerprint: a file that differs by one letter has another."),
        el("h3", "Named in the signed statement"),
        table("files", ("What", "Size", "SHA-256"), signed),
        *_rest(len(listing)),
        paragraph(
            "The first is ",
            exact(places.WARC),
            " in the bundle, and its index ",
            exact(places.INDEX),
            ". The others are records in the first.",
        ),
    ]
    if facts.files:
        rows: list[tuple[Content, ...]] = [
            (exact(each.path, 300), _size(each.size_bytes), digest(each.sha256)) for each in facts.files[:_MAX_FILES]
        ]
        parts += [
            el("h3", "In the bundle"),
            table("files", ("File", "Size", "SHA-256"), rows),
            *_rest(len(facts.files)),
            paragraph("This report cannot name its own digest; ", exact(places.SUMS), " does."),
        ]
    return join(parts)


def _rest(count: int) -> Iterable[Markup]:
    if count > _MAX_FILES:
        yield paragraph(f"And {count - _MAX_FILES:,} more, not listed here.", class_="rest")


def _size(count: int | None) -> Content:
    if count is None:
        return "not stated"
    told = wording.size(count)
    return told if count < 1000 else join([told, el("br"), el("small", f"{count:,} bytes")])


def check(facts: Facts) -> Markup:
    return join(
        [
            paragraph(
                "This report is made from the evidence and is not the evidence. It repeats what is stated there, and "
                "checks nothing. Each of the following ways does, without a network, and without trusting whoever made "
                "it."
            ),
            el("h3", "With the tools of any Linux or Unix"),
            paragraph(
                "The file that this report came in is a ZIP. Unpack it in a folder of its own, read the script, and "
                "run it:"
            ),
            _commands("unzip -q FILE -d bundle", "cd bundle", f"sh {places.SCRIPT}"),
            el("h3", "With the program archiver"),
            paragraph(
                exact("keys.txt"),
                " holds the public keys of the archive, received from the operator on another way than this file. "
                "Without them the answer is UNDETERMINED at best, and rightly so.",
            ),
            _commands("archiver verify --trust keys.txt FILE"),
            el("h3", "File by file"),
            paragraph(
                "This prints the digest of a file, which must be the one that the statement names. The statement is "
                "the first line of ",
                exact(places.member(places.SNAPSHOT, "note")),
                ".",
            ),
            _commands(f"sha256sum {places.WARC}"),
            *_with_openssl(facts.stamps),
        ]
    )


def _with_openssl(stamps: tuple[Stamp, ...]) -> Iterable[Markup]:
    if not stamps:
        return
    expires = min(stamp.signer_expires for stamp in stamps)
    yield el("h3", "Time stamps, with openssl")
    yield paragraph(
        "In the folder of the unpacked bundle, each of these must say ",
        exact("Verification: OK"),
        ". Compare the roots with those that the authorities publish: whoever brings a stamp could bring a root of "
        "their own.",
    )
    yield _commands(*(_openssl(stamp) for stamp in stamps[:_MAX_COMMANDS]))
    if len(stamps) > _MAX_COMMANDS:
        yield paragraph(f"And likewise for {len(stamps) - _MAX_COMMANDS:,} more.", class_="rest")
    yield paragraph(
        exact("-attime"),
        " has the certificates judged as of the time of the stamp. Without it openssl refuses a good stamp once its "
        "certificate has expired, which the first of these does on ",
        moment(expires.replace(microsecond=0)),
        ".",
    )


def _openssl(stamp: Stamp) -> str:
    root = shlex.quote(stamp.root_file) if stamp.root_file else "ROOT.pem"
    data, response = shlex.quote(stamp.over), shlex.quote(stamp.file)
    return f"openssl ts -verify -data {data} -in {response} -CAfile {root} -attime {ceil(stamp.time.timestamp())}"


def _commands(*lines: str) -> Markup:
    return el("ul", *(el("li", exact(line, 1000)) for line in lines), class_="commands")


def limits(_: Facts) -> Markup:
    return join(
        [
            paragraph(
                "This record ",
                el("em", "supports"),
                " that the page was published at that address in this form. It does not prove it by itself, and no "
                "tool can.",
                class_="lead",
            ),
            listed(
                [
                    "It is one visit, from one place, at one moment, by one browser. A page may show others something "
                    "else: by country, device, log-in or experiment, or in order to hide.",
                    "Whoever controlled the capturing machine could have fed its browser a forged page before anything "
                    "was sealed. The recorded addresses and certificates make that harder to hide, not impossible.",
                    "The time of the visit is that of the capturing machine’s clock. What others attest is when the "
                    "record was sealed.",
                    "The holder of the private key can leave entries out and sign the log again. That is found by "
                    "those who have an earlier checkpoint of the log from elsewhere.",
                    "It does not show that the page told the truth, or who wrote it; nor that there was no other "
                    "capture.",
                    "A key has no name. Whose it is, you know from whoever gave it to you.",
                ]
            ),
        ]
    )
