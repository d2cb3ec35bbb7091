"""How much is under way at once: on a slow line little, on a fast one much, and never more than the owner lets."""

from __future__ import annotations

import pytest

from hub.operators.pace import BATCH_BYTES, LEAST_BYTES, MOST_BYTES, Pace


def drained(line_bytes_s: float, for_s: float, most_per_s: int = 1_000_000) -> tuple[Pace, float, float]:
    """Send over a line of so many bytes a second; answers the pace, the most seconds under way, and events a second."""
    pace, now_s, line_free_s = Pace(most_per_s, 8), 0.0, 0.0
    arrivals: list[tuple[float, int]] = []
    longest_s, events = 0.0, 0
    while now_s < for_s:
        while arrivals and arrivals[0][0] <= now_s:
            pace.through(arrivals.pop(0)[1], now_s)
        while pace.has_room(now_s):
            size = pace.batch_bytes
            count = min(pace.batch_events, max(1, size // 300))
            line_free_s = max(line_free_s, now_s) + size / line_bytes_s
            arrivals.append((line_free_s + 0.02, pace.sent(size, count, now_s)))
            events += count
            if now_s > for_s / 2:
                longest_s = max(longest_s, line_free_s - now_s)
        now_s += 0.005
    return pace, longest_s, events / for_s


@pytest.mark.parametrize("line_bytes_s", [16_000, 64_000, 1_000_000, 100_000_000])
def test_on_any_line_a_new_message_is_through_in_less_than_a_second(line_bytes_s: float) -> None:
    _, longest_s, _ = drained(line_bytes_s, 60.0)
    assert longest_s < 1.0


def test_a_fast_line_is_used_and_a_slow_one_is_not_flooded() -> None:
    fast, _, _ = drained(100_000_000, 5.0)
    slow, _, _ = drained(8_000, 60.0)
    assert fast.allowed_bytes == MOST_BYTES
    assert LEAST_BYTES <= slow.allowed_bytes < BATCH_BYTES


@pytest.mark.parametrize("most_per_s", [1, 10, 2_000])
def test_the_owners_limit_holds(most_per_s: int) -> None:
    _, _, events_a_second = drained(100_000_000, 20.0, most_per_s)
    assert most_per_s * 0.8 <= events_a_second <= most_per_s * 1.1


def test_what_is_lost_makes_room_again() -> None:
    pace = Pace(1000, 1)
    ticket = pace.sent(100, 1, 0.0)
    assert not pace.has_room(10.0)
    pace.lost(ticket)
    pace.through(ticket, 11.0)  # late: it says nothing any more
    assert pace.has_room(11.0)
