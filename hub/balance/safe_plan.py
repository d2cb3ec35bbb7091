"""The safe plan: what each charger may give while nobody tells it anything, so that their sum fits every fuse. Pure.

It is made from the drawing and the most that everything else draws. Chargers that hold leases fall back to their share
when the hub is gone; what those may give that cannot is bounded by it (see after_death.py).
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np

from hub.balance.allocate import Demand, Share, Shares, allocate
from hub.balance.background import ZERO, Amps
from hub.balance.metered import HOUR_S, Watch
from hub.balance.network import Background, Network, Phasors
from hub.balance.tree import Tree
from hub.model.charger import Charger
from hub.model.ids import ChargerId, CircuitId
from hub.model.site import Circuit
from hub.model.units import PerPhase

PLANNED_FOR_S = 3600.0  # a better plan is worth new floors in every charger only now and then; a worse one at once
NOISE_A = 0.25  # so much of what is left of a meter after the cars is not looked at
NO_SHARE = Share(0.0)

Unmanaged = Mapping[CircuitId, Amps]
"""The most that flows in each circuit besides the cars, all that is below it included."""


@dataclass(frozen=True, slots=True)
class SafePlan:
    """A share for each charger, 0 or at least its minimum: all of them and `unmanaged_a` fit every row together."""

    shares: Shares = field(default_factory=lambda: MappingProxyType({}))
    unmanaged_a: Unmanaged = field(default_factory=lambda: MappingProxyType({}))
    alone: frozenset[ChargerId] = frozenset()  # give what they give by themselves

    def share(self, charger: ChargerId) -> Share:
        """Of a charger; the row that binds it too."""
        return self.shares.get(charger, NO_SHARE)

    def share_a(self, charger: ChargerId) -> float:
        """Amps per phase for a charger."""
        return self.share(charger).limit_a

    @property
    def left_out(self) -> tuple[ChargerId, ...]:
        """Chargers whose minimum does not fit beside those of the others; or what they give alone, whatever is told."""
        return tuple(id for id, share in self.shares.items() if share.queued)


def safe_plan(
    network: Network, chargers: Collection[Charger], unmanaged_a: Unmanaged, alone: Collection[ChargerId] = ()
) -> SafePlan:
    """Weighted max-min fair shares of what the worst case leaves, for all chargers at once.

    Where not all minimums fit, the higher priority has one, then who stands first in the drawing; the others have 0.
    A charger with a `fallback_a` is never planned to give more; one of `alone` cannot be told to give less than that.
    """
    fixed_a = {c.id: c.fallback_a for c in chargers if c.id in alone and c.fallback_a is not None}
    demands = [
        Demand(
            c.id,
            least_a=c.min_a,
            most_a=c.max_a if c.fallback_a is None else min(c.max_a, c.fallback_a),
            weight=c.weight,
            priority=c.priority,
            rank=rank,
        )
        for rank, c in enumerate(chargers)
        if c.id not in fixed_a
    ]
    besides = Background(unmanaged_a, fixed_a)
    shares, load = allocate(network, demands, besides), network.load(besides)
    fixed = {id: Share(a, queued=not _fits(network, load, id)) for id, a in fixed_a.items()}
    return SafePlan({**shares, **fixed}, unmanaged_a, frozenset(alone))


def _fits(network: Network, load: Phasors, charger: ChargerId) -> bool:
    return network.fits(load, np.array([network.column(charger)], np.intp))


def worst_case(tree: Tree, watches: Mapping[CircuitId, Watch], declared_a: Unmanaged, now_s: float) -> Unmanaged:
    """By circuit: what was declared; else the worst that its meter has shown in the last hour; else what is below it.

    Only what was surely no car counts: doubt and noise would make new plans all the time. For the same reason it is in
    whole amps, rounded up. What feeds in may stop at any moment: never negative.
    """
    found: dict[CircuitId, Amps] = {}
    for circuit in tree.deepest_first:
        below = [found[child] for child in tree.children[circuit.id]]
        seen = watches[circuit.id].sure.worst(now_s, HOUR_S) if circuit.id in watches else None
        found[circuit.id] = declared_a.get(circuit.id) or _whole(seen, circuit) or _sum(below)
    return found


def _whole(seen: Amps | None, circuit: Circuit) -> Amps | None:
    return None if seen is None else seen.map(lambda a: float(math.ceil(max(0.0, a - NOISE_A))))


def _sum(parts: Iterable[Amps]) -> Amps:
    rows = [ZERO, *parts]
    return PerPhase(*(sum(row[place] for row in rows) for place in range(3)))


@dataclass(slots=True)
class Planner:
    """Keeps the plan. It is made anew at once when more may flow than it counts on, and when less may, once an hour."""

    plan: SafePlan | None = None
    made_s: float = 0.0

    def look(
        self,
        network: Network,
        chargers: Collection[Charger],
        unmanaged_a: Unmanaged,
        alone: Collection[ChargerId],
        now_s: float,
    ) -> SafePlan:
        """The plan that counts now."""
        if self.plan is None or self.plan.alone != frozenset(alone) or self._overtaken(self.plan, unmanaged_a, now_s):
            self.plan, self.made_s = safe_plan(network, chargers, unmanaged_a, alone), now_s
        return self.plan

    def _overtaken(self, plan: SafePlan, unmanaged_a: Unmanaged, now_s: float) -> bool:
        if now_s - self.made_s >= PLANNED_FOR_S:
            return unmanaged_a != plan.unmanaged_a
        pairs = ((amps, plan.unmanaged_a.get(circuit, ZERO)) for circuit, amps in unmanaged_a.items())
        return any(now > then for amps, before in pairs for now, then in zip(amps, before, strict=True))
