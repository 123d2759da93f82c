"""The pages say what the program does: nothing missing, nothing stale, no dead link, every command real."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from archiver import config
from archiver.capture.profile import BUILT_IN, Profile
from archiver.cli.exit_codes import SEVERITY, ExitCode
from archiver.cli.main import Commands, cli
from archiver.config import CaptureSettings
from archiver.jobs import messages
from archiver.jobs.metrics import Metrics
from archiver.jobs.schema import JobState
from archiver.model import WARNINGS, Outcome, Rendition, Result
from archiver.provenance.dates import Method
from archiver.provenance.derivation import derivation_of, to_statement
from archiver.provenance.graph import Node
from archiver.schedules.definition import Definition, define
from archiver.schedules.history import Action as ScheduleAction
from archiver.seal import statement as statements
from archiver.seal.keyring import Action
from archiver.seal.keys import make
from archiver.seal.statement import About, Job, Planned
from archiver.snapshot import PARTS
from archiver.storage import descriptor
from archiver.storage.descriptor import Descriptor
from archiver.verify import package
from archiver.verify.schedules import State
from archiver.verify.verdict import CHECKS, Verdict
from archiver.verify.warc import Limits
from tests.support import bundles
from tests.support.memory_store import MemoryStore
from tests.unit.provenance.chains import chain
from tests.unit.recordings import body, exchange, recording

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def text_of(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


def rows(page: str, heading: str | None = None) -> list[list[str]]:
    """The cells of every table row of a page, or of one section of it, heads and rules left out."""
    text = text_of(page)
    if heading is not None:
        text = text.split(f"\n## {heading}", 1)[1].split("\n## ", 1)[0]
    found = []
    lines = text.splitlines()
    for number, line in enumerate(lines):
        is_head = number + 1 < len(lines) and lines[number + 1].startswith("|---")
        if line.startswith("| ") and not is_head:
            found.append([cell.strip() for cell in line.strip("|").split(" | ")])
    assert found, f"{page} has no table {heading or ''}"
    return found


# the command reference


def run_reference(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "scripts/lib/cli_reference.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def all_commands() -> Iterator[tuple[str, click.Command]]:
    """Each command by its name, those of groups as `index check`."""
    for name in Commands.table:
        command = cli.get_command(click.Context(cli), name)
        assert command is not None
        yield name, command
        if isinstance(command, click.Group):
            yield from ((f"{name} {inner}", found) for inner, found in command.commands.items())


COMMANDS = dict(all_commands())


def test_the_command_reference_is_current() -> None:
    done = run_reference("--check")
    assert done.returncode == 0, done.stderr


def test_every_command_and_option_is_in_the_reference() -> None:
    reference = text_of("docs/cli.md")
    for name, command in COMMANDS.items():
        assert f"# archiver {name}\n" in reference
        section = reference.split(f"# archiver {name}\n", 1)[1].split("\n## ", 1)[0]
        for option in command.params:
            for flag in option.opts if isinstance(option, click.Option) else ():
                assert flag in section


# settings, exit codes, results


@pytest.mark.parametrize("name", config.names())
def test_every_setting_is_documented_with_its_default(name: str) -> None:
    (row,) = [row for row in rows("docs/configuration.md", "Settings") if row[0] == f"`{name}`"]
    default = config.value_of(config.Settings(), name)
    if default is None or default == ():
        assert row[1] in ("none", "searched for")
    elif isinstance(default, bool):
        assert row[1] == f"`{str(default).lower()}`"
    elif isinstance(default, float):
        assert row[1] == f"`{default:.15g}`"
    else:
        assert row[1] == f"`{default}`"


def test_no_setting_is_documented_that_does_not_exist() -> None:
    assert {row[0].strip("`") for row in rows("docs/configuration.md", "Settings")} == set(config.names())


def test_every_key_of_a_profile_is_documented_with_its_built_in_values() -> None:
    documented = {row[0].strip("`"): row[1:] for row in rows("docs/configuration.md", "Profiles")}
    assert set(documented) == set(Profile.model_fields)
    for key in set(documented) - {"user_agent"}:
        for value, profile in zip(documented[key], BUILT_IN.values(), strict=False):
            there = getattr(profile, key)
            shown = str(there).lower() if isinstance(there, bool) else f"{there:g}" if key.startswith("dev") else there
            assert value == f"`{shown}`"


def test_the_settings_refused_in_the_current_folder_are_named() -> None:
    section = text_of("docs/configuration.md").split("may not set\n", 1)[1].split("\n## ", 1)[0]
    assert set(re.findall(r"`((?:(?:capture|jobs)\.)?\w+)`", section)) & set(config.names()) == config.PROTECTED


def test_every_exit_code_says_what_to_do() -> None:
    documented = [int(row[0]) for row in rows("docs/messages.md", "Exit codes")]
    assert documented == sorted(ExitCode)
    assert all(len(row) == 3 and all(row) for row in rows("docs/messages.md", "Exit codes"))


def test_the_order_of_exit_codes_is_the_programs() -> None:
    order = ", ".join(str(int(code)) for code in SEVERITY)
    assert f"From best to worst: {order}." in text_of("docs/messages.md")


def test_every_warning_is_explained() -> None:
    documented = {row[0].strip("`"): row[2] for row in rows("docs/messages.md", "Warnings")}
    assert documented == {code: "yes" if partial else "no" for code, partial in WARNINGS.items()}


def test_every_warning_the_program_gives_is_in_its_table() -> None:
    files = [*sorted((ROOT / "archiver/capture").glob("*.py")), ROOT / "archiver/texts.py"]
    source = "".join(path.read_text("utf-8") for path in files)
    given = set(re.findall(r"(?:CaptureWarning|_warn|_leave|append)\(\(?\s*\"(\w+)\",", source))
    given |= set(re.findall(r"found \+= \[\(\"(\w+)\"", source))
    page_gone = set(re.findall(r"self\._leave\(\"(\w+)\"", source))
    assert given | page_gone == set(WARNINGS)


def test_every_result_and_outcome_is_explained() -> None:
    assert {row[0].strip("`") for row in rows("docs/messages.md", "Results")} == set(Result)
    glossary = {row[0]: row[1] for row in rows("docs/glossary.md")}
    assert all(f"`{outcome}`" in glossary["outcome"] for outcome in Outcome)
    assert all(f"`{result}`" in glossary["result"] for result in Result)


def test_every_state_of_what_was_due_is_explained() -> None:
    documented = [row[0].strip("`") for row in rows("docs/evidence.md", "Scheduled captures")]
    assert sorted(documented) == sorted(State)


_MOMENT = datetime(2026, 1, 1, tzinfo=UTC)
_PLANNED = Planned("id", "name", 1, _MOMENT)
_ABOUT = About(("tag",), "case", "operator", "reason", Job("id", 1, _PLANNED))


def test_every_field_of_a_snapshots_statement_is_explained() -> None:
    facts = {"counts": {"ad": 1}, "partial": False, "filter_lists": [{"title": "a list"}]}
    regions = Rendition("regions", "urn:regions:https://a.test/0", "application/json", body(b"{}"), facts)
    seen = recording(exchange(0), renditions=(regions,))
    said = statements.build("id", 0, seen, [], CaptureSettings(), _ABOUT, {"words": 0})
    fields = set(said) - {"type", "format"}
    documented = {name for row in rows("docs/design.md", "Statement") for name in re.findall(r"`(\w+)`", row[0])}
    assert fields == documented


def test_every_field_of_the_other_statements_is_explained() -> None:
    intent = statements.intent("id", "url", _MOMENT, _MOMENT, _ABOUT)
    failure = statements.failure("id", 0, "url", _MOMENT, _MOMENT, "kind", "message", _ABOUT)
    key = statements.key("id", Action.COMPROMISED, make("n").key, _MOMENT, from_index=0, reason="r", operator="o")
    withdrawn = statements.withdrawn("id", 1, _MOMENT, "reason", "operator", _PLANNED)
    custody = statements.custody("id", 1, _MOMENT, "ab", 1, "reason", "operator")
    documented = {row[0]: set(re.findall(r"`(\w+)`", row[1])) for row in rows("docs/design.md", "Statement")}
    assert documented["custody"] == set(custody) - {"type", "format"}
    assert documented["key"] == set(key) - {"type", "format"} | set(Action)
    assert documented["intent"] == set(intent) - {"type", "format"}
    assert documented["withdrawn"] == set(withdrawn) - {"type", "format"} | set(withdrawn["schedule"])
    assert documented["failure"] == set(failure) - {"type", "format"} | set(failure["error"])


def test_every_field_of_a_job_and_of_a_schedule_is_explained() -> None:
    job = statements.intent("id", "url", _MOMENT, _MOMENT, _ABOUT)["job"]
    missed = {"first_seq": 1, "last_seq": 1, "reason": "", "url": ""}
    schedule = statements.schedule("id", "add", "id", "n", _MOMENT, definition={}, missed=missed, operator="o")
    documented = {row[0]: set(re.findall(r"`(\w+)`", row[1])) for row in rows("docs/design.md", "Statement")}
    assert documented["a job"] == set(job) | set(job["schedule"])
    assert documented["schedule"] == (set(schedule) - {"type", "format"}) | set(missed) | set(ScheduleAction)
    assert documented["its definition"] == set(Definition.model_fields)


def test_every_key_of_a_schedule_in_a_file_is_explained() -> None:
    section = text_of("docs/schedules.md").split("\n## In a configuration file\n", 1)[1].split("\n## ", 1)[0]
    keys = {name.removesuffix("_s") for name in Definition.model_fields} - {"start", "url"} | {"urls"}
    assert keys <= set(re.findall(r"`(\w+)`", section))
    given = tomllib.loads(dict(_FENCE.findall(text_of("docs/schedules.md")))["toml"])
    for name, values in given["schedules"].items():
        define(name, values, _MOMENT)


def test_every_state_of_a_job_is_explained_in_its_order() -> None:
    assert [row[0].strip("`") for row in rows("docs/workers.md", "Jobs")] == list(JobState)


def test_every_metric_is_explained() -> None:
    given = {
        f"{metric.name}_total" if metric.type == "counter" else metric.name
        for metric in Metrics("worker").registry.collect()
    }
    assert {row[0].strip("`") for row in rows("docs/workers.md", "Figures")} == given


def test_every_reason_that_a_planner_or_queue_gives_for_a_missed_time_is_explained() -> None:
    source = "".join(path.read_text("utf-8") for path in (ROOT / "archiver/jobs").glob("*.py"))
    for row in rows("docs/schedules.md", "What the log says")[3:]:
        assert f'"{row[0]}"' in source


def test_the_code_that_checks_a_signature_does() -> None:
    names: dict[str, Any] = {}
    (code,) = [block for kind, block in _FENCE.findall(text_of("docs/workers.md")) if kind == "python"]
    exec(compile(code, "docs/workers.md", "exec"), names)  # noqa: S102 — our own page
    signed = "sha256=" + hmac.new(b"secret", b"body", hashlib.sha256).hexdigest()
    assert messages.SIGNATURE in text_of("docs/workers.md")
    assert names["is_ours"](b"body", signed, "secret")
    assert not names["is_ours"](b"bodY", signed, "secret")
    assert not names["is_ours"](b"body", "ä", "secret")


def test_every_field_of_a_derivation_is_explained() -> None:
    (relation, *_) = chain().edges_from("repost")
    full = to_statement(derivation_of(chain(), relation, "id", _MOMENT))
    ended = to_statement(derivation_of(chain(), chain().edges_from("repost")[1], "id", _MOMENT))
    documented = {row[0]: set(re.findall(r"`(\w+)`", row[1])) for row in rows("docs/design.md", "Statement")}
    of_object = {field.name for field in fields(Node)} - {"published"}
    assert documented["derivation"] == (set(full) | set(ended) | of_object | set(ended["end"])) - {"type", "format"}


def test_every_method_of_dating_is_explained_in_the_order_of_its_worth() -> None:
    documented = [name for row in rows("docs/design.md", "Chains") for name in re.findall(r"`([\w-]+)`", row[0])]
    assert documented == [str(method) for method in Method]


def test_every_field_of_the_archives_description_is_explained() -> None:
    store = MemoryStore()
    descriptor.found(
        store, Descriptor("0" * 32, "2026-01-01T00:00:00Z", "s3://evidence", 1, {"ranges": True}, "name", "key")
    )
    fields = set(json.loads(b"".join(store.get("archive.json"))))
    section = text_of("docs/design.md").split("\n### archive.json\n", 1)[1].split("\n### ", 1)[0]
    documented = {
        name for row in re.findall(r"^\| (`.+?) \|", section, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)
    }
    assert fields == documented


# verifying


def test_every_check_is_explained_in_its_order() -> None:
    for page, heading in (("docs/evidence.md", "The answers of a verification"), ("docs/design.md", "Verifying")):
        numbered = [row[:2] for row in rows(page, heading) if row[0].isdigit()]
        assert numbered == [[str(number), name] for number, name in enumerate(CHECKS, 1)]


def test_every_verdict_is_explained() -> None:
    documented = {row[0] for row in rows("docs/evidence.md", "The answers of a verification")}
    assert set(Verdict) <= documented
    assert all(verdict in text_of("docs/glossary.md") for verdict in Verdict)


def test_every_file_of_an_evidence_bundle_is_explained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    section = text_of("docs/design.md").split("\n### The evidence bundle\n", 1)[1].split("\n### ", 1)[0]
    explained = [re.escape(name) for row in section.splitlines() for name in re.findall(r"`([^`]+)`", row)]
    pattern = re.compile("|".join(re.sub("…|<.*?>", ".+", name) for name in explained))
    with zipfile.ZipFile(bundles.make(tmp_path, monkeypatch).file) as opened:
        names = [name.removeprefix("evidence/") for name in opened.namelist()]
    assert len(names) > 40
    assert [name for name in names if not pattern.fullmatch(name)] == []


def test_what_bounds_a_hostile_file_is_explained() -> None:
    section = text_of("docs/design.md").split("\n### Limits of the verifier\n", 1)[1]
    limits = Limits()
    assert f"| {package.MAX_ENTRIES:,} files, a directory of {package.MAX_DIRECTORY_BYTES >> 20} MiB |" in section
    assert f"| {limits.inflated_bytes >> 30} GiB, or {limits.inflated_ratio} times" in section
    assert f"| records | {limits.records:,} |" in section
    assert f"| {limits.header_bytes >> 20} MiB; all headers {limits.headers_bytes >> 20} MiB |" in section
    assert f"| {limits.document_bytes >> 20} MiB and {limits.document_values:,} values each |" in section


# the glossary


def test_every_term_stands_once_in_the_glossary_in_order() -> None:
    terms = [row[0].casefold() for row in rows("docs/glossary.md")]
    assert terms == sorted(set(terms))


@pytest.mark.parametrize(
    "term",
    [
        *("archive", "capture", "exchange", "snapshot", "statement", "store", "rendition", "guard", "relay"),
        *("log", "slot", "entry", "note", "commitment", "intent", "index", "orphan", "unfinished", "evidence store"),
        *("checkpoint", "proof", "tile", "entry bundle", "leaf", "edge", "root", "root key", "keyring", "monitor"),
        *("verdict", "check", "trust", "evidence bundle", "withdrawn", "verify", "tree", "fork"),
        *(
            "schedule",
            "due",
            "job",
            "worker",
            "lane",
            "lease",
            "planner",
            "feed",
            "queue",
            "missed",
            "change",
            "attempt",
        ),
    ],
)
def test_the_words_of_the_code_are_in_the_glossary(term: str) -> None:
    assert term in {row[0] for row in rows("docs/glossary.md")}


# links


def anchors(page: Path) -> set[str]:
    """The fragment of every heading, made as GitHub makes it."""
    text = _FENCE.sub("", page.read_text("utf-8"))
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_internal_links_lead_somewhere(page: Path) -> None:
    for target in _LINK.findall(_FENCE.sub("", page.read_text("utf-8"))):
        if "://" in target:
            continue
        path, _, fragment = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        assert file.exists(), f"{target} leads nowhere"
        if fragment:
            assert fragment in anchors(file), f"{target}: no such heading"


def test_every_page_is_reached_from_the_readme() -> None:
    reached, waiting = set(), [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in reached or page.suffix != ".md":
            continue
        reached.add(page)
        links = (target.partition("#")[0] for target in _LINK.findall(page.read_text("utf-8")) if "://" not in target)
        waiting += [(page.parent / target).resolve() for target in links if target]
    assert set(PAGES) == reached


def test_decisions_are_numbered_without_gaps_and_all_listed() -> None:
    files = sorted(path.name for path in (DOCS / "decisions").glob("[0-9]*.md"))
    assert [name[:4] for name in files] == [f"{number:04}" for number in range(1, len(files) + 1)]
    for name in files:
        assert f"[{name[:4]}]({name})" in text_of("docs/decisions/README.md")
        headings = re.findall(r"^## (.+)$", text_of(f"docs/decisions/{name}"), re.MULTILINE)
        assert headings == ["Context", "Measurement", "Decision", "Consequences"]


# commands


def commands(page: Path) -> Iterator[list[str]]:
    """Each simple command of the page's console blocks, as words."""
    for kind, block in _FENCE.findall(page.read_text("utf-8")):
        for line in block.splitlines() if kind == "console" else ():
            if line.startswith("$ "):
                yield shlex.split(re.split(r" [|>&](?: |$)", line[2:])[0])


SHOWN = [(name_of(page), words) for page in PAGES for words in commands(page)]
OURS = [(page, words[1:]) for page, words in SHOWN if Path(words[0]).name == "archiver"]
SCRIPTS = [(page, words) for page, words in SHOWN if words[0].startswith("scripts/")]


def test_the_pages_to_begin_with_show_commands() -> None:
    assert {page for page, _ in SCRIPTS} == {"README.md", "docs/tutorial.md"}
    assert {page for page, _ in OURS} == {"README.md", "docs/tutorial.md", "docs/schedules.md", "docs/workers.md"}


@pytest.mark.parametrize("words", [words for _, words in OURS], ids=" ".join)
def test_every_archiver_command_shown_is_understood(words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    called = []

    def note(name: str) -> None:
        if click.get_current_context().invoked_subcommand is None:
            called.append(name)

    for name, command in COMMANDS.items():
        if not isinstance(command, click.Group) or command.invoke_without_command:
            monkeypatch.setattr(command, "callback", lambda name=name, **_: note(name))
    done = CliRunner().invoke(cli, words)
    assert done.exit_code == 0, done.output
    assert len(called) == 1


@pytest.mark.parametrize("words", [words for _, words in SCRIPTS], ids=" ".join)
def test_every_script_shown_exists_and_can_be_run(words: list[str]) -> None:
    assert os.access(ROOT / words[0], os.X_OK)


def test_the_readme_names_the_two_commands_to_begin_with() -> None:
    shown = [words for page, words in SCRIPTS if page == "README.md"]
    assert [words[0] for words in shown] == ["scripts/archive", "scripts/archive", "scripts/test"]
    assert len(shown[0]) == 1
    assert shown[1][1].startswith("https://")


def test_the_hint_of_the_summary_names_only_parts_that_exist() -> None:
    hint = re.search(r"--as (\w[\w, ]*) \(what was", text_of("README.md"))
    assert hint is not None
    assert set(hint.group(1).split(", ")) <= set(PARTS)


# the scripts


def test_the_archive_script_explains_itself_without_setting_anything_up(tmp_path: Path) -> None:
    done = subprocess.run(
        [ROOT / "scripts/archive", "--help"], capture_output=True, text=True, timeout=20, check=False, cwd=tmp_path
    )
    assert done.returncode == 0
    assert "./archive" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_the_picture_of_the_readme_is_small() -> None:
    picture = DOCS / "images" / "demo.png"
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert picture.stat().st_size < 150_000


def test_no_page_names_a_package_registry_or_a_place_on_this_machine() -> None:
    for page in PAGES:
        text = page.read_text("utf-8")
        assert not re.search(r"pypi|/work/|/root/|/home/", text, re.IGNORECASE), page
