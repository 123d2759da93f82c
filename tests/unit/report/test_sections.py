"""What a report says, section by section, of a capture as it should be and of one that lacks something."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from archiver.report.facts import Facts
from archiver.report.html import render
from archiver.report.picture import png_size
from archiver.seal.interval import Interval
from tests.unit.report.samples import ID, T0, T1, URL, Outline, exchanges, facts, png, stamps, statement

_BOTH = ("alpha", "beta")


def told(**other: Any) -> str:
    return of(facts(**other))


def of(made: Facts) -> str:
    return Outline(render(made)).text


def test_it_says_in_three_sentences_what_it_is() -> None:
    text = told()
    start = text.index("1 What this is") + len("1 What this is")
    about = text[start : text.index("Words of the page,")]
    assert about.count(". ") == 3
    assert "supports that the page was published" in about


def test_the_page_and_how_the_visit_ended() -> None:
    text = told()
    for part in (
        "Ferry line reopens",
        f"Address asked for http://harbour-daily.test/ferry Address shown in the end {URL}",
        "Redirects on the way 1",
        "HTTP status 200 (success)",
        "Outcome Partial: something that belongs into a complete capture is missing.",
        "the time ran out (timeout)",
        "Operator A. Reporter",
        "Case Case 12",
        "Made for the schedule daily, number 4, due on 1 November 2025, 10:00:00 UTC",
    ):
        assert part in text.replace("reopens Address", "reopens Address")


def test_a_page_without_title_or_answer_is_told_as_such() -> None:
    text = told(statement=statement(title="", main_document=None, warnings=[], redirects=0))
    assert "A page without a title" in text
    assert "(the page has none)" in text
    assert "Redirects on the way none" in text
    assert "There were no warnings." in text
    assert "The page itself gave no answer" in text


def test_the_interval_with_both_ends() -> None:
    text = told()
    assert (
        "Captured 1 November 2025, 10:15:00 UTC, by the clock of the capturing machine; it took 20.9 s. Sealed after "
        "1 November 2025, 10:00:00 UTC (by alpha and beta) and before 1 November 2025, 10:20:30.25 UTC (by alpha and "
        "beta), within 20 min 30 s." in text
    )
    assert "The interval is when the record was sealed. That the visit lies in it is the operator’s claim" in text
    assert "At each end two independent authorities agree" in text
    assert "No independent authority attests" not in text


@pytest.mark.parametrize(
    ("found", "parts"),
    [
        (
            Interval(),
            (
                "Sealed at a time that no independent authority attests: it rests on the operator’s clock and word",
                "No independent authority attests since when",
                "No independent authority attests until when",
                "Sealed after not attested nobody",
            ),
        ),
        (
            Interval(None, (), T1, _BOTH),
            ("Sealed before 1 November", "No independent authority attests since when it can have been sealed."),
        ),
        (
            Interval(T0, _BOTH),
            ("Sealed after 1 November", "No independent authority attests until when it was sealed."),
        ),
        (
            Interval(T0, ("alpha",), T1, _BOTH),
            (
                "(by alpha alone)",
                "The first moment is attested by one authority only (alpha), where there should be two.",
            ),
        ),
        (
            Interval(T0, _BOTH, T1, ("beta",)),
            (
                "(by beta alone)",
                "The second moment is attested by one authority only (beta), where there should be two.",
            ),
        ),
        (Interval(T1, _BOTH, T0, _BOTH), ("The two ends contradict each other", "At least one authority is wrong.")),
        (
            Interval(T1, _BOTH, T1 + timedelta(hours=1), _BOTH),
            ("By the clock of the capturing machine, the visit began before the interval.",),
        ),
        (
            Interval(T0 - timedelta(hours=1), _BOTH, T0, _BOTH),
            ("By the clock of the capturing machine, the visit ended after the interval.",),
        ),
    ],
)
def test_what_is_lacking_of_the_interval_is_said_plainly(found: Interval, parts: tuple[str, ...]) -> None:
    text = told(interval=found)
    for part in parts:
        assert part in text
    assert ("At each end two independent authorities agree" in text) == (found.is_full and found.is_possible)


def test_what_was_not_recorded_is_named_with_its_reason() -> None:
    text = told()
    assert "The browser began 7 exchanges." in text
    assert "2 asked for, and no answer came" in text
    assert "https://ads.test/0 asked for, and no answer came: nothing answers there, ERR_ABORTED" in text
    assert "https://ads.test/1 refused by archiver before anything was sent" in text
    assert "https://ads.test/2 answered, and recorded in part" in text
    assert "the browser itself asked for 1 thing" in text


def test_a_long_list_of_what_was_not_recorded_says_how_many_more() -> None:
    text = told(exchanges=exchanges(missing=1250))
    assert "https://ads.test/99 " in text
    assert "https://ads.test/100 " not in text
    assert "And 1,150 more exchanges, not listed here." in text


def test_without_the_list_it_says_so() -> None:
    assert "The list of all exchanges is not at hand here" in told(exchanges=None)
    whole = statement(exchanges={"total": 3, "recorded": 3})
    assert "Nothing: no exchange failed" in told(exchanges=None, statement=whole)
    assert "Nothing that the page asked for" in told(exchanges=exchanges(missing=0), statement=whole)


def test_the_connection_of_the_page() -> None:
    text = told()
    for part in (
        "Connected to 203.0.113.7, port 443",
        "Name looked up harbour-daily.test",
        "Addresses given for it 203.0.113.7; by name server 192.0.2.53",
        "Encryption TLS 1.3, AES_128_GCM",
        f"SHA-256 {'34' * 32}",
        "The browser verified it",
        "ads.test:443 203.0.113.9 TLS 1.2 1",
        "1 more connection was of the browser’s own.",
    ):
        assert part in text


@pytest.mark.parametrize(
    ("main", "part"),
    [
        ({"tls_version": None}, "none: the page came over plain HTTP"),
        (
            {"certificate_verified": False, "certificate_error": "ERR_CERT_DATE_INVALID"},
            "as valid: ERR_CERT_DATE_INVALID.",
        ),
        ({"certificate_verified": None}, "Whether the browser verified it is not recorded."),
        ({"certificate_sha256": None}, "Certificate none was presented"),
    ],
)
def test_what_is_wrong_with_a_connection_is_said(main: dict[str, Any], part: str) -> None:
    assert part in told(statement=statement(main_document=statement()["main_document"] | main))


def test_a_name_that_the_operator_sent_elsewhere_is_told() -> None:
    document = exchanges()
    document["connections"][0]["resolver"] = "override"
    assert "by the operator’s own rule, not the name system" in told(exchanges=document)


@pytest.mark.parametrize(
    ("altered", "part"),
    [
        ("resolution_altered", "Some names were sent to addresses that the operator chose"),
        ("trust_altered", "a certificate authority of the operator’s choice"),
        ("certificates_unchecked", "Servers with invalid certificates were accepted"),
        ("guard_lifted", "Addresses in private networks were allowed"),
        ("credentialed", "The visit was made with a saved session"),
    ],
)
def test_what_was_altered_is_said(altered: str, part: str) -> None:
    assert part not in told()
    text = told(statement=statement(**{altered: True}))
    assert "This visit was not made under usual conditions:" in text
    assert part in text


def test_usual_conditions_are_said_only_where_all_are_stated() -> None:
    assert "Nothing was altered" in told()
    under = statement()["conditions"]
    assert "The visit went through a proxy" in told(statement=statement(conditions=under | {"proxied": True}))
    text = told(statement=statement(conditions=under | {"proxied": None}))
    assert "Nothing was altered" not in text
    assert "Whether anything was altered is not stated." in text


def test_the_steps_to_the_source_with_their_passages() -> None:
    text = told()
    for part in (
        "This page is republished from “Ferry line reopens at last”",
        "Shown by the texts Comparing the two texts shows it.",
        "This article was first published by Lantern Weekly.",
        "A sentence of the page, which leads to https://lanternweekly.test/2025/ferry. Weight given to it: 90 %.",
        "87 % of the source is in the copy, and 74 % of the copy is in the source",
        "Left out in the copy: 1 passage In the source The mayor knew for a year.",
        "Added in the copy: 1 passage In the copy It also rained.",
        "“Ferry line reopens at last” is said to be taken, as the report of a news agency, from a report of Bay Wire",
        "This page is said to be republished from an article of The Gull that was not located",
        "Said, not shown A page says so. The texts were not compared.",
        "Contradicted What was found speaks against it.",
        "A news agency is named without an address, so the trail ends here.",
        "the original names an agency, without an address",
        "Ferry news, The Gull, https://gull.test/ferry, another text",
        "A picture, as the page says:",
        "A quoted post, as the page says:",
    ):
        assert part in text


@pytest.mark.parametrize(
    ("changes", "heading"),
    [
        ({}, "This page is republished from “"),
        ({"direction_by": "unknown"}, "This page has its text in common with “"),
        ({"status": "claimed"}, "This page is said to be republished from “"),
        ({"status": "contradicted"}, "This page is said to be republished from “"),
        ({"status": "unknown", "claims": [], "direction_by": "leftovers"}, "This page could be republished from “"),
        ({"relation": "via"}, "This page names as where it was found “"),
        ({"relation": "cites", "status": "claimed"}, "This page refers to “"),
    ],
)
def test_a_heading_claims_no_more_than_is_known(changes: dict[str, Any], heading: str) -> None:
    index, said = facts().derivations[0]
    assert heading in told(derivations=((index, said | changes),))


def test_changed_words_are_marked() -> None:
    made = facts()
    index, said = made.derivations[0]
    passage = {
        "change": "changed",
        "first": {"start": 0, "end": 9, "text": "It took 42 crews, he said"},
        "second": {"start": 0, "end": 9, "text": "It took about 36 crews, he said"},
    }
    changed = said | {"match": said["match"] | {"passages": [passage]}}
    data = render(replace(made, derivations=((index, changed),))).decode()
    assert "It took <del>42</del> crews, he said" in data
    assert "It took <ins>about 36</ins> crews, he said" in data


def test_a_step_that_cannot_be_read_is_told_and_the_others_stay() -> None:
    made = facts()
    text = told(derivations=((44, {"type": "derivation"}), *made.derivations))
    assert "Entry 44 of the log states something that cannot be read as a step." in text
    assert "This page is republished from" in text


def test_without_any_step_it_says_so() -> None:
    assert "The log states nothing about it: no source was traced, or none was found." in told(derivations=())


def test_regions_have_no_section() -> None:
    assert "egion" not in told()


def test_the_seal_and_each_time_stamp() -> None:
    text = told()
    for part in (
        f"of snapshot {ID}",
        "Its place in the log entry 7",
        "entry 6, 1 November 2025, 10:14:59 UTC by the operator’s clock",
        "Name of the log archiver/made-up",
        "Size of the log here 20 entries",
        "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8= (SHA-256, in base64)",
        "archiver/made-up+01020304+AQID",
    ):
        assert part in text
    assert text.count("Serial number 0xabc") == 4
    assert text.count("accurate to 1 s") == text.count("accuracy not said") == 2
    assert text.count(f"Root certificate {'bc' * 32}") == 4
    assert text.count("Of the signed statement, evidence/snapshot.note") == 2


def test_a_time_stamp_that_no_root_makes_good_counts_for_nothing() -> None:
    assert "so it counts for nothing here" in told(stamps=(replace(stamps()[0], root_sha256=None),))


def test_without_time_stamps_it_says_so_and_has_no_command_for_them() -> None:
    text = told(stamps=(), interval=Interval())
    assert "There are none: no independent authority attests a time." in text
    assert "openssl" not in text


def test_a_serial_number_of_any_length_is_told() -> None:
    long = replace(stamps()[0], serial=2**100_000)
    assert "more characters)" in told(stamps=(long,))


def test_every_file_with_size_and_digest() -> None:
    text = told()
    assert f"All that was recorded (WARC) 1.6 MB1,566,453 bytes {'56' * 32}".replace(" ", "") in text.replace(" ", "")
    assert f"evidence/snapshot.note 812 bytes {'de' * 32}" in text


def test_the_commands_to_check_it_by_hand() -> None:
    text = told()
    assert "sh evidence/verify.sh" in text
    assert "archiver verify --trust keys.txt FILE" in text
    assert (
        "openssl ts -verify -data evidence/snapshot.note -in evidence/snapshot.note.beta.tsr -CAfile evidence/beta.pem "
        "-attime 1761992431" in text
    )
    assert "2 January 2035, 00:00:00 UTC" in text
    odd = replace(stamps()[0], file="a b; rm -rf /", root_file=None)
    assert "-in 'a b; rm -rf /' -CAfile ROOT.pem" in told(stamps=(odd,))


def test_the_limits_are_stated() -> None:
    text = told()
    for part in ("one visit, from one place", "log-in or experiment", "could have fed its browser a forged page"):
        assert part in text
    assert text.count("supports") == 2


@pytest.mark.parametrize(
    ("size", "parts"), [((1366, 768), 1), ((1366, 4413), 3), ((100, 100), 1), ((10, 100_000), 30), ((1, 1), 1)]
)
def test_a_high_picture_is_cut_for_paper_and_nothing_lost(size: tuple[int, int], parts: int) -> None:
    width, height = size
    found = Outline(render(facts(screenshot=png(width, height))))
    views = [str(attributes["viewbox"]) for tag, attributes in found.elements if tag == "svg"]
    assert views[0] == f"0 0 {width} {height}"
    assert len(views) == (1 if parts == 1 else parts + 1)
    covered = 0
    for view in views[1:]:
        _, top, _, part = map(int, view.split())
        assert top <= covered
        covered = top + part
    assert ("of pixels are left out." in found.text) == (bool(views[1:]) and covered < height)


def test_the_picture_is_in_the_file_once() -> None:
    assert render(facts(screenshot=png(40, 400))).count(b"data:image/png;base64,") == 1


@pytest.mark.parametrize("data", [None, b"", b"GIF89a", png()[:20], b"\x89PNG\r\n\x1a\n" + b"\xff" * 40])
def test_what_is_no_picture_is_not_shown(data: bytes | None) -> None:
    assert "No picture of the page is at hand here." in told(screenshot=data)
    assert data is None or png_size(data) is None


@pytest.mark.parametrize(
    ("roles", "part"),
    [
        (["screenshot"], "What a reader saw first, as the browser showed it. The signed statement names it"),
        (["full_screenshot"], "The whole page, as the browser showed it. The signed statement names it"),
        (["full_screenshot"] * 3, "One of 3 pictures that together show the whole page"),
        ([], "The signed statement does not name this picture."),
    ],
)
def test_which_picture_it_is_is_known_by_its_digest(roles: list[str], part: str) -> None:
    digest = hashlib.sha256(png()).hexdigest()
    listed = [{"role": role, "bytes": 1, "sha256": digest} for role in roles]
    assert part in told(statement=statement(artifacts=listed))
