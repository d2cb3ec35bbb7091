"""How much may be under way to an operator, so that the live status never waits long behind a backlog. Pure.

The broker's acknowledgements tell how fast the line is. On a slow one messages become smaller and fewer, until what is
under way is through in about half a second; on a fast one they grow up to `MOST_BYTES` in all.
"""

from __future__ import annotations

from dataclasses import dataclass, field

MOST_BYTES = 512 * 1024
LEAST_BYTES = 4 * 1024
BATCH_BYTES = 64 * 1024
FIRST_BYTES = BATCH_BYTES
QUICK_S = 0.25
SLOW_S = 0.5
TURNS_A_SECOND = 5  # a limited rate is kept in steps as short as this


@dataclass(slots=True)
class Pace:
    """The line to one operator. `most_per_s` is the owner's limit on events."""

    most_per_s: int
    most_at_a_time: int
    allowed_bytes: int = FIRST_BYTES
    _under_way: dict[int, tuple[int, float]] = field(default_factory=dict)
    _next: int = 0
    _not_before_s: float = float("-inf")

    @property
    def batch_bytes(self) -> int:
        """The size of the next message."""
        return min(BATCH_BYTES, self.allowed_bytes)

    @property
    def batch_events(self) -> int:
        """The most events in the next message."""
        return max(1, self.most_per_s // TURNS_A_SECOND)

    def has_room(self, now_s: float) -> bool:
        """True when another message may go now."""
        under_way = sum(size for size, _ in self._under_way.values())
        return (
            now_s >= self._not_before_s
            and len(self._under_way) < self.most_at_a_time
            and (not self._under_way or under_way + self.batch_bytes <= self.allowed_bytes)
        )

    def pause_s(self, now_s: float) -> float:
        """How long the owner's limit makes us wait."""
        return max(0.0, self._not_before_s - now_s)

    def sent(self, size: int, events: int, now_s: float) -> int:
        """A message went out; answers a ticket for its acknowledgement."""
        self._not_before_s = max(self._not_before_s, now_s - 1 / TURNS_A_SECOND) + events / self.most_per_s
        self._next += 1
        self._under_way[self._next] = (size, now_s)
        return self._next

    def through(self, ticket: int, now_s: float) -> None:
        """It was acknowledged: learn how fast the line is."""
        if (found := self._under_way.pop(ticket, None)) is None:
            return
        took_s = now_s - found[1]
        if took_s < QUICK_S:
            self.allowed_bytes = min(MOST_BYTES, self.allowed_bytes * 2)
        elif took_s > SLOW_S:
            self.allowed_bytes = max(LEAST_BYTES, self.allowed_bytes // 2)

    def lost(self, ticket: int) -> None:
        """It was not acknowledged: whether it arrived is not known."""
        self._under_way.pop(ticket, None)
