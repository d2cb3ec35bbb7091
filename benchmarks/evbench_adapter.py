"""Lets a load-balancing benchmark drive the product's own allocator: `--alloc benchmarks.evbench_adapter:factory`.

The benchmark hands over a circuit tree once, then, for every step, what flows besides and which cars are there. It
wants amps by charger. Nothing here decides anything: sessions become demands, and the site's base load its background.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TypedDict

from hub.balance.allocate import Demand, allocate
from hub.balance.network import Background, Network
from hub.model.charger import Charger, Connection
from hub.model.ids import ChargerId, CircuitId, StationId
from hub.model.site import Circuit, DeltaPrimary, Site
from hub.model.units import PerPhase, Phase, same_on_each

SERVED_KWH = 1.0  # who has had less goes first; counted in steps of this, so that nobody changes places all the time


class Primary(TypedDict):
    """The benchmark's `delta_primary`."""

    limit_a: Sequence[float]
    turns: float


class CircuitJson(TypedDict, total=False):
    """The benchmark's circuit."""

    id: str
    parent: str | None
    limit_a: Sequence[float | None] | None
    delta_primary: Primary | None


class ChargerJson(TypedDict):
    """The benchmark's charger."""

    id: str
    circuit: str
    connection: str
    phases: Sequence[str]
    min_a: float
    max_a: float


class SiteJson(TypedDict):
    """The benchmark's site."""

    circuits: Sequence[CircuitJson]
    chargers: Sequence[ChargerJson]


class SessionJson(TypedDict):
    """What the benchmark says of one car; keys that blind allocators do not use are left out."""

    charger: str
    phases: int
    arrival_s: float
    delivered_kwh: float
    max_a: float
    min_a: float
    priority: int
    finished: bool


class Request(TypedDict):
    """One step."""

    base_a: Sequence[float]
    pv_a: Sequence[float]
    sessions: Sequence[SessionJson]


def factory(site: SiteJson, info: str) -> Callable[[Request], Mapping[str, float]]:
    """The benchmark's entry: for each request the amps by charger. `info` is not used: departures are not believed."""
    drawn = drawing(site)
    network = Network(drawn)
    root = next(circuit.id for circuit in drawn.circuits.values() if circuit.parent is None)

    def currents(request: Request) -> Mapping[str, float]:
        lines = [base - sun for base, sun in zip(request["base_a"], request["pv_a"], strict=True)]
        background = Background({root: PerPhase(*lines)})
        demands = [demand(session) for session in request["sessions"] if not session["finished"]]
        return {id: share.limit_a for id, share in allocate(network, demands, background).items()}

    return currents


def demand(session: SessionJson) -> Demand:
    """A car of the benchmark; who was served least comes first, then who came first."""
    served = math.floor(session["delivered_kwh"] / SERVED_KWH)
    return Demand(
        ChargerId(session["charger"]),
        least_a=session["min_a"],
        most_a=session["max_a"],
        priority=session["priority"],
        rank=served + session["arrival_s"] * 1e-9,
        terminals=session["phases"],
    )


def drawing(site: SiteJson) -> Site:
    """The benchmark's site as a drawing of ours."""
    circuits = [_circuit(circuit) for circuit in site["circuits"]]
    chargers = [_charger(charger) for charger in site["chargers"]]
    return Site("benchmark", {c.id: c for c in circuits}, {c.id: c for c in chargers})


def _circuit(circuit: CircuitJson) -> Circuit:
    parent, limits, primary = circuit.get("parent"), circuit.get("limit_a"), circuit.get("delta_primary")
    return Circuit(
        CircuitId(circuit["id"]),
        None if parent is None else CircuitId(parent),
        same_on_each(math.inf) if limits is None else PerPhase(*(math.inf if a is None else a for a in limits)),
        primary=None if primary is None else DeltaPrimary(PerPhase(*primary["limit_a"]), primary["turns"]),
    )


def _charger(charger: ChargerJson) -> Charger:
    return Charger(
        ChargerId(charger["id"]),
        CircuitId(charger["circuit"]),
        "benchmark",
        StationId(charger["id"]),
        phases=tuple(Phase(phase) for phase in charger["phases"]),
        connection=Connection(charger["connection"]),
        min_a=charger["min_a"],
        max_a=charger["max_a"],
    )
