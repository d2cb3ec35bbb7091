"""Messages of a charge point on their way up: one queue, in order; what belongs to a transaction survives an outage."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from simulator.devices.ocpp16.link import Answer, Link, Unanswered

MOST_KEPT = 5000  # beyond this the oldest MeterValues go, as OCPP 1.6 (3.7.2) allows


@dataclass(eq=False)
class Message:
    """One CALL to come. `request` builds it when its turn comes, as a transaction's id may be known only then."""

    request: Callable[[], object]
    answered: Callable[[Answer], object] | None = None
    failed: Callable[[], object] | None = None  # no usable answer, or the link went down before its turn
    keeps: bool = False  # belongs to a transaction: retried, and sent after an outage
    sheds: bool = False  # may be dropped when an outage outlasts the memory
    tries: int = 0


class Outbox:
    """Delivers one message after the other while a link is there."""

    def __init__(self) -> None:
        self._queue: deque[Message] = deque()
        self._filled = asyncio.Event()

    def __len__(self) -> int:
        return len(self._queue)

    def post(self, message: Message) -> None:
        """Append a message; at the bound, shed the oldest that may go."""
        if len(self._queue) >= MOST_KEPT:
            oldest = next((m for m in self._queue if m.sheds), None)
            if oldest is not None:
                self._queue.remove(oldest)
        self._queue.append(message)
        self._filled.set()

    def link_is_down(self) -> None:
        """Forget what means nothing later: status, authorisation, heartbeat."""
        for message in [m for m in self._queue if not m.keeps]:
            self._give_up(message)

    async def deliver(self, link: Link, attempts: Callable[[], int], pause_s: Callable[[], float]) -> None:
        """Send for ever. Raises Lost; the message in hand then stays first."""
        while True:
            await self._wait()
            message = self._queue[0]
            try:
                answer = await link.call(message.request())
            except Unanswered:
                await self._again_or_give_up(message, attempts(), pause_s())
            else:
                self._drop(message)
                if message.answered is not None:
                    message.answered(answer)

    async def _wait(self) -> None:
        while not self._queue:
            self._filled.clear()
            await self._filled.wait()

    async def _again_or_give_up(self, message: Message, attempts: int, pause_s: float) -> None:
        message.tries += 1
        if message.keeps and message.tries < attempts:
            await asyncio.sleep(pause_s * message.tries)
        else:
            self._give_up(message)

    def _give_up(self, message: Message) -> None:
        self._drop(message)
        if message.failed is not None:
            message.failed()

    def _drop(self, message: Message) -> None:
        if message in self._queue:
            self._queue.remove(message)
