"""Mutations of the time stamps of an archive by somebody without the key, and of an archive by who has it.

Entries 0 and 1 of its log are of `first`, 2 and 3 of `second`, 4 and 5 say where those come from, 6 and 7 are of
`last`, and 8 says where that comes from. The log was stamped at 3 and at 9 entries.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from archiver.clock import rfc3339
from archiver.model import Recording
from archiver.moments import parse_rfc3339
from archiver.seal import stamps
from archiver.seal.checkpoint import Checkpoint
from archiver.storage import layout
from tests.tamper import records
from tests.tamper.mutations import Group
from tests.tamper.stamped import BEFORE, LATER
from tests.tamper.stamped_forge import RESULTS, StampedForge
from tests.unit.recordings import body

STORES: Group[StampedForge] = Group()
fails = STORES.fails


def _flip(path: Path) -> None:
    path.write_bytes(records.flipped(path.read_bytes(), path.stat().st_size // 3))


# a byte


@fails("second: timestamps")
def a_byte_of_a_time_stamp_over_a_note_is_changed(forge: StampedForge) -> None:
    _flip(forge.response(forge.over_note("second")))


@fails("second: timestamps")
def a_byte_of_a_renewed_time_stamp_is_changed(forge: StampedForge) -> None:
    _flip(next(forge.over_note("second").glob("renewal-001.2*")))


@fails("second: timestamps")
def a_byte_of_the_list_of_a_renewal_is_changed(forge: StampedForge) -> None:
    _flip(forge.over_note("second") / stamps.list_file(1))


@fails("log: timestamps", "first: timestamps", "second last: timestamps?")
def a_byte_of_a_time_stamp_over_the_earlier_checkpoint_is_changed(forge: StampedForge) -> None:
    _flip(forge.response(forge.over_log(BEFORE)))


@fails("log: timestamps", "second last: timestamps")
def a_byte_of_a_time_stamp_over_the_later_checkpoint_is_changed(forge: StampedForge) -> None:
    _flip(forge.response(forge.over_log(LATER)))


# taken away


@fails("second: timestamps")
def a_time_stamp_that_was_renewed_is_gone(forge: StampedForge) -> None:
    forge.response(forge.over_note("second")).unlink()


@fails("second: timestamps")
def the_list_of_a_renewal_is_gone(forge: StampedForge) -> None:
    (forge.over_note("second") / stamps.list_file(1)).unlink()


@fails("second last: timestamps?")
def a_time_stamp_that_statements_name_is_gone(forge: StampedForge) -> None:
    forge.response(forge.over_log(BEFORE)).unlink()


@fails("second last: timestamps?")
def all_time_stamps_that_statements_name_are_gone(forge: StampedForge) -> None:
    shutil.rmtree(forge.over_log(BEFORE))


@fails("first second last: timestamps?")
def all_time_stamps_are_gone(forge: StampedForge) -> None:
    shutil.rmtree(forge.path(layout.TIMESTAMPS))


@fails("last: timestamps?")
def one_over_a_note_and_one_over_the_later_checkpoint_are_gone(forge: StampedForge) -> None:
    for folder in (forge.over_note("last"), forge.over_log(LATER)):
        forge.response(folder).unlink()


# exchanged


@fails("second last: timestamps")
def the_time_stamps_of_two_notes_are_exchanged(forge: StampedForge) -> None:
    forge.without_renewal()
    one, other = forge.over_note("second"), forge.over_note("last")
    one.rename(forge.path("aside"))
    other.rename(one)
    forge.path("aside").rename(other)


@fails("log: timestamps", "first: timestamps", "second last: timestamps")
def the_time_stamps_of_two_checkpoints_are_exchanged(forge: StampedForge) -> None:
    one, other = forge.over_log(BEFORE), forge.over_log(LATER)
    one.rename(forge.path("aside"))
    other.rename(one)
    forge.path("aside").rename(other)


@fails("log: timestamps", "second last: timestamps")
def the_time_stamp_over_a_checkpoint_is_that_over_a_note(forge: StampedForge) -> None:
    forge.exchange(forge.over_log(LATER), "one", forge.response(forge.over_note("last")).read_bytes())


@fails("second: timestamps")
def a_time_stamp_of_one_authority_is_under_the_name_of_the_other(forge: StampedForge) -> None:
    forge.without_renewal()
    folder = forge.over_note("second")
    forge.exchange(folder, "one", forge.response(folder, "two").read_bytes())


@fails("second: timestamps")
def a_time_stamp_is_of_an_authority_that_only_has_the_names_of_the_other(forge: StampedForge) -> None:
    forge.without_renewal()
    forge.exchange(forge.over_note("second"), "one", forge.of.reply("double", forge.message("second")))


@fails("log: timestamps", "second last: timestamps")
def one_over_the_log_is_of_an_authority_that_only_has_the_names_of_the_other(forge: StampedForge) -> None:
    forge.exchange(forge.over_log(LATER), "one", forge.of.reply("double", forge.text(LATER)))


@fails("last: timestamps?")
def a_time_stamp_is_of_an_authority_that_nobody_trusts(forge: StampedForge) -> None:
    forge.put(forge.over_note("last"), "three", forge.of.reply("three", forge.message("last")))


@fails("log: timestamps?", "second last: timestamps?")
def one_over_the_log_is_of_an_authority_that_nobody_trusts(forge: StampedForge) -> None:
    forge.put(forge.over_log(LATER), "three", forge.of.reply("three", forge.text(LATER)))


@fails("second last: timestamps?")
def a_time_stamp_that_statements_name_was_asked_for_anew(forge: StampedForge) -> None:
    answer = forge.of.reply("one", forge.text(BEFORE), timedelta(seconds=-30))
    forge.exchange(forge.over_log(BEFORE), "one", answer)


# times and names


@fails("last: interval")
def an_authority_lies_by_an_hour(forge: StampedForge) -> None:
    forge.exchange(forge.over_note("last"), "one", forge.of.reply("one", forge.message("last"), timedelta(hours=-1)))


@fails("second last: interval")
def an_authority_lies_by_an_hour_of_the_log(forge: StampedForge) -> None:
    forge.exchange(forge.over_log(LATER), "one", forge.of.reply("one", forge.text(LATER), timedelta(hours=-1)))


@fails("last: timestamps")
def a_time_stamp_was_given_when_the_certificate_had_expired(forge: StampedForge) -> None:
    forge.exchange(forge.over_note("last"), "one", forge.of.reply("one", forge.message("last"), timedelta(days=3700)))


def _renamed(change: Callable[[str], str], forge: StampedForge) -> None:
    path = forge.response(forge.over_note("last"))
    path.rename(path.with_name(change(path.name)))


for _said, _renaming in {
    "an earlier time": lambda name: f"20200101{name[8:]}",
    "a later expiry": lambda name: f"{name[:17]}20991231{name[25:]}",
    "nothing": lambda name: "response.tsr",
    "a renewal that there is not": lambda name: f"renewal-001.{name}",
}.items():
    STORES.add(f"the name of a time stamp says {_said}", partial(_renamed, _renaming), "last: timestamps")


# added


def _added(folder: Callable[[StampedForge], Path], data: bytes, forge: StampedForge) -> None:
    path = folder(forge) / "20261126t000000z-20361126.one.tsr"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)


for _said, _data in {
    "with junk": b"junk",
    "that is empty": b"",
    "of ten megabytes": bytes(10 << 20),
    "that is nested very deep": b"\x30\x80" * 30_000,
}.items():
    _folder = partial(StampedForge.over_note, name="last")
    STORES.add(
        f"a file {_said} is among the time stamps of a note", partial(_added, _folder, _data), "last: timestamps"
    )
for _said, _size, _checks in (
    ("a checkpoint", LATER, ("log: timestamps", "second last: timestamps")),
    ("a checkpoint that was not stamped", 4, ("log: timestamps",)),
    ("more entries than there are", 12, ("log: timestamps",)),
):
    _folder = partial(StampedForge.over_log, size=_size)
    STORES.add(f"a file with junk is among the time stamps of {_said}", partial(_added, _folder, b"junk"), *_checks)


@fails("last: timestamps")
def a_file_of_another_kind_is_among_the_time_stamps(forge: StampedForge) -> None:
    (forge.over_note("last") / "readme.txt").write_bytes(b"what is this")


@fails("last: timestamps")
def thousands_of_files_are_among_the_time_stamps(forge: StampedForge) -> None:
    for number in range(1001):
        (forge.over_note("last") / f"{number}").write_bytes(b"")


@fails("last: timestamps")
def the_list_of_a_renewal_is_that_of_another_note(forge: StampedForge) -> None:
    shutil.copy(forge.over_note("second") / stamps.list_file(1), forge.over_note("last"))


# the log, without the key


@fails("log: consistency timestamps")
def the_log_is_rolled_back_to_before_it_was_stamped_last(forge: StampedForge) -> None:
    forge.roll_back(8)


@fails("log: consistency timestamps")
def the_log_is_rolled_back_to_the_earlier_checkpoint(forge: StampedForge) -> None:
    forge.roll_back(BEFORE)


# by who has the key

LIES: Group[StampedForge] = Group()
lies = LIES.fails


def _restated(forge: StampedForge, change: Callable[[dict[str, Any]], None]) -> None:
    """What `second` says, signed again, and all of it stamped by the authorities as if nothing had been."""
    forge.restate(RESULTS["second"], change, forge.made.signer)
    forge.publish(forge.made.signer)
    forge.stamp()


def _first_stamp(change: Callable[[dict[str, Any]], Any], statement: dict[str, Any]) -> None:
    change(statement["sealed_after"]["stamps"][0])


@lies("second: timestamps")
def it_says_another_time_of_the_checkpoint_before(forge: StampedForge) -> None:
    def change(stamp: dict[str, Any]) -> None:
        stamp["time"] = rfc3339(parse_rfc3339(stamp["time"]) + timedelta(seconds=1))

    _restated(forge, partial(_first_stamp, change))


@lies("second: timestamps")
def it_says_another_authority_of_the_checkpoint_before(forge: StampedForge) -> None:
    _restated(forge, partial(_first_stamp, lambda stamp: stamp.update(authority="three")))


@lies("second: timestamps?")
def it_names_a_time_stamp_that_nobody_has(forge: StampedForge) -> None:
    _restated(forge, partial(_first_stamp, lambda stamp: stamp.update(sha256="0" * 64)))


@lies("second: timestamps", alone=("second: timestamps?",))
def it_names_another_root_of_the_checkpoint_before(forge: StampedForge) -> None:
    _restated(forge, lambda said: said["sealed_after"]["checkpoint"].update(root="0" * 64))


@lies("second: timestamps?")
def it_names_another_size_of_the_checkpoint_before(forge: StampedForge) -> None:
    _restated(forge, lambda said: said["sealed_after"]["checkpoint"].update(size=2))


@lies("second: timestamps", alone=("second: consistency timestamps",))
def it_names_a_checkpoint_that_came_later(forge: StampedForge) -> None:
    """The old log of nine entries, which was stamped; the new one has nine as well."""
    named = _named(forge, LATER)
    _restated(forge, lambda said: said.update(sealed_after=named))


@lies("log: timestamps", "second last: timestamps", alone=("second: timestamps",))
def it_names_a_checkpoint_that_came_later_in_a_log_that_is_longer(forge: StampedForge) -> None:
    """Nothing is left of the old log of nine entries but what was stamped."""
    text, named = forge.text(LATER), _named(forge, LATER)
    responses = {name: forge.response(forge.over_log(LATER), name).read_bytes() for name in ("one", "two")}
    forge.restate(RESULTS["second"], lambda said: said.update(sealed_after=named), forge.made.signer)
    forge.rewrite([*range(9), 8, 8], forge.made.signer)
    forge.stamp()
    forge.path(layout.checkpoint(LATER)).write_bytes(text)
    for name, response in responses.items():
        forge.put(forge.over_log(LATER), name, response)


def _named(forge: StampedForge, size: int) -> dict[str, Any]:
    paths = {name: forge.response(forge.over_log(size), name) for name in ("one", "two")}
    return {
        "checkpoint": {"size": size, "root": Checkpoint.parse(forge.text(size).decode()).root.hex()},
        "stamps": [
            {
                "authority": name,
                "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
                "time": rfc3339(_given(path)),
            }
            for name, path in paths.items()
        ],
    }


def _given(path: Path) -> datetime:
    stored = stamps.parse(path.name)
    assert stored is not None
    return stored.said


def _moved(by: timedelta, recording: Recording) -> Recording:
    """All times of a capture."""
    exchanges = tuple(
        replace(each, started_at=each.started_at + by, ended_at=each.ended_at and each.ended_at + by)
        for each in recording.exchanges
    )
    began, ended = recording.started_at + by, recording.ended_at + by
    return replace(recording, exchanges=exchanges, main=exchanges[1], started_at=began, ended_at=ended)


def _re_dated(by: timedelta, forge: StampedForge) -> None:
    forge.recapture("second", partial(_moved, by), forge.made.signer)
    forge.publish(forge.made.signer)
    forge.stamp()


_WRONG = "second: intent? interval"
LIES.add("it is dated to before the checkpoint that it names", partial(_re_dated, timedelta(days=-1)), _WRONG)
LIES.add("it is dated to after it was stamped", partial(_re_dated, timedelta(days=1)), _WRONG)


def _rewritten(forge: StampedForge) -> None:
    """The page is another, and all of it is signed; what was stamped stays where it is."""

    def lying(recording: Recording) -> Recording:
        main = recording.main
        assert main is not None
        other = replace(main, response_body=body(b"<p>What nobody said.", main.response_head))
        exchanges = tuple(other if each is main else each for each in recording.exchanges)
        return replace(recording, exchanges=exchanges, main=other)

    forge.recapture("second", lying, forge.made.signer)
    forge.publish(forge.made.signer)


@lies("log: timestamps", "second last: timestamps")
def the_page_is_another_and_the_old_stamped_checkpoint_is_still_there(forge: StampedForge) -> None:
    _rewritten(forge)


@lies("log: timestamps", "second last: timestamps")
def the_page_is_another_and_its_note_is_stamped_anew(forge: StampedForge) -> None:
    _rewritten(forge)
    for authority in ("one", "two"):
        forge.put(forge.over_note("second"), authority, forge.of.reply(authority, forge.message("second")))


@lies("second: timestamps")
def the_page_is_another_and_bears_the_time_stamps_of_the_old_note(forge: StampedForge) -> None:
    old = forge.over_note("second")
    _rewritten(forge)
    forge.stamp(None)
    shutil.copytree(old, forge.over_note("second"))


@lies("log: timestamps")
def the_last_capture_is_dropped_from_a_log_that_was_stamped(forge: StampedForge) -> None:
    forge.rewrite(range(6), forge.made.signer)


@lies("log: timestamps", "second: timestamps")
def a_capture_is_dropped_and_others_come_after_it(forge: StampedForge) -> None:
    """So that the log has as many entries again as were stamped."""
    forge.rewrite([*range(6), 4, 4, 4], forge.made.signer)


@lies("log: timestamps", "first: timestamps", "second last: timestamps")
def an_entry_before_the_earlier_checkpoint_is_another(forge: StampedForge) -> None:
    forge.restate(0, lambda said: said.update(tags=["other"]), forge.made.signer)
    forge.publish(forge.made.signer)


@lies("second last: timestamps?")
def an_entry_before_the_earlier_checkpoint_is_another_and_its_time_stamps_are_gone(forge: StampedForge) -> None:
    forge.restate(0, lambda said: said.update(tags=["other"]), forge.made.signer)
    forge.publish(forge.made.signer)
    shutil.rmtree(forge.over_log(BEFORE))
    forge.stamp(None)


# what nobody can tell

LEFT: Group[StampedForge] = Group()


@LEFT.fails()
def it_is_dated_within_the_tolerance(forge: StampedForge) -> None:
    _re_dated(timedelta(seconds=30), forge)


@LEFT.fails()
def it_is_dated_back_and_names_no_checkpoint(forge: StampedForge) -> None:
    """An operator who is without the log's memory can do so; the interval begins nowhere then."""
    forge.recapture("second", partial(_moved, timedelta(days=-1)))
    intent = {name: rfc3339(parse_rfc3339(forge.statement(2)[name]) - timedelta(days=1)) for name in _TIMES}
    forge.restate(2, lambda said: said.update(intent), forge.made.signer)
    forge.restate(3, lambda said: said.pop("sealed_after"), forge.made.signer)
    shutil.rmtree(forge.over_log(BEFORE))
    forge.restate(7, lambda said: said.pop("sealed_after"), forge.made.signer)
    forge.publish(forge.made.signer)
    forge.stamp()


_TIMES = ("started_at", "deadline")
