"""Share current fairly inside the drawing: who is on is decided first, then how much. Amps per phase. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from hub.balance.filling import Climb, Flags, Knees
from hub.balance.network import Background, Indices, Network, Phasors, Reals, Row
from hub.model.ids import ChargerId

WHOLE_A = 1.0  # chargers that know whole amps only: what rounding leaves over goes round


@dataclass(frozen=True, slots=True)
class Demand:
    """What one charger would like, and the least that it can use."""

    charger: ChargerId
    least_a: float = 6.0  # below this the car stops; IEC 61851-1 says 6
    most_a: float = 32.0
    weight: float = 1.0  # twice the weight, twice the share
    priority: int = 0  # higher classes are admitted and filled first
    rank: float = 0.0  # among equals the lower is admitted first
    step_a: float = 0.1  # what the charger can be told: multiples of this
    terminals: int | None = None  # how many of the charger's terminals the car loads; None: maybe all


@dataclass(frozen=True, slots=True)
class Share:
    """What one charger gets, and why not more: the row that binds, or None when it has all it can use."""

    limit_a: float
    row: Row | None = None
    queued: bool = False  # not even its minimum fits on `row`


Shares = Mapping[ChargerId, Share]


def allocate(network: Network, demands: Sequence[Demand], background: Background | None = None) -> Shares:
    """Weighted max-min fair shares of every limit in the drawing, each 0 or between `least_a` and `most_a`.

    First admission: by priority, then rank, each whose minimum fits on every row on top of the minimums before it.
    Then progressive filling, class by class from the highest priority: all shares of a class rise together, in
    proportion to their weights, until a row or their own maximum stops them. Last, each is rounded down to its
    charger's step, and whole amps that rounding left over go round by rank. No row is above its limit even if some cars
    draw less than their share (see Network). Where the background alone is above a limit, nobody is admitted who would
    add to it; others go on.

    Amps per phase. Pure and deterministic. Bertsekas & Gallager, Data Networks, 2nd ed., 6.5.2 (max-min flow control).
    """
    if not demands:
        return {}
    sharing = _Sharing(network, demands, network.load(background or Background()))
    sharing.admit()
    sharing.fill()
    sharing.round_down()
    return sharing.shares()


@dataclass(slots=True)
class _Sharing:
    """The arrays of one allocation, an entry for each demand."""

    network: Network
    demands: Sequence[Demand]
    empty: Phasors  # the load before anybody is admitted
    column: Indices = field(init=False)
    least: Reals = field(init=False)
    most: Reals = field(init=False)
    weight: Reals = field(init=False)
    step: Reals = field(init=False)
    amps: Reals = field(init=False)
    on: Flags = field(init=False)
    bound: list[Row | None] = field(init=False)

    def __post_init__(self) -> None:
        demands = self.demands
        self.column = np.array([self.network.column(d.charger, d.terminals) for d in demands], np.intp)
        self.step = np.array([d.step_a for d in demands])
        self.least = -_floored(-np.array([d.least_a for d in demands]), self.step)  # rounded up
        self.most = _floored(np.array([d.most_a for d in demands]), self.step)
        self.weight = np.array([d.weight for d in demands])
        self.amps = np.zeros(len(demands))
        self.on = np.zeros(len(demands), bool)
        self.bound = [None] * len(demands)

    def admit(self) -> None:
        """Decide who is on, each at its minimum."""
        wanted = self.most >= self.least
        together = self._load(np.where(wanted, self.least, 0.0))
        if self.network.fits(together, self.column[wanted]):
            self.on = wanted
        else:
            self._admit_one_by_one(np.flatnonzero(wanted).tolist())
        self.amps = np.where(self.on, self.least, 0.0)

    def _admit_one_by_one(self, wanted: Sequence[int]) -> None:
        load: list[complex] = self.empty.tolist()
        columns, least = self.column.tolist(), self.least.tolist()
        for i in sorted(wanted, key=self._turn):
            self.bound[i] = self.network.obstacle(load, columns[i], least[i])
            if self.bound[i] is None:
                self.on[i] = True
                self.network.add(load, columns[i], least[i])

    def _turn(self, i: int) -> tuple[int, float, ChargerId]:
        demand = self.demands[i]
        return -demand.priority, demand.rank, demand.charger

    def fill(self) -> None:
        """Raise everybody who is on, the highest class first; the others stay at what they have meanwhile."""
        priority = np.array([d.priority for d in self.demands])
        for of_class in sorted(set(priority[self.on].tolist()), reverse=True):
            self._fill_class(self.on & (priority == of_class))

    def _fill_class(self, rising: Flags) -> None:
        climb = Climb(self.column, self.least, self.most, self.weight)
        knees = Knees(self.network, climb)
        while rising.any():
            levels = knees.levels(rising, self._load(np.where(rising, self.least, self.amps)))
            self.amps = np.where(rising, climb.at(levels), self.amps)
            stopped_by = self.network.stops(self._load(self.amps))[self.column]
            held = rising & (stopped_by >= 0)
            for i in np.flatnonzero(held):
                self.bound[i] = self.network.rows[stopped_by[i]]
            stopped = held | (rising & (self.amps >= self.most))
            rising = rising & ~stopped if stopped.any() else np.zeros_like(rising)

    def round_down(self) -> None:
        """Round to what can be told; what whole-amp chargers leave over goes to them in turn, then to the others."""
        whole = self.on & (self.step >= WHOLE_A)
        if whole.any():
            self.amps[whole] = _floored(self.amps, self.step)[whole]
            self._hand_round(whole)
            others, self.on = self.on, self.on & ~whole
            self.fill()
            self.on = others
        self.amps = np.where(self.on, _floored(self.amps, self.step), 0.0)

    def _hand_round(self, whole: Flags) -> None:
        load: list[complex] = self._load(self.amps).tolist()
        for i in sorted(np.flatnonzero(whole).tolist(), key=self._poorest_first):
            column, step = int(self.column[i]), float(self.step[i])
            if self.amps[i] + step <= self.most[i] and self.network.obstacle(load, column, step) is None:
                self.amps[i] += step
                self.network.add(load, column, step)

    def _poorest_first(self, i: int) -> tuple[int, float, float, ChargerId]:
        demand = self.demands[i]
        return -demand.priority, float(self.amps[i] / self.weight[i]), demand.rank, demand.charger

    def _load(self, amps: Reals) -> Phasors:
        return self.network.plus(self.empty, self.network.totals(self.column, amps))

    def shares(self) -> Shares:
        """By charger: what it got and what bound it."""
        amps = self.amps.tolist()
        return {
            demand.charger: Share(
                amps[i],
                None if amps[i] >= self.most[i] else self.bound[i],
                queued=not self.on[i] and self.bound[i] is not None,
            )
            for i, demand in enumerate(self.demands)
        }


def _floored(amps: Reals, step: Reals) -> Reals:
    """Rounded down to multiples of the step; a hair below a multiple counts as that multiple (see units.floor_to)."""
    return np.round(np.floor(amps / step + 1e-6) * step, 6)
