"""The pulse of the event loop: how late it comes to what it wanted to do, because something held it up."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field

from hub.core.tasks import Tasks

BEAT_S = 0.25
OF_THE_LAST_S = 60.0


@dataclass(slots=True)
class Pulse:
    """Beats four times a second, and remembers for a minute by how much each beat was late."""

    beats: int = 0
    _late_s: deque[float] = field(default_factory=lambda: deque(maxlen=int(OF_THE_LAST_S / BEAT_S)))
    _tasks: Tasks = field(default_factory=lambda: Tasks("pulse"))

    async def start(self) -> None:
        """Begin to beat."""
        self._tasks.keep("beat", self._beat)

    async def stop(self) -> None:
        """Stop beating."""
        await self._tasks.close()

    def late_s(self, part: float) -> float | None:
        """So many seconds late, or less, was this part of the last minute's beats (1: the worst); None before any."""
        ranked = sorted(self._late_s)
        return ranked[min(int(part * len(ranked)), len(ranked) - 1)] if ranked else None

    async def _beat(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due_s = loop.time() + BEAT_S
            await asyncio.sleep(BEAT_S)
            self._late_s.append(max(0.0, loop.time() - due_s))
            self.beats += 1
