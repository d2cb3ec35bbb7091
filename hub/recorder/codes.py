"""The small numbers that stand for words in the database. Pure. A number is never given to another word.

Amps are whole hundredths, limits whole tenths, power and energy whole watts and watt-hours: exact enough, and a third
of the room that floating point would take.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from hashlib import sha256

from hub.model.charger import Status
from hub.model.grant import Limiter

STATES: Mapping[str, int] = {
    Status.AVAILABLE: 1,
    Status.PREPARING: 2,
    Status.CHARGING: 3,
    Status.SUSPENDED_EV: 4,
    Status.SUSPENDED_EVSE: 5,
    Status.FINISHING: 6,
    Status.RESERVED: 7,
    Status.UNAVAILABLE: 8,
    Status.FAULTED: 9,
    "offline": 20,
}
OFFLINE = STATES["offline"]
LIMITERS: Mapping[str, int] = {
    Limiter.CHARGER: 1,
    Limiter.CIRCUIT: 2,
    Limiter.REQUEST: 3,
    Limiter.PAUSED: 4,
    Limiter.NO_CAR: 5,
    Limiter.QUEUE: 6,
    Limiter.STARTING: 7,
    Limiter.UNREACHABLE: 8,
    Limiter.FAULT: 9,
    Limiter.WAITING_FOR_OTHERS: 10,
    Limiter.METER: 11,
    Limiter.SAFE_PLAN: 12,
}
STATE_WORDS = {code: str(word) for word, code in STATES.items()}
LIMITER_WORDS = {code: str(word) for word, code in LIMITERS.items()}


def whole(value: float | None) -> int | None:
    """Watts or watt-hours, rounded; None where it is unknown or not a number."""
    return None if value is None or not math.isfinite(value) else round(value)


def hundredths(amps: float | None) -> int | None:
    """A measured current."""
    return None if amps is None or not math.isfinite(amps) else round(amps * 100)


def tenths(amps: float | None) -> int | None:
    """A limit, rounded down; None where there is none."""
    return None if amps is None or not math.isfinite(amps) else math.floor(amps * 10 + 1e-6)


def packed(seconds: Mapping[int, int]) -> str | None:
    """Seconds by code as `3:240,4:60`; None where there are none."""
    return ",".join(f"{code}:{s}" for code, s in sorted(seconds.items()) if s > 0) or None


def unpacked(text: str | None) -> dict[int, int]:
    """The same, back."""
    pairs = (part.split(":") for part in text.split(",")) if text else ()
    return {int(code): int(s) for code, s in pairs}


def text_key(text: str) -> int:
    """The number under which a sentence is kept: 48 bits of its hash, so that nobody has to give it one."""
    return int.from_bytes(sha256(text.encode()).digest()[:6], "big")
