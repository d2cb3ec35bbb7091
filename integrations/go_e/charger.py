"""The driver of one go-e Charger: polls what it needs of its status, and steers it by `amp` and `frc`.

`amp` is stored in flash, so it is set only when it changes, and raised not too often: a raise that comes too soon waits
here. Meanwhile the hub is told the higher limit, as what the charger may hold soon; a reduction never waits.

The charger has no watchdog for the hub: it keeps its last limit. `frc` (forced off) is how it pauses; it ends when the
car leaves. What it holds is read with every poll and reported as it is.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace

from hub.sdk import (
    Address,
    Capability,
    LimitHeld,
    Poller,
    Refused,
    StationHost,
    Unreachable,
    keep_transaction,
)
from integrations.go_e import translate
from integrations.go_e.client import Client
from integrations.go_e.config import Config

CONNECTOR = 1  # a go-e Charger has one outlet
NEVER_S = float("-inf")


@dataclass(frozen=True, slots=True)
class Pace:
    """How often it is asked, and how long things may take."""

    poll_s: float = 2.0
    answer_s: float = 9.0  # a few requests, now and then slow ones
    longest_pause_s: float = 10.0
    order_s: float = 8.0
    obey_s: float = 5.0  # its logic turns once a second, and takes a few turns to stop a car
    look_s: float = 0.5
    raise_gap_s: float = 20.0  # between two raises of what is stored in flash


async def start(host: StationHost, config: Config) -> GoE:
    """Drive the go-e Charger that is this station; it may come later."""
    return GoE(host, Client(host)).begin()


class GoE:
    """One go-e Charger. Implements SetsLimit, StartsAndStops and Resets."""

    def __init__(self, host: StationHost, client: Client, pace: Pace = Pace()) -> None:
        self._host = host
        self._client = client
        self._pace = pace
        self._status: Mapping[str, object] = {}
        self._answers = False  # the last conversation went through
        self._introduce_due = True  # who it is must be asked anew
        self._introduced_at: Address | None = None
        self._stopped = False  # somebody ended the charge of the car that is still there
        self._raise: translate.Setting | None = None  # a raise that came too soon
        self._raised_at_s = NEVER_S
        self._talking = asyncio.Lock()  # one conversation at a time, so that what is read belongs to what was sent
        self._odd: set[str] = set()
        self._withheld: str | None = None
        self._polling: asyncio.Task[None] | None = None

    def begin(self) -> GoE:
        """Start polling."""
        pace = self._pace
        poller = Poller(self._host, self._poll, pace.poll_s, pace.answer_s, pace.longest_pause_s)
        self._polling = self._host.tasks.keep("poll", poller.run)
        return self

    async def stop(self) -> None:
        """Leave it as it is: it keeps what it is set to."""
        if self._polling is not None:
            self._polling.cancel()
            await asyncio.gather(self._polling, return_exceptions=True)

    # orders

    async def set_limit(self, connector: int, limit_a: float) -> float:
        """Whole amps by `amp`; below its least it is forced off. Confirmed by its settings and by its logic."""
        _one_outlet(connector)
        async with self._conversation(f"{limit_a:g} A"):
            wanted = now = translate.setting_for(limit_a, self._status, stopped=self._stopped)
            now_a, self._raise = translate.amp(self._status), None
            if now_a is not None and wanted.amp > now_a and self._too_soon():
                now = replace(wanted, amp=now_a)
            await self._apply(now)
            self._raise = None if now == wanted else wanted
            held_a = self._hold()
        if held_a is None:
            raise Unreachable("it does not say what it is set to", "look at it in the go-e app")
        return held_a

    async def start_charging(self, connector: int, token: str) -> None:
        """Take a stop back, and stand in for a card where it waits for one; how much flows is for its limit to say."""
        _one_outlet(connector)
        async with self._conversation("the start"):
            self._stopped = False
            if translate.waits_for_card(self._status):
                await self._client.write({"trx": 0})
            await self._tell()

    async def stop_charging(self, connector: int) -> None:
        """Force it off until a start, or until the car leaves."""
        _one_outlet(connector)
        async with self._conversation("the stop"):
            if not translate.plugged(self._status):
                raise Refused("no car is plugged in")
            self._raise = None
            await self._apply(translate.setting_for(0.0, self._status, stopped=True))
            self._stopped = True
            self._hold()
            await self._tell()

    async def reset(self, *, hard: bool) -> None:
        """Restart it. Soft and hard are the same; a charge goes on afterwards."""
        async with self._talking:
            await self._client.write({"rst": True})
            self._introduce_due = True

    @contextlib.asynccontextmanager
    async def _conversation(self, what: str) -> AsyncIterator[None]:
        """Have it to oneself, with its status of now, and end in time."""
        try:
            async with asyncio.timeout(self._pace.order_s), self._talking:
                await self._look()
                yield
        except TimeoutError:
            raise Unreachable(f"it did not confirm {what} in {self._pace.order_s:.0f} s") from None

    async def _apply(self, wanted: translate.Setting) -> None:
        """Set what differs, and wait until its logic has followed."""
        changes = translate.changes(wanted, self._status)
        if changes:
            await self._client.write(changes)
        if changes.get("amp", 0) > (translate.amp(self._status) or 0):
            self._raised_at_s = self._host.clock.monotonic()
        clock, began_s = self._host.clock, self._host.clock.monotonic()
        while not translate.obeys(wanted, self._status):
            if clock.monotonic() - began_s > self._pace.obey_s:
                raise self._disobeyed()
            await clock.sleep(self._pace.look_s)
            await self._look()

    def _disobeyed(self) -> Refused:
        allowed = "lets the car charge" if self._status.get("alw") is True else "does not let the car charge"
        why = translate.reason(self._status)
        return Refused(
            f"it is at {translate.amp(self._status)} A and {allowed}{f': {why}' if why else ''}",
            "look who else steers it: its app, its own load management, OCPP",
        )

    def _too_soon(self) -> bool:
        return self._host.clock.monotonic() - self._raised_at_s < self._pace.raise_gap_s

    # what comes from the device

    async def _poll(self) -> None:
        """Look at it, unless somebody else does just now; a raise that had to wait may go out."""
        if self._talking.locked():
            return
        async with self._talking:
            await self._look()
            if self._raise is not None and not self._too_soon():
                await self._raise_now(self._raise)
            self._hold()

    async def _raise_now(self, wanted: translate.Setting) -> None:
        self._raise = None
        try:
            await self._apply(wanted)
        except Refused as refused:  # the hub hears what it holds, and decides anew
            self._host.log.warning("it was not raised to %d A: %s", wanted.amp, refused.message)

    async def _look(self) -> None:
        """Its status of now; before that, where it may be another unit or have restarted, who it is."""
        stranger = self._introduce_due or not self._answers or self._introduced_at != self._host.address()
        self._answers = False  # until it has answered
        if stranger:
            await self._introduce()
        self._status = await self._client.read(translate.LIVE)
        self._answers = True
        await self._tell()

    async def _introduce(self) -> None:
        address = self._host.address()
        self._client.forget()
        self._raise = None
        who = await self._client.read(translate.WHO)
        if not translate.is_station(who, self._host.station):
            raise Unreachable(
                f"another go-e Charger answers at {address}: {translate.identity(who).serial}",
                f"correct the host of {self._host.station}, or its station if the unit was exchanged",
            )
        self._introduced_at, self._introduce_due = address, False
        self._host.report_all(translate.identity(who))
        self._host.can(Capability.LIMIT, Capability.START_STOP, Capability.RESET)

    def _hold(self) -> float | None:
        """Say what it holds, or will when a waiting raise has gone out."""
        held_a = translate.held_a(self._status)
        if held_a is None:
            return None
        if self._raise is not None:
            held_a = max(held_a, float(self._raise.amp))
        self._host.report(CONNECTOR, LimitHeld(at=self._host.clock.now(), limit_a=held_a))
        return held_a

    async def _tell(self) -> None:
        status, at = self._status, self._host.clock.now()
        has_car = translate.plugged(status)
        self._stopped = self._stopped and has_car is not False and translate.forced_off(status)
        reading, odd_values = translate.reading(status, at)
        state, odd_state = translate.state(status, at, stopped=self._stopped)
        self._complain({**odd_values, **odd_state})
        self._explain(translate.withholds(status))
        self._host.report(CONNECTOR, state)
        self._host.report(CONNECTOR, reading)
        await keep_transaction(self._host, CONNECTOR, has_car, reading.energy_wh)

    def _complain(self, odd: translate.Odd) -> None:
        for key in odd.keys() - self._odd:
            self._odd.add(key)
            self._host.log.warning("odd status: %s", odd[key])

    def _explain(self, withheld: str | None) -> None:
        """Write down once why it keeps the car waiting: nobody else would know."""
        if withheld is not None and withheld != self._withheld:
            self._host.log.info("it does not let the car charge: %s", withheld)
        self._withheld = withheld


def _one_outlet(connector: int) -> None:
    if connector != CONNECTOR:
        raise Refused(f"a go-e Charger has one outlet, not a connector {connector}", "use connector 1")
