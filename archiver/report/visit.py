"""The sections of a report on the visit: the page, what was recorded, the connections, the browser."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from itertools import islice

from archiver.report import reading, wording
from archiver.report.facts import Facts
from archiver.report.foreign import address, digest, exact, words
from archiver.report.markup import Content, Markup, el, join, listed, moment, pairs, paragraph, table
from archiver.report.reading import Json

_MAX_MISSING = 100
_MAX_SERVERS = 60
_MAX_WARNINGS = 100
_LISTED_URL = 300

_HOST = re.compile(r"[a-z]+://(?:[^/?#@]*@)?(?:\[([^]/]*)\]|([^/:?#]*))")

_OUTCOMES = {
    "complete": "Complete: the visit went through all its steps.",
    "partial": "Partial: something that belongs into a complete capture is missing. The warnings say what.",
    "failed": "Failed.",
}
_RESULTS = {
    "recorded": "answered, and recorded whole",
    "truncated": "answered, and recorded in part",
    "cached": "answered from what the browser had already received in this visit; nothing new came",
    "internal": "answered by the browser itself, without the network",
    "failed": "asked for, and no answer came",
    "refused": "refused by archiver before anything was sent, as the address is not a public one",
}
#: of these something is lacking
MISSING = ("truncated", "failed", "refused")


def page(facts: Facts) -> Markup:
    said = facts.statement
    main = reading.part(said, "main_document")
    rows: list[tuple[str, Content]] = [
        ("Title", words(reading.text(said, "title")) if reading.text(said, "title") else "(the page has none)"),
        ("Address asked for", address(reading.text(said, "requested_url"))),
        ("Address shown in the end", address(reading.text(said, "final_url"))),
        ("Redirects on the way", _number(reading.whole(said, "redirects"))),
        ("Answer of the server", _status(reading.whole(main, "status"))),
        ("Outcome", _outcome(reading.text(said, "outcome"))),
    ]
    named = (("Case", "case"), ("Operator", "operator"), ("Reason given", "reason"))
    rows += [(label, words(reading.text(said, key))) for label, key in named if reading.text(said, key)]
    rows += _planned(reading.part(reading.part(said, "job"), "schedule"))
    tags = reading.texts(said, "tags")
    if tags:
        rows.append(("Tags", join([words(tag, 100) for tag in tags[:100]], ", ")))
    return join([pairs(rows), *_warnings(reading.objects(said, "warnings"))])


def _planned(schedule: Json) -> Iterable[tuple[str, Content]]:
    """For which time of which schedule the capture was made."""
    number, due = reading.whole(schedule, "seq"), reading.moment(schedule, "due")
    if number is not None and due is not None:
        told: list[Content] = [words(reading.text(schedule, "name"), 200), f", number {number:,}, due on ", moment(due)]
        yield "Made for the schedule", join(told)


def _number(value: int | None) -> str:
    return "not stated" if value is None else "none" if value == 0 else f"{value:,}"


def _status(status: int | None) -> str:
    if status is None:
        return "none is stated"
    meaning = "success" if 200 <= status < 300 else "an error" if status >= 400 else "neither success nor an error"
    return f"HTTP status {status} ({meaning})"


def _outcome(outcome: str) -> Content:
    return _OUTCOMES.get(outcome) or words(outcome)


def _warnings(warnings: list[Json]) -> Iterable[Markup]:
    if not warnings:
        yield paragraph("There were no warnings.")
        return
    yield el("h3", "Warnings")
    yield listed(
        join([words(reading.text(each, "message")), " (", exact(reading.text(each, "code"), 100), ")"])
        for each in warnings[:_MAX_WARNINGS]
    )
    yield from _rest(len(warnings) - _MAX_WARNINGS, "warning")


def _rest(count: int, one: str) -> Iterable[Markup]:
    if count > 0:
        yield paragraph(f"And {wording.counted(count, f'more {one}')}, not listed here.", class_="rest")


def recorded(facts: Facts) -> Markup:
    counts = reading.part(facts.statement, "exchanges")
    total = reading.whole(counts, "total")
    parts: list[Content] = [
        paragraph(
            "To show a page, a browser asks for many things: the text, pictures, scripts, advertisements. Each "
            "question and its answer is an ",
            el("dfn", "exchange"),
            ". "
            + (
                "How many there were is not stated."
                if total is None
                else f"The browser began {wording.counted(total, 'exchange')}. Each ended in one of these ways:"
            ),
        )
    ]
    known = [name for name in _RESULTS if reading.whole(counts, name)]
    others = sorted(name for name in counts if name not in _RESULTS and name != "total")
    rows: list[tuple[Content, ...]] = [(f"{reading.whole(counts, name):,}", _RESULTS[name]) for name in known]
    rows += [(_number(reading.whole(counts, name)), exact(name, 100)) for name in others[:20]]
    parts.append(table("counts", ("How many", "What became of them"), rows))
    parts += _missing(facts.exchanges, any(reading.whole(counts, name) for name in MISSING))
    return join(parts)


def _missing(document: Json | None, is_any: bool) -> Iterable[Markup]:
    """What was not recorded, or not whole."""
    yield el("h3", "What was not recorded")
    if document is None:
        yield paragraph(
            "The list of all exchanges is not at hand here, so what was not recorded is counted above, and not named."
            if is_any
            else "Nothing: no exchange failed, was refused or was cut short.",
        )
        return
    missing = [each for each in reading.objects(document, "exchanges") if reading.text(each, "result") in MISSING]
    if missing:
        yield paragraph("These were asked for by the page, and are lacking in the record, whole or in part:")
        yield table(
            "missing",
            ("Address", "What happened"),
            [(address(reading.text(each, "url"), _LISTED_URL), _why(each)) for each in missing[:_MAX_MISSING]],
        )
        yield from _rest(len(missing) - _MAX_MISSING, "exchange")
    else:
        yield paragraph("Nothing that the page asked for: no exchange failed, was refused or was cut short.")
    own = len(reading.objects(document, "browser_own_traffic"))
    if own:
        yield paragraph(
            f"Besides, the browser itself asked for {wording.counted(own, 'thing')}, such as updates of its own. That "
            "is no part of the page and was not recorded."
        )


def _why(each: Json) -> Markup:
    result = reading.text(each, "result")
    reasons = dict.fromkeys(text for key in ("reason", "net_error") if (text := reading.text(each, key)))
    if not reasons:
        return join([_RESULTS[result]])
    return join([_RESULTS[result], ": ", join([words(text, _LISTED_URL) for text in reasons], ", ")])


def connections(facts: Facts) -> Markup:
    said = reading.part(facts.statement, "main_document")
    if not said:
        return paragraph("The page itself gave no answer, so there is no connection to tell of.")
    made = _main_connection(facts.exchanges, said)
    rows: list[tuple[str, Content]] = [
        ("Connected to", _place(said, made)),
        *_names(made),
        ("Encryption", _encryption(said)),
        ("Certificate", _certificate(said)),
        (
            "SHA-256 of the answer",
            digest(reading.text(said, "sha256")) if reading.text(said, "sha256") else "no body came",
        ),
    ]
    if opened := reading.moment(made, "opened_at"):
        rows.append(
            ("Opened", join([moment(opened.replace(microsecond=0)), ", by the clock of the capturing machine"]))
        )
    parts: list[Content] = [paragraph("The page itself came over this connection:"), pairs(rows)]
    if facts.exchanges is not None:
        parts += _servers(facts.exchanges)
    return join(parts)


def _main_connection(document: Json | None, main: Json) -> Json:
    """The connection that brought the main document; empty where that cannot be told."""
    if document is None:
        return {}
    numbers = [
        reading.whole(each, "connection")
        for each in reading.objects(document, "exchanges")
        if reading.text(each, "url") == reading.text(main, "url")
        and reading.whole(each, "status") == reading.whole(main, "status")
        and reading.text(each, "response_body_sha256") == reading.text(main, "sha256")
    ]
    for each in reading.objects(document, "connections"):
        if numbers and numbers[0] is not None and reading.whole(each, "number") == numbers[0]:
            return each
    return {}


def _place(said: Json, made: Json) -> Content:
    ip = reading.text(said, "address")
    port = reading.whole(made, "remote_port")
    if not ip:
        return "an address that is not stated"
    return join([exact(ip, 100), "" if port is None else f", port {port}"])


def _names(made: Json) -> Iterable[tuple[str, Content]]:
    host, resolver = reading.text(made, "host"), reading.text(made, "resolver")
    if not host:
        return
    yield "Name looked up", exact(host, 300)
    answers = reading.objects(made, "answers")
    by = {
        "override": "the operator’s own rule, not the name system",
        "literal": "nobody: the address itself stands in the URL",
        "proxy": "the proxy that the visit went through",
    }.get(resolver)
    given: list[Content] = [exact(reading.text(each, "address"), 100) for each in answers[:20]]
    yield (
        "Addresses given for it",
        join(
            [
                join(given, ", ") if given else "none are recorded",
                "; by ",
                by or join(["name server ", exact(resolver, 100)]),
            ]
        )
        if resolver
        else (join(given, ", ") if given else "none are recorded"),
    )


def _encryption(said: Json) -> Content:
    version, cipher = reading.text(said, "tls_version"), reading.text(said, "tls_cipher")
    if not version:
        return "none: the page came over plain HTTP, so anybody on the way could have altered it"
    return join([exact(version, 100), ", ", exact(cipher, 100)])


def _certificate(said: Json) -> Content:
    sha256 = reading.text(said, "certificate_sha256")
    if not sha256:
        return "none was presented"
    verified, error = reading.flag(said, "certificate_verified"), reading.text(said, "certificate_error")
    if verified is True:
        told: Content = "The browser verified it: it is valid for this name, and a known authority vouches for it."
    elif verified is False:
        told = join(
            ["The browser did not accept it as valid", ": " if error else "", words(error) if error else "", "."]
        )
    else:
        told = "Whether the browser verified it is not recorded."
    return join(["SHA-256 ", digest(sha256), el("br"), told])


def _servers(document: Json) -> Iterable[Markup]:
    """All that the browser connected to for the page, each once; and for what else it wanted to."""
    wanted = {_host(reading.text(each, "url")) for each in reading.objects(document, "exchanges")}
    made = reading.objects(document, "connections")
    found = Counter(_server(each) for each in made if reading.text(each, "host").strip("[]") in wanted)
    yield el("h3", "Servers that the page made the browser ask")
    yield table(
        "servers",
        ("Server", "Address", "Encryption", "Connections"),
        [
            (
                exact(f"{host}:{port}", _LISTED_URL),
                exact(ip, 100) if ip else words(outcome, 100),
                exact(tls, 100) if tls else "none",
                f"{count:,}",
            )
            for (host, port, ip, outcome, tls), count in islice(found.items(), _MAX_SERVERS)
        ],
    )
    yield from _rest(len(found) - _MAX_SERVERS, "server")
    others = len(made) - found.total()
    if others:
        yield paragraph(
            f"{wording.counted(others, 'more connection')} {'was' if others == 1 else 'were'} of the browser’s own.",
            class_="rest",
        )


def _host(url: str) -> str:
    """The host of an address as a browser writes it. `urllib` takes what it takes by its version."""
    found = _HOST.match(url)
    return found[1] or found[2] if found else ""


def _server(each: Json) -> tuple[str, int | None, str, str, str]:
    return (
        reading.text(each, "host"),
        reading.whole(each, "port"),
        reading.text(each, "address"),
        reading.text(each, "outcome"),
        reading.text(each, "tls_version"),
    )


_ALTERED = (
    ("resolution_altered", "Some names were sent to addresses that the operator chose, and not to those that the name "
     "system gives. A page of a name that was sent elsewhere need not be what the public sees under that name."),
    ("trust_altered", "The browser trusted a certificate authority of the operator’s choice besides the usual ones."),
    ("certificates_unchecked", "Servers with invalid certificates were accepted, so a server may have been another "
     "than its name says."),
    ("guard_lifted", "Addresses in private networks were allowed, which archiver refuses otherwise."),
    ("credentialed", "The visit was made with a saved session, as by somebody who is logged in. Others may not see the "
     "same, and the record holds what logs in."),
)  # fmt: skip
_PROXIED = "The visit went through a proxy, which could alter what is not encrypted, and which looked the names up."


def conditions(facts: Facts) -> Markup:
    said = facts.statement
    under = reading.part(said, "conditions")
    flags = [(reading.flag(said, name), told) for name, told in _ALTERED]
    flags.append((reading.flag(under, "proxied"), _PROXIED))
    altered = [told for is_so, told in flags if is_so]
    parts: list[Content] = []
    if altered:
        parts += [paragraph("This visit was not made under usual conditions:"), listed(altered, "caution")]
    elif all(is_so is False for is_so, _ in flags):
        parts.append(
            paragraph(
                "Nothing was altered: names were looked up as usual, certificates were checked against the usual "
                "authorities, no proxy was used, and the browser began without cookies, logged in nowhere."
            )
        )
    else:
        parts.append(paragraph("Whether anything was altered is not stated."))
    parts.append(pairs(_browser(under, said)))
    return join(parts)


def _browser(under: Json, said: Json) -> Iterable[tuple[str, Content]]:
    yield "Browser", exact(reading.text(under, "browser"))
    if reading.text(under, "browser_sha256"):
        yield "SHA-256 of its program", digest(reading.text(under, "browser_sha256"))
    yield "It called itself", exact(reading.text(under, "user_agent"))
    yield "Device", join([_device(under), "; profile ", exact(reading.text(under, "profile"), 200)])
    language, zone = reading.text(under, "locale"), reading.text(under, "timezone")
    yield "Language and time zone", join([exact(language, 100), ", ", exact(zone, 100)])
    yield "Compression offered", exact(reading.text(under, "accept_encoding"), 200)
    limit = reading.whole(under, "timeout_ms")
    if limit is not None:
        yield "Time limit", f"{limit / 1000:g} s"
    yield "Shut in", _shut_in(under)
    yield "Recorded by", exact(reading.text(said, "software"), 200)


def _device(under: Json) -> Content:
    sides = under.get("viewport")
    whole = [side for side in sides if isinstance(side, int)] if isinstance(sides, list) else []
    kind = "mobile" if reading.flag(under, "is_mobile") else "desktop"
    touch = ", with a touch screen" if reading.flag(under, "has_touch") else ""
    window = f", window of {whole[0]} × {whole[1]} pixels" if len(whole) == 2 else ""
    ratio = reading.text(under, "device_pixel_ratio")
    return join([f"{kind}{touch}{window}", " at a pixel ratio of " if ratio else "", exact(ratio, 20) if ratio else ""])


def _shut_in(under: Json) -> str:
    sandboxed, own = reading.flag(under, "sandboxed"), reading.flag(under, "own_user")
    box = {True: "by its own sandbox", False: "without its sandbox"}.get(sandboxed, "not stated")  # type: ignore[arg-type]
    return f"{box}, as a user of its own" if own else box
