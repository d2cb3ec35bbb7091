"""Polling a device: an interval, a deadline, back-off while it is away, and one log line for each outage."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import aiohttp

from hub.core.tasks import back_off_s
from hub.model.errors import Unreachable
from hub.model.reading import Contact, Link
from hub.sdk.host import StationHost


@dataclass(slots=True)
class Poller:
    """Calls `poll` every `interval_s` and says a `Contact` after each: up, or down with the reason and the next step.

    It is said each time, so that a charger that was drawn anew hears it too; an outage is logged once.

    `poll` raises Unreachable, TimeoutError, OSError or an aiohttp.ClientError when the device did not answer.
    """

    host: StationHost
    poll: Callable[[], Awaitable[None]]
    interval_s: float
    deadline_s: float = 5.0
    longest_pause_s: float = 30.0

    async def run(self) -> None:
        """Poll for ever. Give it to `host.tasks.keep`."""
        failures = 0
        while True:
            why = await self._try()
            if why is None and failures != 0:
                self.host.log.info("answers again")
            if why is not None and failures == 0:
                self.host.log.warning("does not answer: %s", why)
            self._say(why)
            failures = 0 if why is None else failures + 1
            pause = self.interval_s if why is None else back_off_s(failures, self.interval_s, self.longest_pause_s)
            await self.host.clock.sleep(pause)

    async def _try(self) -> str | None:
        """None when the poll went well, else what was wrong with it."""
        try:
            async with asyncio.timeout(self.deadline_s):
                await self.poll()
        except TimeoutError:
            return f"no answer within {self.deadline_s:.0f} s"
        except Unreachable as failed:
            return f"{failed.message}; {failed.next}" if failed.next else failed.message
        except (OSError, aiohttp.ClientError) as failed:
            return str(failed) or type(failed).__name__
        return None

    def _say(self, why: str | None) -> None:
        contact = Contact(at=self.host.clock.now(), link=Link.UP if why is None else Link.DOWN, why=why or "")
        if self.host.meter is not None:
            self.host.report_meter(contact)
        else:
            self.host.report_all(contact)
