"""Cutting bytes into pieces, as sockets and pipes do; and how long reading them takes."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from hypothesis import strategies as st

#: where to cut: each number is taken modulo the length of what is cut
cuts = st.lists(st.integers(min_value=0, max_value=1 << 20), max_size=12)


def pieces(data: bytes, at: Sequence[int]) -> list[bytes]:
    """`data` cut at these places; pieces may be empty."""
    places = sorted(place % (len(data) + 1) for place in at)
    return [data[begin:end] for begin, end in zip([0, *places], [*places, len(data)], strict=True)]


def seconds(work: Callable[[], object]) -> float:
    """The least processor time of two runs."""
    times = []
    for _ in range(2):
        began = time.process_time()
        work()
        times.append(time.process_time() - began)
    return min(times)
