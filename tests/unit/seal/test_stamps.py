"""The names of stored time stamps, what is listed by them, and the lists of renewals."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archiver.config import AUTHORITY_NAME
from archiver.seal import stamps
from archiver.storage import layout
from archiver.storage.base import is_key
from tests.support.memory_store import MemoryStore

NOTE = layout.note_timestamps("ab" * 32)
GOOD = "20261123t080000z-20300102.one.tsr"
#: of the years 1000 to 9999
moments = st.integers(-30610224000, 253402300799).map(lambda second: datetime.fromtimestamp(second + 0.25, UTC))
authorities = st.from_regex(AUTHORITY_NAME, fullmatch=True)
renewals = st.integers(0, stamps.MAX_RENEWALS)


@given(authorities, moments, moments, renewals)
def test_a_name_says_who_when_until_when_and_of_which_renewal(
    authority: str, time: datetime, expires: datetime, renewal: int
) -> None:
    key = NOTE + stamps.file_name(authority, time, expires, renewal)
    assert is_key(key)
    found = stamps.parse(key)
    assert found == stamps.Stored(
        key,
        authority,
        time.replace(microsecond=0),
        expires.replace(hour=0, minute=0, second=0, microsecond=0),
        renewal,
    )
    assert stamps.file_name(authority, found.said, found.expires, renewal) == found.file


@given(moments, moments)
def test_names_of_one_authority_are_in_the_order_of_their_times(first: datetime, second: datetime) -> None:
    seconds = [each.replace(microsecond=0) for each in (first, second)]
    files = [stamps.file_name("one", each, datetime(2030, 1, 2, tzinfo=UTC)) for each in (first, second)]
    assert (files[0] < files[1]) == (seconds[0] < seconds[1])


@given(st.text(alphabet="0123456789tz-.renwalsumo²\n", max_size=50) | st.from_regex(r"[a-z0-9._/-]+", fullmatch=True))
def test_any_other_name_is_none_and_never_raises(name: str) -> None:
    found = stamps.parse(name)
    if found is not None:
        assert stamps.file_name(found.authority, found.said, found.expires, found.renewal) in (
            found.file,
            found.file.removeprefix("renewal-000."),
        )
    number = stamps.list_number(name)
    assert number is None or stamps.list_file(number) == name.rpartition("/")[2]


@pytest.mark.parametrize(
    "name",
    [
        "20261323t080000z-20300102.one.tsr",
        "20261123t250000z-20300102.one.tsr",
        "20261123t080000z-20300230.one.tsr",
        "00000000t000000z-00000000.one.tsr",
        "20261123t080000z-20300102.one.tsr.tsr.x",
        "20261123t080000z-20300102.One.tsr",
        "20261123t080000z-20300102..tsr",
        f"20261123t080000z-20300102.{'a' * 33}.tsr",
        "renewal-1000.20261123t080000z-20300102.one.tsr",
        f"{GOOD}\n",
        "",
    ],
)
def test_odd_names_are_names_of_nothing(name: str) -> None:
    assert stamps.parse(name) is None
    assert stamps.list_number(name) is None


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.from_regex(r"[a-z0-9][a-z0-9.-]{0,40}", fullmatch=True), st.binary(max_size=40), min_size=1))
def test_the_list_of_a_renewal_is_what_sha256sum_writes(tmp_path: Path, files: dict[str, bytes]) -> None:
    for old in tmp_path.iterdir():
        old.unlink()
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    command = ["sha256sum", "--", *sorted(files)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=True, timeout=30)
    assert stamps.sums(files) == done.stdout


def test_what_is_listed_of_a_note_is_what_lies_in_its_own_folder() -> None:
    other = layout.note_timestamps("ab" * 31 + "ac")
    keys = [NOTE + GOOD, other + GOOD, f"{NOTE}renewal-001.sums", f"{NOTE}deeper/{GOOD}"]
    store = MemoryStore(dict.fromkeys(keys, b""))
    assert [each.key for each in stamps.of_note(store, "ab" * 32)] == [NOTE + GOOD]


def checkpoints(*keys: str) -> MemoryStore:
    return MemoryStore({layout.CHECKPOINT_TIMESTAMPS + key: b"" for key in keys})


def test_stamped_checkpoints_are_listed_by_size_from_one_on() -> None:
    later = GOOD.replace("one", "two")
    store = checkpoints(*(f"{size:012d}/{name}" for size in (3, 7, 100) for name in (GOOD, later)))
    assert [(size, [each.file for each in found]) for size, found in stamps.of_checkpoints(store)] == [
        (size, [GOOD, later]) for size in (3, 7, 100)
    ]
    for above, sizes in ((-1, [3, 7, 100]), (0, [3, 7, 100]), (3, [7, 100]), (6, [7, 100]), (100, [])):
        assert [size for size, _ in stamps.of_checkpoints(store, above)] == sizes


@pytest.mark.parametrize(
    "stray",
    [
        f"x/000000000003/{GOOD}",
        f"000000000003/000000000003/{GOOD}",
        f"000000000003/zzz/{GOOD}",
        f"zzz/000000000003/{GOOD}",
        f"3/{GOOD}",
        f"0000000000003/{GOOD}",
        GOOD,
    ],
)
def test_what_lies_elsewhere_is_of_no_checkpoint_and_hides_none(stray: str) -> None:
    """Whoever can only add to a store could else put something in the place of what is there."""
    store = checkpoints(f"000000000003/{GOOD}", stray)
    found = list(stamps.of_checkpoints(store))
    assert [(size, [each.key for each in listed]) for size, listed in found] == [
        (3, [f"{layout.CHECKPOINT_TIMESTAMPS}000000000003/{GOOD}"])
    ]
    assert dict(found) == dict(stamps.of_checkpoints(checkpoints(f"000000000003/{GOOD}")))


def test_the_day_a_certificate_expires_is_the_day_in_utc() -> None:
    east = datetime.fromisoformat("2030-01-02T01:30:00+05:00")
    assert stamps.file_name("one", east, east + timedelta(days=1)) == "20300101t203000z-20300102.one.tsr"
