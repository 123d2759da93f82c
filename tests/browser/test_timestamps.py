"""Captures in a real browser with time-stamp authorities that work or fail: stored at once, sealed in the end."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from archiver.archive import Archive
from archiver.config import load
from archiver.moments import parse_rfc3339
from tests.sites.server import LocalWeb
from tests.support.stamping import SECRET, Around
from tests.support.workers import News

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

_URL = "http://news.test/news/"


class Place:
    """The program in a folder of its own, which asks `one` and `two`."""

    def __init__(self, folder: Path, web: LocalWeb, around: Around) -> None:
        self.folder, self.around = folder, around
        self.timeout_s = 3.0
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("ARCHIVER_")},
            "ARCHIVER_CAPTURE__RESOLVE": ",".join(web.resolve),
            "ARCHIVER_CAPTURE__SETTLE_S": "4",
            "PYTHONPATH": os.pathsep.join(sys.path),
        }

    def run(self, *arguments: str) -> tuple[int, str, str]:
        (self.folder / "asked.toml").write_text(self.around.toml(timeout_s=self.timeout_s))
        command = [sys.executable, "-m", "archiver", "--config", "asked.toml", *arguments]
        done = subprocess.run(
            command, cwd=self.folder, env=self._environment, capture_output=True, text=True, check=False, timeout=100
        )
        assert SECRET not in done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        return done.returncode, done.stdout, done.stderr

    def json(self, *arguments: str) -> tuple[int, dict[str, Any]]:
        code, out, err = self.run("--json", *arguments)
        assert out, err
        found: dict[str, Any] = json.loads(out.splitlines()[-1])
        return code, found

    def verdicts(self, id_: str) -> dict[str, str]:
        _, found = self.json("verify", id_)
        return {each["name"]: each["verdict"] for each in found["checks"]}


@pytest.fixture
def place(tmp_path: Path, around: Around) -> Iterator[Place]:
    with LocalWeb(News()) as web:
        yield Place(tmp_path, web, around)


def test_a_capture_names_a_stamped_checkpoint_and_is_sealed(place: Place) -> None:
    code, made = place.json("capture", _URL)
    assert code == 0
    assert made["outcome"] == "complete"
    assert made["sealed"]["after_by"] == made["sealed"]["before_by"] == ["one", "two"]
    after, before, at = (
        parse_rfc3339(text) for text in (made["sealed"]["after"], made["sealed"]["before"], made["captured_at"])
    )
    # The authorities' clocks have whole seconds, and an accuracy of one.
    assert after <= at <= before
    assert (before - after).total_seconds() < 90
    with Archive(load({"archive": str(place.folder / "archive")}).settings) as archive:
        said = archive.find(made["id"]).statement["sealed_after"]
    assert said["checkpoint"]["size"] == 1
    verdicts = place.verdicts(made["id"])
    assert (verdicts["timestamps"], verdicts["interval"]) == ("PASS", "PASS")


_MODES = {
    "garbage": "its answer is refused: the response cannot be read",
    "redirecting": "it redirects (status 307), which is not followed; correct its URL",
    "endless": "the answer has more than 65536 bytes, so it is no time stamp",
    "slow": "the answer was not complete within 3 s",
    "silent": "the answer was not complete within 3 s",
    "lying": "its answer is refused: its time is ",
}


def test_with_each_way_to_fail_it_is_stored_and_completed_later(place: Place) -> None:
    """One archive for all, as a browser takes its time."""
    assert place.json("capture", _URL)[0] == 0
    made = {}
    for modes in (("garbage", "redirecting"), ("endless", "lying"), ("slow", "silent")):
        place.around.behave(one=modes[0], two=modes[1])
        code, found = place.json("capture", _URL)
        assert code == 0, modes
        assert found["outcome"] == "complete"
        for name, mode in zip(("one", "two"), modes, strict=True):
            assert found["unstamped"][name].startswith(f"time-stamp authority {name}: {_MODES[mode]}")
        assert (found["sealed"]["before"], found["sealed"]["after_by"]) == (None, ["one", "two"])
        made[modes] = found["id"]
    code, out, _ = place.run("show", found["id"])
    assert code == 0
    assert "and no time stamp says until when" in out
    assert place.json("seal", "status")[1]["waits"] == len(made)
    assert place.json("seal", "retry")[0] == 7

    place.around.behave(one="good", two="good")
    again = time.time()
    code, done = place.json("seal", "retry")
    assert (code, done["stamped"], done["waits"]) == (0, len(made), 0)
    for id_ in made.values():
        _, shown = place.json("show", id_)
        assert shown["sealed"]["before_by"] == ["one", "two"]
        assert parse_rfc3339(shown["sealed"]["before"]).timestamp() >= int(again), "later, and said so"
    verdicts = place.verdicts(found["id"])
    assert (verdicts["timestamps"], verdicts["interval"]) == ("PASS", "PASS")


def test_authorities_that_never_answer_take_no_longer_than_they_are_given(place: Place) -> None:
    """Twice: for the log before the visit and for the note after it; and a browser starts meanwhile."""
    place.around.behave(one="silent", two="slow", three="silent")
    place.timeout_s = 0.2
    began = time.monotonic()
    assert place.json("capture", _URL)[0] == 0
    quick_s = time.monotonic() - began
    place.timeout_s = 6.0
    began = time.monotonic()
    code, found = place.json("capture", _URL)
    assert code == 0
    assert sorted(found["unstamped"]) == ["one", "two"]
    assert found["sealed"] == {"after": None, "after_by": [], "before": None, "before_by": []}
    # Who was silent before the visit is not asked again after it.
    assert time.monotonic() - began < quick_s + 2 * 6.0 + 10
    assert place.around.asked() == {"one": 2, "two": 2, "three": 0}


def test_with_one_of_two_it_is_stored_and_says_who_is_missing(place: Place) -> None:
    assert place.json("capture", _URL)[0] == 0
    place.around.behave(two="busy")
    code, out, _ = place.run("capture", _URL)
    assert code == 0
    assert "warning    time-stamp authority two: the server answered with status 503" in out
    assert "time-stamped by 1 of 2 authorities" in out
    assert "(one alone)" in out
