"""How far an operator is: what was sent, what it has, and when to send again. Pure; seconds are monotonic.

The operator's word alone moves `acked`. Acks may be lost, repeated and late, so everything here can be said twice; what
is sent again the operator knows by its place. Nothing makes the hub send again without a pause that grows, until the
operator has something that it never had before.
"""

from __future__ import annotations

from dataclasses import dataclass

MOST_UNACKED = 10_000  # entries that are sent and not acknowledged
PATIENCE_S = 30.0
LONGEST_PATIENCE_S = 300.0
RESEND_PAUSE_S = 2.0
LONGEST_RESEND_PAUSE_S = 300.0


@dataclass(slots=True)
class Progress:
    """Numbers of the journal. `acked`: the operator has everything up to it; `sent`: we have sent up to it."""

    acked: int
    sent: int
    best: int  # the furthest that was ever acknowledged: only beyond it there is progress
    _waits_since_s: float | None = None
    _patience_s: float = PATIENCE_S
    _wanted: int | None = None  # a place to go back to, when the pause is over
    _not_before_s: float = float("-inf")
    _pause_s: float = RESEND_PAUSE_S

    @classmethod
    def at(cls, cursor: int) -> Progress:
        """Where a durable cursor says."""
        return cls(cursor, cursor, cursor)

    @property
    def room(self) -> int:
        """How many entries may be sent before the next ack."""
        return max(0, MOST_UNACKED - max(0, self.sent - self.acked))

    def was_sent(self, to: int, now_s: float) -> None:
        """Everything up to `to` went out."""
        self.sent = to
        if self._waits_since_s is None and self.sent > self.acked:
            self._waits_since_s = now_s

    def was_acked(self, no: int, now_s: float) -> None:
        """The operator has everything up to `no`; an older ack says nothing new."""
        if no <= self.acked:
            return
        self.acked = no
        self._waits_since_s = now_s if self.sent > no else None
        self._patience_s = PATIENCE_S
        if self._wanted is not None and no > self._wanted:
            self._wanted = None
        if no > self.best:
            self.best, self._pause_s = no, RESEND_PAUSE_S

    def asked_again(self, no: int, now_s: float) -> bool:
        """The operator wants everything after `no` again: at once, or after a pause where it was just sent.

        True when we went back now.
        """
        if now_s < self._not_before_s:
            self._wanted = no
            return False
        self._not_before_s = now_s + self._pause_s
        self._pause_s = min(2 * self._pause_s, LONGEST_RESEND_PAUSE_S)
        self.go_back(no)
        return True

    def go_back(self, no: int) -> None:
        """Send everything after `no` again, now."""
        self.acked = self.sent = no
        self._wanted = self._waits_since_s = None

    def connected_anew(self) -> None:
        """What was under way may be lost: go on after what the operator has."""
        self.sent = min(self.sent, self.acked)
        self._waits_since_s = None

    def look(self, now_s: float) -> bool:
        """Send again what was asked for or waits for its ack for too long. True when nothing was heard for long."""
        if self._wanted is not None and now_s >= self._not_before_s:
            self.asked_again(self._wanted, now_s)
        if self._waits_since_s is None or now_s - self._waits_since_s < self._patience_s:
            return False
        self._patience_s = min(2 * self._patience_s, LONGEST_PATIENCE_S)
        self.connected_anew()
        return True
