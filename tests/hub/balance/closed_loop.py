"""The balancer against the simulator's physics in simulated time: no asyncio, no clock, ten steps a second.

Between them stands what the devices room and the wire do in the product: a command takes its time and is confirmed,
chargers and meters speak now and then and a little wrong.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from hub.balance.after_death import lend
from hub.balance.circuits import survey
from hub.balance.decide import Decision, decide
from hub.balance.guard import guard
from hub.balance.lease import Held
from hub.balance.memory import Memory
from hub.balance.metered import Besides
from hub.balance.queue import USUAL, Turns
from hub.balance.sequence import Command
from hub.core.alarms import alarms
from hub.core.state import LiveCharger, LiveMeter, Picture
from hub.model.charger import Status
from hub.model.ids import GRID, ChargerId, CircuitId
from hub.model.lease import Leasing
from hub.model.reading import MeterReading
from hub.model.site import Site
from hub.model.units import PerPhase, floor_to
from simulator.world.car import Car, CarModel
from simulator.world.evse import Evse, Outlet
from simulator.world.site import CircuitPlan
from simulator.world.site import Site as TrueSite

DT_S = 0.1
INTERVAL_S = 10.0
NOISE = 0.003
LEASE_S = 45.0
START = datetime(2026, 1, 1, tzinfo=UTC)
SEDAN = CarModel("sedan", 3, 32.0, short_a=0.05)

House = Callable[[float], tuple[float, float, float]]


@dataclass
class Wire:
    """How one charger is reached, and how it behaves."""

    delay_s: float = 0.4  # from command to confirmation
    sample_s: float = 1.0  # how often it says its currents
    answers_at_s: float = 0.0  # first word after the hub's start
    whole_amps: bool = False
    refuses: bool = False
    silent: bool = False  # does not answer any more, and nobody has noticed yet
    leases: bool = True  # its limits end by themselves
    ahead_s: float = 0.0  # so far its clock is ahead of the hub's: its leases end earlier
    next_sample_s: float = 0.0


@dataclass
class Flight:
    """A command on the wire."""

    due_s: float
    charger: ChargerId
    limit_a: float
    lease: Held | None = None


@dataclass
class Loop:
    """One site under the balancer. `run(seconds)` lets time pass; then look at the currents and at the record."""

    drawn: Site
    house: House = lambda t: (0.0, 0.0, 0.0)
    margin_a: float = 0.5
    wires: dict[str, Wire] = field(default_factory=dict)
    slow_s: float = 0.5  # from confirmation to the pilot
    meter_s: float = 1.0
    seed: int = 1
    t: float = 0.0
    turns: Turns = USUAL
    wall_ahead_s: float = START.timestamp()
    dt_s: float = DT_S
    unmanaged_a: Mapping[CircuitId, PerPhase[float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self.picture = Picture(self.drawn)
        self.evses = {c.id: Evse(_outlet(c.id, c.phases, c.max_a, self.slow_s)) for c in self.drawn.chargers.values()}
        placed: dict[str, tuple[Evse, ...]] = dict.fromkeys(self.drawn.circuits, ())
        for c in self.drawn.chargers.values():
            placed[c.circuit] += (self.evses[c.id],)
            self.wires.setdefault(c.id, Wire())
            self.picture.chargers[c.id] = LiveCharger(c.id, c.station)
        plans = [CircuitPlan(c.id, c.parent, tuple(c.limit_a)) for c in self.drawn.circuits.values()]
        self.truth = TrueSite(plans, placed, (230.0, 230.0, 230.0))
        for id in self.drawn.meters:
            self.picture.meters[id] = LiveMeter(id)
        self.flights: list[Flight] = []
        self.decision = Decision((), {})
        self.sent: list[tuple[float, str, float]] = []  # every command
        self.leases: dict[ChargerId, Held] = {}  # that run at the chargers
        self.meters_down = False
        self.meters_frozen = False
        self.restart_hub()

    def restart_hub(self) -> None:
        """A hub that knows nothing starts now; the chargers go on."""
        self.memory = Memory(self.drawn, Besides(self.margin_a, self.unmanaged_a), self.t, self.turns)
        for id, live in list(self.picture.chargers.items()):
            self.picture.chargers[id] = LiveCharger(live.id, live.station)
        for id in self.drawn.meters:
            self.picture.meters[id] = LiveMeter(id)
        self.flights.clear()
        self.dead = False
        self.hub_since_s, self.next_decision_s, self.next_meter_s, self.before_s = self.t, self.t, self.t, self.t

    def kill_hub(self) -> None:
        """It says nothing any more; what is on the wire arrives."""
        self.dead = True

    def redraw(self, drawn: Site) -> "Loop":
        """The drawing is another one, with the same chargers and meters."""
        self.drawn = self.picture.site = drawn
        self.memory.redraw(drawn, self.t)
        for c in drawn.circuits.values():
            self.truth.circuits[c.id].limit_a = tuple(c.limit_a)
        self.next_decision_s = self.t
        return self

    # what happens on the site

    def plug(self, id: str, model: CarModel = SEDAN, need_wh: float = 1e6, at_a: float | None = None) -> None:
        """A car arrives; with `at_a` it is charging already, at that limit."""
        evse = self.evses[ChargerId(id)]
        evse.plug(Car(model, need_wh))
        if at_a is not None:
            evse.set_pilot(at_a)
            for _ in range(100):
                evse.step(DT_S)

    def unplug(self, id: str) -> None:
        """A car leaves."""
        self.evses[ChargerId(id)].unplug()

    def run(self, seconds: float) -> "Loop":
        """Let time pass."""
        end_s = self.t + seconds
        while self.t < end_s - 1e-9:
            self._step()
        return self

    # what is true now

    def amps(self, *ids: str) -> list[float]:
        """The current that each car draws, on the phase where it draws most."""
        return [round(max(self.evses[ChargerId(id)].current_a), 2) for id in ids or self.drawn.chargers]

    def offers(self, *ids: str) -> list[float]:
        """What each charger offers its car."""
        return [self.evses[ChargerId(id)].offered_a for id in ids or self.drawn.chargers]

    def text(self, id: str) -> str:
        """The reason that the hub gives."""
        return self.decision.grants[ChargerId(id)].text

    def alarms(self) -> list[tuple[str, str]]:
        """What people are told to look at: codes and sentences."""
        at = START + timedelta(seconds=self.t)
        self.picture.circuits = survey(self.memory, self.picture, at, self.t)
        return [(alarm.code, alarm.text) for alarm in alarms(self.picture)]

    def longest_over_s(self) -> float:
        """The longest time that any circuit was above its limit without a break."""
        return max(c.overload.longest_s for c in self.truth.circuits.values())

    def worst_over_a(self) -> float:
        """How far any circuit was above its limit."""
        return max(c.overload.worst_a for c in self.truth.circuits.values())

    def commands_to(self, id: str, since_s: float = 0.0) -> list[float]:
        """The limits that a charger was told since then."""
        return [limit_a for at_s, charger, limit_a in self.sent if charger == id and at_s >= since_s]

    # one tenth of a second

    def _step(self) -> None:
        self.t = round(self.t + self.dt_s, 6)
        for evse in self.evses.values():
            evse.step(self.dt_s)
        self.truth.step(self.dt_s, self.house(self.t), (0.0, 0.0, 0.0))
        wanted = self._land()
        self._lapse()
        if self.dead:
            return
        for id in self.evses:
            wanted = self._listen(id) or wanted
        wanted = self._read_meters() or wanted
        self._send(guard(self.memory, self.t))
        wanted = self.memory.runs_out(self.before_s, self.t) or wanted
        self.before_s = self.t
        if wanted or self.t >= self.next_decision_s:
            self._decide()

    def _decide(self) -> None:
        if self.t >= self.next_decision_s:
            self.next_decision_s = self.t + INTERVAL_S
        self.memory.ahead_s = self.wall_ahead_s
        self.decision = decide(self.memory, self.t)
        self._send(self.decision.commands)

    def _send(self, commands: Sequence[Command]) -> None:
        lend(self.memory, commands, self.t)
        for command in commands:
            wire, live = self.wires[command.charger], self.picture.chargers[command.charger]
            live.asked_a = max(command.limit_a, live.asked_a or 0.0)
            lease = self.memory.tracks[command.charger].sent_lease
            self.flights.append(Flight(self.t + wire.delay_s, command.charger, command.limit_a, lease))
            if not command.renews:
                self.sent.append((self.t, command.charger, command.limit_a))

    def _land(self) -> bool:
        """Commands arrive: the charger takes them, refuses, or says nothing."""
        landed = [flight for flight in self.flights if flight.due_s <= self.t]
        self.flights = [flight for flight in self.flights if flight.due_s > self.t]
        for flight in landed:
            wire, live = self.wires[flight.charger], self.picture.chargers[flight.charger]
            track = self.memory.tracks[flight.charger]
            if wire.refuses or wire.silent or not live.online:
                track.failed(flight.limit_a, self.t, refused=wire.refuses)
                continue
            held_a = floor_to(flight.limit_a, 1.0) if wire.whole_amps else flight.limit_a
            self.evses[flight.charger].set_pilot(held_a)
            self.leases.pop(flight.charger, None)
            if flight.lease is not None:
                self.leases[flight.charger] = flight.lease
            live.held_a, live.asked_a = held_a, None
            track.confirmed(flight.limit_a, held_a, self.t)
        return bool(landed)

    def _lapse(self) -> None:
        """Leases end by the chargers' own clocks."""
        for id, lease in list(self.leases.items()):
            if self.t >= lease.until_s - self.wires[id].ahead_s:
                self.evses[id].set_pilot(lease.floor_a)
                del self.leases[id]

    def _listen(self, id: ChargerId) -> bool:
        """What a charger says of itself: its status when it changes, its currents now and then."""
        wire, live, evse = self.wires[id], self.picture.chargers[id], self.evses[id]
        if wire.silent or self.t < self.hub_since_s + wire.answers_at_s or live.online is False:
            return False if live.online is not False else self.memory.hear_charger(live, self.t)
        if live.online is None:
            live.online, live.held_a = True, evse.offered_a
            live.leasing = Leasing(at=START, lease_s=LEASE_S if wire.leases else None)
        status = _status(evse, live.status)
        news = status != live.status
        live.status = status
        if self.t >= wire.next_sample_s:
            wire.next_sample_s = self.t + wire.sample_s
            live.line_a, live.reading_at_s = PerPhase(*(self._noisy(a) for a in evse.line_current_a)), self.t
            news = True
        return self.memory.hear_charger(live, self.t) if news else False

    def lose(self, id: str) -> None:
        """The hub notices that a charger is gone."""
        self.picture.chargers[ChargerId(id)].online = False

    def find(self, id: str) -> None:
        """The charger is back."""
        self.picture.chargers[ChargerId(id)].online = True

    def _read_meters(self) -> bool:
        if self.t < self.next_meter_s or self.meters_down:
            return False
        self.next_meter_s = self.t + self.meter_s
        over = False
        for circuit in self.drawn.circuits.values():
            if circuit.meter is not None:
                live = self.picture.meters[circuit.meter]
                amps = PerPhase(*(self._noisy(a) for a in self.truth.current_a(circuit.id)))
                if self.meters_frozen and live.reading is not None:
                    amps = live.reading.current_a
                live.reading = MeterReading(at=START + timedelta(seconds=self.t), current_a=amps)
                live.reading_at_s = self.t
                over = self.memory.hear_meter(live, self.t) or over
        return over

    def _noisy(self, a: float) -> float:
        return a * (1 + self.random.uniform(-NOISE, NOISE))


def step_at(at_s: float, before: tuple[float, float, float], after: tuple[float, float, float]) -> House:
    """A house whose load changes once."""
    return lambda t: before if t < at_s else after


def keeping(*ids: str) -> dict[str, Wire]:
    """Chargers that hold no leases: they keep their limits when the hub dies."""
    return {id: Wire(leases=False) for id in ids}


def one_phase(max_a: float = 32.0) -> CarModel:
    """A car that uses one phase."""
    return CarModel("city", 1, max_a, short_a=0.05)


def sedan(**more: float) -> CarModel:
    """A three-phase car."""
    return replace(SEDAN, **more)


def _outlet(id: str, phases: tuple[str, ...] | None, max_a: float, slow_s: float) -> Outlet:
    return Outlet(id, tuple(str(p) for p in phases or ("L1", "L2", "L3")), max_a, slow_s)


def _status(evse: Evse, before: Status | None) -> Status:
    if evse.iec_state == "A":
        return Status.AVAILABLE
    if evse.iec_state == "F":
        return Status.FAULTED
    if evse.iec_state == "C":
        return Status.CHARGING
    if evse.offered_a == 0:
        return Status.PREPARING if before in (None, Status.AVAILABLE, Status.PREPARING) else Status.SUSPENDED_EVSE
    return Status.PREPARING if before is Status.PREPARING else Status.SUSPENDED_EV


__all__ = ["GRID", "SEDAN", "House", "Loop", "Wire", "keeping", "one_phase", "sedan", "step_at"]
