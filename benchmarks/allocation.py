"""CPU of one allocation of a whole site against one HiGHS program of the same step (allocation_lp.py).

A garage of rows: each has twenty chargers and a fuse of its own on each line, no two alike, so that nearly everybody
stops at another level; above them the grid connection, with the house as its background. A third of the chargers are
single-phase, weights and maxima differ. The allocator's time is all of it: it admits and shares and says what binds.
HiGHS gets the ready arrays of those that were admitted.
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.allocation_lp import program, solve
from benchmarks.page import Row
from hub.balance.allocate import Demand, allocate
from hub.balance.network import Background, Network
from hub.model.charger import Charger
from hub.model.ids import GRID, ChargerId, CircuitId, StationId
from hub.model.site import Circuit, Site
from hub.model.units import PHASES, PerPhase, same_on_each

SIZES, ROUNDS, A_ROW = (10, 100, 1000), 15, 20


@dataclass(frozen=True, slots=True)
class Step:
    """What is shared: by whom, under which limits, beside what."""

    network: Network
    demands: list[Demand]
    background: Background


def step(chargers: int, *, seed: int = 4) -> Step:
    """A site of this size at a busy moment; the same for the same seed."""
    chance = random.Random(seed)
    rows = [CircuitId(f"row-{n}") for n in range(max(1, chargers // A_ROW))]
    circuits = {GRID: Circuit(GRID, None, same_on_each(9.0 * chargers))}
    for row in rows:
        circuits[row] = Circuit(row, GRID, PerPhase(*(chance.uniform(90, 260) for _ in PHASES)))
    drawn, demands = {}, []
    for n in range(chargers):
        phases = PHASES[n % 3 :] + PHASES[: n % 3]
        wired = phases[:1] if chance.random() < 0.3 else phases
        id = ChargerId(f"bay-{n}")
        drawn[id] = Charger(id, rows[n % len(rows)], "bench", StationId(f"S{n}"), phases=wired)
        weight, most_a = chance.choice((1.0, 1.0, 2.0)), chance.choice((16.0, 20.0, 32.0))
        demands.append(Demand(id, most_a=most_a, weight=weight, rank=chance.random()))
    house = PerPhase(1.0 * chargers, 0.8 * chargers, 0.9 * chargers)
    return Step(Network(Site("Bench", circuits, drawn)), demands, Background({GRID: house}))


def admitted(given: Step) -> list[Demand]:
    """Who is on."""
    shares = allocate(given.network, given.demands, given.background)
    return [demand for demand in given.demands if shares[demand.charger].limit_a > 0]


def run() -> list[Row]:
    """Take turns; the median of the rounds' ratios."""
    rows = []
    for size in SIZES:
        given = step(size)
        lp = program(given.network, admitted(given), given.background)
        took_ms: list[tuple[float, float]] = []
        for _ in range(ROUNDS):
            solved_ms = _cpu_ms(lambda lp=lp: solve(lp))  # type: ignore[misc]
            took_ms.append((solved_ms, _cpu_ms(lambda it=given: allocate(it.network, it.demands, it.background))))  # type: ignore[misc]
        ratio = statistics.median(ours / peer for peer, ours in took_ms)
        peer_ms, ours_ms = (statistics.median(figures) for figures in zip(*took_ms, strict=True))
        wanted = "≤ 2.5" if size == SIZES[-1] else ""
        what = f"one allocation of {size} chargers against one LP"
        rows.append(Row(what, f"{peer_ms:.2f} ms CPU", f"{ours_ms:.2f} ms CPU", f"{ratio:.2f} (ours ÷ peer)", wanted))
    return rows


def _cpu_ms(work: Callable[[], object]) -> float:
    began_s = time.process_time()
    work()
    return (time.process_time() - began_s) * 1000
