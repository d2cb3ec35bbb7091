"""Whether the machine's clock is kept by a time server, as the kernel knows it."""

from __future__ import annotations

import ctypes

TIME_ERROR = 5  # adjtimex(2): the clock is not synchronised
ROOM_FOR_TIMEX = 512  # struct timex has 208 bytes on 64-bit Linux


def clock_synced() -> bool | None:
    """True when a time server keeps the clock, False when none does, None where the kernel does not say."""
    try:
        adjtimex = ctypes.CDLL(None).adjtimex
    except (OSError, AttributeError):
        return None
    answer = adjtimex(ctypes.create_string_buffer(ROOM_FOR_TIMEX))  # all zero: asks, and changes nothing
    return None if answer < 0 else bool(answer != TIME_ERROR)
