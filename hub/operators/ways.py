"""What a way to an operator is, and which of the two is taken now."""

from __future__ import annotations

from typing import Protocol


class Way(Protocol):
    """A way up. `may_send` is False while it is down, or rests after a failure; `trouble` then says why."""

    name: str
    most_at_a_time: int

    @property
    def is_up(self) -> bool:
        """The operator, or its broker, answered the last time that we asked."""
        ...

    @property
    def may_send(self) -> bool:
        """Now is a moment to try."""
        ...

    @property
    def trouble(self) -> str | None:
        """Why it is not up."""
        ...

    async def send_events(self, payload: bytes) -> bytes | None:
        """Send a batch; answers the ack where it comes this way. Raises Unreachable: it may have arrived or not."""
        ...

    async def send_status(self, payload: bytes) -> None:
        """Send the status. Raises Unreachable."""
        ...


def way_now(first: Way | None, second: Way | None, lost_for_s: float, patience_s: float) -> Way:
    """MQTT while it is up; HTTPS when MQTT is away for long, or is not wanted at all."""
    if first is None:
        assert second is not None
        return second
    if first.is_up or second is None or lost_for_s < patience_s:
        return first
    return second
