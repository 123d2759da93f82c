"""The report as a file: harmless whatever others wrote, and the same bytes for the same facts."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
from dataclasses import replace
from importlib.resources import files
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import html as lxml_html

from archiver.provenance.derivation import to_statement
from archiver.report.html import POLICY, render
from tests.unit.provenance.chains import HOSTILE, hostile_chain
from tests.unit.provenance.test_derivation import derivations as stated
from tests.unit.report.samples import Outline, facts, statement, with_words

_SLOW = settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
_MARKUP = (
    HOSTILE,
    "</title></style><script>alert(1)</script>",
    "</bdi></code></td></tr></table></section></main></body></html>",
    '" onload="alert(1)" x="',
    "<img src=x onerror=alert(1)>",
    "<!-- <![CDATA[ &lt; &#60; &amp",
    "\u202egpj.\u2066\u200b\x00\x1b[31m\ud800\ufeff",
    "} @import url(https://evil.test/); a { background: url(https://evil.test/) }",
)
_texts = st.lists(st.sampled_from(_MARKUP) | st.text(st.characters(), min_size=1, max_size=60), min_size=1, max_size=12)
_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(_MARKUP) | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=10,
)


def check_harmless(data: bytes) -> Outline:
    """All that is in it is ours, closed in its turn, and leads nowhere."""
    found = Outline(data)
    for tag, attributes in found.elements:
        assert tag in _ELEMENTS, tag
        assert set(attributes) <= _ATTRIBUTES, attributes
        target = attributes.get("href")
        assert target is None or target.startswith(("#", "data:image/png;base64,")), target
    assert len(re.findall(r"(?i)<script|<iframe|<object|<link|<base|<form", data.decode())) == 0
    return found


_ELEMENTS = frozenset(
    {
        *("html", "head", "meta", "title", "style", "body", "header", "nav", "main", "section", "article"),
        *("h1", "h2", "h3", "h4", "h5", "p", "ul", "ol", "li", "table", "thead", "tbody", "tr", "th", "td"),
        *("a", "bdi", "code", "span", "em", "small", "del", "ins", "dfn", "blockquote", "div", "time", "br", "wbr"),
        *("figure", "figcaption", "svg", "image", "use"),
    }
)
_ATTRIBUTES = frozenset(
    {
        *("lang", "charset", "http-equiv", "content", "name", "class", "id", "href", "role", "aria-label"),
        *("aria-labelledby", "translate", "dir", "scope", "data-label", "datetime", "viewbox", "width", "height"),
    }
)


def test_the_head_forbids_all_loading_and_says_its_language() -> None:
    data = render(facts())
    assert data.startswith(b'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">')
    found = check_harmless(data)
    metas = [attributes for tag, attributes in found.elements if tag == "meta"]
    assert {"http-equiv": "Content-Security-Policy", "content": POLICY} in metas
    assert {"name": "referrer", "content": "no-referrer"} in metas
    assert POLICY == "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


def test_the_style_loads_nothing() -> None:
    style = (files("archiver.report") / "style.css").read_text("utf-8")
    assert not re.search(r"url\(|@import|@font-face|</", style)


@_SLOW
@given(_texts)
def test_whatever_the_words_are_the_elements_are_the_same(texts: list[str]) -> None:
    usual = check_harmless(render(facts()))
    assert check_harmless(render(with_words(facts(), texts))).skeleton == usual.skeleton


def test_other_words_are_really_in_the_report() -> None:
    text = check_harmless(render(with_words(facts(), ["<b>other</b> words"]))).text
    assert text.count("<b>other</b> words") > 60
    for gone in ("Ferry line", "A. Reporter", "ads.test/1", "alpha", "Lantern", "TLS 1.3", "Chromium"):
        assert gone not in text


@_SLOW
@given(st.dictionaries(st.sampled_from(sorted(statement())), _json), _json, st.text(st.characters(), max_size=40))
def test_facts_of_any_shape_make_a_harmless_report(parts: dict[str, Any], document: Any, text: str) -> None:
    documents: dict[str, Any] = {
        "exchanges": {"exchanges": document, "connections": [document], "browser_own_traffic": document},
        "derivations": (
            (1, {"type": "derivation", "claims": document}),
            (2, to_statement(stated(hostile_chain(text))[0])),
        ),
        "screenshot": text.encode("utf-8", "replace"),
    }
    check_harmless(render(facts(statement=statement(**parts), **documents)))
    check_harmless(render(facts(statement=parts, exchanges=None, derivations=(), files=(), intent_index=None)))


def test_the_same_facts_make_the_same_bytes_on_any_machine() -> None:
    program = (
        "import hashlib, locale, sys; locale.setlocale(locale.LC_ALL, ''); from archiver.report.html import render; "
        "from tests.unit.report.samples import facts; print(hashlib.sha256(render(facts())).hexdigest())"
    )
    here = hashlib.sha256(render(facts())).hexdigest()
    places = [name for name in ("de_DE.UTF-8", "C.UTF-8", "C") if name in _locales()]
    for number, place in enumerate(places):
        surroundings = os.environ | {
            "LC_ALL": place,
            "TZ": ("Pacific/Kiritimati", "America/St_Johns", "UTC")[number],
            "PYTHONHASHSEED": str(number),
            "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        }
        command = [sys.executable, "-c", program]
        done = subprocess.run(command, env=surroundings, capture_output=True, text=True, check=True)
        assert done.stdout.strip() == here


def _locales() -> set[str]:
    done = subprocess.run(["locale", "-a"], capture_output=True, text=True, check=False)
    return {"C", *done.stdout.replace("utf8", "UTF-8").split()}


def test_another_parser_reads_the_same_words() -> None:
    data = render(with_words(facts(), _MARKUP))
    tree = lxml_html.document_fromstring(data.decode())
    for style in tree.xpath("//style"):
        style.drop_tree()
    assert "".join(tree.text_content().split()) == Outline(data).text.replace(" ", "")
    assert tree.xpath("//script | //img | //@onerror | //@onload | //@src") == []


def test_no_address_can_be_clicked() -> None:
    found = check_harmless(render(facts()))
    links = [attributes["href"] for tag, attributes in found.elements if tag == "a"]
    assert links
    assert all(link is not None and link.startswith("#") for link in links)
    ids = {attributes["id"] for _, attributes in found.elements if "id" in attributes}
    assert {link.removeprefix("#") for link in links if link} <= ids


def test_words_of_others_are_isolated_and_not_translated() -> None:
    found = check_harmless(render(facts()))
    said = [attributes for tag, attributes in found.elements if tag in ("bdi", "code")]
    assert len(said) > 60
    assert all(attributes["translate"] == "no" for attributes in said)
    assert all(attributes["dir"] == "auto" for attributes in said if attributes["class"] != "digest")


def test_a_line_of_a_megabyte_is_bounded_and_says_so() -> None:
    made = facts()
    large = render(replace(made, statement=statement(title="x" * 1_000_000), origin="y" * 1_000_000))
    assert len(large) < len(render(made)) + 10_000
    assert "(999,400 more characters)" in Outline(large).text


@pytest.mark.parametrize("id_", ['x";} @import "https://evil.test/"; a{b:"', "</style><script>", "\\22 }", "a\nb"])
def test_the_foot_of_a_page_takes_nothing_but_an_id(id_: str) -> None:
    data = render(facts(statement=statement(id=id_))).decode()
    foot = re.findall(r"<style>(@page.*?)</style>", data)
    assert len(foot) == 1
    assert re.fullmatch(r'@page\{@bottom-left\{content:"Evidence report on snapshot [0-9A-Za-z-]*"\}\}', foot[0])
