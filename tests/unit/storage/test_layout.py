"""Keys and ids."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from archiver.storage import layout

_MOMENT = datetime(2026, 11, 23, 8, 14, 7, 999999, tzinfo=UTC)


def test_an_id_is_its_time_and_random_letters() -> None:
    new = layout.new_id(_MOMENT)
    assert layout.is_id(new)
    assert new.startswith("20261123t081407z-")
    assert new == new.lower()
    assert len(new) <= 63, "a host name's label has 63 characters at most"


def test_ids_of_one_moment_differ() -> None:
    assert len({layout.new_id(_MOMENT) for _ in range(200)}) == 200


def test_ids_sort_by_time() -> None:
    moments = [datetime(2026, 1, 2, 3, 4, second, tzinfo=UTC) for second in range(30)]
    ids = [layout.new_id(moment) for moment in moments]
    assert ids == sorted(ids)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "20261123t081407z",
        "20261123t081407z-",
        "20261123t081407z-aaaaaaaaaaaaaaa",
        "20261123t081407z-aaaaaaaaaaaaaaaaa",
        "20261123T081407Z-aaaaaaaaaaaaaaaa",
        "20261123t081407z-aaaaaaaaaaaaaaa1",
        "20261123t081407z-aaaaaaaaaaaaaaaa\n",
        "../20261123t081407z-aaaaaaaaaaaaaaaa",
        "\u0662\u0660261123t081407z-aaaaaaaaaaaaaaaa",
    ],
)
def test_what_is_no_id(text: str) -> None:
    assert not layout.is_id(text)


def test_every_key_of_a_snapshot_lies_in_its_folder() -> None:
    keys = [layout.warc("ID"), layout.cdxj("ID")]
    assert keys == ["snapshots/ID/capture.warc.gz", "snapshots/ID/capture.cdxj"]
    assert all(key.startswith(layout.prefix("ID")) for key in keys)
