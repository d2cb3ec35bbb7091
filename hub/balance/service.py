"""The balancer at work: hears chargers and meters, decides, tells chargers their limits, and says why."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from pydantic import Field, StrictBool, field_validator

from hub.balance.after_death import lend
from hub.balance.circuits import survey
from hub.balance.config import BalanceConfig
from hub.balance.decide import decide
from hub.balance.guard import guard
from hub.balance.memory import Memory
from hub.balance.metered import Besides
from hub.balance.news import in_words, news
from hub.balance.sequence import SAME_A, Command
from hub.balance.store import load_wishes, save_wishes
from hub.balance.track import Track
from hub.core.bus import Bus
from hub.core.clock import Clock
from hub.core.documents import Documents
from hub.core.orders import Args, Caller, Orders, Result
from hub.core.ports import Limits
from hub.core.shapes import Shape
from hub.core.state import LiveBalancing, LiveCircuit, Picture
from hub.core.tasks import Tasks
from hub.model.errors import EvhubError, Invalid, Refused, Unreachable
from hub.model.facts import (
    ChargerChanged,
    CircuitBackUnderLimit,
    CircuitOverLimit,
    CircuitsChanged,
    DrawingChanged,
    Fact,
    MeterChanged,
)
from hub.model.grant import Limiter, Wish
from hub.model.ids import ChargerId, CircuitId, MeterId
from hub.model.lease import Lease
from hub.model.person import STEER
from hub.model.units import PerPhase

log = logging.getLogger(__name__)

LEAP_S = 5.0  # of the clock on the wall beside the monotonic one
PAUSE_S = 0.1  # between two decisions; what happens meanwhile goes into the next
LOOK_S = 1.0  # how often somebody looks whether a time has run out
PAINT_S = 0.2  # between two looks at the circuits
CONFIRM_S = 25.0  # an order waits so long for the charger


class SetLimitArgs(Args):
    """At most so many amps per phase; null takes the request back."""

    charger: ChargerId
    limit_a: float | None = Field(allow_inf_nan=False)

    @field_validator("limit_a", mode="before")
    @classmethod
    def _no_switch(cls, given: object) -> object:
        if isinstance(given, bool):
            raise ValueError("a current is a number of amps, not true or false")
        return given


class AllowArgs(Args):
    """May the charger charge at all?"""

    charger: ChargerId
    allow: StrictBool


class Wished(Shape):
    """What is asked of a charger now, and what it is given."""

    charger: ChargerId
    limit_a: float | None
    allow: bool
    granted_a: float
    reason: Limiter
    text: str


@dataclass(slots=True)
class Balance:
    """Shares the current of the drawing. `unmanaged_a`: declared load of circuits where no meter speaks."""

    picture: Picture
    bus: Bus
    orders: Orders
    limits: Limits
    clock: Clock
    documents: Documents
    config: BalanceConfig
    unmanaged_a: Mapping[CircuitId, PerPhase[float]] = field(default_factory=dict)
    _memory: Memory = field(init=False)
    _tasks: Tasks = field(init=False, default_factory=lambda: Tasks("balance"))
    _wanted: asyncio.Event = field(init=False, default_factory=asyncio.Event)
    _unpainted: asyncio.Event = field(init=False, default_factory=asyncio.Event)
    _moved: asyncio.Event = field(init=False, default_factory=asyncio.Event)
    _decisions: int = field(init=False, default=0)
    _over_since_s: dict[CircuitId, float] = field(init=False, default_factory=dict)
    _saving: asyncio.Lock = field(init=False, default_factory=asyncio.Lock)

    async def start(self) -> None:
        """Begin to balance. Nothing is raised until every charger has answered, or had its time to."""
        besides = Besides(self.config.margin_a, self.unmanaged_a, self.config.calm_s)
        self._memory = Memory(self.picture.site, besides, self.clock.monotonic(), self.config.turns())
        self._memory.wishes = self.picture.wishes = await load_wishes(self.documents)
        self._hear_all()
        self.bus.listen("balance", (ChargerChanged, MeterChanged, DrawingChanged), self._hear)
        self._offer_orders()
        self._tasks.keep("time", self._watch_time)
        self._tasks.keep("decide", self._decide_when_wanted)
        self._tasks.keep("circuits", self._paint_when_moved)

    async def stop(self) -> None:
        """End everything; the chargers keep what they hold until their leases end."""
        await self._tasks.close()

    def take(self, config: BalanceConfig, unmanaged_a: Mapping[CircuitId, PerPhase[float]]) -> None:
        """Other settings: they count from the next drawing that is told, which follows at once."""
        self.config, self.unmanaged_a = config, unmanaged_a

    # what is heard

    async def _hear(self, fact: Fact) -> None:
        now_s = self.clock.monotonic()
        asks = False
        if isinstance(fact, DrawingChanged):
            self._memory.besides = Besides(self.config.margin_a, self.unmanaged_a, self.config.calm_s)
            self._memory.queue.turns = self.config.turns()
            self._memory.redraw(self.picture.site, now_s)
            self._hear_all()
        elif isinstance(fact, ChargerChanged) and (charger := self.picture.chargers.get(fact.charger)) is not None:
            asks = self._memory.hear_charger(charger, now_s)
        elif isinstance(fact, MeterChanged) and (meter := self.picture.meters.get(fact.meter)) is not None:
            asks = self._memory.hear_meter(meter, now_s)
            self._send(guard(self._memory, now_s))
        if asks:
            self._wanted.set()
        self._unpainted.set()

    def _hear_all(self) -> None:
        """Read the whole picture; and decide, whatever it says."""
        now_s = self.clock.monotonic()
        for charger in self.picture.chargers.values():
            self._memory.hear_charger(charger, now_s)
        for meter in self.picture.meters.values():
            self._memory.hear_meter(meter, now_s)
        self._wanted.set()

    async def _watch_time(self) -> None:
        """A decision every interval, and when a time has run out: of a charger, a meter, or a failed command."""
        decided_s = before_s = self.clock.monotonic()
        while True:
            await self.clock.sleep(min(LOOK_S, self.config.interval_s))
            now_s = self.clock.monotonic()
            if now_s - decided_s >= self.config.interval_s:
                decided_s = now_s
                self._wanted.set()
            elif self._memory.runs_out(before_s, now_s):
                self._wanted.set()
            before_s = now_s

    # what is done

    async def _decide_when_wanted(self) -> None:
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            self._decide()
            await self.clock.sleep(PAUSE_S)

    def _decide(self) -> None:
        now_s = self.clock.monotonic()
        ahead_s = self.clock.now().timestamp() - now_s
        if abs(ahead_s - self._memory.ahead_s) > LEAP_S:
            self._memory.clock_leapt(now_s)
        self._memory.ahead_s = ahead_s
        decision = decide(self._memory, now_s)
        self.picture.grants, self.picture.safe_plan = dict(decision.grants), decision.safe_plan
        self._note_start(decision.waits_for)
        self._send(decision.commands)
        self._decisions += 1
        self._unpainted.set()
        self._stir()

    def _send(self, commands: Sequence[Command]) -> None:
        """These go out now, side by side."""
        lend(self._memory, commands, self.clock.monotonic())
        for command in commands:
            self._tasks.once(f"tell {command.charger}", self._tell(command, self._memory.tracks[command.charger]))

    def _note_start(self, waits_for: tuple[ChargerId | MeterId, ...]) -> None:
        """Show whom the start waits for, and say once when it is over."""
        before, now = self.picture.balancing, LiveBalancing(self.clock.now(), waits_for)
        if before is None or before.starting != now.starting:
            what = f"starts: waits to hear from {', '.join(waits_for)}" if now.starting else "runs: everybody was heard"
            log.info("balancing %s", what)
        elif before is not None:
            now = replace(now, since=before.since)
        self.picture.balancing = now

    async def _tell(self, command: Command, track: Track) -> None:
        """Tell one charger its limit; whatever comes of it, the next decision takes it into account."""
        refused = False
        try:
            held_a = await self.limits.set_limit(command.charger, command.limit_a, self._lease(track))
            if track.failure is not None:
                log.info("%s takes limits again", command.charger)
            track.confirmed(command.limit_a, held_a, self.clock.monotonic())
        except EvhubError as why:
            refused = not isinstance(why, Unreachable)
            if track.failure is None:
                log.warning("%s did not take %g A: %s", command.charger, command.limit_a, why.message)
        finally:
            if track.sent_a is not None:
                track.failed(command.limit_a, self.clock.monotonic(), refused=refused)
            if not command.renews or track.failure is not None:
                self._wanted.set()
            self._stir()

    def _lease(self, track: Track) -> Lease | None:
        """What goes with the command on its way, by the clock on the wall."""
        if track.sent_lease is None:
            return None
        left_s = track.sent_lease.until_s - self.clock.monotonic()
        return Lease(self.clock.now() + timedelta(seconds=left_s), track.sent_lease.floor_a)

    def _stir(self) -> None:
        """Wake everybody who waits for a decision or a confirmation."""
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()

    async def _paint_when_moved(self) -> None:
        while True:
            await self._unpainted.wait()
            self._unpainted.clear()
            self._paint()
            await self.clock.sleep(PAINT_S)

    def _paint(self) -> None:
        """Show the circuits as they are now, and tell when one goes above its limit or comes back."""
        now_s, before = self.clock.monotonic(), self.picture.circuits
        self.picture.circuits = survey(self._memory, self.picture, self.clock.now(), now_s)
        for circuit in self.picture.circuits.values():
            if circuit.measured and circuit.over != (circuit.id in self._over_since_s):
                self._tell_over(circuit, now_s)
        for told in news(before, self.picture):
            log.warning("%s", in_words(told))
            self.bus.publish(told)
        self.bus.publish(CircuitsChanged())

    def _tell_over(self, circuit: LiveCircuit, now_s: float) -> None:
        if circuit.over:
            over_a = circuit.headroom_a.map(lambda room: max(0.0, -(room or 0.0)))
            self._over_since_s[circuit.id] = now_s
            log.warning("circuit %s is above its limit by %s A", circuit.id, "/".join(f"{a:.1f}" for a in over_a))
            self.bus.publish(CircuitOverLimit(at=circuit.at, circuit=circuit.id, over_a=over_a))
        elif None not in circuit.current_a:
            for_s = now_s - self._over_since_s.pop(circuit.id)
            log.warning("circuit %s is within its limit again, after %.0f s", circuit.id, for_s)
            self.bus.publish(CircuitBackUnderLimit(at=circuit.at, circuit=circuit.id, for_s=for_s))

    # what people ask

    def _offer_orders(self) -> None:
        self.orders.serve(
            "charger.set_limit",
            SetLimitArgs,
            self._set_limit,
            says="Ask a charger to give at most so many amps per phase; null takes the request back.",
            may=STEER,
            gives=Wished,
        )
        says = "Let a charger charge, or keep it at 0 A."
        self.orders.serve("charger.allow", AllowArgs, self._allow, says=says, may=STEER, gives=Wished)

    async def _set_limit(self, args: SetLimitArgs, caller: Caller) -> Result:
        track = self._track(args.charger)
        most_a = track.charger.max_a
        if args.limit_a is not None and not 0 <= args.limit_a <= most_a:
            raise Invalid(
                f"limit_a is {args.limit_a:g}, and {args.charger} can be asked for 0 to {most_a:g} A",
                f"give a number from 0 to {most_a:g}, or null to take the request back",
            )
        return await self._wish(track, lambda wish: replace(wish, limit_a=args.limit_a))

    async def _allow(self, args: AllowArgs, caller: Caller) -> Result:
        return await self._wish(self._track(args.charger), lambda wish: replace(wish, allow=args.allow))

    def _track(self, charger: ChargerId) -> Track:
        track = self._memory.tracks.get(charger)
        if track is None:
            known = ", ".join(self._memory.tracks) or "none yet"
            raise Invalid(f"no charger is called '{charger}'", f"the chargers are: {known}")
        return track

    async def _wish(self, track: Track, change: Callable[[Wish], Wish]) -> Result:
        """Write a wish down, decide, and answer when the charger has confirmed what follows from it. Raises NotKept."""
        id = track.charger.id
        async with self._saving:
            wish = change(self._memory.wishes.get(id, Wish()))
            await save_wishes(self.documents, {**self._memory.wishes, id: wish})
            self._memory.wishes[id] = wish  # what is not on disk does not count
        after = self._decisions + 1
        self._wanted.set()
        try:
            async with asyncio.timeout(CONFIRM_S):
                while not self._settled(track, after):
                    await self._moved.wait()
        except TimeoutError:
            raise self._stored(id, Unreachable, f"has not confirmed it within {CONFIRM_S:.0f} s") from None
        grant = self.picture.grants[id]
        return {
            "charger": id,
            "limit_a": wish.limit_a,
            "allow": wish.allow,
            "granted_a": grant.limit_a,
            "reason": grant.limiter.value,
            "text": grant.text,
        }

    def _settled(self, track: Track, after: int) -> bool:
        """The decision was made and the charger has confirmed it. Raises when that cannot be now."""
        if self._decisions < after or track.sent_a is not None:
            return False
        id = track.charger.id
        if not track.reachable:
            raise self._stored(id, Unreachable, "cannot be reached now")
        if track.failure is not None:
            how = "did not take it" if track.failure.refused else "did not confirm it"
            raise self._stored(id, Refused if track.failure.refused else Unreachable, how)
        held_a, grant = track.held_a, self.picture.grants.get(id)
        return held_a is not None and grant is not None and held_a <= grant.limit_a + SAME_A

    def _stored(self, id: ChargerId, error: type[EvhubError], how: str) -> EvhubError:
        return error(
            f"the request is stored, but {id} {how}", "nothing: it is told again by itself; look at the charger"
        )
