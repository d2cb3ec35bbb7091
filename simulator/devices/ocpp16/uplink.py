"""A charge point's way to its central system: dial, register, deliver, and begin again for ever."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from random import Random

import aiohttp

from simulator.devices.base import Net
from simulator.devices.ocpp16.keys import Keys
from simulator.devices.ocpp16.link import Answer, Link, Lost, Unanswered, dial
from simulator.devices.ocpp16.outbox import Outbox

BACK_OFF_S = (1.0, 2.0, 4.0, 8.0, 10.0)
PING = "WebSocketPingInterval"
ASK_AGAIN_S = 10.0  # after a BootNotification that got no usable answer or no interval


@dataclass(frozen=True, slots=True)
class Caller:
    """Who dials: the identity in the URL, what is to be delivered, and how the station introduces itself."""

    identity: str
    keys: Keys
    outbox: Outbox
    boot: Callable[[], object]  # makes the BootNotification
    boots_always: bool  # at each connection, not only after a reboot
    welcomed: Callable[[], None]  # called when the central system has accepted us


class Uplink:
    """Keeps one connection. `online` is true while the central system has accepted us on an open link."""

    def __init__(self, caller: Caller, net: Net) -> None:
        self.online = False
        self._caller = caller
        self._net = net
        self._link: Link | None = None
        self._registered = False
        self._ended = False
        self._away_until_s = 0.0
        self._mute_until_s = 0.0
        self._ask_now = asyncio.Event()
        self._rng = Random(caller.identity)

    def now_s(self) -> float:
        """Monotonic seconds at the pace of this run."""
        return asyncio.get_running_loop().time() * self._net.pace

    async def pause(self, seconds: float) -> None:
        """Wait, at the pace of this run."""
        await asyncio.sleep(seconds / self._net.pace)

    async def run(self, handlers: object) -> None:
        """Stay connected until cancelled after `end`; `handlers` answer the calls of the central system."""
        failures = 0
        async with aiohttp.ClientSession() as session:
            while not self._ended:
                await self.pause(max(self._away_until_s - self.now_s(), 0.0))
                welcome = await self._connect(session, handlers)
                failures = 0 if welcome else failures + 1
                await self.pause(BACK_OFF_S[min(failures, len(BACK_OFF_S) - 1)] * self._rng.uniform(1.0, 1.5))

    def end(self) -> None:
        """Dial no more, also where the cancellation that follows is lost: a task group that fails drops it."""
        self._ended = True

    async def stay_away(self, for_s: float) -> None:
        """Drop the connection and do not dial for so many seconds."""
        self._away_until_s = max(self._away_until_s, self.now_s() + for_s)
        if self._link is not None:
            await self._link.close()

    def fall_silent(self, for_s: float) -> None:
        """Keep the socket open, but hear and say nothing for so many seconds."""
        self._mute_until_s = self.now_s() + for_s

    def forget(self) -> None:
        """The controller restarted: the next connection begins with a BootNotification."""
        self._registered = False

    def register_now(self) -> None:
        """Do not wait any longer before asking again to be accepted."""
        self._ask_now.set()

    def wait_s(self, answer: Answer) -> float:
        """The interval of a BootNotification's answer; an accepted one becomes the heartbeat."""
        interval_s = int(str(answer.interval))
        if str(answer.status) == "Accepted" and interval_s > 0:
            self._caller.keys.put("HeartbeatInterval", str(interval_s))
        return interval_s if interval_s > 0 else ASK_AGAIN_S

    async def _connect(self, session: aiohttp.ClientSession, handlers: object) -> bool:
        """One connection from dial to loss; true if it got as far as being accepted."""
        welcome = False
        try:
            link = await dial(
                session, self._net.ocpp_url, self._caller.identity, handlers, self._caller.keys.number(PING)
            )
            async with link:
                await self._serve(link)
        except* Lost:
            welcome = self.online
        finally:
            self._link, self.online = None, False
            self._caller.outbox.link_is_down()
        return welcome

    async def _serve(self, link: Link) -> None:
        self._link = link
        link.silent = lambda: self.now_s() < self._mute_until_s
        async with asyncio.TaskGroup() as group:
            group.create_task(link.receive())
            group.create_task(self._talk(link))

    async def _talk(self, link: Link) -> None:
        if self._caller.boots_always or not self._registered:
            await self._register(link)
        self._registered = self.online = True
        self._caller.welcomed()
        await self._caller.outbox.deliver(link, self._attempts, self._retry_pause_s)

    async def _register(self, link: Link) -> None:
        while True:
            wait_s = ASK_AGAIN_S
            with suppress(Unanswered):
                answer = await link.call(self._caller.boot())
                wait_s = self.wait_s(answer)
                if str(answer.status) == "Accepted":
                    return
            self._ask_now.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(wait_s / self._net.pace):
                    await self._ask_now.wait()

    def _attempts(self) -> int:
        return self._caller.keys.number("TransactionMessageAttempts")

    def _retry_pause_s(self) -> float:
        return self._caller.keys.number("TransactionMessageRetryInterval") / self._net.pace
