"""How long limits hold by themselves, so that the sum fits at every moment after the hub's death, not only at the end.

A lease above its charger's floor ends with a fall to the floor; one below it ends with a rise. So those below last
until the last of those above has surely ended, clocks that differ and cars that follow included. Pure.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

SKEW_S = 10.0  # a charger's clock is at most so far from ours, else it holds no lease
FALL_S = 6.0  # charger and car follow by then
RETRY_S = 15.0  # a lease is renewed so long before it must have been
SPARE_S = 34.0  # and not more often than this, where it is one below the floor


@dataclass(frozen=True, slots=True)
class Held:
    """What goes with a limit, in monotonic seconds."""

    floor_a: float
    until_s: float
    renew_s: float  # from then on it is told again
    doubt_s: float  # from then on it may end before one above its floor that is given now: its floor counts as drawn


def held(limit_a: float, floor_a: float, lease_s: float, longest_s: float, now_s: float) -> Held:
    """The lease for a limit that is told now; `lease_s` is the charger's own, `longest_s` the longest of the site."""
    if limit_a > floor_a:
        until_s = now_s + lease_s
        return Held(floor_a, until_s, until_s - SKEW_S - RETRY_S, math.inf)
    doubt_s = now_s + SPARE_S + RETRY_S
    return Held(floor_a, doubt_s + overlap_s(longest_s), doubt_s - RETRY_S, doubt_s)


def beside(lease: Held, longest_s: float) -> Held:
    """The same lease where another charger may hold longer ones by now than when it was given."""
    doubt_s = lease.until_s - overlap_s(longest_s)
    if math.isinf(lease.doubt_s) or doubt_s >= lease.doubt_s:
        return lease
    return replace(lease, doubt_s=doubt_s, renew_s=min(lease.renew_s, doubt_s - RETRY_S))


def overlap_s(longest_s: float) -> float:
    """So long after now the last lease above a floor has ended everywhere, and no lease below may end before."""
    return longest_s + SKEW_S + FALL_S + SKEW_S
