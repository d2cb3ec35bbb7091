"""The electrical drawing as arithmetic: what every limited line carries when chargers draw at most what they may.

A current is a phasor: L1, L2 and L3 are a third of a turn apart, a line-to-line charger is 30 degrees off both of its
lines, and a delta-wye transformer's primary carries the difference of two lines. So a car that draws *less* can raise a
primary current. Every answer here is the worst case over the whole box: each terminal of each charger draws anything
between nothing and its full amount, which also covers cars with fewer phases than their charger.
"""

from __future__ import annotations

import cmath
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from hub.model.charger import Charger, Connection
from hub.model.ids import ChargerId, CircuitId
from hub.model.site import Circuit, Site
from hub.model.units import PHASES, PerPhase, Phase

Phasors = NDArray[np.complex128]
Reals = NDArray[np.float64]
Indices = NDArray[np.intp]

TURN = (1 + 0j, cmath.exp(-2j * math.pi / 3), cmath.exp(2j * math.pi / 3))
"""Where the voltage of L1, L2 and L3 points."""
TOLERANCE_A = 1e-6
NOTICEABLE_A = 0.01  # a charger that cannot be raised by this much is held by the row that stops it

NO_CURRENT_A = 1e-12

Lines = tuple[complex, complex, complex]
ColumnKey = tuple[CircuitId, Connection, tuple[Phase, ...] | None]
Loaded = tuple[int, complex, float]  # a corner, a column's phasor per amp there, the corner's limit
Part = tuple[int, Lines]  # a column, and what a part of its amp is on the circuit's lines


@dataclass(frozen=True, slots=True)
class Row:
    """One limit of the drawing: a line of a circuit, or a line on the primary side of the transformer before it."""

    circuit: CircuitId
    phase: Phase
    limit_a: float
    turns: float | None = None  # set on a delta primary: turns of the transformer

    @property
    def primary(self) -> bool:
        """True on the primary side of a delta-wye transformer."""
        return self.turns is not None

    def carries(self, lines: Sequence[complex]) -> complex:
        """The phasor on this row when the circuit's lines carry these."""
        here = self.phase.place
        return lines[here] if self.turns is None else (lines[here] - lines[here - 1]) / self.turns


@dataclass(frozen=True, slots=True)
class Background:
    """What flows besides the chargers that can be commanded now.

    `lines_a` by circuit, all that is below it included; negative feeds in. `reserved_a`: chargers that cannot be
    commanded (silent, refusing), with the most that they may draw.
    """

    lines_a: Mapping[CircuitId, PerPhase[float]] = field(default_factory=lambda: MappingProxyType({}))
    reserved_a: Mapping[ChargerId, float] = field(default_factory=lambda: MappingProxyType({}))


class Network:
    """A site's limits. Chargers that hang on the same circuit and lines are one *column*: they add up.

    A row without cancellation has one *corner*, where everybody draws all; a delta primary has one for each set of
    parts that can point the same way. A `load` holds the phasor sum at each corner, in amps. A charger loads few of
    them, so that only the *entries* are kept: (corner, column, phasor per amp), by column.
    """

    def __init__(self, site: Site) -> None:
        self._chargers = site.chargers
        self.rows = tuple(_rows(site))
        self._columns = _columns(site)
        below = _below(site, self._columns)
        corners = [(row, corner) for row, r in enumerate(self.rows) for corner in _corners(r, below[r.circuit])]
        self._row = np.array([row for row, _ in corners], np.intp)
        self._limit = np.array([self.rows[row].limit_a for row in self._row], np.float64)
        entries = sorted((column, at, z) for at, (_, corner) in enumerate(corners) for column, z in corner.items())
        self._column = np.array([column for column, _, _ in entries], np.intp)
        self._corner = np.array([at for _, at, _ in entries], np.intp)
        self._z = np.array([z for _, _, z in entries], np.complex128)
        self._begin = np.searchsorted(self._column, np.arange(len(self._columns) + 1))
        self._steepest = float(np.max(np.abs(self._z), initial=1.0))
        self._parts = self._loaded()
        self._all_terminals = {id: self._columns[_key(charger, None)] for id, charger in site.chargers.items()}

    def column(self, charger: ChargerId, terminals: int | None = None) -> int:
        """The column of a charger whose car loads its first `terminals` terminals; None: it may load all."""
        if terminals is None:
            return self._all_terminals[charger]
        return self._columns[_key(self._chargers[charger], terminals)]

    def load(self, background: Background) -> Phasors:
        """What each corner carries before any commanded charger draws.

        Current that is fed in counts up to the limit only: charging never makes an export worse.
        """
        rows = np.array([_flow(row, background.lines_a) for row in self.rows], np.complex128)
        columns = np.array([self.column(charger) for charger in background.reserved_a], np.intp)
        return self.plus(rows[self._row], self.totals(columns, np.array(list(background.reserved_a.values()))))

    def totals(self, columns: Indices, amps: Reals) -> Reals:
        """Amps by column, from each charger's column and amps."""
        return np.bincount(columns, amps, minlength=len(self._columns)).astype(np.float64, copy=False)

    def plus(self, load: Phasors, totals: Reals) -> Phasors:
        """The load with these amps by column added."""
        summed: Phasors = load + self._flow(totals)
        return summed

    def plus_one(self, load: Phasors, column: int, amps: float) -> Phasors:
        """The load with the amps of one charger added."""
        corners, z = self._entries(column)
        summed = load.copy()
        summed[corners] += z * amps
        return summed

    def add(self, load: list[complex], column: int, amps: float) -> None:
        """Add the amps of one charger to a load of plain numbers, which for a few corners at a time are quicker."""
        for corner, z, _ in self._parts[column]:
            load[corner] += z * amps

    def fits(self, load: Phasors, columns: Indices) -> bool:
        """Whether no row that these columns touch is above its limit."""
        meant = np.zeros(len(self._columns), bool)
        meant[columns] = True
        touched = self._corner[meant[self._column]]
        return bool(np.all(np.abs(load[touched]) <= self._limit[touched] + TOLERANCE_A))

    def obstacle(self, load: Phasors | list[complex], column: int, amps: float) -> Row | None:
        """The row that is above its limit most when a charger adds `amps`; None when it fits."""
        most_a, where = TOLERANCE_A, -1
        for corner, z, limit_a in self._parts[column]:
            over_a = abs(load[corner] + z * amps) - limit_a
            if over_a > most_a:
                most_a, where = over_a, corner
        return None if where < 0 else self.rows[self._row[where]]

    def loads(self, column: int, row: Row) -> bool:
        """Whether a charger of this column adds to what the row carries."""
        corners, _ = self._entries(column)
        return any(self.rows[at] == row for at in self._row[corners])

    def entries(self, columns: Indices) -> tuple[Indices, Indices, Phasors]:
        """Every corner that these columns load: the place in `columns`, the corner, and the phasor per amp there."""
        begin = self._begin[columns]
        counts = self._begin[columns + 1] - begin
        place = np.repeat(np.arange(len(columns)), counts)
        entry = np.arange(len(place)) + np.repeat(begin - np.cumsum(counts) + counts, counts)
        return place, self._corner[entry], self._z[entry]

    def limit(self, corners: Indices) -> Reals:
        """The amps that these corners may carry."""
        return self._limit[corners]

    def is_over(self, load: Phasors, corners: Indices) -> NDArray[np.bool_]:
        """Where a load at these corners is above the limit."""
        over: NDArray[np.bool_] = np.abs(load) > self._limit[corners] + TOLERANCE_A
        return over

    def room(self, load: Phasors, column: int) -> float:
        """The most amps that one charger of this column can add to the load; inf where nothing stops it."""
        corners, z = self._entries(column)
        return float(np.min(times(load[corners], z, self._limit[corners]), initial=np.inf))

    def stops(self, load: Phasors) -> Indices:
        """For each column the index of the row that stops it from having noticeably more; -1 where none does."""
        near = np.abs(load) > self._limit - NOTICEABLE_A * self._steepest
        close = np.flatnonzero(near[self._corner])
        corners = self._corner[close]
        full = close[times(load[corners], self._z[close], self._limit[corners]) < NOTICEABLE_A]
        stopped, first = np.unique(self._column[full], return_index=True)
        stops = np.full(len(self._columns), -1, np.intp)
        stops[stopped] = self._row[self._corner[full[first]]]
        return stops

    def _flow(self, totals: Reals) -> Phasors:
        """What amps by column add at each corner."""
        flows, count = self._z * totals[self._column], len(self._row)
        real = np.bincount(self._corner, flows.real, minlength=count)
        summed: Phasors = real + 1j * np.bincount(self._corner, flows.imag, minlength=count)
        return summed

    def _loaded(self) -> list[list[Loaded]]:
        """By column, the corners that it loads."""
        parts: list[list[Loaded]] = [[] for _ in range(len(self._columns))]
        limits = self._limit[self._corner].tolist()
        for column, corner, z, limit_a in zip(
            self._column.tolist(), self._corner.tolist(), self._z.tolist(), limits, strict=True
        ):
            parts[column].append((corner, z, limit_a))
        return parts

    def _entries(self, column: int) -> tuple[Indices, Phasors]:
        """The corners that a column loads, and its phasor per amp at each."""
        own = slice(self._begin[column], self._begin[column + 1])
        return self._corner[own], self._z[own]

    def excess(self, load: Phasors) -> Reals:
        """By row, how far the worst corner is above the limit (negative: below)."""
        excess = np.full(len(self.rows), -np.inf)
        np.maximum.at(excess, self._row, np.abs(load) - self._limit)
        return excess


def in_phase(charger: Charger) -> float:
    """How much of a charger's amp on a line is in phase with the line's own voltage: 1, or cos 30° line to line."""
    return 1.0 if charger.connection is Connection.LN else math.cos(math.pi / 6)


def times(start: Phasors, run: Phasors, limit: Reals) -> Reals:
    """How often `run` fits on top of `start`: t ≥ 0 where |start + t·run| = limit; 0 where `start` is over already."""
    speed, along = np.abs(run) ** 2, (start.conj() * run).real
    short = np.abs(start) ** 2 - limit**2
    times = (np.sqrt(np.maximum(along**2 - speed * short, 0.0)) - along) / speed
    over: Reals = np.where(short > 2 * limit * TOLERANCE_A, 0.0, np.maximum(times, 0.0))
    return over


def _rows(site: Site) -> Iterator[Row]:
    """All finite limits, the circuits nearest to the chargers first: when two bind, the nearest fuse is named."""
    depth = {circuit: len(list(site.upward(circuit))) for circuit in site.circuits}
    for circuit in sorted(site.circuits.values(), key=lambda c: -depth[c.id]):
        yield from (row for row in _rows_of(circuit) if math.isfinite(row.limit_a))


def _rows_of(circuit: Circuit) -> Iterator[Row]:
    for phase in PHASES:
        yield Row(circuit.id, phase, circuit.limit_a.of(phase))
    if circuit.primary is not None:
        for phase in PHASES:
            yield Row(circuit.id, phase, circuit.primary.limit_a.of(phase), circuit.primary.turns)


def _columns(site: Site) -> dict[ColumnKey, int]:
    """One column for each way in which a car can load a charger of the drawing: all terminals, or the first few."""
    keys: dict[ColumnKey, int] = {}
    for charger in site.chargers.values():
        for terminals in range(1, len(charger.phases or ()) + 1):
            keys.setdefault(_key(charger, terminals), len(keys))
        keys.setdefault(_key(charger, None), len(keys))
    return keys


def _key(charger: Charger, terminals: int | None) -> ColumnKey:
    """Rotations of the same lines are the same load; the order matters line to line only."""
    if charger.phases is None or charger.connection is Connection.LL:
        return charger.circuit, charger.connection, charger.phases
    return charger.circuit, charger.connection, tuple(sorted(charger.phases[:terminals]))


def _below(site: Site, columns: Mapping[ColumnKey, int]) -> dict[CircuitId, list[Part]]:
    """For each circuit the parts of all columns on it and beneath it."""
    below: dict[CircuitId, list[Part]] = {circuit: [] for circuit in site.circuits}
    for key, column in columns.items():
        for up in site.upward(key[0]):
            below[up.id] += [(column, lines) for lines in _parts(key)]
    return below


def _parts(key: ColumnKey) -> Iterator[Lines]:
    """The lines' phasors per amp, for each part that may be drawn without the others.

    Unknown wiring counts on every line; line to line, where the pair is not known, on every pair of lines.
    """
    _, connection, phases = key
    if connection is Connection.LN:
        yield from (_on({phase: TURN[phase.place]}) for phase in phases or PHASES)
        return
    l1, l2, l3 = PHASES
    for one, other in ((phases[0], phases[1]),) if phases else ((l1, l2), (l2, l3), (l3, l1)):
        between = (TURN[one.place] - TURN[other.place]) / math.sqrt(3)
        yield _on({one: between, other: -between})


def _on(flows: Mapping[Phase, complex]) -> Lines:
    l1, l2, l3 = (flows.get(phase, 0j) for phase in PHASES)
    return l1, l2, l3


def _corners(row: Row, parts: Sequence[Part]) -> list[dict[int, complex]]:
    """Phasors by column at each corner of the box where the row's current can be largest.

    A convex function is largest at a corner, and the corner that is farthest in a direction has exactly the parts that
    point that way. On a line all parts lie within 30 degrees of its voltage, and there the full corner is the worst.
    """
    flows = np.array([row.carries(lines) for _, lines in parts], np.complex128)
    choices = _half_planes(flows) if row.primary else [np.ones(len(parts), bool)]
    return [_together(parts, flows, chosen) for chosen in choices]


def _together(parts: Sequence[Part], flows: Phasors, chosen: NDArray[np.bool_]) -> dict[int, complex]:
    corner: dict[int, complex] = {}
    for i in np.flatnonzero(chosen & (np.abs(flows) > NO_CURRENT_A)).tolist():
        column = parts[i][0]
        corner[column] = corner.get(column, 0j) + complex(flows[i])
    return corner


def _half_planes(flows: Phasors) -> list[NDArray[np.bool_]]:
    """Each set of flows that lies on one side of some straight line through zero."""
    angles = np.angle(flows[np.abs(flows) > NO_CURRENT_A])
    edges = np.unique(np.round(np.concatenate([angles + math.pi / 2, angles - math.pi / 2]) % math.tau, 9))
    between = (edges + np.append(edges[1:], edges[:1] + math.tau)) / 2
    sets = {((flows * np.exp(-1j * way)).real > 1e-9).tobytes() for way in between}
    return [np.frombuffer(packed, bool) for packed in sorted(sets)] or [np.zeros(len(flows), bool)]


def _flow(row: Row, lines_a: Mapping[CircuitId, PerPhase[float]]) -> complex:
    amps = lines_a.get(row.circuit)
    if amps is None:
        return 0j
    if row.primary:
        return row.carries([a * turn for a, turn in zip(amps, TURN, strict=True)])
    return max(amps.of(row.phase), -row.limit_a) * TURN[row.phase.place]
