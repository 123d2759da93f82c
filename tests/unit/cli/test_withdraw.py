"""`archiver withdraw`, and what `show`, `snapshots` and `get` say of what was withdrawn."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime

import click
import pytest

from archiver.archive import Archive
from archiver.errors import RetainedError
from archiver.storage import layout
from archiver.storage.local import LocalStore
from tests.support import recorded
from tests.unit.cli.conftest import Run

_URL = "https://a.test/page"
_UNTIL = datetime(2199, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.fixture
def id_(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Of a capture in the archive in the current folder."""
    monkeypatch.setattr("archiver.capture.capture.record", recorded.record)
    with Archive("archive") as archive:
        yield archive.capture(_URL).snapshot.id


def answering(monkeypatch: pytest.MonkeyPatch, answer: str) -> None:
    """A terminal at which somebody answers."""
    monkeypatch.setattr("archiver.cli.withdraw.sys.stdin.isatty", lambda: True)
    monkeypatch.setattr(click.termui, "visible_prompt_func", lambda _: answer)


def test_withdrawing_says_what_was_done(archiver: Run, id_: str) -> None:
    code, out, err = archiver("withdraw", id_, "--reason", "an order", "--operator", "O. Perator", "--yes")
    assert (code, err) == (0, "")
    assert out == f"{id_} withdrawn, 4 objects deleted; entry 2 of the log says so\n"
    code, out, err = archiver("withdraw", id_, "--reason", "another")
    assert (code, err) == (0, "")
    first, second = out.splitlines()
    assert first.startswith(f"{id_} was withdrawn 20")
    assert first.endswith(" UTC by O. Perator: an order")
    assert second == "0 objects deleted now"


def test_json_says_what_was_done(archiver: Run, id_: str) -> None:
    code, out, _ = archiver("--json", "withdraw", id_, "--reason", "an order", "--yes")
    said = json.loads(out)
    assert datetime.fromisoformat(said.pop("withdrawn_at")).tzinfo is UTC
    assert (code, said) == (
        0,
        {
            "type": "withdrawn", "id": id_, "new": True, "log_index": 2, "reason": "an order", "operator": None,
            "deleted": 4, "left": [],
        },
    )  # fmt: skip


def test_with_nobody_there_to_be_asked_yes_must_be_given(archiver: Run, id_: str) -> None:
    code, out, err = archiver("withdraw", id_, "--reason", "an order")
    assert (code, out) == (2, "")
    assert "give --yes" in err
    assert archiver("show", id_)[1].startswith(f"{id_}  complete")


@pytest.mark.parametrize(
    ("answer", "code", "state"), [("y", 0, "withdrawn"), ("n", 2, "complete"), ("", 2, "complete")]
)
def test_at_a_terminal_it_asks_and_shows_what_would_go(
    answer: str, code: int, state: str, archiver: Run, id_: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    answering(monkeypatch, answer)
    ended, _, err = archiver("withdraw", id_[:24], "--reason", "an order")
    assert ended == code
    assert err.startswith(f"{id_}  ")
    assert f"  complete  {_URL}\n" in err
    assert archiver("show", id_)[1].startswith(f"{id_}  {state}")


def test_a_reason_must_be_given(archiver: Run, id_: str) -> None:
    code, out, err = archiver("withdraw", id_, "--yes")
    assert (code, out) == (2, "")
    assert "--reason" in err


@pytest.mark.parametrize("is_held", [False, True])
def test_what_is_kept_is_reported_with_its_date_and_code_8(
    is_held: bool, archiver: Run, id_: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    delete = LocalStore.delete

    def keep(self: LocalStore, key: str) -> None:
        if key == layout.warc(id_):
            raise RetainedError(f"{key} is kept", _UNTIL, legal_hold=is_held)
        delete(self, key)

    monkeypatch.setattr(LocalStore, "delete", keep)
    code, out, err = archiver("withdraw", id_, "--reason", "an order", "--yes")
    assert (code, out) == (8, f"{id_} withdrawn, 3 objects deleted; entry 2 of the log says so\n")
    first, second = err.splitlines()
    assert first == f"archiver: {layout.warc(id_)} is kept"
    when = "when the legal hold is lifted, withdraw it once more"
    dated = "withdraw it once more after 2199-01-02T03:04:05.000000Z"
    assert second == f"archiver: 1 object is still there; {when if is_held else dated}"
    code, out, _ = archiver("--json", "withdraw", id_, "--reason", "an order")
    (left,) = json.loads(out)["left"]
    assert code == 8
    assert (left["kept_until"], left["legal_hold"]) == ("2199-01-02T03:04:05.000000Z", is_held)
    assert left["object"].endswith(layout.warc(id_))
    assert archiver("index", "check")[0] == 8


def test_show_says_when_and_why_and_by_whom_and_gives_the_statement(archiver: Run, id_: str) -> None:
    archiver("withdraw", id_, "--reason", "an \u202eorder", "--operator", "O. Perator", "--yes")
    code, out, _ = archiver("show", id_)
    first, second, rest = out.split("\n", 2)
    assert (code, first) == (0, f"{id_}  withdrawn  entry 2 of the log")
    assert second.startswith("withdrawn 20")
    assert second.endswith(" UTC by O. Perator: an ?order")
    assert json.loads(rest)["type"] == "withdrawn"
    _, out, _ = archiver("--json", "show", id_)
    said = json.loads(out)
    assert (said["type"], said["id"], said["reason"], said["operator"]) == (
        "withdrawn", id_, "an \u202eorder", "O. Perator",
    )  # fmt: skip


def test_the_list_has_it_without_its_url(archiver: Run, id_: str) -> None:
    archiver("withdraw", id_, "--reason", "an order", "--operator", "O. Perator", "--yes")
    code, out, _ = archiver("snapshots", "--outcome", "withdrawn")
    assert code == 0
    assert out.startswith(f"{id_}  ")
    assert out.endswith("  withdrawn     -  (an order)\n")
    listed = json.loads(archiver("--json", "snapshots")[1])
    assert (listed["outcome"], listed["url"], listed["log_index"]) == ("withdrawn", None, 2)
    assert (listed["withdrawn"]["reason"], listed["withdrawn"]["operator"]) == ("an order", "O. Perator")
    assert archiver("snapshots", _URL)[1] == ""


def test_nothing_can_be_taken_out_of_it(archiver: Run, id_: str) -> None:
    archiver("withdraw", id_, "--reason", "an order", "--yes")
    code, out, err = archiver("get", id_, "--as", "text")
    assert (code, out) == (6, "")
    assert err.startswith(f"archiver: {id_} was withdrawn at 20")
    assert err.endswith(": an order\n")
