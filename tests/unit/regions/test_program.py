"""The program that runs in a page's frames asks nothing of what the page can put in its way."""

from __future__ import annotations

import json
import re

from archiver.regions.program import Limits, NameLimits, inventory, names, owner_path

# What a page's own names for form fields and pictures stand in for: https://html.spec.whatwg.org, "named properties".
_CLOBBERED = re.compile(
    r"(?<!\.)\.(parentNode|parentElement|firstChild|firstElementChild|nextSibling|childNodes|children|attributes|localName|tagName|"
    r"nodeName|nodeType|getAttribute|querySelector(All)?|textContent|innerText|innerHTML|className|classList|style|body|"
    r"documentElement|baseURI|shadowRoot|getBoundingClientRect|contains|matches|closest|"
    r"createTreeWalker|nextNode)\b"
)


def _code(program: str) -> str:
    """The program without its comments and its words."""
    source = program[: program.rindex(')({"max')]
    return re.sub(r"//.*|'[^'\n]*'", "", source)


def test_the_program_reaches_the_dom_through_prototypes_only() -> None:
    assert _CLOBBERED.findall(_code(inventory())) == []


def test_the_program_that_reads_names_reaches_the_dom_through_prototypes_only() -> None:
    assert _CLOBBERED.findall(_code(names())) == []
    assert json.loads(names(NameLimits(max_names=7)).rpartition(")(")[2][:-1])["maxNames"] == 7


def test_element_rules_are_handed_over_where_there_are_any() -> None:
    rule = """a[title="</script>\u2028'`${1}"]"""
    assert inventory(selectors=()) == inventory()
    program = inventory(selectors=(rule,))
    assert program.startswith(inventory()[:-1])
    assert json.loads(program.removeprefix(inventory()[:-1] + ", ")[:-1]) == [rule]
    assert program.isascii() == inventory().isascii()


def test_the_limits_are_handed_over() -> None:
    program = inventory(Limits(max_elements=7, max_ms=11))
    options = json.loads(program[program.rindex(')({"max') + 2 : -1])
    assert (options["maxElements"], options["maxMs"]) == (7, 11)


def test_an_owners_path_is_asked_for_with_the_owner_as_this() -> None:
    assert owner_path().startswith("function () { 'use strict';")
    assert owner_path().endswith("return pathOf(this); }")
