"""Limits of one station's outlets: told as charging profiles, as leases where it can hold them, and read back."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from datetime import datetime

from hub.sdk import (
    Charger,
    ChargerReading,
    EvhubError,
    Lease,
    LimitHeld,
    Refused,
    StationHost,
    Unreachable,
    Unsupported,
)
from hub.wire.ocpp16 import lenient
from integrations.ocpp import profiles
from integrations.ocpp.asking import Asker
from integrations.ocpp.config import Config
from integrations.ocpp.floors import NO_END, Floors

OBEYS_WITHIN_S = 10.0  # a charger has 10 s to apply a set-point (IEC 61851-1)
OVER_A = 1.0
SMART_CHARGING_OFF = "switch smart charging on at the charger, and let no other central system steer it"


@dataclass(slots=True, eq=False)
class Outlet:
    """What one outlet was told on this socket. `confirmed_a` None: whatever it holds, it was not confirmed here.

    `lease` came with the limit that was told last; None: that one stays until told otherwise.
    """

    load: profiles.Load
    confirmed_a: float | None = None
    confirmed_at_s: float = 0.0
    lease: Lease | None = None
    seen_phases: int | None = None
    apart: int | None = None  # the transaction that has a profile of its own
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


class Limits:
    """Tells limits. In amps where the station takes them; in watts so that no phase carries more than the limit."""

    def __init__(self, host: StationHost, asker: Asker, settings: Config) -> None:
        self._host, self._asker, self._settings = host, asker, settings
        self._style = profiles.ProfileStyle(settings.stack_level or 0, settings.rate_unit or "A")
        self._proven = False  # a profile of this style was accepted on this socket
        self._apart = True  # it takes profiles for single transactions, as far as is known
        self._outlets: dict[int, Outlet] = {}
        self._floors = Floors(host, asker, settings)

    def learn(self, said: dict[str, str]) -> None:
        """Take the style from the station's own configuration keys."""
        self._style = profiles.style_from(said, self._settings.stack_level, self._settings.rate_unit)
        self._proven = False

    def forget(self) -> None:
        """The station restarted: nothing that was confirmed counts any more."""
        self._outlets.clear()
        self._floors.forget()

    def said(self, at: str | None, now: datetime) -> None:
        """A message of the station names a time. Nothing is made of it before somebody asks for its clock."""
        self._floors.clock.said = (at, now)

    def say_whether_leases(self, *, anew: bool = False) -> bool:
        """Report whether it can hold leases, if that is news. Where it can no more, limits are told anew, to stay."""
        able = self._floors.say(self._style.stack_level, anew=anew)
        lent = [] if able else [pair for pair in self._outlets.items() if pair[1].lease is not None]
        for connector, outlet in lent:
            outlet.lease = None
            self._host.tasks.once("lease", self._tell_again(connector, outlet))
        return able

    async def set(self, connector: int, limit_a: float) -> float:
        """Tell an outlet its limit unless it has confirmed just that; answers what it holds then.

        Raises Refused, Unsupported or Unreachable. A charger that refuses 0 A is told its minimum instead, which is
        reported as held, and Refused is raised all the same: it does not pause.
        """
        charger = self._charger(connector)
        held_a = profiles.held_after(limit_a, charger)
        outlet = self._outlet(connector)
        async with outlet.turn:
            if outlet.confirmed_a != held_a or outlet.lease is not None:
                await self._tell(charger, outlet, held_a)
        return held_a

    async def lend(self, connector: int, limit_a: float, lease: Lease) -> float:
        """The same, until the lease is over; each call puts its end off. Where it can be none, it is told to stay.

        The limit comes first, then what lies under it: a reduction waits for nothing.
        """
        if not self.say_whether_leases():
            return await self.set(connector, limit_a)
        charger = self._charger(connector)
        held_a, floor_a = profiles.held_after(limit_a, charger), profiles.held_after(lease.floor_a, charger)
        outlet = self._outlet(connector)
        async with outlet.turn:
            if self._floors.has(connector):
                await self._tell(charger, outlet, held_a, lease)
            elif outlet.confirmed_a != held_a:
                await self._tell(charger, outlet, held_a)
            if self.say_whether_leases():
                await self._floors.lay(connector, self._for_everyone(charger, outlet, floor_a), self._style)
            if self.say_whether_leases() and outlet.lease is None:
                await self._tell(charger, outlet, held_a, lease)
            self.say_whether_leases()
        return held_a

    async def read(self, connector: int) -> bool:
        """Report what the outlet holds, by GetCompositeSchedule; False where it does not say."""
        charger = self._host.chargers.get(connector)
        if charger is None:
            return False
        unit = "W" if self._style.unit == "W" else None  # amps are what they answer anyway
        request = lenient.GetCompositeSchedule(connector_id=connector, duration=60, charging_rate_unit=unit)
        answer = await self._asker.attempt(request)
        if answer is None:
            return False
        now = self._host.clock.now()
        held_a = profiles.composite_limit(answer, charger, self._outlet(connector).load, now)
        if held_a is not None:
            self._host.report(connector, LimitHeld(at=now, limit_a=held_a))
        return held_a is not None

    def measured(self, connector: int, reading: ChargerReading) -> None:
        """Learn from a live sample: whether the limit is obeyed, and for watts what the car uses."""
        outlet = self._outlet(connector)
        self._check_obedience(connector, outlet, reading)
        if self._style.unit == "W":
            outlet.load = profiles.with_voltage(outlet.load, reading.voltage_v, self._settings.voltage_v)
            self._count_phases(connector, outlet, profiles.phases_in_use(reading.current_a))

    def new_car(self, connector: int) -> None:
        """A transaction began or ended: the next car may use other phases. Its own profile ends with a transaction."""
        outlet, assumed = self._outlet(connector), self._assumed_phases(connector)
        had_fewer = outlet.load.phases < assumed
        outlet.load = replace(outlet.load, phases=assumed)
        outlet.seen_phases, outlet.apart = None, None
        if had_fewer and outlet.confirmed_a is not None:
            self._host.tasks.once("watts", self._tell_again(connector, outlet))

    def _check_obedience(self, connector: int, outlet: Outlet, reading: ChargerReading) -> None:
        """What is not obeyed is not confirmed either: told again, it goes onto the wire again."""
        told_a = outlet.confirmed_a
        if told_a is None:
            return
        drawn_a = max((a for a in reading.current_a or () if a is not None), default=0.0)
        age_s = self._host.clock.monotonic() - outlet.confirmed_at_s
        if drawn_a > told_a + OVER_A and age_s > OBEYS_WITHIN_S:
            self._host.log.warning(
                "connector %d draws %.1f A after it accepted a limit of %.1f A", connector, drawn_a, told_a
            )
            outlet.confirmed_a = None

    def _count_phases(self, connector: int, outlet: Outlet, phases: int | None) -> None:
        """Fewer phases count at once; more only when two samples in a row show them."""
        seen, outlet.seen_phases = outlet.seen_phases, phases
        if phases is None or phases == outlet.load.phases or (phases > outlet.load.phases and phases != seen):
            return
        outlet.load = replace(outlet.load, phases=phases)
        if outlet.confirmed_a is not None and self._host.transaction_of(connector) is not None:
            self._host.tasks.once("watts", self._tell_again(connector, outlet))

    async def _tell_again(self, connector: int, outlet: Outlet) -> None:
        async with outlet.turn:
            held_a = outlet.confirmed_a
            if held_a is None:
                return
            try:
                await self._tell(self._charger(connector), outlet, held_a, outlet.lease)
            except EvhubError as failed:
                self._host.log.warning("its limit could not be told anew: %s", failed)

    async def _tell(self, charger: Charger, outlet: Outlet, held_a: float, lease: Lease | None = None) -> None:
        before_a, outlet.confirmed_a = outlet.confirmed_a, None  # until it answers it may hold either
        outlet.lease = lease
        status = await self._send(charger, outlet, held_a)
        if status == "Rejected" and held_a == 0:
            await self._least_instead(charger, outlet, before_a)
        if status == "NotSupported":
            raise Unsupported(f"{charger.id} does not take charging profiles", SMART_CHARGING_OFF)
        if status != "Accepted":
            raise Refused(f"{charger.id} answered '{status}' to a limit of {held_a:g} A", SMART_CHARGING_OFF)
        self._confirm(outlet, held_a, before_a)

    async def _least_instead(self, charger: Charger, outlet: Outlet, before_a: float | None) -> None:
        if before_a != charger.min_a and await self._send(charger, outlet, charger.min_a) != "Accepted":
            return
        self._confirm(outlet, charger.min_a, before_a)
        self._host.report(charger.connector, LimitHeld(at=self._host.clock.now(), limit_a=charger.min_a))
        raise Refused(
            f"{charger.id} refuses 0 A and goes on with {charger.min_a:g} A",
            "stop the charge instead, or allow limits below 6 A at the charger",
        )

    async def _send(self, charger: Charger, outlet: Outlet, held_a: float) -> str | None:
        """The answer to a profile for every transaction, and for a car whose phases are known to one of its own."""
        limit = self._for_everyone(charger, outlet, held_a)
        status = await self._put_somehow(limit)
        if status == "Rejected" and limit.until is not None:
            status = await self._put_somehow(replace(limit, until=None))
            if status == "Accepted":
                self._floors.refused(NO_END)
                outlet.lease = None
        transaction = self._host.transaction_of(charger.connector)
        needs_own = self._apart and (outlet.load.phases > limit.load.phases or outlet.apart is not None)
        if status != "Accepted" or self._style.unit == "A" or transaction is None or not needs_own:
            return status
        own = await self._put(
            replace(limit, load=outlet.load, transaction=transaction, until=_end(outlet)), self._style
        )
        if own == "Accepted":
            outlet.apart = transaction
        elif outlet.apart is None:  # the profile for everyone goes on holding: less than it could be, never more
            self._host.log.info("it takes no profile for one transaction: %s", own)
            self._apart, own = False, "Accepted"
        return own

    def _for_everyone(self, charger: Charger, outlet: Outlet, amps: float) -> profiles.Limit:
        """A limit for every transaction: no car's fewer phases than assumed may make it too much."""
        fewest = min(outlet.load.phases, self._assumed_phases(charger.connector))
        return profiles.Limit(charger, amps, replace(outlet.load, phases=fewest), until=_end(outlet))

    async def _put_somehow(self, limit: profiles.Limit) -> str | None:
        """The first way of saying it that the station accepts, and that one from then on. No lease lies on level 0."""
        fixed = self._settings
        ways = profiles.ways(
            self._style,
            any_unit=fixed.rate_unit is None and not self._proven,
            any_level=fixed.stack_level is None and not self._proven and limit.until is None,
        )
        status: str | None = None
        for style in ways:
            status = await self._put(limit, style)
            if status != "Rejected":
                break
        if status == "Accepted":
            self._style, self._proven = style, True
        return status

    async def _put(self, limit: profiles.Limit, style: profiles.ProfileStyle) -> str | None:
        try:
            answer = await self._asker.ask(profiles.set_profile(limit, style, self._host.clock.now()))
        except Refused as refused:  # a CALLERROR: some say so instead of Rejected
            self._host.log.info("%s", refused)
            return "Rejected"
        return answer.status

    def _confirm(self, outlet: Outlet, held_a: float, before_a: float | None) -> None:
        outlet.confirmed_a = held_a
        if held_a != before_a:  # else its time to follow has begun before
            outlet.confirmed_at_s = self._host.clock.monotonic()

    def _charger(self, connector: int) -> Charger:
        charger = self._host.chargers.get(connector)
        if charger is None:
            raise Unreachable(f"{self._host.station} has no connector {connector} in the drawing", "adopt it first")
        return charger

    def _outlet(self, connector: int) -> Outlet:
        outlet = self._outlets.get(connector)
        if outlet is None:
            load = profiles.Load(self._assumed_phases(connector), self._settings.voltage_v)
            outlet = self._outlets[connector] = Outlet(load)
        return outlet

    def _assumed_phases(self, connector: int) -> int:
        charger = self._host.chargers.get(connector)
        wired = 3 if charger is None or charger.phases is None else len(charger.phases)
        return min(self._settings.car_phases or 1, wired)


def _end(outlet: Outlet) -> datetime | None:
    return None if outlet.lease is None else outlet.lease.until
