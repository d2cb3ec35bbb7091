"""The site's circuits with their true currents, and how long and how far each was above its limit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from simulator.world.evse import Evse, Three

ROOT = "grid"  # the circuit that hangs on the grid; house and sun are on it
TOLERANCE_A = 0.05  # so much above the limit is rounding
NONE: Three = (0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class CircuitPlan:
    """One circuit of the drawing; `limit_a` on L1, L2, L3."""

    id: str
    parent: str | None
    limit_a: Three


@dataclass(frozen=True, slots=True)
class Overload:
    """The worst of a circuit so far: amps above the limit, and seconds above it without a break."""

    worst_a: float = 0.0
    longest_s: float = 0.0


class Circuit:
    """A circuit's true state. `current_a` is signed on L1, L2, L3 (negative = towards the grid); registers in Wh."""

    def __init__(self, plan: CircuitPlan) -> None:
        self.id = plan.id
        self.parent = plan.parent
        self.limit_a = plan.limit_a
        self.current_a: Three = NONE
        self.import_wh: Three = NONE
        self.export_wh: Three = NONE
        self.worst_a = 0.0
        self.longest_s = 0.0
        self._above_s = 0.0

    @property
    def overload(self) -> Overload:
        """The worst so far."""
        return Overload(self.worst_a, self.longest_s)

    def record(self, current_a: Three, volts: Three, dt_s: float) -> None:
        """Take the currents of the step that just passed."""
        self.current_a = current_a
        energy = [a * v * dt_s / 3600 for a, v in zip(current_a, volts, strict=True)]
        self.import_wh = add(self.import_wh, (max(e, 0.0) for e in energy))
        self.export_wh = add(self.export_wh, (max(-e, 0.0) for e in energy))
        over_a = max(abs(a) - limit for a, limit in zip(current_a, self.limit_a, strict=True))
        self._above_s = self._above_s + dt_s if over_a > TOLERANCE_A else 0.0
        self.longest_s = max(self.longest_s, self._above_s)
        if over_a > TOLERANCE_A:
            self.worst_a = max(self.worst_a, over_a)


class Site:
    """The tree of circuits and the outlets on it. One circuit, `grid`, has no parent."""

    def __init__(self, plans: Iterable[CircuitPlan], placed: Mapping[str, tuple[Evse, ...]], supply_v: Three) -> None:
        self.circuits = {plan.id: Circuit(plan) for plan in plans}
        self.supply_v = supply_v
        self._placed = placed

    def circuit(self, circuit: str) -> Circuit:
        """The circuit of that name."""
        return self.circuits[circuit]

    def current_a(self, circuit: str) -> Three:
        """True amps on L1, L2, L3, signed: negative flows towards the grid."""
        return self.circuits[circuit].current_a

    def power_w(self, circuit: str) -> Three:
        """True active power on L1, L2, L3, signed as the current is."""
        volts = self.supply_v
        amps = self.current_a(circuit)
        return (amps[0] * volts[0], amps[1] * volts[1], amps[2] * volts[2])

    def step(self, dt_s: float, house_a: Three, sun_a: Three) -> None:
        """Add up what flows: outlets upwards through the tree, house and sun at the root."""
        sums = dict.fromkeys(self.circuits, NONE)
        sums[ROOT] = add(house_a, (-a for a in sun_a))
        for circuit, evses in self._placed.items():
            for evse in evses:
                self._upward(sums, circuit, evse.line_current_a)
        for name, circuit_state in self.circuits.items():
            circuit_state.record(sums[name], self.supply_v, dt_s)

    def _upward(self, sums: dict[str, Three], circuit: str | None, current_a: Three) -> None:
        while circuit is not None:
            sums[circuit] = add(sums[circuit], current_a)
            circuit = self.circuits[circuit].parent


def add(one: Three, other: Iterable[float]) -> Three:
    """The sum, line by line."""
    l1, l2, l3 = other
    return (one[0] + l1, one[1] + l2, one[2] + l3)
