"""Small drawings for the balancer's tests: circuits by name, limit and parent; chargers by circuit and wiring."""

import cmath
import itertools
import math
from collections.abc import Iterable, Mapping
from typing import Any

from hub.model.charger import Charger, Connection
from hub.model.ids import GRID, ChargerId, CircuitId, MeterId, StationId
from hub.model.site import Circuit, DeltaPrimary, Device, Meter, Site
from hub.model.units import PHASES, PerPhase, Phase, same_on_each

L1, L2, L3 = PHASES
THREE = PHASES
GARAGE, CARPORT = CircuitId("garage"), CircuitId("carport")
TURN = {L1: 1 + 0j, L2: cmath.exp(-2j * math.pi / 3), L3: cmath.exp(2j * math.pi / 3)}


def circuit(
    id: str,
    limit_a: float | PerPhase[float],
    parent: str | None = "grid",
    *,
    meter: str | None = None,
    primary: DeltaPrimary | None = None,
    breaker: tuple[Device, float] | None = None,
) -> Circuit:
    limits = limit_a if isinstance(limit_a, PerPhase) else same_on_each(float(limit_a))
    return Circuit(
        CircuitId(id),
        None if id == GRID else CircuitId(parent or GRID),
        limits,
        name=id.capitalize() if id != GRID else "Grid connection",
        meter=None if meter is None else MeterId(meter),
        primary=primary,
        device=None if breaker is None else breaker[0],
        breaker_a=None if breaker is None else same_on_each(breaker[1]),
    )


def charger(id: str, circuit: str = "grid", phases: Iterable[Phase] | None = THREE, **more: Any) -> Charger:
    wiring = None if phases is None else tuple(phases)
    return Charger(ChargerId(id), CircuitId(circuit), "test", StationId(f"S-{id}"), phases=wiring, **more)


def between(id: str, one: Phase, other: Phase, circuit: str = "grid") -> Charger:
    return charger(id, circuit, (one, other), connection=Connection.LL)


def site(circuits: Iterable[Circuit], chargers: Iterable[Charger]) -> Site:
    drawn = {c.id: c for c in circuits}
    meters = {c.meter: Meter(c.meter, "test", StationId(f"S-{c.meter}")) for c in drawn.values() if c.meter}
    return Site("test", drawn, {c.id: c for c in chargers}, meters)


def one_fuse(limit_a: float | PerPhase[float], *chargers: Charger, meter: str | None = None) -> Site:
    return site([circuit("grid", limit_a, meter=meter)], chargers)


def row_name(circuit: str, phase: Phase, *, primary: bool) -> str:
    return f"{circuit} {phase}{' primary' if primary else ''}"


def worst_currents(
    drawn: Site,
    amps: Mapping[ChargerId, float],
    background: Mapping[CircuitId, PerPhase[float]],
    terminals: Mapping[ChargerId, int] | None = None,
) -> dict[str, tuple[float, float, float]]:
    """By row: worst current when each terminal draws all or nothing, limit, background alone. Tries everything."""
    found = {}
    for c in drawn.circuits.values():
        below = [x for x in drawn.below(c.id) if amps.get(x.id, 0.0) > 0]
        still = [TURN[p] * background[c.id].of(p) if c.id in background else 0j for p in PHASES]
        for p in PHASES:
            views = [(c.limit_a.of(p), 1.0, False)]
            if c.primary is not None:
                views.append((c.primary.limit_a.of(p), c.primary.turns, True))
            for limit_a, turns, primary in views:
                flows = [
                    _seen(lines, p, turns, primary)
                    for x in below
                    for lines in _terminal_flows(x, amps[x.id], (terminals or {}).get(x.id))
                ]
                alone = _seen(still, p, turns, primary)
                found[row_name(c.id, p, primary=primary)] = (_largest(flows, alone), limit_a, abs(alone))
    return found


def _terminal_flows(x: Charger, a: float, terminals: int | None) -> list[list[complex]]:
    if x.connection is Connection.LL:
        assert x.phases is not None
        one, other = x.phases
        through = a * (TURN[one] - TURN[other]) / math.sqrt(3)
        return [[through if p == one else -through if p == other else 0j for p in PHASES]]
    return [[a * TURN[p] if p == wired else 0j for p in PHASES] for wired in (x.phases or PHASES)[:terminals]]


def _seen(lines: list[complex], p: Phase, turns: float, primary: bool) -> complex:
    here = PHASES.index(p)
    return (lines[here] - lines[here - 1]) / turns if primary else lines[here]


def _largest(flows: list[complex], alone: complex) -> float:
    """Flows that point the same way belong together; every choice of the others is tried."""
    together: dict[float, complex] = {}
    for flow in flows:
        if abs(flow) > 1e-9:
            way = round(cmath.phase(flow), 6)
            together[way] = together.get(way, 0j) + flow
    groups = list(together.values())
    return max(abs(alone + sum(chosen)) for n in range(len(groups) + 1) for chosen in itertools.combinations(groups, n))
