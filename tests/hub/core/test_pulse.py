"""The pulse: a loop that something holds up beats late, and says by how much."""

from __future__ import annotations

import asyncio
import threading

from hub.core.pulse import BEAT_S, Pulse


async def beats(pulse: Pulse, more: int) -> None:
    """Wait for so many more."""
    until = pulse.beats + more
    async with asyncio.timeout(10):
        while pulse.beats < until:
            await asyncio.sleep(BEAT_S / 5)


async def test_a_loop_that_is_held_up_says_by_how_much() -> None:
    pulse = Pulse()
    assert (pulse.late_s(0.99), pulse.late_s(1.0)) == (None, None)
    await pulse.start()
    await beats(pulse, 1)
    threading.Event().wait(BEAT_S + 0.5)  # the whole loop waits for this
    await beats(pulse, 2)
    worst_s, least_s = pulse.late_s(1.0), pulse.late_s(0.0)
    assert worst_s is not None
    assert worst_s >= 0.5
    assert least_s is not None
    assert least_s < 0.5
    await pulse.stop()
    ended = pulse.beats
    await asyncio.sleep(2 * BEAT_S)
    assert pulse.beats == ended


def test_the_share_of_the_last_minute() -> None:
    pulse = Pulse()
    pulse._late_s.extend([0.001] * 500 + [0.002] * 237 + [0.5, 0.7, 0.9])  # only the last 240 count
    assert (pulse.late_s(0.5), pulse.late_s(0.99), pulse.late_s(1.0)) == (0.002, 0.5, 0.9)
