"""The waiting line as people see it: who is how manyth on each blocked row, and when it may be whose turn. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

from hub.balance.explain import numbered
from hub.balance.memory import Memory
from hub.model.grant import Grant, Limiter
from hub.model.ids import ChargerId, CircuitId
from hub.model.units import Phase

Blocked = tuple[CircuitId | None, Phase | None]


def in_line(memory: Memory, grants: Mapping[ChargerId, Grant], now_s: float) -> dict[ChargerId, Grant]:
    """The grants of those that wait, with position and time. Every blocked row has a line of its own."""
    places = memory.queue.places
    waiting = [grant for id, grant in grants.items() if id in places and _waits(grant, on=places[id].on)]
    lines: dict[Blocked, int] = {}
    found: dict[ChargerId, Grant] = {}
    for grant in sorted(waiting, key=lambda g: (-memory.site.chargers[g.charger].priority, places[g.charger].since_s)):
        row = grant.circuit, grant.phase
        lines[row] = position = lines.get(row, 0) + 1
        until_s = memory.queue.until_s(grant.charger, position)
        until = None if until_s is None else datetime.fromtimestamp(round(until_s + memory.ahead_s), UTC)
        found[grant.charger] = replace(
            grant, text=numbered(grant.text, position), queue_position=position, queue_until=until
        )
    return found


def _waits(grant: Grant, *, on: bool) -> bool:
    return grant.limiter is Limiter.QUEUE or (grant.limiter is Limiter.SAFE_PLAN and not on)
