"""Supervised tasks: each has a name and an owner; one that fails is logged and started again with back-off.

This is the one place of the hub that catches every exception: whatever a room or an integration forgot ends here, in
the log with its task's name, and takes nothing else down.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

log = logging.getLogger(__name__)

T = TypeVar("T")

FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 60.0
STABLE_AFTER_S = 60.0


def back_off_s(attempt: int, first_s: float = FIRST_PAUSE_S, longest_s: float = LONGEST_PAUSE_S) -> float:
    """Seconds to wait before try number `attempt` (from 1): doubled each time, capped, half of it jitter."""
    ceiling: float = min(longest_s, first_s * 2.0 ** min(attempt - 1, 16))
    return ceiling / 2 + random.random() * ceiling / 2


async def survive(name: str, work: Awaitable[object]) -> bool:
    """Await `work`; a failure is logged under `name` and answered with False."""
    try:
        await work
    except Exception:
        log.exception("%s failed", name)
        return False
    return True


class Tasks:
    """A group of tasks with one owner. `close()` ends them all and waits until they are gone."""

    def __init__(self, owner: str) -> None:
        self._owner = owner
        self._running: set[asyncio.Task[Any]] = set()

    def keep(self, name: str, work: Callable[[], Awaitable[None]]) -> asyncio.Task[None]:
        """Run `work()` as long as the owner lives: when it raises, again after a back-off; when it returns, done."""
        return self._start(f"{self._owner}.{name}", self._kept(f"{self._owner}.{name}", work))

    def once(self, name: str, work: Coroutine[object, object, object]) -> asyncio.Task[bool]:
        """Run one coroutine in the background; a failure is logged and that is all."""
        task = self._start(f"{self._owner}.{name}", survive(f"{self._owner}.{name}", work))
        task.add_done_callback(lambda _: work.close())  # one that was cancelled before its first step
        return task

    async def close(self) -> None:
        """End every task of this group and wait for it."""
        me = asyncio.current_task()
        ending = [task for task in self._running if task is not me]
        for task in ending:
            task.cancel()
        await asyncio.gather(*ending, return_exceptions=True)

    def _start(self, name: str, work: Coroutine[object, object, T]) -> asyncio.Task[T]:
        task = asyncio.create_task(work, name=name)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    async def _kept(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        loop = asyncio.get_running_loop()
        attempt = 0
        while True:
            began = loop.time()
            try:
                await work()
            except Exception:
                attempt = 1 if loop.time() - began > STABLE_AFTER_S else attempt + 1
                pause = back_off_s(attempt)
                log.exception("task %s failed; again in %.0f s", name, pause)
                await asyncio.sleep(pause)
            else:
                return
