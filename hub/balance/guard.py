"""The fast loop: looks at every fresh sample of a meter and lowers at once where a circuit is above its limit. Pure.

It reckons with the same shares as the allocator, so that the two never pull in different directions, but does less: it
only ever lowers, and only chargers on a line that is above its limit. Whatever rises is the allocator's (decide.py).
"""

from __future__ import annotations

from hub.balance.alert import Stance
from hub.balance.decide import judge
from hub.balance.memory import Memory
from hub.balance.sequence import Command, reductions


def guard(memory: Memory, now_s: float) -> tuple[Command, ...]:
    """What has to go down at this moment, the largest reduction first. Tell it to `lend` before the next."""
    if not any(stance > Stance.WAITS for stance in memory.backgrounds.stances(now_s).values()):
        return ()
    _, _, cases = judge(memory, now_s)
    return tuple(reductions([c.move() for c in cases if c.track.reachable and c.stance > Stance.WAITS]))
