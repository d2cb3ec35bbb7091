"""The bus: facts fan out to listeners, each with one bounded queue and one task, so that none can delay the teller.

Live changes are conflated by key: while a listener is busy, ten changes of one charger become one. Events keep their
order and are bounded; what must never be lost is read from the journal by cursor, not from here. An event that is kept
goes through the journal first, where there is one, and is told when it is on disk.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable

from hub.core.tasks import Tasks, survive
from hub.model.facts import Event, Fact

log = logging.getLogger(__name__)

LONGEST_QUEUE = 10_000

Handler = Callable[[Fact], Awaitable[None]]


class Listener:
    """One listener's queue: newest fact per key for live changes, every event in order."""

    def __init__(self, name: str, wants: tuple[type[Fact], ...], handle: Handler) -> None:
        self.name = name
        self.wants = wants
        self._handle = handle
        self._waiting: OrderedDict[Hashable, Fact] = OrderedDict()
        self._serial = 0
        self._ready = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._dropped = 0

    def put(self, fact: Fact) -> None:
        """Queue a fact: a live change replaces its predecessor; the oldest is dropped when the queue is full."""
        key: Hashable = fact
        if isinstance(fact, Event):
            self._serial += 1
            key = self._serial
        self._waiting.pop(key, None)
        self._waiting[key] = fact
        if len(self._waiting) > LONGEST_QUEUE:
            self._waiting.popitem(last=False)
            self._dropped += 1
            if self._dropped == 1:
                log.error("listener %s is %d facts behind; the oldest are dropped", self.name, LONGEST_QUEUE)
        self._idle.clear()
        self._ready.set()

    async def run(self) -> None:
        """Handle facts one after the other, for ever."""
        while True:
            await self._ready.wait()
            while self._waiting:
                _, fact = self._waiting.popitem(last=False)
                await survive(f"listener {self.name} on {fact.name}", self._handle(fact))
            self._dropped = 0
            self._ready.clear()
            self._idle.set()

    async def drained(self) -> None:
        """Wait until everything queued so far has been handled."""
        await self._idle.wait()


class Bus:
    """Facts go in at one end and come out at every listener that wants them."""

    def __init__(self) -> None:
        self._tasks = Tasks("bus")
        self._listeners: list[Listener] = []
        self._keeper: Callable[[Event], None] | None = None

    def listen(self, name: str, wants: tuple[type[Fact], ...], handle: Handler) -> None:
        """Call `handle` for every fact of these types, in its own task. Starts at once."""
        listener = Listener(name, wants, handle)
        self._listeners.append(listener)
        self._tasks.keep(name, listener.run)

    def keep_by(self, keeper: Callable[[Event], None] | None) -> None:
        """Give every event that is kept to `keeper`, who writes it down and then calls `deliver`."""
        self._keeper = keeper

    def publish(self, fact: Fact) -> None:
        """Tell a fact. Never waits, never fails."""
        if self._keeper is not None and isinstance(fact, Event) and fact.keeping is not None:
            self._keeper(fact)
        else:
            self.deliver(fact)

    def deliver(self, fact: Fact) -> None:
        """Tell a fact that is kept already, or is not to be."""
        for listener in self._listeners:
            if isinstance(fact, listener.wants):
                listener.put(fact)

    async def drained(self) -> None:
        """Wait until all listeners have handled what was published before this call."""
        for listener in list(self._listeners):
            await listener.drained()

    async def close(self) -> None:
        """End all listeners."""
        await self._tasks.close()
