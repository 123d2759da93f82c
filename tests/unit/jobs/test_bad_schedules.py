"""Whatever somebody gives for a schedule is a schedule, or gets one clear line."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archiver.errors import UsageError
from archiver.schedules.definition import Definition, define, from_document
from archiver.schedules.due import next_due

START = datetime(2026, 3, 1, tzinfo=UTC)
URL = "https://a.test/"
_FINE: dict[str, Any] = {"urls": (URL,), "every": "1h"}


@pytest.mark.parametrize(
    ("given_", "said"),
    [
        ({"every": "1h"}, "either URLs or a feed"),
        ({**_FINE, "feed": URL}, "either URLs or a feed"),
        ({"urls": (URL,)}, "either an interval"),
        ({**_FINE, "cron": "0 7 * * *"}, "either an interval"),
        ({**_FINE, "urls": URL}, "urls"),
        ({**_FINE, "urls": ("ftp://a.test/",)}, "not an http or https URL"),
        ({**_FINE, "urls": ("https://u:p@a.test/",)}, "user name or password"),
        ({**_FINE, "urls": (URL, URL)}, "given twice"),
        ({**_FINE, "urls": tuple(f"https://a.test/{n}" for n in range(1001))}, "1000 URLs"),
        ({**_FINE, "urls": (7,)}, "urls"),
        ({**_FINE, "every": "0s"}, "every"),
        ({**_FINE, "every": 3600}, "no duration"),
        ({**_FINE, "every": "6 months"}, "months and years"),
        ({**_FINE, "every": "400d"}, "every"),
        ({**_FINE, "every": "9999999999999999w"}, "longer than can be counted"),
        ({**_FINE, "jitter": "2d"}, "jitter"),
        ({**_FINE, "jitter": "often"}, "no duration"),
        ({**_FINE, "jitter": "2h"}, "longer than the interval"),
        ({**_FINE, "tz": "UTC"}, "for a cron expression"),
        ({"urls": (URL,), "cron": "0 7 * *"}, "five fields"),
        ({"urls": (URL,), "cron": "0 7 * * * *"}, "five fields"),
        ({"urls": (URL,), "cron": "61 7 * * *"}, "no cron expression"),
        ({"urls": (URL,), "cron": "0 0 30 2 *"}, "cron"),
        ({"urls": (URL,), "cron": "@never"}, "no cron expression"),
        ({"urls": (URL,), "cron": 7}, "cron"),
        ({"urls": (URL,), "cron": "0 7 * * *", "tz": "Europe/Atlantis"}, "no time zone"),
        ({"urls": (URL,), "cron": "0 7 * * *", "tz": "../../etc/passwd"}, "no time zone"),
        ({**_FINE, "missed": "some"}, "missed"),
        ({**_FINE, "stop_after": datetime(2027, 1, 1)}, "no zone"),  # noqa: DTZ001
        ({**_FINE, "stop_after": date(2027, 1, 1)}, "no zone"),
        ({**_FINE, "stop_after": "soon"}, "stop_after"),
        ({**_FINE, "priority": 101}, "priority"),
        ({**_FINE, "priority": "high"}, "priority"),
        ({**_FINE, "tag": ("",)}, "tag"),
        ({**_FINE, "case": "x" * 1001}, "case"),
        ({**_FINE, "trace": "perhaps"}, "trace"),
        ({**_FINE, "colour": "red"}, "no such key"),
        ({**_FINE, "start": START}, "no such key"),
        ({**_FINE, "every_s": 5}, "no such key"),
    ],
)
def test_what_is_no_schedule_is_refused_in_one_line(given_: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError) as caught:
        define("front", given_, START)
    line = str(caught.value)
    assert said in line
    assert "\n" not in line
    assert len(line) < 400
    assert "Definition" not in line


@pytest.mark.parametrize("name", ["", "A", "a b", "../a", "-a", "a" * 65, "ä", "a\n"])
def test_what_cannot_name_a_schedule_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="cannot name a schedule"):
        define(name, _FINE, START)


_KEYS = st.sampled_from([*Definition.model_fields, "every", "jitter", "x"])
_VALUES = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20), st.datetimes(),
        st.binary(max_size=3),
        st.sampled_from(["1h", "0 7 * * *", "* * 31 2 *", "Europe/Berlin", "all", URL, "@daily", "0 0 1-7 * 1#1"]),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=3), inner, max_size=2)),
    max_leaves=4,
)  # fmt: skip


@settings(max_examples=150)
@given(st.dictionaries(_KEYS, _VALUES, max_size=6), st.booleans())
def test_nothing_that_is_given_breaks_otherwise(values: dict[str, Any], fine: bool) -> None:
    values = {**_FINE, **values} if fine else values
    said = ""
    try:
        made = define("front", values, START)
        assert from_document(made.document()) == made
        next_due(made, START)
    except UsageError as error:
        said = str(error)
    assert "\n" not in said
