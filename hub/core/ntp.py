"""Whether the machine's clock is kept by a time server, as the kernel knows it."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass

TIME_ERROR = 5  # adjtimex(2): the clock is not synchronised


class Timex(ctypes.Structure):
    """The beginning of struct timex of adjtimex(2), and room for the rest: 208 bytes on 64-bit Linux."""

    _fields_ = (
        ("modes", ctypes.c_int),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("rest", ctypes.c_byte * 512),
    )


@dataclass(frozen=True, slots=True)
class ClockState:
    """A time server keeps the clock or not, and by how much it may be wrong at most, as the kernel reckons."""

    synced: bool
    within_s: float


def clock_state() -> ClockState | None:
    """How the clock is kept; None where the kernel does not say."""
    try:
        adjtimex = ctypes.CDLL(None).adjtimex
    except (OSError, AttributeError):
        return None
    asked = Timex()  # all zero: asks, and changes nothing
    answer = adjtimex(ctypes.byref(asked))
    return None if answer < 0 else ClockState(answer != TIME_ERROR, asked.maxerror / 1e6)


def clock_synced() -> bool | None:
    """True when a time server keeps the clock, False when none does, None where the kernel does not say."""
    state = clock_state()
    return None if state is None else state.synced
