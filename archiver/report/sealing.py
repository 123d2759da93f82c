"""The sections of a report on the seal: when and by whom, the log, the files, how to check, and the limits."""

from __future__ import annotations

import base64
import shlex
from collections.abc import Iterable
from datetime import datetime, timedelta
from math import ceil

from archiver.report import reading, wording
from archiver.report.facts import Facts, Stamp
from archiver.report.foreign import digest, exact, words
from archiver.report.markup import Content, Markup, el, join, listed, pairs, paragraph, table
from archiver.seal.interval import WANTED, Interval

_MAX_STAMPS = 100
_MAX_COMMANDS = 20
_MAX_FILES = 500
_ROLES = {
    "warc": "Everything that was recorded (WARC)",
    "cdxj": "Index of that file",
    "dom": "The page’s elements as they stood",
    "text": "The page’s visible text",
    "screenshot": "Picture of the first view",
    "full_screenshot": "Picture of the whole page",
    "pdf": "The page as it prints",
}


def when(facts: Facts) -> Markup:
    said, found = facts.statement, facts.interval
    began, ended = reading.moment(said, "started_at"), reading.moment(said, "ended_at")
    rows: list[tuple[Content, ...]] = [
        ("Sealed after", _moment(found.after), _who(found.after_by)),
        ("The visit began", _moment(began), "the clock of the capturing machine"),
        ("The visit ended", _moment(ended), "the clock of the capturing machine"),
        ("Sealed before", _moment(found.before), _who(found.before_by)),
    ]
    parts: list[Content] = [
        paragraph(*_sealed(found), class_="lead"),
        table("times", ("What", "When", "Who says so"), rows),
        paragraph(
            "The interval is when the record was ", el("em", "sealed"), ". That the visit lies in it is the operator’s "
            "claim: somebody could seal today what was recorded long ago. After it was sealed, nothing could be "
            "altered unseen, not by the operator either."
        ),
        *_doubts(found, began, ended),
    ]  # fmt: skip
    if found.after is not None or found.before is not None:
        parts.append(
            paragraph(
                "How it is known: the statement names an earlier state of the log that authorities had given time "
                "stamps (RFC 3161), so it was made after them; and authorities gave time stamps to the statement "
                "itself, so it was there before them. Each end is one that two independent authorities agree on, so "
                "that it holds as long as one of the two is honest and its clock is right."
            )
        )
    return join(parts)


def _moment(moment: datetime | None) -> Content:
    return "not attested" if moment is None else wording.moment(moment)


def _who(names: tuple[str, ...]) -> Content:
    if not names:
        return "nobody"
    both = join([words(name, 100) for name in names[:10]], " and ")
    return both if len(names) >= WANTED else join([both, ", alone"])


def _sealed(found: Interval) -> Iterable[Content]:
    if found.after is None and found.before is None:
        yield "No independent authority attests when this was sealed. It rests on the operator’s clock and word alone."
        return
    yield "Sealed "
    if found.after is not None:
        yield join(["after ", el("strong", wording.moment(found.after)), " (", _who(found.after_by), ")"])
    if found.after is not None and found.before is not None:
        yield " and "
    if found.before is not None:
        yield join(["before ", el("strong", wording.moment(found.before)), " (", _who(found.before_by), ")"])
    if found.after is not None and found.before is not None and found.after <= found.before:
        yield f": within {wording.length(found.before - found.after)}"
    yield "."


def _doubts(found: Interval, began: datetime | None, ended: datetime | None) -> Iterable[Markup]:
    doubts: list[Content] = []
    if not found.is_possible:
        doubts.append(
            "The two ends contradict each other: what was sealed after the first moment cannot have been there before "
            "the second. At least one authority is wrong."
        )
    if found.after is not None or found.before is not None:
        if found.after is None:
            doubts.append("No authority attests since when it can have been sealed.")
        if found.before is None:
            doubts.append("No authority attests until when it was sealed.")
    for names, end in ((found.after_by, "first"), (found.before_by, "second")):
        if len(names) == 1:
            doubts.append(
                join([f"The {end} moment is attested by one authority only (", words(names[0], 100), "), where there "
                      "should be two. It holds only if that one is honest and its clock is right."])
            )  # fmt: skip
    if began is not None and found.after is not None and began < found.after:
        doubts.append("By the clock of the capturing machine, the visit began before that interval.")
    if ended is not None and found.before is not None and ended > found.before:
        doubts.append("By the clock of the capturing machine, the visit ended after that interval.")
    if doubts:
        yield listed(doubts, "caution")


def seal(facts: Facts) -> Markup:
    said = facts.statement
    root = base64.b64encode(facts.root).decode()
    intent = "none is at hand" if facts.intent_index is None else f"entry {facts.intent_index:,}{_announced(facts)}"
    rows: list[tuple[str, Content]] = [
        ("Statement", join(["on snapshot ", exact(reading.text(said, "id"), 200)])),
        ("In the log", f"entry {facts.log_index:,}"),
        ("Announced before the visit", intent),
        ("Log", exact(facts.origin, 300)),
        ("Its state here", f"{wording.counted(facts.log_size, 'entry', 'entries')}"),
        ("Root over them", join([exact(root), " (SHA-256, base64)"])),
        (
            "Keys that the log began with" if len(facts.keys) != 1 else "Key that the log began with",
            join([exact(key, 300) for key in facts.keys[:20]], el("br")) if facts.keys else "none",
        ),
    ]
    parts: list[Content] = [
        paragraph(
            "What was recorded is named by its SHA-256 digests in a statement. The statement is signed (Ed25519) and "
            "has a place in a log that can only grow. Whoever has the public key, received from the operator on "
            "another way than this file, finds any alteration. Whoever holds the private key could sign another "
            "history; that is found by those who saw the log before."
        ),
        pairs(rows),
        el("h3", "Time stamps"),
    ]
    if not facts.stamps:
        parts.append(paragraph("There are none: no independent authority attests a time.", class_="caution"))
        return join(parts)
    parts.append(
        paragraph(
            "A time stamp is an authority’s signed word that certain bytes existed at a moment. The rows tell what the "
            "responses say; whether they can be believed, ", el("a", "checking", href="#check"), " shows."
        )
    )  # fmt: skip
    columns = ("Time", "Authority", "Over which file", "Details")
    parts.append(table("stamps", columns, [_stamp(stamp) for stamp in facts.stamps[:_MAX_STAMPS]]))
    if len(facts.stamps) > _MAX_STAMPS:
        parts.append(paragraph(f"And {len(facts.stamps) - _MAX_STAMPS:,} more.", class_="rest"))
    return join(parts)


def _announced(facts: Facts) -> str:
    moment = reading.moment(facts.intent or {}, "started_at")
    return "" if moment is None else f", {wording.second(moment)} by the operator’s clock"


def _stamp(stamp: Stamp) -> tuple[Content, ...]:
    accuracy = "accuracy not said" if stamp.accuracy is None else f"accurate to {wording.length(stamp.accuracy)}"
    details: list[Content] = [
        join(["Response ", exact(stamp.file, 300)]),
        join(["Serial number ", exact(_serial(stamp.serial), 200)]),
        join(["Policy ", exact(stamp.policy, 200)]),
        f"Certificate valid until {wording.minute(stamp.signer_expires)}",
        join(["Root ", digest(stamp.root_sha256)]) if stamp.root_sha256 else "Its root is not in the bundle",
    ]
    return (
        join([wording.moment(stamp.time), el("br"), el("small", accuracy)]),
        join([words(stamp.authority, 100), el("br"), el("small", words(stamp.signer, 300))]),
        exact(stamp.over, 300),
        listed(details, "plain"),
    )


def _serial(number: int) -> str:
    # In hexadecimal: a decimal of thousands of digits is one that Python refuses to write.
    return f"{number:#x}"


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
        el("h3", "Named in the signed statement"),
        paragraph("The first is a file of its own, and so is its index; the others are records inside of it."),
        table("files", ("What", "Size", "SHA-256"), signed),
        *_rest(len(listing)),
    ]
    if facts.files:
        rows: list[tuple[Content, ...]] = [
            (exact(each.path, 300), _size(each.size_bytes), digest(each.sha256)) for each in facts.files[:_MAX_FILES]
        ]
        parts += [
            el("h3", "In the bundle"),
            paragraph("This report cannot name its own digest; ", exact("evidence/SHA256SUMS"), " does."),
            table("files", ("File", "Size", "SHA-256"), rows),
            *_rest(len(facts.files)),
        ]
    return join(parts)


def _rest(count: int) -> Iterable[Markup]:
    if count > _MAX_FILES:
        yield paragraph(f"And {count - _MAX_FILES:,} more.", class_="rest")


def _size(count: int | None) -> Content:
    if count is None:
        return "not stated"
    told = wording.size(count)
    return told if count < 1000 else join([told, el("br"), el("small", f"{count:,} bytes")])


def check(facts: Facts) -> Markup:
    parts: list[Content] = [
        paragraph(
            "This report is made from the evidence and is not itself the evidence. It repeats what is stated there, "
            "and does not check it. Each of the following does, without a network and without trusting us."
        ),
        el("h3", "With the tools of any Linux or Unix"),
        paragraph(
            "The file that this report came in is a ZIP. Unpack it in a folder of its own, read the script, and run it:"
        ),
        _command("unzip -q FILE -d bundle", "cd bundle", "sh evidence/verify.sh"),
        el("h3", "With archiver"),
        paragraph(
            exact("keys.txt"), " has the public keys of the archive, received from the operator on another way than "
            "this file. Without them the answer can be UNDETERMINED at best, and rightly so."
        ),
        _command("archiver verify --trust keys.txt FILE"),
    ]  # fmt: skip
    if facts.stamps:
        expires = min(stamp.signer_expires for stamp in facts.stamps)
        parts += [
            el("h3", "The time stamps, with openssl"),
            paragraph(
                "In the folder of the unpacked bundle; each must end with ", exact("Verification: OK"), ". ",
                exact("-attime"), " has the certificates judged as of the time of the stamp. Without it openssl "
                f"refuses a good stamp once its certificate has expired: the first on {wording.minute(expires)}. "
                "Compare the roots with those that the authorities publish: who brings a stamp could bring a root of their own."
            ),
            _command(*(_openssl(stamp) for stamp in facts.stamps[:_MAX_COMMANDS])),
        ]  # fmt: skip
        if len(facts.stamps) > _MAX_COMMANDS:
            parts.append(paragraph(f"And likewise for {len(facts.stamps) - _MAX_COMMANDS:,} more.", class_="rest"))
    parts.append(
        paragraph(
            "The digest of a file is shown by ", exact("sha256sum FILE"), ", and must be the one that the statement "
            "names. The statement is the first line of ", exact("evidence/snapshot.note"), "."
        )
    )  # fmt: skip
    return join(parts)


def _openssl(stamp: Stamp) -> str:
    root = shlex.quote(stamp.root_file) if stamp.root_file else "ROOT.pem"
    at = ceil(stamp.time.timestamp())
    return (
        f"openssl ts -verify -in {shlex.quote(stamp.file)} -data {shlex.quote(stamp.over)} -CAfile {root} -attime {at}"
    )


def _command(*lines: str) -> Markup:
    return el("pre", join([exact(line, 1000) for line in lines], "\n"), class_="command")


def limits(_: Facts) -> Markup:
    return join(
        [
            paragraph(
                "This record ", el("em", "supports"), " that the page was published at that address in this form. It "
                "does not prove it by itself, and no tool can."
            ),
            listed(
                [
                    "It is one visit, from one place, at one moment, by one browser. A page may show others something "
                    "else: by country, device, log-in or experiment, or on purpose to hide (“cloaking”).",
                    "Whoever controlled the capturing machine could have fed its browser a forged page before anything "
                    "was sealed. The recorded addresses and certificates make that harder to hide, not impossible.",
                    "The time of the visit is that of the capturing machine’s clock. What others attest is when the "
                    "record was sealed.",
                    "The holder of the private key can leave entries out and sign the log again. That is found by "
                    "those who have an earlier checkpoint of the log from elsewhere.",
                    "It does not show that the page told the truth, or who wrote it. Nor does it show that there was "
                    "no other capture.",
                    "A key has no name. Whose it is, you know from whoever gave it to you.",
                ]
            ),
        ]
    )  # fmt: skip


def sealed_briefly(found: Interval) -> Markup:
    """The interval in one line, for the head of a report."""
    return join(list(_sealed(found)))


def visited(facts: Facts) -> Content:
    """When the visit was, in one line."""
    began = reading.moment(facts.statement, "started_at")
    ended = reading.moment(facts.statement, "ended_at")
    if began is None:
        return "at a time that is not stated"
    took = (
        ""
        if ended is None or ended < began
        else f", in {wording.length(timedelta(seconds=round((ended - began).total_seconds())))}"
    )
    return f"{wording.second(began)}, by the clock of the capturing machine{took}"
